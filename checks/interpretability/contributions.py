"""Whether to believe what a model says of its own answers: the credits that it gives to each feature.

Some formats answer with TreeSHAP values. Nothing in the file vouches for them, so they are held against
answers alone: rows must sum to the raw answer, a feature credited nothing must move nothing, and credits must
follow sampled Shapley values. The libraries take what a missing feature would be from the rows that reached
each split (path-dependent), the sampled values from background rows (interventional). The two differ by
more than sampling error where features interact and go together, so agreement is a bound: of every feature
that matters on either side, credits less their mean correlate and spread alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from checks.interpretability.asking import Output
from checks.interpretability.attribution import attribute, mixed
from checks.model import Array, ModelError

SUMS = 1e-4
"""Allowed distance of a sum from the raw answer, in parts of it (and of 1)."""
LAST_DIGIT = 2e-7
"""What 32-bit arithmetic makes of a probability; its log-odds are less certain the nearer it is to 0 or 1."""
MATTERS = 0.05
"""Share of the spread of all credits from which a feature is compared."""
CORRELATION, SPREAD = 0.7, 2.0
"""The bound of agreement: least correlation, and largest ratio of spreads."""
COMPARED = 50
"""Rows whose credits are compared with sampled Shapley values."""

RAW: Mapping[str, Callable[[Array], Array]] = {
    "value": lambda answer: answer,
    "log-odds": lambda answer: np.log(answer / (1 - answer)),
    "logarithm of the value": np.log,
}
"""How the raw answer, on the scale of the credits, follows from what the model predicts."""


@runtime_checkable
class Explaining(Protocol):
    """A model that credits features itself."""

    @property
    def scale(self) -> str:
        """The scale on which its credits and their base add up to the answer."""
        ...

    def contributions(self, X: pd.DataFrame) -> Array:
        """Return float64 of shape (rows, features + 1): credits, then the base."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """Credits that passed every test, of shape (rows, features), and their common base."""

    values: Array
    base: float
    scale: str


class NotAccepted(Exception):
    """The credits cannot be believed; the sentence says why."""


def accept(
    said: Array,
    output: Output,
    rows: pd.DataFrame,
    background: pd.DataFrame,
    *,
    scale: str,
    rng: np.random.Generator,
) -> Accepted:
    """Return what the model *said* of *rows* (credits, then the base), or raise `NotAccepted`."""
    raw = _raw(output, scale)
    features = rows.shape[1]
    if said.shape != (len(rows), features + 1) or not np.isfinite(said).all():
        raise NotAccepted(f"asked for {features} credits and a base for each row, other numbers came back")
    credits_, base = said[:, :-1], said[:, -1]
    if np.ptp(base) > SUMS * (1 + np.abs(base).max()):
        raise NotAccepted(f"the base is not one number: it goes from {base.min():.6g} to {base.max():.6g}")
    _sums(said, output(rows), raw, scale)
    _nothing_moves(credits_, raw, rows, rng)
    _follows(credits_[:COMPARED], raw, rows.iloc[:COMPARED], background, rng)
    return Accepted(credits_, float(base[0]), scale)


def _raw(output: Output, scale: str) -> Output:
    """Return *output* on the scale of the credits."""
    if scale not in RAW or (scale == "log-odds") != output.is_probability:
        raise NotAccepted(f"credits on the scale `{scale}` cannot be compared with {output.scale}")

    def ask(X: pd.DataFrame) -> Array:
        answer = output.ask(X)
        if scale == "log-odds":
            answer = np.clip(answer, LAST_DIGIT, 1 - LAST_DIGIT)
        elif scale != "value" and (answer <= 0).any():
            raise ModelError("it predicted a value without a logarithm")
        return RAW[scale](answer)

    return Output(scale, is_probability=False, ask=ask)


def _sums(said: Array, answer: Array, raw: Output, scale: str) -> None:
    """Compare the sums of credits with the answers, where these still tell the raw answer."""
    certain = np.full(len(answer), True)
    allowed = np.zeros(len(answer))
    if scale == "log-odds":
        certain = (answer > 1e-4) & (answer < 1 - 1e-4)
        answer = np.clip(answer, 1e-4, 1 - 1e-4)
        allowed = LAST_DIGIT / (answer * (1 - answer))
    elif scale != "value":
        certain = answer > 0
        answer = np.where(certain, answer, 1.0)
    wanted = RAW[scale](answer)
    apart = np.abs(said.sum(axis=1) - wanted)
    wrong = certain & (apart > allowed + SUMS * (1 + np.abs(wanted)))
    if not certain.any():
        raise NotAccepted("no answer is certain enough to tell the sum of its credits")
    if wrong.any():
        raise NotAccepted(
            f"in {int(wrong.sum())} of {int(certain.sum())} rows the credits do not sum to the answer,"
            f" by up to {apart[certain].max():.3g} ({raw.scale})"
        )


def _nothing_moves(credits_: Array, raw: Output, rows: pd.DataFrame, rng: np.random.Generator) -> None:
    """Give features that are credited nothing the values of other rows: no answer may move."""
    silent = (credits_ == 0).all(axis=0)
    if not silent.any():
        return
    taken = np.repeat(np.arange(len(rows))[:, None], rows.shape[1], axis=1)
    taken[:, silent] = rng.permuted(taken[:, silent], axis=0)
    before, after = raw(rows), raw(mixed(rows, taken))
    if (np.abs(after - before) > SUMS * (1 + np.abs(before))).any():
        names = ", ".join(f"`{name}`" for name in rows.columns[silent][:5])
        raise NotAccepted(f"features credited 0 everywhere move the answer (among {names})")


def _follows(
    credits_: Array, raw: Output, rows: pd.DataFrame, background: pd.DataFrame, rng: np.random.Generator
) -> None:
    sampled = attribute(raw, rows.reset_index(drop=True), background, rng).values
    ours, theirs = sampled.std(axis=0), credits_.std(axis=0)
    whole = max(ours.sum(), theirs.sum())
    for place, name in enumerate(rows.columns):
        if max(ours[place], theirs[place]) < MATTERS * whole or whole == 0:
            continue
        low, high = sorted((ours[place], theirs[place]))
        if high > SPREAD * low:
            raise NotAccepted(
                f"credits of `{name}` spread by {theirs[place]:.3g},"
                f" sampled Shapley values by {ours[place]:.3g}"
            )
        alike = float(np.corrcoef(sampled[:, place], credits_[:, place])[0, 1])
        if alike < CORRELATION:
            raise NotAccepted(
                f"credits of `{name}` do not follow sampled Shapley values (correlation {alike:.2f})"
            )

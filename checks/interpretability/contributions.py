"""Whether to believe what a model says of its own answers: the credits that it gives to each feature.

Some formats answer with TreeSHAP values. Nothing in the file vouches for them, so they are held against
answers alone: rows must sum to the raw answer, a feature credited nothing must move nothing, and credits must
follow sampled Shapley values. The libraries take what a missing feature would be from the rows that reached
each split (path-dependent), the sampled values from background rows (interventional). The two differ by
more than sampling error where features interact and go together, so agreement is a bound: of every feature
that matters on either side, credits less their mean correlate and spread alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from checks.interpretability.asking import Output
from checks.interpretability.attribution import attribute, mixed
from checks.interpretability.scales import SUMS, certain, fits, on_scale
from checks.model import Array

MATTERS = 0.05
"""Share of the spread of all credits from which a feature is compared."""
CORRELATION, SPREAD = 0.7, 2.0
"""The bound of agreement: least correlation, and largest ratio of spreads."""
COMPARED = 50
"""Rows whose credits are compared with sampled Shapley values, and background rows of these."""
TOLD_APART = 24
"""Features that are compared one by one at most."""


@runtime_checkable
class Explaining(Protocol):
    """A model that credits features itself."""

    @property
    def scale(self) -> str:
        """The scale on which its credits and their base add up to the answer."""
        ...

    def contributions(self, X: pd.DataFrame, position: int | None = None) -> Array:
        """Return float64 of shape (rows, features + 1): credits, then the base.

        Of two classes they are of the last one, of more of the class at *position*.
        """
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
    sums(said, output(rows), scale)
    _nothing_moves(credits_, raw, rows, rng)
    _follows(credits_[:COMPARED], raw, rows.iloc[:COMPARED], background.iloc[:COMPARED], rng)
    return Accepted(credits_, float(base[0]), scale)


def _raw(output: Output, scale: str) -> Output:
    """Return *output* on the scale of the credits."""
    if not fits(output, scale):
        raise NotAccepted(f"credits on the scale `{scale}` cannot be compared with {output.scale}")
    return on_scale(output, scale)


def sums(said: Array, answer: Array, scale: str) -> None:
    """Compare the sums of credits with the answers, where these still tell the raw answer."""
    wanted, known, error = certain(answer, scale)
    apart = np.abs(said.sum(axis=1) - wanted)
    wrong = known & (apart > error + SUMS * (1 + np.abs(wanted)))
    if not known.any():
        raise NotAccepted("no answer is certain enough to tell the sum of its credits")
    if wrong.any():
        raise NotAccepted(
            f"in {int(wrong.sum())} of {int(known.sum())} rows the credits do not sum to the answer,"
            f" by up to {apart[known].max():.3g} ({scale})"
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
    """Compare credits with sampled Shapley values; many features are told apart by the heaviest only."""
    blocks, names = _blocks(credits_, [str(name) for name in rows.columns])
    sampled = attribute(raw, rows.reset_index(drop=True), background, rng, blocks).values
    credits_ = np.column_stack([credits_[:, blocks == block].sum(axis=1) for block in range(len(names))])
    ours, theirs = sampled.std(axis=0), credits_.std(axis=0)
    whole = max(ours.sum(), theirs.sum())
    for place, name in enumerate(names):
        if max(ours[place], theirs[place]) < MATTERS * whole or whole == 0:
            continue
        low, high = sorted((ours[place], theirs[place]))
        if high > SPREAD * low:
            raise NotAccepted(
                f"credits of {name} spread by {theirs[place]:.3g},"
                f" sampled Shapley values by {ours[place]:.3g}"
            )
        alike = float(np.corrcoef(sampled[:, place], credits_[:, place])[0, 1])
        if alike < CORRELATION:
            raise NotAccepted(
                f"credits of {name} do not follow sampled Shapley values (correlation {alike:.2f})"
            )


def _blocks(credits_: Array, names: list[str]) -> tuple[Array, list[str]]:
    """Return the block of each feature, and what each block is called: all but the heaviest are one."""
    single = [f"`{name}`" for name in names]
    if len(names) <= TOLD_APART:
        return np.arange(len(names)), single
    heaviest = np.argsort(-credits_.std(axis=0), kind="stable")[: TOLD_APART - 1]
    blocks = np.full(len(names), TOLD_APART - 1)
    blocks[heaviest] = np.arange(len(heaviest))
    return blocks, [*(single[place] for place in heaviest), "all lesser features together"]

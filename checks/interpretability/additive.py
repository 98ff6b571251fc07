"""The closed form of Shapley values where a model only adds up what each feature gives.

A linear model, a logistic regression behind scalers and one-hot codes, a scorecard and a model of single
curves are all such sums, on some scale (`scales`). Then the part of a feature is what its own value gives
less what the values of the background give on average, exactly, and can be had by asking: every value is put
into one reference row. Nothing in the file is believed. The sum is held against the answers of every
explained row, and of as many rows that take each value from another person; one that is off by more than
rounding and the closed form is not used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.interpretability.asking import MOST_LOST, Output
from checks.interpretability.attribution import CELLS, mixed
from checks.interpretability.scales import OffScale, fits, on_scale
from checks.model import Array

ROUNDING = 1e-9
"""What 64-bit arithmetic may leave between a sum and an answer, in parts of the answer (and of 1)."""
PROBED, FEWEST = 20, 3
"""Rows on which a scale is tried first, at most and at least."""
DEAR = 20_000_000
"""Values that trying may ask about."""
SCALES = ("log-odds", "probability", "value", "logarithm of the value")


@dataclass(frozen=True, eq=False)
class Additive:
    """A model that adds up, on the scale of *raw*, seen from one *reference* row."""

    raw: Output
    reference: pd.DataFrame
    start: float
    """The raw answer of the reference row."""
    tolerance: float

    def effects(self, rows: pd.DataFrame) -> Array:
        """Return what each value of *rows* gives beside that of the reference, of shape (rows, features)."""
        count, features = rows.shape
        found = np.empty((count, features))
        at_once = max(1, CELLS // features // max(1, count))
        source = pd.concat([rows, self.reference], ignore_index=True)
        for start in range(0, features, at_once):
            asked = np.arange(start, min(start + at_once, features))
            taken = np.full((len(asked), count, features), count)
            taken[np.arange(len(asked)), :, asked] = np.arange(count)
            answer = self.raw(mixed(source, taken.reshape(-1, features)))
            found[:, asked] = answer.reshape(len(asked), count).T - self.start
        return found

    def holds(self, rows: pd.DataFrame, effects: Array) -> bool:
        """Return whether the *effects* of *rows* add up to their answers."""
        apart = np.abs(self.start + effects.sum(axis=1) - self.raw(rows))
        known = np.isfinite(apart)  # a row without an answer tells nothing either way
        near = apart <= self.tolerance * (1 + np.abs(effects).sum(axis=1))
        return bool(near[known].all()) and int(known.sum()) >= MOST_LOST * len(rows)


def additive(output: Output, rows: pd.DataFrame, rng: np.random.Generator) -> Additive | None:
    """Return the sum that the model of *output* is on *rows* and on mixtures of them, or None."""
    answer = output(rows)
    size = min(PROBED, max(FEWEST, DEAR // rows.shape[1] ** 2))
    few = rows.iloc[rng.permutation(len(rows))[:size]].reset_index(drop=True)
    for scale in SCALES:
        if not fits(output, scale) or _beyond(answer, scale):
            continue
        raw = on_scale(output, scale)
        middle = int(np.argsort(answer, kind="stable")[len(answer) // 2])
        reference = rows.iloc[[middle]].reset_index(drop=True)
        found = Additive(raw, reference, float(raw(reference)[0]), _rounding(answer, scale))
        try:
            if _adds_up(found, few, rng):
                return found
        except OffScale:  # a mixture of people may leave the scale: a logarithm of what is not above 0
            continue
    return None


def _adds_up(found: Additive, rows: pd.DataFrame, rng: np.random.Generator) -> bool:
    effects = found.effects(rows)
    return found.holds(rows, effects) and holds_mixed(found, rows, effects, rng)


def holds_mixed(found: Additive, rows: pd.DataFrame, effects: Array, rng: np.random.Generator) -> bool:
    """Return whether rows that take each value of another person add up as well."""
    taken = rng.integers(0, len(rows), size=rows.shape)
    return found.holds(mixed(rows, taken), np.take_along_axis(effects, taken, axis=0))


def _beyond(answer: Array, scale: str) -> bool:
    """Return whether some answer has no number on *scale* that is certain enough."""
    if scale == "log-odds":
        return bool((answer < 1e-5).any() or (answer > 1 - 1e-5).any())
    return scale == "logarithm of the value" and bool((answer <= 0).any())


def _rounding(answer: Array, scale: str) -> float:
    """Return the rounding to allow: that of the answers, which some formats give in 32 bit."""
    last = 6e-8 if (answer == answer.astype(np.float32)).all() else 2**-53
    widened = last / (answer * (1 - answer)).min() if scale == "log-odds" else last
    return max(ROUNDING, 20 * widened)

"""People explained once more, to see how far their explanations can be trusted.

The explanations are those of `interpretability.shap`: interventional Shapley values, by asking the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.asking import Output, explained_output
from checks.interpretability.attribution import attribute
from checks.interpretability.changes import WIDE
from checks.interpretability.goal import goal
from checks.interpretability.moves import support_of
from checks.model import Array, Inconclusive, Measure, Subject, Task
from checks.statistics import LEVEL, estimate, undefined, wilson_limits

FEWEST = 3
"""People explained, and background rows, however many features there are."""


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """A sample of people, two backgrounds that share no draw, and what is asked of the model."""

    output: Output
    people: pd.DataFrame
    background: pd.DataFrame
    other_background: pd.DataFrame
    how: str

    def explain(self, people: pd.DataFrame, background: pd.DataFrame, seed: list[int]) -> Array:
        """Return contributions of shape (people, features); equal seeds walk in equal orders."""
        return attribute(self.output, people, background, np.random.default_rng(seed)).values


def explained(
    subject: Subject, rng: np.random.Generator, *, rows: int, background: int, evaluations: int
) -> Explained:
    """Draw people and backgrounds; raise what a submitter can act on."""
    several = subject.task is Task.MULTICLASS
    output = goal(subject, rng).margin if several else explained_output(subject)
    features = len(subject.roles.features)
    if features < 2:
        raise Inconclusive("the model takes one feature, so there is no order of features to look at")
    if subject.rows < 2:
        raise Inconclusive("one row says nothing about others; supply more evaluation rows")
    support, origin = support_of(subject, rng)
    budget = int(evaluations * min(1, WIDE / features)) // (2 * (features - 1))
    size = min(background, max(FEWEST, budget // FEWEST))
    draws = [sample_rows(len(support), size, None, rng) for _ in range(2)]
    against, other = (support.iloc[at].reset_index(drop=True) for at in draws)
    most = max(FEWEST, budget // len(against))
    chosen = sample_rows(subject.rows, min(rows, most), subject.decision, rng)
    people = subject.features.iloc[chosen].reset_index(drop=True)
    how = (
        f"{len(people)} of {subject.rows} rows, interventional Shapley values of {output.scale},"
        f" {len(against)} background rows from {origin}"
    )
    return Explained(output, people, against, other, how)


def mean_correlation(name: str, values: Array, method: str, why: str) -> Measure:
    """Return the mean of correlations; those that are not defined are left out and counted.

    The interval is Wilson's for (1 + r) / 2: for numbers between two ends it is too wide, never too narrow.
    """
    known = values[np.isfinite(values)]
    unit = "rank correlation"
    if not len(known):
        return undefined(name, why, unit=unit, method=method)
    value = float(known.mean())
    low, high = (2 * float(end) - 1 for end in wilson_limits((1 + value) / 2, len(known)))
    left = len(values) - len(known)
    note = f"left out: {left} people, {why}" if left else None
    told = f"mean, Wilson {LEVEL:.0%} of (1 + r) / 2; {method}"
    return estimate(name, value, low, high, len(known), unit=unit, method=told, note=note)


def rank_correlations(one: Array, other: Array) -> Array:
    """Return Spearman's correlation of each row of *one* with that of *other*; NaN where all are alike."""
    ranks = [pd.DataFrame(values).rank(axis=1).to_numpy() for values in (one, other)]
    ranks = [rank - rank.mean(axis=1, keepdims=True) for rank in ranks]
    size = np.sqrt((ranks[0] ** 2).sum(axis=1) * (ranks[1] ** 2).sum(axis=1))
    product = (ranks[0] * ranks[1]).sum(axis=1)
    return np.asarray(np.divide(product, size, out=np.full(len(size), np.nan), where=size > 0))

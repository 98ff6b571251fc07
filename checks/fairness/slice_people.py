"""What each person lost, and the two random halves: one to search, one held back to confirm.

People who are alike in everything that is searched are one row with a count, in an order that depends on
nothing but that content. Whether the file is sorted otherwise, or says twice what a weight of 2 says once,
the halves are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.counts import ACTUAL, FAVOURED, PREDICTED, Truth
from checks.fairness.scoring_rate import pooled_median
from checks.fairness.slice_columns import Coded, People
from checks.model import NOT_STATED, Array, Inconclusive, NotApplicable, Subject, Task
from checks.values import as_text

MOST_PEOPLE = 10**9
"""The generator draws without replacement from fewer people than this."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a loss is, in words, and what is left where it is low."""

    loss: str
    unit: str
    kept: str | None
    """The share that is 1 - loss; None where the loss is no share."""
    correct: bool
    """Whether the loss is an error against a label."""


ERROR = Meaning("error rate", "proportion", "accuracy", correct=True)
REFUSAL = Meaning("share without the favourable outcome", "proportion", "selection rate", correct=False)
BELOW = Meaning("share on the worse side of the median score", "proportion", "scoring rate", correct=False)
DISTANCE = Meaning("mean absolute error", "prediction", None, correct=True)


def lost(subject: Subject) -> tuple[People, Meaning]:
    """Return the rows that have what the task needs, and what each lost."""
    if not subject.rows:
        raise Inconclusive("the evaluation table has no rows")
    loss, meaning = _LOSSES[subject.task](subject)
    usable = np.isfinite(loss)
    weights = subject.weights
    if weights is not None:
        usable &= weights > 0
    rows = np.flatnonzero(usable)
    if not len(rows):
        raise Inconclusive(
            "no row has all that is needed: a decision or score, and a label where one is named"
        )
    count, weight = np.ones(len(rows), dtype=np.int64), np.ones(len(rows))
    if weights is not None:
        mine = weights[rows]
        if subject.roles.weight_kind == "frequency" and (mine == np.round(mine)).all():
            count = mine.astype(np.int64)
        else:
            weight = mine / mine.mean()
    return People(rows, loss[rows], count, weight), meaning


def _binary(subject: Subject) -> tuple[Array, Meaning]:
    if subject.decision is None:
        raise NotApplicable("no decision was supplied, by a model or as a column")
    outcome = subject.counts.outcome
    if subject.roles.label is None:
        favoured = FAVOURED[outcome]
        return np.where(favoured == Truth.UNKNOWN, np.nan, favoured != Truth.YES), REFUSAL
    known = (ACTUAL[outcome] != Truth.UNKNOWN) & (PREDICTED[outcome] != Truth.UNKNOWN)
    return np.where(known, ACTUAL[outcome] != PREDICTED[outcome], np.nan), ERROR


def _multiclass(subject: Subject) -> tuple[Array, Meaning]:
    if subject.decision is None:
        raise NotApplicable("no decision was supplied, by a model or as a column")
    if subject.roles.label is None:
        if subject.roles.favourable is None:
            raise NotApplicable("neither a label column nor a favourable class was named")
        return np.where(
            subject.decision == NOT_STATED, np.nan, subject.decision != subject.roles.favourable
        ), REFUSAL
    actual = as_text(subject.evaluation[subject.roles.label])
    known = (actual != NOT_STATED) & (subject.decision != NOT_STATED)
    return np.where(known, actual != subject.decision, np.nan), ERROR


def _regression(subject: Subject) -> tuple[Array, Meaning]:
    if subject.score is None:
        raise NotApplicable("no prediction was supplied, by a model or as a column")
    if subject.roles.label is None:
        raise NotApplicable("no label column was supplied; name the column that holds what really happened")
    actual = pd.to_numeric(subject.evaluation[subject.roles.label], errors="coerce")
    return np.abs(subject.score - actual.to_numpy(np.float64, na_value=np.nan)), DISTANCE


def _scoring(subject: Subject) -> tuple[Array, Meaning]:
    if subject.score is None:
        raise NotApplicable("no score was supplied, by a model or as a column")
    score = np.asarray(subject.score, dtype=np.float64)
    known = np.isfinite(score)
    if not known.any():
        raise Inconclusive("no row has a score")
    median = pooled_median(score[known], None if subject.weights is None else subject.weights[known])
    high_is_good = subject.roles.favourable == subject.roles.positive
    better = score > median if high_is_good else score < median
    return np.where(known, ~better, np.nan), BELOW


_LOSSES = {
    Task.BINARY: _binary,
    Task.MULTICLASS: _multiclass,
    Task.REGRESSION: _regression,
    Task.SCORING: _scoring,
}


@dataclass(frozen=True, eq=False)
class Half:
    """One half: codes by column, losses, and what each row weighs (people times their weight)."""

    codes: list[Array]
    loss: Array
    weight: Array | None
    """None where each row is one person of weight 1."""
    effective_share: float
    """Effective size over weight (Kish); 1 without sampling weights."""

    @property
    def n(self) -> float:
        """The weight of all."""
        return float(len(self.loss) if self.weight is None else self.weight.sum())

    def weighs(self, which: Array) -> float:
        """Return the weight of some rows."""
        return float(which.sum() if self.weight is None else self.weight[which].sum())

    def some(self, most: int, rng: np.random.Generator) -> Half:
        """Return at most *most* of the rows, drawn at random."""
        if len(self.loss) <= most:
            return self
        at = np.sort(rng.permutation(len(self.loss))[:most])
        weight = None if self.weight is None else self.weight[at]
        return Half([codes[at] for codes in self.codes], self.loss[at], weight, self.effective_share)

    def inside(self, conditions: Sequence[tuple[int, int]]) -> Array:
        """Return which rows meet all *conditions*, pairs of a column and a code."""
        (column, code), *others = conditions
        found: Array = self.codes[column] == code
        for column, code in others:
            found &= self.codes[column] == code
        return found


def halves(people: People, columns: Sequence[Coded], rng: np.random.Generator) -> tuple[Half, Half]:
    """Divide people at random into two halves with the same losses (where the loss is yes or no)."""
    if people.n >= MOST_PEOPLE:
        raise Inconclusive(
            f"the weights sum to {people.n:,} people; the search draws from under {MOST_PEOPLE:,}"
        )
    first, count = _alike(people, columns)
    loss = people.loss[first]
    searched = np.zeros(len(first), dtype=np.int64)
    yes_or_no = bool(np.isin(loss, (0.0, 1.0)).all())
    for stratum in (loss == 0, loss == 1) if yes_or_no else (np.ones(len(first), dtype=bool),):
        total = int(count[stratum].sum())
        if total:
            searched[stratum] = _drawn(count[stratum], total, rng)
    return _half(people, columns, first, searched), _half(people, columns, first, count - searched)


def _drawn(count: Array, total: int, rng: np.random.Generator) -> Array:
    """Draw half of *total* people without replacement from rows that hold *count* each."""
    size = total // 2 + (int(rng.integers(2)) if total % 2 else 0)
    if total > len(count):
        return np.asarray(rng.multivariate_hypergeometric(count, size, method="marginals"))
    drawn = np.zeros(total, dtype=np.int64)
    drawn[rng.permutation(total)[:size]] = 1
    return drawn


def _alike(people: People, columns: Sequence[Coded]) -> tuple[Array, Array]:
    """Return the first row of each kind of people, and how many people are of that kind."""
    parts = [column.codes for column in columns]
    parts += [np.unique(values, return_inverse=True)[1] for values in (people.loss, people.weight)]
    key, size = np.zeros(len(people.rows), dtype=np.int64), 1
    for part in parts:
        width = int(part.max()) + 1
        if size * width >= 2**62:
            key = np.unique(key, return_inverse=True)[1]
            size = int(key.max()) + 1
        key, size = key * width + part, size * width
    _, first, kind = np.unique(key, return_index=True, return_inverse=True)
    return first, np.bincount(kind, people.count).astype(np.int64)


def _half(people: People, columns: Sequence[Coded], first: Array, count: Array) -> Half:
    present = np.flatnonzero(count)
    if count.sum() <= 2 * len(present):  # a row a person is counted faster than a row with a count
        rows, times = np.repeat(first[present], count[present]), None
    else:
        rows, times = first[present], count[present].astype(np.float64)
    weight, share = times, 1.0
    if (people.weight != 1).any():
        own = people.weight[rows]
        weight = own if times is None else own * times
        squares = float((own * weight).sum())
        share = float(weight.sum()) / squares if squares > 0 else 1.0
    codes = [column.codes[rows] for column in columns]
    return Half(codes, people.loss[rows], weight, share)

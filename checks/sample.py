"""The rows of a binary subject that a number can use, and what they weigh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from checks.counts import ACTUAL, PREDICTED, Truth
from checks.model import Array, Inconclusive, Kind, Measure, NotApplicable, Subject, Task
from checks.statistics import wilson


def binary_only(subject: Subject) -> None:
    """Refuse tasks that are not binary."""
    if subject.task is not Task.BINARY:
        raise NotApplicable("measured for binary tasks in this version")


@dataclass(frozen=True, eq=False)
class Weighed:
    """Some rows, and what they weigh."""

    weights: Array
    sampling: bool

    @property
    def n(self) -> float:
        """People: rows, or the sum of frequency weights."""
        return float(len(self.weights)) if self.sampling else float(self.weights.sum())

    @property
    def effective(self) -> float:
        """The size that errors go by: Kish's with sampling weights, else the people."""
        if not self.sampling:
            return self.n
        squares = float((self.weights**2).sum())
        return float(self.weights.sum()) ** 2 / squares if squares > 0 else 0.0

    @property
    def effective_share(self) -> float:
        """Effective size over weight."""
        total = float(self.weights.sum())
        return self.effective / total if total > 0 else 1.0

    def part(self, which: Array) -> Weighed:
        """Return some of the rows, with nothing but their weights."""
        return Weighed(self.weights[which], self.sampling)


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample(Weighed):
    """Rows with everything that a number needs."""

    rows: Array
    """Positions in the evaluation table."""
    actual: Array
    predicted: Array
    score: Array
    """NaN where the score was not asked for or is missing."""

    def take(self, which: Array) -> Self:
        """Return some of the rows."""
        parts = {name: getattr(self, name)[which] for name in ("rows", "actual", "predicted", "score")}
        return type(self)(self.weights[which], self.sampling, **parts)

    @property
    def sizes(self) -> tuple[float, float]:
        """Effective numbers of positives and negatives."""
        return self.take(self.actual).effective, self.take(~self.actual).effective

    def by_group(self, codes: Array, groups: int) -> Iterator[Self]:
        """Return the rows of each group; *codes* are by row of the evaluation table."""
        mine = codes[self.rows]
        order = np.argsort(mine, kind="stable")
        ends = np.cumsum(np.bincount(mine, minlength=groups))
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            yield self.take(order[start:end])

    def share(self, name: str, hits: Array, *, of: Mapping[str, str]) -> Measure:
        """Return the share of rows that are *hits*, with its interval."""
        found, total = float(self.weights[hits].sum()), float(self.weights.sum())
        return wilson(name, found, total, of=of, rows=self.n, effective=self.effective)


def labelled(
    subject: Subject, *, decided: bool = False, scored: bool = False, scores_alone: bool = False
) -> Sample:
    """Return the rows with a label, and with a decision or a score where these are needed.

    With *scores_alone* a scoring task will do: a label and a score, without decisions.
    """
    if not (scores_alone and subject.task is Task.SCORING):
        binary_only(subject)
    if subject.roles.label is None:
        raise NotApplicable("no label column was supplied; name the column that holds what really happened")
    if subject.roles.positive is None:
        raise NotApplicable("the event that the score predicts is not known; name its value under `positive`")
    if decided and subject.decision is None:
        raise NotApplicable("no decision was supplied, by a model or as a column")
    if scored and subject.score is None:
        raise NotApplicable("no score was supplied, by a model or as a column")
    outcome = subject.counts.outcome
    score = np.full(subject.rows, np.nan) if subject.score is None else subject.score
    usable = ACTUAL[outcome] != Truth.UNKNOWN
    if decided:
        usable = usable & (PREDICTED[outcome] != Truth.UNKNOWN)
    if scored:
        usable = usable & ~np.isnan(score)
    rows = np.flatnonzero(usable)
    if not len(rows):
        raise Inconclusive("no row has all that is needed: a label with a decision or a score")
    weights = np.ones(len(rows)) if subject.weights is None else subject.weights[rows]
    if weights.sum() <= 0:
        raise Inconclusive("the weights of the usable rows are all 0")
    return Sample(
        rows=rows,
        actual=ACTUAL[outcome[rows]] == Truth.YES,
        predicted=PREDICTED[outcome[rows]] == Truth.YES,
        score=score[rows],
        weights=weights,
        sampling=subject.roles.weight_kind == "sampling",
    )


def left_out(subject: Subject, sample: Sample) -> Measure:
    """Return the share of evaluation rows that could not be used."""
    return unusable(subject, sample.rows)


def unusable(subject: Subject, rows: Array) -> Measure:
    """Return the share of evaluation rows that are not among *rows*, which have all that is needed."""
    return Measure(
        name="unusable_share",
        value=1 - len(rows) / subject.rows,
        n=float(subject.rows),
        kind=Kind.EXACT,
        method="rows without a label, a decision or a score that is needed",
    )

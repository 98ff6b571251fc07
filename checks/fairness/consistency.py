r"""Consistency: are people who are alike decided alike?

Each person of a random sample is set beside the `neighbours` people of the sample whose features are most
alike (more where several are equally near). `consistency` is one minus the mean share of these neighbours who
are decided otherwise; `score_consistency` one minus the mean distance between a person's score and the mean
score of the neighbours. Features are standardised, text counts as equal or not, and protected attributes are
left out: the question is whether like people are treated alike whatever their group. `chance_consistency` is
what decisions that have nothing to do with the features would come to.

Why it matters
    Groups can be treated equally on average while like people within and across them are not. Somebody who
    is refused may ask why a person with the same papers was not.

How to read it
    1 is full consistency. Read it beside `chance_consistency`: where nearly everybody is refused, chance
    alone comes close to 1. The interval is normal and counts each person both as a centre and as a neighbour
    of others. A threshold makes some like people differ: those on either side of it.

Limits
    Which people are alike depends on which features are there and on treating all of them as equally
    important; features that stand in for a protected attribute keep like people apart. With many features
    nobody is near. Columns of text with more than 50 values are left out, and named in the note. The sample
    is drawn at random in the proportions of the decision.

References
    Zemel et al., Learning Fair Representations, ICML 2013; Dwork et al., Fairness Through Awareness, ITCS
    2012.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from checks.draw import sample_rows
from checks.model import NOT_STATED, Array, Inconclusive, Kind, Measure, NotApplicable, Subject, Task, check
from checks.statistics import LEVEL, Z, estimate
from checks.values import as_text

STREAM = 52  # keeps this check's random numbers apart from every other's
MOST_VALUES = 50
CHUNK = 500
TIED = 1 + 1e-9
"""Distances that differ by less than rounding are the same."""


@check
def consistency(subject: Subject, *, neighbours: int = 5, rows: int = 3000) -> Iterator[Measure]:
    """Compare each sampled person with the people most like them."""
    decided, scored = _answers(subject)
    usable = np.ones(subject.rows, dtype=bool)
    if decided is not None:
        usable &= decided != NOT_STATED
    if scored is not None:
        usable &= np.isfinite(scored)
    if subject.weights is not None:
        usable &= subject.weights > 0
    possible = np.flatnonzero(usable)
    rng = np.random.default_rng([subject.seed, STREAM])
    strata = None if decided is None else decided[possible]
    chosen = possible[sample_rows(len(possible), rows, strata, rng)]
    weights = np.ones(len(chosen)) if subject.weights is None else subject.weights[chosen]
    frequency = subject.roles.weight_kind == "frequency"
    if (weights.sum() if frequency else len(chosen)) <= neighbours:
        raise Inconclusive(
            f"{neighbours + 1} people with an answer are needed to have {neighbours} neighbours"
        )

    points, left = _points(subject, chosen, weights)
    near = _Near(points, weights, frequency, neighbours)
    how = f"{neighbours} nearest of {len(chosen)} of {subject.rows} rows, features standardised"
    note = f"left out: {'; '.join(left)}" if left else None
    if decided is not None:
        yield _measured("consistency", near, near.apart(decided[chosen]), how, note)
        yield _by_chance(decided[chosen], weights, near.people)
    if scored is not None:
        yield _measured("score_consistency", near, near.away(scored[chosen]), how, note)


def _answers(subject: Subject) -> tuple[Array | None, Array | None]:
    """Return decisions and scores to compare; refuse subjects that have neither, or nobody."""
    if subject.task is Task.REGRESSION:
        raise NotApplicable("predicted values have no scale on which like people are treated alike")
    if not [name for name in subject.roles.features if name not in subject.attributes]:
        raise NotApplicable("no feature columns beside the protected attributes were declared")
    decided = None if subject.task is Task.SCORING else subject.decision
    scored = None if subject.task is Task.MULTICLASS else subject.score
    if (
        scored is not None
        and not ((scored[np.isfinite(scored)] >= 0) & (scored[np.isfinite(scored)] <= 1)).all()
    ):
        scored = None  # distances mean something between probabilities only
    if decided is None and scored is None:
        raise NotApplicable("neither decisions nor scores from 0 to 1 were supplied")
    if not subject.rows:
        raise Inconclusive("the evaluation table has no rows")
    return decided, scored


def _points(subject: Subject, chosen: Array, weights: Array) -> tuple[Array, list[str]]:
    """Return the place of each row among the features, and which columns are left out and why."""
    parts: list[Array] = []
    left: list[str] = []
    for name in dict.fromkeys(subject.roles.features):
        if name in subject.attributes:
            continue
        values = subject.evaluation[name].iloc[chosen]
        numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
        if numeric:
            parts += _standardised(values.to_numpy(np.float64, na_value=np.nan), weights)
            continue
        codes, distinct = pd.factorize(as_text(values))
        if len(distinct) > MOST_VALUES:
            left.append(f"{name} has over {MOST_VALUES} different values")
            continue
        parts += [(codes == code) / np.sqrt(2) for code in range(len(distinct))]
    if not parts:
        raise Inconclusive(f"no feature tells like people from others: {'; '.join(left)}")
    return np.column_stack(parts), left


def _standardised(numbers: Array, weights: Array) -> list[Array]:
    """Return the column in standard deviations; missing values in its middle, marked by another column."""
    known = np.isfinite(numbers)
    if not known.any():
        return [np.zeros(len(numbers))]
    mean = float(np.average(numbers[known], weights=weights[known]))
    spread = float(np.sqrt(np.average((numbers[known] - mean) ** 2, weights=weights[known])))
    column = np.where(known, (numbers - mean) / (spread or 1.0), 0.0)
    return [column] if known.all() else [column, (~known).astype(np.float64)]


@dataclass(frozen=True, eq=False)
class _Compared:
    """How far each row is from its neighbours, and its part in the sum as a centre and as a neighbour."""

    away: Array
    influence: Array


class _Near:
    """Who is near whom: for each row, weights over the others that sum to 1."""

    def __init__(self, points: Array, weights: Array, frequency: bool, neighbours: int) -> None:
        self.weights, self.frequency = weights, frequency
        self.people = float(weights.sum() if frequency else len(weights))
        self.shares = np.concatenate(
            [self._shares(points, start, neighbours) for start in range(0, len(points), CHUNK)]
        )

    def _shares(self, points: Array, start: int, neighbours: int) -> Array:
        distance = cdist(points[start : start + CHUNK], points, "sqeuclidean")
        own = np.arange(len(distance)), np.arange(start, start + len(distance))
        counts = np.broadcast_to(
            self.weights if self.frequency else np.ones(len(points)), distance.shape
        ).copy()
        counts[own] -= 1  # nobody is a neighbour of themselves, but a row of weight 2 is two people
        order = np.argsort(distance, axis=1, kind="stable")
        upto = np.cumsum(np.take_along_axis(counts, order, axis=1), axis=1)
        last = np.argmax(upto >= neighbours, axis=1)
        reach = np.take_along_axis(distance, np.take_along_axis(order, last[:, None], axis=1), axis=1)
        mass = counts if self.frequency else counts * self.weights
        near = np.where(distance <= reach * TIED, mass, 0.0)
        return np.asarray(near / near.sum(axis=1, keepdims=True))

    def apart(self, decided: Array) -> _Compared:
        """Compare decisions: the share of neighbours who are decided otherwise."""
        codes = pd.factorize(decided)[0]
        differs = codes[:, None] != codes
        away = (self.shares * differs).sum(axis=1)
        return self._with_neighbours(away, self.shares * (differs - away[:, None]))

    def away(self, scored: Array) -> _Compared:
        """Compare scores: the distance to the mean score of the neighbours."""
        mean = (self.shares * scored).sum(axis=1)
        sign = np.sign(mean - scored)
        return self._with_neighbours(
            np.abs(scored - mean), self.shares * (scored - mean[:, None]) * sign[:, None]
        )

    def _with_neighbours(self, away: Array, moved: Array) -> _Compared:
        centre = away - np.average(away, weights=self.weights)
        return _Compared(away, self.weights * centre + (self.weights[:, None] * moved).sum(axis=0))


def _measured(name: str, near: _Near, found: _Compared, how: str, note: str | None) -> Measure:
    """Return one minus the mean distance, with the error of a mean whose rows share neighbours."""
    value = 1 - float(np.average(found.away, weights=near.weights))
    squares = found.influence**2 / near.weights if near.frequency else found.influence**2
    half = Z * float(np.sqrt(squares.sum()) / near.weights.sum())
    method = f"mean over people, normal {LEVEL:.0%} with shared neighbours; {how}"
    if half == 0:
        why = "all are treated alike, so the spread cannot be estimated"
        return estimate(
            name, value, None, None, near.people, method=method, note=f"{why}; {note}" if note else why
        )
    return estimate(
        name, value, max(value - half, 0.0), min(value + half, 1.0), near.people, method=method, note=note
    )


def _by_chance(decided: Array, weights: Array, people: float) -> Measure:
    codes = pd.factorize(decided)[0]
    parts = np.bincount(codes, weights) / weights.sum()
    method = "chance that two people drawn at random are decided alike"
    return Measure("chance_consistency", float((parts**2).sum()), n=people, kind=Kind.EXACT, method=method)

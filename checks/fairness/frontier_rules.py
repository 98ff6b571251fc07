"""Rules that decide by group: chosen on two thirds of the people, applied to the third that was held back.

Every rule answers each person's chance of a positive decision, and was chosen without that person. The order
of rows, their repetition and the names of groups change nothing.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from checks.data.folds import FOLDS
from checks.model import Array
from checks.performance.plain import encoded, plain
from checks.sample import Weighed

CUTS = 200
"""Most cut-offs tried in a group; more distinct scores are thinned evenly."""
FITS = 20
"""Fits of fairlearn's reduction by grid search."""
MOST_REPEATED = 200_000
"""Rows that fairlearn is given at most, frequency weights written out."""

Want = Literal["ratio", "gap"]


class NoRule(Exception):
    """Why a rule cannot be made of these people."""


@dataclass(frozen=True, eq=False, kw_only=True)
class People(Weighed):
    """The people of the groups that are compared."""

    actual: Array
    now: Array
    """What is decided today; True is positive."""
    score: Array | None
    group: Array
    """Codes from 0, in an order that the names of groups have no part in."""
    groups: int
    fold: Array
    favourable: bool
    """Whether a positive decision is the favourable one."""

    def favoured(self, chance: Array) -> Array:
        """Return each person's chance of the favourable outcome under a rule."""
        return chance if self.favourable else 1 - chance


def canonical(codes: Array) -> tuple[Array, Array]:
    """Return codes from 0 by first appearance, and the old code of each new one."""
    old, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first)
    new = np.empty_like(order)
    new[order] = np.arange(len(order))
    return new[inverse], old[order]


def held_out(people: People, rule: Callable[[Array, Array], Array]) -> Array:
    """Return what *rule* answers for each third, chosen on the two others."""
    chance: Array | None = None
    for k in range(FOLDS):
        known, asked = np.flatnonzero(people.fold != k), np.flatnonzero(people.fold == k)
        if len(asked):
            answer = rule(known, asked)
            if chance is None:
                chance = np.empty((len(people.actual), *answer.shape[1:]))
            chance[asked] = answer
    assert chance is not None  # somebody is compared
    return chance


def by_group(people: People, want: Want, level: float) -> Array:
    """Decide by one cut-off a group, the most accurate ones that keep groups within *level*.

    `ratio`: lowest selection rate over highest at least *level*; `gap`: true positive rates at most *level*
    apart.
    """
    score = _scores(people)

    def rule(known: Array, asked: Array) -> Array:
        cuts = _cutoffs(people, score, known, want, level)
        return np.asarray(score[asked] >= cuts[people.group[asked]], dtype=np.float64)

    return held_out(people, rule)


def one_for_all(people: People) -> Array:
    """Decide by the one cut-off that is most accurate, whatever the groups."""
    score = _scores(people)

    def rule(known: Array, asked: Array) -> Array:
        cuts, above, hits = _curve(score[known], people.actual[known], people.weights[known])
        positives = float(people.weights[known][people.actual[known]].sum())
        right = 2 * hits - above - positives  # accuracy up to a constant
        return np.asarray(score[asked] >= cuts[int(np.argmax(np.round(right, 6)))], dtype=np.float64)

    return held_out(people, rule)


def _scores(people: People) -> Array:
    if people.score is None:
        raise NoRule("no score was supplied, so there is no threshold to move")
    return people.score


def _curve(score: Array, actual: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Return cut-offs, and the weight of people and of true positives at or above each."""
    values = np.unique(score)
    if len(values) > CUTS:
        values = values[np.unique(np.linspace(0, len(values) - 1, CUTS).round().astype(np.int64))]
    cuts = np.append(values, np.inf)
    at = np.searchsorted(cuts, score, side="right") - 1
    people = np.bincount(at[at >= 0], weights[at >= 0], minlength=len(cuts))
    hits = np.bincount(at[at >= 0], (weights * actual)[at >= 0], minlength=len(cuts))
    return cuts, people[::-1].cumsum()[::-1], hits[::-1].cumsum()[::-1]


def _cutoffs(people: People, score: Array, known: Array, want: Want, level: float) -> Array:
    """Return the cut-off of each group: the highest rate is tried at every value, the others follow."""
    curves = []
    for g in range(people.groups):
        mine = known[people.group[known] == g]
        weights, actual = people.weights[mine], people.actual[mine]
        total, positives = float(weights.sum()), float(weights[actual].sum())
        if total <= 0 or positives <= 0:
            raise NoRule("a third of the people leaves a group without anybody, or without true positives")
        cuts, above, hits = _curve(score[mine], actual, weights)
        share = above / total
        rate = hits / positives if want == "gap" else (share if people.favourable else 1 - share)
        curves.append((cuts, rate, 2 * hits - above))
    tops = np.unique(np.concatenate([rate for _, rate, _ in curves]))
    tops = tops[tops > 0]
    if len(tops) > 2 * CUTS:
        tops = tops[np.unique(np.linspace(0, len(tops) - 1, 2 * CUTS).round().astype(np.int64))]
    least = tops * level if want == "ratio" else tops - level
    chosen, total_right = [], np.zeros(len(tops))
    for cuts, rate, right in curves:
        inside = (rate <= tops[:, None] + 1e-12) & (rate >= least[:, None] - 1e-12)
        value = np.where(inside, np.round(right, 6), -np.inf)
        best = value.argmax(axis=1)
        total_right += value[np.arange(len(tops)), best]
        chosen.append(cuts[best])
    if not np.isfinite(total_right).any():
        raise NoRule("no cut-offs keep the groups that close: too many people share one score")
    at = int(np.argmax(np.round(total_right, 6)))
    return np.array([cuts[at] for cuts in chosen])


def repeated(people: People, rows: Array) -> Array:
    """Return *rows* as often as each counts: fairlearn knows no weights."""
    if people.sampling:
        raise NoRule("fairlearn's methods take no sampling weights")
    times = people.weights[rows]
    if (times == 1).all():
        return rows
    if (times != np.round(times)).any() or times.sum() > MOST_REPEATED:
        raise NoRule(f"fairlearn's methods take whole frequencies that sum to {MOST_REPEATED:,} at most")
    return np.repeat(rows, times.astype(np.int64))


def optimised_thresholds(people: People, constraint: str) -> Array:
    """Decide as fairlearn's ThresholdOptimizer does; its two cut-offs a group are mixed at random."""
    from fairlearn.postprocessing import ThresholdOptimizer

    score = _scores(people)

    def rule(known: Array, asked: Array) -> Array:
        rows = repeated(people, known)
        optimizer = ThresholdOptimizer(
            estimator=_given_scores(),
            constraints=constraint,
            objective="accuracy_score",
            grid_size=CUTS,
            prefit=True,
            predict_method="predict",
        )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of its own use of pandas; nothing a reader can act on
                optimizer.fit(
                    score[rows].reshape(-1, 1),
                    people.actual[rows].astype(np.int64),
                    sensitive_features=people.group[rows],
                )
        except ValueError as why:
            raise NoRule(
                f"fairlearn's ThresholdOptimizer found no rule: {str(why).partition(chr(10))[0][:120]}"
            ) from why
        found = optimizer.interpolated_thresholder_.interpolation_dict
        chance = np.empty(len(asked))
        for g in range(people.groups):
            mine = people.group[asked] == g
            chance[mine] = _mixed(found[g], score[asked[mine]])
        return chance

    return held_out(people, rule)


def _mixed(how: Any, score: Array) -> Array:
    """Return the chance of a yes under the mixture that fairlearn fitted for one group."""
    chance = how["p0"] * how["operation0"](score) + how["p1"] * how["operation1"](score)
    if "p_ignore" in how:
        chance = how["p_ignore"] * how["prediction_constant"] + (1 - how["p_ignore"]) * chance
    return np.asarray(chance, dtype=np.float64)


def _given_scores() -> Any:
    """Return an estimator of scikit-learn that answers its only column."""
    from sklearn.base import BaseEstimator, ClassifierMixin

    class GivenScores(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
        def fit(self, *_: Array) -> GivenScores:
            return self

        def __sklearn_is_fitted__(self) -> bool:
            return True

        def predict(self, X: Array) -> Array:
            return np.asarray(X)[:, 0]

    return GivenScores()


def reduced(people: People, features: pd.DataFrame, bounds: Sequence[float]) -> Array:
    """Return one column a bound: a logistic regression whose selection rates are at most that far apart.

    It stands in for the system. Of the fits of fairlearn's grid search under demographic parity the most
    accurate one within the bound is taken, as far as the people that it was fitted on can tell; an infinite
    bound takes the plain fit. NaN where no fit is within the bound.
    """
    from fairlearn.reductions import DemographicParity, GridSearch
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    logging.getLogger("fairlearn.reductions").setLevel(logging.ERROR)  # thin grids: told by NaN
    table = plain(features)

    def rule(known: Array, asked: Array) -> Array:
        rows = repeated(people, known)
        truth, group = people.actual[rows].astype(np.int64), people.group[rows]
        if len(np.unique(truth)) < 2:
            raise NoRule("two thirds of the people hold one class only")
        inside, outside = map(_dense, encoded(table.iloc[rows], table.iloc[asked]))
        with warnings.catch_warnings(), threadpool_limits(1):  # one thread: sums in one order
            warnings.simplefilter("ignore")  # grids of many groups are thin: told by NaN
            unbound = LogisticRegression(max_iter=300).fit(inside, truth)
            search = GridSearch(
                LogisticRegression(max_iter=300), constraints=DemographicParity(), grid_size=FITS
            )
            search.fit(inside, truth, sensitive_features=group)
            fits = [unbound, *search.predictors_]
            said = np.column_stack([fit.predict(inside) for fit in fits])
            answers = np.column_stack([fit.predict(outside) for fit in fits]).astype(np.float64)
        right = (said == truth[:, None]).mean(axis=0).round(9)
        rates = np.array([said[group == g].mean(axis=0) for g in range(people.groups)])
        apart = rates.max(axis=0) - rates.min(axis=0)
        found = [_within(answers, right, apart, bound) for bound in bounds]
        return np.column_stack(found)

    return held_out(people, rule)


def _dense(coded: Any) -> Array:
    """Return the array that fairlearn asks for; many rare words are coded as a sparse one."""
    return np.asarray(coded if isinstance(coded, np.ndarray) else coded.toarray())


def _within(answers: Array, right: Array, apart: Array, bound: float) -> Array:
    if np.isinf(bound):
        return answers[:, 0]
    inside = np.flatnonzero((apart <= bound) & (right > 0))
    if not len(inside):
        return np.full(len(answers), np.nan)
    return np.asarray(answers[:, inside[np.argmax(right[inside])]])

"""The attacks themselves: each turns what a model answered into one certainty of membership a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from checks.model import Array
from checks.privacy.attacks.compared import STREAM, Compared
from checks.privacy.attacks.gate import with_truth

EDGE = 1e-3
"""Added to both sides of every odds, so that a forest's 0 and 1 stay finite."""
FOLDS = 5


@dataclass(frozen=True, eq=False)
class Reference:
    """One model that we trained ourselves: which rows it learnt, and what it gives the truth of all rows."""

    inside: Array
    chance: Array


def log_odds(chance: Array) -> Array:
    """Return the logarithm of the odds, kept finite."""
    return np.asarray(np.log((chance + EDGE) / (1 - chance + EDGE)))


def rmia(chance: Array, references: Sequence[Reference]) -> Array:
    """Return how much surer the model is of the truth than reference models are on average.

    RMIA compares p(x | model) / p(x) with the same ratio of a population; the population is the same for
    every x, so the order of the rows is that of the ratio. It is taken on the odds, with the mean of their
    logarithms as p(x): boosting gives nearly every row a chance near 1, and ratios of chances would be alike.
    """
    expected: Array = np.mean([log_odds(one.chance) for one in references], axis=0)
    return np.asarray(log_odds(chance) - expected)


def lira(chance: Array, references: Sequence[Reference]) -> Array:
    """Return the log likelihood ratio of two normals: learnt, and not learnt, with pooled spreads."""
    odds = np.array([log_odds(one.chance) for one in references])
    inside = np.array([one.inside for one in references])
    density = []
    for which in (inside, ~inside):
        mean = (odds * which).sum(axis=0) / which.sum(axis=0)
        spare = max(int(which.sum()) - odds.shape[1], 1)
        variance = (((odds - mean) ** 2) * which).sum() / spare + EDGE
        density.append(-((log_odds(chance) - mean) ** 2) / (2 * variance) - np.log(variance) / 2)
    return np.asarray(density[0] - density[1])


def quantile_regression(people: Compared, seed: int) -> Array:
    """Return how far each row's confidence lies above what rows like it have that were never learnt.

    Mean and spread are learnt on folds of the others. A member is judged by one fold's regression, drawn at
    random, just as an other row is: both kinds are strangers to it, so that guessing stays guessing.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    assert people.chance is not None
    phi = log_odds(people.chance)
    seen = with_truth(people)
    rng = np.random.default_rng([seed, STREAM, 2])
    fold = np.empty(len(phi), dtype=np.int64)
    for side in (people.member, ~people.member):
        at = rng.permutation(np.flatnonzero(side))
        fold[at] = np.arange(len(at)) % FOLDS
    state = int(rng.integers(2**31))
    answer = np.empty(len(phi))

    def learnt(rows: Array, target: Array) -> HistGradientBoostingRegressor:
        judge = HistGradientBoostingRegressor(max_iter=60, early_stopping=False, random_state=state)
        return judge.fit(seen[rows], target)

    with threadpool_limits(1):
        for k in range(FOLDS):
            rows, here = ~people.member & (fold != k), fold == k
            mean = learnt(rows, phi[rows])
            off = np.log((phi[rows] - mean.predict(seen[rows])) ** 2 + EDGE)
            spread = learnt(rows, off)
            answer[here] = (phi[here] - mean.predict(seen[here])) / np.exp(spread.predict(seen[here]) / 2)
    return answer

"""How far scores are from frequencies, with the part that chance adds taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import chndtr, expit, logit, ndtr
from scipy.stats import chi2

from checks.model import Array
from checks.statistics.intervals import Z

MOST_BINS = 10
ROWS_PER_BIN = 25


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins of equal mass along the score: what was promised, what happened."""

    low: Array
    high: Array
    mean_score: Array
    frequency: Array
    n: Array
    """People where weights repeat rows, else rows."""
    weight: Array
    """Share of all weight."""
    variance: Array
    """Sampling variance of the frequency (with half a success and half a failure added)."""

    @property
    def excess(self) -> float:
        """Mean squared distance less what chance alone adds: unbiased, so it may be below 0."""
        return float(np.sum(self.weight * ((self.frequency - self.mean_score) ** 2 - self.variance)))

    @property
    def error(self) -> float:
        """Debiased root mean squared distance between score and frequency (Kumar et al. 2019)."""
        return float(np.sqrt(max(self.excess, 0.0)))

    @property
    def plain_error(self) -> float:
        """Expected calibration error as commonly printed: mean distance, chance included."""
        return float(np.sum(self.weight * np.abs(self.frequency - self.mean_score)))

    def error_limits(self, z: float) -> tuple[float, float]:
        """Return limits of `error` at *z*.

        The squared distance is matched to a scaled noncentral chi-square (Satterthwaite), which is inverted.
        Scores nearer to the frequencies than chance allows do not shorten the upper limit.
        """
        noise = float(np.sum(self.weight * self.variance))
        scale = float(np.sum((self.weight * self.variance) ** 2)) / noise
        df = noise / scale
        seen = float(np.sum(self.weight * (self.frequency - self.mean_score) ** 2)) / scale
        tail = float(ndtr(-z))
        low = noncentrality(seen, df, 1 - tail)
        high = noncentrality(max(seen, float(chi2.median(df))), df, tail)
        return float(np.sqrt(scale * low)), float(np.sqrt(scale * high))


def noncentrality(seen: float, df: float, level: float) -> float:
    """Return the noncentrality at which a value up to *seen* has probability *level*; 0 if none has."""
    if chi2.cdf(seen, df) <= level:
        return 0.0
    inner, outer = 0.0, seen + df + 10.0
    while chndtr(seen, df, outer) > level:
        outer *= 2
    for _ in range(60):
        middle = (inner + outer) / 2
        if chndtr(seen, df, middle) > level:
            inner = middle
        else:
            outer = middle
    return inner


def reliability(actual: Array, score: Array, weights: Array, effective_share: float = 1.0) -> Reliability:
    """Return bins of equal mass: at most 10, of 25 people or more each, ties kept together.

    *effective_share* is effective size over weight, 1 for plain rows.
    """
    order = np.argsort(score, kind="stable")
    actual, score, weights = actual[order], score[order], weights[order]
    upto = np.cumsum(weights)
    count = int(np.clip(upto[-1] * effective_share // ROWS_PER_BIN, 1, MOST_BINS))
    cuts = np.searchsorted(upto, upto[-1] * np.arange(1, count) / count, side="left")
    edges = np.unique(score[np.minimum(cuts, len(score) - 1)])
    starts = np.unique(np.concatenate([[0], np.searchsorted(score, edges, side="right")]))
    starts = starts[starts < len(score)]

    def total(values: Array) -> Array:
        return np.asarray(np.add.reduceat(values, starts), dtype=np.float64)

    mass, hits = total(weights), total(weights * actual)
    size = np.maximum(mass * effective_share, 1e-300)
    smooth = (hits * effective_share + 0.5) / (size + 1)
    return Reliability(
        low=score[starts],
        high=score[np.concatenate([starts[1:], [len(score)]]) - 1],
        mean_score=total(weights * score) / mass,
        frequency=hits / mass,
        n=total(weights if effective_share == 1 else np.ones(len(score))),
        weight=mass / mass.sum(),
        variance=smooth * (1 - smooth) / size,
    )


@dataclass(frozen=True, slots=True)
class CalibrationErrors:
    """One calibration error per group."""

    bins: tuple[Reliability, ...]

    @property
    def value(self) -> Array:
        """The debiased errors."""
        return np.array([b.error for b in self.bins])

    @property
    def n(self) -> Array:
        """The rows."""
        return np.array([b.n.sum() for b in self.bins])

    @property
    def pairs_method(self) -> str:
        """Newcombe's hybrid of single limits."""
        return "hybrid of noncentral chi-square limits,"

    def limits(self, z: float) -> tuple[Array, Array]:
        """Return limits of each error."""
        both = np.array([b.error_limits(z) for b in self.bins]).reshape(-1, 2)
        return np.minimum(both[:, 0], self.value), np.maximum(both[:, 1], self.value)

    def take(self, which: Sequence[int] | Array) -> Self:
        """Return the errors of some groups."""
        return type(self)(tuple(self.bins[int(i)] for i in which))


@dataclass(frozen=True, slots=True)
class Line:
    """One number of the calibration line with its interval."""

    value: float
    low: float
    high: float


def calibration_line(
    actual: Array, score: Array, weights: Array, effective_share: float = 1.0
) -> tuple[Line, Line] | None:
    """Return slope and intercept (at slope 1) of the outcome's log-odds on the score's log-odds.

    None where the fit has no finite answer: one class only, one score only, or perfect separation.
    """
    if actual.all() or not actual.any() or np.ptp(score) == 0:
        return None
    x = logit(np.clip(score, 1e-6, 1 - 1e-6))
    scaled = weights * effective_share
    slope = _newton(np.column_stack([np.ones_like(x), x]), actual, scaled, np.zeros_like(x))
    level = _newton(np.ones((len(x), 1)), actual, scaled, x)
    if slope is None or level is None:
        return None
    return slope[1], level[0]


def _newton(X: Array, actual: Array, weights: Array, offset: Array) -> list[Line] | None:
    """Fit a logistic regression by Newton steps, halved until they help; None where it does not settle."""

    def likelihood(beta: Array) -> float:
        raw = X @ beta + offset
        return -float(np.sum(weights * np.logaddexp(0, np.where(actual, -raw, raw))))

    beta = np.zeros(X.shape[1])
    for _ in range(50):
        p = expit(X @ beta + offset)
        information = (X * (weights * p * (1 - p))[:, None]).T @ X
        if np.linalg.cond(information) > 1e12 or np.abs(beta).max() > 1e3:
            return None
        step = np.linalg.solve(information, X.T @ (weights * (actual - p)))
        if np.abs(step).max() < 1e-9:
            error = np.sqrt(np.diag(np.linalg.inv(information)))
            return [
                Line(float(b), float(b - Z * e), float(b + Z * e)) for b, e in zip(beta, error, strict=True)
            ]
        now = likelihood(beta)
        while likelihood(beta + step) < now and np.abs(step).max() >= 1e-9:
            step = step / 2
        beta = beta + step
    return None

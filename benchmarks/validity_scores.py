"""The part of benchmarks/validity.py on scores: AUC, means, paired differences, calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import expit, logit, ndtri

from checks.model import Array, Measure
from checks.statistics import (
    Aucs,
    Reliability,
    auc_difference,
    hanley_mcneil_limits,
    highest_minus_lowest,
    mean_of,
    paired_difference,
    reliability,
    roc_auc,
)
from checks.statistics.intervals import Z

Limits = tuple[float, float]

SEED = 813
CLASSES = {"30+30": (30, 30), "15+85": (15, 85), "100+100": (100, 100), "500+500": (500, 500)}
"""Positives and negatives."""
MANY = 1_000_000
"""Rows from which the true calibration error of equal-mass bins is taken."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One truth, and how a data set of it gives limits."""

    statistic: str
    size: str
    k: int
    shape: str
    truth: float
    draw: Callable[[np.random.Generator], Limits]

    def row(self, datasets: int) -> dict[str, object]:
        """Return what the table says."""
        key = [ord(letter) for letter in f"{self.statistic} {self.size} {self.shape}"]
        rng = np.random.default_rng([SEED, self.k, *key])
        limits = np.array([self.draw(rng) for _ in range(datasets)])
        below = float((limits[:, 0] > self.truth + 1e-12).mean())
        above = float((limits[:, 1] < self.truth - 1e-12).mean())
        return {
            "statistic": self.statistic, "method": "ours", "size": self.size, "k": self.k, "rate": "",
            "shape": self.shape, "lower": "", "truth": round(self.truth, 6), "datasets": datasets,
            "coverage": round(1 - below - above, 5), "missed_low": round(below, 5),
            "missed_high": round(above, 5),
            "median_width": round(float(np.median(limits[:, 1] - limits[:, 0])), 5), "met": "", "not_met": "",
        }  # fmt: skip


def rows(datasets: int) -> Iterator[dict[str, object]]:
    """Yield a row for every cell."""
    for cell in (*_aucs(), *_auc_gaps(), *_auc_differences(), *_means(), *_paired(), *_calibration()):
        yield cell.row(datasets)


def _scores(rng: np.random.Generator, positives: int, negatives: int, auc: float) -> tuple[Array, Array]:
    """Return classes and binormal scores whose true AUC is *auc*."""
    actual = np.arange(positives + negatives) < positives
    return actual, rng.normal(size=len(actual)) + actual * np.sqrt(2) * ndtri(auc)


def _aucs() -> Iterator[Cell]:
    for size, (m, n) in CLASSES.items():
        for auc in (0.5, 0.7, 0.9):
            yield Cell("AUC", size, 1, f"AUC {auc}", auc, partial(_auc, m, n, auc))


def _auc(m: int, n: int, auc: float, rng: np.random.Generator) -> Limits:
    found = roc_auc(*_scores(rng, m, n, auc))
    assert found is not None
    low, high = hanley_mcneil_limits(found, m, n)
    return float(low), float(high)


def _auc_gaps() -> Iterator[Cell]:
    for size in ("30+30", "100+100"):
        for k in (2, 5, 12):
            for shape, first in (("equal", 0.8), ("one off", 0.7)):
                draw = partial(_auc_gap, *CLASSES[size], (first,) + (0.8,) * (k - 1))
                yield Cell("gap of AUCs", size, k, shape, 0.8 - first, draw)


def _auc_gap(m: int, n: int, aucs: tuple[float, ...], rng: np.random.Generator) -> Limits:
    found = np.array([roc_auc(*_scores(rng, m, n, auc)) for auc in aucs], dtype=float)
    each = np.ones(len(aucs))
    return _of(highest_minus_lowest("gap", Aucs(found, m * each, n * each, (m + n) * each), of={}))


def _auc_differences() -> Iterator[Cell]:
    for size in ("30+30", "100+100"):
        for second in (0.8, 0.7):
            draw = partial(_auc_difference, *CLASSES[size], second)
            yield Cell("difference of two AUCs, same rows", size, 2, f"0.8 and {second}", 0.8 - second, draw)


def _auc_difference(m: int, n: int, second: float, rng: np.random.Generator) -> Limits:
    actual = np.arange(m + n) < m
    noise = np.sqrt(0.5) * (rng.normal(size=m + n) + rng.normal(size=(2, m + n)))
    first, other = (noise[i] + actual * np.sqrt(2) * ndtri(auc) for i, auc in enumerate((0.8, second)))
    return _of(auc_difference("d", actual, (first, other), np.ones(m + n), (m, n)))


MEANS: dict[str, tuple[float, Callable[[np.random.Generator, int], Array]]] = {
    "normal": (0.0, lambda rng, n: rng.normal(size=n)),
    "uniform": (0.5, lambda rng, n: rng.random(n)),
    "exponential": (1.0, lambda rng, n: rng.exponential(size=n)),
    "squares of normals": (1.0, lambda rng, n: rng.normal(size=n) ** 2),
}


def _means() -> Iterator[Cell]:
    for n in (30, 100, 1000):
        for shape, (truth, _) in MEANS.items():
            yield Cell("a mean", str(n), 1, shape, truth, partial(_mean, n, shape))


def _mean(n: int, shape: str, rng: np.random.Generator) -> Limits:
    values = MEANS[shape][1](rng, n)
    least = -np.inf if shape == "normal" else 0.0
    return _of(mean_of("m", values, np.ones(n), n, rows=n, bounds=(least, np.inf)))


def _paired() -> Iterator[Cell]:
    for n in (30, 100, 1000):
        for both, gained, lost in ((0.7, 0.1, 0.1), (0.7, 0.15, 0.05), (0.9, 0.02, 0.02)):
            draw = partial(_pair, n, (both, gained, lost, 1 - both - gained - lost))
            shape = f"gained {gained}, lost {lost}"
            yield Cell("difference of two shares, same rows", str(n), 2, shape, gained - lost, draw)


def _pair(n: int, chances: tuple[float, ...], rng: np.random.Generator) -> Limits:
    kind = rng.choice(4, size=n, p=chances)
    return _of(paired_difference("d", np.isin(kind, (0, 1)), np.isin(kind, (0, 2)), np.ones(n), n))


def _calibration() -> Iterator[Cell]:
    for n in (100, 1000):
        for shape, shift in (("calibrated", 0.0), ("log-odds 0.7 too high", 0.7)):
            truth = _bins(MANY, shift, np.random.default_rng(SEED)).error if shift else 0.0
            yield Cell("calibration error", str(n), 1, shape, truth, partial(_calibrated, n, shift))


def _calibrated(n: int, shift: float, rng: np.random.Generator) -> Limits:
    return _bins(n, shift, rng).error_limits(Z)


def _bins(n: int, shift: float, rng: np.random.Generator) -> Reliability:
    chance = rng.beta(2, 2, n)
    return reliability(rng.random(n) < chance, expit(logit(chance) + shift), np.ones(n))


def _of(measure: Measure) -> Limits:
    """Return the limits of a measure; the whole line where it has none."""
    if measure.low is None or measure.high is None:
        return -np.inf, np.inf
    return measure.low, measure.high

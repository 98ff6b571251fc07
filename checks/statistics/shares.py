"""Shares of one sample against the shares of a population, known exactly or from a sample of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from typing import Self

import numpy as np
from scipy.special import gammaln, ndtri, xlogy
from scipy.stats import chi2, chi2_contingency

from checks.model import Array, Kind, Measure
from checks.statistics.intervals import LEVEL, Z, estimate, undefined, wilson_limits

POWER = 0.8
MOST_OUTCOMES = 20_000
"""Above this many possible outcomes the exact test gives way."""

DRAWS = 9_999
SMALLEST_EXPECTED = 5


@dataclass(frozen=True, slots=True)
class Against:
    """Shares of groups in the data and in the population, as ratios."""

    data: Array
    population: Array
    effective: float
    """The size that errors of the data go by."""
    sample: float | None
    """The size of the sample that the population is known from; None where it is known exactly."""

    @property
    def value(self) -> Array:
        """The ratios."""
        return np.asarray(self.data / self.population)

    @property
    def n(self) -> Array:
        """The denominators, in rows."""
        return np.full(len(self.data), self.effective)

    @property
    def pairs_method(self) -> str:
        """Wilson's limits over an exact share, or the hybrid of two."""
        return "Wilson over the exact share" if self.sample is None else "hybrid ratio of Wilson limits"

    @property
    def noise(self) -> float:
        """Variance that one row a sample adds."""
        return 1 / self.effective + (0.0 if self.sample is None else 1 / self.sample)

    def single(self, z: float = Z) -> tuple[Array, Array]:
        """Return limits of the shares of the data."""
        return wilson_limits(self.data, self.effective, z)

    def known(self, z: float = Z) -> tuple[Array, Array]:
        """Return limits of the shares of the population."""
        if self.sample is None:
            return self.population, self.population
        return wilson_limits(self.population, self.sample, z)

    def limits(self, z: float) -> tuple[Array, Array]:
        """Return limits of the ratios (Donner and Zou, Statistics in Medicine 31, 2012)."""
        (low, high), (least, most) = self.single(z), self.known(z)
        mine, theirs = self.data, self.population
        product = mine * theirs
        large, small = most * (2 * theirs - most), least * (2 * theirs - least)
        below = np.sqrt(np.maximum(product**2 - low * (2 * mine - low) * large, 0))
        above = np.sqrt(np.maximum(product**2 - high * (2 * mine - high) * small, 0))
        lower = np.divide(product - below, large, out=np.zeros_like(product), where=large > 0)
        return np.maximum(lower, 0), (product + above) / small

    def differences(self) -> tuple[Array, Array, Array]:
        """Return the differences of shares with limits (Newcombe's hybrid)."""
        (low, high), (least, most) = self.single(), self.known()
        value = self.data - self.population
        below = np.hypot(self.data - low, most - self.population)
        above = np.hypot(high - self.data, self.population - least)
        return value, np.maximum(value - below, -1), np.minimum(value + above, 1)

    def take(self, which: Array) -> Self:
        """Return some of the groups."""
        return type(self)(self.data[which], self.population[which], self.effective, self.sample)


def detectable_difference(share: float, against: Against) -> float | None:
    """Return how far a true share must lie below *share* to be told at 95 %, two-sided, with 80 % power.

    None where even a share of 0 would not be told.
    """
    again = 0.0 if against.sample is None else share * (1 - share) / against.sample
    null = Z * np.sqrt(share * (1 - share) / against.effective + again)

    def told(true: float) -> bool:
        spread = np.sqrt(true * (1 - true) / against.effective + again)
        return bool(share - true >= null + float(ndtri(POWER)) * spread)

    if not told(0.0):
        return None
    low, high = 0.0, share
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if told(middle) else (low, middle)
    return share - low


def shares_p_value(
    name: str,
    counts: Array,
    shares: Array,
    sample: float | None,
    rng: np.random.Generator,
    *,
    of: Mapping[str, str],
) -> Measure:
    """Test whether *counts* were drawn from *shares*: exactly where there are few outcomes."""
    n = float(counts.sum())
    if len(counts) < 2 or n <= 0:
        return undefined(name, "fewer than two groups to compare", n=n, of=of, unit="p-value")
    whole = bool(np.all(counts == np.round(counts)))
    p, method = (
        _one_sample(counts, shares, rng, whole)
        if sample is None
        else _two_samples(counts, shares * sample, rng, whole)
    )
    note = "reported, never a bound: with few rows even a large difference has a large p-value"
    return Measure(name, p, n=n, of=dict(of), kind=Kind.EXACT, unit="p-value", method=method, note=note)


def _one_sample(counts: Array, shares: Array, rng: np.random.Generator, whole: bool) -> tuple[float, str]:
    n = counts.sum()
    if whole and comb(int(n) + len(counts) - 1, len(counts) - 1) <= MOST_OUTCOMES:
        every = _log_chance(_outcomes(int(n), len(counts)), shares)
        mine = _log_chance(counts[None, :], shares)[0]
        return min(float(np.exp(every[every <= mine + 1e-9]).sum()), 1.0), "exact multinomial"
    told = _distance(counts[None, :], n * shares)[0]
    if not whole or (n * shares).min() >= SMALLEST_EXPECTED:
        return float(chi2.sf(told, len(counts) - 1)), "chi-square"
    drawn = _distance(rng.multinomial(int(n), shares, size=DRAWS).astype(np.float64), n * shares)
    return _share_beyond(drawn, told), f"multinomial, {DRAWS:,} seeded draws"


def _two_samples(counts: Array, others: Array, rng: np.random.Generator, whole: bool) -> tuple[float, str]:
    both = np.array([counts, np.round(others)])
    both = both[:, both.sum(axis=0) > 0]
    told, p, _, wanted = chi2_contingency(both, correction=False)
    if not whole or wanted.min() >= SMALLEST_EXPECTED:
        return float(p), "chi-square of two samples"
    pooled = both.sum(axis=0).astype(np.int64)
    drawn = rng.multivariate_hypergeometric(pooled, int(both[0].sum()), size=DRAWS, method="marginals")
    distance = _distance(drawn.astype(np.float64), wanted[0]) + _distance(pooled - drawn, wanted[1])
    return _share_beyond(distance, float(told)), f"permutation, {DRAWS:,} seeded draws"


def _share_beyond(drawn: Array, told: float) -> float:
    return float((1 + np.count_nonzero(drawn >= told * (1 - 1e-12))) / (len(drawn) + 1))


def _distance(counts: Array, wanted: Array) -> Array:
    return np.asarray(((counts - wanted) ** 2 / wanted).sum(axis=1))


def _log_chance(counts: Array, shares: Array) -> Array:
    n = counts.sum(axis=1)
    return np.asarray(gammaln(n + 1) + (xlogy(counts, shares) - gammaln(counts + 1)).sum(axis=1))


def _outcomes(n: int, groups: int) -> Array:
    """Return every way to share *n* rows among *groups*."""
    if groups == 1:
        return np.array([[float(n)]])
    first = [
        np.column_stack([np.full(len(rest), float(i)), rest])
        for i in range(n + 1)
        for rest in [_outcomes(n - i, groups - 1)]
    ]
    return np.concatenate(first)


def share_estimates(
    against: Against, at: int, of: Mapping[str, str], rows: float, note: str | None
) -> tuple[Measure, Measure]:
    """Return the share of one group in the data and its difference to the population."""
    low, high = against.single()
    value, below, above = against.differences()
    mine = f"Wilson {LEVEL:.0%}"
    both = mine + (", less the exact share" if against.sample is None else ", Newcombe's hybrid")
    return (
        estimate("data_share", against.data[at], low[at], high[at], rows, of=of, method=mine, note=note),
        estimate("share_difference", value[at], below[at], above[at], rows, of=of, method=both, note=note),
    )

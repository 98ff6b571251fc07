"""Explain as many rows as a steady ranking of the features needs, and no more.

Rows are a seeded sample in the proportions of the decisions. More are explained until two random halves of
them rank the features alike, or a limit is reached, which is then said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from checks.draw import sample_rows
from checks.interpretability.answered import answered
from checks.interpretability.asking import Output, resampled_means
from checks.interpretability.engines import WIDEST, Asked, Engine, best
from checks.model import Array, Subject
from checks.statistics import LEVEL

STEADY = 0.95
"""Rank correlation of two halves at which no more rows are explained."""
GROWTH = 3
"""How many times as many rows each further round has."""
SPLITS = 20
"""Random splits into halves; their median is told."""
FEWEST = 3
"""Features that a ranking needs."""
MEAN_OF_NOISE = float(np.sqrt(2 / np.pi))
"""Mean absolute value of a standard normal number: what error alone makes of a mean absolute part."""


@dataclass(frozen=True, eq=False)
class Explained:
    """Parts of single rows, and what they say of the features."""

    rows: pd.DataFrame
    values: Array
    errors: Array
    drawn: Array
    """Resampled mean absolute parts, of shape (draws, features)."""
    stability: float | None
    """Median rank correlation of halves; None where fewer than three features are told from nothing."""
    at: Array
    """Where the rows stand in the sample; others before the last were left out without an answer."""

    @property
    def lost(self) -> int:
        """How many rows were left out."""
        return int(self.at[-1]) + 1 - len(self.at)

    @property
    def size(self) -> Array:
        """The absolute parts."""
        return np.abs(self.values)

    @property
    def limits(self) -> Array:
        """The interval of each feature's mean absolute part, of shape (2, features)."""
        return percentiles(self.drawn)

    @property
    def floor(self) -> Array:
        """What sampling error alone would make of each feature's mean absolute part."""
        return np.asarray(MEAN_OF_NOISE * np.sqrt((self.errors**2).mean(axis=0)))

    @property
    def shown(self) -> Array:
        """Which features are shown to move the output: their interval lies above what error alone makes."""
        return np.asarray(self.limits[0] > self.floor)


def percentiles(drawn: Array) -> Array:
    """Return the ends of the middle of *drawn* along the first axis."""
    edge = 100 * (1 - LEVEL) / 2
    return np.asarray(np.percentile(np.nan_to_num(drawn), [edge, 100 - edge], axis=0))


def in_proportion(rows: int, most: int, strata: Array | None, rng: np.random.Generator) -> Array:
    """Return at most *most* positions in an order whose every beginning keeps the proportions of *strata*."""
    chosen = rng.permutation(sample_rows(rows, most, strata, rng))
    if strata is None:
        return chosen
    codes = pd.factorize(strata[chosen])[0]
    sizes = np.bincount(codes)
    order = np.argsort(codes, kind="stable")
    within = np.empty(len(chosen))
    within[order] = np.arange(len(chosen)) - (np.cumsum(sizes) - sizes)[codes[order]]
    return chosen[np.argsort((within + rng.random(len(sizes))[codes]) / sizes[codes], kind="stable")]


def rounds(most: int, first: int) -> Iterator[int]:
    """Yield how many rows are explained after each round: three times as many each time, up to *most*."""
    size = min(first, most)
    while True:
        yield size
        if size == most:
            return
        size = min(GROWTH * size, most) if GROWTH * size < 0.7 * most else most


def explain(
    subject: Subject,
    output: Output,
    sample: pd.DataFrame,
    background: tuple[pd.DataFrame, str],
    *,
    first: int,
    evaluations: int,
    rng: np.random.Generator,
) -> tuple[Engine, Explained, str | None]:
    """Explain *sample* in the best way; say why the model's own credits were not used, if so."""
    questions = min(evaluations, WIDEST // sample.shape[1])
    asked = Asked(subject, output, sample.iloc[:first], *background, questions, rng)
    return best(asked, lambda engine: grow(engine, sample, first, rng))


def grow(engine: Engine, rows: pd.DataFrame, first: int, rng: np.random.Generator) -> Explained:
    """Explain the first of *rows*, and more of them until the ranking is steady."""
    nothing = np.empty((0, rows.shape[1]))
    values, errors = engine.known or (nothing, nothing)
    for size in rounds(min(len(rows), engine.most), first):
        if size > len(values):
            more = engine.credit(rows.iloc[len(values) : size].reset_index(drop=True))
            values, errors = np.concatenate([values, more[0]]), np.concatenate([errors, more[1]])
        known = answered(values)
        drawn = resampled_means(np.abs(values[known]), rng)
        told, at = rows.iloc[:size][known].reset_index(drop=True), np.flatnonzero(known)
        found = Explained(told, values[known], errors[known], drawn, None, at)
        found = replace(found, stability=rank_stability(found.size[:, found.shown], rng))
        if found.stability is None or found.stability >= STEADY:
            break
    return found


def rank_stability(size: Array, rng: np.random.Generator) -> float | None:
    """Return the median rank correlation of the mean absolute parts of two random halves of the rows."""
    if size.shape[1] < FEWEST or len(size) < 4:
        return None
    found = []
    for _ in range(SPLITS):
        order = rng.permutation(len(size))
        halves = (order[: len(order) // 2], order[len(order) // 2 :])
        first, second = (rankdata(size[half].mean(axis=0)) for half in halves)
        if first.std() > 0 and second.std() > 0:
            found.append(float(np.corrcoef(first, second)[0, 1]))
    return float(np.median(found)) if found else None

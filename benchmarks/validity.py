"""Do the intervals cover, and are verdicts wrong as seldom as they claim?  (minutes; `--datasets` to shorten)

Run it as `python -m benchmarks.validity`; it writes validity.csv and validity.md in docs/benchmarks.
The grid is fixed below. One or two binomials are summed over all outcomes, so their numbers are exact; more
groups are drawn DATASETS times a cell. What is asked is what an audit calls: the measures of
`checks.statistics` and the verdicts of `frameworks.decide`.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binom

from benchmarks import validity_scores
from benchmarks.validity_page import written
from benchmarks.validity_rivals import RIVALS
from checks.model import Array, Measure
from checks.statistics import Proportions, highest_minus_lowest, lowest_over_highest
from checks.statistics.intervals import clopper_pearson_limits, wilson_limits
from frameworks.decide import decide
from frameworks.model import Bound, Verdict

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
DATASETS = 10_000
SEED = 811
SIZES = {"30": (30, 30), "100": (100, 100), "1000": (1000, 1000), "40 and 1000": (40, 1000)}
"""Rows of the first group, and of every other."""
RATES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5)
GROUPS = (2, 5, 12)
SHAPES = ("equal", "one off", "half and half")
FACTORS = (0.8, 0.6)
"""A lower rate is this part of the other: at the bound of four fifths, and far from it."""
GAP_BOUND, RATIO_BOUND = 0.1, 0.8
SMALLEST_CHANCE = 1e-8
"""Outcomes rarer than this in either group are left out of exact sums; together under 1e-5."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One truth: the sizes and rates of all groups."""

    statistic: str
    size: str
    k: int
    rate: float
    shape: str
    lower: float
    """The rate of the groups that differ."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Rows of each group."""
        first, rest = SIZES[self.size]
        return (first,) + (rest,) * (self.k - 1)

    @property
    def rates(self) -> tuple[float, ...]:
        """The true rate of each group."""
        off = {"equal": 0, "one off": 1, "half and half": self.k // 2}[self.shape]
        return (self.lower,) * off + (self.rate,) * (self.k - off)

    @property
    def truth(self) -> float:
        """The true gap or ratio."""
        lowest, highest = min(self.rates), max(self.rates)
        return {"share": lowest, "gap": highest - lowest, "ratio": lowest / highest}[self.statistic]


@dataclass(frozen=True, slots=True)
class Found:
    """Limits of many data sets of one cell, and the chance of each."""

    chance: Array
    low: Array
    high: Array
    met: Array
    not_met: Array

    def row(self, cell: Cell, method: str, exact: bool) -> dict[str, object]:
        """Return what the table says of this cell."""
        below = float(self.chance[self.low > cell.truth + 1e-12].sum())
        above = float(self.chance[self.high < cell.truth - 1e-12].sum())
        width = self.high - self.low
        order = np.argsort(width)
        median = width[order][np.searchsorted(self.chance[order].cumsum(), 0.5 * self.chance.sum())]
        return {
            "statistic": cell.statistic, "method": method, "size": cell.size, "k": cell.k,
            "rate": cell.rate, "shape": cell.shape, "lower": round(cell.lower, 6),
            "truth": round(cell.truth, 6),
            "datasets": "all outcomes" if exact else len(self.chance),
            "coverage": round(abs(1 - below - above), 5), "missed_low": round(below, 5),
            "missed_high": round(above, 5), "median_width": round(float(median), 5),
            "met": round(float(self.chance[self.met].sum()), 5),
            "not_met": round(float(self.chance[self.not_met].sum()), 5),
        }  # fmt: skip


def cells(statistic: str) -> Iterator[Cell]:
    """Yield the grid of one disparity."""
    for size in SIZES:
        for k in GROUPS:
            for rate in RATES:
                yield Cell(statistic, size, k, rate, "equal", rate)
                for shape in SHAPES[1 : 2 if k == 2 else 3]:
                    lowers = [factor * rate for factor in FACTORS]
                    if statistic == "gap":
                        lowers = [rate - gap for gap in (GAP_BOUND, 2 * GAP_BOUND) if rate - gap >= 0.01]
                    for lower in lowers:
                        yield Cell(statistic, size, k, rate, shape, lower)


def outcomes(cell: Cell, datasets: int) -> tuple[Array, Array, bool]:
    """Return hits per data set and group, the chance of each data set, and whether these are all."""
    if cell.k > 2:
        rng = np.random.default_rng([SEED, *cell.sizes[:2], cell.k, *(int(1e6 * p) for p in cell.rates)])
        hits = rng.binomial(cell.sizes, cell.rates, size=(datasets, cell.k))
        return hits, np.full(datasets, 1 / datasets), False
    found, chances = [], []
    for n, p in zip(cell.sizes, cell.rates, strict=True):
        each = binom.pmf(np.arange(n + 1), n, p)
        found.append(np.flatnonzero(each > SMALLEST_CHANCE))
        chances.append(each[found[-1]])
    hits = np.stack(np.meshgrid(*found, indexing="ij"), axis=-1).reshape(-1, 2)
    return hits, np.multiply.outer(*chances).ravel(), True


Statistic = Callable[[Proportions], Measure]


def ours(statistic: str) -> tuple[Statistic, Bound]:
    """Return the measure as an audit calls it, and the bound that verdicts are held against."""
    if statistic == "gap":
        return lambda shares: highest_minus_lowest("gap", shares, of={}), Bound("at_most", GAP_BOUND)
    return lambda shares: lowest_over_highest("ratio", shares, of={}), Bound("at_least", RATIO_BOUND)


def measured(cell: Cell, hits: Array, chance: Array) -> Found:
    """Ask for the interval and the verdict of every data set; equal data sets are asked once."""
    measure, bound = ours(cell.statistic)
    different, which = np.unique(hits, axis=0, return_inverse=True)
    rows = np.empty((len(different), 4))
    for i, each in enumerate(different):
        m = measure(Proportions.of_counts(each, cell.sizes))
        verdict = decide(bound, m)
        # A ratio of zeros is undefined and never judged: the whole range.
        low, high = (0.0, 1.0) if m.low is None or m.high is None else (m.low, m.high)
        rows[i] = low, high, verdict is Verdict.MET, verdict is Verdict.NOT_MET
    low, high, met, not_met = rows[which.ravel()].T
    return Found(chance, low, high, met == 1, not_met == 1)


def rival(cell: Cell, hits: Array, chance: Array, limits: Callable[..., tuple[Array, Array]]) -> Found:
    """Ask a method that the project does not use."""
    low, high = limits(hits, np.asarray(cell.sizes))
    nobody = np.zeros(len(hits), dtype=bool)
    return Found(chance, low, high, nobody, nobody)


def disparities(datasets: int) -> Iterator[dict[str, object]]:
    """Yield a row for every cell and method."""
    for statistic in ("gap", "ratio"):
        for cell in cells(statistic):
            hits, chance, exact = outcomes(cell, datasets)
            yield measured(cell, hits, chance).row(cell, "ours", exact)
            for name, limits in RIVALS[statistic].items():
                yield rival(cell, hits, chance, limits).row(cell, name, exact)


def single() -> Iterator[dict[str, object]]:
    """Yield the exact coverage of the intervals of one share."""
    for size, n in (("30", 30), ("40", 40), ("100", 100), ("1000", 1000)):
        hits = np.arange(n + 1)
        exact = np.array([clopper_pearson_limits(x, n) for x in hits])
        methods = {"ours": wilson_limits(hits / n, n), "Clopper-Pearson": (exact[:, 0], exact[:, 1])}
        methods |= {name: limits(hits, np.array(n)) for name, limits in RIVALS["share"].items()}
        for rate in RATES:
            cell = Cell("share", size, 1, rate, "equal", rate)
            none = np.zeros(n + 1, dtype=bool)
            for name, (low, high) in methods.items():
                found = Found(binom.pmf(hits, n, rate), np.asarray(low), np.asarray(high), none, none)
                yield found.row(cell, name, exact=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=DATASETS)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args(arguments)
    rows = [*single(), *disparities(asked.datasets), *validity_scores.rows(asked.datasets)]
    asked.out.mkdir(parents=True, exist_ok=True)
    with (asked.out / "validity.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    text = written(rows, asked.datasets, SEED)
    (asked.out / "validity.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()

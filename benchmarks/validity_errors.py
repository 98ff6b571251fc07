"""Do gaps of errors between groups accuse as seldom as they claim?  (minutes; `--datasets` to shorten)

Run it as `python -m benchmarks.validity_errors`; it writes docs/benchmarks/validity-errors.md. All groups of
a data set are drawn alike, so a lower limit of the gap above 0 accuses wrongly; both ends of the interval of
a difference can, so 5 % is nominal for two groups. Limits come from `checks.fairness.regression`, as in an
audit.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from checks.fairness.regression import moments
from checks.model import Array, Roles, Subject, Task
from checks.statistics.disparities import gap_limits

OUT = Path(__file__).parents[1] / "docs" / "benchmarks" / "validity-errors.md"
SEED = 4711
DATASETS = 10_000
NUMBERS = ("mean_error", "mean_absolute_error", "root_mean_squared_error", "r2")
SHAPES = ("normal", "Student t, 5 degrees", "lognormal labels")
SIZES, GROUPS, EXPLAINED = (30, 100, 1000), (2, 5), (0.3, 0.8)
MOST_ROWS = 2_000_000
"""Rows drawn at once."""


def drawn(rng: np.random.Generator, shape: str, rows: int, explained: float) -> tuple[Array, Array]:
    """Return labels and predictions of which *explained* is R² in the population."""
    if shape == "lognormal labels":
        label = rng.lognormal(0, 0.7, rows)
        label *= 1 / np.sqrt((np.exp(0.49) - 1) * np.exp(0.49))
        noise = rng.standard_normal(rows)
    elif shape == "normal":
        label, noise = rng.standard_normal(rows), rng.standard_normal(rows)
    else:
        label, noise = (rng.standard_t(5, rows) / np.sqrt(5 / 3) for _ in range(2))
    return label, label + np.sqrt(1 - explained) * noise


def accused(cell: tuple[str, int, int, float], datasets: int, seed: int) -> dict[str, float]:
    """Return for each number the share of data sets whose gap is shown though there is none."""
    shape, size, k, explained = cell
    rng = np.random.default_rng([SEED, seed])
    wrong = dict.fromkeys(NUMBERS, 0)
    step = max(MOST_ROWS // (size * k), 1)
    for start in range(0, datasets, step):
        count = min(step, datasets - start)
        label, prediction = drawn(rng, shape, count * k * size, explained)
        # every group of every data set is a group of one attribute: their sums are made in one pass
        table = pd.DataFrame({"y": label, "g": np.repeat(np.arange(count * k), size)})
        whole = Subject(
            task=Task.REGRESSION, evaluation=table, roles=Roles(label="y", groups=("g",)), score=prediction
        )
        _, sums = moments(whole)
        names = whole.counts.groups["g"].names
        order = np.argsort([int(name) for name in names]).reshape(count, k)
        for name, means in sums.of("g").items():
            if name in wrong:
                wrong[name] += sum(gap_limits([means.take(which)])[0] > 0 for which in order)
    return {name: number / datasets for name, number in wrong.items()}


def rows(datasets: int) -> Iterator[tuple[str, ...]]:
    """Yield the table, a line a cell."""
    cells = [(s, n, k, r) for s in SHAPES for n in SIZES for k in GROUPS for r in EXPLAINED]
    for seed, cell in enumerate(cells):
        found = accused(cell, datasets, seed)
        line = (*map(str, cell), *(f"{found[name]:.3f}" for name in NUMBERS))
        print(*line, file=sys.stderr)
        yield line


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=DATASETS)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    measured = (name.replace("_", " ") for name in NUMBERS)
    heads = ("labels and errors", "rows a group", "groups", "R²", *measured)
    lines = [heads, tuple("---" for _ in heads), *rows(asked.datasets)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    error = np.sqrt(0.05 * 0.95 / asked.datasets)
    asked.out.write_text(
        "# Do gaps of errors accuse where there is none?\n\n"
        "Written by `python -m benchmarks.validity_errors`: "
        f"{asked.datasets:,} data sets a cell, seed {SEED}.\n"
        "All groups are drawn alike; told is the share of data sets in which the lower limit of the gap\n"
        "(highest minus lowest group) lies above 0. Nominal is 0.05; one Monte Carlo error is "
        f"{error:.4f}.\n\n{table}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()

"""Does the slice search find what was planted, how fast, and how often does it cry wolf?

Run `python -m benchmarks.slices` to set it against the beam search of pysubgroup on fresh seeds of planted
slices (interleaved in one process; it writes docs/benchmarks/slices.md), and `python -m benchmarks.slices
--null 1000` for data in which no slice differs (docs/benchmarks/slices-null.md).
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from checks.fairness.slice_columns import Coded
from checks.fairness.slice_people import Half
from checks.fairness.slice_search import distinct, search
from checks.fairness.worst_subgroup import MIN_SHARE, worst_subgroup
from checks.model import Array, Evidence, Outcome, Roles, Subject, Task
from checks.names import split
from checks.statistics import clopper_pearson_limits

OUT = Path(__file__).parents[1] / "docs" / "benchmarks"
ROWS, COLUMNS, DEPTH = 50_000, 15, 3
SEEDS = range(100, 120)
"""Never used while the search was written."""
LEVELS = (2, 3, 4, 5, 5, 6, 8)
PLANTED = ((1, 0.06), (2, 0.12), (2, 0.18), (3, 0.25))
"""Conditions of each planted slice, and what it adds to the error rate."""
BASE = 0.15
ALIKE = 0.75
"""A told slice is the planted one if the people in both are at least this part of the people in either."""
BEST = 20
"""Slices that pysubgroup tells, and the width of its beam; ours tells at most 10."""
NULL_ROWS = (500, 2_000, 10_000)
NULL_LOSSES = ("errors at 5 %", "errors at 20 %", "refusals at 50 %", "exponential distances")
NULL_COLUMNS = ("8 of 5 values", "15, each like the one before", "10 normal numbers")

Conditions = tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class Data:
    """One table of codes with who was decided wrongly, and what was planted in it."""

    codes: list[Array]
    levels: list[int]
    wrong: Array
    planted: list[Conditions]

    def inside(self, conditions: Conditions) -> Array:
        """Return who meets the conditions."""
        return np.logical_and.reduce([self.codes[column] == code for column, code in conditions])

    def table(self) -> pd.DataFrame:
        """Return the codes as text."""
        columns = {f"c{i}": np.array([f"v{v}" for v in range(9)])[c] for i, c in enumerate(self.codes)}
        return pd.DataFrame(columns)


def plant(seed: int) -> Data:
    """Draw columns, some of which follow others, and plant slices that share no column."""
    rng = np.random.default_rng([4, seed])
    levels = [int(rng.choice(LEVELS)) for _ in range(COLUMNS)]
    codes = [rng.choice(size, ROWS, p=rng.dirichlet(np.full(size, 5.0))) for size in levels]
    for i in range(1, COLUMNS, 4):  # a quarter of the columns follow their neighbour half the time
        codes[i] = np.where(rng.random(ROWS) < 0.5, codes[i - 1] % levels[i], codes[i])
    free = [int(column) for column in rng.permutation(COLUMNS)]
    rate, planted = np.full(ROWS, BASE), []
    data = Data(codes, levels, np.zeros(ROWS), planted)
    for size, extra in PLANTED:
        columns, free = sorted(free[:size]), free[size:]
        conditions = _large(data, columns, rng)
        planted.append(conditions)
        rate[data.inside(conditions)] += extra
    return Data(codes, levels, (rng.random(ROWS) < rate).astype(np.float64), planted)


def _large(data: Data, columns: list[int], rng: np.random.Generator) -> Conditions:
    """Draw values of *columns* that 1 % to 15 % of all people share."""
    for _ in range(1000):
        conditions = tuple((column, int(rng.integers(data.levels[column]))) for column in columns)
        if 0.01 <= data.inside(conditions).mean() <= 0.15:
            return conditions
    return tuple((column, int(np.bincount(data.codes[column]).argmin())) for column in columns)


def ours(data: Data) -> list[Conditions]:
    """Search all rows, as pysubgroup does, and tell at most ten slices."""
    columns = [Coded(f"c{i}", c, tuple(map(str, range(n))), None) for i, (c, n) in _numbered(data)]
    half = Half(data.codes, data.wrong, None, 1.0)
    found = search(half, columns, least=MIN_SHARE * ROWS, depth=DEPTH)
    return [one.conditions for one in distinct(found, half, half, most=10, least=1)]


def _numbered(data: Data) -> Iterator[tuple[int, tuple[Array, int]]]:
    return enumerate(zip(data.codes, data.levels, strict=True))


def whole_check(data: Data, seed: int) -> list[Conditions]:
    """Run the check as an audit does: one half searches, only what the other confirms counts."""
    table = data.table().assign(label="0")
    roles = Roles(label="label", positive="1", favourable="1", features=tuple(table.columns[:-1]))
    decision = np.where(data.wrong == 1, "1", "0").astype(object)
    found = worst_subgroup(Subject(Task.BINARY, table, roles, seed=seed, decision=decision))
    return [_read(m.of["case"]) for m in found.measures if m.name == "slice_gap"]


def _read(case: str) -> Conditions:
    pairs = (part.split(" = ") for part in split(case))
    return tuple((int(column[1:]), int(value[1:])) for column, value in pairs)


def beam(data: Data, exponent: float) -> list[Conditions]:
    """Let pysubgroup find its best slices; *exponent* 1 is weighted relative accuracy, 0.5 like a z score."""
    import pysubgroup as ps

    table = data.table().assign(wrong=data.wrong == 1)
    task = ps.SubgroupDiscoveryTask(
        table,
        ps.BinaryTarget("wrong", True),
        ps.create_selectors(table, ignore=["wrong"]),
        result_set_size=BEST,
        depth=DEPTH,
        qf=ps.StandardQF(exponent),
        constraints=[ps.MinSupportConstraint(int(MIN_SHARE * ROWS))],
    )
    results = ps.BeamSearch(beam_width=BEST).execute(task).results
    return [
        tuple((int(s.attribute_name[1:]), int(str(s.attribute_value)[1:])) for s in subgroup.selectors)
        for _, subgroup, *_ in results
    ]


def recalled(data: Data, told: list[Conditions]) -> int:
    """Count planted slices that are among those told."""
    return sum(any(_alike(data.inside(p), data.inside(t)) for t in told if t) for p in data.planted)


def _alike(first: Array, second: Array) -> bool:
    return bool((first & second).sum() >= ALIKE * (first | second).sum())


def race(seeds: range) -> str:
    """Return the page of planted slices."""
    names = ("search", "whole check", "beam, z", "beam, WRAcc")
    seconds: dict[str, list[float]] = {name: [] for name in names}
    hits = dict.fromkeys(names, 0)
    ours(plant(0))  # the first call loads libraries
    for seed in seeds:
        data = plant(seed)
        runs = (
            lambda data=data: ours(data),
            lambda data=data, seed=seed: whole_check(data, seed),
            lambda data=data: beam(data, 0.5),
            lambda data=data: beam(data, 1.0),
        )
        for name, run in zip(names, runs, strict=True):
            start = time.perf_counter()
            told = run()
            seconds[name].append(time.perf_counter() - start)
            hits[name] += recalled(data, told)
        print(seed, {n: (round(seconds[n][-1], 3), hits[n]) for n in names}, flush=True)
    return _race_page(seeds, seconds, hits)


def _race_page(seeds: range, seconds: dict[str, list[float]], hits: dict[str, int]) -> str:
    planted = len(seeds) * len(PLANTED)
    base = seconds["search"]
    rows = []
    for name, times in seconds.items():
        ratio = statistics.median(other / mine for other, mine in zip(times, base, strict=True))
        low, high = clopper_pearson_limits(hits[name], planted)
        found = f"{hits[name]} of {planted} ({low:.2f} to {high:.2f})"
        rows.append(f"| {name} | {statistics.median(times):.3f} | {ratio:.1f} | {found} |")
    slices = "; ".join(f"{size} and {extra}" for size, extra in PLANTED)
    return "\n".join(
        (
            "# Slice search: planted slices\n",
            f"Made by `python -m benchmarks.slices`. {ROWS:,} people, {COLUMNS} columns of 2 to 8 values,",
            f"depth {DEPTH}, error rate {BASE}, four planted slices a table",
            f"(conditions and added error: {slices}),",
            f"seeds {seeds.start} to {seeds.stop - 1}, slots interleaved;",
            f"pysubgroup {version('pysubgroup')} with a beam of {BEST} tells its best {BEST}, ours",
            "at most 10. A planted slice is found if a told one holds the same",
            f"people to {ALIKE:.0%} (both over either). `search` reads all people, as pysubgroup does;",
            "`whole check` is what an audit runs: it searches one half and counts only what the other",
            "half confirms.\n",
            "| what | median seconds | times the search (median of ratios) | found (95 %) |",
            "|---|---|---|---|",
            *rows,
            f"\nPython {platform.python_version()}, numpy {version('numpy')}.",
            "Read the ratios, not the seconds.\n",
        )
    )


def null_subject(seed: int, rows: int, kind: str, columns: str) -> Subject:
    """Draw people whose columns say nothing about what they lost."""
    rng = np.random.default_rng([5, seed, rows, NULL_LOSSES.index(kind), NULL_COLUMNS.index(columns)])
    table = pd.DataFrame(_null_columns(rng, rows, columns))
    features = tuple(table.columns)
    roles = Roles(positive="1", favourable="1", features=features, label=None)
    if kind.startswith("exponential"):
        table["label"] = 0.0
        roles = Roles(label="label", features=features)
        return Subject(Task.REGRESSION, table, roles, seed=seed, score=rng.exponential(size=rows))
    share = int(kind.split()[2]) / 100
    decision = np.where(rng.random(rows) < share, "0", "1").astype(object)
    if kind.startswith("errors"):
        table["label"] = "1"
        roles = Roles(label="label", positive="1", favourable="1", features=features)
    return Subject(Task.BINARY, table, roles, seed=seed, decision=decision)


def _null_columns(rng: np.random.Generator, rows: int, columns: str) -> dict[str, Array]:
    if columns.endswith("numbers"):
        return {f"c{i}": rng.normal(size=rows) for i in range(10)}
    if columns.startswith("8"):
        return {f"c{i}": rng.choice(list("abcde"), rows) for i in range(8)}
    found = [rng.choice(list("abcd"), rows)]
    for _ in range(14):
        found.append(np.where(rng.random(rows) < 0.7, found[-1], rng.choice(list("abcd"), rows)))
    return {f"c{i}": values for i, values in enumerate(found)}


def alarmed(evidence: Evidence) -> bool:
    """Say whether any slice was confirmed."""
    if evidence.outcome is not Outcome.MEASURED:
        raise RuntimeError(f"a null table was not measured: {evidence.reason}")
    return bool(evidence.measure("confirmed_slices").value)


def null(count: int) -> str:
    """Return the page of false alarms, *count* tables for each kind of loss."""
    cells = [(rows, columns) for rows in NULL_ROWS for columns in NULL_COLUMNS]
    lines = []
    for kind in NULL_LOSSES:
        total = 0
        by_cell = dict.fromkeys(cells, 0)
        for i in range(count):
            rows, columns = cells[i % len(cells)]
            alarm = alarmed(worst_subgroup(null_subject(i, rows, kind, columns)))
            by_cell[rows, columns] += alarm
            total += alarm
        high = clopper_pearson_limits(total, count)[1]
        worst = max(by_cell, key=lambda cell: by_cell[cell])
        most = f"{by_cell[worst]} of {count // len(cells)} at {worst[0]:,} rows, {worst[1]}"
        lines.append(f"| {kind} | {total} of {count} | {total / count:.3f} | {high:.4f} | {most} |")
        print(lines[-1], flush=True)
    rows_told = ", ".join(f"{rows:,}" for rows in NULL_ROWS)
    return "\n".join(
        (
            "# Slice search: false alarms\n",
            f"Made by `python -m benchmarks.slices --null {count}`. Tables in which no column says anything",
            f"about who loses: {rows_told} rows, columns {'; '.join(NULL_COLUMNS)}, in turns.",
            "A false alarm is a table in which at least one slice is confirmed; the stated rate is 5 %,",
            "and the upper end of the Clopper-Pearson interval has to stay under 7 %.\n",
            "| what is lost | alarms | rate | upper end (95 %) | most in one cell |\n|---|---|---|---|---|",
            *lines,
            "",
        )
    )


def main() -> None:
    """Run one of the two and write its page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--null", type=int, default=0, help="tables without any bad slice, for each kind of loss"
    )
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="tables with planted slices")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    name, page = (
        ("slices-null.md", null(asked.null)) if asked.null else ("slices.md", race(SEEDS[: asked.seeds]))
    )
    (asked.out / name).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

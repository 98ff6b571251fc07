"""Time k, l, t and uniqueness against reading the columns they need, and against pycanon.

usage: python -m benchmarks.anonymity [--rows N] [--pycanon PYTHON] [--limit SECONDS] [--write]

Slots run in turn and medians of three are told; read the ratios. PYTHON is an interpreter that has pycanon
(it pins libraries of its own, so it stands in an environment of its own); it is asked for ever larger tables
until one run takes longer than the limit.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from checks.model import Roles, Subject, Task
from checks.privacy.anonymity import anonymity
from checks.privacy.classes import coded
from checks.privacy.sensitive import sensitive

KNOWN = ("age", "sex", "district", "job")
SENSITIVE = "illness"
REPEAT = 3
SIZES = (500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks" / "anonymity.md"

THEIRS = f"""
import sys, time
import pandas as pd
from pycanon import anonymity as a
table = pd.read_parquet(sys.argv[1])
known, hidden = {list(KNOWN)!r}, [{SENSITIVE!r}]
start = time.perf_counter()
found = [a.k_anonymity(table, known), a.l_diversity(table, known, hidden)]
found.append(a.t_closeness(table, known, hidden))
found.append(float((table.groupby(known).size() == 1).sum()))
print(time.perf_counter() - start, *map(float, found))
"""


def write(path: Path, rows: int) -> None:
    """Write people with four facts that a neighbour might know, and an illness."""
    rng = np.random.default_rng([1, rows])
    table = {"age": rng.integers(18, 90, rows)}
    for name, levels in (("sex", 2), ("district", 200), ("job", 5), (SENSITIVE, 12)):
        names = np.array([f"{name} {i}" for i in range(levels)], dtype=object)
        table[name] = names[rng.integers(0, levels, rows)]
    pd.DataFrame(table).to_parquet(path)


def ours(table: pd.DataFrame) -> tuple[float, ...]:
    """Count k, distinct l, t and the people alone; further numbers of a sensitive column come along."""
    people = coded(table, KNOWN)
    classes = people.classes(KNOWN)
    sizes = people.summed(classes)
    found = {m.name: m.value for m in sensitive(table[SENSITIVE], SENSITIVE, classes, people)}
    least, distance = found["distinct_l"], found["t"]
    assert least is not None
    assert distance is not None
    return float(sizes.min()), least, distance, float((sizes == 1).sum())


def whole(table: pd.DataFrame) -> None:
    """Run the check, with its search for columns that single out most people."""
    roles = Roles(quasi_identifiers=KNOWN, sensitive=(SENSITIVE,))
    assert anonymity(Subject(task=Task.BINARY, evaluation=table, roles=roles)).measures


def medians(slots: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Run the slots in turn and return the median seconds of each."""
    times: dict[str, list[float]] = {name: [] for name in slots}
    for _ in range(REPEAT):
        for name, run in slots.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def against_reading(folder: Path, rows: int) -> list[str]:
    """Return the lines of the table that compares with reading."""
    path = folder / "people.parquet"
    write(path, rows)
    table = pd.read_parquet(path)
    found = medians(
        {
            "reading the five columns": lambda: pd.read_parquet(path),
            "k, l, t, uniqueness": lambda: ours(table),
            "the whole check": lambda: whole(table),
        }
    )
    reading = found["reading the five columns"]
    return [
        "| slot | seconds | times reading |",
        "|---|---|---|",
        *(f"| {name} | {seconds:.3f} | {seconds / reading:.1f} |" for name, seconds in found.items()),
    ]


def against_pycanon(folder: Path, python: str, limit: float) -> list[str]:
    """Return the lines of the table that compares with pycanon, size by size until it takes too long."""
    lines = ["| rows | pycanon, seconds | ours, seconds | pycanon / ours |", "|---|---|---|---|"]
    for rows in SIZES:
        path = folder / f"{rows}.parquet"
        write(path, rows)
        table = pd.read_parquet(path)
        times: list[tuple[float, float]] = []
        for _ in range(REPEAT):
            start = time.perf_counter()
            mine = ours(table)
            here = time.perf_counter() - start
            try:
                asked = [python, "-c", THEIRS, str(path)]
                done = subprocess.run(asked, capture_output=True, text=True, timeout=limit, check=True)
            except subprocess.TimeoutExpired:
                return [*lines, f"| {rows:,} | over {limit:.0f} | {here:.4f} | over {limit / here:,.0f} |"]
            there, *numbers = map(float, done.stdout.split())
            assert np.allclose(mine, numbers), (mine, numbers)
            times.append((there, here))
        there, here = (statistics.median(column) for column in zip(*times, strict=True))
        lines.append(f"| {rows:,} | {there:.2f} | {here:.4f} | {there / here:,.0f} |")
    return lines


def main() -> None:
    """Print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pycanon", metavar="PYTHON")
    parser.add_argument("--limit", type=float, default=120.0)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as held:
        lines = [
            "# Anonymity: the cost of k, l, t and uniqueness",
            "",
            "Made by `python -m benchmarks.anonymity`. Four quasi-identifiers (72 x 2 x 200 x 5 values)",
            "and a sensitive column of 12 values, in a Parquet file. Slots in turn, medians of three;",
            "the aim is at most 6 times reading.",
            "",
            f"{asked.rows:,} rows:",
            "",
            *against_reading(Path(held), asked.rows),
        ]
        if asked.pycanon:
            lines += [
                "",
                "pycanon gives the same numbers (asserted in each run); the aim is 10 times faster:",
                "",
            ]
            lines += against_pycanon(Path(held), asked.pycanon, asked.limit)
        lines += ["", f"{os.cpu_count()} cores; other work may have run beside it, so read the ratios.", ""]
    print("\n".join(lines))
    if asked.write:
        PAGE.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Time the counts against reading the columns that they need, DuckDB and fairlearn; measure their memory.

usage: python -m benchmarks.counts [ROWS ...] [--large] [--write]

Slots are interleaved in one process and medians told; read the ratios, not the seconds. Memory is the peak of
a fresh process a slot. `--large` streams a hundred million rows. `--write` puts the tables and the picture
into docs/benchmarks. DuckDB and fairlearn are compared where they are installed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import counts_page
from checks.fairness.auc import auc
from checks.fairness.error_rates import RATES, error_rates
from checks.fairness.selection_rate import selection_rate
from checks.model import Roles, Subject, Task
from checks.multiclass import scored
from checks.ranks import Ranks
from checks.streamed import aggregated

LEVELS = {"sex": 2, "race": 5, "age": 8}
COUNTED = [*LEVELS, "label", "decision"]
LARGE = 100_000_000
FAIRLEARN_ROWS = 100_000
BATCH = 1 << 20
ROLES = Roles(
    label="label",
    positive="1",
    favourable="1",
    prediction="decision",
    groups=tuple(LEVELS),
    intersections=len(LEVELS),
)
Slots = Mapping[str, Callable[[], object]]


def write(path: Path, rows: int, levels: Mapping[str, int] = LEVELS) -> None:
    """Write people with text in their group columns, batch by batch."""
    rng, writer, left = np.random.default_rng([1, rows]), None, rows
    while left:
        here = min(left, BATCH)
        left -= here
        actual = rng.integers(0, 2, here)
        columns: dict[str, object] = {
            name: pa.DictionaryArray.from_arrays(
                rng.integers(0, size, here).astype(np.int32), [f"{name} {i}" for i in range(size)]
            ).cast(pa.string())
            for name, size in levels.items()
        }
        right = rng.random(here) < 0.8
        score = 0.6 * np.where(right, actual, 1 - actual) + 0.4 * rng.random(here)
        columns |= {"label": actual, "decision": np.where(right, actual, 1 - actual), "score": score}
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def subject_of(table: pd.DataFrame, roles: Roles = ROLES) -> Subject:
    """Return a fresh subject: counts are kept on it, so each repetition needs its own."""
    return Subject(
        task=Task.BINARY,
        evaluation=table,
        roles=roles,
        decision=np.array(["0", "1"], dtype=object)[table["decision"].to_numpy()],
        score=table["score"].to_numpy(),
    )


def all_rates(subject: Subject) -> object:
    """Return every rate of every group of every attribute and crossing, without intervals."""
    return [
        table.shares(hits, among).value
        for _, table in subject.counts.by_attribute()
        for hits, among in RATES.values()
    ]


def all_aucs(subject: Subject) -> object:
    """Return the AUC of every group, without intervals."""
    ranks = Ranks(scored(subject)[0][1])
    counts = subject.counts
    return [ranks.aucs(counts.codes(name), len(one.names)).value for name, one in counts.groups.items()]


def intervals(subject: Subject, *, ranked: bool = False) -> None:
    """Measure every rate, gap and ratio with its interval."""
    for check in (selection_rate, error_rates, *((auc,) if ranked else ())):
        assert check(subject).measures


def by_duckdb(path: Path) -> object:
    import duckdb

    asked = f"SELECT {', '.join(COUNTED)}, count(*) FROM read_parquet('{path}') GROUP BY ALL"
    return duckdb.connect().execute(asked).fetchall()


def by_fairlearn(table: pd.DataFrame) -> None:
    """Compute the rates and the AUC of the same groups with MetricFrame."""
    from fairlearn import metrics as fairlearn
    from sklearn.metrics import accuracy_score, precision_score, roc_auc_score

    rates = {
        "selection_rate": fairlearn.selection_rate,
        "true_positive_rate": fairlearn.true_positive_rate,
        "false_positive_rate": fairlearn.false_positive_rate,
        "false_negative_rate": fairlearn.false_negative_rate,
        "true_negative_rate": fairlearn.true_negative_rate,
        "precision": precision_score,
        "accuracy": accuracy_score,
        "count": fairlearn.count,
    }
    for columns in (*([name] for name in LEVELS), list(LEVELS)):
        for metrics, predicted in ((rates, "decision"), ({"auc": roc_auc_score}, "score")):
            frame = fairlearn.MetricFrame(
                metrics=metrics,
                y_true=table["label"],
                y_pred=table[predicted],
                sensitive_features=table[columns],
            )
            assert len(frame.by_group)


def medians(slots: Slots, repeat: int) -> dict[str, float]:
    """Run the slots in turn, *repeat* times, and return the median seconds of each."""
    times: dict[str, list[float]] = {name: [] for name in slots}
    for _ in range(repeat):
        for name, run in slots.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def against_reading(path: Path, repeat: int, most_in_memory: int) -> dict[str, float]:
    """Time rates from the file, rates from a table in memory, DuckDB, and reading alone."""
    slots: dict[str, Callable[[], object]] = {
        "read": lambda: pq.read_table(path, columns=COUNTED),
        "rates from the file": lambda: all_rates(aggregated(path, Task.BINARY, ROLES)),
    }
    if pq.read_metadata(path).num_rows <= most_in_memory:
        table = pd.read_parquet(path)
        slots["rates from memory"] = lambda: all_rates(subject_of(table))
    if find_spec("duckdb"):
        slots["duckdb"] = lambda: by_duckdb(path)
    return medians(slots, repeat)


def against_fairlearn(folder: Path, repeat: int) -> dict[str, float]:
    """Time the list of MetricFrame at a hundred thousand rows, without and with our intervals."""
    path = folder / "fairlearn.parquet"
    write(path, FAIRLEARN_ROWS)
    table = pd.read_parquet(path)

    def plain() -> None:
        fresh = subject_of(table)
        all_rates(fresh)
        all_aucs(fresh)

    slots: dict[str, Callable[[], object]] = {
        "rates and AUC": plain,
        "rates and AUC with all intervals": lambda: intervals(subject_of(table), ranked=True),
    }
    if find_spec("fairlearn"):
        slots["fairlearn, 4 attribute sets"] = lambda: by_fairlearn(table)
    return medians(slots, repeat)


def interval_cost(folder: Path, repeat: int) -> dict[str, float]:
    """Time what comes after counting: intervals of the same groups, of ten times the rows."""
    whole = []
    for rows in (100_000, 1_000_000):
        path = folder / f"intervals-{rows}.parquet"
        write(path, rows)
        whole.append((rows, aggregated(path, Task.BINARY, ROLES)))
        all_rates(whole[-1][1])  # counted once, before the clock
    return medians({f"{rows:,} rows": lambda s=s: intervals(s) for rows, s in whole}, 5 * repeat)


def curves(folder: Path, repeat: int) -> dict[str, list[tuple[int, float, float]]]:
    """Time reading and rates with intervals while one of rows, groups and attributes grows."""
    series: dict[str, list[tuple[int, dict[str, int], int]]] = {
        "rows": [(rows, LEVELS, rows) for rows in (10_000, 100_000, 1_000_000, 4_000_000)],
        "groups": [(size, {"only": size}, 500_000) for size in (2, 10, 50, 200, 500)],
        "attributes": [(k, {f"a{i}": 3 for i in range(k)}, 500_000) for k in (1, 2, 4, 8)],
    }
    found: dict[str, list[tuple[int, float, float]]] = {}
    for name, points in series.items():
        found[name] = []
        for at, levels, rows in points:
            path = folder / f"curve-{name}-{at}.parquet"
            write(path, rows, levels)
            roles = Roles(
                label="label", positive="1", favourable="1", prediction="decision", groups=tuple(levels)
            )
            columns = [*levels, "label", "decision"]
            seconds = medians(
                {
                    "read": lambda path=path, columns=columns: pq.read_table(path, columns=columns),
                    "all": lambda path=path, roles=roles: intervals(aggregated(path, Task.BINARY, roles)),
                },
                repeat,
            )
            found[name].append((at, seconds["read"], seconds["all"]))
            path.unlink()
    return found


ALONE: Mapping[str, Callable[[Path], object]] = {
    "nothing": lambda _: None,
    "rates from the file": lambda path: all_rates(aggregated(path, Task.BINARY, ROLES)),
    "duckdb": by_duckdb,
}


def alone(slot: str, path: Path) -> None:
    """Run one slot and print its seconds and the peak memory of this process in MiB."""
    start = time.perf_counter()
    ALONE[slot](path)
    seconds = time.perf_counter() - start
    told = Path("/proc/self/status").read_text(encoding="ascii")  # rusage would count the parent before exec
    print(json.dumps([seconds, float(told.partition("VmHWM:")[2].split()[0]) / 1024]))


def memory(path: Path) -> dict[str, tuple[float, float]]:
    """Return seconds and peak MiB of each slot, each in a process of its own."""
    found = {}
    for slot in ALONE:
        if slot == "duckdb" and not find_spec("duckdb"):
            continue
        command = [sys.executable, "-m", "benchmarks.counts", "--alone", slot, str(path)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds, peak = json.loads(answer.stdout)
        found[slot] = (seconds, peak)
    return found


def measure(rows: Sequence[int], repeat: int, folder: Path, *, large: bool) -> dict[str, object]:
    """Return every number that the page shows."""
    speed, peaks = {}, {}
    for size in (*rows, *((LARGE,) if large else ())):
        path = folder / f"{size}.parquet"
        write(path, size)
        if size < LARGE:
            speed[size] = against_reading(path, repeat, 10_000_000)
        peaks[size] = memory(path)
        path.unlink()
        print(size, speed.get(size), peaks[size], file=sys.stderr)
    return {
        "load": os.getloadavg()[0],
        "speed": speed,
        "memory": peaks,
        "fairlearn": against_fairlearn(folder, min(repeat, 3)),
        "intervals": interval_cost(folder, repeat),
        "curves": curves(folder, repeat),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rows", nargs="*", type=int, default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--large", action="store_true", help="stream a hundred million rows too")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks/counts.md and .svg")
    parser.add_argument("--alone", nargs=2, metavar=("SLOT", "FILE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.alone:
        alone(asked.alone[0], Path(asked.alone[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = measure(asked.rows, asked.repeat, Path(folder), large=asked.large)
    text = counts_page.page(found)
    print(text)
    if asked.write:
        counts_page.write(text, found)


if __name__ == "__main__":
    main()

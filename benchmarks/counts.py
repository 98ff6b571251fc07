"""Time the counts pass against reading the columns that it needs, and against fairlearn.

Run it as `python -m benchmarks.counts [rows ...]`. Slots are interleaved in one process and the median of the
repetitions is printed; read the ratios, not the seconds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from checks.counts import count
from checks.fairness.error_rates import error_rates
from checks.fairness.selection_rate import selection_rate
from checks.model import Roles, Subject, Task

FAIRLEARN_ROWS = 100_000


def write(path: Path, rows: int) -> None:
    rng = np.random.default_rng([1, rows])
    actual = rng.integers(0, 2, rows)
    table = {
        "race": rng.choice(["Asian", "Black", "Hispanic", "Other", "White"], rows),
        "sex": rng.choice(["female", "male"], rows),
        "label": actual,
        "decision": np.where(rng.random(rows) < 0.8, actual, 1 - actual),
    }
    pd.DataFrame(table).to_parquet(path)


def subject_of(table: pd.DataFrame) -> Subject:
    return Subject(
        task=Task.BINARY,
        evaluation=table,
        roles=Roles(label="label", positive="1", favourable="1", groups=("race", "sex")),
        decision=np.array(["0", "1"], dtype=object)[table["decision"].to_numpy()],
    )


def by_fairlearn(table: pd.DataFrame) -> None:
    """Compute the same rates for the same two attributes and their crossing."""
    from fairlearn import metrics as fairlearn
    from sklearn.metrics import accuracy_score, precision_score

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
    for columns in (["race"], ["sex"], ["race", "sex"]):
        frame = fairlearn.MetricFrame(
            metrics=rates,
            y_true=table["label"],
            y_pred=table["decision"],
            sensitive_features=table[columns],
        )
        assert len(frame.by_group)


def medians(slots: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in slots}
    for _ in range(repeat):
        for name, run in slots.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def measure(rows: int, repeat: int, folder: Path) -> None:
    path = folder / f"{rows}.parquet"
    write(path, rows)
    table = pd.read_parquet(path)
    whole = subject_of(table)

    def audit() -> None:
        fresh = subject_of(table)  # counts are kept on the subject, so each repetition needs a new one
        assert selection_rate(fresh).measures
        assert error_rates(fresh).measures

    slots: dict[str, Callable[[], object]] = {
        "read, pyarrow": lambda: pq.read_table(path),
        "read, pandas": lambda: pd.read_parquet(path),
        "counts": lambda: dict(count(whole).by_attribute()),
        "counts, 2 checks, intervals": audit,
    }
    if rows <= FAIRLEARN_ROWS:
        slots["fairlearn, 3 MetricFrames"] = lambda: by_fairlearn(table)
    found = medians(slots, repeat)
    for name, seconds in found.items():
        ratios = (seconds / found["read, pyarrow"], seconds / found["counts"])
        print(f"| {rows:.0e} | {name} | {seconds:.4f} | {ratios[0]:.2f} | {ratios[1]:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rows", nargs="*", type=int, default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    print("| rows | what | seconds | over reading | over counts |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for rows in asked.rows:
            measure(rows, asked.repeat, Path(folder))


if __name__ == "__main__":
    main()

"""Time predictions through the locked child against the same model in this process, and reading a table.

Run it as `python -m benchmarks.sandbox [rows ...]`. Slots are interleaved and the median of the repetitions
is printed; read the ratios, not the seconds.
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
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from auditor.sandbox import SandboxedModel, inspect_model, open_model, read_table

REPEAT = 3


def people(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng([3, rows])
    numbers = {f"x{i}": rng.normal(size=rows) for i in range(10)}
    text = {name: rng.choice(["north", "south", "east", "west"], rows) for name in ("region", "branch")}
    return pd.DataFrame({**numbers, **text})


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def medians(slots: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Run the slots in turns and return the median of each."""
    times: dict[str, list[float]] = {name: [] for name in slots}
    for _ in range(REPEAT):
        for name, call in slots.items():
            times[name].append(seconds(call))
    return {name: statistics.median(found) for name, found in times.items()}


def predictions(rows: int, inside: SandboxedModel, outside: object, name: str) -> None:
    table = people(rows)
    found = medians(
        {
            "in process": lambda: outside.predict_proba(table),  # type: ignore[attr-defined]  # any scikit-learn model
            "in the child": lambda: inside.predict_proba(table),
        }
    )
    here, there = found["in process"], found["in the child"]
    times = f"here {here * 1e3:8.1f} ms   child {there * 1e3:8.1f} ms   x{there / here:.2f}"
    print(f"{name:<20}{rows:>9,} rows   {times}")


def tables(rows: int, folder: Path) -> None:
    table = people(rows)
    table.to_parquet(folder / "people.parquet", index=False)
    table.to_csv(folder / "people.csv", index=False)
    slots: dict[str, Callable[[], object]] = {
        "parquet here": lambda: pd.read_parquet(folder / "people.parquet"),
        "parquet child": lambda: read_table(folder / "people.parquet"),
        "csv here": lambda: pd.read_csv(folder / "people.csv"),
        "csv child": lambda: read_table(folder / "people.csv"),
    }
    for name, found in medians(slots).items():
        print(f"{name:<20}{rows:>9,} rows   {found:8.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="*", default=[100, 5_000, 60_000])
    asked = parser.parse_args()
    train = people(4_000)
    answer = (train["x0"] + (train["region"] == "north") > 0).astype(int)
    for last in (LogisticRegression(), HistGradientBoostingClassifier(max_iter=50)):
        name = type(last).__name__[:18]
        numbers = [c for c in train if c.startswith("x")]
        encode = OneHotEncoder(sparse_output=False)
        columns = make_column_transformer((StandardScaler(), numbers), (encode, ["region", "branch"]))
        model = make_pipeline(columns, last).fit(train, answer)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.skops"
            path.write_bytes(skops.io.dumps(model))
            print(f"{name:<20}opened and described in {seconds(lambda p=path: inspect_model(p)):.2f} s")
            with open_model(path) as inside:
                for rows in asked.rows:
                    predictions(rows, inside, model, name)
    with tempfile.TemporaryDirectory() as folder:
        for rows in asked.rows:
            tables(rows, Path(folder))


if __name__ == "__main__":
    main()

"""Time predictions through the locked child against the same model in this process, and the start of a child.

Run it as `python -m benchmarks.sandbox [rows ...]`. Slots are interleaved and the median of the repetitions
is printed; read the ratios, not the seconds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import skops.io
from lightgbm import LGBMClassifier
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits
from xgboost import XGBClassifier

from auditor.sandbox import SandboxedModel, inspect_model, inspect_table, open_model, read_table
from auditor.sandbox.starter import starter

Slots = dict[str, Callable[[], object]]
SHORT = 0.1
"""A slot faster than this is repeated more often."""


def people(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng([3, rows])
    numbers = {f"x{i}": rng.normal(size=rows) for i in range(10)}
    text = {name: rng.choice(["north", "south", "east", "west"], rows) for name in ("region", "branch")}
    return pd.DataFrame({**numbers, **text})


def seconds(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    call()
    return clock() - start


def processor() -> float:
    """Return the processor time of this process and of the template's forks: steady on a busy host."""
    template = starter.template()
    assert template is not None
    forks = Path(f"/proc/{template.pid}/task/{template.pid}/children").read_text().split()
    used = [int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in forks]
    return time.process_time() + sum(used) / 1e9


def medians(slots: Slots, clock: Callable[[], float] = time.perf_counter) -> dict[str, float]:
    """Run the slots in turns, once to warm up, and return the median of each."""
    first = [seconds(call, clock) for call in slots.values()]
    repeat = 9 if max(first) < SHORT else 5
    times: dict[str, list[float]] = {name: [] for name in slots}
    for _ in range(repeat):
        for name, call in slots.items():
            times[name].append(seconds(call, clock))
    return {name: statistics.median(found) for name, found in times.items()}


def models() -> Iterator[tuple[str, Any]]:
    """Yield fitted pipelines: linear, forest, three kinds of boosting."""
    train = people(4_000)
    answer = (train["x0"] + (train["region"] == "north") > 0).astype(int)
    kinds = {
        "linear": LogisticRegression(),
        "forest": RandomForestClassifier(100, random_state=0),
        "hist boosting": HistGradientBoostingClassifier(random_state=0),
        "XGBoost": XGBClassifier(n_estimators=200, n_jobs=1, random_state=0),
        "LightGBM": LGBMClassifier(n_estimators=200, n_jobs=1, random_state=0, verbose=-1),
    }
    numbers = [name for name in train if name.startswith("x")]
    for name, last in kinds.items():
        encode = OneHotEncoder(sparse_output=False)
        columns = make_column_transformer((StandardScaler(), numbers), (encode, ["region", "branch"]))
        columns.set_output(transform="pandas")
        yield name, make_pipeline(columns, last).fit(train, answer)


def predictions(rows: int, inside: SandboxedModel, outside: Any, name: str) -> None:
    table = people(rows)
    slots: Slots = {
        "in process": lambda: outside.predict_proba(table),
        "in the child": lambda: inside.predict_proba(table),
    }
    with threadpool_limits(1):  # as in the child
        found, used = medians(slots), medians(slots, processor)
    here, there = found["in process"], found["in the child"]
    times = f"here {here * 1e3:8.1f} ms   child {there * 1e3:8.1f} ms   x{there / here:.2f}"
    ratio = used["in the child"] / used["in process"]
    print(f"{name:<14}{rows:>9,} rows   {times}   processor x{ratio:.2f}")


def starts(folder: Path) -> None:
    """Time inspecting a small table and a small model, by direct children and by forks of the template."""
    table, model = folder / "small.csv", folder / "small.skops"
    people(200).to_csv(table, index=False)
    rng = np.random.default_rng([3, 0])
    rows = rng.normal(size=(200, 3))
    model.write_bytes(skops.io.dumps(LogisticRegression().fit(rows, rows[:, 0] > 0)))

    def asked(read: Callable[[Path], object], path: Path, *, forks: bool) -> Callable[[], object]:
        def ask() -> None:
            starter.forks = forks
            try:
                read(path)
            finally:
                starter.forks = True

        return ask

    print(f"first file, template not started: {seconds(asked(inspect_table, table, forks=True)):.2f} s")
    time.sleep(3)  # the template imports
    slots = {
        f"{what} {how}": asked(read, path, forks=how == "forked")
        for what, read, path in (("table", inspect_table, table), ("skops", inspect_model, model))
        for how in ("direct", "forked")
    }
    found = medians(slots)
    for what in ("table", "skops"):
        direct, forked = found[f"{what} direct"], found[f"{what} forked"]
        times = f"direct {direct:.3f} s   forked {forked:.3f} s   x{forked / direct:.2f}"
        print(f"start, inspect a {what}   {times}")


def tables(rows: int, folder: Path) -> None:
    table = people(rows)
    table.to_parquet(folder / "people.parquet", index=False)
    table.to_csv(folder / "people.csv", index=False)
    slots: Slots = {
        "parquet here": lambda: pd.read_parquet(folder / "people.parquet"),
        "parquet child": lambda: read_table(folder / "people.parquet"),
        "csv here": lambda: pd.read_csv(folder / "people.csv"),
        "csv child": lambda: read_table(folder / "people.csv"),
    }
    for name, found in medians(slots).items():
        print(f"{name:<14}{rows:>9,} rows   {found:8.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="*", default=[100, 5_000, 60_000])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        starts(Path(folder))
        for name, model in models():
            path = Path(folder) / "model.skops"
            path.write_bytes(skops.io.dumps(model))
            with open_model(path) as inside:
                for rows in asked.rows:
                    predictions(rows, inside, model, name)
        for rows in asked.rows:
            tables(rows, Path(folder))


if __name__ == "__main__":
    main()

"""One small table in every format that is taken, and how its reading ends."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather

from auditor.problems import Refused
from auditor.sandbox import Limits, read_table

PEOPLE = pd.DataFrame(
    {
        "id": [10, 11, 12, 13],
        "income": [50.25, np.nan, 1 / 3, -1e-7],
        "debts": [1.0, np.nan, 3.0, 4.0],
        "owner": [True, False, False, True],
        "consent": pd.Series([True, None, False, True], dtype=object),
        "race": ["white", None, "hispanic, other", "None"],
        "ethnicité": ["维吾尔族", "汉族", None, "Zoë"],
        "approved": ["yes", "no", "yes", "no"],
        "grade": [1, 2, 2, 1],
        "born": ["1980-01-31", "1975-12-01", None, "2001-02-03"],
        "empty": [np.nan] * 4,
    }
)


def stream(frame: pd.DataFrame, path: Path) -> None:
    """Write an Arrow stream."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table)


WRITERS: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "semicolon.csv": lambda frame, path: frame.to_csv(path, index=False, sep=";", decimal=","),
    "gb18030.csv": lambda frame, path: frame.to_csv(path, index=False, encoding="gb18030"),
    "utf16.csv": lambda frame, path: frame.to_csv(path, index=False, encoding="utf-16"),
    "tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True, double_precision=15),
    "parquet": lambda frame, path: frame.to_parquet(path),
    "arrow": stream,
    "feather": lambda frame, path: feather.write_feather(frame, path, compression="zstd"),
    "xlsx": lambda frame, path: frame.to_excel(path, index=False),
}


def told(**more: Any) -> dict[str, Any]:
    """Return what a reader is told: limits, and how the table is written."""
    return {**dataclasses.asdict(Limits()), "format": "csv", **more}


def raw(content: str | bytes) -> io.BytesIO:
    """Return *content* as an open file."""
    return io.BytesIO(content if isinstance(content, bytes) else content.encode())


def ending(path: Path, form: str | None = None) -> str:
    """Return `table`, or the sentence that reading ends with."""
    try:
        read_table(path, form)
    except Refused as refused:
        (problem,) = refused.problems
        return problem.sentence
    return "table"


def refusal(path: Path, form: str | None = None, limits: Limits | None = None, **declared: str) -> str:
    """Return the one sentence that reading the table ends with."""
    with pytest.raises(Refused) as refused:
        read_table(path, form, limits, where="data.evaluation", declared=declared)
    (problem,) = refused.value.problems
    assert problem.where.startswith("data.evaluation")
    assert problem.sentence.endswith(".")
    assert "Traceback" not in problem.sentence
    return problem.sentence

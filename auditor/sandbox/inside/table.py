"""Inside the child: read one table, type its columns, answer with raw buffers or a summary."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.sandbox.inside.answers import send_column, send_description
from checks.model import spell

EXACT = 2**53
"""Integers up to here are exact as float64."""

ISO_DATE = (
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"([T ][0-2]\d:[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$"
)
TOP = 20
READERS = {
    "csv": ("csv_table", "read_csv"),
    "tsv": ("csv_table", "read_csv"),
    "jsonl": ("jsonl_table", "read_jsonl"),
    "parquet": ("parquet_table", "read_parquet"),
    "arrow": ("arrow_table", "read_arrow"),
    "excel": ("excel_table", "read_excel"),
}


@dataclass
class Column:
    """One typed column: kind, values as raw buffers, and how many are missing."""

    name: str
    kind: str
    storage: str
    values: Any
    texts: Any = None
    missing: int = 0
    buffers: tuple[Any, ...] = field(default=())


def serve(operation: str, descriptor: int, limits: Mapping[str, Any], answers: BinaryIO) -> None:
    """Read the table behind *descriptor* and answer once."""
    with os.fdopen(descriptor, "rb") as file:
        names, columns, rows, facts = _reader(limits["format"])(file, limits)
    spelt = facts.pop("missing_as", {})
    typed = (_typed(name, columns.pop(0)) for name in names)
    if operation == "inspect-table":
        summaries = [_summary(column, spelt.get(column.name, {})) for column in typed]
        send_description(answers, {"rows": rows, "facts": facts, "columns": summaries})
        return
    send_description(answers, {"rows": rows, "facts": facts, "columns": len(names)})
    for column in typed:
        about = {"name": column.name, "kind": column.kind, "storage": column.storage}
        send_column(answers, about, tuple(_buffers(column)))


def _reader(form: str) -> Callable[[BinaryIO, Mapping[str, Any]], Any]:
    """Return the reader of a format; the others' libraries are left alone."""
    home, name = READERS[form]
    reader: Callable[[BinaryIO, Mapping[str, Any]], Any] = getattr(
        import_module(f"auditor.sandbox.inside.{home}"), name
    )
    return reader


def _typed(name: str, values: pa.ChunkedArray) -> Column:
    kind = values.type
    missing = values.null_count
    if pa.types.is_dictionary(kind):
        column = _typed(name, values.cast(kind.value_type))
        column.kind = "category" if column.storage == "text" else column.kind
        return column
    if pa.types.is_boolean(kind):
        flags = values.cast(pa.uint8()).fill_null(2).to_numpy()
        return Column(name, "boolean", "boolean", flags, missing=missing)
    if pa.types.is_integer(kind):
        return _integers(name, values)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        numbers = _floats(values)
        return Column(name, "number", "number", numbers, missing=int(np.isnan(numbers).sum()))
    if pa.types.is_temporal(kind):
        return _text(name, "date", _iso(values))
    values = values.cast(pa.large_string())
    dated = values.null_count < len(values) and pc.all(pc.match_substring_regex(values, ISO_DATE)).as_py()
    return _text(name, "date" if dated else "text", values)


def _integers(name: str, values: pa.ChunkedArray) -> Column:
    """Type whole numbers: with missing values they are float64 while exact, else text."""
    span = pc.min_max(values)
    low, high = span["min"].as_py(), span["max"].as_py()
    if low is not None and (low < -(2**63) or high >= 2**63):
        return _text(name, "text", values.cast(pa.large_string()))
    if values.null_count == 0:
        return Column(name, "integer", "integer", values.cast(pa.int64()).to_numpy())
    if low is not None and max(-low, high) > EXACT:
        return _text(name, "text", values.cast(pa.large_string()))
    kind = "number" if low is None else "integer"
    return Column(name, kind, "number", _floats(values), missing=values.null_count)


def _floats(values: pa.ChunkedArray) -> Any:
    return np.array(values.cast(pa.float64(), safe=False).to_numpy(), dtype="<f8")


def _iso(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Spell dates and times as ISO text; a time zone is turned into UTC."""
    kind = values.type
    if pa.types.is_timestamp(kind):
        values = values.cast(pa.timestamp(kind.unit))
        if pc.all(pc.equal(values, pc.floor_temporal(values, unit="day"))).as_py():
            values = values.cast(pa.date32())
    return values.cast(pa.large_string())


def _text(name: str, kind: str, values: pa.ChunkedArray) -> Column:
    coded = pc.dictionary_encode(values).combine_chunks()
    if isinstance(coded, pa.ChunkedArray):  # no rows, or one chunk
        coded = coded.chunk(0) if coded.num_chunks else pa.array([], pa.large_string()).dictionary_encode()
    codes = coded.indices.fill_null(-1).cast(pa.int32()).to_numpy(zero_copy_only=False)
    return Column(name, kind, "text", codes, texts=coded.dictionary, missing=values.null_count)


def _buffers(column: Column) -> Iterator[Any]:
    yield np.ascontiguousarray(
        column.values, {"number": "<f8", "integer": "<i8", "boolean": "u1", "text": "<i4"}[column.storage]
    )
    if column.texts is not None:
        lengths = pc.binary_length(column.texts).to_numpy(zero_copy_only=False)
        yield np.concatenate([[0], np.cumsum(lengths)]).astype("<i8")
        yield np.frombuffer(b"".join(column.texts.cast(pa.large_binary()).to_pylist()), "u1")


def _summary(column: Column, spelt: Mapping[str, int]) -> dict[str, Any]:
    """Return what a form needs to offer the column for choice."""
    told: dict[str, Any] = {"name": column.name, "kind": column.kind, "missing": column.missing}
    told["missing_as"] = sorted(spelt.items())
    if column.storage == "text":
        counts = np.bincount(column.values[column.values >= 0], minlength=len(column.texts))
        first = np.argsort(-counts, kind="stable")[:TOP]
        values = column.texts.take(pa.array(first)).to_pylist()
        told["top"] = [[value[:256], int(counts[at])] for value, at in zip(values, first, strict=True)]
        told["distinct"] = len(column.texts)
        ends = pc.min_max(column.texts) if column.kind == "date" else {}
        ends = {"min": ends["min"].as_py(), "max": ends["max"].as_py()} if ends else {}
    else:
        known = column.values[column.values != 2] if column.storage == "boolean" else column.values
        known = known[~np.isnan(known)] if column.storage == "number" else known
        uniques, counts = np.unique(known, return_counts=True)
        first = np.argsort(-counts, kind="stable")[:TOP]
        plain = [bool(v) if column.storage == "boolean" else v.item() for v in uniques[first]]
        told["top"] = [[spell(value), int(counts[at])] for value, at in zip(plain, first, strict=True)]
        told["distinct"] = len(uniques)
        ends = {"min": uniques[0].item(), "max": uniques[-1].item()} if len(uniques) else {}
        ends = {} if column.storage == "boolean" else {end: spell(value) for end, value in ends.items()}
    told["minimum"], told["maximum"] = ends.get("min"), ends.get("max")
    return told

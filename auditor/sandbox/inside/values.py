"""Inside the child: Python values, as spreadsheets and JSON hold them, become columns of one kind each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from checks.model import spell

WHOLE = 2**63


def as_array(values: Sequence[Any]) -> pa.Array:
    """Return values, None where missing, as truth values, integers, numbers or text."""
    kinds = {*map(type, values)} - {type(None)}
    if not kinds:
        return pa.nulls(len(values))
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {int} and all(value is None or -WHOLE <= value < WHOLE for value in values):
        return pa.array(values, pa.int64())
    if kinds in ({int, float}, {float}):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([None if value is None else as_text(value) for value in values], pa.large_string())


def as_text(value: Any) -> str:
    """Spell one value as a table shows it; dates are ISO."""
    if isinstance(value, str):
        return value
    if isinstance(value, dt.date | dt.time):
        return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else value.isoformat()
    return spell(value) if isinstance(value, bool | int | float) else str(value)


def united(chunks: Sequence[pa.Array]) -> pa.ChunkedArray:
    """Return the chunks of one column as one kind: numbers where all are, else text."""
    kinds = {chunk.type for chunk in chunks} - {pa.null()}
    if not kinds:
        kind = pa.float64()
    elif len(kinds) == 1:
        (kind,) = kinds
    else:
        kind = pa.float64() if kinds == {pa.int64(), pa.float64()} else pa.large_string()
    return pa.chunked_array([_cast(chunk, kind) for chunk in chunks], kind)


def _cast(chunk: pa.Array, kind: pa.DataType) -> pa.Array:
    if chunk.type == kind:
        return chunk
    if pa.types.is_null(chunk.type):
        return pa.nulls(len(chunk), kind)
    if pa.types.is_floating(kind):
        return chunk.cast(kind, safe=False)
    return pa.array([None if value is None else as_text(value) for value in chunk.to_pylist()], kind)

"""Three ways to spell rows as JSON and to read answers back, none of which is believed.

Writers turn a part of the feature table into the body of a call. The reader takes untrusted bytes to exactly
one answer a row: a number, a text, or one number a class.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from checks.model import ModelError, spell

if TYPE_CHECKING:
    import pandas as pd

    from auditor.endpoint.asked import Endpoint

Rows = list[list[Any]]
Given = str | float | tuple[float, ...]
"""One row's answer: a class by name, a number, or a number for each class."""


def rows_of(frame: pd.DataFrame) -> Rows:
    """Return the cells as JSON can carry them; what is missing is null, a moment is ISO text."""
    columns = [[_cell(value) for value in frame[name].tolist()] for name in frame.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _cell(value: Any) -> Any:
    if value is None or value != value or str(value) == "NaT":  # noqa: PLR0124 - NaN is not itself
        return None
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if math.isinf(value):
            raise ModelError("a feature holds an infinite number, which JSON cannot carry; remove it")
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def write(asked: Endpoint, names: Sequence[str], rows: Rows) -> bytes:
    """Return the body that asks about *rows*."""
    spelt = {"v2": _v2, "mlflow": _mlflow, "json": _json}[asked.protocol](asked, names, rows)
    return json.dumps(spelt, allow_nan=False, separators=(",", ":")).encode()


def _mlflow(_: Endpoint, names: Sequence[str], rows: Rows) -> Any:
    return {"dataframe_split": {"columns": list(names), "data": rows}}


def _json(asked: Endpoint, names: Sequence[str], rows: Rows) -> Any:
    if asked.row_shape == "list":
        return {asked.rows_key: rows}
    return {asked.rows_key: [dict(zip(names, row, strict=True)) for row in rows]}


def _v2(asked: Endpoint, names: Sequence[str], rows: Rows) -> Any:
    outputs = [{"name": asked.output}] if asked.output else []
    if asked.inputs == "matrix":
        if any(type(value) not in (int, float) for row in rows for value in row):
            raise ModelError(
                "one tensor carries numbers only, and a feature is text or missing; use `inputs: columns`"
            )
        data = [float(value) for row in rows for value in row]
        tensor = {"name": asked.input, "shape": [len(rows), len(names)], "datatype": "FP64", "data": data}
        body: dict[str, Any] = {"inputs": [tensor]}
    else:
        columns = [_column(name, [row[at] for row in rows]) for at, name in enumerate(names)]
        body = {"parameters": {"content_type": "pd"}, "inputs": columns}
    return {**body, "outputs": outputs} if outputs else body


def _column(name: str, values: list[Any]) -> dict[str, Any]:
    kinds = {type(value) for value in values}
    if type(None) in kinds:
        raise ModelError(
            f"the feature `{name}` has missing values, which a v2 tensor cannot carry; fill them"
        )
    shape = [len(values), 1]
    if kinds <= {bool}:
        return {"name": name, "shape": shape, "datatype": "BOOL", "data": values}
    if kinds <= {int}:
        return {"name": name, "shape": shape, "datatype": "INT64", "data": values}
    if kinds <= {int, float}:
        return {"name": name, "shape": shape, "datatype": "FP64", "data": [float(v) for v in values]}
    text = [value if isinstance(value, str) else spell(value) for value in values]
    kind = {"content_type": "str"}
    return {"name": name, "shape": shape, "datatype": "BYTES", "parameters": kind, "data": text}


def read(asked: Endpoint, content: bytes, rows: int, classes: Sequence[str]) -> list[Given]:
    """Return one answer a row of what came back; raise `ModelError` with a sentence for anything else."""
    try:
        said = json.loads(content, parse_constant=_no_number)
    except RecursionError:
        raise ModelError("the endpoint's answer is nested too deeply") from None
    except (ValueError, UnicodeDecodeError):
        page = content[:200].lstrip().lower().startswith((b"<!doctype", b"<html"))
        kind = "an HTML page" if page else "something that is not JSON"
        raise ModelError(f"the endpoint answered with {kind}; check its address") from None
    found = {"v2": _tensor, "mlflow": _predictions, "json": _at_path}[asked.protocol](asked, said)
    if not isinstance(found, list):
        raise ModelError("the endpoint's answer is not a list with one entry a row")
    if len(found) != rows:
        raise ModelError(f"the endpoint was asked about {rows:,} rows and answered {len(found):,}")
    return [_one(value, classes, at) for at, value in enumerate(found)]


def _no_number(word: str) -> None:
    raise ModelError(f"the endpoint answered {word}, which is not a finite number")


def _predictions(_: Endpoint, said: Any) -> Any:
    return _key(said, "predictions") if isinstance(said, dict) else said


def _at_path(asked: Endpoint, said: Any) -> Any:
    for key in asked.answer_path.split(".") if asked.answer_path else ():
        said = _key(said, key)
    return said


def _key(said: Any, key: str) -> Any:
    if not isinstance(said, dict) or key not in said:
        raise ModelError(f"the endpoint's answer has no `{key}`")
    return said[key]


def _tensor(asked: Endpoint, said: Any) -> Any:
    """Return the rows of one output tensor, whose shape must hold exactly its data."""
    outputs = _key(said, "outputs")
    if not isinstance(outputs, list) or not all(isinstance(one, dict) for one in outputs):
        raise ModelError("the endpoint's `outputs` are not a list of tensors")
    named = [one for one in outputs if asked.output is None or one.get("name") == asked.output]
    if len(named) != 1:
        which = "exactly one output" if asked.output is None else f"one output `{asked.output}`"
        raise ModelError(f"the endpoint answered {len(outputs)} outputs, not {which}; set `output`")
    data, shape = named[0].get("data"), named[0].get("shape")
    if not isinstance(data, list) or not _is_shape(shape):
        raise ModelError("the endpoint's output has no data with a shape of rows, or of rows and columns")
    width = shape[1] if len(shape) == 2 else 1
    if data and isinstance(data[0], list) and len(shape) == 2:  # the protocol allows nested data too
        data = [one for row in data for one in (row if isinstance(row, list) else [row])]
    if len(data) != shape[0] * width:
        raise ModelError(f"the endpoint's output holds {len(data):,} values, not the shape {shape}")
    if width == 1:
        return data
    return [data[at : at + width] for at in range(0, len(data), width)]


def _is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, list)
        and len(shape) in (1, 2)
        and all(type(size) is int and 0 < size < 10**9 for size in shape)
    )


def _one(value: Any, classes: Sequence[str], at: int) -> Given:
    """Return one row's answer as text, number, or numbers in the order of *classes*."""
    if isinstance(value, Mapping):
        return _by_name(value, classes, at)
    if isinstance(value, list):
        return tuple(_finite(part, at) for part in value)
    if isinstance(value, str):
        if not value or len(value) > 256 or not value.isprintable():
            raise ModelError(f"row {at + 1} of the endpoint's answer is no readable class name")
        return value
    if isinstance(value, bool):
        return spell(value)
    return _finite(value, at)


def _by_name(value: Mapping[str, Any], classes: Sequence[str], at: int) -> tuple[float, ...]:
    if not classes or set(value) != set(classes):
        raise ModelError(
            f"row {at + 1} of the endpoint's answer is a mapping whose keys are not the declared `classes`"
        )
    return tuple(_finite(value[name], at) for name in classes)


def _finite(value: Any, at: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelError(f"row {at + 1} of the endpoint's answer is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ModelError(f"row {at + 1} of the endpoint's answer is not a finite number")
    return number

"""Submitted tables: parsed in the locked child, rebuilt here from raw buffers whose lengths were checked."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auditor.problems import refuse
from auditor.sandbox.formats import table_format
from auditor.sandbox.host import available
from auditor.sandbox.limits import Limits, raise_it
from auditor.sandbox.parent import Answered, Child, ChildDied, TooLate, clean
from checks.model import Array

if TYPE_CHECKING:
    import pandas as pd

FACTS = {
    "encoding": 40,
    "delimiter": 40,
    "decimal": 40,
    "thousands": 80,
    "layout": 40,
    "sheet": 64,
    "other_sheets": 400,
    "missing": 600,
    "note": 1_200,
}
"""What is told of how a file was read, each with its longest text."""
APPLIES = {
    "encoding": ("csv", "tsv"),
    "delimiter": ("csv", "tsv"),
    "decimal": ("csv", "tsv"),
    "sheet": ("excel",),
}
"""What a submitter may declare of a file, and for which formats."""
KINDS = ("number", "integer", "boolean", "text", "category", "date")
WIDTHS = {"number": "<f8", "integer": "<i8", "boolean": "u1", "text": "<i4"}


@dataclass(frozen=True, slots=True)
class ColumnInspection:
    """What a form needs to offer a column for choice; values are spelt as in reports."""

    name: str
    kind: str
    missing: int
    distinct: int
    top: tuple[tuple[str, int], ...]
    minimum: str | None = None
    maximum: str | None = None
    missing_as: tuple[tuple[str, int], ...] = ()
    """How often each spelling was read as missing, where a format spells it."""


@dataclass(frozen=True, slots=True)
class TableInspection:
    """One table in short."""

    format: str
    rows: int
    columns: tuple[ColumnInspection, ...]
    facts: Mapping[str, str]
    """How the file was read: see FACTS."""


def inspect_table(
    path: Path,
    format: str | None = None,  # noqa: A002 - the word of the submission
    limits: Limits | None = None,
    *,
    where: str = "",
    declared: Mapping[str, str] | None = None,
) -> TableInspection:
    """Return what the table holds. Imports no pandas: web processes call it."""
    limits = limits or Limits()
    with _reading(path, format, limits, "inspect-table", where=where, declared=declared) as (
        child,
        kind,
        deadline,
    ):
        said = child.description(deadline, limits.table_seconds)
        columns = tuple(_inspected(column, limits) for column in _list(said, "columns", limits.columns))
        if not columns:
            raise ValueError("it told no columns")
        return TableInspection(kind, _count(said["rows"], limits.rows), columns, _facts(said))


def read_table(
    path: Path,
    format: str | None = None,  # noqa: A002
    limits: Limits | None = None,
    *,
    where: str = "",
    declared: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return the table. Text, categories and dates come as text; how the file was read is in `attrs`."""
    import pandas as pd

    limits = limits or Limits()
    with _reading(path, format, limits, "table", where=where, declared=declared) as (child, kind, deadline):
        said = child.description(deadline, limits.table_seconds)
        rows, count = _count(said["rows"], limits.rows), _count(said["columns"], limits.columns)
        columns: dict[str, Any] = {}
        kinds: dict[str, str] = {}
        room = limits.decoded_bytes + 9 * limits.cells  # what honest texts and numbers may take together
        for _ in range(count):
            about, buffers = child.column(16 * rows + limits.decoded_bytes, deadline, limits.table_seconds)
            name = _name(about["name"], limits)
            if name in columns:
                raise ValueError("it sent a column twice")
            columns[name], size = _rebuilt(str(about["storage"]), rows, buffers, room)
            room -= size
            kinds[name] = _kind(about["kind"])
        frame = pd.DataFrame(columns, copy=False)
        frame.attrs.update(format=kind, kinds=kinds, **_facts(said))
        return frame


@contextmanager
def _reading(
    path: Path,
    form: str | None,
    limits: Limits,
    operation: str,
    *,
    where: str,
    declared: Mapping[str, str] | None,
) -> Iterator[tuple[Child, str, float]]:
    """Start a child on the table; whatever goes wrong becomes one sentence."""
    if (missing := available()) is not None:
        raise refuse(where, "sandbox-missing", f"submitted files cannot be read here: {missing}.")
    kind = table_format(path, form, where)
    told: dict[str, Any] = dict(declared or {})
    for key in told:
        if kind not in APPLIES[key]:
            sentence = f"`{key}` says nothing of a file whose format is {kind}; leave it out."
            raise refuse(f"{where}.{key}".lstrip("."), "not-for-format", sentence)
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size > limits.table_bytes:
            raise refuse(
                where,
                "too-large",
                f"the table is larger than {limits.table_bytes / 2**20:,.0f} MiB: send fewer rows or "
                f"columns, {raise_it('table_bytes')}.",
            )
        child = Child(operation, file.fileno(), limits, format=kind, **told)
    with child:
        try:
            yield child, kind, time.monotonic() + limits.table_seconds
        except Answered as no:
            raise refuse(where, no.code, f"the table was refused: {str(no).rstrip('.')}.") from None
        except TooLate as late:
            sentence = f"the table could not be read: {late}; send fewer rows, {raise_it('table_seconds')}."
            raise refuse(where, "table-too-slow", sentence) from None
        except ChildDied as end:
            raise refuse(where, "table-died", f"the table could not be read: {end}.") from None
        except (KeyError, TypeError, ValueError) as wrong:
            said = clean(str(wrong), 200)
            raise refuse(
                where, "table-answer", f"the table could not be read: its reader broke off ({said})."
            ) from None


def _rebuilt(storage: str, rows: int, buffers: list[bytearray], room: int) -> tuple[Any, int]:
    """Return one column made of raw *buffers*, after every length and code was checked, and its size."""
    import pandas as pd

    values: Array = np.frombuffer(buffers[0], WIDTHS[storage])
    if len(values) != rows or len(buffers) != (3 if storage == "text" else 1):
        raise ValueError("a column does not have one value a row")
    if storage == "number":
        return values.astype(np.float64), values.nbytes
    if storage == "integer":
        return values.astype(np.int64), values.nbytes
    if storage == "boolean":
        if values.max(initial=0) > 2:
            raise ValueError("a truth value is none")
        missing = values == 2
        flags = values == 1
        mixed = flags if not missing.any() else np.where(missing, None, flags.astype(object))
        return mixed, values.nbytes
    offsets = np.frombuffer(buffers[1], "<i8")
    texts = _texts(offsets, bytes(buffers[2]))
    if rows and (values.min() < -1 or values.max() >= len(texts)):
        raise ValueError("a code names no text")
    codes = values.astype(np.int64)
    size = int(np.append(np.diff(offsets), 0)[codes].sum())  # code -1, a missing value, takes nothing
    if size > room:
        raise ValueError("a short text was repeated beyond all limits")
    return pd.array(texts, dtype="str").take(codes, allow_fill=True), size + codes.nbytes


def _texts(offsets: Array, raw: bytes) -> list[str]:
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(raw) or (np.diff(offsets) < 0).any():
        raise ValueError("texts do not fit their bytes")
    return [raw[start:end].decode() for start, end in pairwise(offsets.tolist())]


def _inspected(said: Any, limits: Limits) -> ColumnInspection:
    ends = [None if said[end] is None else clean(str(said[end]), 64) for end in ("minimum", "maximum")]
    return ColumnInspection(
        name=_name(said["name"], limits),
        kind=_kind(said["kind"]),
        missing=_count(said["missing"], limits.rows),
        distinct=_count(said["distinct"], limits.rows),
        top=_pairs(said, "top", limits),
        minimum=ends[0],
        maximum=ends[1],
        missing_as=_pairs(said, "missing_as", limits),
    )


def _pairs(said: Mapping[str, Any], key: str, limits: Limits) -> tuple[tuple[str, int], ...]:
    return tuple((clean(str(text), 256), _count(count, limits.rows)) for text, count in _list(said, key, 20))


def _list(said: Mapping[str, Any], key: str, most: int) -> list[Any]:
    value = said[key]
    if not isinstance(value, list) or len(value) > most:
        raise ValueError(f"`{key}` is no list of at most {most:,}")
    return value


def _count(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError("a count is out of range")
    return value


def _name(value: Any, limits: Limits) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= limits.name_characters:
        raise ValueError("a column has no proper name")
    if clean(value, limits.name_characters) != " ".join(value.split()):
        raise ValueError("a column has no printable name")
    return value


def _kind(value: Any) -> str:
    if value not in KINDS:
        raise ValueError("a column is of no known kind")
    return str(value)


def _facts(said: Mapping[str, Any]) -> dict[str, str]:
    return {key: clean(str(value), FACTS[key]) for key, value in dict(said["facts"]).items() if key in FACTS}

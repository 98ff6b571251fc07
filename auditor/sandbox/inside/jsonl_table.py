"""Inside the child: JSON Lines - one object a line, one plain value a key."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import pyarrow as pa

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.columns import Meter, check_names, check_size
from auditor.sandbox.inside.csv_values import named
from auditor.sandbox.inside.values import as_array, united

LONGEST = 8 << 20
"""Bytes of one line."""
CHUNK = 16_384


def read_jsonl(
    file: BinaryIO, limits: Mapping[str, Any]
) -> tuple[list[str], list[pa.ChunkedArray], int, dict[str, Any]]:
    """Return the union of all keys, their columns, the number of rows, and what was mixed."""
    meter = Meter(file.seek(0, os.SEEK_END), limits)
    chunks: dict[str, list[pa.Array]] = {}
    mixed: dict[str, None] = {}
    rows = 0
    for lines, numbers in _chunks(file):
        for name in dict.fromkeys(name for line in lines for name in line):
            if name not in chunks:
                chunks[name] = [pa.nulls(rows)] if rows else []
        check_names(list(chunks), limits)
        rows += len(lines)
        check_size(rows, len(chunks), limits)
        for name, parts in chunks.items():
            values = [line.get(name) for line in lines]
            kinds = {*map(type, values)}
            if kinds & {dict, list}:
                raise _nested(name, values, numbers)
            parts.append(as_array(values))
            if pa.types.is_large_string(parts[-1].type) and kinds - {str, type(None)}:
                mixed[name] = None
            meter.add(parts[-1].nbytes)
    if rows == 0:
        raise Refuse("no-rows", "it has no rows")
    if not chunks:
        raise Refuse("no-header", "its objects have no keys; give each value a name")
    names = list(chunks)
    columns = [_column(name, chunks.pop(name), mixed) for name in names]
    return names, columns, rows, _facts(mixed)


def _column(name: str, parts: list[pa.Array], mixed: dict[str, None]) -> pa.ChunkedArray:
    column = united(parts)
    if pa.types.is_large_string(column.type) and any(
        part.type not in {column.type, pa.null()} for part in parts
    ):
        mixed[name] = None
    return column


def _facts(mixed: Mapping[str, None]) -> dict[str, Any]:
    facts = {"encoding": "utf-8"}
    if mixed:
        facts["note"] = (
            f"Values of several kinds, or beyond 64 bits, were read as text in {named(list(mixed))}."
        )
    return facts


def _chunks(file: BinaryIO) -> Iterator[tuple[list[dict[str, Any]], list[int]]]:
    """Return the objects of the file and their lines, some thousands at a time."""
    lines: list[dict[str, Any]] = []
    numbers: list[int] = []
    number = 0
    file.seek(0)
    while raw := file.readline(LONGEST + 1):
        number += 1
        if len(raw) > LONGEST:
            raise Refuse(
                "long-row", f"line {number:,} is longer than {LONGEST >> 20} MiB; write one object a line"
            )
        if raw.strip():
            lines.append(_object(raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw, number))
            numbers.append(number)
        if len(lines) >= CHUNK:
            yield lines, numbers
            lines, numbers = [], []
    if lines:
        yield lines, numbers


def _object(raw: bytes, number: int) -> dict[str, Any]:
    """Return one line as a mapping of plain values; refuse what a table cannot hold, by line and column."""
    try:
        value = DECODER.decode(raw.decode())
    except UnicodeDecodeError:
        raise Refuse("wrong-encoding", f"line {number:,} is not UTF-8; save the file as UTF-8") from None
    except RecursionError:
        raise Refuse("nested", f"line {number:,} is nested too deeply; give one value a column") from None
    except json.JSONDecodeError as error:
        raise Refuse("unreadable", f"line {number:,} is not JSON ({error.msg.lower()}); repair it") from None
    except _Twice as twice:
        raise Refuse(
            "duplicate-columns", f"line {number:,} names `{twice}` twice; give each value its own name"
        ) from None
    except ValueError:
        raise Refuse("unreadable", f"line {number:,} holds a number of too many digits") from None
    if not isinstance(value, dict):
        raise Refuse(
            "unreadable", f'line {number:,} is no object; write one object a line, such as {{"a": 1}}'
        )
    return value


def _nested(name: str, values: Sequence[Any], numbers: Sequence[int]) -> Refuse:
    at, cell = next((at, cell) for at, cell in enumerate(values) if isinstance(cell, dict | list))
    kind = "an object" if isinstance(cell, dict) else "a list"
    return Refuse(
        "column-type", f"`{name}` holds {kind} in line {numbers[at]:,}; give one plain value a column"
    )


class _Twice(Exception):
    """An object names one key twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1)[:64])
    return value


NUMBERS = {"NaN": None, "Infinity": math.inf, "-Infinity": -math.inf}
DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=NUMBERS.get)

"""Inside the child: one sheet of a workbook (.xlsx, .xlsm, .xlsb, .xls, .ods), its first row the header.

Cells hold what was stored: the last result of a formula, never the formula. Numbers without a fraction are
whole numbers, as spreadsheets do not tell the two apart. Empty cells, error values and the spellings that
CSV reads as missing are missing.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, XmlError, ZipError

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.columns import Meter, check_names, check_size
from auditor.sandbox.inside.csv_values import MISSING, named, spelt_missing
from auditor.sandbox.inside.values import as_array, as_text
from auditor.sandbox.inside.workbook import Seen, check_archive, look_at, sheet_paths

MOST_NAMED = 5


def read_excel(
    file: BinaryIO, limits: Mapping[str, Any]
) -> tuple[list[str], list[pa.ChunkedArray], int, dict[str, Any]]:
    """Return names, columns, the number of rows, and which sheet was read and how."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    paths: dict[str, str] = {}
    if file.read(2) == b"PK":
        check_archive(file, size, limits)
        paths = sheet_paths(file)
    seen: dict[str, Seen] = {}

    def look(name: str) -> None:
        seen[name] = look_at(file, paths[name], limits) if name in paths else Seen()

    file.seek(0)
    try:
        book = CalamineWorkbook.from_filelike(file)
        sheet, others = _chosen(book, limits.get("sheet"), look)
        rows = sheet.to_python(skip_empty_area=True)
    except PasswordError:
        raise Refuse("password", "it is protected by a password; save it without one") from None
    except (CalamineError, XmlError, ZipError, OSError, ValueError) as error:
        said = str(error).partition("\n")[0].rstrip(".")[:120]
        raise Refuse("unreadable", f"it is not a whole workbook ({said}); save it again") from None
    if not rows:
        raise Refuse("no-rows", f"its sheet `{sheet.name[:64]}` is empty")
    header, *cells = rows
    names = _names(header, sheet)
    check_names(names, limits)
    check_size(len(cells), len(names), limits)
    if not cells:
        raise Refuse("no-rows", "it has a header but no rows")
    del rows
    return names, *_columns(names, cells, size, limits, _facts(sheet, others, seen[sheet.name]))


def _chosen(
    book: CalamineWorkbook, asked: str | None, look: Callable[[str], None]
) -> tuple[CalamineSheet, list[str]]:
    """Return the sheet that was asked for, else the first that holds something, and the other names."""
    names = book.sheet_names
    if asked is not None and asked not in names:
        raise Refuse("unknown-sheet", f"it has no sheet `{asked[:64]}`; it has {named(names)}")
    for name in [asked] if asked is not None else names:
        look(name)
        try:
            sheet = book.get_sheet_by_name(name)
        except CalamineError:  # a chart has no cells
            continue
        if asked is not None or sheet.height > 0:
            return sheet, [other for other in names if other != name]
    raise Refuse("no-rows", "none of its sheets holds a table")


def _names(header: Sequence[Any], sheet: CalamineSheet) -> list[str]:
    names = [as_text(_plain(value)) if value != "" else "" for value in header]
    blank = next((number for number, name in enumerate(names, 1) if not name.strip()), None)
    if blank is not None:
        merged = "; unmerge the cells of the header" if sheet.merged_cell_ranges else ""
        raise Refuse(
            "unnamed-column",
            f"column {blank} of sheet `{sheet.name[:64]}` has no name: the first row that is not empty must "
            f"name every column{merged}",
        )
    return names


def _facts(sheet: CalamineSheet, others: Sequence[str], seen: Seen) -> dict[str, Any]:
    facts: dict[str, Any] = {"sheet": sheet.name[:64]}
    if others:
        facts["other_sheets"] = named([name[:64] for name in others])
    notes = []
    if merged := sheet.merged_cell_ranges:
        notes.append(
            f"{len(merged):,} ranges of cells are merged: only the first cell of each holds its value."
        )
    if seen.formulas:
        notes.append(f"{seen.formulas:,} formulas were read as the results that were stored with them.")
    if seen.unstored:
        notes.append(
            f"{seen.unstored:,} formulas have no stored result and were read as missing; save the workbook "
            "in a spreadsheet program first."
        )
    if seen.errors:
        notes.append(f"{seen.errors:,} cells hold an error such as #N/A and were read as missing.")
    if notes:
        facts["note"] = " ".join(notes)
    return facts


def _columns(
    names: Sequence[str],
    cells: list[list[Any]],
    size: int,
    limits: Mapping[str, Any],
    facts: dict[str, Any],
) -> tuple[list[pa.ChunkedArray], int, dict[str, Any]]:
    meter, missing, mixed = Meter(size, limits), {}, []
    columns = []
    for at, name in enumerate(names):
        values, gaps = _values([row[at] for row in cells])
        if gaps:
            missing[name] = gaps
        array = as_array(values)
        meter.add(array.nbytes)
        columns.append(pa.chunked_array([array]))
        kinds = {dt.date if issubclass(kind, dt.date) else kind for kind in map(type, values)}
        if len(kinds - {type(None), int, float}) + bool(kinds & {int, float}) > 1:
            mixed.append(name)
    if mixed:
        facts["note"] = (
            f"{facts.get('note', '')} Values of several kinds were read as text in {named(mixed)}.".strip()
        )
    if missing:
        facts |= {"missing": spelt_missing(missing), "missing_as": missing}
    return columns, len(cells), facts


def _values(cells: Sequence[Any]) -> tuple[list[Any], dict[str, int]]:
    """Return plain values, None where missing, and how often each spelling of a missing value stood there."""
    gaps: dict[str, int] = {}
    values: list[Any] = []
    for cell in cells:
        if isinstance(cell, str) and cell in MISSING:
            gaps[cell] = gaps.get(cell, 0) + 1
            values.append(None)
        else:
            values.append(_plain(cell))
    if all(value is None or (type(value) is float and value.is_integer()) for value in values):
        values = [None if value is None else int(value) for value in values]
    days = [value for value in values if isinstance(value, dt.datetime)]
    if days and all(value.time() == dt.time() for value in days):
        values = [value.date() if isinstance(value, dt.datetime) else value for value in values]
    return values, gaps


def _plain(cell: Any) -> Any:
    """Return a cell as text, number, truth value or date."""
    if isinstance(cell, dt.timedelta):
        return cell / dt.timedelta(days=1)  # as the spreadsheet stores it
    return cell

"""Inside the child: CSV and TSV. Every value is read as text first; then each column finds its own type.

Missing are empty cells, NA, N/A, n/a, NaN, nan, null, NULL, #N/A and <NA>, quoted or not. `None` is a value:
it is the name of a group in many tables.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.columns import Meter, check_names, check_size

MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "#N/A", "<NA>"]
DELIMITERS = ",;\t|"
BLOCK = 8 << 20
WHOLE = r"^[+-]?\d+$"
DECIMAL_COMMA = r"^[+-]?\d+(,\d+)?([eE][+-]?\d+)?$"


def read_csv(
    file: BinaryIO, limits: Mapping[str, Any]
) -> tuple[list[str], list[pa.ChunkedArray], int, dict[str, str]]:
    """Return names, typed columns, the number of rows, and how the text was read."""
    encoding, size = _encoding(file)
    delimiter, names = _header(file, encoding, tabs=limits["format"] == "tsv")
    check_names(names, limits)
    batches = _batches(file, encoding, delimiter, names, meter=Meter(size, limits), limits=limits)
    rows = sum(batch.num_rows for batch in batches)
    if rows == 0:
        raise Refuse("no-rows", "it has a header but no rows")
    table = pa.Table.from_batches(batches)
    del batches
    columns = []
    commas = []
    for name in names:
        column = table.column(0)
        table = table.remove_column(0)
        typed, comma = _inferred(column, decimal_comma=delimiter != ",")
        columns.append(typed)
        commas.extend([name] if comma else [])
    named = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}[delimiter]
    facts = {"encoding": encoding, "delimiter": named, "decimal": "comma" if commas else "point"}
    return names, columns, rows, facts


def _encoding(file: BinaryIO) -> tuple[str, int]:
    """Return the encoding and the size; text that is not UTF-8 is read as Latin-1, and the report says so."""
    decoder, encoding, size = codecs.getincrementaldecoder("utf-8")(), "utf-8", 0
    file.seek(0)
    while block := file.read(BLOCK):
        if b"\0" in block:
            at = size + block.index(b"\0") + 1
            raise Refuse("nul-bytes", f"byte {at:,} is NUL: it is not a text file; export it as CSV in UTF-8")
        if size == 0 and block.startswith(codecs.BOM_UTF8):
            encoding = "utf-8-sig"
        size += len(block)
        if encoding != "latin-1":
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                encoding = "latin-1"
    if encoding != "latin-1":
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            encoding = "latin-1"
    return encoding, size


def _header(file: BinaryIO, encoding: str, *, tabs: bool) -> tuple[str, list[str]]:
    """Return the delimiter that splits the first line into most names, and the names."""
    file.seek(0)
    first = file.readline(1 << 20)
    if len(first) >= 1 << 20:
        raise Refuse(
            "long-header", "its first line is longer than 1 MiB; the first line must hold the column names"
        )
    line = first.decode(encoding).rstrip("\r\n")
    if "\r" in line:
        raise Refuse(
            "old-line-ends", "its lines end with a lone carriage return; save it with usual line ends"
        )
    if not line.strip():
        raise Refuse("no-header", "its first line is empty; the first line must hold the column names")
    found = []
    for delimiter in "\t" if tabs else DELIMITERS:
        try:
            found.append((delimiter, next(csv.reader(io.StringIO(line), delimiter=delimiter, strict=True))))
        except (csv.Error, StopIteration):
            continue
    if not found:
        raise Refuse(
            "no-header",
            "the quotes of its first line do not close; the first line must hold the column names",
        )
    return max(found, key=lambda split: len(split[1]))


def _batches(
    file: BinaryIO,
    encoding: str,
    delimiter: str,
    names: list[str],
    *,
    meter: Meter,
    limits: Mapping[str, Any],
) -> list[pa.RecordBatch]:
    file.seek(0)
    batches, rows = [], 0
    try:
        reader = arrow_csv.open_csv(
            pa.PythonFile(file, mode="r"),
            read_options=arrow_csv.ReadOptions(
                use_threads=False,
                block_size=BLOCK,
                column_names=names,
                skip_rows=1,
                encoding="latin-1" if encoding == "latin-1" else "utf8",
            ),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=MISSING,
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
        for batch in reader:
            rows += batch.num_rows
            check_size(rows, len(names), limits)
            meter.add(batch.nbytes)
            batches.append(batch)
    except pa.ArrowMemoryError:
        raise MemoryError from None
    except pa.ArrowInvalid as error:
        raise _ragged(str(error), len(names)) from None
    return batches


def _ragged(said: str, width: int) -> Refuse:
    if "Empty CSV" in said:
        return Refuse("no-rows", "it has a header but no rows")
    found = re.search(r"(?:Row #(\d+): )?Expected \d+ columns, got (\d+)", said)
    if found:
        line = f"line {found[1]}" if found[1] else "a row"
        return Refuse(
            "ragged-rows", f"{line} has {found[2]} fields, but the header names {width}; repair that line"
        )
    if "straddling" in said:
        return Refuse("long-row", f"one row is longer than {BLOCK >> 20} MiB; perhaps a quote does not close")
    return Refuse("unreadable", f"it could not be read as CSV: {said}")


def _inferred(values: pa.ChunkedArray, *, decimal_comma: bool) -> tuple[pa.ChunkedArray, bool]:
    """Return the column as integers, numbers, booleans or text, and whether its decimals were commas."""
    if values.null_count == len(values):
        return values.cast(pa.float64()), False
    trimmed = pc.utf8_trim_whitespace(values)
    if pc.all(pc.match_substring_regex(trimmed, WHOLE)).as_py():
        try:
            return pc.utf8_ltrim(trimmed, characters="+").cast(pa.int64()), False
        except pa.ArrowInvalid:
            return values, False  # whole, but larger than 64 bits: an identifier
    if pc.all(pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(["true", "false", None]))).as_py():
        return pc.equal(pc.utf8_lower(trimmed), "true"), False
    comma = decimal_comma and pc.all(pc.match_substring_regex(trimmed, DECIMAL_COMMA)).as_py()
    if comma:
        trimmed = pc.replace_substring(trimmed, ",", ".")
    try:
        return pc.utf8_ltrim(trimmed, characters="+").cast(pa.float64()), comma
    except pa.ArrowInvalid:
        return values, False

"""Inside the child: CSV and TSV. Every value is read as text first; then each column finds its own type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.columns import Meter, check_names, check_size
from auditor.sandbox.inside.csv_dialect import BLOCK, DELIMITERS, Dialect, sniff
from auditor.sandbox.inside.csv_values import Read, typed


def read_csv(
    file: BinaryIO, limits: Mapping[str, Any]
) -> tuple[list[str], list[pa.ChunkedArray], int, dict[str, Any]]:
    """Return names, typed columns, the number of rows, and how the text was read."""
    dialect = sniff(file, limits)
    names = dialect.names
    check_names(names, limits)
    batches = _batches(file, dialect, limits)
    rows = sum(batch.num_rows for batch in batches)
    if rows == 0:
        raise Refuse("no-rows", "it has a header but no rows")
    table = pa.Table.from_batches(batches)
    del batches
    columns, read = [], Read(dialect.decimal, dialect.delimiter)
    for name in names:
        column = table.column(0)
        table = table.remove_column(0)
        columns.append(typed(name, column, read))
    word = next(word for word, sign in DELIMITERS.items() if sign == dialect.delimiter)
    word = word if len(names) > 1 else "none"
    facts = {"encoding": dialect.encoding, "delimiter": word, **read.facts(), "missing_as": read.missing}
    if notes := [*dialect.notes, *read.notes()]:
        facts["note"] = " ".join(notes)
    return names, columns, rows, facts


def _batches(file: BinaryIO, dialect: Dialect, limits: Mapping[str, Any]) -> list[pa.RecordBatch]:
    names, meter = dialect.names, Meter(dialect.size, limits)
    batches, rows = [], 0
    file.seek(0)
    try:
        reader = arrow_csv.open_csv(
            pa.PythonFile(file, mode="r"),
            read_options=arrow_csv.ReadOptions(
                use_threads=False,
                block_size=BLOCK,
                column_names=names,
                skip_rows=1,
                encoding="utf8" if dialect.encoding in {"utf-8", "utf-8-sig", "ascii"} else dialect.encoding,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=dialect.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=len(names) > 1,  # in a table of one column they are missing values
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[]
            ),
        )
        for batch in reader:
            rows += batch.num_rows
            check_size(rows, len(names), limits)
            meter.add(batch.nbytes)
            batches.append(batch)
    except pa.ArrowMemoryError:
        raise MemoryError from None
    except (pa.ArrowInvalid, UnicodeError) as error:
        raise _ragged(str(error), len(names)) from None
    return batches


def _ragged(said: str, width: int) -> Refuse:
    if "Empty CSV" in said or "Could not skip initial" in said:  # a line break ends the header, or none
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

"""Inside the child: Parquet, batch by batch, with a meter on what it unpacks to."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.columns import Meter, check_names, check_size

BATCH = 16_384


def read_parquet(
    file: BinaryIO, limits: Mapping[str, Any]
) -> tuple[list[str], list[pa.ChunkedArray], int, dict[str, str]]:
    """Return names, columns, the number of rows, and how the file was read."""
    meter = Meter(os.fstat(file.fileno()).st_size, limits)
    try:
        parquet = pq.ParquetFile(pa.PythonFile(file, mode="r"), pre_buffer=False)
        rows = parquet.metadata.num_rows
        check_size(rows, len(parquet.schema_arrow), limits)
        kept = [
            field for field in parquet.schema_arrow if not re.fullmatch(r"__index_level_\d+__", field.name)
        ]
        names = [field.name for field in kept]
        check_names(names, limits)
        for field in kept:
            _check_type(field)
        if rows == 0 or not names:
            raise Refuse("no-rows", "it has no rows")
        batches = []
        for batch in parquet.iter_batches(BATCH, columns=names, use_threads=False):
            meter.add(batch.nbytes + sum(map(_folded, batch.columns)))
            batches.append(batch)
    except pa.ArrowMemoryError:
        raise MemoryError from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Refuse(
            "unreadable",
            f"it is not a whole Parquet file ({_first_line(error)}); write it again from its source",
        ) from None
    table = pa.Table.from_batches(batches)
    if table.num_rows != rows:
        raise Refuse(
            "unreadable", "it states another number of rows than it holds; write it again from its source"
        )
    table.validate(full=True)
    return names, [table.column(name) for name in names], rows, {}


def _folded(column: pa.Array) -> int:
    """Return how many bytes of text a dictionary stands for: one long text may be repeated for every row."""
    if not pa.types.is_dictionary(column.type) or pa.types.is_primitive(column.type.value_type):
        return 0
    lengths = pc.binary_length(column.dictionary.cast(pa.large_string()))
    return pc.sum(lengths.take(column.indices)).as_py() or 0


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0].rstrip(".")[:160]


def _check_type(field: pa.Field) -> None:
    kind = field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    plain = (
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_null(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_date(kind)
        or pa.types.is_timestamp(kind)
        or pa.types.is_time(kind)
    )
    if not plain:
        raise Refuse(
            "column-type",
            f"column `{field.name}` holds {kind}; give one number, text, boolean or date a cell",
        )

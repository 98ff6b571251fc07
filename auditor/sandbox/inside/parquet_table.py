"""Inside the child: Parquet, batch by batch, with a meter on what it unpacks to."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.columns import Meter, check_names, check_size, check_type, first_line, folded

BATCH = 16_384


def read_parquet(
    file: BinaryIO, limits: Mapping[str, Any]
) -> tuple[list[str], list[pa.ChunkedArray], int, dict[str, Any]]:
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
            check_type(field)
        if rows == 0 or not names:
            raise Refuse("no-rows", "it has no rows")
        batches = []
        for batch in parquet.iter_batches(BATCH, columns=names, use_threads=False):
            meter.add(batch.nbytes + sum(map(folded, batch.columns)))
            batches.append(batch)
    except pa.ArrowMemoryError:
        raise MemoryError from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Refuse(
            "unreadable",
            f"it is not a whole Parquet file ({first_line(error)}); write it again from its source",
        ) from None
    table = pa.Table.from_batches(batches)
    if table.num_rows != rows:
        raise Refuse(
            "unreadable", "it states another number of rows than it holds; write it again from its source"
        )
    table.validate(full=True)
    return names, [table.column(name) for name in names], rows, {}

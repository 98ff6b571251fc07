"""Inside the child: Arrow IPC files and streams, and Feather 2, batch by batch, each validated in full."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import pyarrow as pa

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.columns import Meter, check_names, check_size, check_type, first_line, folded

FILE = b"ARROW1"


def read_arrow(
    file: BinaryIO, limits: Mapping[str, Any]
) -> tuple[list[str], list[pa.ChunkedArray], int, dict[str, Any]]:
    """Return names, columns, the number of rows, and whether it was a file or a stream."""
    meter = Meter(file.seek(0, os.SEEK_END), limits)
    file.seek(0)
    kind = "file" if file.read(len(FILE)) == FILE else "stream"
    file.seek(0)
    batches, rows = [], 0
    try:
        options = pa.ipc.IpcReadOptions(ensure_alignment=pa.ipc.Alignment.DataTypeSpecific, use_threads=False)
        source = pa.PythonFile(file, mode="r")
        opened = pa.ipc.open_file if kind == "file" else pa.ipc.open_stream
        reader = opened(source, options=options)
        names = list(reader.schema.names)
        check_names(names, limits)
        for field in reader.schema:
            check_type(field)
        for batch in _batches(reader):
            rows += batch.num_rows
            check_size(rows, len(names), limits)
            batch.validate(full=True)
            meter.add(batch.nbytes + sum(map(folded, batch.columns)))
            batches.append(batch)
    except pa.ArrowMemoryError:
        raise MemoryError from None
    except (pa.ArrowException, OSError, ValueError) as error:
        said = first_line(error)
        raise Refuse(
            "unreadable", f"it is not a whole Arrow {kind} ({said}); write it again from its source"
        ) from None
    if rows == 0 or not names:
        raise Refuse("no-rows", "it has no rows")
    table = pa.Table.from_batches(batches)
    return names, [table.column(at) for at in range(len(names))], rows, {"layout": f"Arrow {kind}"}


def _batches(reader: Any) -> Iterator[pa.RecordBatch]:
    if isinstance(reader, pa.RecordBatchFileReader):
        for at in range(reader.num_record_batches):
            yield reader.get_batch(at)
    else:
        yield from reader

"""What kind of file this is, by its bytes: a name proves nothing."""

from __future__ import annotations

import re
from pathlib import Path

from auditor.problems import Refused, refuse

TABLES = ("csv", "tsv", "parquet")
MODELS = ("skops", "onnx")

_MAGIC = (
    (re.compile(rb"PAR1"), "parquet"),
    (re.compile(rb"PK\x03\x04|PK\x05\x06"), "zip"),
    (re.compile(rb"\x80[\x02-\x05]"), "pickle"),
    (
        re.compile(rb"\x1f\x8b|BZh|\xfd7zXZ|\x78[\x01\x5e\x9c\xda]|\x04\x22\x4d\x18|\x28\xb5\x2f\xfd"),
        "compressed",
    ),
    (re.compile(rb"\x89HDF"), "hdf5"),
    (re.compile(rb"ARROW1|FEA1"), "arrow"),
    (re.compile(rb"\xd0\xcf\x11\xe0"), "old excel"),
    (re.compile(rb"%PDF"), "pdf"),
    (re.compile(rb"\xff\xfe|\xfe\xff"), "utf-16"),
    (re.compile(rb"\x08[\x01-\x20][\x12\x1a\x22\x2a\x32\x3a\x42]"), "onnx"),
    (re.compile(rb"\s*\{[\"\s]"), "json"),
)

_WORDS = {
    "zip": "a zip archive (Excel workbook, PyTorch, NumPy or other)",
    "skops": "a skops model",
    "onnx": "an ONNX model",
    "parquet": "a Parquet table",
    "pickle": "a pickle file",
    "compressed": "a compressed file (joblib writes its pickles so too)",
    "hdf5": "an HDF5 file",
    "arrow": "an Arrow or Feather file",
    "old excel": "an old Excel workbook",
    "pdf": "a PDF",
    "utf-16": "UTF-16 text",
    "json": "JSON",
    "csv": "a text file",
    "tsv": "a text file",
    "binary": "of no format that this service knows",
}


def detect_format(path: Path) -> str:
    """Return the format of the file at *path*: csv, tsv, parquet, skops, onnx, pickle, zip, ... or empty."""
    with path.open("rb") as file:
        head = file.read(65_536)
    if not head:
        return "empty"
    for magic, name in _MAGIC:
        if magic.match(head):
            return "skops" if name == "zip" and _names_skops(path) else name
    if b"\0" in head:
        return "binary"
    first = head.partition(b"\n")[0]
    return "tsv" if first.count(b"\t") > max(first.count(b","), first.count(b";")) else "csv"


def _names_skops(path: Path) -> bool:
    """Say whether a zip archive names a skops schema, at its start or in the directory at its end."""
    with path.open("rb") as file:
        head = file.read(65_536)
        size = file.seek(0, 2)
        file.seek(max(0, size - 4_194_304))
        tail = file.read()
    if b"schema.json" in head or b"schema.json" in tail:
        return True
    return (
        re.match(rb"PK\x03\x04.{26}\d+\.npy", head, re.DOTALL) is not None
    )  # cut short before its directory


def table_format(path: Path, declared: str | None, where: str) -> str:
    """Return the format of a table; refuse a file that is none."""
    found = detect_format(path)
    if found == "empty":
        raise refuse(where, "empty-file", "the file is empty; upload a table with a header and rows.")
    if declared is not None and declared not in TABLES:
        raise refuse(
            where, "unknown-format", f"`{declared}` is not a format of tables; use csv, tsv or parquet."
        )
    if found in {"csv", "tsv"} and declared != "parquet":
        return declared or found
    if found == "binary" and declared != "parquet":
        return declared or "csv"  # whose reader names the byte that is no text
    if found == "parquet" and declared in {None, "parquet"}:
        return found
    if found in {"csv", "tsv", "parquet"}:
        raise refuse(
            where,
            "other-format",
            f"the file was declared {declared} but is {_WORDS[found]}; correct its format.",
        )
    raise refuse(
        where,
        "not-a-table",
        f"the file is {_WORDS[found]}, not a table; export it as CSV (UTF-8) or Parquet.",
    )


def model_format(path: Path, declared: str | None, where: str = "model") -> str:
    """Return the format of a model; refuse a file that is none that can be read without running it."""
    found = detect_format(path)
    if declared is not None and declared not in MODELS:
        raise refuse(where, "unknown-format", f"`{declared}` is not a format of models; use skops or onnx.")
    if found == "empty":
        raise refuse(where, "empty-file", "the model file is empty; upload it again.")
    if found in {"pickle", "compressed"}:
        raise refuse(
            where,
            "pickle",
            f"the model is {_WORDS[found]}, whatever its name: loading it could run code of its own; "
            'export it with `skops.io.dump(model, "model.skops")` or to ONNX.',
        )
    if found == "binary" and declared == "onnx":
        return "onnx"  # protobuf may begin with any field; the parser has the last word
    if found not in MODELS:
        raise refuse(
            where,
            "not-a-model",
            f"the model file is {_WORDS[found]}; save the model with `skops.io.dump` or export it to ONNX.",
        )
    if declared not in {None, found}:
        raise refuse(
            where,
            "other-format",
            f"the model was declared {declared} but is {_WORDS[found]}; correct its format.",
        )
    return found


__all__ = ["MODELS", "TABLES", "Refused", "detect_format", "model_format", "table_format"]

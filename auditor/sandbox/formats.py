"""What kind of file this is, by its bytes: a name proves nothing.

Only a bounded part of the file is looked at, by patterns alone: nothing is parsed or unpacked out here.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from auditor.problems import Refused, refuse

TABLES = ("csv", "tsv", "jsonl", "parquet", "arrow", "excel")
MODELS = ("skops", "onnx", "xgboost", "lightgbm", "catboost", "mlflow")
UNSAFE = ("pickle", "joblib", "cloudpickle")
"""Model formats that run code as they load; each is read only where the operator allows it by name."""

CAUTION = (
    "the model's format can run code when it is loaded: every number of it comes from a process that the "
    "file controls, and what it says of itself cannot be checked. Trust it as far as its author."
)

HEAD, TAIL, MOST_MEMBERS = 65_536, 4_194_304, 100_000

_TO_ONNX = "export the model to ONNX"
_RESAVE = 'save it as JSON: load it with the XGBoost that wrote it, then `model.save_model("model.json")`'
_AS_CSV = "export the table as CSV (UTF-8) or Parquet"
_UNPACK = "unpack it and upload the file that is inside"


@dataclass(frozen=True, slots=True)
class _Known:
    """How a format is spoken of, and what to do where it is not taken."""

    words: str
    model: str = "save the model with `skops.io.dump` or export it to ONNX"
    table: str = _AS_CSV


_KNOWN = {
    "csv": _Known("a text file"),
    "tsv": _Known("a text file"),
    "jsonl": _Known("a table of JSON lines"),
    "parquet": _Known("a Parquet table"),
    "arrow": _Known("an Arrow or Feather table"),
    "excel": _Known("a workbook"),
    "skops": _Known("a skops model"),
    "onnx": _Known("an ONNX model"),
    "xgboost": _Known("an XGBoost model"),
    "lightgbm": _Known("a LightGBM model"),
    "catboost": _Known("a CatBoost model"),
    "mlflow": _Known("a zipped MLflow model folder"),
    "pickle": _Known("a pickle file"),
    "joblib": _Known("a joblib pickle"),
    "cloudpickle": _Known("a pickle written by cloudpickle"),
    "compressed": _Known("a compressed file (joblib writes its pickles so too)", _UNPACK, _UNPACK),
    "zip": _Known("a zip archive of no kind that this service knows", table=_UNPACK),
    "archive": _Known("an archive", _UNPACK, _UNPACK),
    "numpy": _Known("a file of NumPy arrays"),
    "pytorch": _Known("a PyTorch file", "export the model to ONNX with `torch.onnx.export`"),
    "keras": _Known("a Keras model", 'export it with `model.export("model.onnx", format="onnx")`'),
    "hdf5": _Known(
        "an HDF5 file",
        "load a Keras model with Keras and export it to ONNX",
        "export the table as CSV (UTF-8) or Parquet: `frame.to_parquet`",
    ),
    "tensorflow": _Known("a TensorFlow SavedModel", "convert it to ONNX with `tf2onnx`"),
    "tflite": _Known("a TensorFlow Lite model", "convert it to ONNX with `tf2onnx`"),
    "safetensors": _Known("a safetensors file: weights without the model that uses them", _TO_ONNX),
    "gguf": _Known("a GGUF file: a language model", "audit its answers as a column of the table"),
    "pmml": _Known("a PMML model", "export it to ONNX, or submit its predictions as a column of the table"),
    "xml": _Known("XML"),
    "xgboost unstated": _Known("JSON of an XGBoost dump: it lacks what predicting needs", _RESAVE),
    "lightgbm json": _Known(
        "a LightGBM dump as JSON", 'save the model as text: `booster.save_model("model.txt")`'
    ),
    "catboost json": _Known(
        "a CatBoost model as JSON", 'save it in its own format: `model.save_model("model.cbm")`'
    ),
    "h2o": _Known("an H2O archive", "submit its predictions as a column of the table"),
    "spark": _Known("a Spark file", _TO_ONNX),
    "r": _Known("an R object", "submit its predictions as a column of the table", f"{_AS_CSV}: `write.csv`"),
    "spss": _Known("an SPSS file"),
    "stata": _Known("a Stata file"),
    "sas": _Known("a SAS file"),
    "old excel": _Known("an old Excel workbook"),
    "office": _Known("an office document that is no workbook"),
    "old feather": _Known(
        "a table of the first Feather version", table="write it again as Parquet or Feather 2"
    ),
    "orc": _Known("an ORC table"),
    "avro": _Known("an Avro table"),
    "sqlite": _Known("an SQLite database"),
    "duckdb": _Known("a DuckDB database"),
    "pdf": _Known("a PDF"),
    "image": _Known("a picture"),
    "html": _Known("a web page"),
    "utf-16": _Known("UTF-16 text"),
    "json": _Known("JSON", table="write one object a line (JSON Lines), or CSV (UTF-8) or Parquet"),
    "binary": _Known("of no format that this service knows"),
}

_MAGIC = tuple(
    (re.compile(pattern, re.DOTALL), name)
    for pattern, name in (
        (rb"PAR1(?![ -~\r\n\t])", "parquet"),
        (rb"PK\x03\x04|PK\x05\x06", "zip"),
        (rb"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19", "pytorch"),
        (
            rb"\x80[\x02-\x05]|\(?c(copy_reg|__builtin__|builtins|(sklearn|numpy|joblib)[a-z_.]*)\n\w+\n",
            "pickle",
        ),
        (rb"\x1f\x8b|BZh[1-9]1AY|\xfd7zXZ|\]\0\0.{2}\xff|\x04\x22\x4d\x18|\x28\xb5\x2f\xfd", "compressed"),
        (rb"\x78[\x01\x5e\x9c\xda](?=.{0,200}[\0-\x08\x0e-\x1f])", "compressed"),  # no header such as x^2
        (rb"\x89HDF", "hdf5"),
        (rb"ARROW1\0|\xff\xff\xff\xff.{2}\0\0[\x08-\x20]\0\0\0", "arrow"),
        (rb"FEA1(?![,;\s])", "old feather"),
        (rb"\xd0\xcf\x11\xe0", "old excel"),
        (rb"%PDF", "pdf"),
        (rb"\xff\xfe|\xfe\xff", "utf-16"),
        (rb"CBM1(?![,;\s])", "catboost"),
        (rb"tree\r?\nversion=", "lightgbm"),
        (rb"\{[iUIlL].{1,8}learner\{", "xgboost"),
        (
            rb"(binf)?.{0,300}[\x04-\x08]\0{7}(gbtree|gblinear|dart)",
            "xgboost",
        ),  # the old binary, refused by its reader
        (rb".{4}TFL3", "tflite"),
        (rb"GGUF.\0", "gguf"),
        (rb".{3}\0{5}\{\"", "safetensors"),
        (rb"\x93NUMPY", "numpy"),
        (rb"RD[AX][23]\n[AX]\n|X\n\0\0\0[23]", "r"),
        (rb"\$FL[23]@", "spss"),
        (rb"<stata_dta>|[\x71-\x73][\x01\x02]\x01\0", "stata"),
        (rb"\0{12}\xc2\xea\x81\x60|HEADER RECORD\*{7}", "sas"),
        (rb"ORC[^\n]{0,60}[\0-\x08]", "orc"),
        (rb"Obj\x01", "avro"),
        (rb"SQLite format 3\0", "sqlite"),
        (rb".{8}DUCK", "duckdb"),
        (rb"7z\xbc\xaf|Rar!|.{257}ustar", "archive"),
        (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a", "image"),
        (rb"\x08[\x01-\x20][\x12\x1a\x22\x2a\x32\x3a\x42]", "onnx"),
        (rb"(\xef\xbb\xbf)?\s*<(?i:!doctype html|html)", "html"),
        (rb"(\xef\xbb\xbf)?\s*<(\?xml|PMML)", "xml"),
        (rb"(\xef\xbb\xbf)?\s*(\{[\"\s]|\[\s*\{)", "json"),
    )
)


def detect_format(path: Path) -> str:
    """Return the format of the file at *path*: csv, parquet, skops, xgboost, pickle, zip, ... or empty."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL))
        return format_of(head, file.read())


def format_of(head: bytes, tail: bytes) -> str:
    """Return the format of a file from its first and its last bytes."""
    if not head:
        return "empty"
    found = next((name for magic, name in _MAGIC if magic.match(head)), None)
    if found in _CLOSER:
        return _CLOSER[found](head, tail)
    if found is not None:
        return found
    if b"\0" in head:
        return "binary"
    first = head.partition(b"\n")[0]
    return "tsv" if first.count(b"\t") > max(first.count(b","), first.count(b";")) else "csv"


def _zip(head: bytes, tail: bytes) -> str:
    """Tell archives apart by the names of their members."""
    names = _members(head) | _members(tail)
    leaves = {name.rpartition(b"/")[2] for name in names}
    shallow = {name.partition(b"/")[2] or name for name in names} | names  # under one folder, or none
    if b"MLmodel" in shallow:  # before skops: stored without compression, the archive inside shows its names
        return "mlflow"
    if b"schema.json" in names or re.match(rb"PK\x03\x04.{26}\d+\.npy", head, re.DOTALL):
        return "skops"  # the second where it is cut short before its directory
    if b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet" in head[:200]:
        return "excel"
    for name, given in (
        ("excel", bool(names & {b"xl/workbook.xml", b"xl/workbook.bin"})),
        ("office", b"[Content_Types].xml" in names or b"mimetype" in names),
        ("pytorch", bool(leaves & {b"data.pkl", b"constants.pkl"})),
        ("keras", b"model.weights.h5" in shallow),
        ("tensorflow", b"saved_model.pb" in leaves),
        ("h2o", bool(names & {b"model.ini", b"experimental/modelDetails.json"})),
        ("spark", b"metadata/_SUCCESS" in shallow),
        ("numpy", any(name.endswith(b".npy") for name in names)),
    ):
        if given:
            return name
    return "zip"


def _members(part: bytes) -> set[bytes]:
    """Return the names of members that the records of a zip archive in *part* state."""
    names = set()
    for mark, fixed, length_at in ((b"PK\x01\x02", 46, 28), (b"PK\x03\x04", 30, 26)):
        for record in islice(re.finditer(re.escape(mark), part), MOST_MEMBERS):
            start = record.start()
            if start + fixed <= len(part):
                (length,) = struct.unpack_from("<H", part, start + length_at)
                names.add(part[start + fixed : start + fixed + min(length, 128)])
    return names


def _pickle(head: bytes, tail: bytes) -> str:
    """Tell the writers of pickles apart by what only they name."""
    if b"joblib.numpy_pickle" in head or b"joblib.numpy_pickle" in tail:
        return "joblib"
    return "cloudpickle" if b"cloudpickle" in head or b"cloudpickle" in tail else "pickle"


def _json(head: bytes, _: bytes) -> str:
    """Tell models written as JSON, tables of one object a line, and other JSON apart."""
    if b'"learner"' in head:
        return "xgboost"
    if b'"tree_info"' in head or re.match(rb'\s*\{\s*"name"\s*:\s*"tree"', head):
        return "lightgbm json"
    if b'"oblivious_trees"' in head or b'"features_info"' in head:
        return "catboost json"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if re.match(rb'[\[{]\s*(\{\s*)?"nodeid"', text):
        return "xgboost unstated"
    first, end, _rest = text.partition(b"\n")
    return "jsonl" if text[:1] == b"{" and (first.rstrip().endswith(b"}") or not end) else "json"


def _xml(head: bytes, _: bytes) -> str:
    return "pmml" if re.search(rb"<(\w+:)?PMML[\s>]", head) else "xml"


_CLOSER: dict[str | None, Callable[[bytes, bytes], str]] = {
    "zip": _zip,
    "pickle": _pickle,
    "json": _json,
    "xml": _xml,
}


def table_format(path: Path, declared: str | None, where: str) -> str:
    """Return the format of a table; refuse a file that is none."""
    found = detect_format(path)
    if found == "empty":
        raise refuse(where, "empty-file", "the file is empty; upload a table with a header and rows.")
    if declared is not None and declared not in TABLES:
        raise refuse(where, "unknown-format", f"`{declared}` is not a format of tables; use {_or(TABLES)}.")
    text = declared in {None, "csv", "tsv"}
    if text and found in {"csv", "tsv", "binary", "utf-16"}:
        return declared or (found if found == "tsv" else "csv")  # the reader names a byte that is no text
    if found == "old excel" and declared in {None, "excel"}:
        return "excel"
    if found in TABLES and declared in {None, found}:
        return found
    known = _KNOWN[found]
    if found in TABLES:
        raise refuse(
            where,
            "other-format",
            f"the file was declared {declared} but is {known.words}; correct its format.",
        )
    raise refuse(where, "not-a-table", f"the file is {known.words}, not a table; {known.table}.")


def model_format(path: Path, declared: str | None, where: str = "model", unsafe: Collection[str] = ()) -> str:
    """Return the format of a model; refuse one that runs code as it loads, unless *unsafe* names it."""
    found = detect_format(path)
    taken = (*MODELS, *(name for name in UNSAFE if name in unsafe))
    if found == "empty":
        raise refuse(where, "empty-file", "the model file is empty; upload it again.")
    if found in {"pickle", "compressed", *UNSAFE}:
        return _unsafe(found, declared, where, taken)
    if declared is not None and declared not in taken:
        raise refuse(
            where, "unknown-format", f"`{declared}` is not a format of models here; use {_or(taken)}."
        )
    if found == "binary" and declared == "onnx":
        return "onnx"  # protobuf may begin with any field; the parser has the last word
    if found == "mlflow" and declared in UNSAFE:
        return declared  # the pickle inside the folder, which the operator allows
    known = _KNOWN[found]
    if found not in MODELS:
        raise refuse(where, "not-a-model", f"the model file is {known.words}; {known.model}.")
    if declared not in {None, found}:
        raise refuse(
            where,
            "other-format",
            f"the model was declared {declared} but is {known.words}; correct its format.",
        )
    return found


def _unsafe(found: str, declared: str | None, where: str, taken: Collection[str]) -> str:
    """Return the format of a pickle, whose three writers share one language, where it is taken at all."""
    words = _KNOWN[found].words
    form = "joblib" if found == "compressed" else found
    if found == "pickle" and declared in UNSAFE:
        form = declared  # without arrays or classes of its own, all three write the same bytes
    if form not in taken:
        raise refuse(
            where,
            "pickle",
            f"the model is {words}, whatever its name: loading it could run code of its own; "
            'export it with `skops.io.dump(model, "model.skops")` or to ONNX.',
        )
    if declared not in {None, form}:
        raise refuse(
            where, "other-format", f"the model was declared {declared} but is {words}; correct its format."
        )
    return form


def _or(names: Collection[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}"


__all__ = [
    "CAUTION",
    "MODELS",
    "TABLES",
    "UNSAFE",
    "Refused",
    "detect_format",
    "format_of",
    "model_format",
    "table_format",
]

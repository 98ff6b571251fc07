"""A file is known by its bytes, whatever its name; what is not taken is told what to become."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import cloudpickle
import joblib
import lightgbm
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest
import skops.io
import xgboost
from catboost import CatBoostClassifier
from sklearn.linear_model import LogisticRegression

from auditor.config import BadSetting, from_environment
from auditor.problems import Refused
from auditor.sandbox import detect_format
from auditor.sandbox.formats import MODELS, TABLES, UNSAFE, model_format, table_format

OLD = Path(__file__).parent.parent / "fixtures" / "old" / "xgboost_1_5.model"
FRAME = pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]})
RNG = np.random.default_rng([0, 317])
X = RNG.normal(size=(80, 2))
Y = (X[:, 0] > 0).astype(int)


def zipped(*names, first=b"") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, first)
    return stream.getvalue()


def logistic():
    return LogisticRegression().fit(X, Y)


def saved(save, name="model") -> bytes:
    """Return the bytes that a library writes to a path."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        save(str(path))
        return path.read_bytes()


def boosted() -> xgboost.XGBClassifier:
    return xgboost.XGBClassifier(n_estimators=2).fit(X, Y)


def dumped() -> str:
    """Return one tree as people dump it to read it; no file that predicts."""
    (tree, *_) = boosted().get_booster().get_dump(dump_format="json")
    return str(tree)


def joblibbed(**how) -> bytes:
    return saved(lambda path: joblib.dump(logistic(), path, **how))


class Own:
    """A class that cloudpickle carries by value."""

    def predict(self, rows):
        return rows


def carried() -> bytes:
    cloudpickle.register_pickle_by_value(__import__(__name__, fromlist=["Own"]))
    try:
        return cloudpickle.dumps(Own())
    finally:
        cloudpickle.unregister_pickle_by_value(__import__(__name__, fromlist=["Own"]))


def arrow(new) -> bytes:
    table = pa.Table.from_pandas(FRAME)
    sink = pa.BufferOutputStream()
    with new(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def catboost(form: str) -> bytes:
    model = CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False).fit(X, Y)
    return saved(lambda path: model.save_model(path, format=form))


def light() -> lightgbm.Booster:
    return lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(X, Y).booster_


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model"))
    return stream.getvalue()


WRITTEN = {
    "csv": [lambda: FRAME.to_csv().encode(), lambda: b"x^2,y\n1,2\n" * 30, lambda: b"city\nParis\n"],
    "tsv": [lambda: FRAME.to_csv(sep="\t").encode()],
    "jsonl": [
        lambda: FRAME.to_json(orient="records", lines=True).encode(),
        lambda: b'\xef\xbb\xbf{"a": 1}\n',
    ],
    "parquet": [lambda: saved(FRAME.to_parquet)],
    "arrow": [
        lambda: arrow(pa.ipc.new_file),
        lambda: arrow(pa.ipc.new_stream),
        lambda: saved(lambda path: pyarrow.feather.write_feather(FRAME, path)),
    ],
    "old feather": [lambda: b"FEA1\0\0\0\0" + b"\x08\0\0\0FEA1"],
    "excel": [
        lambda: saved(lambda path: FRAME.to_excel(path, engine="openpyxl"), "table.xlsx"),
        lambda: zipped("mimetype", first=b"application/vnd.oasis.opendocument.spreadsheet"),
    ],
    "skops": [lambda: skops.io.dumps(logistic())],
    "xgboost": [
        lambda: saved(boosted().save_model, "model.json"),
        lambda: saved(boosted().save_model, "model.ubj"),
        OLD.read_bytes,
    ],
    "xgboost unstated": [lambda: dumped().encode()],
    "lightgbm": [lambda: saved(light().save_model)],
    "lightgbm json": [lambda: json.dumps(light().dump_model()).encode()],
    "catboost": [lambda: catboost("cbm")],
    "catboost json": [lambda: catboost("json")],
    "pmml": [lambda: catboost("pmml")],
    "mlflow": [
        lambda: zipped("MLmodel", "model.pkl"),
        lambda: zipped("model/MLmodel", "model/data.pkl"),
        lambda: zipped("MLmodel", "model.skops", first=skops.io.dumps(logistic())),  # stored as it is
    ],
    "pickle": [lambda protocol=protocol: pickle.dumps(logistic(), protocol) for protocol in range(6)],
    "joblib": [joblibbed],
    "cloudpickle": [carried],
    "compressed": [
        *(
            lambda how=how: joblibbed(compress=how)
            for how in (3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3))
        ),
        lambda: gzip.compress(b"a,b\n1,2\n"),
        lambda: bz2.compress(b"a" * 99),
        lambda: lzma.compress(b"a" * 99),
        lambda: zlib.compress(b"a,b\n" * 99),
    ],
    "numpy": [
        lambda: saved(lambda path: np.savez(path, a=X), "a.npz"),
        lambda: saved(lambda p: np.save(p, X), "a.npy"),
    ],
    "pytorch": [
        lambda: zipped("archive/data.pkl", "archive/version"),
        lambda: b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
    ],
    "keras": [lambda: zipped("metadata.json", "config.json", "model.weights.h5")],
    "tensorflow": [lambda: zipped("model/saved_model.pb", "model/variables/variables.index")],
    "hdf5": [lambda: b"\x89HDF\r\n\x1a\n"],
    "tflite": [lambda: b"\x1c\0\0\0TFL3\x14\0"],
    "safetensors": [lambda: struct.pack("<Q", 60) + b'{"weight": {"dtype": "F32"}}'],
    "office": [lambda: zipped("[Content_Types].xml", "word/document.xml")],
    "old excel": [lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
    "archive": [tarred, lambda: b"7z\xbc\xaf\x27\x1c"],
    "h2o": [lambda: zipped("model.ini", "domains/d00.txt")],
    "r": [lambda: b"RDX3\nX\n\0\0\0\x03"],
    "spss": [lambda: b"$FL2@(#) SPSS DATA FILE"],
    "stata": [lambda: saved(FRAME.to_stata), lambda: b"\x72\x02\x01\0" + b"\0" * 60],
    "zip": [lambda: zipped("readme.txt")],
    "json": [lambda: b'{\n "a": 1\n}', lambda: b'[{"a": 1}]'],
    "utf-16": [lambda: FRAME.to_csv().encode("utf-16")],
    "binary": [lambda: b"\x01\0\x02\0"],
}
CASES = [(name, place) for name, made in WRITTEN.items() for place in range(len(made))]


@pytest.mark.parametrize(("name", "place"), CASES, ids=str)
def test_a_file_is_known_by_its_bytes(name, place, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(WRITTEN[name][place]())
    assert detect_format(path) == name


READ_ALL_THE_SAME = {"utf-16", "old excel"}  # as text and as a workbook
NEITHER = sorted(set(WRITTEN) - {*MODELS, *TABLES, *UNSAFE, "compressed", "binary", *READ_ALL_THE_SAME})


@pytest.mark.parametrize("name", NEITHER)
def test_what_is_no_model_and_no_table_is_refused_in_one_sentence_that_says_what_to_do(name, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(WRITTEN[name][0]())
    for check in (model_format, lambda p, d: table_format(p, d, "data.evaluation")):
        with pytest.raises(Refused) as no:
            check(path, None)
        (problem,) = no.value.problems
        assert problem.sentence.endswith(".")
        assert any(
            word in problem.sentence for word in ("export", "save", "convert", "submit", "unpack", "write")
        )


@pytest.mark.parametrize("first", [b"<!DOCTYPE html>", b"\n <HTML lang=en>", b"\xef\xbb\xbf<html>"])
def test_a_web_page_that_was_saved_for_a_table_is_called_so(first, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(first + b"<body><p>Please log in, then download.</p></body></html>\n")
    with pytest.raises(Refused, match="the file is a web page, not a table; export the table as CSV"):
        table_format(path, None, "data.evaluation")


def test_a_member_of_an_archive_cannot_be_named_by_a_bomb_of_records(tmp_path):
    """Four bytes a record, a million of them: looking at names stays cheap."""
    path = tmp_path / "file"
    path.write_bytes(b"PK\x03\x04" * 1_000_000)
    assert detect_format(path) == "zip"


@pytest.mark.parametrize("form", UNSAFE)
def test_allowing_one_format_that_runs_code_allows_no_other(form, tmp_path):
    path = tmp_path / "model"
    for name in UNSAFE:
        path.write_bytes(WRITTEN[name][-1]())
        if name == form:
            assert model_format(path, None, unsafe=(form,)) == form
        else:
            with pytest.raises(Refused, match="loading it could run code"):
                model_format(path, None, unsafe=(form,))


def test_the_operator_allows_formats_by_name_and_there_is_no_word_for_all():
    assert from_environment({}).limits.unsafe_formats == ()
    allowed = from_environment({"AUDITOR_UNSAFE_FORMATS": "pickle, joblib"}).limits.unsafe_formats
    assert allowed == ("pickle", "joblib")
    for word in ("all", "*", "true", "Pickle", "pickle,dill"):
        with pytest.raises(BadSetting, match="it takes only pickle, joblib, cloudpickle, each by its name"):
            from_environment({"AUDITOR_UNSAFE_FORMATS": word})
    with pytest.raises(BadSetting, match="is not a setting"):
        from_environment({"AUDITOR_LIMIT_UNSAFE_FORMATS": "pickle"})

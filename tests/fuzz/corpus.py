"""One small honest file of every format that is read, made by the library that people use to make it."""

from __future__ import annotations

import io
import json
import pickle
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import catboost
import joblib
import lightgbm
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import skops.io
import xgboost
from skl2onnx import to_onnx
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

ROWS = 60


@cache
def people() -> pd.DataFrame:
    """Return the rows that the models were made from, and are asked."""
    rng = np.random.default_rng(11)
    return pd.DataFrame({"a": rng.normal(size=ROWS), "b": rng.normal(size=ROWS), "c": rng.normal(size=ROWS)})


@cache
def _table() -> pd.DataFrame:
    rng = np.random.default_rng(12)
    return people().assign(
        n=rng.integers(0, 9, ROWS),
        yes=rng.random(ROWS) < 0.5,
        text=rng.choice(["ja", "né", "城市", ""], ROWS),
        day=pd.date_range("2026-01-01", periods=ROWS).strftime("%Y-%m-%d"),
    )


def _approved() -> Any:
    return (people()["a"] + people()["b"] > 0).astype(int)


def _saved(save: Callable[[str], object], name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        save(str(path))
        return path.read_bytes()


def _boosted() -> Any:
    return xgboost.XGBClassifier(n_estimators=3, max_depth=3, n_jobs=1).fit(people(), _approved())


def _lightgbm() -> bytes:
    settings = {
        "objective": "binary",
        "verbose": -1,
        "num_threads": 1,
        "num_leaves": 6,
        "min_data_in_leaf": 3,
    }
    made = lightgbm.train(settings, lightgbm.Dataset(people(), _approved()), num_boost_round=3)
    return str(made.model_to_string()).encode()


def _catboost() -> bytes:
    made = catboost.CatBoostClassifier(
        iterations=3, depth=3, verbose=0, allow_writing_files=False, thread_count=1
    )
    return _saved(made.fit(people(), _approved()).save_model, "model.cbm")


def _onnx() -> bytes:
    made = RandomForestClassifier(3, max_depth=3, random_state=0).fit(
        people().to_numpy(np.float32), _approved()
    )
    rows = people().to_numpy(np.float32)[:1]
    return bytes(to_onnx(made, rows, options={"zipmap": False}).SerializeToString())


def _mlflow() -> bytes:
    """Return a model folder as MLflow lays it out, zipped."""
    about = "flavors:\n  xgboost:\n    data: model.ubj\n    model_format: ubj\n    xgb_version: 3.2.0\n"
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("model/MLmodel", about)
        archive.writestr("model/model.ubj", _saved(_boosted().save_model, "model.ubj"))
    return sink.getvalue()


def _arrow(stream: bool) -> bytes:
    table = pa.Table.from_pandas(_table(), preserve_index=False)
    sink = io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _excel() -> bytes:
    return _saved(lambda path: _table().to_excel(path, index=False), "table.xlsx")


def _feather() -> bytes:
    return _saved(lambda path: pa.feather.write_feather(_table(), path), "table.feather")


def _parquet() -> bytes:
    return _saved(lambda path: _table().to_parquet(path, index=False), "table.parquet")


def _skops(made: Any) -> bytes:
    return bytes(skops.io.dumps(made.fit(people(), _approved())))


def _joblib() -> bytes:
    sink = io.BytesIO()
    joblib.dump(LogisticRegression().fit(people(), _approved()), sink)
    return sink.getvalue()


MODELS: dict[str, Callable[[], bytes]] = {
    "skops": lambda: _skops(RandomForestClassifier(3, max_depth=3, random_state=0)),
    "skops of a boosted model": lambda: _skops(HistGradientBoostingClassifier(max_iter=3, random_state=0)),
    "onnx": _onnx,
    "xgboost json": lambda: _saved(_boosted().save_model, "model.json"),
    "xgboost ubj": lambda: _saved(_boosted().save_model, "model.ubj"),
    "lightgbm": _lightgbm,
    "catboost": _catboost,
    "mlflow": _mlflow,
    "pickle": lambda: pickle.dumps(LogisticRegression().fit(people(), _approved())),
    "joblib": _joblib,
}
"""Parser -> the bytes of an honest file."""

TABLES: dict[str, Callable[[], bytes]] = {
    "csv": lambda: _table().to_csv(index=False).encode(),
    "tsv": lambda: _table().to_csv(index=False, sep="\t").encode("gb18030"),
    "jsonl": lambda: "".join(json.dumps(row) + "\n" for row in _table().to_dict("records")).encode(),
    "parquet": _parquet,
    "arrow file": lambda: _arrow(stream=False),
    "arrow stream": lambda: _arrow(stream=True),
    "feather": _feather,
    "excel": _excel,
}
"""Parser -> the bytes of an honest file."""

"""Real models of every library on one small table, as a submitter would train and save them."""

from __future__ import annotations

import pickle

import catboost
import cloudpickle
import joblib
import lightgbm
import numpy as np
import onnxmltools
import pandas as pd
import skops.io
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as BoostedTensor
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from tests.auditor.mlflow_folders import zipped

PICKLED = {"pickle": pickle.dump, "joblib": joblib.dump, "cloudpickle": cloudpickle.dump}
ROWS = 160
TASKS = ("binary", "multiclass", "regression")
NUMBERS = ["income", "debt"]
QUIET = {"n_estimators": 5, "max_depth": 3, "random_state": 0}
CATBOOST = {"iterations": 5, "depth": 3, "verbose": 0, "allow_writing_files": False, "thread_count": 1}


def people(rows=ROWS, seed=11):
    """Numbers with gaps, whole numbers, truth values, dates and text with gaps, and a label for each task."""
    rng = np.random.default_rng([seed, 3])
    table = pd.DataFrame(
        {
            "income": rng.normal(50, 12, rows).round(2),
            "debt": rng.normal(9, 3, rows).round(2),
            "children": rng.integers(0, 4, rows),
            "owner": rng.random(rows) < 0.4,
            "region": rng.choice(["north", "south, east", "西"], rows),
            "opened": rng.choice(["2019-05-01", "2020-01-31"], rows),
            "sex": rng.choice(["f", "m"], rows),
        }
    )
    worth = table["income"] - 3 * table["debt"] + 12 * (table["region"] == "north") + 6 * table["owner"]
    noisy = worth + rng.normal(0, 6, rows)
    table["binary"] = (noisy > 28).astype(int)
    table["multiclass"] = np.digitize(noisy, [20, 34])
    table["regression"] = (noisy / 50).round(3)
    table.loc[4, "income"] = np.nan
    table.loc[[5, 9], "region"] = None
    return table


FEATURES = ["income", "debt", "children", "owner", "region", "opened"]


def framed(table):
    """Return the features as a training frame with pandas categories."""
    return table[["income", "debt", "children", "owner"]].assign(
        region=table["region"].astype("category"), opened=table["opened"].astype("category")
    )


def filled(table):
    """Return the features without missing text, as CatBoost wants them."""
    return table[FEATURES].assign(region=table["region"].fillna("unknown"))


def matrix(table):
    """Return the numbers as float32, which is what ONNX and its converters carry."""
    return table[NUMBERS].fillna(50.0).to_numpy(dtype=np.float32)


def pipeline(last):
    """Return a pipeline over all kinds of columns; the last step takes what comes out."""
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), [*NUMBERS, "children", "owner"]),
            (
                make_pipeline(
                    SimpleImputer(strategy="most_frequent"),
                    OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                ),
                ["region"],
            ),
            (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["opened"]),
        ),
        last,
    )


def estimators(task):
    """Return one estimator of each library for *task*."""
    if task == "regression":
        return {
            "linear": LinearRegression(),
            "forest": RandomForestRegressor(**QUIET),
            "histogram": HistGradientBoostingRegressor(max_iter=5),
            "xgboost": xgboost.XGBRegressor(**QUIET),
            "lightgbm": lightgbm.LGBMRegressor(**QUIET, verbose=-1),
            "catboost": catboost.CatBoostRegressor(**CATBOOST),
        }
    return {
        "linear": LogisticRegression(),
        "forest": RandomForestClassifier(**QUIET),
        "histogram": HistGradientBoostingClassifier(max_iter=5),
        "xgboost": xgboost.XGBClassifier(**QUIET),
        "lightgbm": lightgbm.LGBMClassifier(**QUIET, verbose=-1),
        "catboost": catboost.CatBoostClassifier(**CATBOOST),
    }


def write(kind, task, table, folder):
    """Train *kind* for *task*, save it into *folder*; return its path, a name of its columns, and itself."""
    family, _, which = kind.partition(" ")
    if family == "skops":
        model = pipeline(estimators(task)[which]).fit(table[FEATURES], table[task])
        path = folder / "model.skops"
        path.write_bytes(skops.io.dumps(model))
        return path, lambda given: given[FEATURES], model
    if family in PICKLED:
        model = pipeline(estimators(task)[which]).fit(table[FEATURES], table[task])
        path = folder / f"model.{family}"
        with path.open("wb") as file:
            PICKLED[family](model, file)
        return path, lambda given: given[FEATURES], model
    if family == "mlflow":
        inner, flavour = {
            "skops": ("skops forest", "sklearn"),
            "ubj": ("xgboost ubj", "xgboost"),
            "txt": ("lightgbm txt", "lightgbm"),
        }[which]
        path, given, model = write(inner, task, table, folder)
        return zipped(path, flavour, FEATURES), given, model
    if family == "onnx":
        return _onnx(which, task, table, folder)
    if family == "xgboost":
        model = estimators(task)["xgboost"].set_params(enable_categorical=True)
        path = folder / f"model.{which}"
        model.fit(framed(table), table[task]).save_model(path)
        return path, framed, model
    if family == "lightgbm":
        model = estimators(task)["lightgbm"].set_params(min_child_samples=5)
        path = folder / "model.txt"
        model.fit(framed(table), table[task]).booster_.save_model(path)
        return path, framed, model
    model = estimators(task)["catboost"].set_params(cat_features=["region", "opened"])
    path = folder / "model.cbm"
    model.fit(filled(table), table[task]).save_model(path)
    return path, filled, model


def _onnx(which, task, table, folder):
    """Save by the converter of each library, with one input for all numbers."""
    model = estimators(task)[which].fit(matrix(table), table[task])
    path = folder / "model.onnx"
    if which == "catboost":
        model.save_model(path, format="onnx")
        return path, matrix, model
    if which in {"xgboost", "lightgbm"}:
        convert = getattr(onnxmltools, f"convert_{which}")
        options = {} if which == "xgboost" else {"zipmap": False}
        graph = convert(model, initial_types=[("X", BoostedTensor([None, 2]))], **options)
    else:
        options = {"zipmap": False} if task != "regression" else None
        graph = to_onnx(model, initial_types=[("X", FloatTensorType([None, 2]))], options=options)
    path.write_bytes(graph.SerializeToString())
    return path, matrix, model


KINDS = (
    "skops linear",
    "skops forest",
    "skops histogram",
    "skops xgboost",
    "skops lightgbm",
    "skops catboost",
    "onnx linear",
    "onnx forest",
    "onnx xgboost",
    "onnx lightgbm",
    "onnx catboost",
    "xgboost json",
    "xgboost ubj",
    "lightgbm txt",
    "catboost cbm",
    "pickle forest",
    "joblib forest",
    "cloudpickle forest",
    "mlflow skops",
    "mlflow ubj",
    "mlflow txt",
)

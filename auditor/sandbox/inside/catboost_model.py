"""Inside the child: CatBoost models in its own binary format, cbm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import catboost
import numpy as np
import pandas as pd
import pyarrow as pa

from auditor.sandbox.inside import catboost_trees
from auditor.sandbox.inside.answers import Refuse, brief
from auditor.sandbox.inside.boosters import Boosted, counted, numbers, refuse_objective
from checks.model import spell

VALUES = {
    "RMSE",
    "MAE",
    "Quantile",
    "Expectile",
    "MAPE",
    "Huber",
    "LogCosh",
    "Lq",
    "NumErrors",
    "LogLinQuantile",
}
LOGARITHMS = {"Poisson", "Tweedie"}
PROBABILITIES = {"Logloss", "CrossEntropy", "MultiClass"}


class CatboostModel(Boosted):
    """One model, asked as CatBoost's own classifier or regressor asks it."""

    library = "catboost.core.CatBoost"

    def __init__(self, raw: bytes, limits: Mapping[str, Any]) -> None:
        super().__init__()
        held = catboost_trees.check(raw)
        plain = _loaded(catboost.CatBoost(), raw)
        self.width = len(plain.feature_names_)
        names = [str(name) for name in plain.feature_names_]
        self.names = None if names == [str(i) for i in range(self.width)] else names
        self._categorical = {int(place) for place in plain.get_cat_feature_indices()}
        loss = _loss(plain)
        self._model = self._settled(loss, raw, held, limits)
        self.learnt, self.trees = held.numbers, int(plain.tree_count_)
        self.facts = {
            "catboost": _written_by(plain),
            "objective": loss,
            "iterations": str(plain.tree_count_),
        }

    def _settled(
        self, loss: str, raw: bytes, held: catboost_trees.Held, limits: Mapping[str, Any]
    ) -> catboost.CatBoost:
        """Say what the loss answers, and return the model that answers it."""
        if loss in PROBABILITIES | {"MultiClassOneVsAll"}:
            model = _loaded(catboost.CatBoostClassifier(), raw)
            named = [spell(label) for label in np.asarray(model.classes_).tolist()]
            self.classes = named or counted(max(2, held.outputs), limits)
            self.has_probabilities = loss in PROBABILITIES
            self.scale = "log-odds" if held.outputs == 1 else None
            return model
        if loss not in VALUES | LOGARITHMS or held.outputs != 1:
            raise refuse_objective("CatBoost", loss)
        self.scale = "value" if loss in VALUES else "logarithm of the value"
        return _loaded(catboost.CatBoostRegressor(), raw)

    def predict(self, rows: pa.Table) -> Any:
        """Return one number a row: the position of the class, or the value."""
        if not rows.num_rows:
            return np.empty(0)
        if not self.classes:
            kind = "RawFormulaVal" if self.scale == "value" else "Exponent"
            return self._model.predict(self._given(rows), prediction_type=kind, thread_count=1)
        if self.has_probabilities and len(self.classes) == 2:
            return self.predict_proba(rows)[:, 1] > self._model.get_probability_threshold()
        raw = self._model.predict(self._given(rows), prediction_type="RawFormulaVal", thread_count=1)
        return np.argmax(raw, axis=1)

    def predict_proba(self, rows: pa.Table) -> Any:
        """Return one number a row and class."""
        if not rows.num_rows:
            return np.empty((0, len(self.classes)))
        return self._model.predict_proba(self._given(rows), thread_count=1)

    def _leaves(self, rows: pa.Table) -> Any:
        if not rows.num_rows:
            return np.empty((0, self.trees))
        pool = catboost.Pool(self._given(rows), cat_features=sorted(self._categorical))
        return self._model.calc_leaf_indexes(pool, thread_count=1)

    def contributions(self, rows: pa.Table) -> Any:
        """Return TreeSHAP of each feature and the base, on the scale where the trees add up."""
        pool = catboost.Pool(self._given(rows), cat_features=sorted(self._categorical))
        return self._model.get_feature_importance(pool, type="ShapValues", thread_count=1)

    def _given(self, rows: pa.Table) -> pd.DataFrame:
        names = self.names or [str(i) for i in range(self.width)]
        columns = {}
        for place, name in enumerate(names):
            column, called = rows.column(place), rows.column_names[place]
            texts = place in self._categorical
            columns[name] = category_texts(column, called) if texts else numbers(column, called)
        return pd.DataFrame(columns, copy=False)


def category_texts(column: Any, name: str) -> Any:
    """Return one column as CatBoost spells categories: text as it is, whole numbers, true as 1."""
    if column.null_count:
        raise Refuse(
            "missing-values",
            f"column `{name}` has {column.null_count:,} missing values, and CatBoost takes none in a "
            "category; fill them with the text that stood there in training",
        )
    values = column.to_pylist()
    if pa.types.is_floating(column.type):
        broken = next((value for value in values if not value.is_integer()), None)
        if broken is not None:
            raise Refuse(
                "number-for-category",
                f"column `{name}` holds numbers such as `{broken}`, but the model wants a category there: "
                "text or whole numbers",
            )
        values = [int(value) for value in values]
    texts = [str(int(value)) if isinstance(value, bool) else str(value) for value in values]
    return np.array(texts, dtype=object)


def _loaded(model: catboost.CatBoost, raw: bytes) -> catboost.CatBoost:
    try:
        return model.load_model(blob=raw)
    except (catboost.CatBoostError, ValueError) as error:
        raise Refuse("unreadable", f"CatBoost refuses it: {brief(error)}; save it again") from None


def _loss(model: catboost.CatBoost) -> str:
    try:
        return str(json.loads(model.get_metadata()["params"])["loss_function"]["type"])
    except (KeyError, TypeError, ValueError):
        raise Refuse(
            "objective-not-supported",
            "the file does not say what its numbers are (its loss function is missing); save it again with "
            "`save_model`",
        ) from None


def _written_by(model: catboost.CatBoost) -> str:
    try:
        told = str(model.get_metadata()["catboost_version_info"])
    except KeyError:
        return "not stated"
    return next(
        (line.rpartition("/v")[2] for line in told.splitlines() if "tags/v" in line), "a version of its own"
    )

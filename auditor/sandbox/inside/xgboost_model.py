"""Inside the child: XGBoost models in its own formats, JSON and UBJ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import xgboost

from auditor.sandbox.inside import treeshap, xgboost_trees
from auditor.sandbox.inside.answers import Refuse, brief
from auditor.sandbox.inside.boosters import (
    AGAINST_ALL,
    MOST_CREDITED,
    Boosted,
    against_all,
    codes,
    counted,
    numbers,
    refuse_objective,
)
from auditor.sandbox.inside.categories import category_unseen
from auditor.sandbox.inside.model import is_text

LINKS = {
    "reg:squarederror": "value",
    "reg:squaredlogerror": "value",
    "reg:pseudohubererror": "value",
    "reg:absoluteerror": "value",
    "reg:quantileerror": "value",
    "reg:logistic": "log-odds",
    "reg:gamma": "logarithm of the value",
    "reg:tweedie": "logarithm of the value",
    "count:poisson": "logarithm of the value",
}
"""The objectives that answer values -> the scale on which their trees add up."""
SAVE = "load it with the XGBoost that wrote it and save it with `save_model` as .json or .ubj"


class XgboostModel(Boosted):
    """One booster, asked as XGBoost's own `predict` asks it."""

    library = "xgboost.core.Booster"

    def __init__(self, raw: bytes, limits: Mapping[str, Any]) -> None:
        super().__init__()
        said = _document(raw)
        learner = said["learner"]
        xgboost_trees.check(said)
        self._booster = _loaded(raw)
        stated = learner["learner_model_param"]
        self.width = int(stated["num_feature"])
        self.names = [str(name) for name in learner.get("feature_names", [])] or None
        self._types = [str(kind) for kind in learner.get("feature_types", [])] or None
        self.kept = self._categories = kept_categories(learner)
        self._objective = str(learner["objective"]["name"])
        self._settle(int(stated["num_class"]), limits)
        self._range = _range(learner, self._booster)
        self.learnt = xgboost_trees.numbers(said)
        self.trees = len(xgboost_trees.trees(said))
        trees = self._range[1] or self._booster.num_boosted_rounds()
        self.facts = {
            "xgboost": ".".join(map(str, said.get("version", []))) or "not stated",
            "objective": self._objective,
            "iterations": f"{trees} of {self._booster.num_boosted_rounds()}",
        }

    def _settle(self, classes: int, limits: Mapping[str, Any]) -> None:
        """Say what the objective answers."""
        match self._objective:
            case "binary:logistic":
                self.classes, self.has_probabilities, self.scale = counted(2, limits), True, "log-odds"
            case "binary:hinge":
                self.classes = counted(2, limits)
            case "multi:softprob":
                self.classes, self.has_probabilities = counted(classes, limits), True
                self.scale = AGAINST_ALL if classes <= MOST_CREDITED else None
            case "multi:softmax":
                self.classes = counted(classes, limits)
            case objective if objective in LINKS:
                self.scale = LINKS[objective]
            case "binary:logitraw":
                way = 'set `booster.set_param({"objective": "binary:logistic"})` and save it again'
                raise refuse_objective("XGBoost", "binary:logitraw", f"it answers log-odds only; {way}")
            case other:
                raise refuse_objective("XGBoost", other)

    def _answers(self, rows: pa.Table) -> Any:
        answer = self._booster.predict(self._given(rows), iteration_range=self._range)
        return np.asarray(answer, dtype=np.float64)

    def contributions(self, rows: pa.Table) -> Any:
        """Return TreeSHAP of each feature and the base, on the scale where the trees add up."""
        if self._credited is None:
            said = self._booster.predict(self._given(rows), pred_contribs=True, iteration_range=self._range)
        else:
            said = self._credited(self._numbers(rows))
        return said if self.scale != AGAINST_ALL else against_all(said).reshape(len(said), -1)

    @cached_property
    def _credited(self) -> Callable[[Any], Any] | None:
        of = treeshap.of_classes if self.scale == AGAINST_ALL else treeshap.of_booster
        return of(self._booster, self._range)

    def _leaves(self, rows: pa.Table) -> Any:
        return self._booster.predict(self._given(rows), pred_leaf=True, iteration_range=self._range)

    def _given(self, rows: pa.Table) -> xgboost.DMatrix:
        return xgboost.DMatrix(
            self._numbers(rows), feature_names=self.names, feature_types=self._types, nthread=1
        )

    def _numbers(self, rows: pa.Table) -> Any:
        columns = [self._column(rows.column(i), rows.column_names[i], i) for i in range(rows.num_columns)]
        return np.column_stack(columns)

    def _column(self, column: Any, name: str, place: int) -> Any:
        if self._types is None or self._types[place] != "c":
            return numbers(column, name)
        known = self._categories.get(place)
        if known is None:
            if is_text(column.type):
                raise categories_unknown(name)
            return numbers(column, name)  # the codes that it was trained on
        found, unseen = codes(column, known, xgboost_trees.cut)
        if unseen is not None:
            raise category_unseen(name)
        return found


def categories_unknown(name: str) -> Refuse:
    """Return the refusal of text for a category whose names the file does not keep."""
    return Refuse(
        "categories-unknown",
        f"column `{name}` holds text, but the file does not say which category has which code; train it with "
        "XGBoost 3.1 or later on a table with `category` columns, or give the codes that it was trained on",
    )


def kept_categories(learner: Mapping[str, Any]) -> dict[int, list[Any]]:
    """Return the categories that the file keeps: feature -> values in the order of their codes."""
    booster = learner["gradient_booster"]
    model = booster.get("gbtree", booster).get("model", {})
    kept = (model.get("cats") or {}).get("enc", [])
    found = {place: xgboost_trees.categories(one) for place, one in enumerate(kept)}
    return {place: values for place, values in found.items() if values and len(set(values)) == len(values)}


def _document(raw: bytes) -> dict[str, Any]:
    if raw[:4] in {b"binf", b"bs64"} or not raw.lstrip()[:1] == b"{":
        raise Refuse(
            "old-format",
            f"it is in an old binary format, which XGBoost {xgboost.__version__} cannot read; {SAVE}",
        )
    said = xgboost_trees.document(raw)
    written = said.get("version", [])
    here = int(xgboost.__version__.partition(".")[0])
    if len(written) and int(written[0]) > here:
        version = ".".join(map(str, written))
        raise Refuse(
            "other-version",
            f"it was written by XGBoost {version}; this service has {xgboost.__version__}, which may answer "
            f"differently; save it with XGBoost {here}, or export it to ONNX",
        )
    targets = said["learner"].get("learner_model_param", {}).get("num_target", 1)
    if int(targets) > 1:
        raise Refuse(
            "many-outputs", "the model answers several questions at once; audit one output at a time"
        )
    return said


def _loaded(raw: bytes) -> xgboost.Booster:
    try:
        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(bytearray(raw))
    except xgboost.core.XGBoostError as error:
        raise Refuse("unreadable", f"XGBoost refuses it: {brief(error)}; save it again") from None
    check_booster(booster)
    return booster


def check_booster(booster: xgboost.Booster) -> dict[str, Any]:
    """Refuse a booster in memory that points outside itself; return what it says of itself."""
    said = xgboost_trees.document(bytes(booster.save_raw("ubj")))
    xgboost_trees.check(said)
    return said


def _range(learner: Mapping[str, Any], booster: xgboost.Booster) -> tuple[int, int]:
    """Return the iterations that predict: a scikit-learn wrapper stops at its best, a booster uses all."""
    attributes = learner.get("attributes", {})
    best = attributes.get("best_iteration")
    if "scikit_learn" not in attributes or best is None:
        return (0, 0)
    rounds = booster.num_boosted_rounds()
    if not str(best).isdigit() or int(best) >= rounds:
        raise Refuse("damaged-model", f"its best iteration is `{best}` of {rounds}; save it again")
    return (0, int(best) + 1)

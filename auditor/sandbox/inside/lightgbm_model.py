"""Inside the child: LightGBM models in its own text format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa

from auditor.sandbox.inside import lightgbm_trees
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
from auditor.sandbox.inside.model import is_text

LINKS = {
    "regression": "value",
    "regression_l1": "value",
    "huber": "value",
    "fair": "value",
    "quantile": "value",
    "mape": "value",
    "poisson": "logarithm of the value",
    "gamma": "logarithm of the value",
    "tweedie": "logarithm of the value",
    "cross_entropy": "log-odds",
}
"""The objectives that answer values -> the scale on which their trees add up."""
VERSIONS = {"v2", "v3", "v4"}
"""The versions of the text format that LightGBM 4 reads as they were meant."""


class LightgbmModel(Boosted):
    """One booster, asked as LightGBM's own `predict` asks it."""

    library = "lightgbm.basic.Booster"

    def __init__(self, raw: bytes, limits: Mapping[str, Any]) -> None:
        super().__init__()
        try:
            text = raw.decode("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise Refuse("truncated", lightgbm_trees.NOT_WHOLE) from None
        _refuse_other_version(text)
        parsed = lightgbm_trees.parse(text)
        lightgbm_trees.check(parsed)
        self._booster = _loaded(text)
        self.width = parsed.features
        names = parsed.header["feature_names"].split(" ")
        self.names = None if names == [f"Column_{i}" for i in range(self.width)] else names
        self.learnt, self.trees = parsed.numbers, len(parsed.trees)
        self._categories, self._lost = kept_categories(parsed, parsed.pandas_categorical)
        self.kept = self._categories
        self._settle(parsed, limits)
        if any(tree.get("is_linear", "0") != "0" for tree in parsed.trees):
            self.scale = None  # LightGBM has no TreeSHAP for lines in leaves
        self.facts = {
            "lightgbm format": parsed.header["version"],
            "objective": parsed.header.get("objective", "none").partition(" ")[0],
            "iterations": str(len(parsed.trees) // parsed.outputs),
        }

    def _settle(self, parsed: lightgbm_trees.Parsed, limits: Mapping[str, Any]) -> None:
        """Say what the objective answers."""
        words = parsed.header.get("objective", "none").split()
        match words[0] if words else "none":
            case "binary":
                self.classes, self.has_probabilities, self.scale = counted(2, limits), True, "log-odds"
            case "multiclass":
                self.classes, self.has_probabilities = counted(parsed.outputs, limits), True
                self.scale = AGAINST_ALL if parsed.outputs <= MOST_CREDITED else None
            case "multiclassova":
                self.classes = counted(parsed.outputs, limits)  # its numbers do not sum to 1
            case objective if objective in LINKS and parsed.outputs == 1:
                self.scale = "root of the value" if "sqrt" in words else LINKS[objective]
            case "none" | "custom":
                raise Refuse(
                    "objective-not-supported",
                    "it was trained with an objective of its own, so its file does not say what its numbers "
                    "are; submit its answers as columns",
                )
            case other:
                raise refuse_objective("LightGBM", other)

    def predict(self, rows: pa.Table) -> Any:
        """Return one number a row: the position of the class, or the value."""
        answer = self._answers(rows)
        if not self.classes:
            return answer
        return np.argmax(answer, axis=1) if answer.ndim == 2 else (answer > 0.5).astype(np.float64)

    def _answers(self, rows: pa.Table) -> Any:
        return self._booster.predict(self._given(rows), num_threads=1)

    def contributions(self, rows: pa.Table) -> Any:
        """Return TreeSHAP of each feature and the base, on the scale where the trees add up."""
        said = self._booster.predict(self._given(rows), pred_contrib=True, num_threads=1)
        if self.scale != AGAINST_ALL:
            return said
        return against_all(np.reshape(said, (len(said), len(self.classes), -1))).reshape(len(said), -1)

    def _leaves(self, rows: pa.Table) -> Any:
        return self._booster.predict(self._given(rows), pred_leaf=True, num_threads=1)

    def _given(self, rows: pa.Table) -> Any:
        columns = [self._column(rows.column(i), rows.column_names[i], i) for i in range(rows.num_columns)]
        return np.column_stack(columns)

    def _column(self, column: Any, name: str, place: int) -> Any:
        if place in self._categories:
            return codes(column, self._categories[place])[0]  # LightGBM takes unseen categories as missing
        if place in self._lost and is_text(column.type):
            raise Refuse("categories-unknown", f"column `{name}` holds text, but {self._lost[place]}")
        return numbers(column, name)


def _refuse_other_version(text: str) -> None:
    line = next((one for one in text[:4_096].split("\n") if one.startswith("version=")), "version=")
    written = line.partition("=")[2]
    if written not in VERSIONS:
        raise Refuse(
            "other-version",
            f"its LightGBM text format is `{written}`; LightGBM {lightgbm.__version__} here reads "
            f"{', '.join(sorted(VERSIONS))}; save it with LightGBM 4, or export it to ONNX",
        )


def _loaded(text: str) -> lightgbm.Booster:
    try:
        booster = lightgbm.Booster(model_str=lightgbm_trees.without_sizes(text))
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        raise Refuse("unreadable", f"LightGBM refuses it: {brief(error)}; save it again") from None
    check_booster(booster)
    return booster


def check_booster(booster: lightgbm.Booster) -> lightgbm_trees.Parsed:
    """Refuse a booster in memory that points outside itself; return what it says of itself."""
    parsed = lightgbm_trees.parse(booster.model_to_string(num_iteration=-1))
    lightgbm_trees.check(parsed)
    return parsed


def kept_categories(
    parsed: lightgbm_trees.Parsed, pandas_categorical: list[list[Any]] | None
) -> tuple[dict[int, list[Any]], dict[int, str]]:
    """Return the categories of each feature that the file keeps, and why others are lost."""
    kept = pandas_categorical or []
    named = [
        int(word) for word in parsed.parameters.get("categorical_feature", "").split(",") if word.isdigit()
    ]
    if len(kept) == len(named):
        return dict(zip(sorted(named), kept, strict=True)), {}
    why = (
        "the file does not keep its categories; train it on a table whose text columns are of type `category`"
        if not kept
        else f"the file keeps the categories of {len(kept)} columns and names {len(named)} as categorical: "
        "they cannot be told apart; train it with unordered categories only"
    )
    return {}, dict.fromkeys(range(parsed.features), why)

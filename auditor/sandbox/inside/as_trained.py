"""Inside the child: give an estimator its columns in the types that it was trained on.

A table knows numbers, truth values and text. Training frames also know pandas categories, and two kinds of
missing text, None and NaN, which encoders hold apart.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from auditor.sandbox.inside.boosters import codes


class AsTrained:
    """What an estimator tells of the frame that it was trained on."""

    def __init__(self, parts: list[Any]) -> None:
        self._none = any(_took_none(part) for part in parts)
        self._categories: dict[str, list[Any]] = {}
        self._strict: set[str] = set()
        for part in parts:
            kept = _categories(part)
            self._categories.update(kept)
            if _is(part, "xgboost.core", "Booster"):
                self._strict |= kept.keys()

    @property
    def categories(self) -> Mapping[str, list[Any]]:
        """The pandas categories that boosters were trained on, by column."""
        return self._categories

    def frame(self, rows: pa.Table) -> pd.DataFrame:
        """Return the rows as a frame like that of the training."""
        frame: pd.DataFrame = rows.to_pandas()
        for name in frame.columns:
            if (known := self._categories.get(name)) is not None:
                frame[name] = self._category(rows.column(name), name, known)
            elif not pd.api.types.is_numeric_dtype(frame[name]) and rows.column(name).null_count:
                missing = frame[name].isna()
                frame[name] = frame[name].astype(object).where(~missing, None if self._none else np.nan)
        return frame

    def _category(self, column: Any, name: str, known: list[Any]) -> pd.Categorical:
        if name in self._strict:
            return _as_xgboost_wants(column, name, known)
        places, _ = codes(column, known)
        whole = np.nan_to_num(places, nan=-1).astype(np.int64)
        return pd.Categorical.from_codes(whole, categories=pd.Index(known))


def _as_xgboost_wants(column: Any, name: str, known: list[Any]) -> pd.Categorical:
    """Return a column as categories of its own, which XGBoost translates; it refuses those it never saw."""
    from auditor.sandbox.inside.categories import category_unseen
    from auditor.sandbox.inside.xgboost_trees import cut

    unseen = codes(column, known, cut)[1]
    if unseen is not None:
        raise category_unseen(name)
    return pd.Categorical(column.to_pandas())


def _is(part: Any, module: str, name: str) -> bool:
    """Say whether *part* is of a class, without importing its library."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(part, kind)


def boosters(parts: list[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the native boosters among *parts*, with their library."""
    for part in parts:
        if _is(part, "xgboost.core", "Booster"):
            yield "xgboost", part
        elif _is(part, "lightgbm.basic", "Booster"):
            yield "lightgbm", part
        elif _is(part, "catboost.core", "CatBoost"):
            yield "catboost", part


def _took_none(part: Any) -> bool:
    """Say whether an encoder learned None as a category, or an imputer fills None."""
    if not hasattr(part, "__dict__") or isinstance(part, type):
        return False
    told = vars(part)
    if "missing_values" in told and told["missing_values"] is None:
        return True
    learned = told.get("categories_")
    return isinstance(learned, list) and any(None in list(values) for values in learned)


def _categories(part: Any) -> Mapping[str, list[Any]]:
    """Return the pandas categories that *part* was trained on, by column."""
    if _is(part, "xgboost.core", "Booster"):
        from auditor.sandbox.inside.xgboost_model import check_booster, kept_categories

        learner = check_booster(part)["learner"]
        names = learner.get("feature_names", [])
        return {_plain(names[place]): kept for place, kept in kept_categories(learner).items() if names}
    if _is(part, "lightgbm.basic", "Booster"):
        from auditor.sandbox.inside.lightgbm_model import check_booster as checked
        from auditor.sandbox.inside.lightgbm_model import kept_categories as kept_by

        parsed = checked(part)
        names = parsed.header["feature_names"].split(" ")
        known = kept_by(parsed, part.pandas_categorical)[0]
        return {_plain(names[place]): kept for place, kept in known.items()}
    return {}


def _plain(name: str) -> str:
    """Return the column behind the name that a column transformer gave it."""
    return name.rpartition("__")[2]

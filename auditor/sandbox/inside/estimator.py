"""Inside the child: serving an estimator that speaks scikit-learn, however its file was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.model import positions
from checks.model import spell

if TYPE_CHECKING:
    from auditor.sandbox.inside.keeping import Kept


class Estimator:
    """One estimator or pipeline that stands ready, once its parts were looked at."""

    def __init__(self, model: Any, types: Sequence[str], versions: Mapping[str, str]) -> None:
        self._model, self._types, self._versions = model, list(types), dict(versions)
        _refuse_file_readers(self._model)
        from auditor.sandbox.inside.as_trained import AsTrained
        from auditor.sandbox.inside.trees import check_structures

        parts = check_structures(self._model)
        self._trained = AsTrained(parts)
        self._parts = parts
        names = _feature_names(self._model)
        self._names = None if names is None else [str(name) for name in names]
        classes = getattr(self._model, "classes_", None)
        if isinstance(classes, list):
            raise Refuse(
                "many-outputs", "the model answers several questions at once; audit one output at a time"
            )
        if not hasattr(self._model, "predict"):
            kind = type(self._model).__name__
            raise Refuse(
                "not-a-predictor", f"`{kind}` does not predict; save the whole pipeline with its last step"
            )
        self._classes = [] if classes is None else [spell(_plain(value)) for value in classes]

    def describe(self) -> Mapping[str, Any]:
        """Return what the parent is told once."""
        return {
            "kind": "classifier" if self._classes else "regressor",
            "classes": self._classes,
            "features": self._names,
            "n_features": self._width,
            "has_probabilities": bool(self._classes) and hasattr(self._model, "predict_proba"),
            "types": self._types,
            "versions": self._versions,
            "memory": self._kept.told(),
        }

    @cached_property
    def _width(self) -> int | None:
        """The number of columns that it takes, where it says so."""
        width = getattr(self._model, "n_features_in_", None) or len(self._names or ()) or None
        return None if width is None else int(width)

    @cached_property
    def _kept(self) -> Kept:
        from auditor.sandbox.inside.keeping import Kept

        return Kept(self._model, self._parts, self._trained.categories)

    def stored(self, rows: pa.Table) -> Any:
        """Return one number a row: 1 where the row stands in the model, as its parts prepare it."""
        return self._kept.stored(self._given(rows))

    def listed(self, rows: pa.Table) -> Any:
        """Return one number a row and column: is the value in a list of the model? NaN where none is."""
        return self._kept.listed(rows, self._given(rows))

    def leaves(self, rows: pa.Table) -> Any:
        """Return one number a row and tree: the leaf that the row falls in."""
        return self._kept.leaves(self._given(rows))

    def _given(self, rows: pa.Table) -> Any:
        """Return the rows as in training: a frame for a model that knows names, else a matrix."""
        frame = self._trained.frame(rows)
        return frame.to_numpy() if self._names is None else frame[self._names]

    def predict(self, rows: pa.Table) -> Any:
        """Return one number a row: the position of the class, or the value."""
        answer = np.asarray(self._model.predict(self._given(rows)))
        return positions(map_plain(answer), self._classes, spell) if self._classes else answer.ravel()

    def predict_proba(self, rows: pa.Table) -> Any:
        """Return one number a row and class."""
        return self._model.predict_proba(self._given(rows))


def map_plain(answer: Any) -> Any:
    """Return labels as Python values, which `spell` spells alike whatever their numpy type."""
    return np.asarray([_plain(value) for value in answer.ravel()], dtype=object)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def bare_threads() -> None:
    """Let threadpoolctl list libraries by the linker: there is no /proc in here."""
    import threadpoolctl

    threadpoolctl._HAS_PROCFS = False  # noqa: SLF001 - it offers no other way


def refuse_other_version(versions: Mapping[str, str]) -> None:
    """Refuse what another release of scikit-learn wrote: its numbers may differ."""
    here = version("scikit-learn")
    written = versions.get("scikit-learn", here)
    if written.split(".")[:2] != here.split(".")[:2]:
        raise Refuse(
            "other-version",
            f"it was written by scikit-learn {written}; this service has {here}, which may answer "
            "differently; export it to ONNX, or train and save it with that version",
        )


def _refuse_file_readers(model: Any) -> None:
    """Refuse parameters that make an estimator open files; the lock would stop them anyway."""
    parameters = model.get_params(deep=True) if hasattr(model, "get_params") else {}
    for name, value in parameters.items():
        if name.rpartition("__")[2] == "input" and isinstance(value, str) and value in {"filename", "file"}:
            raise Refuse(
                "reads-files",
                f"its parameter `{name}` is `{value}`: the model would read files; use input='content'",
            )


def _feature_names(model: Any) -> Any:
    try:
        names = getattr(model, "feature_names_in_", None)
        return getattr(model, "feature_names_", None) if names is None else names  # as CatBoost calls them
    except Exception:  # noqa: BLE001 - xgboost raises its own error when a booster has no names
        return None

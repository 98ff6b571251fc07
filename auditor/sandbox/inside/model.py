"""Inside the child: open one model file, say what it is, then answer for batches of rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, BinaryIO, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa

from auditor.sandbox import frames
from auditor.sandbox.frames import QUESTION
from auditor.sandbox.inside.answers import Refuse, brief, send_description, send_numbers
from auditor.sandbox.inside.categories import unknown_to

OPENERS: Mapping[str, tuple[str, str]] = {
    "catboost": ("catboost_model", "CatboostModel"),
    "cloudpickle": ("pickle_model", "CloudpickleModel"),
    "joblib": ("pickle_model", "JoblibModel"),
    "lightgbm": ("lightgbm_model", "LightgbmModel"),
    "mlflow": ("mlflow_model", "MlflowModel"),
    "onnx": ("onnx_model", "OnnxModel"),
    "pickle": ("pickle_model", "PickleModel"),
    "skops": ("skops_model", "SkopsModel"),
    "xgboost": ("xgboost_model", "XgboostModel"),
}
"""The format of a model file -> the module in this folder and the class in it that opens such a file."""


class Opened(Protocol):
    """A model that stands ready."""

    def describe(self) -> Mapping[str, Any]:
        """Return what the parent is told once."""
        ...

    def predict(self, rows: pa.Table) -> Any:
        """Return one number a row: the position of the class, or the value."""
        ...

    def predict_proba(self, rows: pa.Table) -> Any:
        """Return one number a row and class."""
        ...


@runtime_checkable
class Explaining(Protocol):
    """A model that can say what each feature added; asked only where its description names the scale."""

    def contributions(self, rows: pa.Table) -> Any:
        """Return one number a row and feature, and the base last: together the raw answer."""
        ...


@runtime_checkable
class Keeping(Protocol):
    """A model that can say what of given rows it keeps; asked only as far as its description allows."""

    def stored(self, rows: pa.Table) -> Any:
        """Return one number a row: 1 where the row stands in the file, as the model prepares it."""
        ...

    def listed(self, rows: pa.Table) -> Any:
        """Return one number a row and column: is the value in a list of the file? NaN where none is."""
        ...

    def leaves(self, rows: pa.Table) -> Any:
        """Return one number a row and tree: the leaf that the row falls in."""
        ...


def serve(
    form: str, descriptor: int, limits: Mapping[str, Any], questions: BinaryIO, answers: BinaryIO
) -> None:
    """Open the model behind *descriptor* and answer until the parent closes the pipe."""
    with os.fdopen(descriptor, "rb") as file:
        raw = file.read(limits["model_bytes"] + 1)
    opened = _opener(form)(raw, limits)
    del raw
    send_description(answers, opened.describe())
    while len(head := questions.read(QUESTION.size)) == QUESTION.size:
        operation, length = QUESTION.unpack(head)
        stream = questions.read(length)
        rows = pa.ipc.open_stream(stream).read_all()
        try:
            send_numbers(answers, np.asarray(_answer(opened, operation, rows), dtype=np.float64))
        except (Refuse, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - a submitted model may raise anything
            raise explained(error, rows) from None


def _answer(opened: Opened, operation: int, rows: pa.Table) -> Any:
    match operation:
        case frames.PREDICT_PROBA:
            return opened.predict_proba(rows)
        case frames.CONTRIBUTIONS:
            if not isinstance(opened, Explaining):
                raise Refuse("no-contributions", "the model gives no contributions")
            return opened.contributions(rows)
        case frames.STORED | frames.LISTED | frames.LEAVES:
            return _kept(opened, operation, rows)
        case _:
            return opened.predict(rows)


def _kept(opened: Opened, operation: int, rows: pa.Table) -> Any:
    if not isinstance(opened, Keeping):
        raise Refuse("not-told", "the file does not tell what it keeps")
    match operation:
        case frames.STORED:
            return opened.stored(rows)
        case frames.LISTED:
            return opened.listed(rows)
        case _:
            return opened.leaves(rows)


def spread_over(trees: int) -> Any:
    """Return the places of at most as many trees as are told, from the first to the last."""
    most = min(trees, frames.MOST_TREES)
    return np.unique(np.linspace(0, max(trees - 1, 0), most).round().astype(np.int64))


def _opener(form: str) -> Callable[[bytes, Mapping[str, Any]], Opened]:
    module, name = OPENERS[form]
    opener: Callable[[bytes, Mapping[str, Any]], Opened] = getattr(
        import_module(f"auditor.sandbox.inside.{module}"), name
    )
    return opener


def explained(error: Exception, rows: pa.Table) -> Refuse:
    """Name the column when a model that wants numbers was given text, or does not know a category."""
    said = str(error)
    unknown = unknown_to(error, rows.column_names)
    if unknown is not None:
        return unknown
    marker = "could not convert string to float: "
    if marker in said:
        value = said.partition(marker)[2].strip().strip("'\"")
        for name, column in zip(rows.column_names, rows.columns, strict=True):
            if is_text(column.type) and value in column.unique().to_pylist():
                return text_for_number(name, value)
    return Refuse("model-failed", brief(error))


def text_for_number(name: str, value: object) -> Refuse:
    """Return the refusal of a column that holds text where the model wants numbers."""
    return Refuse(
        "text-for-number",
        f"column `{name}` holds text such as `{value}`, but the model wants a number there; "
        "give the column as the model was trained on it",
    )


def is_text(kind: pa.DataType) -> bool:
    """Say whether an Arrow type holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def positions(labels: Any, classes: Sequence[str], spell: Callable[[object], str]) -> Any:
    """Return each label's position in *classes*."""
    where = {name: position for position, name in enumerate(classes)}
    try:
        return np.array([where[spell(label)] for label in np.asarray(labels).ravel()], dtype=np.float64)
    except KeyError as unknown:
        raise Refuse(
            "unknown-class", f"the model answered class {unknown}, which is not one of its classes"
        ) from None

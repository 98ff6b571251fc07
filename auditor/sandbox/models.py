"""Submitted models, seen only through numbers."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auditor.problems import Refused, refuse
from auditor.sandbox.formats import UNSAFE, model_format
from auditor.sandbox.frames import (
    CONTRIBUTIONS,
    LEAVES,
    LISTED,
    MOST_TREES,
    PREDICT,
    PREDICT_PROBA,
    STORED,
)
from auditor.sandbox.host import available
from auditor.sandbox.limits import Limits, raise_it
from auditor.sandbox.parent import Answered, Child, ChildDied, TooLate, clean
from checks.model import Array, Memory, ModelError, ModelFile, Rows, Task
from checks.unanswered import Unanswered, without_answer

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ModelInspection:
    """What a model file says of itself, checked for shape."""

    format: str
    kind: str
    classes: tuple[str, ...]
    feature_names: tuple[str, ...] | None
    n_features: int | None
    has_probabilities: bool
    types: tuple[str, ...]
    unexpected: tuple[str, ...]
    versions: Mapping[str, str]
    memory: Memory | None = None
    """What the file says of the data that it keeps, as far as its format tells."""
    contributions: str | None = None
    """The scale on which the model can say what each feature added: log-odds, value; None where it cannot."""

    @property
    def task_candidates(self) -> tuple[Task, ...]:
        """The tasks that such answers can serve, the most likely first."""
        if self.kind != "classifier":
            return Task.REGRESSION, Task.SCORING
        if len(self.classes) != 2:
            return (Task.MULTICLASS,)
        return (Task.BINARY, Task.SCORING) if self.has_probabilities else (Task.BINARY,)


class SandboxedModel:
    """A model in a locked child; see `checks.model.Model`."""

    def __init__(self, child: Child, inspection: ModelInspection, file: ModelFile, limits: Limits) -> None:
        self._child, self._limits = child, limits
        self._dead: str | None = None
        self.inspection, self.file = inspection, file

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names in the order of the columns of `predict_proba`; empty for a regressor."""
        return self.inspection.classes

    @property
    def has_probabilities(self) -> bool:
        """Whether `predict_proba` answers."""
        return self.inspection.has_probabilities

    @property
    def features(self) -> tuple[str, ...] | None:
        """The columns that the model asks for by name, in its order; None when it takes them by position."""
        return self.inspection.feature_names

    def predict(self, X: pd.DataFrame) -> Array:
        """Return one float64 a row: the class's position in `classes`, or the value for a regressor."""
        answer = self._ask(PREDICT, X, 1)[:, 0]
        known = np.isfinite(answer)
        if self.classes and not np.isin(answer[known], np.arange(len(self.classes))).all():
            raise ModelError("it answered a class that is none of its own")
        if not known.all():
            raise Unanswered(answer)
        return answer

    def predict_proba(self, X: pd.DataFrame) -> Array:
        """Return float64 of shape (rows, classes)."""
        if not self.has_probabilities:
            raise ModelError("it gives no probabilities")
        answer = self._ask(PREDICT_PROBA, X, len(self.classes))
        lost = without_answer(answer)
        answer[lost] = np.nan
        proper = (np.abs(answer.sum(axis=1) - 1) <= 1e-4) & ((answer >= -1e-6) & (answer <= 1 + 1e-6)).all(
            axis=1
        )
        if not (proper | lost).all():
            first, count = int(np.flatnonzero(~(proper | lost))[0]), int((~(proper | lost)).sum())
            total = float(answer[first].sum())
            raise ModelError(
                f"{count:,} rows of its answers are not probabilities: row {first + 1} sums to {total:.6g}; "
                "calibrate the model, or submit its scores as a column"
            )
        answer = np.clip(answer, 0.0, 1.0)
        if lost.any():
            raise Unanswered(answer)
        return answer

    def contributions(self, X: pd.DataFrame, position: int | None = None) -> Array:
        """Return float64 of shape (rows, features + 1): what each feature added, and the base last.

        Features stand in the order of *X*; one that the model does not take added 0. Each row sums to the
        raw answer on the scale `inspection.contributions`. The model's own word: the caller checks the sums
        before believing them.
        """
        if self.inspection.contributions is None:
            raise ModelError("it gives no contributions")
        given = self._columns(X)
        sets = len(self.classes) if len(self.classes) > 2 else 1
        answer = self._ask(CONTRIBUTIONS, given, sets * (given.shape[1] + 1))
        answer = answer.reshape(len(answer), sets, -1)[:, position or 0]
        if not np.isfinite(answer).all():
            raise ModelError("some of its contributions are not finite numbers")
        placed = np.zeros((len(X), X.shape[1] + 1))
        placed[:, [*X.columns.get_indexer(given.columns), -1]] = answer
        return placed

    def stored(self, X: pd.DataFrame) -> Array:
        """Return one truth value a row: does it stand in the file, as the model prepares it?"""
        return np.asarray(self._ask(STORED, X, 1)[:, 0] == 1)

    def listed(self, X: pd.DataFrame) -> Array:
        """Return float64 of the shape of *X*: 1 where a list in the file holds the value, NaN without one."""
        given = self._columns(X)
        answer = self._ask(LISTED, given, given.shape[1])
        placed = np.full(X.shape, np.nan)
        placed[:, X.columns.get_indexer(given.columns)] = answer
        return placed

    def leaves(self, X: pd.DataFrame) -> Array:
        """Return float64 of shape (rows, trees): the leaf that a row falls in; NaN for a tree not used."""
        trees = 0 if self.inspection.memory is None else self.inspection.memory.trees
        return self._ask(LEAVES, X, min(trees, MOST_TREES))

    def _ask(self, operation: int, X: pd.DataFrame, columns: int) -> Array:
        """Ask batch by batch; a model that died stays dead."""
        if self._dead is not None:
            raise ModelError(self._dead)
        given = self._columns(X)
        size = self._limits.batch_rows
        parts = [np.empty((0, columns))]
        for start in range(0, len(given), size):
            part = given.iloc[start : start + size]
            try:
                seconds = self._limits.call_seconds
                parts.append(self._child.numbers(operation, _stream(part), len(part), columns, seconds))
            except (Answered, ChildDied) as end:
                late = f"; make it faster, {raise_it('call_seconds')}" if isinstance(end, TooLate) else ""
                self._dead = f"{end}{late}"
                self._child.close()
                raise ModelError(self._dead) from None
        return np.concatenate(parts)

    def _columns(self, X: pd.DataFrame) -> pd.DataFrame:
        if self.features is not None:
            missing = [name for name in self.features if name not in X.columns]
            if missing:
                raise ModelError(f"it asks for {_listed(missing)}, which the table does not have")
            return X.loc[:, list(self.features)]
        width = self.inspection.n_features
        if width is not None and X.shape[1] != width:
            raise ModelError(f"it takes {width} features; {X.shape[1]} were given")
        return X


def inspect_model(path: Path, format: str | None = None, limits: Limits | None = None) -> ModelInspection:  # noqa: A002
    """Open the model in a locked child, only to say what it is."""
    with open_model(path, format, limits) as model:
        return model.inspection


@contextmanager
def open_model(
    path: Path,
    format: str | None = None,  # noqa: A002 - the word of the submission
    limits: Limits | None = None,
) -> Iterator[SandboxedModel]:
    """Open the model in a locked child that lives as long as the context; raise `Refused` if that fails."""
    limits = limits or Limits()
    if (missing := available()) is not None:
        raise refuse("model", "sandbox-missing", f"submitted files cannot be read here: {missing}.")
    kind = model_format(path, format, unsafe=limits.unsafe_formats)
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > limits.model_bytes:
            raise refuse(
                "model",
                "too-large",
                f"the model is larger than {limits.model_bytes / 2**20:,.0f} MiB: make it smaller, "
                f"{raise_it('model_bytes')}.",
            )
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        child = Child(kind, file.fileno(), limits)
    try:
        inspection = _described(child, kind, limits)
        known = ModelFile(
            format=kind,
            digest=digest,
            size=size,
            types=inspection.types,
            unexpected=inspection.unexpected,
            can_execute=kind in UNSAFE,
        )
        yield SandboxedModel(child, inspection, known, limits)
    finally:
        child.close()


def _described(child: Child, kind: str, limits: Limits) -> ModelInspection:
    """Read and check what the child says of the model."""
    try:
        said = child.description(time.monotonic() + limits.open_seconds, limits.open_seconds)
    except Answered as no:
        raise refuse("model", f"model-{no.code}".removeprefix("model-model-"), _sentence(str(no))) from None
    except TooLate as late:
        sentence = f"the model could not be opened: {late}; make it smaller, {raise_it('open_seconds')}."
        raise refuse("model", "model-too-slow", sentence) from None
    except ChildDied as end:
        raise refuse("model", "model-died", f"the model could not be opened: {end}.") from None
    try:
        return _checked(said, kind, limits)
    except (TypeError, ValueError, KeyError) as wrong:
        raise refuse(
            "model", "model-description", f"the model was refused: {clean(str(wrong), 200)}."
        ) from None


def _sentence(text: str) -> str:
    return f"the model was refused: {text.rstrip('.')}."


def _checked(said: Mapping[str, Any], kind: str, limits: Limits) -> ModelInspection:
    classes = _names(said["classes"], limits.classes, "classes")
    features = None if said["features"] is None else _names(said["features"], limits.columns, "features")
    width = said["n_features"]
    if said["kind"] not in {"classifier", "regressor"} or not isinstance(said["has_probabilities"], bool):
        raise ValueError("it does not say what it is")
    if width is not None and (type(width) is not int or not 0 < width <= limits.columns):
        said_width = f"it takes {width} features; {limits.columns:,} are allowed"
        raise ValueError(f"{said_width}: take fewer, {raise_it('columns')}")
    if said["kind"] == "classifier" and len(classes) < 2:
        raise ValueError("it knows fewer than two classes")
    versions = {clean(str(k), 40): clean(str(v), 80) for k, v in dict(said["versions"]).items()}
    return ModelInspection(
        format=kind,
        kind=said["kind"],
        classes=classes,
        feature_names=features,
        n_features=width,
        has_probabilities=said["has_probabilities"],
        types=tuple(clean(str(name), 200) for name in list(said["types"])[:2_000]),
        unexpected=(),  # a file with an unexpected type is refused, not opened
        versions=dict(sorted(versions.items())),
        memory=_memory(said.get("memory")),
        contributions=None if (scale := said.get("contributions")) is None else clean(str(scale), 40),
    )


def _memory(told: Any) -> Memory | None:
    """Check what the file says of the data that it keeps."""
    if told is None:
        return None
    numbers, trees = told["numbers"], told["trees"]
    for count in (trees, 0 if numbers is None else numbers):
        if type(count) is not int or not 0 <= count < 2**53:
            raise ValueError("it does not say how much it learnt")
    return Memory(numbers, Rows(told["rows"]), bool(told["lists"]), trees)


def _names(values: Any, most: int, what: str) -> tuple[str, ...]:
    if not isinstance(values, list) or len(values) > most:
        limit = "classes" if what == "classes" else "columns"
        raise ValueError(f"it has more than {most:,} {what}: take fewer, {raise_it(limit)}")
    names = tuple(str(value) for value in values)
    for name in names:
        if not name or len(name) > 256 or clean(name, 256) != " ".join(name.split()):
            raise ValueError(f"one of its {what} has no readable name")
    if len(set(names)) != len(names):
        raise ValueError(f"two of its {what} have the same name")
    return names


def _stream(rows: pd.DataFrame) -> memoryview:
    """Return *rows* as an Arrow stream; these bytes are ours, so the child may trust them."""
    import pyarrow as pa

    table = pa.Table.from_pandas(rows, preserve_index=False, nthreads=1)  # threads would cost more
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"


__all__ = ["ModelInspection", "Refused", "SandboxedModel", "inspect_model", "open_model"]

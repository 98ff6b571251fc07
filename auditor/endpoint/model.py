"""A model behind HTTP, seen only through numbers; see `checks.model.Model`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

from auditor.endpoint.call import Caller
from auditor.endpoint.protocols import Given, read, rows_of, write
from auditor.sandbox.models import ModelInspection
from checks.model import Array, ModelError, Task, spell

if TYPE_CHECKING:
    import pandas as pd

    from auditor.endpoint.asked import Endpoint

TOLERANCE = 1e-4
"""How far a row of probabilities may be from a sum of 1."""
MOST_CLASSES = 1_000


class EndpointModel:
    """Asks in parts of at most the allowed rows; what it answers is checked part by part."""

    file = None
    """There is no model file to inspect."""

    def __init__(self, asked: Endpoint, task: Task, caller: Caller, classes: Collection[str]) -> None:
        self._asked, self._task, self._caller = asked, task, caller
        self._classes = classes

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names in the order of the columns of `predict_proba`; empty for a regressor."""
        return () if self._task is Task.REGRESSION else tuple(self._classes)

    @property
    def has_probabilities(self) -> bool:
        """Whether `predict_proba` answers."""
        return self._asked.probabilities

    @property
    def features(self) -> tuple[str, ...] | None:
        """The columns that it is sent, where the submission names them."""
        return self._asked.features

    @property
    def inspection(self) -> ModelInspection:
        """What is known of it: only what was declared or learnt."""
        return ModelInspection(
            format=f"endpoint ({self._asked.protocol})",
            kind="classifier" if self.classes else "regressor",
            classes=self.classes,
            feature_names=self.features,
            n_features=None,
            has_probabilities=self.has_probabilities,
            types=(),
            unexpected=(),
            versions={},
        )

    def learn(self, X: pd.DataFrame) -> tuple[str, ...]:
        """Return the classes found in the first answers; none where they are declared or there are none."""
        declared = self._classes or self._task is Task.REGRESSION
        if declared or (self._task is Task.SCORING and not self._asked.probabilities):
            return ()
        names = {_class_name(one) for one in self._answers(X.iloc[: self._caller.rules.rows])}
        if not 2 <= len(names) <= MOST_CLASSES:
            raise ModelError(f"its first answers hold {len(names):,} different values; declare its `classes`")
        return tuple(sorted(names))

    def predict(self, X: pd.DataFrame) -> Array:
        """Return one float64 a row: the class's position in `classes`, or the value for a regressor."""
        if self.classes and self.has_probabilities:
            return np.asarray(self.predict_proba(X).argmax(axis=1), dtype=np.float64)
        given = self._answers(X)
        places = {name: float(at) for at, name in enumerate(self.classes)}
        said = (_place(one, places) if places else _number(one) for one in given)
        return np.fromiter(said, dtype=np.float64, count=len(given))

    def predict_proba(self, X: pd.DataFrame) -> Array:
        """Return float64 of shape (rows, classes)."""
        if not self.has_probabilities:
            raise ModelError("it gives no probabilities")
        width = len(self.classes)
        rows = [_spread(one, width) for one in self._answers(X)]
        answer = np.array(rows, dtype=np.float64).reshape(len(rows), width)
        inside = ((answer >= -1e-6) & (answer <= 1 + 1e-6)).all(axis=1)
        wrong = ~(inside & (np.abs(answer.sum(axis=1) - 1) <= TOLERANCE))
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            raise ModelError(
                f"{int(wrong.sum()):,} rows of its answers are not probabilities: row {first + 1} sums to "
                f"{float(answer[first].sum()):.6g}"
            )
        return np.clip(answer, 0.0, 1.0)

    def _answers(self, X: pd.DataFrame) -> list[Given]:
        """Ask part by part, unless the whole cannot be afforded."""
        sent = X if self.features is None else self._chosen(X)
        names = [str(name) for name in sent.columns]
        size = self._caller.rules.rows
        self._caller.afford(-(-len(sent) // size) if len(sent) else 0)
        given: list[Given] = []
        for start in range(0, len(sent), size):
            rows = rows_of(sent.iloc[start : start + size])
            content = self._caller.ask(write(self._asked, names, rows))
            given.extend(read(self._asked, content, len(rows), self.classes))
        return given

    def _chosen(self, X: pd.DataFrame) -> pd.DataFrame:
        wanted = list(self.features or ())
        if missing := [name for name in wanted if name not in X.columns]:
            raise ModelError(f"it is sent `{missing[0]}`, which the table does not have")
        return X.loc[:, wanted]


def _place(one: Given, places: Mapping[str, float]) -> float:
    name = _class_name(one)
    if name not in places:
        raise ModelError(f"it answered the class `{name[:80]}`, which is not among its `classes`")
    return places[name]


def _class_name(one: Given) -> str:
    if isinstance(one, tuple) and len(one) == 1:
        one = one[0]
    if isinstance(one, tuple):
        raise ModelError(
            "it answered several numbers a row; set `probabilities: true` and name its `classes`"
        )
    if isinstance(one, str):
        return one
    if not float(one).is_integer():
        raise ModelError("it answered numbers between classes; set `probabilities: true` and its `classes`")
    return spell(one)


def _number(one: Given) -> float:
    if isinstance(one, tuple) and len(one) == 1:
        one = one[0]
    if not isinstance(one, float):
        raise ModelError("it answered something other than one number a row")
    return one


def _spread(one: Given, width: int) -> tuple[float, ...]:
    """Return one number a class; a lone number is the probability of the last of two."""
    if isinstance(one, tuple) and len(one) == 1:
        one = one[0]
    if isinstance(one, float) and width == 2:
        return (1 - one, one)
    if not isinstance(one, tuple) or len(one) != width:
        raise ModelError(f"it did not answer {width} probabilities for every row, one for each class")
    return one

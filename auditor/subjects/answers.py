"""What the system said about each row: asked of its model once, or read from its columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from auditor.problems import refuse
from auditor.subjects.asking import Asked, ask
from auditor.subjects.classes import Outcomes
from auditor.subjects.columns import lacking
from auditor.subjects.opened import Opened
from checks.model import Array, Model, ModelError, Roles, Task
from checks.unanswered import Unanswered
from checks.values import as_text

ROUNDING = 1e-12
"""Scores of a model this close to the threshold are at it.

The last bits of a sum depend on how many rows the arithmetic handles at once. A score that equals the
threshold but for those bits must not be decided by the size of a batch.
"""


@dataclass(frozen=True, eq=False)
class Answers:
    """What a system said about rows."""

    decision: Array | None
    score: Array | None
    disagreement: int | None = None
    """Rows where a given decision differs from the given score at the threshold."""
    probabilities: Array | None = None
    """Rows by classes of the model, where there are several events."""
    asked: Asked | None = None
    """How its model was asked; None where the answers were given as columns."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which numbers are taken from a model, and what follows from them."""

    probabilities: bool
    score: int | None
    """The column of the score, among probabilities."""
    threshold: float | None
    """Where a score becomes the decision for the positive class."""
    decides: bool
    """Whether something is decided: else the number itself is the answer."""

    @property
    def is_number(self) -> bool:
        """Whether the answer is a value of any size, neither a probability nor a class."""
        return not self.probabilities and not self.decides

    def decisions(self, values: Array) -> Array | None:
        """Return one number a row that is equal where the decision is; None where nothing is decided."""
        if not self.decides:
            return None
        if self.probabilities and self.score is None:
            # ties go to the class that is named first
            return np.asarray(np.argmax(np.round(values / ROUNDING), axis=1))
        if self.score is None or self.threshold is None:
            return np.asarray(values[:, 0])
        return np.asarray(values[:, self.score] >= self.threshold - ROUNDING)


def question(task: Task, roles: Roles, settled: Outcomes, model: Model) -> Question:
    """Return what *model* is asked for this task."""
    if task is Task.BINARY and model.has_probabilities:
        column = model.classes.index(str(settled.positive))
        return Question(probabilities=True, score=column, threshold=roles.threshold, decides=True)
    if task is Task.SCORING and model.has_probabilities and settled.positive in model.classes:
        column = model.classes.index(settled.positive)
        return Question(probabilities=True, score=column, threshold=None, decides=False)
    decides = task in (Task.BINARY, Task.MULTICLASS)
    if task is Task.MULTICLASS and model.has_probabilities:
        return Question(probabilities=True, score=None, threshold=None, decides=True)
    return Question(probabilities=False, score=None, threshold=None, decides=decides)


def answers(
    task: Task,
    table: pd.DataFrame,
    roles: Roles,
    settled: Outcomes,
    model: Opened | None,
    *,
    seed: int = 0,
    stream: int = 0,
    name: str = "evaluation",
) -> Answers:
    """Return the system's answers for the rows of the table called *name*; nothing where it carries none."""
    if model is None:
        return _given(task, table, roles, settled)
    if lacking(roles.features, table):
        return Answers(None, None)  # a reference population has no features
    wanted = question(task, roles, settled, model)
    X = table.loc[:, list(roles.features)]
    try:
        asked = ask(model, X, seed, probabilities=wanted.probabilities, stream=stream)
    except ModelError as why:
        said = str(why).rstrip(".")
        if isinstance(why, Unanswered):
            said = f"{said} of the {name} table, first for row {why.first + 1}"
        raise refuse("model", "no-answer", f"the model could not answer the rows: {said}.") from None
    return _understood(wanted, asked, settled, model)


def _understood(wanted: Question, asked: Asked, settled: Outcomes, model: Model) -> Answers:
    score = None if wanted.score is None else asked.values[:, wanted.score]
    chosen = wanted.decisions(asked.values)
    if chosen is None:
        return Answers(None, asked.values[:, 0] if score is None else score, asked=asked)
    names = model.classes if score is None else (settled.negative, settled.positive)
    decision = np.array(names, dtype=object)[chosen.astype(np.int64)]
    several = asked.values if wanted.probabilities and score is None else None
    return Answers(decision, score, probabilities=several, asked=asked)


def _given(task: Task, table: pd.DataFrame, roles: Roles, settled: Outcomes) -> Answers:
    decision = score = None
    if roles.score is not None and roles.score in table.columns:
        score = _numbers(table[roles.score])
    if roles.prediction is not None and roles.prediction in table.columns:
        if task is Task.REGRESSION:
            return Answers(None, _numbers(table[roles.prediction]))  # the prediction is the number itself
        decision = as_text(table[roles.prediction])
    if score is None or task is not Task.BINARY:
        return Answers(decision, score)
    by_score = _decided(score, roles, settled)
    if decision is None:
        return Answers(by_score, score)
    return Answers(decision, score, int((decision != by_score).sum()))


def _numbers(values: pd.Series[float]) -> Array:
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _decided(score: Array, roles: Roles, settled: Outcomes) -> Array:
    names = np.array([settled.negative, settled.positive], dtype=object)
    return np.asarray(names[(score >= roles.threshold).astype(np.int64)])

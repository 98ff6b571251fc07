"""What the system said about each row: asked of its model once, or read from its columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from auditor.problems import refuse
from auditor.sandbox import SandboxedModel
from auditor.subjects.classes import Outcomes
from auditor.subjects.columns import lacking
from checks.model import Array, ModelError, Roles, Task
from checks.values import as_text


@dataclass(frozen=True, eq=False)
class Answers:
    """What a system said about rows."""

    decision: Array | None
    score: Array | None
    disagreement: int | None = None
    """Rows where a given decision differs from the given score at the threshold."""


def answers(
    task: Task, table: pd.DataFrame, roles: Roles, settled: Outcomes, model: SandboxedModel | None
) -> Answers:
    """Return the system's answers for the rows of *table*; nothing for a table that carries none."""
    if model is None:
        return _given(task, table, roles, settled)
    if lacking(roles.features, table):
        return Answers(None, None)  # a reference population has no features
    try:
        return _asked(task, table.loc[:, list(roles.features)], roles, settled, model)
    except ModelError as why:
        said = str(why).rstrip(".")
        raise refuse("model", "no-answer", f"the model could not answer the rows: {said}.") from None


def _asked(task: Task, X: pd.DataFrame, roles: Roles, settled: Outcomes, model: SandboxedModel) -> Answers:
    names = np.array(model.classes, dtype=object)
    if task is Task.BINARY and model.has_probabilities:
        score = model.predict_proba(X)[:, model.classes.index(str(settled.positive))]
        return Answers(_decided(score, roles, settled), score)
    if task is Task.SCORING and model.has_probabilities and settled.positive in model.classes:
        return Answers(None, model.predict_proba(X)[:, model.classes.index(settled.positive)])
    answer = model.predict(X)
    if task in (Task.BINARY, Task.MULTICLASS):
        return Answers(names[answer.astype(np.int64)], None)
    return Answers(None, answer)


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

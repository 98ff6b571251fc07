"""Which two values a binary system chooses between, which is the event, and which people want."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from auditor.problems import Problem, Refused, refuse
from auditor.subjects.columns import classes_of, listed
from auditor.submission import Columns, Submission
from checks.model import Task

NUMBERED = {
    "xgboost": ("an XGBoost", ""),
    "lightgbm": ("a LightGBM", ", or save the `LGBMClassifier` with `skops.io.dump`, which keeps the names"),
}
"""The formats of models that count their classes from 0, and another way to give names."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The classes, and the two roles that a value can play."""

    classes: tuple[str, ...]
    positive: str | None
    favourable: str | None

    @property
    def negative(self) -> str:
        """The class that is not positive, in a binary task."""
        assert self.positive is not None
        others = [c for c in self.classes if c != self.positive]
        return others[0] if others else {"1": "0", "true": "false"}.get(self.positive, f"not {self.positive}")


def outcomes(submission: Submission, table: pd.DataFrame, model_classes: Sequence[str]) -> Outcomes:
    """Return the classes and their roles; raise `Refused` where they do not fit together."""
    columns = submission.columns
    label = classes_of(table[columns.label]) if columns.label else ()
    decided = classes_of(table[columns.prediction]) if columns.prediction else tuple(model_classes)
    classes = tuple(sorted({*label, *decided}))
    positive, favourable = columns.positive, columns.favourable
    if submission.task is Task.REGRESSION:
        return Outcomes((), positive, favourable)
    if differ := _differ(submission.task, columns, label, decided):
        raise Refused([differ])
    positive, favourable = positive or favourable, favourable or positive
    if positive is None or favourable is None:
        if submission.task is Task.MULTICLASS or (submission.task is Task.SCORING and not model_classes):
            return Outcomes(classes, None, None)
        sentence = f"say which outcome people want: set `favourable` to {_one_of(classes)}."
        raise refuse("columns.favourable", "favourable-missing", sentence)
    held = ((f"the label `{columns.label}`, which holds", label), ("the decisions, which hold", decided))
    problems = [
        problem
        for role, value in _said(columns, positive, favourable)
        if len(classes) >= 2 and (problem := _absent(role, value, held)) is not None
    ]
    if not problems and submission.task is Task.BINARY and len(classes) > 2:
        problems = [_too_many(label, classes)]
    if problems:
        raise Refused(problems)
    return Outcomes(classes, positive, favourable)


def numbered(
    submission: Submission, table: pd.DataFrame, form: str, model_classes: Sequence[str]
) -> Iterator[Problem]:
    """Find a label that a native file, which only counts its classes, cannot answer with."""
    name = submission.columns.label
    if form not in NUMBERED or name is None or not model_classes:
        return
    held = classes_of(table[name])
    if set(held) - set(model_classes):
        library, way = NUMBERED[form]
        sentence = (
            f"the label `{name}` holds {listed(held)}, but {library} file keeps no class names and answers "
            f"{listed(model_classes)}; write the label in those numbers, as the model was trained{way}."
        )
        yield Problem("columns.label", "classes-numbered", sentence)


def _one_of(classes: Sequence[str]) -> str:
    return f"one of {listed(classes)}" if classes else "the value of that decision"


def _absent(role: str, value: str, held: Sequence[tuple[str, Sequence[str]]]) -> Problem | None:
    """Find a role whose value one side never takes; a side with a single value may just be one-sided."""
    there = {one for _, values in held for one in values}
    for name, values in held:
        if (len(values) >= 2 or value not in there) and values and value not in values:
            sentence = (
                f"the {role} value `{value}` does not occur in {name} {listed(values)}; choose one of them."
            )
            return Problem(f"columns.{role}", f"{role}-absent", sentence)
    return None


def _said(columns: Columns, positive: str, favourable: str) -> Iterator[tuple[str, str]]:
    """Yield the roles and their values; where one stands in for the other, only the one that was written."""
    if columns.favourable is not None:
        yield "favourable", favourable
    if columns.favourable is None or positive != favourable:
        yield "positive", positive


def _differ(task: Task, columns: Columns, label: Sequence[str], decided: Sequence[str]) -> Problem | None:
    """Find a label that is spelt otherwise than the decisions about the same people."""
    if task is Task.BINARY:
        apart = len(label) == len(decided) == 2 and set(label) != set(decided)
    else:
        apart = len(label) >= 2 and len(decided) >= 2 and not set(label) & set(decided)
    if not apart or task is Task.SCORING:
        return None
    system = f"the decisions in `{columns.prediction}` are" if columns.prediction else "the model answers"
    sentence = (
        f"the label `{columns.label}` holds {listed(label)}, but {system} {listed(decided)}; "
        "spell both with the same values."
    )
    return Problem("columns.label", "classes-differ", sentence)


def _too_many(label: Sequence[str], classes: Sequence[str]) -> Problem:
    sentence = f"a binary task has two outcomes, but here are {len(classes)}: {listed(classes)}."
    return Problem("columns.label" if len(label) > 2 else "task", "too-many-classes", sentence)

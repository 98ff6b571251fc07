"""Does a model fit its table, and what do further systems answer for the same rows?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from auditor.problems import Problem, Refused
from auditor.sandbox import Limits, open_model
from auditor.sandbox.formats import CAUTION
from auditor.subjects import columns as check_columns
from auditor.subjects import integrity
from auditor.subjects.answers import Answers, answers, question
from auditor.subjects.asking import asking_seed
from auditor.subjects.classes import Outcomes, numbered, outcomes
from auditor.subjects.columns import MOST_NAMED, lacking, listed
from auditor.subjects.opened import Opened
from auditor.submission import Contender, Submission
from checks.model import Challenger, Roles, Task
from checks.values import group_values

STREAM = 100
"""Keeps the random order in which challengers are asked apart from that of the audited system."""


def inputs(
    declared: tuple[str, ...] | None,
    features: tuple[str, ...],
    table: pd.DataFrame,
    model: Opened | None,
) -> Iterator[Problem]:
    """Find features that the model needs and the table lacks, or that were declared otherwise."""
    if model is None:
        return
    missing = lacking(features, table)
    for name in missing[:MOST_NAMED]:
        yield check_columns.unknown("model", name, table, f"the model needs `{name}`; the evaluation table")
    if len(missing) > MOST_NAMED:
        rest = f"the model needs {len(missing) - MOST_NAMED} more columns that the evaluation table lacks."
        yield Problem("model", "unknown-column", rest)
    if model.features is not None and declared is not None:
        yield from _declared_otherwise(declared, [name for name in features if name not in missing])
    width = model.inspection.n_features
    if model.features is None and width is not None and width != len(features):
        sentence = f"the model takes {width} features, not {len(features)}; name its columns in `features`."
        yield Problem("columns.features", "features-differ", sentence)


def _declared_otherwise(declared: Sequence[str], taken: Sequence[str]) -> Iterator[Problem]:
    """Find declared features that the model does not take, and features that it takes undeclared."""
    if extra := [name for name in declared if name not in taken]:
        sentence = f"`features` names {listed(extra)}, which the model does not take; remove it."
        yield Problem("columns.features", "features-differ", sentence)
    if more := [name for name in taken if name not in declared]:
        sentence = f"the model also takes {listed(more)}; add it to `features`, or leave `features` out."
        yield Problem("columns.features", "features-differ", sentence)


def ordered(declared: tuple[str, ...] | None, features: tuple[str, ...]) -> Iterator[str]:
    """Say where the model takes its features in another order than the declared one."""
    at_odds = [(a, b) for a, b in zip(declared or (), features, strict=False) if a != b]
    if at_odds:
        first, second = at_odds[0]
        yield (
            f"the model takes its features by name, in its own order: `{second}` stands where `features` has "
            f"`{first}`. Its order was used."
        )


def fits(submission: Submission, model: Opened) -> Iterator[Problem]:
    """Find what the model answers that the task is not about."""
    classifies = model.inspection.kind == "classifier"
    if submission.task in (Task.BINARY, Task.MULTICLASS) and not classifies:
        sentence = f"the model answers numbers, not classes; the task cannot be {submission.task}."
        yield Problem("task", "not-a-classifier", sentence)
    if submission.task is Task.REGRESSION and classifies:
        yield Problem("task", "not-a-regressor", "the model answers classes; the task cannot be regression.")
    if submission.task is Task.BINARY and classifies and len(model.classes) != 2:
        sentence = f"a binary task has two outcomes, but the model knows {listed(model.classes)}."
        yield Problem("task", "too-many-classes", sentence)
    if submission.columns.threshold is not None and not model.has_probabilities:
        sentence = "the model gives no probabilities, so no threshold applies; leave `threshold` out."
        yield Problem("columns.threshold", "no-probabilities", sentence)


def caution(model: Opened | None) -> Iterator[str]:
    """Warn of a model whose file can run code."""
    if model is not None and model.file is not None and model.file.can_execute:
        yield CAUTION


@dataclass(frozen=True, eq=False)
class Told:
    """What further systems answered, and what is known of each."""

    challengers: Mapping[str, Challenger]
    facts: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...]


def challengers(
    submission: Submission,
    table: pd.DataFrame,
    roles: Roles,
    settled: Outcomes,
    *,
    open_artifact: Callable[[str], Path],
    limits: Limits,
) -> Told:
    """Ask every further system for the same rows; raise `Refused` with the problems of all."""
    said: dict[str, Challenger] = {}
    facts: dict[str, Mapping[str, Any]] = {}
    notes: list[str] = []
    problems: list[Problem] = []
    for position, contender in enumerate(submission.models):
        asked, stream = _as_main(submission, contender), STREAM + position
        asking = _Asking(asked, contender, table, roles, settled, stream, notes)
        try:
            said[contender.name], facts[contender.name] = asking.answer(open_artifact, limits)
        except Refused as refused:
            problems += [
                Problem(f"models.{position}", p.code, f"`{contender.name}`: {p.sentence}")
                for p in refused.problems
            ]
    if problems:
        raise Refused(problems)
    return Told(said, facts, tuple(notes))


def _as_main(submission: Submission, contender: Contender) -> Submission:
    """Return *submission* as if *contender* were the system that it is about."""
    given = {"prediction": contender.prediction, "score": contender.score}
    columns = submission.columns.model_copy(update={**given, "features": None, "threshold": None})
    by_file = contender.artifact is not None
    model = contender if by_file else None
    return submission.model_copy(update={"columns": columns, "models": (), "model": model, "endpoint": None})


@dataclass(frozen=True, eq=False)
class _Asking:
    """One contender and the rows that it is asked for."""

    asked: Submission
    contender: Contender
    table: pd.DataFrame
    roles: Roles
    settled: Outcomes
    stream: int
    notes: list[str]
    """What readers must know of the contender; added to."""

    def answer(
        self, open_artifact: Callable[[str], Path], limits: Limits
    ) -> tuple[Challenger, dict[str, Any]]:
        """Return what the contender says, and what is known of it."""
        _raise(self._columns())
        with ExitStack() as stack:
            model = None
            if self.contender.artifact is not None:
                path = open_artifact(self.contender.digest)
                model = stack.enter_context(open_model(path, self.contender.format, limits))
                _raise(fits(self.asked, model))
                form = model.file.format if model.file is not None else ""
                _raise(numbered(self.asked, self.table, form, model.classes))
                self.notes.extend(f"`{self.contender.name}`: {text}" for text in caution(model))
            features = self.roles.features if model is None else (model.features or self.roles.features)
            _raise(inputs(None, features, self.table, model))
            _raise(self._classes(model))
            roles = replace(
                self.roles,
                prediction=self.contender.prediction,
                score=self.contender.score,
                features=features,
            )
            task, seed = self.asked.task, asking_seed(self.asked)
            said = answers(task, self.table, roles, self.settled, model, seed=seed, stream=self.stream)
            facts = _facts(said, model, features, roles)
            if model is not None and said.asked is not None:
                facts["integrity"] = integrity.probe(
                    question(task, roles, self.settled, model),
                    self.table.loc[:, list(features)],
                    said.asked,
                    partial(open_model, path, self.contender.format, limits),
                    within=integrity.tolerance(model),
                    strata=[group_values(self.table[name], name, roles) for name in roles.groups],
                    seed=seed,
                )
        return Challenger(said.decision, said.score), facts

    def _columns(self) -> Iterator[Problem]:
        own = {self.roles.prediction, self.roles.score} - {None}
        for name in (self.contender.prediction, self.contender.score):
            if name in own:
                sentence = f"`{name}` is the audited system's own answer; name another column."
                yield Problem("", "two-roles", sentence)
        yield from check_columns.one_source(self.asked)
        found = list(check_columns.existing(self.asked, self.table))
        yield from found
        if not found:
            yield from check_columns.usable(self.asked, self.table, "evaluation")

    def _classes(self, model: Opened | None) -> Iterator[Problem]:
        if self.asked.task is not Task.BINARY:
            return
        theirs = outcomes(self.asked, self.table, model.classes if model else ())
        if len({*self.settled.classes, *theirs.classes}) > 2:
            sentence = (
                f"it decides {listed(theirs.classes)}, but the audited system "
                f"{listed(self.settled.classes)}; spell both with the same two values."
            )
            yield Problem("", "classes-differ", sentence)


def _facts(said: Answers, model: Opened | None, features: tuple[str, ...], roles: Roles) -> dict[str, Any]:
    if model is None:
        return {
            "answers_from": "prediction" if roles.prediction else "score",
            "decisions_against_score": said.disagreement,
        }
    return {
        "answers_from": "model",
        "format": model.inspection.format,
        "digest": model.file.digest if model.file else None,
        "features": list(features),
    }


def _raise(problems: Iterator[Problem]) -> None:
    found = list(problems)
    if found:
        raise Refused(found)

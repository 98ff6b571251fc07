"""Read the tables, open the model, make every prediction once, and settle who plays which part."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auditor.problems import Problem, Refused, refuse
from auditor.sandbox import Limits, SandboxedModel, open_model, read_table
from auditor.subjects import columns as check_columns
from auditor.subjects.classes import Outcomes, outcomes
from auditor.subjects.columns import lacking, listed
from auditor.submission import Submission
from checks.model import Array, ModelError, ModelFile, Roles, Subject, Task
from checks.values import as_text

ALIKE = re.compile(
    r"(?:^|_|\b)(?:age|sex|gender|race|ethnic\w*|nation\w*|birth\w*|dob|zip\w*|post_?code|postal\w*|region|district"
    r"|city|county|marital\w*|married|education|schooling\w*|occupation|job|religion|language|dependents|disab\w*)"
    r"(?:_|\b|$)",
    re.IGNORECASE,
)
"""Names of features that others may know of a person: quasi-identifiers unless somebody declares them."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A subject without its live model, and everything that was inferred on the way."""

    subject: Subject
    resolved: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Answers:
    """What a system said about rows."""

    decision: Array | None
    score: Array | None
    disagreement: int | None = None
    """Rows where a given decision differs from the given score at the threshold."""


def prepare(submission: Submission, open_artifact: Callable[[str], Path], limits: Limits) -> Prepared:
    """Return the subject of *submission*; raise `Refused` with every problem that can be seen at once."""
    tables = _tables(submission, open_artifact, limits)
    table = tables["evaluation"]
    _raise(chain(check_columns.existing(submission, table), check_columns.about_groups(submission)))
    _raise(check_columns.usable(submission, table))
    _raise(_one_source(submission))
    with ExitStack() as stack:
        model = None
        if submission.model is not None:
            path = open_artifact(submission.model.digest)
            model = stack.enter_context(open_model(path, submission.model.format, limits))
        features = _features(submission, table, model)
        _raise(_inputs(features, table, model))
        settled = outcomes(submission, table, model.classes if model else ())
        roles = _roles(submission, features, settled)
        _raise(check_columns.groups_exist(submission, roles, table))
        _raise(_fits(submission, tables, roles, model))
        answers = {name: _answers(submission, frame, roles, settled, model) for name, frame in tables.items()}
        subject = _subject(submission, tables, roles, answers, model.file if model else None)
        return Prepared(subject, _resolved(subject, settled, answers["evaluation"], model, submission))


def _raise(problems: Iterator[Problem]) -> None:
    found = list(problems)
    if found:
        raise Refused(found)


def _tables(
    submission: Submission, open_artifact: Callable[[str], Path], limits: Limits
) -> dict[str, pd.DataFrame]:
    tables = {}
    for name in ("evaluation", "training", "reference"):
        file = getattr(submission.data, name)
        if file is None:
            continue
        where = f"data.{name}"
        tables[name] = read_table(open_artifact(file.digest), file.format, limits, where=where)
        if tables[name].empty:
            raise refuse(where, "no-rows", "the table has a header but not one row; upload its rows too.")
    return tables


def _one_source(submission: Submission) -> Iterator[Problem]:
    """Take predictions from a model or from columns, never from both."""
    columns = submission.columns
    given = [name for name in (columns.prediction, columns.score) if name is not None]
    if submission.model is None and not given:
        sentence = "there is nothing to audit: submit a model, or name a `prediction` or `score` column."
        yield Problem("columns.prediction", "no-predictions", sentence)
    if submission.model is not None and given:
        sentence = f"a model and {listed(given)} were both given as the system's answers; leave one out."
        yield Problem("columns.prediction", "two-sources", sentence)
    threshold = columns.threshold
    if submission.task is Task.BINARY and threshold is not None and not 0 <= threshold <= 1:
        sentence = "the threshold of a probability lies from 0 to 1."
        yield Problem("columns.threshold", "out-of-range", sentence)


def _roles(submission: Submission, features: tuple[str, ...], settled: Outcomes) -> Roles:
    columns = submission.columns
    alike = tuple(dict.fromkeys([*columns.groups, *(f for f in features if ALIKE.search(f))]))
    return Roles(
        label=columns.label,
        positive=settled.positive,
        favourable=settled.favourable,
        prediction=columns.prediction,
        score=columns.score,
        threshold=0.5 if columns.threshold is None else columns.threshold,
        groups=columns.groups,
        features=features,
        quasi_identifiers=alike if columns.quasi_identifiers is None else columns.quasi_identifiers,
        sensitive=columns.sensitive,
        identifiers=columns.identifiers,
        human_decision=columns.human_decision,
        time=columns.time,
        weight=columns.weight,
        weight_kind=columns.weight_kind,
        intersections=submission.intersections,
        bins=dict(submission.bins),
        merge={name: dict(merge.groups) for name, merge in submission.merge.items()},
        merge_reasons={name: merge.reason for name, merge in submission.merge.items()},
        references=dict(submission.references),
    )


def _features(submission: Submission, table: pd.DataFrame, model: SandboxedModel | None) -> tuple[str, ...]:
    """Return the model's own names where it has them, else the declared ones, else every free column."""
    columns = submission.columns
    if model is not None and model.features is not None:
        return model.features
    if columns.features is not None:
        return columns.features
    taken = {getattr(columns, role) for role in check_columns.SINGLE}
    taken |= {*columns.groups, *columns.identifiers}
    return tuple(str(name) for name in table.columns if name not in taken)


def _inputs(
    features: tuple[str, ...], table: pd.DataFrame, model: SandboxedModel | None
) -> Iterator[Problem]:
    """Find features that the model needs and the table lacks."""
    if model is None:
        return
    if missing := lacking(features, table):
        sentence = f"the model needs {listed(missing)}, which the evaluation table does not have; add it."
        yield Problem("model", "inputs-missing", sentence)
    width = model.inspection.n_features
    if model.features is None and width is not None and width != len(features):
        sentence = f"the model takes {width} features, not {len(features)}; name its columns in `features`."
        yield Problem("columns.features", "features-differ", sentence)


def _fits(
    submission: Submission, tables: Mapping[str, pd.DataFrame], roles: Roles, model: SandboxedModel | None
) -> Iterator[Problem]:
    """Find what does not fit the task, and what the training table would miss."""
    if model is not None:
        yield from _model_fits(submission, model)
    training = tables.get("training")
    if training is not None:
        needed = [*roles.features, *([roles.label] if roles.label else [])]
        if missing := lacking(needed, training):
            sentence = f"the training table has no {listed(missing)}; add what the evaluation table has."
            yield Problem("data.training", "columns-missing", sentence)


def _model_fits(submission: Submission, model: SandboxedModel) -> Iterator[Problem]:
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


def _answers(
    submission: Submission, table: pd.DataFrame, roles: Roles, settled: Outcomes, model: SandboxedModel | None
) -> Answers:
    """Return the system's answers for the rows of *table*; nothing for a table that carries none."""
    if model is None:
        return _given(submission, table, roles, settled)
    if lacking(roles.features, table):
        return Answers(None, None)  # a reference population has no features
    try:
        return _asked(submission, table.loc[:, list(roles.features)], roles, settled, model)
    except ModelError as why:
        raise refuse("model", "no-answer", f"the model could not answer the rows: {why}.") from None


def _asked(
    submission: Submission, X: pd.DataFrame, roles: Roles, settled: Outcomes, model: SandboxedModel
) -> Answers:
    names = np.array(model.classes, dtype=object)
    if submission.task is Task.BINARY and model.has_probabilities:
        score = model.predict_proba(X)[:, model.classes.index(str(settled.positive))]
        return Answers(_decided(score, roles, settled), score)
    if submission.task is Task.SCORING and model.has_probabilities and settled.positive in model.classes:
        return Answers(None, model.predict_proba(X)[:, model.classes.index(settled.positive)])
    answer = model.predict(X)
    if submission.task in (Task.BINARY, Task.MULTICLASS):
        return Answers(names[answer.astype(np.int64)], None)
    return Answers(None, answer)


def _given(submission: Submission, table: pd.DataFrame, roles: Roles, settled: Outcomes) -> Answers:
    decision = score = None
    if roles.score is not None and roles.score in table.columns:
        score = table[roles.score].to_numpy(dtype=np.float64, na_value=np.nan)
    if roles.prediction is not None and roles.prediction in table.columns:
        decision = as_text(table[roles.prediction])
    if score is None or submission.task is not Task.BINARY:
        return Answers(decision, score)
    by_score = _decided(score, roles, settled)
    if decision is None:
        return Answers(by_score, score)
    return Answers(decision, score, int((decision != by_score).sum()))


def _decided(score: Array, roles: Roles, settled: Outcomes) -> Array:
    names = np.array([settled.negative, settled.positive], dtype=object)
    return np.asarray(names[(score >= roles.threshold).astype(np.int64)])


def _subject(
    submission: Submission,
    tables: Mapping[str, pd.DataFrame],
    roles: Roles,
    answers: Mapping[str, Answers],
    file: ModelFile | None,
) -> Subject:
    said, trained = answers["evaluation"], answers.get("training", Answers(None, None))
    return Subject(
        task=submission.task,
        evaluation=tables["evaluation"],
        roles=roles,
        seed=submission.seed,
        training=tables.get("training"),
        reference=tables.get("reference"),
        model_file=file,
        decision=said.decision,
        score=said.score,
        training_decision=trained.decision,
        training_score=trained.score,
    )


def _resolved(
    subject: Subject, settled: Outcomes, said: Answers, model: SandboxedModel | None, submission: Submission
) -> dict[str, Any]:
    """Return everything that was inferred or found, for the record and for readers."""
    roles, table = subject.roles, subject.evaluation
    tables = {"evaluation": table, "training": subject.training, "reference": subject.reference}
    read = {name: frame for name, frame in tables.items() if frame is not None}
    return {
        "rows": len(table),
        "tables": {name: _read_as(frame) for name, frame in read.items()},
        "features": list(roles.features),
        "quasi_identifiers": list(roles.quasi_identifiers),
        "quasi_identifiers_declared": submission.columns.quasi_identifiers is not None,
        "classes": list(settled.classes),
        "positive": roles.positive,
        "favourable": roles.favourable,
        "threshold": roles.threshold if said.score is not None and said.decision is not None else None,
        "answers_from": "model" if model else ("prediction" if roles.prediction else "score"),
        "decisions_against_score": said.disagreement,
        "labels_missing": None if roles.label is None else int(table[roles.label].isna().sum()),
        "groups": check_columns.group_sizes(table, roles),
        "model": None if model is None else _model_facts(model),
    }


def _read_as(frame: pd.DataFrame) -> dict[str, Any]:
    facts = {str(key): value for key, value in frame.attrs.items() if key != "kinds"}
    return {"rows": len(frame), "columns": len(frame.columns), **facts}


def _model_facts(model: SandboxedModel) -> dict[str, Any]:
    said = model.inspection
    return {
        "format": said.format,
        "kind": said.kind,
        "classes": list(said.classes),
        "digest": model.file.digest,
        "bytes": model.file.size,
        "versions": dict(said.versions),
    }

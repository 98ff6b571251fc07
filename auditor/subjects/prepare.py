"""Read the tables, open the model, make every prediction once, and settle who plays which part."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from auditor.endpoint import Live, Rules, open_live
from auditor.file_refs import TableRef
from auditor.problems import Problem, Refused, refuse
from auditor.sandbox import Limits, open_model, read_table
from auditor.subjects import columns as check_columns
from auditor.subjects import integrity, reasons
from auditor.subjects.answers import Answers, answers
from auditor.subjects.asking import asking_seed
from auditor.subjects.classes import Outcomes, numbered, outcomes
from auditor.subjects.columns import lacking, listed, one_source
from auditor.subjects.counts import subject_of_counts
from auditor.subjects.facts import about_facts, facts, unread
from auditor.subjects.join import SEPARATOR, Together, join
from auditor.subjects.mismatch import all_mismatches
from auditor.subjects.models import Told, caution, challengers, fits, inputs, ordered
from auditor.subjects.notices import notices
from auditor.subjects.opened import Opened
from auditor.subjects.service_log import service_log
from auditor.submission import Submission
from checks.model import Roles, Subject, Task

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
    live: Live | None = None
    """The endpoint that answered, with the record of all calls."""


def prepare(
    submission: Submission, open_artifact: Callable[[str], Path], limits: Limits, rules: Rules | None = None
) -> Prepared:
    """Return the subject of *submission*; raise `Refused` with every problem that can be seen at once."""
    if submission.counts is not None:
        path = open_artifact(submission.counts.digest)
        counted, found = subject_of_counts(submission, submission.counts, path, limits)
        return Prepared(replace(counted, notices=notices(submission, open_artifact, limits)), found)
    together = _tables(submission, open_artifact, limits)
    tables = together.tables
    further: dict[str, Any] = {
        "population": _population(submission, open_artifact, limits),
        "notices": notices(submission, open_artifact, limits),
    }
    table, shown = tables["evaluation"], _reasons(submission, open_artifact, limits)
    _raise_about_columns(submission, tables, shown)
    with ExitStack() as stack:
        live = open_live(submission, rules or Rules())
        again = _way_to_open(submission, live, open_artifact, limits)
        model = None if again is None else stack.enter_context(again())
        features = _features(submission, table, model)
        _raise(inputs(submission.columns.features, features, table, model))
        if live is not None:
            live.learn(table.loc[:, list(features)])
        _raise(_about_model(submission, table, model))
        settled = outcomes(submission, table, model.classes if model else ())
        roles = _roles(submission, features, settled)
        _raise(check_columns.groups_exist(submission, roles, table))
        _raise(check_columns.too_many_groups(roles, table))
        _raise(_training_fits(tables, roles))
        asking = _Asking(submission, roles, settled, None if live is not None else again)
        said = {name: asking.answers(X, model, at, name) for at, (name, X) in enumerate(tables.items())}
        told = challengers(submission, table, roles, settled, open_artifact=open_artifact, limits=limits)
        subject = _subject(submission, tables, roles, said, model)
        _raise(reasons.about_features(submission, roles.features))
        log, log_facts = service_log(submission, open_artifact, limits)
        further |= {"challengers": told.challengers, "reasons": reasons.beside(submission, table, shown)}
        further["service_log"] = log
        subject = replace(subject, **further)
        resolved = _resolved(subject, settled, said["evaluation"], model, submission)
        cautions = [*caution(model), *told.notes, *ordered(submission.columns.features, features)]
        resolved["notes"] = [*cautions, *together.notes, *resolved["notes"]]
        resolved |= _resolved_facts(submission, together, told) | log_facts
        if model is not None and again is not None:
            resolved["integrity"] = integrity.check(
                subject, settled, said["evaluation"], model, again, seed=asking_seed(submission)
            )
        resolved |= _resolved_live(live, resolved["notes"])
        return Prepared(subject, resolved, live)


def _raise_about_columns(
    submission: Submission, tables: Mapping[str, pd.DataFrame], shown: pd.DataFrame | None
) -> None:
    """Refuse columns that are not there, contradict each other, or do not hold what they must."""
    table = tables["evaluation"]
    _raise(
        chain(
            check_columns.existing(submission, table),
            check_columns.about_groups(submission),
            about_facts(submission, table),
            reasons.problems(submission, table, shown),
        )
    )
    _raise(one_source(submission))
    _raise(check_columns.usable(submission, table, "evaluation"))
    if "training" in tables:
        _raise(check_columns.usable(submission, tables["training"], "training"))


@dataclass(frozen=True, eq=False)
class _Asking:
    """How a system is asked, whatever the table."""

    submission: Submission
    roles: Roles
    settled: Outcomes
    again: Callable[[], AbstractContextManager[Opened]] | None
    """Opens its model afresh, where that costs nobody anything."""

    def answers(self, table: pd.DataFrame, model: Opened | None, stream: int, name: str) -> Answers:
        """Return what the system says of *table*; a refusal names every column that does not fit."""

        def ask(rows: pd.DataFrame, opened: Opened | None) -> Answers:
            task, seed = self.submission.task, asking_seed(self.submission)
            return answers(task, rows, self.roles, self.settled, opened, seed=seed, stream=stream, name=name)

        try:
            return ask(table, model)
        except Refused as refused:
            if self.again is None:
                raise
            raise all_mismatches(refused, table, self.again, ask) from None


def _about_model(submission: Submission, table: pd.DataFrame, model: Opened | None) -> Iterator[Problem]:
    """Find what the model answers that the task or the columns are not about."""
    if model is not None:
        yield from fits(submission, model)
        form = model.file.format if model.file is not None else ""
        yield from numbered(submission, table, form, model.classes)


def _way_to_open(
    submission: Submission, live: Live | None, open_artifact: Callable[[str], Path], limits: Limits
) -> Callable[[], AbstractContextManager[Opened]] | None:
    """Return what opens the submitted model, as often as it is called; None without a model."""
    if live is not None:
        return live.open
    if submission.model is None:
        return None
    return partial(open_model, open_artifact(submission.model.digest), submission.model.format, limits)


def _raise(problems: Iterator[Problem]) -> None:
    found = list(problems)
    if found:
        raise Refused(found)


def _read(where: str, file: TableRef, open_artifact: Callable[[str], Path], limits: Limits) -> pd.DataFrame:
    path = open_artifact(file.digest)
    table = read_table(path, file.format, limits, where=where, declared=file.declared)
    if table.empty:
        raise refuse(where, "no-rows", "the table has a header but not one row; upload its rows too.")
    return table


def _tables(submission: Submission, open_artifact: Callable[[str], Path], limits: Limits) -> Together:
    """Read every table, and put joined ones beside the rows that they belong to."""
    named = ((name, getattr(submission.data, name)) for name in ("evaluation", "training", "reference"))
    tables = {
        name: _read(f"data.{name}", file, open_artifact, limits) for name, file in named if file is not None
    }
    others = {
        name: _read(f"join.{name}", file, open_artifact, limits) for name, file in submission.join.items()
    }
    return join(submission, tables, others)


def _population(
    submission: Submission, open_artifact: Callable[[str], Path], limits: Limits
) -> pd.DataFrame | None:
    """Read the table of the people whom the system is used on, where there is one."""
    people = submission.population
    if people is None or people.artifact is None:
        return None
    return _read("population", people, open_artifact, limits)


def _reasons(
    submission: Submission, open_artifact: Callable[[str], Path], limits: Limits
) -> pd.DataFrame | None:
    """Read the table of reasons that people were given, where there is one."""
    if submission.reasons is None:
        return None
    return _read("reasons", submission.reasons, open_artifact, limits)


def _roles(submission: Submission, features: tuple[str, ...], settled: Outcomes) -> Roles:
    columns = submission.columns
    alike = dict.fromkeys([*columns.groups, *(f for f in features if ALIKE.search(f))])
    guessed = tuple(
        name for name in alike if name not in columns.sensitive
    )  # what others may know is not to hide
    return Roles(
        label=columns.label,
        positive=settled.positive,
        favourable=settled.favourable,
        prediction=columns.prediction,
        score=columns.score,
        threshold=0.5 if columns.threshold is None else columns.threshold,
        groups=columns.groups,
        features=features,
        quasi_identifiers=guessed if columns.quasi_identifiers is None else columns.quasi_identifiers,
        quasi_identifiers_inferred=columns.quasi_identifiers is None,
        sensitive=columns.sensitive,
        identifiers=tuple(dict.fromkeys([*columns.identifiers, *_ids(submission)])),
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


def _features(submission: Submission, table: pd.DataFrame, model: Opened | None) -> tuple[str, ...]:
    """Return the model's own names where it has them, else the declared ones, else every free column."""
    columns = submission.columns
    if model is not None and model.features is not None:
        return model.features
    if columns.features is not None:
        return columns.features
    taken = {getattr(columns, role) for role in check_columns.SINGLE}
    taken |= {*columns.groups, *columns.identifiers, *_ids(submission)}
    taken |= {name for one in submission.models for name in (one.prediction, one.score)}
    taken |= {name for name in table.columns if name.partition(SEPARATOR)[0] in submission.join}
    return tuple(str(name) for name in table.columns if name not in taken)


def _ids(submission: Submission) -> tuple[str, ...]:
    """Return the columns by which other tables are found, which name people and are no features."""
    by = [one.on for one in submission.join.values()]
    shown = submission.reasons
    return (*by, shown.on) if shown is not None and shown.on is not None else tuple(by)


def _training_fits(tables: Mapping[str, pd.DataFrame], roles: Roles) -> Iterator[Problem]:
    """Find what the training table would miss."""
    training = tables.get("training")
    if training is not None:
        needed = [*roles.features, *([roles.label] if roles.label else [])]
        if missing := lacking(needed, training):
            sentence = f"the training table has no {listed(missing)}; add what the evaluation table has."
            yield Problem("data.training", "columns-missing", sentence)


def _subject(
    submission: Submission,
    tables: Mapping[str, pd.DataFrame],
    roles: Roles,
    answers: Mapping[str, Answers],
    model: Opened | None,
) -> Subject:
    said, trained = answers["evaluation"], answers.get("training", Answers(None, None))
    return Subject(
        task=submission.task,
        evaluation=tables["evaluation"],
        roles=roles,
        seed=submission.seed,
        training=tables.get("training"),
        reference=tables.get("reference"),
        model_file=model.file if model else None,
        decision=said.decision,
        score=said.score,
        probabilities=said.probabilities,
        classes=() if model is None or said.probabilities is None else tuple(model.classes),
        training_decision=trained.decision,
        training_score=trained.score,
        facts=facts(submission),
    )


def _resolved(
    subject: Subject,
    settled: Outcomes,
    said: Answers,
    model: Opened | None,
    submission: Submission,
) -> dict[str, Any]:
    """Return everything that was inferred or found, for the record and for readers."""
    roles, table = subject.roles, subject.evaluation
    tables = {"evaluation": table, "training": subject.training, "reference": subject.reference}
    read = {name: frame for name, frame in tables.items() if frame is not None}
    left_out = dict(check_columns.left_out(roles, table))
    return {
        "rows": len(table),
        "tables": {name: _read_as(frame) for name, frame in read.items()},
        "features": list(roles.features),
        "kinds": _kinds(table, roles.features),
        "quasi_identifiers": list(roles.quasi_identifiers),
        "classes": list(settled.classes),
        "positive": roles.positive,
        "favourable": roles.favourable,
        "threshold": roles.threshold if said.score is not None and said.decision is not None else None,
        "answers_from": "model" if model else ("prediction" if roles.prediction else "score"),
        "decisions_against_score": said.disagreement,
        "not_declared": _not_declared(submission),
        "notes": list(check_columns.notes(submission, roles, table, settled.classes)),
        "groups": check_columns.group_sizes(table, roles),
        "model": None if model is None else _model_facts(model),
        **({"uncompared": left_out} if left_out else {}),
    }


def _resolved_facts(submission: Submission, together: Together, told: Told) -> dict[str, Any]:
    """Return what was found of the optional keys; nothing for those that were left out."""
    found: dict[str, Any] = {
        "join": together.facts,
        "challengers": told.facts,
        "unread": unread(submission),
    }
    return {key: value for key, value in found.items() if value}


def _resolved_live(live: Live | None, notes: list[str]) -> dict[str, Any]:
    """Return what is known of the endpoint, and the notes with the one that its numbers need."""
    return {} if live is None else {"endpoint": live.facts, "notes": [live.note, *notes]}


def _not_declared(submission: Submission) -> list[str]:
    """Return the roles that were inferred because the submitter left them out."""
    columns = submission.columns
    inferred = ["positive", "favourable", "features", "quasi_identifiers"]
    if submission.task is Task.REGRESSION:
        inferred = inferred[2:]
    return [role for role in inferred if getattr(columns, role) is None]


def _kinds(table: pd.DataFrame, features: tuple[str, ...]) -> dict[str, str]:
    """Return what each feature holds, as its file was read."""
    known = table.attrs.get("kinds", {})
    return {name: known[name] for name in features if name in known}


def _read_as(frame: pd.DataFrame) -> dict[str, Any]:
    facts = {str(key): value for key, value in frame.attrs.items() if key != "kinds"}
    return {"rows": len(frame), "columns": len(frame.columns), **facts}


def _model_facts(model: Opened) -> dict[str, Any]:
    said = model.inspection
    return {
        "format": said.format,
        "kind": said.kind,
        "classes": list(said.classes),
        "digest": model.file.digest if model.file else None,
        "bytes": model.file.size if model.file else None,
        "versions": dict(said.versions),
    }

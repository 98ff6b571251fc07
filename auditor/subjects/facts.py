"""Facts that no column carries: checked against the columns, kept, and said to be unused where they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from auditor.problems import Problem
from auditor.subjects.columns import unknown
from auditor.submission import Submission
from checks.model import Task

FACTS = (
    "control",
    "costs",
    "directions",
    "immutable",
    "claimed_epsilon",
    "population",
    "reasons",
    "notices",
    "participation",
)
"""Keys of a submission that become `Subject.facts`."""

READ = frozenset(
    {"claimed_epsilon", "control", "costs", "directions", "immutable", "notices", "participation"}
    | {"population", "reasons"}
)
"""Facts that checks use."""

UNREAD = (
    *(key for key in FACTS if key not in READ),
    "columns.human_decision",
    "columns.reviewer",
    "columns.reviewed_at",
    "columns.decided_at",
)
"""Keys that are accepted and kept, but that no check of this version uses: reports say so."""


def about_facts(submission: Submission, table: pd.DataFrame) -> Iterator[Problem]:
    """Find facts about columns that are not there or cannot be so, and facts that contradict each other."""
    named = {
        "control": submission.control,
        "immutable": submission.immutable,
        "directions": tuple(submission.directions),
    }
    for key, names in named.items():
        for name in dict.fromkeys(names):
            where = f"directions.{name}" if key == "directions" else key
            if name not in table.columns:
                yield unknown(where, name, table)
            elif names.count(name) > 1:
                yield Problem(where, "named-twice", f"`{name}` stands twice in `{key}`; keep one.")
            elif name in _answers(submission):
                sentence = f"`{name}` is an answer of the system or the label; `{key}` takes other columns."
                yield Problem(where, "answer-as-fact", sentence)
    for name in submission.directions:
        yield from _direction(submission, table, name)
    for name in submission.control:
        if name in submission.columns.groups:
            sentence = f"`{name}` is a group, so it is compared, not controlled for; name it in one of them."
            yield Problem("control", "two-roles", sentence)
    if submission.costs is not None and submission.task is not Task.BINARY:
        sentence = f"`costs` are those of yes and no, but the task is {submission.task}; remove them."
        yield Problem("costs", "not-binary", sentence)


def _answers(submission: Submission) -> set[str | None]:
    columns = submission.columns
    return {columns.label, columns.prediction, columns.score}


def _direction(submission: Submission, table: pd.DataFrame, name: str) -> Iterator[Problem]:
    where = f"directions.{name}"
    if name in submission.immutable:
        sentence = f"`{name}` has a direction and is `immutable` too; what cannot change goes neither way."
        yield Problem(where, "two-roles", sentence)
    if name in table.columns and (not is_numeric_dtype(table[name]) or is_bool_dtype(table[name])):
        sentence = f"`{name}` does not hold numbers, so it goes neither up nor down; remove its direction."
        yield Problem(where, "not-a-number", sentence)


def facts(submission: Submission) -> dict[str, Any]:
    """Return the declared facts, as plain as JSON; those that were left out are not there."""
    declared = submission.model_dump(mode="json", include=set(FACTS), exclude_none=True)
    return {key: declared[key] for key in FACTS if declared.get(key)}


def unread(submission: Submission) -> list[str]:
    """Return the declared keys that no check of this version uses."""
    declared = {*facts(submission)}
    given = submission.columns.model_dump(exclude_none=True)
    return [key for key in UNREAD if key in declared or key.removeprefix("columns.") in given]

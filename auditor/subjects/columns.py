"""Do the declared columns exist, and do they hold what their role needs?"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from auditor.problems import Problem
from auditor.submission import Columns, Submission
from checks.characteristics import uncompared
from checks.model import NOT_STATED, Array, Roles, Task
from checks.values import as_text, group_values
from frameworks.groups import by_nobody

SINGLE = (
    "label",
    "prediction",
    "score",
    "human_decision",
    "reviewer",
    "reviewed_at",
    "decided_at",
    "time",
    "weight",
)
LISTS = ("groups", "features", "quasi_identifiers", "sensitive", "identifiers")
MOST_SHOWN = 8
"""Values or names that one sentence lists."""

MOST_NAMED = 20
"""Columns that get a sentence each, before the rest is counted."""

MOST_GROUPS = 500


def listed(names: Sequence[str]) -> str:
    """Spell names for a sentence: `a`, `b` and 3 more."""
    shown = [f"`{name}`" for name in names[:MOST_SHOWN]]
    more = len(names) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1] if shown else ""]))


def unknown(where: str, name: str, table: pd.DataFrame, what: str = "the evaluation table") -> Problem:
    """Return the problem of a column that is not there, with the nearest name that is."""
    names = [str(column) for column in table.columns]
    near = [column for column in names if column.rpartition(":")[2] == name.rpartition(":")[2]]
    near = near or difflib.get_close_matches(name, names, n=1)
    help_ = f"did you mean `{near[0]}`?" if near else f"it has {listed(names)}."
    if len(names) == 1 and any(sign in names[0] for sign in ",;|\t"):
        help_ = f"its only column is `{names[0]}`: correct the `delimiter` of the file."
    return Problem(where, "unknown-column", f"{what} has no column `{name}`; {help_}")


def existing(submission: Submission, table: pd.DataFrame) -> Iterator[Problem]:
    """Find declared columns that the evaluation table does not have, and columns with two roles at odds."""
    columns = submission.columns
    for role in SINGLE:
        name = getattr(columns, role)
        if name is not None and name not in table.columns:
            yield unknown(f"columns.{role}", name, table)
    for role in LISTS:
        missing = lacking(getattr(columns, role) or (), table)
        for name in missing[:MOST_NAMED]:
            yield unknown(f"columns.{role}", name, table)
        if len(missing) > MOST_NAMED:
            sentence = f"`{role}` names {len(missing) - MOST_NAMED} more columns that are not there."
            yield Problem(f"columns.{role}", "unknown-column", sentence)
    yield from _at_odds(submission)


def _at_odds(submission: Submission) -> Iterator[Problem]:
    """Find columns that play two parts which contradict each other, or one part twice."""
    columns = submission.columns
    answers: dict[str, str] = {}
    for role in ("label", "prediction", "score"):
        name = getattr(columns, role)
        if name in answers:
            sentence = f"`{name}` cannot be both {answers[name]} and {role}: name the column of each."
            yield Problem(f"columns.{role}", "two-roles", sentence)
        elif name is not None:
            answers[name] = role
    for role, part in (("features", "feature"), ("groups", "group")):
        for name in getattr(columns, role) or ():
            if name in answers:
                sentence = f"`{name}` is an answer and cannot be a {part} too; remove it from `{role}`."
                yield Problem(f"columns.{role}", f"answer-as-{part}", sentence)
    for role in LISTS:
        names = getattr(columns, role) or ()
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Problem(f"columns.{role}", "named-twice", f"`{name}` stands twice in `{role}`; keep one.")


def about_groups(submission: Submission) -> Iterator[Problem]:
    """Find bins, merges and references of columns that are no groups."""
    for role in ("bins", "merge", "references"):
        for name in getattr(submission, role):
            if name not in submission.columns.groups:
                sentence = f"`{name}` in `{role}` is not one of the groups; add it to `columns.groups`."
                yield Problem(f"{role}.{name}", "not-a-group", sentence)


def one_source(submission: Submission) -> Iterator[Problem]:
    """Take answers from a model or from columns, never from both, and of the kind that the task needs."""
    columns, task = submission.columns, submission.task
    given = [name for name in (columns.prediction, columns.score) if name is not None]
    asked = submission.model is not None or submission.endpoint is not None
    if not asked and not given:
        sentence = "there is nothing to audit: submit a model, or name a `prediction` or `score` column."
        yield Problem("columns.prediction", "no-predictions", sentence)
    elif asked and given:
        sentence = f"a model and {listed(given)} were both given as the system's answers; leave one out."
        yield Problem("columns.prediction", "two-sources", sentence)
    elif not asked:
        yield from _of_the_kind(columns, task)
    threshold = columns.threshold
    if task is Task.BINARY and threshold is not None and not 0 <= threshold <= 1:
        sentence = "the threshold of a probability lies from 0 to 1."
        yield Problem("columns.threshold", "out-of-range", sentence)
    elif task is not Task.BINARY and threshold is not None:
        sentence = f"a threshold turns scores into yes and no, but the task is {task}; leave it out."
        yield Problem("columns.threshold", "not-binary", sentence)


def _of_the_kind(columns: Columns, task: Task) -> Iterator[Problem]:
    if task is Task.MULTICLASS and columns.prediction is None:
        sentence = "a multiclass audit needs the classes that were chosen; name their column `prediction`."
        yield Problem("columns.prediction", "no-predictions", sentence)
    if task is Task.SCORING and columns.score is None:
        sentence = "a scoring audit needs the scores; name their column `score`."
        yield Problem("columns.score", "no-scores", sentence)
    if task is Task.REGRESSION and columns.prediction is not None and columns.score is not None:
        sentence = "a regression answers one number; name its column `prediction`, and leave `score` out."
        yield Problem("columns.score", "two-sources", sentence)


def usable(submission: Submission, table: pd.DataFrame, which: str) -> Iterator[Problem]:
    """Find columns of the *which* table that exist but do not hold what their role needs."""
    columns = submission.columns
    yield from _labels(submission, table, which)
    by_number = submission.task is Task.REGRESSION
    for role, name in (
        ("prediction", columns.prediction),
        ("score", columns.score),
        ("weight", columns.weight),
    ):
        where = f"columns.{role}" if which == "evaluation" else f"data.{which}"
        if name is None or name not in table.columns:
            continue
        values = table[name]
        if role == "prediction" and not by_number:
            gaps = values.isna().to_numpy()
            if gaps.any():
                yield _gaps(where, name, gaps, "decision")
        elif role == "weight":
            yield from _weights(where, values, columns.weight_kind)
        else:
            yield from _numbers(where, values, low=0 if submission.task is Task.BINARY else None, high=1)
    for name in submission.bins if which == "evaluation" else ():
        if not _numeric(table[name]):
            sentence = f"`{name}` holds text and cannot be cut into bins; remove it from `bins`."
            yield Problem(f"bins.{name}", "not-a-number", sentence)


def _weights(where: str, values: pd.Series[float], kind: str | None) -> Iterator[Problem]:
    found = list(_numbers(where, values, low=0))
    yield from found
    if found:
        return
    name, numbers = str(values.name), values.to_numpy(dtype=np.float64)
    if (numbers == 0).all():
        yield Problem(where, "out-of-range", f"every weight in `{name}` is 0; give weights that count.")
    broken = numbers % 1 != 0
    if kind == "frequency" and broken.any():
        first = int(np.flatnonzero(broken)[0]) + 1
        sentence = (
            f"`{name}` says how often a row counts, so it holds whole numbers; {int(broken.sum())} of "
            f"{len(numbers)} rows do not, first row {first}. Declare `weight_kind: sampling` for weights "
            "that make up for how people were drawn."
        )
        yield Problem(where, "out-of-range", sentence)


def _labels(submission: Submission, table: pd.DataFrame, which: str) -> Iterator[Problem]:
    name = submission.columns.label
    if name is None or name not in table.columns:
        return
    where = "columns.label" if which == "evaluation" else f"data.{which}"
    gaps = table[name].isna().to_numpy()
    if gaps.all():
        sentence = f"the label `{name}` is empty in every row; fill it or leave `label` out."
        yield Problem(where, "label-empty", sentence)
    elif gaps.any():
        yield _gaps(where, name, gaps, "label")
    elif submission.task is Task.REGRESSION:
        yield from _numbers(where, table[name], low=None)


def groups_exist(submission: Submission, roles: Roles, table: pd.DataFrame) -> Iterator[Problem]:
    """Find merges and references that name a group which no row has."""
    for name, merge in submission.merge.items():
        bare = group_values(table[name], name, Roles(bins=roles.bins))
        yield from _absent(f"merge.{name}", name, tuple(merge.groups), bare)
    for name, reference in submission.references.items():
        if reference not in ("best", "rest"):
            values = group_values(table[name], name, roles)
            yield from _absent(f"references.{name}", name, (reference,), values)


def too_many_groups(roles: Roles, table: pd.DataFrame) -> Iterator[Problem]:
    """Find group columns that hold a value for nearly everybody: a number that wants cutting, or a name."""
    for name in roles.groups:
        count = len(set(group_values(table[name], name, roles)))
        if count > MOST_GROUPS:
            sentence = (
                f"`{name}` has {count:,} groups; {MOST_GROUPS} are compared at most: cut it into `bins`."
            )
            yield Problem("columns.groups", "too-many-groups", sentence)


def notes(submission: Submission, roles: Roles, table: pd.DataFrame, classes: Sequence[str]) -> Iterator[str]:
    """Say what was accepted but limits what can be shown."""
    for name in roles.groups:
        groups = sorted(set(group_values(table[name], name, roles)))
        if len(groups) == 1:
            yield f"`{name}` has one group only, `{groups[0]}`: nothing can be compared by it."
    if submission.task is Task.REGRESSION and (roles.positive or roles.favourable):
        yield "a regression has no favourable or positive class: what was declared as such is not used."
    if submission.columns.label is None:
        yield "no label was supplied: whether decisions were right cannot be measured."
    elif submission.task is not Task.REGRESSION and len(classes_of(table[submission.columns.label])) == 1:
        yield f"`{submission.columns.label}` holds one value only: error rates have nothing to tell apart."
    if classes and roles.favourable not in {None, *classes}:
        yield f"no row has the favourable value `{roles.favourable}`: every answer is `{classes[0]}`."
    for name, about in left_out(roles, table).items():
        yield by_nobody(name, about)


def left_out(roles: Roles, table: pd.DataFrame) -> Mapping[str, str]:
    """Return columns called after a protected characteristic by which nobody is compared, each with it."""
    answers = {roles.label, roles.prediction, roles.score, roles.weight, roles.human_decision}
    names = [name for name in map(str, table.columns) if name not in answers]
    found = uncompared(names, roles.groups)
    return {name: about for name, about in found.items() if table[name].nunique() > 1}


def _absent(where: str, name: str, wanted: Sequence[str], values: Array) -> Iterator[Problem]:
    there = sorted(set(values))
    for group in wanted:
        if group not in there:
            sentence = f"no row has the group `{group}` of `{name}`; it holds {listed(there)}."
            yield Problem(where, "unknown-group", sentence)


def classes_of(values: pd.Series[str]) -> tuple[str, ...]:
    """Return the distinct values as text, in order, gaps left out."""
    return tuple(sorted(set(as_text(values)) - {NOT_STATED}))


def _numeric(values: pd.Series[float]) -> bool:
    return is_numeric_dtype(values) and not is_bool_dtype(values)


def _numbers(
    where: str, values: pd.Series[float], *, low: float | None, high: float = np.inf
) -> Iterator[Problem]:
    name = str(values.name)
    if not _numeric(values):
        yield Problem(where, "not-a-number", f"`{name}` does not hold numbers; export it as numbers.")
        return
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    broken = ~np.isfinite(numbers)
    if broken.any():
        yield _gaps(where, name, broken, "number")
    elif low is not None and ((outside := (numbers < low) | (numbers > high)).any()):
        span = "from 0 to 1" if high == 1 else "0 or more"
        first = int(np.flatnonzero(outside)[0]) + 1
        count = int(outside.sum())
        sentence = f"`{name}` must be {span}; {count} of {len(numbers)} rows are not, first row {first}."
        yield Problem(where, "out-of-range", sentence)


def _gaps(where: str, name: str, broken: Array, what: str) -> Problem:
    first = int(np.flatnonzero(broken)[0]) + 1
    sentence = (
        f"`{name}` has no {what} in {int(broken.sum())} of {len(broken)} rows, first in row {first}; "
        "fill them or leave these rows out and say so."
    )
    return Problem(where, f"{what}-missing", sentence)


def lacking(names: Sequence[str], table: pd.DataFrame) -> list[str]:
    """Return those of *names* that *table* does not have."""
    return [name for name in names if name not in table.columns]


def group_sizes(table: pd.DataFrame, roles: Roles) -> Mapping[str, Mapping[str, int]]:
    """Return how many rows each group of each attribute has."""
    sizes = {}
    for name in roles.groups:
        groups, counts = np.unique(group_values(table[name], name, roles).astype(str), return_counts=True)
        sizes[name] = {str(group): int(n) for group, n in zip(groups, counts, strict=True)}
    return sizes

"""What a submission of counts alone may not name beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.problems import Problem
from checks.model import Task

if TYPE_CHECKING:
    from auditor.submission import Submission

OF_RECORDS = (
    "model",
    "endpoint",
    "data",
    "models",
    "join",
    "bins",
    "merge",
    "control",
    "directions",
    "immutable",
    "reasons",
    "service_log",
)
"""Keys that speak of records, which a table of counts does not have."""


def beside_counts(submission: Submission) -> Iterator[Problem]:
    """Find keys that a table of counts cannot serve."""
    if submission.counts is None:
        return
    if submission.task not in (Task.BINARY, Task.SCORING):
        sentence = "counts are of people selected or not, or scored above the median or not; the task is "
        yield Problem("task", "not-of-counts", f"{sentence}binary or scoring.")
    columns = submission.columns
    named = [f"columns.{role}" for role in type(columns).model_fields if getattr(columns, role)]
    given = dict(submission)
    named += [key for key in OF_RECORDS if given.get(key)]
    for where in named:
        sentence = f"`{where}` needs records, and `counts` says that only counts are supplied; remove one."
        yield Problem(where, "beside-counts", sentence)

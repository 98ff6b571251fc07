"""The questions of the form, one step each, in the order they are asked."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.problems import Problem, Refused
from auditor.submission import parse
from auditor.web.form import Form
from auditor.web.steps import (
    answers,
    columns,
    counts,
    files,
    frameworks,
    groups,
    outcome,
    people,
    service,
    system,
    task,
    transfers,
)
from auditor.web.steps.step import Step

STEPS: tuple[Step, ...] = (
    system.STEP,
    files.STEP,
    counts.STEP,
    task.STEP,
    outcome.STEP,
    groups.STEP,
    columns.STEP,
    people.STEP,
    service.STEP,
    transfers.STEP,
    frameworks.STEP,
    answers.STEP,
)


def asked(form: Form) -> tuple[Step, ...]:
    """Return the steps that this submission needs."""
    return tuple(step for step in STEPS if step.applies(form))


def named(slug: str) -> Step | None:
    """Return the step with this address."""
    return next((step for step in STEPS if step.slug == slug), None)


def after(step: Step, form: Form) -> Step | None:
    """Return the next step that applies, or None when only the check page is left."""
    rest = STEPS[STEPS.index(step) + 1 :]
    return next((s for s in rest if s.applies(form)), None)


def before(step: Step, form: Form) -> Step | None:
    """Return the previous step that applies."""
    earlier = STEPS[: STEPS.index(step)]
    return next((s for s in reversed(earlier) if s.applies(form)), None)


def owner(where: str) -> Step:
    """Return the step that asks for a key of the submission; what nobody asks for belongs to the files."""
    owners = [(len(key), step) for step in STEPS for key in step.owns if _inside(where, key)]
    return max(owners, key=lambda found: found[0])[1] if owners else files.STEP


def problems(step: Step, form: Form) -> tuple[Problem, ...]:
    """Return what is wrong with the answers of one step: its own sentences first, then the shape's."""
    found = tuple(step.problems(form))
    told = {p.where for p in found}
    shape = (p for p in _of_shape(form) if owner(p.where) is step)
    return (*found, *(p for p in shape if not any(_tells(where, p) for where in told)))


def field_of(step: Step, where: str) -> str:
    """Return the field of *step* at which a problem is shown."""
    nearest = max((key for key in step.owns if _inside(where, key)), key=len, default=where)
    return where if nearest in step.open_ended else nearest


def _tells(where: str, problem: Problem) -> bool:
    """Whether a sentence at *where* says a problem already: `data.evaluation` is why `data` is missing."""
    return _inside(problem.where, where) or (problem.code == "missing-key" and _inside(where, problem.where))


def _of_shape(form: Form) -> Iterable[Problem]:
    try:
        parse(form.submission)
    except Refused as refused:
        return refused.problems
    return ()


def _inside(where: str, key: str) -> bool:
    return where == key or where.startswith(f"{key}.")

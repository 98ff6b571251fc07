"""What the system answers, and where the answers stand in the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.problems import Problem
from auditor.web.form import Form
from auditor.web.steps.step import Posted, Step, text
from checks.model import Task
from reports.language import N_, _
from reports.wording import listed, paragraph

TASKS = N_(
    {
        Task.BINARY: (
            "Yes or no",
            "One of two outcomes for each person: approved or denied, flagged or not.",
        ),
        Task.MULTICLASS: ("One of several classes", "A category for each person, such as a level of care."),
        Task.SCORING: ("A score", "A rank or points for each person, without a decision of its own."),
        Task.REGRESSION: ("An amount", "A quantity for each person, such as a price or a waiting time."),
    }
)
TITLES = N_(
    {
        "columns.label": "Column with the true outcome",
        "columns.prediction": "Column with the system's decision",
        "columns.score": "Column with the system's score",
    }
)


def _read(form: Form, posted: Posted) -> None:
    form.put("task", text(posted, "task"))
    for where in TITLES:
        form.put(where, text(posted, where))
    if form.get("task") == Task.REGRESSION:  # its outcome is not asked, so an earlier answer must not be sent
        for key in ("favourable", "positive", "threshold"):
            form.put(f"columns.{key}", None)


def _problems(form: Form) -> Iterator[Problem]:
    if form.get("task") not in TASKS:
        yield Problem("task", "missing-key", "Choose what the system answers.")
    for where, title in TITLES.items():
        name = form.get(where)
        if name and form.column(name) is None:
            yield Problem(
                where, "unknown-column", f"{title}: the table has no column “{name}”; choose another."
            )
    if not form.has_model and not form.get("columns.prediction") and not form.get("columns.score"):
        yield Problem(
            "columns.prediction",
            "no-decision",
            "Choose the column with the decision or the one with the score, since no model was uploaded.",
        )


def suggested(form: Form) -> tuple[str, str]:
    """Return the task that the model's own answers suggest, and why; nothing where no model says so."""
    said = form.model_says
    if not said:
        return "", ""
    if said["kind"] == "regressor":
        return Task.REGRESSION, _("The model answers numbers; choose a score where they rank people.")
    classes = listed(said["classes"])
    if said.get("n_classes", len(said["classes"])) == 2:
        return Task.BINARY, _("The model knows two classes, {classes}.", classes=classes)
    return Task.MULTICLASS, _("The model knows the classes {classes}.", classes=classes)


def _offer(form: Form) -> Mapping[str, Any]:
    task, why = suggested(form)
    return {
        "tasks": TASKS,
        "columns": form.columns,
        "has_model": form.has_model,
        "chosen": form.get("task") or task,
        "why": why and paragraph([_("Suggested by the model file, for you to confirm."), why]),
    }


def _summary(form: Form) -> Iterator[tuple[str, str]]:
    yield _("Answers"), _(TASKS[form.get("task")][0]) if form.get("task") in TASKS else _("Not given")
    for where, title in TITLES.items():
        if where == "columns.label" or not form.has_model or form.get(where):
            yield _(title), form.get(where) or _("None")


STEP = Step(
    slug="task",
    title=N_("What does the system answer?"),
    owns=("task", *TITLES),
    read=_read,
    problems=_problems,
    offer=_offer,
    summary=_summary,
    applies=lambda form: not form.has_counts,
)

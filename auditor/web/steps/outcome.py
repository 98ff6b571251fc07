"""Which outcome people want, which event the score predicts, and from which score on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.problems import Problem
from auditor.web.form import OFFERED, Form
from auditor.web.steps.step import Posted, Step, number, text
from checks.model import Task
from reports.language import N_, _


def _read(form: Form, posted: Posted) -> None:
    form.put("columns.favourable", text(posted, "columns.favourable"))
    form.put("columns.positive", text(posted, "columns.positive"))
    form.put("columns.threshold", number(posted, "columns.threshold"))


def _values(form: Form) -> tuple[tuple[str, int], ...]:
    """Return the values to choose from: those of the decision, else those of the true outcome."""
    for where in ("columns.label", "columns.prediction"):
        column = form.column(form.get(where))
        if column is not None:
            return column.top if column.distinct <= OFFERED else ()
    return ()


def _problems(form: Form) -> Iterator[Problem]:
    if form.get("task") != Task.SCORING and not form.get("columns.favourable"):
        yield Problem("columns.favourable", "missing-key", "Choose the outcome that people want.")
    offered = [value for value, _rows in _values(form)]
    for where, name in (("columns.favourable", "outcome that people want"), ("columns.positive", "event")):
        value = form.get(where)
        if value and offered and value not in offered:
            yield Problem(where, "value-absent", f"The {name} “{value}” is not in the table; choose another.")
    if isinstance(form.get("columns.threshold", 0.5), str):
        yield Problem("columns.threshold", "not-a-number", "Write the threshold as a number, such as 0.5.")


def _offer(form: Form) -> Mapping[str, Any]:
    return {
        "values": _values(form),
        "source": form.get("columns.label") or form.get("columns.prediction"),
        "asks_threshold": form.get("task") == Task.BINARY,
    }


def _summary(form: Form) -> Iterator[tuple[str, str]]:
    yield _("Outcome people want"), form.get("columns.favourable") or _("Not given")
    yield _("Event predicted"), form.get("columns.positive") or _("The outcome people want")
    yield _("Threshold"), str(form.get("columns.threshold", _("0.5, unless the system says otherwise")))


STEP = Step(
    slug="outcome",
    title=N_("Which outcome do people want?"),
    owns=("columns.favourable", "columns.positive", "columns.threshold"),
    read=_read,
    problems=_problems,
    offer=_offer,
    summary=_summary,
    applies=lambda form: form.get("task") != Task.REGRESSION and not form.has_counts,
)

"""Whose treatment is compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from auditor.fairness_tree import leaves, says
from auditor.problems import Problem
from auditor.web.form import Column, Form
from auditor.web.steps.step import Posted, Step, joined, known, text
from checks.model import spell
from reports.language import N_, _, said

LIKELY = re.compile(
    r"race|ethnic|colou?r|black|white|hispan|asian|sex|gender|female|male|\bage\b|^age|birth|marital|marri|relig|faith|disab|"
    r"nation|citizen|migra|caste|language|pregnan|orient|union|veteran|parent",
    re.IGNORECASE,
)
"""Names of columns that often hold a protected attribute."""


def _candidates(form: Form) -> list[Column]:
    taken = {form.get(f"columns.{role}") for role in ("label", "prediction", "score")}
    return [c for c in form.columns if c.name not in taken]


def _read(form: Form, posted: Posted) -> None:
    form.put("columns.groups", known(posted, "columns.groups", form))
    written = {name: text(posted, f"bins.{name}") for name in form.get("columns.groups", [])}
    form.put("bins", {name: cuts(said) for name, said in written.items() if said})
    _read_choice(form, posted)


def _read_choice(form: Form, posted: Posted) -> None:
    """Keep the chosen measure; the way through the tree that led to another one is not kept."""
    chosen = text(posted, "metric_choice.measure")
    if chosen != form.get("metric_choice.measure"):
        form.put("metric_choice", {})
    if chosen:
        form.put("metric_choice.measure", chosen)
        form.put("metric_choice.reason", text(posted, "metric_choice.reason"))
        form.put("metric_choice.chosen_by", text(posted, "metric_choice.chosen_by"))


def cuts(written: str) -> list[float | int] | str:
    """Return cut points as numbers, or as written where they are none."""
    try:
        numbers = [float(part) for part in re.split(r"[,;\s]+", written) if part]
    except ValueError:
        return written
    return [int(n) if n.is_integer() else n for n in numbers]


def spelt_cuts(said: list[float | int] | str) -> str:
    """Return cut points as the page takes them."""
    return said if isinstance(said, str) else ", ".join(map(spell, said))


def _problems(form: Form) -> Iterator[Problem]:
    for name in form.get("columns.groups", []):
        if form.column(name) is None:
            yield Problem(
                "columns.groups", "unknown-column", f"The table has no column “{name}”; choose another."
            )
    for name, written in form.get("bins", {}).items():
        if isinstance(written, str) or written != sorted(set(written)):
            yield Problem(
                f"bins.{name}", "bad-cuts", f"Write the cut points of “{name}” as rising numbers: 25, 45, 60."
            )


def _offer(form: Form) -> Mapping[str, Any]:
    candidates = _candidates(form)
    return {
        "likely": [c for c in candidates if LIKELY.search(c.name)],
        "others": [c for c in candidates if not LIKELY.search(c.name)],
        "leaves": [(leaf.measure, said(says(leaf.measure))) for leaf in leaves()],
        "bins": {name: spelt_cuts(written) for name, written in form.get("bins", {}).items()},
    }


def _summary(form: Form) -> Iterator[tuple[str, str]]:
    nothing = _("None: nothing about fairness is measured")
    yield _("Compared by"), joined(form.get("columns.groups", []), nothing)
    for name, written in form.get("bins", {}).items():
        yield _("Cut points of {name}", name=name), spelt_cuts(written)
    yield _("Measure chosen"), form.get("metric_choice.measure") or _("None: all are told alike")


STEP = Step(
    slug="groups",
    title=N_("Whose treatment is compared?"),
    owns=("columns.groups", "bins", "metric_choice"),
    read=_read,
    problems=_problems,
    offer=_offer,
    summary=_summary,
    applies=lambda form: not form.has_counts,
    open_ended=("bins",),
)

"""What the columns of a published table of counts are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.problems import Problem
from auditor.web.form import Form
from auditor.web.steps.step import Posted, Step, joined, text
from reports.language import N_, _

TITLES = N_(
    {
        "n": "Column with the number of people",
        "selected": "Column with the number who were selected",
        "attribute": "Column that says of which attribute the group is",
        "rate": "Column with the published rate",
        "ratio": "Column with the published impact ratio",
    }
)
HINTS = N_(
    {
        "n": "All people of the group, selected or not.",
        "selected": "Those who got the outcome that people want.",
        "attribute": "Where one table holds several attributes under each other: sex, then race, then both.",
        "rate": "It is held against the counts: does it follow from them?",
        "ratio": "It is held against the counts too.",
    }
)
TASKS = N_(
    {
        "binary": ("Chosen or not", "The selection rate: chosen people among all people of the group."),
        "scoring": ("A score", "The scoring rate: people with a score above the median."),
    }
)
NEEDED = ("n", "selected")
USUAL = {
    "group": ("group", "groups", "category"),
    "n": ("n", "applicants", "total", "count"),
    "selected": ("selected", "hired"),
}
"""Names that such columns often have."""


def _read(form: Form, posted: Posted) -> None:
    form.put("task", text(posted, "task") or "binary")
    form.put("counts.group", posted.getlist("counts.group"))
    for key in TITLES:
        form.put(f"counts.{key}", text(posted, f"counts.{key}"))


def _problems(form: Form) -> Iterator[Problem]:
    names = {column.name for column in form.columns_of("counts")}
    if not form.get("counts.group"):
        yield Problem("counts.group", "missing-key", "Choose the column that names the groups.")
    for key in NEEDED:
        if not form.get(f"counts.{key}"):
            yield Problem(f"counts.{key}", "missing-key", f"{TITLES[key]}: choose one.")
    for key, title in TITLES.items():
        name = form.get(f"counts.{key}")
        if name and name not in names:
            sentence = f"{title}: the table has no column “{name}”; choose another."
            yield Problem(f"counts.{key}", "unknown-column", sentence)


def _offer(form: Form) -> Mapping[str, Any]:
    columns = form.columns_of("counts")
    return {
        "titles": TITLES,
        "hints": HINTS,
        "needed": NEEDED,
        "columns": columns,
        "likely": {
            key: next((c.name for c in columns if c.name.lower() in usual), "")
            for key, usual in USUAL.items()
        },
        "tasks": TASKS,
    }


def _summary(form: Form) -> Iterator[tuple[str, str]]:
    yield _("Groups"), joined(form.get("counts.group", []), _("Not given"))
    for key, title in TITLES.items():
        yield _(title), form.get(f"counts.{key}") or _("None")


STEP = Step(
    slug="counts",
    title=N_("What do the counts say?"),
    owns=("counts", "counts.group", *(f"counts.{key}" for key in TITLES)),
    read=_read,
    problems=_problems,
    offer=_offer,
    summary=_summary,
    applies=lambda form: form.has_counts,
)

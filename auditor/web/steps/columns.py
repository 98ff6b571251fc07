"""What else the columns are: inputs, what identifies people, what is sensitive. All of it is optional."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.problems import Problem
from auditor.web.form import Form
from auditor.web.steps.step import Posted, Step, joined, known, number
from reports.language import N_, _

TITLES = N_(
    {
        "features": "Inputs of the system",
        "quasi_identifiers": "Could identify people together",
        "sensitive": "Sensitive",
        "identifiers": "Identify people directly",
    }
)
DEFAULTS = N_(
    {
        "features": "The ones that the model names; without names, every column without another role",
        "quasi_identifiers": "Suggested by the service and stated in the report",
        "sensitive": "None",
        "identifiers": "None",
    }
)


def _read(form: Form, posted: Posted) -> None:
    for key in TITLES:
        chosen = key in {"sensitive", "identifiers"} or posted.get(f"{key}.how") == "chosen"
        form.put(f"columns.{key}", known(posted, f"columns.{key}", form) if chosen else None)
    form.put("seed", number(posted, "seed"))


def _problems(form: Form) -> Iterator[Problem]:
    for key in TITLES:
        for name in form.get(f"columns.{key}", []):
            if form.column(name) is None:
                yield Problem(
                    f"columns.{key}", "unknown-column", f"The table has no column “{name}”; choose again."
                )
    label = form.get("columns.label")
    if label and label in form.get("columns.features", []):
        yield Problem(
            "columns.features",
            "label-is-feature",
            f"“{label}” is the true outcome and cannot be an input too.",
        )
    if not isinstance(form.get("seed", 0), int):
        yield Problem("seed", "not-a-number", "Write the seed as a whole number, such as 0.")


def _offer(form: Form) -> Mapping[str, Any]:
    return {"titles": TITLES, "defaults": DEFAULTS, "columns": form.columns, "inputs": form.inputs}


def _summary(form: Form) -> Iterator[tuple[str, str]]:
    for key, title in TITLES.items():
        yield _(title), joined(form.get(f"columns.{key}", []), _(DEFAULTS[key]))
    yield _("Seed"), str(form.get("seed", 0))


STEP = Step(
    slug="columns",
    title=N_("What else are the columns?"),
    owns=(*(f"columns.{key}" for key in TITLES), "columns", "seed"),
    read=_read,
    problems=_problems,
    offer=_offer,
    summary=_summary,
    applies=lambda form: not form.has_counts,
)

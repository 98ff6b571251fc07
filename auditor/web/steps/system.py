"""The system card: who answers for what."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.problems import Problem
from auditor.web.form import Form
from auditor.web.steps.step import Posted, Step, text
from reports.language import N_, _

TITLES = N_(
    {
        "name": "Name",
        "version": "Version",
        "purpose": "Purpose",
        "provider": "Provider",
        "sector": "Sector",
        "contact": "Contact",
    }
)


def _read(form: Form, posted: Posted) -> None:
    for key in TITLES:
        form.put(f"system.{key}", text(posted, f"system.{key}"))


def _problems(form: Form) -> Iterator[Problem]:
    if not form.get("system.name"):
        yield Problem("system.name", "missing-key", "Give the system a name.")


def _summary(form: Form) -> Iterator[tuple[str, str]]:
    for key, title in TITLES.items():
        yield _(title), form.get(f"system.{key}") or _("Not given")


STEP = Step(
    slug="system",
    title=N_("Which system is audited?"),
    owns=tuple(f"system.{key}" for key in TITLES),
    read=_read,
    problems=_problems,
    summary=_summary,
)

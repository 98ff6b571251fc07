"""Compose the parts of a report from the record, in the order in which a regulator reads."""

from __future__ import annotations

from reports.compose.annex import annexes
from reports.compose.evidence import families
from reports.compose.method import method, reading, unmeasured
from reports.compose.results import results
from reports.compose.summary import summary
from reports.compose.view import View
from reports.document import Section
from reports.wording import joined


def title(view: View) -> str:
    """Return the title of the report."""
    name = view.system.get("name") or "an unnamed system"
    version = view.system.get("version")
    return f"Audit of {name}, version {version}" if version else f"Audit of {name}"


def subtitle(view: View) -> str:
    """Return by which rules, as of which day."""
    return f"Judged by {joined(view.framework_title(name) for name in view.verdicts)}, as of {view.as_of}"


def sections(view: View) -> tuple[Section, ...]:
    """Return every part of the report."""
    return (
        summary(view),
        reading(),
        *results(view),
        Section("Evidence", "evidence", sections=tuple(families(view))),
        *unmeasured(view),
        method(view),
        *annexes(view),
    )

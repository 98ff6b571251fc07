"""Compose the parts of a report from the record, in the order in which a regulator reads."""

from __future__ import annotations

from reports.compose.annex import annexes
from reports.compose.declared import declared
from reports.compose.evidence import families
from reports.compose.method import method, reading, unmeasured
from reports.compose.officer import officer
from reports.compose.results import results
from reports.compose.summary import summary
from reports.compose.view import View
from reports.document import Section
from reports.language import _
from reports.wording import day, joined


def title(view: View) -> str:
    """Return the title of the report."""
    name = view.system.get("name") or _("an unnamed system")
    version = view.system.get("version")
    if version:
        return _("Audit of {name}, version {version}", name=name, version=version)
    return _("Audit of {name}", name=name)


def subtitle(view: View) -> str:
    """Return by which rules, as of which day."""
    rules = joined(view.framework_title(name) for name in view.verdicts)
    return _("Judged by {rules}, as of {day}", rules=rules, day=day(view.as_of))


def sections(view: View) -> tuple[Section, ...]:
    """Return every part of the report."""
    return (
        summary(view),
        reading(),
        *results(view),
        *declared(view),
        *officer(view),
        Section(_("Evidence"), "evidence", sections=tuple(families(view))),
        *unmeasured(view),
        method(view),
        *annexes(view),
    )

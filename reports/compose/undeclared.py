"""Columns that look personal though nobody declared them, by name."""

from __future__ import annotations

from checks.model import Evidence
from reports import wording
from reports.compose.view import View, of_name
from reports.language import _

_NAMES_TOLD, _NAME = 4, 40


def names(names: list[str]) -> str:
    """Join names, the first ones where they are many."""
    told = [wording.brief(name, _NAME) for name in names[:_NAMES_TOLD]]
    more = len(names) - len(told)
    return wording.joined([*told, wording.plural(more, "more", "more")] if more else told)


def undeclared(evidence: Evidence | None) -> list[tuple[str, str]]:
    """Return the columns that look personal and were not declared so, each with what it is."""
    tables = [t for t in (evidence.tables if evidence else ()) if t.name == "columns that look personal"]
    found = [(str(row[0]), str(row[2])) for table in tables for row in table.rows if row[3] == "not declared"]
    return list(dict.fromkeys(found))


def columns(view: View, evidence: Evidence) -> tuple[str, str]:
    """Return the personal columns nobody declared, by name, and those that no count of people alike uses."""
    numbers = [of_name(evidence, f"undeclared_{kind}") for kind in ("identifiers", "sensitive")]
    if not all(numbers):
        return "", ""
    identifiers, sensitive = (found[0].value or 0 for found in numbers)
    named = undeclared(evidence)
    used = view.resolved.get("quasi_identifiers") or ()
    ignored = [c for c, kind in named if kind != "sensitive" and c not in used]
    said = []
    if identifiers or sensitive:
        told = _(
            "{identifiers} and {sensitive} look personal and were not declared so.",
            identifiers=wording.plural(identifiers, "identifier", "identifiers"),
            sensitive=wording.plural(sensitive, "sensitive column", "sensitive columns"),
        )
        said.append(told)
        these = [c for c, kind in named if kind != "quasi-identifier"]
        said += [_("By name: {columns}.", columns=names(these))] if these else []
    if ignored:
        said.append(
            _("Who is alone was counted without {columns}, which tell people apart.", columns=names(ignored))
        )
    if not said:
        return _("None was found."), _("Every column was looked at; unusual spellings may pass.")
    return wording.paragraph(said), _("By values and names; chance matches are allowed for.")

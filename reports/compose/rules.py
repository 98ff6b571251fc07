"""Whether the rules themselves are up to date, and what a local rule made of those that it builds on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reports import wording
from reports.compose.view import View
from reports.document import Callout, Cell, Column, Table
from reports.language import N_, _, own, said

_HEAD = N_(("Requirement", "Criterion", "Change", "It was", "It is", "Reason"))


def out_of_date(view: View) -> Iterator[Callout]:
    """Warn of rules that nobody has read again in time, and of an overlay that does not hold on this day."""
    for name in view.verdicts:
        card = view.frameworks.get(name, {})
        rules = view.framework_title(name)
        if card.get("lapsed"):
            title = _("{rules}: only the rules that it builds on were applied.", rules=rules)
            yield Callout("warning", title, said(str(card["lapsed"])))
        due = card.get("review_by")
        if due and str(due) < view.as_of:
            yield Callout(
                "warning",
                _("{rules} should have been reviewed by {day}.", rules=rules, day=due),
                _(
                    "Its rules may be out of date. The audit applied them as they stand; whoever issues them "
                    "should read them again and give a new day."
                ),
            )


def changes(view: View, framework: str) -> Iterator[Table]:
    """List every change that an overlay made to an item of its parents."""
    items = view.frameworks.get(framework, {}).get("requirements", ())
    rows = tuple(
        (
            Cell(f"{said(item['title'])} ({item['id']})"),
            Cell(change["criterion"] or _("the whole requirement")),
            Cell(wording.plain(change["mode"])),
            Cell(_value(change["old"])),
            Cell(_value(change["new"])),
            Cell(f"{wording.sentence(said(change['reason']))} ({change['overlay']} {change['version']})"),
        )
        for item in items
        for change in item.get("changes") or ()
    )
    if rows:
        yield Table(_("What the local rule changed"), tuple(Column(own(name)) for name in _HEAD), rows)


def _value(value: Mapping[str, Any] | None) -> str:
    if value is None:
        return _("as it stands")
    ((name, given),) = value.items()
    if isinstance(given, list):
        return f"{wording.plain(name)}: {', '.join(map(str, given)) or _('all')}"
    if isinstance(given, str):
        return f"{wording.plain(name)}: {wording.plain(given)}"
    return wording.limit(value)

"""What rules allow of waivers and trials, and where each number of it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reports import wording
from reports.compose.view import View
from reports.document import Cell, Column, Table
from reports.language import N_, _, own, said

Policy = Mapping[str, Any]
LABELS: Mapping[str, str] = N_(
    {
        "days": "Longest",
        "renewals": "Renewals",
        "extensions": "Extensions",
        "extension_days": "Longest extension",
        "approvers": "Who may approve",
        "may_defer": "May put off",
        "may_not_touch": "May never put off",
        "people": "Most people",
        "share_of_cases": "Largest share of cases",
        "stop_unless": "Stops early unless",
        "audits": "Fewest audits",
    }
)
"""Parts of a policy, in words."""
FIGURES: Mapping[str, str] = N_(
    {
        "fail_rate": "share not met, of those decided",
        "undecided_rate": "share undecided",
        "waiver_rate": "share waived",
        "false_alarm_rate": "share of false alarms, of those looked into",
        "decided": "audits that decided it",
        "not_met": "audits that it was not met in",
        "harm_after_pass": "confirmed harm although it was met",
        "harm_prevented": "harm prevented",
        "false_alarm": "false alarms",
        "dispute": "objections",
        "days_to_fix": "median days to repair",
        "still_open": "systems that stand open",
    }
)
"""Figures of effectiveness, in words."""
_COLUMNS = {
    "waivers": ("days", "renewals", "approvers"),
    "sandbox": ("days", "extension_days", "people", "share_of_cases", "approvers"),
}


def waivers(view: View, names: Iterable[str]) -> Iterator[Table]:
    """Tell what the rules called *names* allow of waivers."""
    yield from _table(view, names, "waivers", _("What the rules allow of waivers"))


def trials(view: View, names: Iterable[str]) -> Iterator[Table]:
    """Tell what the rules called *names* allow of a trial."""
    yield from _table(view, names, "sandbox", _("What the rules allow of a sandbox"))


def _table(view: View, names: Iterable[str], block: str, title: str) -> Iterator[Table]:
    """Set rules that allow the same on one row."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name in dict.fromkeys(names):
        policy = view.frameworks.get(name, {}).get(block)
        if policy and set(_COLUMNS[block]) <= policy.keys():
            row = (*(value(policy, key) for key in _COLUMNS[block]), _sources(policy))
            alike.setdefault(row, []).append(view.framework_title(name))
    labels = (_("Rules"), *(own(LABELS[key]) for key in _COLUMNS[block]), _("Where it comes from"))
    rows = tuple((Cell(wording.series(titles)), *map(Cell, row)) for row, titles in alike.items())
    if rows:
        yield Table(title, tuple(map(Column, labels)), rows)


def _sources(policy: Policy) -> str:
    grounds = [policy.get("grounds", {}).get(key) for key in policy if key != "grounds"]
    return wording.series(dict.fromkeys(source(one) for one in grounds if one)) or source(None)


def value(policy: Policy, key: str) -> str:
    """Spell one part of a policy."""
    given = policy[key]
    if key == "extension_days" and not policy.get("extensions", 1):
        return own("none")
    if key == "may_defer" and given is not None and not given:
        return own("nothing")
    return _SPELT[key](given) if given not in (None, [], ()) else own(_NOTHING.get(key, "none"))


def trigger(change: str, conditions: Iterable[tuple[str, str, float]]) -> str:
    """Spell when a change is proposed, from the figure, the operator and the limit of each condition."""
    said_ = (f"{own(FIGURES[figure])} {wording.limit({by: limit})}" for figure, by, limit in conditions)
    return _("{change} where: {figures}", change=wording.plain(change), figures=wording.series(said_))


def source(ground: Mapping[str, Any] | None) -> str:
    """Spell where a part of a policy comes from."""
    if ground is None:
        return _("Suggestion of this project")
    return _(
        "{rules} {version}, {basis}",
        rules=ground["framework"],
        version=ground["version"],
        basis=wording.basis(ground["basis"], ground["source"]),
    )


def _limit(limit: Mapping[str, Any]) -> str:
    narrowed = "".join(f", {wording.plain(key)} {name}" for key, name in sorted(limit["of"].items()))
    return f"{limit['measure']} {wording.limit(limit['bound'])}{narrowed}"


def _days(days: int) -> str:
    return wording.plural(days, "day")


_SPELT: Mapping[str, Callable[[Any], str]] = {
    "days": _days,
    "extension_days": _days,
    "renewals": wording.count,
    "extensions": wording.count,
    "approvers": lambda names: wording.joined(map(said, names), "or"),
    "may_defer": wording.listed,
    "may_not_touch": wording.listed,
    "people": wording.count,
    "share_of_cases": wording.exact,
    "stop_unless": lambda limits: wording.series(map(_limit, limits)),
}
_NOTHING = N_(
    {
        "may_defer of none": "nothing",
        "renewals": "none",
        "approvers": "anybody but the owner",
        "may_defer": "whatever is not blocking",
        "may_not_touch": "what is blocking",
        "people": "no cap",
        "share_of_cases": "no cap",
        "stop_unless": "the limits hold that it declares itself",
    }
)

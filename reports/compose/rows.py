"""Rows of a picture: which are drawn, in which order, and how they are told in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from checks.model import NOT_STATED, Measure
from reports import wording
from reports.language import _

DRAWN_ROWS = 12
PANELS = 4
_TOLD = 3
_ROOM = 0.05
"""The part of a scale that stays free at each end."""
NOTHING = "–"
Panel = dict[str, Any]


def row(measure: Measure, label: str, side: str = "", **also: float | None) -> Panel:
    """Return one row: a number with its interval, words beside it, and whether it is compared."""
    return {
        "label": label,
        "value": measure.value,
        "low": measure.low,
        "high": measure.high,
        "text": NOTHING if measure.value is None else wording.number(measure.value),
        "side": side,
        "compared": is_compared(measure),
        **also,
    }


def is_compared(measure: Measure) -> bool:
    """Return whether a group stands beside the others, or is only measured."""
    if "group" not in measure.of:
        return True
    return measure.note is None and measure.of["group"] != NOT_STATED


def people(measure: Measure) -> str:
    """Spell how many people a number is of, as short as a picture needs."""
    return _("n {n}", n=wording.count(measure.n)) if measure.n is not None else ""


def group(measure: Measure) -> str:
    """Return the group of a measure as people read it."""
    return wording.group(measure.of["group"])


def strength(measure: Measure, even: float = 0.0) -> float:
    """Return how far a number lies from *even*, in widths of its interval: evidence, not size."""
    value, low, high = measure.value, measure.low, measure.high
    if value is None or low is None or high is None or high <= low:
        return -1.0
    return abs(value - even) / (high - low)


def panel(
    title: str,
    rows: Sequence[Panel],
    domain: Sequence[float] | None = None,
    reference: float | None = None,
) -> Panel:
    """Return rows under a title, on a scale that holds all that is drawn."""
    ends = list(domain) if domain is not None else span(rows, reference)
    return {"title": title, "rows": list(rows), "domain": ends, "reference": reference}


def span(rows: Iterable[Panel], reference: float | None = None, least: float = 0.0) -> list[float]:
    """Return a scale that holds every number of *rows*, and the reference."""
    keys = ("value", "low", "high", "tick", "least", "most")
    found = [r[key] for r in rows for key in keys if r.get(key) is not None and math.isfinite(r[key])]
    if reference is not None:
        found.append(reference)
    low, high = min(found, default=0.0), max(found, default=1.0)
    room = max(high - low, least) * _ROOM or abs(high) * _ROOM or 1.0
    return [low if low == reference else low - room, high if high == reference else high + room]


def cut(found: Sequence[Measure], most: int = DRAWN_ROWS) -> tuple[list[Measure], str]:
    """Return the first *most*, and in words how many are left to the table."""
    more = len(found) - most
    return list(found[:most]), _(
        "; {many} in the table", many=wording.plural(more, "more row")
    ) if more > 0 else ""


def more(number: int) -> str:
    """Say how many rows or panels a picture leaves to the tables."""
    if number <= 0:
        return ""
    return _("; {many} in the tables", many=wording.plural(number, "more stands", "more stand"))


def told(measures: Sequence[Measure], name: Callable[[Measure], str], most: int = _TOLD) -> str:
    """Say the first numbers of a panel in words."""
    said = [
        _("{name} {value}", name=wording.brief(name(m), 40), value=wording.measured(m))
        for m in measures[:most]
    ]
    rest = len(measures) - len(said)
    return wording.series([*said, *([_("and {count} more", count=wording.count(rest))] if rest > 0 else [])])

"""What reports say of the rules themselves: overdue, out of force, changed by a local rule."""

from __future__ import annotations

import datetime as dt

import pytest

from frameworks.layers import on_day
from frameworks.load import packs
from reports.compose.rules import changes, out_of_date
from reports.compose.view import View
from reports.record import framework_to_json

CITY = "smart-city-municipal"


def view(day: str) -> View:
    rule = framework_to_json(on_day(packs()[CITY], dt.date.fromisoformat(day)))
    return View(
        as_of=day,
        digest="",
        submission={},
        engine={},
        evidence=(),
        findings=(),
        verdicts={CITY: {}},
        frameworks={CITY: rule},
    )


@pytest.mark.parametrize(
    ("day", "titles"),
    [
        ("2026-12-01", ["only the rules that it builds on were applied"]),
        ("2027-10-31", []),
        ("2027-11-01", ["should have been reviewed by 2027-10-31"]),
        ("2028-01-01", ["only the rules that it builds on", "should have been reviewed"]),
    ],
)
def test_rules_out_of_date_are_told_first(day, titles):
    found = list(out_of_date(view(day)))
    assert len(found) == len(titles)
    assert all(title in callout.title for title, callout in zip(titles, found, strict=True))
    assert {callout.tone for callout in found} <= {"warning"}


def test_every_local_change_is_told_with_its_reason():
    (table,) = changes(view("2027-03-01"), CITY)
    rows = [[cell.text for cell in row] for row in table.rows]
    assert len(rows) == 12
    (tightened,) = [row for row in rows if row[3:5] == ["at least 0.8", "at least 0.85"]]
    assert tightened[0].endswith("(FAIR-01)")
    assert tightened[5] == (
        "Public bodies owe more than the screen of employment law. (smart-city-municipal 2026.1.0)"
    )
    assert not list(changes(view("2026-12-01"), CITY))

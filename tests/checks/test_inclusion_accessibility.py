"""Barriers in pages are counted by rule, level and page; what was not looked at is said."""

from __future__ import annotations

import dataclasses

from checks.inclusion.accessibility import accessibility
from checks.model import Outcome
from checks.notices import Notice
from tests.checks.builders import credit
from tests.checks.planted import planted
from tests.checks.told import ADVICE, BARRIER, CLEAN, noticed

PEOPLE = credit(40, 40)


def scanned(*scans, **more):
    pages = tuple(Notice(f"page {i}", True, "en", "Words", scan) for i, scan in enumerate(scans))
    return accessibility(dataclasses.replace(PEOPLE, notices=(*pages, *more.get("others", ()))))


@planted("inclusion.accessibility", "speaks")
def test_barriers_are_counted_by_element_and_rule():
    evidence = accessibility(noticed(PEOPLE))
    values = {(m.name, m.of.get("notice")): m.value for m in evidence.measures}
    assert values == {
        ("failures", None): 3,
        ("rules_failed", None): 1,
        ("undetermined", None): 1,
        ("advice_failed", None): 5,
        ("rules_passed", None): 40,
        ("page_failures", "screen"): 3,
        ("page_failures", "other"): 0,
    }
    assert evidence.tables[0].rows == (
        ("screen", "Images must have alternative text", "1.1.1", "critical", 3),
    )
    assert "axe-core 4.12.1" in evidence.measure("failures").method


@planted("inclusion.accessibility", "silent")
def test_a_clean_page_has_no_failures_and_advice_is_none():
    evidence = scanned(CLEAN, {**CLEAN, "violations": [ADVICE]})
    assert evidence.measure("failures").value == evidence.measure("rules_failed").value == 0
    assert evidence.measure("failures").n == 2
    assert evidence.tables[0].rows == ()


def test_the_worst_barrier_stands_first():
    mild = {**BARRIER, "impact": "minor", "elements": 50, "tags": ["wcag22aa", "wcag258"], "says": "Targets"}
    evidence = scanned({**CLEAN, "violations": [mild, BARRIER]})
    assert [row[2] for row in evidence.tables[0].rows] == ["1.1.1", "2.5.8"]
    assert evidence.measure("failures").value == 53


def test_a_page_that_was_not_looked_at_is_said():
    other = Notice("slow", True, "en", "Words", None, "it took too long")
    evidence = scanned(CLEAN, others=(other,))
    assert evidence.measure("failures").n == 1
    assert evidence.measure("failures").note == "1 of 2 pages were not looked at: it took too long"


def test_reasons_why_there_is_no_number():
    none = accessibility(dataclasses.replace(PEOPLE, notices=(Notice("letter", False, None, "Words"),)))
    assert none.outcome is Outcome.NOT_APPLICABLE
    assert "no page was supplied" in none.reason
    unseen = scanned(others=(Notice("page", True, None, "Words", None, "this host has no browser"),))
    assert (unseen.outcome, unseen.reason) == (Outcome.INCONCLUSIVE, "this host has no browser")

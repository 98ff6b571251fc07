"""Which requirements hold on a day, and for which system."""

from __future__ import annotations

import datetime as dt

import pytest

from frameworks.load import packs
from frameworks.model import State, Verdict
from frameworks.resolve import state
from tests.frameworks.builders import bound, compared, framework, one, ratio

GOOD = compared(ratio(0.95, 0.9, 0.99))


def asked(**applies):
    return framework(bound(), requirement={"applies": applies}, conditions={"sets-prices": "It sets prices."})


def day(text):
    return dt.date.fromisoformat(text)


DATES = {"from": day("2026-08-02"), "until": day("2027-01-01")}


@pytest.mark.parametrize(
    ("as_of", "replaced", "expected"),
    [
        ("2026-08-01", None, State.NOT_YET),
        ("2026-08-02", None, State.IN_FORCE),
        ("2026-12-31", None, State.IN_FORCE),
        ("2027-01-01", None, State.SUNSET),
        ("2027-01-01", "rule:2", State.SUPERSEDED),
    ],
)
def test_the_day_of_judging_gives_the_state(as_of, replaced, expected):
    """`from` is the first day in force, `until` the first day no longer."""
    rule = asked(**DATES | ({"superseded_by": replaced} if replaced else {}))
    assert state(rule, rule.requirements[0], day(as_of)) is expected
    finding = one(rule, GOOD, as_of=day(as_of))
    assert finding.state is expected
    judged = expected is State.IN_FORCE
    assert finding.verdict is (Verdict.MET if judged else Verdict.NOT_APPLICABLE)
    assert judged or finding.reason.startswith(("Not in force", "No longer in force"))


def test_the_dates_of_the_framework_hold_for_its_requirements():
    rule = framework(bound(), **{"from": day("2026-02-01"), "until": day("2026-03-01")})
    states = [state(rule, rule.requirements[0], day(d)) for d in ("2026-01-31", "2026-02-01", "2026-03-01")]
    assert states == [State.NOT_YET, State.IN_FORCE, State.SUNSET]


def test_new_york_rule_is_enforced_later_than_the_law():
    law = packs()["us-nyc-ll144"]
    states = {r.id: state(law, r, day("2023-03-01")) for r in law.requirements}
    assert states["871a1"] is State.IN_FORCE
    assert states["301b"] is State.NOT_YET
    assert {state(law, r, day("2022-12-31")) for r in law.requirements} == {State.NOT_YET}
    assert {state(law, r, day("2023-07-05")) for r in law.requirements} == {State.IN_FORCE}


@pytest.mark.parametrize(
    ("tier", "verdict"),
    [
        ("limited", Verdict.NOT_APPLICABLE),
        ("moderate", Verdict.MET),
        ("high", Verdict.MET),
        ("unheard-of", Verdict.MET),
    ],
)
def test_a_tier_is_asked_what_is_asked_of_it(tier, verdict):
    assert one(asked(tiers=["moderate", "high"]), GOOD, tier=tier).verdict is verdict


@pytest.mark.parametrize(("task", "verdict"), [("binary", Verdict.MET), ("scoring", Verdict.NOT_APPLICABLE)])
def test_a_task_is_asked_what_fits_it(task, verdict):
    assert one(asked(tasks=["binary", "multiclass"]), GOOD, task=task).verdict is verdict


@pytest.mark.parametrize(
    ("declared", "verdict"),
    [
        (set(), Verdict.MET),
        ({"sets-prices"}, Verdict.MET),
        ({"sets-prices", "not sets-prices"}, Verdict.MET),
        ({"not sets-prices"}, Verdict.NOT_APPLICABLE),
    ],
)
def test_a_circumstance_is_taken_to_hold_until_somebody_declares_that_it_does_not(declared, verdict):
    """Leaving a declaration out must never take a requirement away."""
    finding = one(asked(when=["sets-prices"]), GOOD, conditions=frozenset(declared))
    assert finding.verdict is verdict
    assert verdict is Verdict.MET or "declares that it does not" in finding.reason


def test_a_criterion_for_other_tasks_does_not_apply():
    finding = one(framework(bound(tasks=["regression"])), GOOD)
    assert finding.verdict is Verdict.NOT_APPLICABLE
    assert finding.reason == "Asked only where the task is regression."

"""How well rules work: figures by hand, and proposals that come only when enough audits say so."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frameworks.effectiveness import Kind, Report, Seen, figures, proposals
from frameworks.model import Verdict
from frameworks.proposing import Change, Condition, Figure, Policy, Trigger
from tests.budgets import budget
from tests.frameworks.builders import bound, compared, framework, one, ratio

RULE = framework(bound())
DAY = dt.date(2026, 1, 1)


def finding(verdict, value=None):
    made = one(RULE, compared(ratio(0.9, 0.85, 0.95)))
    return replace(made, verdict=Verdict(verdict), value=value)


def seen(verdict, day=0, system="s", value=None, *kinds):
    reports = [Report("R-1", Kind(kind)) for kind in kinds]
    return Seen(system, DAY + dt.timedelta(days=day), [finding(verdict, value)], reports)


def of(*audits, rule=RULE):
    (found,) = figures(rule, audits)
    return found


def changes(*audits, rule=RULE, policy=None):
    return [p.change for p in proposals(rule, figures(rule, audits), policy)]


def test_figures_by_hand():
    found = of(
        seen("not_met", 0, "a", 0.6), seen("met", 40, "a", 0.9), seen("not_met", 0, "b", 0.7),
        seen("undecided", 5, "c"), seen("waived", 9, "d"), seen("not_applicable", 9, "e"),
    )  # fmt: skip
    assert found.runs == 5
    assert found.verdicts["not_met"] == 2
    assert found.fail_rate.value == pytest.approx(2 / 3)  # of the three that were decided
    assert found.fail_rate.n == 3
    assert found.undecided_rate.value == pytest.approx(1 / 5)
    assert found.waiver_rate.value == pytest.approx(1 / 5)
    assert found.false_alarm_rate.value is None
    assert found.spread == pytest.approx((0.65, 0.7, 0.8))
    assert (found.days_to_fix, found.fixed, found.still_open) == (40, 1, 1)


def test_a_repair_counts_from_the_first_audit_that_was_not_met():
    found = of(seen("not_met", 0), seen("undecided", 10), seen("not_met", 20), seen("met", 50))
    assert (found.days_to_fix, found.still_open) == (50, 0)
    again = of(seen("not_met", 0), seen("met", 50), seen("not_met", 60))
    assert (again.fixed, again.still_open) == (1, 1)


def test_harm_after_a_pass_proposes_to_tighten():
    audits = [seen("met", n) for n in range(19)] + [seen("met", 19, "s", None, "harm_after_pass")]
    (found,) = proposals(RULE, figures(RULE, audits))
    assert found.change is Change.TIGHTEN
    assert "harm was confirmed once although it was met" in found.why


def test_what_a_person_attests_passes():
    """Every bundled requirement asks a person something, so that none is ever met as a whole."""
    found = of(
        seen("not_met", 0, "a"), seen("attested", 30, "a"), seen("not_met", 0, "b"), seen("attested", 0, "c")
    )
    assert (found.fail_rate.value, found.fail_rate.n, found.fail_rate.note) == (0.5, 4, None)
    assert (found.days_to_fix, found.still_open) == (30, 1)
    audits = [seen("not_met", n, f"s{n}", None, "false_alarm") for n in range(30)]
    (proposed,) = proposals(RULE, figures(RULE, [*audits, *(seen("attested", n, "t") for n in range(3))]))
    assert proposed.why.startswith("it is not met in 30 of 33 audits that decide it, no report says")
    assert proposed.why.endswith("and 30 of 30 that were looked into were false alarms")
    assert changes(*[seen("attested", n) for n in range(50)]) == [Change.MERGE_OR_RETIRE]


def test_fewer_than_twenty_audits_propose_nothing():
    audits = [seen("met", n, "s", None, "harm_after_pass") for n in range(19)]
    assert changes(*audits) == []
    assert changes(*audits, seen("undecided", 30)) == [Change.TIGHTEN]


def test_false_alarms_propose_to_recalibrate_unless_one_prevented_harm():
    audits = [seen("not_met", n, f"s{n}", None, "false_alarm") for n in range(30)]
    assert changes(*audits) == [Change.RECALIBRATE]
    assert changes(*audits, seen("not_met", 31, "x", None, "harm_prevented")) == []
    few = [seen("not_met", n, f"s{n}", None, *(["false_alarm"] if n < 2 else [])) for n in range(30)]
    assert changes(*few) == [], "two reports are too few to say what share was false"


def test_a_rule_that_nothing_ever_fails_is_to_be_merged_or_retired():
    audits = [seen("met", n) for n in range(50)]
    assert changes(*audits) == [Change.MERGE_OR_RETIRE]
    assert changes(*audits[:49], seen("undecided", 50)) == []
    assert changes(*audits, seen("not_met", 51)) == []


def test_what_is_waived_too_often_is_unclear():
    audits = [seen("waived", n) for n in range(12)] + [seen("not_met", n) for n in range(8)]
    assert changes(*audits) == [Change.CLARIFY]
    assert changes(*[seen("waived", 0)] * 6, *[seen("not_met", 1)] * 14) == [], "the interval reaches 0.25"


def test_guards_of_law_and_of_vulnerable_people_are_told():
    law = framework(bound(basis="law", basis_source="a law"), requirement={"principle": "inclusion"})
    (found,) = proposals(law, figures(law, [seen("met", n) for n in range(50)]))
    assert found.guards == (
        "a number in it is of law and can only be made stricter",
        "hear the people whom it is for before it is retired",
    )


def test_another_policy_is_followed():
    audits = [seen("met", n) for n in range(25)]
    sooner = Trigger(Change.RETIRE, (Condition(Figure.DECIDED, "at_least", 25),))
    assert changes(*audits, policy=Policy(proposals=(sooner,))) == [Change.RETIRE]


@settings(max_examples=budget(40, 400), deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(list(Verdict)), st.integers(0, 400), st.sampled_from("abc")), max_size=40
    )
)
def test_the_order_in_which_audits_are_read_changes_nothing(drawn):
    days = {}
    audits = [seen(v, days.setdefault((day, s), day), s) for v, day, s in drawn]
    unique = list({(a.system, a.day): a for a in audits}.values())
    assert of(*unique) == of(*reversed(unique))
    found = of(*unique)
    assert sum(found.verdicts.values()) == found.runs <= len(unique)
    assert found.fixed + found.still_open <= max(len(unique), 1)


def test_findings_of_other_rules_do_not_count():
    other = replace(finding("not_met"), requirement="R-2")
    assert figures(RULE, [Seen("s", DAY, [other])])[0].runs == 0

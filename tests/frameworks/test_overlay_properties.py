"""Laws of overlays for any evidence: what is stricter is never kinder."""

from __future__ import annotations

import datetime as dt
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from frameworks.judge import judge
from frameworks.layers import on_day
from frameworks.load import packs
from frameworks.model import Bound, State
from frameworks.resolve import state
from frameworks.strict import stricter, strictest
from tests.frameworks.builders import AUC, GAP, MISSING, facts
from tests.frameworks.overlays import local, overlay, override, read
from tests.frameworks.test_properties import records

few = settings(max_examples=40, deadline=None, derandomize=True)
bounds = st.builds(
    Bound, st.sampled_from(["at_least", "above", "at_most", "below"]), st.sampled_from([0.1, 0.2, 0.8])
)
GIVEN = facts(conditions=frozenset({"not sets-prices"}))
CHANGES = [
    override(to={"at_least": 0.9}),
    override(to={"above": 0.8}),
    override(criterion=GAP, **{"from": {"at_most": 0.1}, "to": {"at_most": 0.02}}),
    override(criterion=MISSING, **{"from": {"at_most": 0.05}, "to": {"below": 0.05}}),
    override(criterion=AUC, **{"from": {"at_most": 0.6}, "to": {"at_most": 0.3}}),
    override(criterion=None, **{"from": {"severity": "major"}, "to": {"severity": "blocking"}}),
    override(
        criterion="attested:notice-text", **{"from": {"missing": "undecided"}, "to": {"missing": "not_met"}}
    ),
    override(criterion=None, mode="widen", **{"from": {"when": ["sets-prices"]}, "to": {"when": []}}),
    override(
        criterion=None, mode="widen", **{"from": {"tiers": ["high"]}, "to": {"tiers": ["moderate", "high"]}}
    ),
    override(criterion=None, mode="widen", **{"from": {"tasks": ["binary"]}, "to": {"tasks": []}}),
]
GROUPS = [{"id": "old", "title": "Older people", "attributes": ["age"], "at_least": 60, "why": "x"}]
PLAIN = read(overlay(requirements=[local()]))
STRICTER = [read(overlay(change, requirements=[local()])) for change in CHANGES] + [
    read(overlay(requirements=[local()], groups=GROUPS))
]


def verdicts(rule, evidence, given):
    return {(f.requirement, f.criterion): f.verdict for f in judge(rule, evidence, given)}


@few
@given(records, st.sampled_from(STRICTER), st.sampled_from(["high", "moderate", "limited"]), st.booleans(),
       st.sampled_from(["binary", "scoring"]))  # fmt: skip
def test_what_is_stricter_never_turns_a_worse_verdict_into_a_better_one(evidence, rule, tier, prices, task):
    """Whatever is tightened or widened, and whichever group is named."""
    conditions = frozenset() if prices else frozenset({"not sets-prices"})
    given_ = facts(tier=tier, conditions=conditions, task=task)
    before, after = verdicts(PLAIN, evidence, given_), verdicts(rule, evidence, given_)
    assert before.keys() == after.keys()
    assert all(after[name].rank >= before[name].rank for name in before)


@few
@given(records)
def test_all_that_is_stricter_together_is_no_kinder_than_each(evidence):
    every = read(
        overlay(*(c for n, c in enumerate(CHANGES) if n != 1), requirements=[local()], groups=GROUPS)
    )
    last = verdicts(every, evidence, facts())
    for rule in STRICTER:
        assert all(last[name].rank >= was.rank for name, was in verdicts(rule, evidence, facts()).items())


@few
@given(st.lists(bounds, min_size=2, max_size=4))
def test_the_strictest_does_not_depend_on_the_order(several):
    up = ("at_least", "above")
    one_side = [b for b in several if (b.operator in up) == (several[0].operator in up)]
    found = set()
    for order in permutations(one_side):
        held = order[0]
        for bound in order[1:]:
            held = strictest(bound, held)
        found.add(held)
    (held,) = found
    assert not any(stricter(bound, held) for bound in one_side)


def test_parents_in_any_order_judge_alike():
    mild, hard = overlay(CHANGES[0], id="mild"), overlay(CHANGES[2], CHANGES[4], id="hard")
    wide = overlay(CHANGES[7], CHANGES[8], CHANGES[9], id="wide")
    sets = []
    for order in permutations(("mild", "hard", "wide")):
        rule = read(overlay(requirements=[local()], parents=order, combine="strictest"), mild, hard, wide)
        sets.append([(r.id, r.severity, r.applies, r.criteria) for r in rule.requirements])
    assert all(one == sets[0] for one in sets)


@few
@given(
    st.sampled_from(sorted(packs())), st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)), st.integers(0, 2000)
)
def test_a_rule_that_began_goes_on_until_it_ends(name, day, later):
    """Along the days an item is not yet, then in force, then over: it never goes back."""
    rule = packs()[name]
    order = {State.NOT_YET: 0, State.IN_FORCE: 1, State.SUNSET: 2, State.SUPERSEDED: 2}
    days = (day, day + dt.timedelta(later))
    first, second = (
        {r.id: state(then, r, d) for r in then.requirements} for d in days for then in [on_day(rule, d)]
    )
    assert all(order[second[id_]] >= order[first[id_]] for id_ in first)


@few
@given(records, st.integers(0, 2), st.sampled_from(STRICTER))
def test_a_missing_check_never_yields_met_under_an_overlay(evidence, gone, rule):
    checks = evidence[gone].check
    left = evidence[:gone] + evidence[gone + 1 :]
    for finding in judge(rule, left, facts()):
        assert not ((finding.measure or "").startswith(checks + ".") and finding.verdict == "met")

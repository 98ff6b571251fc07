"""What rule files say about waivers, sandboxes and proposals: read, refused, inherited, judged by."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frameworks import policies, waivers
from frameworks.diff import differences
from frameworks.effectiveness import Seen, figures, proposals
from frameworks.judge import judge, trial
from frameworks.layers import on_day
from frameworks.load import LoadError, load, packs
from frameworks.model import Severity, Verdict
from frameworks.proposing import SUGGESTED, Change, Condition, Figure, Trigger, laxer
from frameworks.relief import Limit, SandboxRules, Term, WaiverRules
from reports.record import framework_to_json
from reports.restore import framework_from_json
from tests.frameworks.builders import RATIO, TODAY, bound, compared, content, dump, facts, framework, ratio
from tests.frameworks.overlays import base, local, overlay, override, read
from tests.frameworks.test_relief import (
    BAD,
    DAY,
    RULE,
    SANDBOX,
    WAIVER,
    any_sandboxes,
    any_waivers,
    evidence,
    few,
    verdicts,
)

GROUNDED = {"basis": "guideline", "basis_source": "Art. 9"}
CITY = packs()["smart-city-municipal"]
COUNCIL = "The council"


def town(*others: dict, **top):
    return read(overlay(requirements=[local()], **top), *others)


def said(**rest):
    return {"reason": "local demand"} | rest


# Reading


def test_an_overlay_is_stricter_and_says_who_set_what():
    rules = town(
        waivers=said(days=90, renewals=0, approvers=[COUNCIL]),
        sandbox=said(
            people=500, may_not_touch=["R-1"], stop_unless=[{"measure": RATIO, "at_least": 0.6}], extensions=0
        ),
        effectiveness=said(audits=40),
    )
    assert (rules.waivers.days, rules.waivers.renewals, rules.waivers.approvers) == (90, 0, (COUNCIL,))
    assert (rules.sandbox.people, rules.sandbox.days, rules.sandbox.extensions) == (500, 365, 0)
    assert rules.sandbox.stop_unless == (Limit(RATIO, {"at_least": 0.6}),)
    assert rules.effectiveness.audits == 40
    ground = rules.waivers.grounds["days"]
    assert (ground.framework, ground.basis, ground.source) == ("town", "local-choice", "local demand")
    assert "days" not in rules.sandbox.grounds
    rows = {(block, key): (value, ground) for block, key, value, ground in policies.rows(rules)}
    assert rows["waivers", "approvers"][0] == f"[{COUNCIL}]"
    assert rows["sandbox", "days"] == ("365", None)
    told = framework_to_json(rules)
    assert framework_from_json(told).waivers == rules.waivers
    assert framework_from_json(told).sandbox == rules.sandbox


def test_letters_do_not_tell_approvers_apart():
    made = overlay(override(), waivers=said(approvers=[COUNCIL]))
    top = overlay(parents=("town",), id="above", waivers=said(approvers=["THE  council"]))
    assert read(top, made).waivers.approvers == ("THE  council",)


def test_what_is_laxer_needs_a_reason_of_its_own():
    rules = town(waivers=said(days=300, widen={"days": "the flood"}), sandbox=said(days=30))
    assert rules.waivers.days == 300
    assert rules.waivers.grounds["days"].source == "the flood"


def test_a_framework_sets_its_own_within_limits():
    rule = framework(bound(), waivers={"days": 366, **GROUNDED}, sandbox={"days": 731, **GROUNDED})
    assert (rule.waivers.days, rule.sandbox.days) == (366, 731)
    assert rule.waivers.grounds["days"].basis == "guideline"


PARENT = {
    "waivers": {"days": 100, "approvers": [COUNCIL], "basis": "project-suggestion", "basis_source": "x"}
}
LAW = {"waivers": {"days": 100, "basis": "law", "basis_source": "Art. 9"}}
OVER = [{"figure": "decided", "at_least": 10}, {"figure": "not_met", "at_most": 0}]
REFUSED = {
    "laxer": ({}, {"waivers": said(days=200)}, "days",
              '`days: 180`; write a lower number, or say why: `widen: {days: "the reason"}`'),
    "laxer than the parent": (PARENT, {"waivers": said(days=101)}, "days", "`days: 100`"),
    "another approver": (PARENT, {"waivers": said(approvers=[COUNCIL, "A clerk"])}, "approvers",
                         "name only those that stand there"),
    "law": (LAW, {"waivers": said(days=101, widen={"days": "x"})}, "days", "law and is never widened"),
    "no reason": ({}, {"waivers": {"days": 90}}, "waivers", "an overlay says why; add `reason`"),
    "needless": ({}, {"waivers": said(days=90, widen={"days": "x"})}, "days", "take it out of `widen`"),
    "widens nothing": ({}, {"waivers": said(days=90, widen={"renewals": "x"})}, "waivers", "is not set here"),
    "too long": ({}, {"waivers": said(days=367, widen={"days": "x"})}, "days",
                 "`days: 367` is refused; write 366 or less"),
    "two renewals": ({}, {"waivers": said(renewals=2)}, "renewals", "write 1 or less"),
    "a sandbox of years": ({}, {"sandbox": said(days=732)}, "days", "write 731 or less"),
    "half a day": ({}, {"waivers": said(days=0.5)}, "days", "`days` is not a whole number"),
    "no mapping": ({}, {"waivers": [1]}, "waivers", "`waivers` is not a mapping; write its keys below it"),
    "reasons without keys": ({}, {"waivers": said(days=300, widen=["days"])}, "widen", "is not a mapping"),
    "nobody": ({}, {"waivers": said(approvers=[])}, "approvers", "`approvers` is empty; add at least one"),
    "nothing": ({}, {"waivers": said()}, "waivers", "it sets nothing; add `days`"),
    "unknown key": ({}, {"waivers": said(max_days=90)}, "max_days", "`max_days` is not a key here"),
    "unknown item": ({}, {"sandbox": said(may_defer=["R-9"])}, "may_defer", "no item `R-9` here"),
    "both ways": ({}, {"sandbox": said(may_defer=["R-1"], may_not_touch=["R-1"])}, "may_defer",
                  "stands under `may_not_touch` too"),
    "blocking": ({}, {"sandbox": said(may_defer=["LOC-2"]),
                      "requirements": [local(id="LOC-2", severity="blocking")]}, "may_defer",
                 "`LOC-2` is blocking and is never put off"),
    "unknown measure": ({}, {"sandbox": said(stop_unless=[{"measure": "x.y.z", "at_most": 1}])}, "measure",
                        "there is no check `x.y`"),
    "no limit": ({}, {"sandbox": said(stop_unless=[{"measure": RATIO}])}, "measure", "either `at_least`"),
    "a whole share": ({}, {"sandbox": said(share_of_cases=1.5)}, "share_of_cases", "write 1 or less"),
    "under twenty": ({}, {"effectiveness": said(audits=19)}, "audits", "write 20 or more"),
    "unknown figure": ({}, {"effectiveness": said(proposals=[{"propose": "retire", "when": [
        {"figure": "fails", "at_least": 1}]}])}, "figure", "`fails` is not a value of `figure`"),
    "unknown change": ({}, {"effectiveness": said(proposals=[{"propose": "relax", "when": OVER}])}, "propose",
                       "`relax` is not a value of `propose`"),
    "two limits": ({}, {"effectiveness": said(proposals=[{"propose": "tighten", "when": [
        {"figure": "dispute", "at_least": 1, "at_most": 3}]}])}, "figure", "keep one"),
    "no share": ({}, {"effectiveness": said(proposals=[{"propose": "tighten", "when": [
        {"figure": "fail_rate", "above": 40}]}])}, "figure", "write a number from 0 to 1"),
    "retired sooner": ({}, {"effectiveness": said(proposals=[{"propose": "retire", "when": OVER}])},
                       "proposals", "ask more before a rule is relaxed"),
    "tightened later": ({}, {"effectiveness": said(proposals=[{"propose": "tighten", "when": [
        {"figure": "harm_after_pass", "at_least": 2}]}])}, "proposals", "no more before it is tightened"),
}  # fmt: skip


@pytest.mark.parametrize(("parent", "top", "at", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_laxer_or_odd_is_refused_with_its_line_and_its_fix(parent, top, at, words):
    data = overlay(**({"requirements": [local()]} | top))
    text = dump(data)
    with pytest.raises(LoadError) as refused:
        read(data, base(**parent))
    assert refused.value.file == "town.yaml"
    assert words in refused.value.sentence, refused.value.sentence
    near = text.splitlines()[max(refused.value.line - 2, 0) : refused.value.line + 1]
    assert any(at in line for line in near), (refused.value.line, near)


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"days": 90}, "add `basis` and `basis_source`"),
        ({"days": 90, "widen": {"days": "x"}, **GROUNDED}, "only an overlay widens"),
    ],
)
def test_a_framework_says_where_its_numbers_come_from(block, words):
    with pytest.raises(LoadError, match=words):
        load(dump(content(bound(), waivers=block)).encode(), "rule.yaml")


def test_a_floor_is_not_undercut_even_with_a_reason():
    floor = base(id="floor", **LAW)
    top = {"floors": [{"id": "floor", "use": ["law"]}], "requirements": [local()]}
    assert read(overlay(waivers=said(days=100), **top), floor).waivers.days == 100
    with pytest.raises(LoadError, match=r"`days: 101` of `waivers` is under the floor floor, `days: 100`"):
        read(overlay(waivers=said(days=101), **top), floor)
    with pytest.raises(LoadError, match=r"line 11: `days: 180` of `waivers` is under the floor"):
        read(overlay(**top), floor)


def test_what_a_law_asked_is_not_undercut_through_an_overlay_in_between():
    made = overlay(override(), waivers=said(days=90))

    def district(days):
        wide = said(days=days, widen={"days": "a flood"})
        top = overlay(requirements=[local(id="LOC-2")], parents=("town",), id="district", waivers=wide)
        return read(top, base(**LAW), made)

    assert district(100).waivers.days == 100
    with pytest.raises(LoadError, match=r"parent 1\.2\.0 does, `days: 100`, which rests on law"):
        district(101)


# Inheriting


def test_of_several_parents_the_strictest_holds_in_any_order():
    mild = overlay(override(), id="mild", waivers=said(days=90, approvers=["A", "B"]), sandbox=said(people=9))
    hard = overlay(override(), id="hard", waivers=said(days=120, renewals=0, approvers=["B", "C"]),
                   sandbox=said(people=5, may_defer=["R-1"]), effectiveness=said(audits=50))  # fmt: skip
    for order in (("mild", "hard"), ("hard", "mild")):
        rules = read(overlay(requirements=[local()], parents=order, combine="strictest"), mild, hard)
        assert (rules.waivers.days, rules.waivers.renewals, rules.waivers.approvers) == (90, 0, ("B",))
        assert (rules.sandbox.people, rules.sandbox.may_defer) == (5, ("R-1",))
        assert rules.effectiveness.audits == 50
        assert rules.waivers.grounds["days"].framework == "mild"
        assert rules.waivers.grounds["renewals"].framework == "hard"
    apart = overlay(override(), id="apart", waivers=said(approvers=["D"]))
    with pytest.raises(LoadError, match="name nobody alike who may approve"):
        read(overlay(requirements=[local()], parents=("mild", "apart"), combine="strictest"), mild, apart)


def test_outside_its_days_the_parents_policies_hold():
    rules = town(waivers=said(days=90), **{"from": TODAY, "sunset": TODAY + 30 * DAY})
    days = [on_day(rules, TODAY + n * DAY).waivers.days for n in (-1, 0, 29, 30)]
    assert days == [180, 90, 90, 180]


def test_what_a_lapsed_parent_widened_no_longer_holds_for_the_child():
    wide = overlay(override(), id="wide", sunset=TODAY, waivers=said(days=300, widen={"days": "the flood"}))
    rules = read(overlay(requirements=[local()], parents=("wide",), waivers=said(days=250)), wide)
    assert on_day(rules, TODAY - DAY).waivers.days == 250
    assert on_day(rules, TODAY).waivers.days == 180


def test_a_change_of_policy_is_a_difference():
    told = differences(town(), town(waivers=said(days=90), effectiveness=said(audits=30)))
    assert [(d.requirement, d.criterion, d.old, d.new) for d in told] == [
        ("waivers", "days", "180", "90"),
        ("effectiveness", "audits", "20", "30"),
    ]


# Judging


@pytest.mark.parametrize(
    ("rules", "change", "words"),
    [
        (WaiverRules(days=19), {}, "20 days, and 19 are allowed"),
        (WaiverRules(approvers=(COUNCIL, "A board")), {}, "only The council or A board may approve it"),
        (
            WaiverRules(renewals=0),
            {"term": replace(WAIVER.term, expiry=TODAY - DAY), "renewal": Term("D", TODAY, TODAY, "x")},
            "these rules allow no renewal",
        ),
    ],
)
def test_waivers_are_held_to_the_rules_that_judge(rules, change, words):
    waiver = replace(WAIVER, **change)
    assert waivers.flaw(waiver, Severity.MAJOR, WaiverRules(), TODAY) is None
    assert words in waivers.flaw(waiver, Severity.MAJOR, rules, TODAY)
    assert verdicts(replace(RULE, waivers=rules), BAD, waivers=(waiver,))[0] is Verdict.NOT_MET
    known = WaiverRules(approvers=("c.  OTHER",))
    assert waivers.flaw(WAIVER, Severity.MAJOR, known, TODAY) is None


@pytest.mark.parametrize(
    ("rules", "change", "phase"),
    [
        (SandboxRules(approvers=(COUNCIL,)), {}, "void"),
        (SandboxRules(days=19), {}, "void"),
        (SandboxRules(stop_unless=(Limit(RATIO, {"at_least": 0.7}),)), {}, "ended"),
        (SandboxRules(stop_unless=(Limit(RATIO, {"at_least": 0.7}, {"attribute": "age"}),)), {}, "running"),
        (
            SandboxRules(extensions=0),
            {"expiry": TODAY - DAY, "extension": Term("C. Other", TODAY - DAY, TODAY + DAY, "x")},
            "ended",
        ),
    ],
)
def test_trials_are_held_to_the_rules_that_judge(rules, change, phase):
    sandbox = replace(SANDBOX, **change)
    assert trial(RULE, [BAD], facts(sandbox=sandbox)).phase == "running"
    assert trial(replace(RULE, sandbox=rules), [BAD], facts(sandbox=sandbox)).phase == phase


def test_after_the_end_also_what_was_put_off_without_leave_is_not_met():
    protected = replace(RULE, sandbox=SandboxRules(may_not_touch=("R-1",)))
    nothing, later = None, SANDBOX.expiry + DAY
    assert verdicts(protected, nothing, sandbox=SANDBOX)[0] is Verdict.UNDECIDED
    assert verdicts(protected, nothing, sandbox=SANDBOX, as_of=later)[0] is Verdict.NOT_MET


waiver_rules = st.builds(
    WaiverRules,
    days=st.sampled_from([5, 100, 180, 366]),
    renewals=st.integers(0, 1),
    approvers=st.sampled_from([None, ("C. Other",), ("B. Owner", "C. Other")]),
)
sandbox_rules = st.builds(
    SandboxRules,
    days=st.sampled_from([5, 100, 365, 731]),
    extensions=st.integers(0, 1),
    extension_days=st.sampled_from([5, 183]),
    approvers=st.sampled_from([None, ("C. Other",), ("B. Owner", "C. Other")]),
    may_defer=st.sampled_from([None, ("R-1",), ()]),
    may_not_touch=st.sampled_from([(), ("R-1",)]),
    people=st.sampled_from([None, 10, 1000]),
    share_of_cases=st.sampled_from([None, 0.01, 0.9]),
    stop_unless=st.sampled_from([(), *((Limit(RATIO, {"at_least": x}),) for x in (0.7, 0.99))]),
)


@few
@given(evidence, any_waivers(), any_sandboxes(), st.tuples(waiver_rules, waiver_rules),
       st.tuples(sandbox_rules, sandbox_rules))  # fmt: skip
def test_stricter_policies_never_turn_a_worse_verdict_into_a_better_one(found, waiver, sandbox, some, trials):
    """Whatever two parents allow, what takes both together is no kinder than either."""
    one, other = (replace(RULE, waivers=w, sandbox=s) for w, s in zip(some, trials, strict=True))
    both = replace(RULE, **policies.inherited((one, other)))
    assert policies.inherited((other, one)) == policies.inherited((one, other))
    given_ = {"waivers": (waiver,), "sandbox": sandbox}
    last = verdicts(both, found, **given_)
    for rule in (one, other):
        for then, now in zip(verdicts(rule, found, **given_), last, strict=True):
            assert now.rank >= then.rank
    for name in ("waivers", "sandbox"):
        keys = [key for key in type(getattr(one, name)).__slots__ if key != "grounds"]
        strict, loose = getattr(both, name), getattr(one, name)
        assert all(policies.not_laxer(key, getattr(strict, key), getattr(loose, key)) for key in keys)


# Proposing


def changes(rule, *audits):
    return [p.change for p in proposals(rule, figures(rule, audits))]


def seen(rule, verdict, day):
    (found,) = judge(rule, [compared(ratio(0.9, 0.85, 0.95))], facts())
    return Seen("s", TODAY + day * DAY, [replace(found, verdict=Verdict(verdict))])


def test_rules_of_a_file_turn_figures_into_proposals():
    when = [{"figure": "undecided_rate", "above": 0.5}]
    rule = framework(bound(), effectiveness={"proposals": [{"propose": "clarify", "when": when}], **GROUNDED})
    audits = [seen(rule, "undecided", n) for n in range(20)]
    (found,) = proposals(rule, figures(rule, audits))
    assert (found.change, found.by) == (Change.CLARIFY, "rule 1")
    assert found.why == "it is undecided in 20 of 20 audits"
    assert changes(rule, *audits[:19]) == [], "never of fewer than twenty"
    assert changes(RULE_OF_ONE, *audits) == [], "the suggested rules say nothing of it"
    kept = [t.change for t in rule.effectiveness.proposals]
    assert kept == [Change.TIGHTEN, Change.RECALIBRATE, Change.MERGE_OR_RETIRE, Change.CLARIFY]


RULE_OF_ONE = framework(bound())


def test_the_city_gives_no_rule_up_over_which_people_quarrel():
    (mine,) = [t for t in CITY.effectiveness.proposals if t.change is Change.MERGE_OR_RETIRE]
    assert mine.ground.framework == CITY.id
    assert Condition(Figure.DISPUTE, "at_most", 0) in mine.when


some_conditions = st.builds(
    Condition,
    st.sampled_from([Figure.NOT_MET, Figure.DECIDED]),
    st.sampled_from(["at_least", "above", "at_most", "below"]),
    st.sampled_from([0.0, 1.0, 2.0]),
)


@given(some_conditions, some_conditions, st.sampled_from([0, 0.5, 1, 1.5, 2, 3]))
def test_a_condition_that_implies_another_never_holds_alone(one, other, number):
    if one.implies(other) and one.holds(number, number):
        assert one.figure is other.figure
        assert other.holds(number, number)


def test_what_makes_relaxing_easier_is_laxer():
    quick = Trigger(Change.RETIRE, (Condition(Figure.DECIDED, "at_least", 10),))
    slow = Trigger(Change.RETIRE, (*SUGGESTED[2].when, Condition(Figure.DISPUTE, "at_most", 0)))
    more = Trigger(Change.TIGHTEN, (Condition(Figure.HARM_AFTER_PASS, "above", 0),))
    assert laxer((quick,), SUGGESTED) is quick
    assert laxer((slow, more), SUGGESTED) is None


def test_the_days_of_the_bundled_city_are_within_those_of_law():
    assert CITY.sandbox.days <= 365
    assert on_day(CITY, dt.date(2026, 12, 1)).sandbox.people is None

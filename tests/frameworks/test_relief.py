"""Waivers and sandboxes: what counts, and laws that hold for any evidence, dates and people."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frameworks import sandboxes, waivers
from frameworks.judge import judge, trial
from frameworks.model import Bound, Criterion, Severity, Verdict
from frameworks.relief import Sandbox, SandboxRules, Term, Waiver, WaiverRules
from tests.frameworks.builders import RATIO, TODAY, bound, compared, facts, framework, ratio

DAY = dt.timedelta(days=1)
RULE = framework(bound(RATIO), {"attested": "notice-text", "question": "Where is the notice?"})
BLOCKING = framework(bound(RATIO), requirement={"severity": "blocking"})
GOOD, BAD, OPEN = (
    compared(ratio(v, lo, hi)) for v, lo, hi in ((0.9, 0.85, 0.95), (0.5, 0.4, 0.6), (0.8, 0.7, 0.9))
)
WAIVER = Waiver(
    requirement="R-1",
    owner="B. Owner",
    risk="Some are refused.",
    control="A person looks at each refusal.",
    term=Term("C. Other", TODAY - 10 * DAY, TODAY + 10 * DAY, "The data arrive in spring."),
)
STOP = Criterion(RATIO, measure=RATIO, bound=Bound("at_least", 0.3))
SANDBOX = Sandbox(
    scope="One district",
    owner="B. Owner",
    approver="C. Other",
    start=TODAY - 10 * DAY,
    expiry=TODAY + 10 * DAY,
    defers=("R-1",),
    people_cap=100,
    share_cap=0.1,
    people=50,
    cases=5,
    all_cases=100,
    stop_unless=(STOP,),
)
few = settings(max_examples=80, deadline=None, derandomize=True)
days = st.integers(-400, 400).map(lambda n: TODAY + n * DAY)
names = st.sampled_from(["B. Owner", "b.  OWNER", "C. Other", " "])
evidence = st.sampled_from([GOOD, BAD, OPEN, None])


def stops_at(limit: float) -> Criterion:
    return dataclasses.replace(STOP, bound=Bound("at_least", limit))


def until(last: dt.date, *extension: object) -> dict[str, object]:
    return {"expiry": last, "extension": Term(*extension)}


@st.composite
def terms(draw):
    first, last = sorted((draw(days), draw(days)))
    return Term(draw(names), first, last, draw(st.sampled_from(["", "a reason"])))


@st.composite
def any_waivers(draw):
    return dataclasses.replace(
        WAIVER,
        owner=draw(names),
        control=draw(st.sampled_from(["", "a control"])),
        term=draw(terms()),
        renewal=draw(st.none() | terms()),
        framework=draw(st.sampled_from([None, "rule", "another"])),
    )


@st.composite
def any_sandboxes(draw):
    first, last = sorted((draw(days), draw(days)))
    return dataclasses.replace(
        SANDBOX,
        approver=draw(names),
        start=first,
        expiry=last,
        people=draw(st.sampled_from([None, 50, 500])),
        cases=draw(st.sampled_from([None, 5, 50])),
        extension=draw(st.none() | terms()),
        stopped=draw(st.none() | days),
        stop_unless=(
            dataclasses.replace(STOP, bound=Bound("at_least", draw(st.sampled_from([0.3, 0.7, 0.99])))),
        ),
    )


def verdicts(rule, found, **given_facts):
    return [f.verdict for f in judge(rule, [] if found is None else [found], facts(**given_facts))]


# Waivers


@few
@given(st.sampled_from([RULE, BLOCKING]), evidence, any_waivers())
def test_a_waiver_never_makes_anything_met(rule, found, waiver):
    """It turns what is worse than waived into waived, or changes nothing."""
    before, after = verdicts(rule, found), verdicts(rule, found, waivers=(waiver,))
    for then, now in zip(before, after, strict=True):
        assert now is then or (now is Verdict.WAIVED and then.rank > Verdict.WAIVED.rank)
    if rule is BLOCKING:
        assert after == before


@few
@given(evidence, any_waivers())
def test_a_waiver_that_has_ended_changes_nothing(found, waiver):
    ends = [term.expiry for term in (waiver.term, waiver.renewal) if term]
    later = max(ends) + DAY
    assert verdicts(RULE, found, waivers=(waiver,), as_of=later) == verdicts(RULE, found, as_of=later)


def test_a_waiver_that_counts_keeps_the_verdict_beside_it():
    (finding, notice) = judge(RULE, [BAD], facts(waivers=(WAIVER,)))
    assert (finding.verdict, notice.verdict) == (Verdict.WAIVED, Verdict.WAIVED)
    assert finding.relief == {"kind": "waiver", "without": "not_met", "until": "2026-12-11"}
    assert "Without the waiver: not met." in finding.reason
    assert finding.value == 0.5
    assert verdicts(RULE, GOOD, waivers=(WAIVER,))[0] is Verdict.MET


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"owner": "c.  other"}, "somebody other than the owner"),
        ({"owner": "Ｃ. Other"}, "somebody other than the owner"),
        ({"control": " "}, "compensating control are all needed"),
        (
            {"term": Term("C. Other", TODAY - 100 * DAY, TODAY + 81 * DAY, "why")},
            "181 days, and 180 are allowed",
        ),
        ({"term": Term("C. Other", TODAY + DAY, TODAY + 2 * DAY, "why")}, "begins after the day of judging"),
        ({"term": Term("C. Other", TODAY - 2 * DAY, TODAY - DAY, "why")}, "had ended on the day of judging"),
        ({"renewal": Term("B. Owner", TODAY, TODAY + DAY, "why")}, "somebody other than the owner"),
    ],
)
def test_what_keeps_a_waiver_from_counting_is_said(change, words):
    waiver = dataclasses.replace(WAIVER, **change)
    assert words in waivers.flaw(waiver, Severity.MAJOR, WaiverRules(), TODAY)
    assert verdicts(RULE, BAD, waivers=(waiver,))[0] is Verdict.NOT_MET
    (told,) = waivers.told((waiver,), (RULE,), TODAY)
    assert (told["counts"], told["framework"]) == (False, "rule")
    assert words in told["flaw"]


def test_the_one_renewal_counts_and_the_time_between_does_not():
    ended = dataclasses.replace(WAIVER.term, expiry=TODAY - 5 * DAY)
    again = Term("D. Third", TODAY, TODAY + 5 * DAY, "Still waiting.")
    renewed = dataclasses.replace(WAIVER, term=ended, renewal=again)
    assert verdicts(RULE, BAD, waivers=(renewed,))[0] is Verdict.WAIVED
    assert verdicts(RULE, BAD, waivers=(renewed,), as_of=TODAY - DAY)[0] is Verdict.NOT_MET


def test_a_waiver_holds_on_its_first_and_on_its_last_day():
    for day in (WAIVER.term.date, WAIVER.term.expiry):
        assert verdicts(RULE, BAD, waivers=(WAIVER,), as_of=day)[0] is Verdict.WAIVED


# Sandboxes


@few
@given(st.sampled_from([RULE, BLOCKING]), evidence, any_sandboxes())
def test_a_sandbox_never_makes_anything_met(rule, found, sandbox):
    """It defers what is worse than deferred, turns it into not met once it has ended, or changes nothing."""
    before, after = verdicts(rule, found), verdicts(rule, found, sandbox=sandbox)
    for then, now in zip(before, after, strict=True):
        assert now is then or (
            now in (Verdict.DEFERRED, Verdict.NOT_MET) and then.rank > Verdict.DEFERRED.rank
        )
    if rule is BLOCKING:
        assert Verdict.DEFERRED not in after


@few
@given(evidence, any_sandboxes())
def test_after_the_end_nothing_is_better_than_without(found, sandbox):
    ends = [sandbox.expiry, *([sandbox.extension.expiry] if sandbox.extension else [])]
    later = max(ends) + DAY
    for then, now in zip(
        verdicts(RULE, found, as_of=later), verdicts(RULE, found, sandbox=sandbox, as_of=later), strict=True
    ):
        assert now.rank >= then.rank
        assert now not in (Verdict.DEFERRED, Verdict.UNDECIDED)


@few
@given(evidence, any_sandboxes())
def test_leaving_out_what_was_counted_or_the_extension_never_helps(found, sandbox):
    for key in ("people", "cases", "all_cases", "extension"):
        less = dataclasses.replace(sandbox, **{key: None})
        pairs = zip(verdicts(RULE, found, sandbox=sandbox), verdicts(RULE, found, sandbox=less), strict=True)
        assert all(now.rank >= then.rank for then, now in pairs), key


@few
@given(evidence, any_sandboxes(), any_waivers())
def test_with_both_nothing_becomes_met(found, sandbox, waiver):
    passed = {Verdict.MET, Verdict.ATTESTED}
    before = verdicts(RULE, found)
    after = verdicts(RULE, found, sandbox=sandbox, waivers=(waiver,))
    assert all((now in passed) == (then in passed) for then, now in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("change", "phase", "words"),
    [
        ({}, "running", "it runs until 2026-12-11"),
        ({"start": TODAY + DAY}, "not_yet", "it begins on 2026-12-02"),
        ({"expiry": TODAY - DAY}, "ended", "it ended on 2026-11-30"),
        ({"stopped": TODAY}, "ended", "it was stopped on 2026-12-01"),
        ({"people": 101}, "void", "more people"),
        ({"cases": 11}, "void", "larger share of cases"),
        ({"people": None}, "void", "not counted"),
        ({"approver": "b. owner"}, "void", "somebody other than the owner"),
        ({"start": TODAY - 360 * DAY}, "void", "370 days, and 365 are allowed"),
        ({"stop_unless": (stops_at(0.7),)}, "ended", "early-stop"),
        (until(TODAY - DAY, "C. Other", TODAY - DAY, TODAY + DAY, "why"), "running", "2026-12-02"),
        (until(TODAY - DAY, "B. Owner", TODAY - DAY, TODAY + DAY, "why"), "ended", "11-30"),
        (until(TODAY - 2 * DAY, "C. Other", TODAY, TODAY + DAY, "late"), "ended", "11-29"),
    ],
)
def test_where_a_sandbox_stands(change, phase, words):
    stands = trial(RULE, [BAD], facts(sandbox=dataclasses.replace(SANDBOX, **change)))
    assert (stands.phase, words in stands.why) == (phase, True), stands.why


def test_a_limit_that_cannot_be_judged_does_not_stop_it_and_is_told():
    stands = trial(RULE, [], facts(sandbox=SANDBOX))
    assert stands.phase == "running"
    assert stands.stops[0].verdict is Verdict.UNDECIDED


def test_a_framework_says_what_may_be_put_off_and_caps_it():
    strict = dataclasses.replace(RULE, sandbox=SandboxRules(may_defer=("R-2",)))
    assert verdicts(strict, BAD, sandbox=SANDBOX)[0] is Verdict.NOT_MET
    protected = dataclasses.replace(RULE, sandbox=SandboxRules(may_not_touch=("R-1",)))
    assert verdicts(protected, BAD, sandbox=SANDBOX)[0] is Verdict.NOT_MET
    told = sandboxes.told(SANDBOX, protected, trial(protected, [BAD], facts(sandbox=SANDBOX)))
    assert (told["deferred"], told["refused"]) == ([], ["R-1"])
    capped = dataclasses.replace(RULE, sandbox=SandboxRules(people=49))
    assert trial(capped, [BAD], facts(sandbox=SANDBOX)).phase == "void"
    assert verdicts(RULE, BAD, sandbox=SANDBOX)[0] is Verdict.DEFERRED

"""Laws of judging that hold for any evidence: silence never passes."""

from __future__ import annotations

import dataclasses
import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.model import Evidence, Kind, Measure, Outcome
from frameworks.judge import judge, summarise
from frameworks.load import packs
from frameworks.model import Verdict
from tests.frameworks.builders import AUC, GAP, MISSING, RATIO, bound, compared, facts, framework

PASSED = {Verdict.MET, Verdict.ATTESTED, Verdict.NOT_APPLICABLE}
few = settings(max_examples=60, deadline=None, derandomize=True)

RULE = framework(
    bound(RATIO),
    bound(GAP, at_most=0.1),
    bound(MISSING, at_most=0.05),
    {"id": "either", "any_of": [bound(RATIO, at_least=0.9), bound(AUC, at_most=0.6)]},
    {"id": "both", "all_of": [bound(AUC, below=0.7), bound("data.quality.shared_rows", equals=0)]},
    {"attested": "notice-text", "question": "Where is the notice?"},
)
shares = st.floats(0.01, 1.0)


@st.composite
def intervals(draw):
    low, value, high = sorted(draw(st.tuples(shares, shares, shares)))
    return value, low, high


@st.composite
def selection(draw):
    found = []
    for attribute in draw(st.sets(st.sampled_from(["race", "sex", "age"]), min_size=1)):
        for name in ("impact_ratio", "selection_rate_gap"):
            value, low, high = draw(intervals())
            found.append(Measure(name, value, low, high, n=100, of={"attribute": attribute}))
    return compared(*found, left_out=draw(st.sampled_from([0.0, 0.01, 0.5])))


@st.composite
def quality(draw):
    share = Measure("missing_share", draw(shares), n=100, kind=Kind.EXACT)
    rows = Measure("shared_rows", draw(st.integers(0, 2)), n=100, kind=Kind.EXACT)
    return Evidence("data.quality", Outcome.MEASURED, measures=(share, rows))


@st.composite
def attack(draw):
    value, low, high = draw(intervals())
    auc = Measure("auc", value, low, high, n=100, of={"attack": "loss"})
    outcome = draw(st.sampled_from([Outcome.MEASURED, Outcome.MEASURED, Outcome.FAILED]))
    return Evidence("privacy.membership_inference", outcome, reason="it died", measures=(auc,))


records = st.tuples(selection(), quality(), attack()).map(list)
ANSWER = {"answer": "here", "signer": "A. Clerk", "date": "2026-01-01", "expiry": dt.date(2027, 1, 1)}
ANSWERED = facts(answers={"notice-text": ANSWER})


def verdicts(evidence, given=ANSWERED):
    return [finding.verdict for finding in judge(RULE, evidence, given)]


@few
@given(records, st.integers(0, 2))
def test_deleting_evidence_never_makes_anything_pass(evidence, gone):
    before = verdicts(evidence)
    after = verdicts(evidence[:gone] + evidence[gone + 1 :])
    assert all(now not in PASSED or then in PASSED for then, now in zip(before, after, strict=True))


@few
@given(
    records,
    st.integers(0, 2),
    st.sampled_from([Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE]),
)
def test_a_check_that_ends_without_a_result_never_makes_anything_pass(evidence, which, outcome):
    before = verdicts(evidence)
    ended = dataclasses.replace(evidence[which], outcome=outcome, reason="it ended")
    after = verdicts([*evidence[:which], ended, *evidence[which + 1 :]])
    assert all(now not in PASSED or then in PASSED for then, now in zip(before, after, strict=True))


@few
@given(st.lists(st.sampled_from(sorted(ANSWER)), max_size=4))
def test_deleting_from_an_answer_never_helps(gone):
    rest = {key: value for key, value in ANSWER.items() if key not in gone}
    after = verdicts([], facts(answers={"notice-text": rest}))[-1]
    assert after.rank >= Verdict.ATTESTED.rank
    assert (after is Verdict.ATTESTED) == (not gone)


@few
@given(records, st.randoms(use_true_random=False))
def test_the_order_of_evidence_does_not_matter(evidence, order):
    shuffled = [
        dataclasses.replace(one, measures=tuple(order.sample(one.measures, len(one.measures))))
        for one in order.sample(evidence, len(evidence))
    ]
    assert judge(RULE, shuffled, ANSWERED) == judge(RULE, evidence, ANSWERED)


@few
@given(selection(), st.floats(0, 0.5), st.floats(0, 0.5))
def test_widening_an_interval_never_decides(evidence, down, up):
    wider = dataclasses.replace(
        evidence,
        measures=tuple(
            m if m.kind is Kind.EXACT else dataclasses.replace(m, low=m.low - down, high=m.high + up)
            for m in evidence.measures
        ),
    )
    for before, after in zip(verdicts([evidence])[:2], verdicts([wider])[:2], strict=True):
        assert after in {before, Verdict.UNDECIDED}


@few
@given(records)
def test_what_is_met_lies_inside_and_what_is_not_met_outside(evidence):
    for finding in judge(RULE, evidence, ANSWERED):
        if finding.criterion != RATIO or finding.value is None:
            continue
        assert finding.verdict is not Verdict.MET or finding.low >= 0.8
        assert finding.verdict is not Verdict.NOT_MET or (finding.high < 0.8 and finding.p_holm <= 0.0251)
        assert finding.p_holm >= finding.p_raw


@few
@given(records, st.sampled_from(sorted(packs())), st.sampled_from(["limited", "moderate", "high"]))
def test_every_criterion_has_one_finding_and_one_reason(evidence, name, tier):
    pack = packs()[name]
    found = judge(pack, evidence, facts(tier=tier))
    asked = [(r.id, criterion.id) for r in pack.requirements for criterion in r.criteria]
    assert [(f.requirement, f.criterion) for f in found] == asked
    assert all(f.reason for f in found)
    assert summarise(pack, found) == summarise(pack, found[::-1])

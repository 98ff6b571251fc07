"""What people put on record is told apart from what was measured, with names and ends."""

from __future__ import annotations

import datetime as dt
from functools import cache

import pytest

from auditor.audit import assemble
from auditor.submission import parse
from frameworks.tier import questionnaire
from locales.taiwan import convert
from reports.compose.view import View
from reports.document import Callout, Table, compose, compose_summary
from reports.publish import publish
from reports.record import Audit, evidence_from_json
from tests.frameworks.builders import compared, ratio
from tests.reports.sample import SUBMISSION, record, subject
from tests.reports.test_document import blocks, section, words

DAY = dt.date(2026, 12, 1)
SIGNED = {"signer": "A. Officer", "date": "2026-01-10", "expiry": "2027-01-10"}
WAIVER = {
    "requirement": "TRANS-02",
    "owner": "B. Owner",
    "reason": "The handbook is being translated",
    "risk": "two offices work from the old one",
    "compensating_control": "A hotline answers.",
    "approver": "C. Other",
    "date": "2026-11-01",
    "expiry": "2027-03-01",
}
SANDBOX = {
    "scope": "The northern district",
    "owner": "B. Owner",
    "approver": "C. Other",
    "start": "2026-10-01",
    "expiry": "2027-09-30",
    "defers": ["FAIR-06", "FAIR-01"],
    "caps": {"people": 5000, "share_of_cases": 0.1},
    "counted": {"people": 1200, "cases": 1500, "all_cases": 40000},
    "stop_unless": [{"measure": "data.quality.missing_share", "at_most": 0.5}],
    "exit_report": f"sha256:{'e' * 64}",
}
LOW = {q.id: q.choices[0 if q.kind == "risk" else -1].id for q in questionnaire().questions}


@cache
def measured() -> Audit:
    return record(subject(), only=("data.quality",))


def told(system=None, as_of=DAY, rules=(), more=(), **keys) -> Audit:
    """Return the sample judged again with *keys* put on record."""
    body = measured().body
    asked = {**SUBMISSION, "system": {**SUBMISSION["system"], **(system or {})}, **keys}
    asked["frameworks"] = [*body["verdicts"], *rules]
    evidence = [evidence_from_json(one) for one in body["evidence"]] + [*more]
    return Audit(run={}, body=assemble(parse(asked), body["submission"]["resolved"], evidence, as_of))


def part(audit: Audit, name: str) -> str:
    return words(section(compose(audit), name))


def alarms(audit: Audit) -> list[str]:
    return [callout.title for callout in blocks(section(compose(audit), "summary"), Callout)]


def test_the_record_reads_back_and_leads_nowhere_that_is_not():
    audit = told(waivers=[WAIVER], sandbox=SANDBOX)
    assert Audit.from_json(audit.to_json()).digest == audit.digest
    document = compose(audit)
    assert set(document.targets()) <= set(document.ids())
    assert compose(Audit.from_json(audit.to_json())) == document


def test_a_declared_tier_below_the_computed_one_is_told_first():
    audit = told(
        {"risk_tier": "limited"}, risk_questionnaire={"answers": {}, "by": "A", "date": "2026-11-01"}
    )
    assert alarms(audit)[0] == "Declared as limited risk; its answers to the questionnaire give high."
    assert "high, by a questionnaire" in part(audit, "summary")
    assert "20 questions, each counted as the answer that speaks most against" in part(audit, "declared-tier")
    assert audit.body["tier"]["tier"] == "high"


def test_the_questionnaire_decides_which_requirements_apply():
    asked = {"answers": LOW, "by": "A. Officer", "date": "2026-11-01"}
    low = told({"risk_tier": None}, risk_questionnaire=asked)
    assert low.body["tier"]["tier"] == "limited"
    assert low.body["verdicts"]["global-baseline"]["requirements"]["FAIR-01"] == "not_applicable"
    assert "0 of 39 points" in part(low, "declared-tier")
    assert "15 % are taken off" in part(low, "declared-tier")
    assert "A. Officer, 2026-11-01" in part(low, "declared-tier")
    (table,) = blocks(section(compose(low), "declared-tier"), Table)
    assert len(table.rows) == 20
    alone = told({"risk_tier": "limited"})
    assert "nobody has scored" in part(alone, "declared-tier")
    assert told({"risk_tier": None}).body["tier"]["tier"] == "high"


def test_the_questionnaire_is_told_in_the_script_of_its_reader():
    audit = told({"risk_tier": None}, risk_questionnaire={"answers": LOW, "by": "A", "date": "2026-11-01"})
    asked = {tag: words(section(compose(audit, tag), "declared-tier")) for tag in ("zh-Hans", "zh-Hant")}
    for question in questionnaire().questions:
        given = next(choice for choice in question.choices if choice.id == LOW[question.id])
        for text in (question.zh, given.zh):
            assert text in asked["zh-Hans"]
            assert convert("rules", text) in asked["zh-Hant"]
        assert question.en not in "".join(asked.values())


def test_attestations_stand_together_with_who_answers_for_them():
    document = f"sha256:{'d' * 64}"
    answers = {
        "notice-text": {"answer": "On page 2.", "document": document, **SIGNED},
        "technical-file": {"answer": "In the archive.", **SIGNED, "expiry": "2026-11-30"},
    }
    text = part(told(answers=answers), "declared-answers")
    assert "2 answered, 1 with another answer than no and with a signer, a date" in text
    assert "On page 2. A. Officer 2026-01-10 to 2027-01-10 dddddddddddddddd Attested" in text
    assert "In the archive. A. Officer 2026-01-10 to 2026-11-30 none Undecided" in text


def test_waivers_stand_with_their_control_and_what_does_not_count():
    mine = {**WAIVER, "requirement": "FAIR-01", "approver": "b. owner"}
    audit = told(waivers=[WAIVER, mine])
    assert audit.body["verdicts"]["global-baseline"]["requirements"]["TRANS-02"] == "waived"
    text = part(audit, "declared-waivers")
    assert "The handbook is being translated. Risk: two offices work from the old one" in text
    assert "B. Owner; approved by C. Other" in text
    assert "Does not count: somebody other than the owner has to approve it." in text
    assert "1 requirement is set aside by waivers." in alarms(audit)


@pytest.mark.parametrize(
    ("day", "title", "verdict"),
    [
        (DAY, "The sandbox is running.", "deferred"),
        (dt.date(2027, 10, 1), "The sandbox has ended.", "not_met"),
    ],
)
def test_the_sandbox_is_told_with_its_caps_and_its_limits(day, title, verdict):
    audit = told(sandbox=SANDBOX, as_of=day)
    assert title in alarms(audit)
    assert audit.body["verdicts"]["global-baseline"]["requirements"]["FAIR-01"] == verdict
    text = part(audit, "declared-sandbox")
    assert "1,200 were in it; at most 5,000" in text
    assert "1,500 of 40,000; a share of at most 0.1" in text
    assert "data.quality.missing_share at most 0.5" in text
    assert "eeeeeeeeeeeeeeee" in text


def test_page_one_says_how_the_whole_would_stand_without_relief():
    """A low ratio under FAIR-01 makes the whole not met; put off or set aside, it is undecided."""
    low = (compared(ratio(0.3, 0.2, 0.4)),)
    whole = "Global baseline for AI audits as a whole would be"
    assert "Without the" not in part(told(more=low), "verdicts")
    running = told(more=low, sandbox=SANDBOX)
    assert f"Without the sandbox, {whole} not met." in part(running, "verdicts")
    assert f"Without the sandbox, {whole} not met." in " ".join(compose_summary(running).words())
    assert f"Without the waivers, {whole} undecided too." in part(told(waivers=[WAIVER]), "verdicts")
    only, waiver = {**SANDBOX, "defers": ["FAIR-01"]}, {**WAIVER, "requirement": "FAIR-01"}
    both = told(more=low, sandbox=only, waivers=[waiver])
    assert f"Without the sandbox and the waivers, {whole} not met." in part(both, "verdicts")
    ended = told(more=low, sandbox=SANDBOX, as_of=dt.date(2027, 10, 1))
    assert "Without the sandbox" not in part(ended, "verdicts")


def test_what_the_rules_allow_stands_beside_what_was_asked_of_them():
    city = "smart-city-municipal"
    audit = told(waivers=[WAIVER], sandbox=SANDBOX, as_of=dt.date(2027, 2, 1), rules=(city,))
    text = part(audit, "declared-waivers")
    assert "180 days 1 Municipal AI governance committee smart-city-municipal 2026.1.0, choice" in text
    assert "180 days 1 anybody but the owner Suggestion of this project" in text
    assert "by these rules only Municipal AI governance committee may approve it" in text
    trial = part(audit, "declared-sandbox")
    assert "365 days 183 days 5,000 0.1 Municipal AI governance committee" in trial
    assert "the sandbox does not count: By these rules only" in trial
    verdicts = audit.body["verdicts"]
    assert verdicts[city]["requirements"]["TRANS-02"] != "waived"
    assert verdicts["global-baseline"]["requirements"]["TRANS-02"] == "waived"


def test_the_public_version_keeps_waivers_and_names_nobody():
    public = publish(told(waivers=[WAIVER], sandbox=SANDBOX))
    assert Audit.from_json(public.to_json()).digest == public.digest
    text = " ".join(compose(public).words())
    assert "A hotline answers." in text
    assert "B. Owner" not in text
    assert "C. Other" not in text


def test_an_old_record_without_any_of_it_is_told_as_before():
    assert "declared-tier" not in set(compose(measured()).ids())
    assert View.of(measured()).tier is None

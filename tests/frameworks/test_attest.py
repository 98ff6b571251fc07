"""What people declare: it counts while it is signed, dated and not expired."""

from __future__ import annotations

import datetime as dt

import pytest

from frameworks.model import Verdict
from tests.frameworks.builders import TODAY, framework, one

ASKED = {"attested": "notice-text", "question": "Where is the notice?"}
ANSWER = {
    "answer": "On the first page.",
    "document": "sha256:" + "0" * 64,
    "signer": "A. Clerk",
    "date": "2026-06-01",
    "expiry": "2027-06-01",
}


def judged(answer, criterion=ASKED, **given):
    answers = {} if answer is None else {"notice-text": answer}
    return one(framework(criterion), answers=answers, **given)


def test_an_answer_that_holds_is_attested_and_kept():
    finding = judged(ANSWER)
    assert finding.verdict is Verdict.ATTESTED
    assert finding.criterion == "attested:notice-text"
    assert finding.attestation == {"key": "notice-text", "question": "Where is the notice?"} | ANSWER
    assert finding.reason == "Declared by A. Clerk; not measured."
    assert finding.value is None
    assert finding.measure is None


def test_dates_may_be_dates():
    finding = judged(ANSWER | {"date": dt.date(2026, 6, 1), "expiry": dt.date(2027, 6, 1)})
    assert finding.verdict is Verdict.ATTESTED
    assert finding.attestation["date"] == "2026-06-01"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "Nobody has answered."),
        (ANSWER | {"answer": " TBD "}, "Nobody has answered."),
        (ANSWER | {"answer": "TODO."}, "Nobody has answered."),
        (ANSWER | {"answer": "."}, "Nobody has answered."),
        (ANSWER | {"answer": "\u200b…"}, "Nobody has answered."),
        (ANSWER | {"answer": "待定"}, "Nobody has answered."),
        (ANSWER | {"answer": "No study was made yet."}, "begins like a no"),
        (ANSWER | {"answer": "Not all of it is written"}, "begins like a no"),
        (ANSWER | {"answer": "尚未完成审查"}, "begins like a no"),
        (ANSWER | {"answer": "keine Unterlagen vorhanden"}, "begins like a no"),
        (ANSWER | {"signer": " "}, "names no signer; say who"),
        (ANSWER | {"date": None}, "no date or no expiry; say when"),
        (ANSWER | {"expiry": ""}, "no date or no expiry; say when"),
        (ANSWER | {"expiry": "soon"}, "no date or no expiry; say when"),
        (ANSWER | {"date": "2026-12-02"}, "after the day of judging"),
        (ANSWER | {"expiry": "2026-11-30"}, "had expired on the day of judging; have it renewed"),
    ],
)
@pytest.mark.parametrize("missing", ["undecided", "not_met"])
def test_an_answer_that_does_not_hold_says_why(answer, words, missing):
    finding = judged(answer, ASKED | {"missing": missing})
    assert finding.verdict is Verdict(missing)
    assert words in finding.reason
    assert finding.attestation["question"] == "Where is the notice?"


@pytest.mark.parametrize("day", ["date", "expiry"])
def test_an_answer_holds_on_its_first_and_on_its_last_day(day):
    assert judged(ANSWER | {day: TODAY}).verdict is Verdict.ATTESTED


@pytest.mark.parametrize(
    "answer",
    ["no", "No.", " NO ", "Not yet.", "No, we do not have any.", "No - see below", "nein", "none", "没有",
     "否。", "沒有，正在準備"],
)  # fmt: skip
def test_no_is_an_answer(answer):
    finding = judged(ANSWER | {"answer": answer})
    assert (finding.verdict, finding.reason) == (Verdict.NOT_MET, "The answer is no.")


@pytest.mark.parametrize(
    "answer",
    [
        "Notice on the first page",
        "Nordic register, page 4",
        "未成年人保护制度第三条",
        "Nonna's board decided it",
        "1",
    ],
)
def test_what_merely_begins_like_a_no_is_read_as_it_stands(answer):
    assert judged(ANSWER | {"answer": answer}).verdict is Verdict.ATTESTED


@pytest.mark.parametrize("left_out", [*ANSWER])
@pytest.mark.parametrize(
    "answer", [ANSWER, ANSWER | {"expiry": "2026-11-30"}, ANSWER | {"date": "2026-12-02"}]
)
def test_leaving_something_out_of_an_answer_never_helps(left_out, answer):
    before = judged(answer).verdict
    after = judged({key: value for key, value in answer.items() if key != left_out}).verdict
    assert after.rank >= before.rank


def test_an_attestation_of_a_clause_that_nobody_read_stays_attested():
    unread = {"source": {"clause": "1", "verified": "memory"}, "review": "source not verified"}
    rule = framework(ASKED, requirement=unread)
    assert one(rule, answers={"notice-text": ANSWER}).verdict is Verdict.ATTESTED

"""What people declare: it counts while it is signed, dated and not expired."""

from __future__ import annotations

import datetime as dt

import pytest

from frameworks.attest import FILLERS, PLAIN_NO
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
        (ANSWER | {"answer": "."}, "Nobody has answered."),
        (ANSWER | {"answer": "\u200b…"}, "Nobody has answered."),
        (ANSWER | {"answer": "？"}, "Nobody has answered."),
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


WHETHER = ASKED | {"question": "Is there a notice?"}


@pytest.mark.parametrize("word", sorted(PLAIN_NO))
def test_a_plain_no_answers_only_whether(word):
    finding = judged(ANSWER | {"answer": f" {word.upper()}. "}, WHETHER)
    assert (finding.verdict, finding.reason) == (Verdict.NOT_MET, "The answer is no.")
    finding = judged(ANSWER | {"answer": word}, ASKED | {"missing": "not_met"})
    assert finding.verdict is Verdict.UNDECIDED
    assert finding.reason.startswith("A plain no does not say what is asked; answer in a sentence")


@pytest.mark.parametrize(
    "word", ["ＮＯ", "𝐍𝐨", "No\u200b!", "None.", "N", "没有。", "We don't have any.", "Not yet…"]
)
def test_a_plain_no_is_one_however_it_is_written(word):
    assert judged(ANSWER | {"answer": word}, WHETHER).verdict is Verdict.NOT_MET


@pytest.mark.parametrize("word", [*sorted(FILLERS), "N/A", " TODO. ", "(tbd)", "ＴＢＤ", "Don’t know"])
@pytest.mark.parametrize("criterion", [ASKED, WHETHER])
def test_what_stands_in_for_an_answer_is_none(word, criterion):
    finding = judged(ANSWER | {"answer": word}, criterion)
    assert (finding.verdict, finding.reason) == (Verdict.UNDECIDED, "Nobody has answered.")


def test_no_word_says_no_and_nothing_at_once():
    assert not PLAIN_NO & FILLERS


@pytest.mark.parametrize(
    "question",
    [
        "Is there a notice?",
        "Has it a notice, and where?",
        "The notice is there.",
        "系统是否有通知？",
        "有通知吗？",
    ],
)
@pytest.mark.parametrize(
    "answer",
    ["No complaints were received.", "No, we have none.", "No - see below", "Nein, noch in Arbeit.",
     "Keine Unterlagen vorhanden", "Not all of it is written", "没有数据出境。", "否，见附件", "尚未完成审查",
     "No banned practice applies, confirmed on 2026-03-01 by counsel."],
)  # fmt: skip
def test_what_begins_with_a_no_is_read_on_by_nobody(answer, question):
    """Whether it means a no, only a person could tell: it is neither attested nor held against them."""
    asked = {"question": question, "missing": "not_met"}
    finding = judged(ANSWER | {"answer": answer}, ASKED | asked)
    assert finding.verdict is Verdict.UNDECIDED
    assert "begin with what is there, or answer with a plain no" in finding.reason
    assert judged(ANSWER | {"answer": answer}).verdict is Verdict.ATTESTED, "asked where, not whether"


@pytest.mark.parametrize(
    "answer",
    ["No. 17 of the register, page 4", "No 12/2026, council decision", "№ 5", "Non-discrimination policy v3",
     "No-fly list", "Notice on the first page", "Nordic register, page 4", "Nonna's board decided it",
     "未成年人保护制度第三条", "无障碍页面第三条", "False alarms are published monthly", "1", "0"],
)  # fmt: skip
@pytest.mark.parametrize("criterion", [ASKED, WHETHER])
def test_what_merely_begins_like_a_no_is_read_as_it_stands(answer, criterion):
    assert judged(ANSWER | {"answer": answer}, criterion).verdict is Verdict.ATTESTED


@pytest.mark.parametrize("question", ["何时决定是否公布？", "Where is it?", "Wer prüft?"])
def test_questions_that_ask_more_than_whether(question):
    finding = judged(ANSWER | {"answer": "no"}, ASKED | {"question": question})
    assert finding.verdict is Verdict.UNDECIDED


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

"""Judge what people declare: apart from measurements, and only while the declaration holds."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from frameworks.model import Criterion, Facts, Verdict

_NO = frozenset(
    {
        *(
            "no",
            "none",
            "false",
            "never",
            "nothing",
            "nobody",
            "not done",
            "not yet",
            "nein",
            "nee",
            "non",
            "não",
        ),
        *("ninguno", "ninguna", "nada", "нет", "いいえ", "없음", "아니요"),
        *(
            "否",
            "不",
            "无",
            "無",
            "没有",
            "沒有",
            "暂无",
            "暫無",
            "尚未",
            "还没有",
            "還沒有",
            "未做",
            "没做",
            "沒做",
        ),
    }
)
_DENIES = re.compile(
    r"(no|not|none|never|nothing|nobody|neither|nein|kein\w*|nicht|non|нет)\b|没有|沒有|没做|沒做|尚未|还没|還沒|并未|並未|从未|從未",
    re.IGNORECASE,
)
"""How an answer begins that may be a no: whether it is one, a person has to say."""
_EMPTY = frozenset(
    {"n/a", "na", "tbd", "tba", "tbc", "todo", "to do", "xxx", "unknown", "待定", "未知", "不适用", "不適用"}
)


def attest(part: Criterion, facts: Facts) -> tuple[Verdict, str, dict[str, Any]]:
    """Return the verdict on an attestation, its reason, and what was declared.

    It counts when it has an answer, a signer, a date and an expiry, and the day of judging lies between.
    All four are needed, so that leaving one out never helps.
    """
    key = part.attested or ""
    given = facts.answers.get(key, {})
    declared = {"key": key, "question": part.question} | {
        name: _plain(given[name])
        for name in ("answer", "document", "signer", "date", "expiry")
        if given.get(name) not in (None, "")
    }
    answer = str(given.get("answer", "")).strip()
    if _first_words(answer) in _NO:
        return Verdict.NOT_MET, "The answer is no.", declared
    reason = _flaw(answer, given, facts.as_of)
    if reason is None:
        return Verdict.ATTESTED, f"Declared by {given['signer']}; not measured.", declared
    return part.missing, reason, declared


def _first_words(answer: str) -> str:
    """Return an answer up to its first mark: of `No, we have none.` the `no`."""
    return re.split(r"[.,;:!?()\u2013\u2014。，、；：！？（）\n]| - ", answer.lower(), maxsplit=1)[0].strip()


def _flaw(answer: str, given: Mapping[str, Any], as_of: dt.date) -> str | None:
    """Say what keeps an answer from counting, or return None."""
    if not any(map(str.isalnum, answer)) or answer.lower().rstrip(".!?。") in _EMPTY:
        return "Nobody has answered."
    if _DENIES.match(answer):
        return "The answer begins like a no, and no person is asked here; say first what is there."
    if not str(given.get("signer") or "").strip():
        return "The answer names no signer; say who declares it."
    date, expiry = _day(given.get("date")), _day(given.get("expiry"))
    if date is None or expiry is None:
        return "The answer has no date or no expiry; say when it was given and until when it holds."
    if date > as_of:
        return "The answer was given after the day of judging."
    if expiry < as_of:
        return "The answer had expired on the day of judging; have it renewed."
    return None


def _day(value: Any) -> dt.date | None:
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        return None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value

"""Judge what people declare: apart from measurements, and only while the declaration holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from frameworks.model import Criterion, Facts, Verdict

_NO = frozenset({"no", "false", "not done"})
_EMPTY = frozenset({"", "-", "?", "...", "n/a", "tbd", "tba", "todo", "to do", "xxx"})


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
    if answer.lower().rstrip(".!") in _NO:
        return Verdict.NOT_MET, "The answer is no.", declared
    reason = _flaw(answer, given, facts.as_of)
    if reason is None:
        return Verdict.ATTESTED, f"Declared by {given['signer']}; not measured.", declared
    return part.missing, reason, declared


def _flaw(answer: str, given: Mapping[str, Any], as_of: dt.date) -> str | None:
    """Say what keeps an answer from counting, or return None."""
    if answer.lower() in _EMPTY:
        return "Nobody has answered."
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

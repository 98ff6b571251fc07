"""Audits that are over, read again: their evidence and facts, to be judged by other rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.facts import facts_of
from auditor.plan import frameworks_named
from auditor.submission import Submission, parse
from checks.model import Evidence
from frameworks.effect import Moved, moved
from frameworks.gap import Gap, gaps
from frameworks.judge import judge
from frameworks.model import Facts, Finding, Framework
from reports.record import evidence_from_json, finding_from_json


@dataclass(frozen=True, slots=True)
class Past:
    """What a record holds for judging."""

    name: str
    as_of: dt.date
    submission: Submission
    resolved: Mapping[str, Any]
    evidence: tuple[Evidence, ...]
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Past:
        """Read the body of a record. That it is canonical was checked when the record was stored."""
        asked: Mapping[str, Any] = body["submission"]
        submission = parse({key: value for key, value in asked.items() if key != "resolved"})
        return cls(
            name=submission.system.name,
            as_of=dt.date.fromisoformat(body["as_of"]),
            submission=submission,
            resolved=asked["resolved"],
            evidence=tuple(evidence_from_json(one) for one in body["evidence"]),
            findings=tuple(finding_from_json(one) for one in body["findings"]),
        )

    def facts(self, day: dt.date | None = None) -> Facts:
        """Return the facts of this audit, as of its own day or another."""
        return facts_of(self.submission, self.resolved, day or self.as_of)

    @property
    def frameworks(self) -> Sequence[str]:
        """The rules that it was judged by."""
        return self.submission.frameworks


def gap_of(past: Past, wanted: Framework) -> tuple[Gap, ...]:
    """Judge *past* by *wanted* on its own day, and set what it was judged by beside it."""
    had = frameworks_named(past.frameworks, past.submission.rules)
    beside = [(f, [one for one in past.findings if one.framework == f.id]) for f in had]
    return gaps(wanted, judge(wanted, past.evidence, past.facts()), beside)


def effect_on(past: Past, old: Framework, new: Framework, day: dt.date) -> tuple[Moved, ...]:
    """Return what *new* says otherwise than *old* of an audit that is over, both as of *day*."""
    return moved(old, new, past.evidence, past.facts(day))


def effect_day(new: Framework, today: dt.date) -> dt.date:
    """Return the day for which an effect is told: today, or the first day of an overlay that is to come."""
    return max(today, new.begins or today)

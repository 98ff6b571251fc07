"""The nouns of judging: what is asked, how it is decided, and what was found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """How one item was judged; declared best to worst."""

    NOT_APPLICABLE = "not_applicable"
    MET = "met"
    ATTESTED = "attested"
    WAIVED = "waived"
    DEFERRED = "deferred"
    UNDECIDED = "undecided"
    NOT_MET = "not_met"

    @property
    def rank(self) -> int:
        """0 is best."""
        return _ORDER.index(self)


_ORDER = tuple(Verdict)


def worst(verdicts: list[Verdict]) -> Verdict:
    """Return the worst of *verdicts*, leaving out those that do not apply; all of them: not applicable."""
    return max(verdicts, key=lambda v: v.rank, default=Verdict.NOT_APPLICABLE)


class State(StrEnum):
    """Where a requirement stands on the day of judging; only those in force are judged."""

    NOT_YET = "not-yet"
    IN_FORCE = "in-force"
    SUNSET = "sunset"
    SUPERSEDED = "superseded"


class Decide(StrEnum):
    """Whether a bound is held against the whole interval or the point."""

    INTERVAL = "interval"
    POINT = "point"


class Basis(StrEnum):
    """Where a number comes from; printed beside it."""

    LAW = "law"
    GUIDELINE = "guideline"
    STANDARD = "standard"
    ACCEPTED_PRACTICE = "accepted-practice"
    PROJECT_SUGGESTION = "project-suggestion"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion judged, with the measure that gave the verdict, or the reason."""

    framework: str
    requirement: str
    criterion: str
    verdict: Verdict
    state: State
    severity: str
    principle: str
    title: str
    of: Mapping[str, str] = field(default_factory=dict)
    measure: str | None = None
    """Full name `<check>.<measure>` of the number judged."""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: float | None = None
    kind: str | None = None
    unit: str | None = None
    bound: Mapping[str, Any] = field(default_factory=dict)
    decide: str | None = None
    basis: str | None = None
    basis_source: str | None = None
    reason: str | None = None
    p_raw: float | None = None
    p_holm: float | None = None
    people: float | None = None
    """Rows of the worse group: how many people the finding touches."""
    attestation: Mapping[str, Any] | None = None
    """Answer, document digest, signer, date and expiry, where the criterion is attested."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What judging needs to know beside evidence; all of it stands in the submission."""

    task: str
    tier: str
    as_of: dt.date
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Attestations by key: answer, document, signer, date, expiry."""
    conditions: frozenset[str] = frozenset()
    """Declared circumstances that `applies.when` may ask for, such as `sets-prices`."""
    rows: int = 0

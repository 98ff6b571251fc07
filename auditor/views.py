"""What the service answers: frozen values that the pages, the API and the command line show alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from auditor.problems import Problem


class AuditState(StrEnum):
    """Where an audit stands; the last four are final."""

    QUEUED = "queued"
    INSPECTING = "inspecting"
    RUNNING = "running"
    COMPLETED = "completed"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self in FINAL


RESULTS = ("audit.json", "report.html", "report.pdf", "bundle.zip")
SHORTER = tuple(
    f"{name}.{form}" for name in ("summary", "plan", "transparency", "annex") for form in ("html", "pdf")
)
"""What a completed audit can be asked for, by name."""
FINAL = frozenset({AuditState.COMPLETED, AuditState.REFUSED, AuditState.FAILED, AuditState.CANCELLED})


class CheckState(StrEnum):
    """Where one check of an audit stands; the last four are how it ended."""

    WAITING = "waiting"
    RUNNING = "running"
    MEASURED = "measured"
    NOT_APPLICABLE = "not_applicable"
    INCONCLUSIVE = "inconclusive"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether the check has ended."""
        return self not in {CheckState.WAITING, CheckState.RUNNING}


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Stored:
    """An uploaded file."""

    digest: str
    """SHA-256 in 64 lower-case hex digits, without `sha256:`."""
    size: int


@dataclass(frozen=True, slots=True)
class Progress:
    """One check of an audit (one row for each parameter set)."""

    check: str
    title: str
    state: CheckState
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An audit in a list."""

    id: str
    name: str
    """The system's name, as submitted."""
    version: str
    state: AuditState
    created: dt.datetime
    """In UTC, with its time zone."""
    finished: dt.datetime | None
    as_of: dt.date
    frameworks: tuple[str, ...]
    verdicts: Mapping[str, str]
    """Framework id -> verdict, once completed."""
    derived_from: str | None
    """The audit whose evidence this one judges again."""
    digest: str | None
    """SHA-256 of the record's canonical body, once completed."""


@dataclass(frozen=True, slots=True)
class AuditView(AuditRow):
    """One audit in full; the record itself is read with `Service.record`."""

    progress: tuple[Progress, ...]
    problems: tuple[Problem, ...]
    """Why it was refused, or, with `failed`, what broke."""
    submission: Mapping[str, Any]
    """As asked, with files named by digest."""
    derived: tuple[str, ...]
    """Audits that judge this one's evidence again."""
    files_kept: bool = True
    """Whether the files that it was made from are still here; they go after a while, and on request."""

    @property
    def done(self) -> int:
        """How many checks have ended."""
        return sum(p.state.final for p in self.progress)

    @property
    def links(self) -> Mapping[str, str]:
        """Addresses in the API: self and events always, the reports once completed."""
        base = f"/api/v1/audits/{self.id}"
        links = {"self": base, "events": f"{base}/events"}
        if not self.state.final:
            links["cancel"] = f"{base}/cancel"
        if self.state is AuditState.COMPLETED:
            links |= {name: f"{base}/{name}" for name in (*RESULTS, *SHORTER)}
            links |= {name: f"{base}/{name}" for name in ("publication", "tasks", "judgements", "exports")}
            if self.files_kept:
                links["files"] = f"{base}/files"
            if self.submission.get("endpoint") and self.derived_from is None:
                links["calls.jsonl"] = f"{base}/calls.jsonl"
        return links


@dataclass(frozen=True, slots=True)
class Draft:
    """A submission that somebody is still filling in."""

    id: str
    data: Mapping[str, Any]
    updated: dt.datetime


@dataclass(frozen=True, slots=True)
class FrameworkRow:
    """A framework in a list."""

    id: str
    title: str
    version: str
    jurisdiction: str
    requirements: int
    digest: str


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check and its public page."""

    id: str
    title: str
    doc: str
    asks_model: bool


class NotFound(Exception):
    """There is no such thing for this account; the sentence names it."""


class Conflict(Exception):
    """The thing is not in a state that allows this; the sentence says what it is in."""


class Unavailable(Exception):
    """The host cannot do that now; the sentence names what is missing."""

"""The JSON that the API answers with, as published in /api/openapi.json."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from auditor.api.problems import document
from auditor.shape import RuleText
from auditor.submission import Submission
from auditor.views import AuditRow, AuditState, AuditView, CheckRow, CheckState, FrameworkRow, Stored
from reports.compose.plan import Task


class Shape(BaseModel):
    """Frozen, described by the strings below its fields."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class ArtifactOut(Shape):
    """A stored file."""

    artifact: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    """Name it so in a submission."""
    size: int


class InspectionIn(Shape):
    """Which file to read, as what."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    artifact: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    kind: str = Field(pattern="^(table|model)$")
    format: str | None = Field(default=None, pattern=r"^[a-z0-9_-]{1,32}$")
    encoding: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{1,32}$")
    delimiter: Literal["comma", "semicolon", "tab", "bar"] | None = None
    decimal: Literal["point", "comma"] | None = None
    sheet: str | None = Field(default=None, min_length=1, max_length=64)

    @property
    def declared(self) -> dict[str, str]:
        """How a table is said to be written."""
        return self.model_dump(include={"encoding", "delimiter", "decimal", "sheet"}, exclude_none=True)


class InspectionOut(Shape):
    """What a file holds: for a table its columns, for a model its types and classes."""

    kind: str
    table: dict[str, Any] | None = None
    model: dict[str, Any] | None = None
    task_candidates: list[str] | None = None
    """Of a model: the tasks that its answers can serve, the most likely first."""


class TaskOut(Shape):
    """Who takes on one open requirement, until when, and what was agreed."""

    owner: str
    due: str
    """A day, or nothing."""
    note: str


class TasksOut(Shape):
    """The tasks of a remediation plan, by `framework/requirement`."""

    tasks: dict[str, TaskOut]


class TasksIn(Shape):
    """The tasks that replace those there are."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    tasks: dict[str, dict[str, str]]


class ProgressOut(Shape):
    """One check of an audit."""

    check: str
    title: str
    state: CheckState
    parameters: dict[str, Any]
    seconds: float | None


class AuditRowOut(Shape):
    """An audit in the list."""

    id: str
    name: str
    version: str
    state: AuditState
    created: dt.datetime
    finished: dt.datetime | None
    as_of: dt.date
    frameworks: list[str]
    verdicts: dict[str, str]
    """By framework, once completed."""
    derived_from: str | None
    """The audit whose evidence this one judges again."""
    digest: str | None
    """SHA-256 of the record's canonical body, once completed."""


class AuditOut(AuditRowOut):
    """One audit in full."""

    progress: list[ProgressOut]
    problem: dict[str, Any] | None
    """Why it was refused, or what broke: the problem document that a refusal at once would have been."""
    submission: dict[str, Any]
    derived: list[str]
    files_kept: bool
    """Whether the files that it was made from are still here; its record stays when they go."""
    links: dict[str, str]


class AuditsOut(Shape):
    """A page of audits, newest first; `next` leads to older ones."""

    audits: list[AuditRowOut]
    next: str | None


class JudgementIn(Shape):
    """By which frameworks, as of which day, to judge the same evidence again."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    frameworks: tuple[str, ...] = Field(min_length=1, max_length=30)
    as_of: dt.date | None = None


class FrameworkRowOut(Shape):
    """A framework in the list."""

    id: str
    title: str
    version: str
    jurisdiction: str
    requirements: int
    digest: str


class FrameworksOut(Shape):
    """Every framework."""

    frameworks: list[FrameworkRowOut]


class CheckOut(Shape):
    """A check and its page."""

    id: str
    title: str
    doc: str
    asks_model: bool


class ChecksOut(Shape):
    """Every check."""

    checks: list[CheckOut]


class ProblemOut(Shape):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    problems: list[dict[str, str]] = []
    """For a refusal: the key (`where`), a stable `code`, and one `sentence` each."""


class PublicationIn(Shape):
    """What the register says beside the record."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    contact: str
    """How people reach whoever answers for the system."""
    appeal: str
    """How somebody who was decided about can object."""


class RuleIn(Shape):
    """A rule file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    content: RuleText
    """The YAML, comments and all."""


BODIES: dict[tuple[str, str], type[BaseModel]] = {
    ("/api/v1/audits", "post"): Submission,
    ("/api/v1/audits/{audit_id}/judgements", "post"): JudgementIn,
    ("/api/v1/audits/{audit_id}/publication", "post"): PublicationIn,
    ("/api/v1/inspections", "post"): InspectionIn,
    ("/api/v1/rules", "post"): RuleIn,
    ("/api/v1/rules/lint", "post"): RuleIn,
    ("/api/v1/rules/effect", "post"): RuleIn,
}
"""Request bodies; they are read by the same parser as the form and the command line."""


def artifact(stored: Stored) -> dict[str, Any]:
    """Return the JSON of a stored file."""
    return {"artifact": f"sha256:{stored.digest}", "size": stored.size}


def audit_row(row: AuditRow) -> dict[str, Any]:
    """Return the JSON of an audit in a list."""
    return {name: getattr(row, name) for name in AuditRowOut.model_fields}


def audit(view: AuditView) -> dict[str, Any]:
    """Return the JSON of an audit in full."""
    status = 422 if view.state is AuditState.REFUSED else 500
    says = "the submission is refused." if status == 422 else "the audit failed."
    return {
        **audit_row(view),
        "progress": [asdict(progress) for progress in view.progress],
        "problem": document(status, says, view.problems) if view.problems else None,
        "submission": dict(view.submission),
        "derived": list(view.derived),
        "files_kept": view.files_kept,
        "links": dict(view.links),
    }


def framework_row(row: FrameworkRow) -> dict[str, Any]:
    """Return the JSON of a framework in a list."""
    return asdict(row)


def check(row: CheckRow) -> dict[str, Any]:
    """Return the JSON of a check."""
    return asdict(row)


def tasks(found: Mapping[str, Task]) -> dict[str, Any]:
    """Return the tasks of a plan as the API tells them."""
    return {"tasks": {requirement: asdict(task) for requirement, task in found.items()}}

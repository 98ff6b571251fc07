"""The published shape of audit.json, and the check that a stored record has it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from checks.model import Kind, Outcome
from frameworks.model import State, Verdict

SCHEMA = 1
IDENTIFIER = "https://json-schema.org/draft/2020-12/schema"

Number = Annotated[float, Field(allow_inf_nan=False)]
Cell = str | float | int | bool | None


class Shape(BaseModel):
    """Frozen, and closed to keys that nobody described."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class MeasureShape(Shape):
    """A named number of something."""

    name: str
    """The measure's name within its check, such as `false_positive_rate`."""
    value: Number | None
    """The number; null where it is undefined or unbounded, and `note` then says why."""
    low: Number | None
    """Lower end of the interval."""
    high: Number | None
    """Upper end of the interval."""
    n: Number | None
    """The denominator of the number itself; for a disparity, the rows compared."""
    of: dict[str, str]
    """What it is a number of.

    Keys: attribute, group, feature, class, average, model, reference, attack, case, column, table, notice.
    """
    kind: Kind
    """`exact` numbers carry no sampling error."""
    unit: str
    method: str
    """How the number or its interval was made, such as `Wilson 95%`."""
    note: str | None


class TableShape(Shape):
    """Rows that a measure cannot say."""

    name: str
    columns: list[str]
    rows: list[list[Cell]]
    note: str | None


class EvidenceShape(Shape):
    """What one check found with one set of parameters, or why it found nothing."""

    check: str
    outcome: Outcome
    """How measuring ended; it never says pass or fail."""
    reason: str | None
    parameters: dict[str, Any]
    measures: list[MeasureShape]
    tables: list[TableShape]


class FindingShape(Shape):
    """One criterion judged, with the number that gave the verdict, or the reason."""

    framework: str
    requirement: str
    criterion: str
    """The criterion's own id, else the measure's path or `attested:<key>`."""
    verdict: Verdict
    state: State
    """Where the requirement stands on the day of judging; only those in force are judged."""
    severity: str
    principle: str
    title: str
    of: dict[str, str]
    measure: str | None
    """`<check>.<measure>` of the number judged."""
    value: Number | None
    low: Number | None
    high: Number | None
    n: Number | None
    kind: str | None
    unit: str | None
    bound: dict[str, Any]
    """What the number is held against, as `{"at_least": 0.8}`."""
    decide: str | None
    """`interval`: the whole interval decides. `point`: the number alone."""
    basis: str | None
    """Where the bound comes from: law, guideline, standard, accepted-practice, project-suggestion, none."""
    basis_source: str | None
    reason: str | None
    p_raw: Number | None
    p_holm: Number | None
    """The p-value after Holm's correction over the requirement's family."""
    people: Number | None
    """How many people the finding touches."""
    attestation: dict[str, Any] | None
    """Answer, document digest, signer, date and expiry, where a person attests."""
    clause: str | None = None
    """Where the requirement is written."""
    verified: str | None = None
    """How far the clause was read: read, secondary, partial, memory; own where this project wrote it."""
    relief: dict[str, Any] | None = None
    """Where a waiver or a sandbox changed the verdict: its kind, the verdict without it, until when."""


class PrincipleShape(BaseModel):
    """One principle of one framework, summed up."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)
    verdict: Verdict
    """The worst of its parts."""
    counts: dict[str, int]


class VerdictsShape(BaseModel):
    """One framework, summed up."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)
    verdict: Verdict
    """The worst of its parts."""
    counts: dict[str, int]
    """Requirements by verdict."""
    principles: dict[str, PrincipleShape]
    requirements: dict[str, Verdict]


class PublicationShape(Shape):
    """How a record was made public."""

    of: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Digest of the whole record."""
    smallest: int
    """Counts below are withheld, and none can be narrowed to a range shorter than this."""
    groups: int
    """Groups of all attributes and crossings."""
    groups_withheld: int
    """Groups of which not even the number of people is told."""
    selection_withheld: int
    """Groups whose selection rate is not told."""
    errors_withheld: int
    """Groups whose error rates are not told."""


class BodyShape(Shape):
    """Everything that two audits of the same submission share, byte for byte."""

    engine: dict[str, Any]
    """Versions of everything that a number can depend on."""
    as_of: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    """The day as of which the rules were read."""
    submission: dict[str, Any]
    """What was asked, with files by digest; `resolved` holds everything that was inferred."""
    evidence: list[EvidenceShape]
    findings: list[FindingShape]
    verdicts: dict[str, VerdictsShape]
    """By framework id."""
    frameworks: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """The rule sets as they were read, by id: title, version, digest, requirements with their clauses."""
    tier: dict[str, Any] | None = None
    """The risk tier that held, as declared, as the questionnaire gives it, and how that was scored."""
    relief: dict[str, Any] | None = None
    """Waivers and sandboxes, each with whether it counts on the day of judging, and why not."""
    terms: list[dict[str, Any]] | None = None
    """The terms of each declared transfer beside each baseline, theme by theme."""
    baselines: dict[str, Any] | None = None
    """The themes and baselines by which terms were compared, in full."""
    publication: PublicationShape | None = None
    """Only in the version for everybody: of which record it is, and how much of groups was withheld."""


class RecordShape(Shape):
    """An audit, as `audit.json` holds it."""

    format: Annotated[Literal[1], Field(alias="schema")]
    """Version of this shape."""
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the canonical JSON (RFC 8785) of `body`, in lower-case hex."""
    run: dict[str, Any]
    """Everything that may differ between equal audits: id, time, host, seconds. Empty inside a PDF."""
    body: BodyShape


def audit_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of audit.json."""
    shape = RecordShape.model_json_schema(by_alias=True)
    return {"$schema": IDENTIFIER, **shape, "title": "Audit record"}


def validate(record: Any) -> None:
    """Raise ValueError with one sentence when *record* does not have the published shape."""
    if not isinstance(record, Mapping) or record.get("schema") != SCHEMA:
        raise ValueError(f"not an audit record of schema {SCHEMA}")
    try:
        RecordShape.model_validate(record)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = str(first["msg"])
        raise ValueError(
            f"not an audit record: `{where}` is not as published ({message[:1].lower()}{message[1:]})"
        ) from None


if __name__ == "__main__":  # python -m reports.schema > docs/reference/audit.schema.json
    sys.stdout.write(json.dumps(audit_schema(), indent=2) + "\n")

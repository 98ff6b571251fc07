"""The one record: a frozen audit, its canonical bytes and its digest."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import rfc8785

from checks.model import Evidence, Kind, Measure, Outcome, Table
from frameworks.model import Finding, Framework, State, Verdict
from reports.schema import SCHEMA, validate

EXACT = 2**53
"""Whole numbers beyond this are not exact in JSON; they are written as text."""


@dataclass(frozen=True, slots=True)
class Audit:
    """The whole record of one audit.

    `body` is everything that two audits of the same submission share, byte for byte;
    `run` is everything that may differ between them.
    """

    run: Mapping[str, Any]
    body: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical body, in lower-case hex."""
        return hashlib.sha256(canonical(self.body)).hexdigest()

    def to_json(self) -> bytes:
        """Return the record as canonical JSON (RFC 8785); its body, nearly all of it, is written once."""
        body = canonical(self.body)
        digest = hashlib.sha256(body).hexdigest().encode()
        return b'{"body":%b,"digest":"%b","run":%b,"schema":%b}' % (
            body, digest, canonical(self.run), canonical(SCHEMA),
        )  # fmt: skip

    @classmethod
    def from_json(cls, data: bytes) -> Audit:
        """Read a record; raise ValueError when it is not one or its digest does not fit its body."""
        try:
            record = json.loads(data, parse_constant=_refuse_constant)
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
            raise ValueError("not an audit record: it is not JSON") from None
        validate(record)
        audit = cls(run=record["run"], body=record["body"])
        if audit.digest != record["digest"]:
            raise ValueError("the digest does not fit the body: the record was changed")
        return audit

    def without_run(self) -> Audit:
        """Return the record with nothing in it that may differ between equal audits."""
        return Audit(run={}, body=self.body)


def canonical(value: Any) -> bytes:
    """Return *value* as canonical JSON (RFC 8785): equal values have equal bytes."""
    try:
        return rfc8785.dumps(value)
    except rfc8785.IntegerDomainError:
        return rfc8785.dumps(_as_floats(value))


def _as_floats(value: Any) -> Any:
    """Make floats again of whole numbers that JSON wrote without a point: 1e17 is read as an integer."""
    if isinstance(value, Mapping):
        return {key: _as_floats(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_floats(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= EXACT:
        return float(value)
    return value


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    """Return *evidence* as the record keeps it."""
    return _fields(evidence)


def evidence_from_json(stored: Mapping[str, Any]) -> Evidence:
    """Return the evidence that the record keeps; the inverse of `evidence_to_json`."""
    return Evidence(
        check=stored["check"],
        outcome=Outcome(stored["outcome"]),
        reason=stored["reason"],
        parameters=dict(stored["parameters"]),
        measures=tuple(_measure(measure) for measure in stored["measures"]),
        tables=tuple(_table(table) for table in stored["tables"]),
    )


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """Return *finding* as the record keeps it: every field, by its own name."""
    return _fields(finding)


def finding_from_json(stored: Mapping[str, Any]) -> Finding:
    """Return the finding that the record keeps; the inverse of `finding_to_json`."""
    numbers = {
        name: _number(stored[name]) for name in ("value", "low", "high", "n", "p_raw", "p_holm", "people")
    }
    return Finding(
        **{**stored, **numbers, "verdict": Verdict(stored["verdict"]), "state": State(stored["state"])}
    )


def framework_to_json(framework: Framework) -> dict[str, Any]:
    """Return the whole rule set, so that a record can be read, and judged again, without its file."""
    return _fields(framework)


def _measure(stored: Mapping[str, Any]) -> Measure:
    numbers = {name: _number(stored[name]) for name in ("value", "low", "high", "n")}
    return Measure(**{**stored, **numbers, "of": dict(stored["of"]), "kind": Kind(stored["kind"])})


def _table(stored: Mapping[str, Any]) -> Table:
    return Table(
        name=stored["name"],
        columns=tuple(stored["columns"]),
        rows=tuple(tuple(row) for row in stored["rows"]),
        note=stored["note"],
    )


def _number(stored: float | None) -> float | None:
    return None if stored is None else float(stored)  # JSON spells 1.0 as 1


def _fields(value: Any) -> dict[str, Any]:
    kept = (field for field in dataclasses.fields(value) if field.metadata.get("record", True))
    return {field.name: _plain(getattr(value, field.name)) for field in kept}


def _plain(value: Any) -> Any:
    """Return *value* in JSON's own types; what JSON cannot carry becomes null or text."""
    if dataclasses.is_dataclass(value):
        return _fields(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(_plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)  # an enumeration is its text
    return _plain_number(value)


def _plain_number(value: Any) -> Any:
    scalar = value.item() if hasattr(value, "item") else value
    if isinstance(scalar, float):
        return scalar if math.isfinite(scalar) else None
    if isinstance(scalar, int) and not isinstance(scalar, bool):
        return scalar if abs(scalar) < EXACT else str(scalar)
    return scalar if isinstance(scalar, bool | str) else str(scalar)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"not an audit record: {name} is not a number of JSON")

"""The one record: a frozen audit, its canonical bytes and its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

SCHEMA = 1


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
        """Return the record as canonical JSON (RFC 8785)."""
        return canonical({"schema": SCHEMA, "digest": self.digest, "run": self.run, "body": self.body})

    @classmethod
    def from_json(cls, data: bytes) -> Audit:
        """Read a record; raise ValueError when it is not one or its digest does not fit its body."""
        record = json.loads(data)
        if not isinstance(record, dict) or record.get("schema") != SCHEMA:
            raise ValueError(f"not an audit record of schema {SCHEMA}")
        audit = cls(run=record["run"], body=record["body"])
        if audit.digest != record.get("digest"):
            raise ValueError("the digest does not fit the body: the record was changed")
        return audit


def canonical(value: Any) -> bytes:
    """Return *value* as canonical JSON (RFC 8785): equal values have equal bytes."""
    return rfc8785.dumps(value)

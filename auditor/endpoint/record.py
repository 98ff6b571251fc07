"""What was asked of an endpoint, call by call: sizes, times and digests, never the bodies."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt to ask."""

    at: str
    attempt: int
    status: int | None
    problem: str | None
    milliseconds: float
    bytes_out: int
    bytes_in: int
    request: str
    """SHA-256 of the body that was sent."""
    response: str | None
    """SHA-256 of the body that came back."""


@dataclass(slots=True)
class Record:
    """The calls of one step, and what the connection showed of the other side."""

    host: str
    address: str
    began: float = field(default_factory=time.monotonic)
    calls: list[Call] = field(default_factory=list)
    tls: str | None = None
    certificate: str | None = None
    """SHA-256 of the certificate in DER."""

    def lines(self) -> bytes:
        """Return one JSON object a line."""
        return b"".join(json.dumps(asdict(call), sort_keys=True).encode() + b"\n" for call in self.calls)

    def summary(self) -> dict[str, Any]:
        """Return what the record of the audit says of the calls."""
        return {
            "host": self.host,
            "address": self.address,
            "tls": self.tls,
            "certificate": self.certificate,
            "calls": len(self.calls),
            "retries": sum(call.attempt > 1 for call in self.calls),
            "bytes_sent": sum(call.bytes_out for call in self.calls),
            "bytes_received": sum(call.bytes_in for call in self.calls),
            "median_milliseconds": _median([c.milliseconds for c in self.calls if c.status == 200]),
        }


def _median(values: Sequence[float]) -> float | None:
    return round(statistics.median(values), 1) if values else None

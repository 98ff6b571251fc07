"""What this installation allows of live endpoints, taken from its settings."""

from __future__ import annotations

import re
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.problems import refuse

if TYPE_CHECKING:
    from auditor.config import Settings

TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,4096}")
"""A bearer token as RFC 6750 spells it: nothing that could end a header."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Which hosts may be asked, and what asking may cost; a step is the predictions, or one check."""

    hosts: tuple[str, ...] = ()
    tokens_file: str = ""
    ca_file: str = ""
    call_seconds: float = 30.0
    seconds: float = 600.0
    calls: int = 2_000
    per_second: float = 20.0
    rows: int = 1_000
    answer_bytes: int = 16 << 20
    retries: int = 4

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        """Return the rules that *settings* spell."""
        return cls(
            hosts=settings.endpoint_hosts,
            tokens_file=str(settings.endpoint_tokens_file or ""),
            ca_file=str(settings.endpoint_ca_file or ""),
            call_seconds=settings.endpoint_call_seconds,
            seconds=settings.endpoint_seconds,
            calls=settings.endpoint_calls,
            per_second=settings.endpoint_per_second,
            rows=settings.endpoint_rows,
            answer_bytes=settings.endpoint_answer_bytes,
            retries=settings.endpoint_retries,
        )

    @classmethod
    def told(cls, said: dict[str, Any]) -> Rules:
        """Return the rules that another process of ours wrote with `told_as`."""
        return cls(**{**said, "hosts": tuple(said["hosts"])})

    def told_as(self) -> dict[str, Any]:
        """Return the rules as JSON carries them. No token is among them, only the file's place."""
        return {**asdict(self), "hosts": list(self.hosts)}

    def token(self, entry: str) -> str | None:
        """Return the operator's token for the allow-list entry *entry*, if there is one.

        The file holds one `entry token` a line and must be readable by its owner alone.
        """
        if not self.tokens_file:
            return None
        for number, line in enumerate(_private(Path(self.tokens_file)).splitlines(), start=1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if len(words) != 2 or not TOKEN.fullmatch(words[1]):
                raise _unusable(f"line {number} is not a host and a token")
            if words[0] == entry:
                return words[1]
        return None


def _private(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise _unusable("others may read it; its mode must be 0600")
            return file.read(1 << 20)
    except (OSError, UnicodeDecodeError):
        raise _unusable("it cannot be read") from None


def _unusable(why: str) -> Exception:
    sentence = f"the operator's AUDITOR_ENDPOINT_TOKENS_FILE cannot be used: {why}."
    return refuse("endpoint", "endpoint-tokens", sentence)

"""Notices to people: their words, read in the locked child."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.problems import refuse
from auditor.sandbox.host import available
from auditor.sandbox.limits import Limits
from auditor.sandbox.parent import Answered, Child, ChildDied

LONGEST = 200_000
"""Characters of text that are taken from the child."""
TAG = re.compile(r"[A-Za-z0-9-]{0,48}")
ENCODING = re.compile(r"[a-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class ReadNotice:
    """One notice in words."""

    is_html: bool
    encoding: str
    language: str
    text: str


def read_notice(path: Path, limits: Limits, *, where: str) -> ReadNotice:
    """Return what the notice says; refuse what is no text."""
    if (missing := available()) is not None:
        raise refuse(where, "sandbox-missing", f"submitted files cannot be read here: {missing}.")
    with path.open("rb") as file:
        child = Child("notice", file.fileno(), limits)
    with child:
        try:
            seconds = limits.open_seconds
            return _checked(child.description(time.monotonic() + seconds, seconds))
        except Answered as no:
            raise refuse(where, no.code, f"it was refused: {str(no).rstrip('.')}.") from None
        except (ChildDied, KeyError, TypeError, ValueError) as end:
            sentence = f"it could not be read: {end}; save it again as text or HTML."
            raise refuse(where, "notice-died", sentence) from None


def _checked(said: Mapping[str, Any]) -> ReadNotice:
    """Return the answer of the child; raise ValueError where it is none."""
    kind, text = said["kind"], said["text"]
    encoding, language = str(said["encoding"]), str(said["language"])
    if kind not in {"html", "text"} or not isinstance(text, str) or len(text) > LONGEST:
        raise ValueError("its words were not readable")
    if not TAG.fullmatch(language) or not ENCODING.fullmatch(encoding):
        raise ValueError("its language or encoding has no name")
    return ReadNotice(kind == "html", encoding, language, text)

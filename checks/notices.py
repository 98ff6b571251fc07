"""What was shown or sent to people: a letter, a screen, a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.texts import language_of, latin_is


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice: its words, and for a page what a browser found in it."""

    name: str
    is_html: bool
    language: str | None
    """As declared by the submitter, else by the page."""
    text: str
    scan: Mapping[str, Any] | None = None
    """What axe-core found: `axe` (version), `violations` and `incomplete` (rule, impact, tags, elements,
    says), `passes`."""
    unscanned: str | None = None
    """Why a page was not looked at."""


def languages(notices: Sequence[Notice]) -> Iterator[str]:
    """Yield the language of each notice; see `checks.texts`."""
    for notice in notices:
        undeclared = latin_is([notice.text])
        yield language_of(notice.language, notice.text, undeclared=undeclared)

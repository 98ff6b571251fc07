"""The nouns of relief: waivers and sandboxes as declared, and what a framework allows of them."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from frameworks.model import Criterion, Framework, Requirement


@dataclass(frozen=True, slots=True)
class WaiverRules:
    """How long a waiver may hold; a framework may be stricter."""

    days: int = 180


@dataclass(frozen=True, slots=True)
class SandboxRules:
    """What a framework allows a sandbox; what a submission declares can only be narrower."""

    days: int = 365
    extension_days: int = 183
    may_defer: tuple[str, ...] | None = None
    """The only requirements that may be put off; None: any that is not blocking."""
    may_not_touch: tuple[str, ...] = ()
    people: int | None = None
    share_of_cases: float | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A time for which somebody approves something."""

    approver: str
    date: dt.date
    expiry: dt.date
    reason: str

    def holds(self, day: dt.date) -> bool:
        """Return whether *day* lies in it, its first and its last day included."""
        return self.date <= day <= self.expiry

    @property
    def days(self) -> int:
        """Its length."""
        return (self.expiry - self.date).days


@dataclass(frozen=True, slots=True)
class Waiver:
    """One requirement set aside. Every field is needed; only the renewal may be missing."""

    requirement: str
    owner: str
    """Who answers for the system and asks for the waiver."""
    risk: str
    control: str
    """What protects people in the meantime."""
    term: Term
    renewal: Term | None = None
    """The only one that there can be."""
    framework: str | None = None
    """Of which framework the requirement is; None: of each that has one of this id."""

    def about(self, framework: Framework, requirement: Requirement) -> bool:
        """Return whether it sets *requirement* aside."""
        return self.requirement == requirement.id and self.framework in (None, framework.id)

    def current(self, day: dt.date) -> Term | None:
        """Return the term that holds on *day*."""
        return next((t for t in (self.term, self.renewal) if t is not None and t.holds(day)), None)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A declared trial."""

    scope: str
    owner: str
    approver: str
    start: dt.date
    expiry: dt.date
    defers: tuple[str, ...]
    people_cap: int
    share_cap: float
    """Largest share of all cases."""
    people: int | None
    """How many people were in it so far, as counted."""
    cases: int | None
    all_cases: int | None
    stop_unless: tuple[Criterion, ...]
    """Limits that have to hold; when the evidence shows that one does not, the trial has ended."""
    extension: Term | None = None
    """The only one that there can be."""
    stopped: dt.date | None = None
    framework: str | None = None


def same_person(one: str, other: str) -> bool:
    """Return whether two names are one: case, spaces and the width of letters do not tell people apart."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())

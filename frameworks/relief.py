"""The nouns of relief: waivers and sandboxes as declared, and what a framework allows of them."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from frameworks.model import Criterion, Framework, Requirement


@dataclass(frozen=True, slots=True)
class Ground:
    """Which rule file set a value of a policy, and what it rests on."""

    framework: str
    version: str
    basis: str
    """As of a bound: `law`, `local-choice` and so on."""
    source: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that has to hold for any trial to go on."""

    measure: str
    bound: Mapping[str, float]
    """As a file spells it: `{"at_most": 0.5}`."""
    of: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WaiverRules:
    """What a framework allows of waivers. What none set is a suggestion of this project."""

    days: int = 180
    """How long one term may be."""
    renewals: int = 1
    """0 or 1: there is never more than one."""
    approvers: tuple[str, ...] | None = None
    """The only names or offices whose approval counts; None: anybody but the owner."""
    grounds: Mapping[str, Ground] = field(default_factory=dict)
    """Who set what, by the names above."""


@dataclass(frozen=True, slots=True)
class SandboxRules:
    """What a framework allows a sandbox; what a submission declares can only be narrower."""

    days: int = 365
    extensions: int = 1
    """0 or 1: there is never more than one."""
    extension_days: int = 183
    approvers: tuple[str, ...] | None = None
    """The only names or offices whose approval counts; None: anybody but the owner."""
    may_defer: tuple[str, ...] | None = None
    """The only requirements that may be put off; None: any that is not blocking."""
    may_not_touch: tuple[str, ...] = ()
    people: int | None = None
    share_of_cases: float | None = None
    stop_unless: tuple[Limit, ...] = ()
    """Limits that stop every trial early, beside those that it declares itself."""
    grounds: Mapping[str, Ground] = field(default_factory=dict)
    """Who set what, by the names above."""


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

    def terms(self, rules: WaiverRules) -> tuple[Term, ...]:
        """Return the terms that *rules* allow: the first, and the renewal where there may be one."""
        return (self.term, self.renewal) if self.renewal and rules.renewals else (self.term,)

    def current(self, day: dt.date, rules: WaiverRules) -> Term | None:
        """Return the term that holds on *day*."""
        return next((term for term in self.terms(rules) if term.holds(day)), None)


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


def among(name: str, approvers: tuple[str, ...] | None) -> bool:
    """Return whether *name* is one of those whose approval counts; None: everybody's does."""
    return approvers is None or any(same_person(name, one) for one in approvers)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())

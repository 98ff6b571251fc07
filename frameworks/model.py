"""The nouns of judging: what is asked, how it is decided, and what was found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from frameworks.proposing import Policy
from frameworks.relief import Sandbox, SandboxRules, Waiver, WaiverRules


class Verdict(StrEnum):
    """How one item was judged; declared best to worst."""

    NOT_APPLICABLE = "not_applicable"
    MET = "met"
    ATTESTED = "attested"
    WAIVED = "waived"
    DEFERRED = "deferred"
    UNDECIDED = "undecided"
    NOT_MET = "not_met"

    @property
    def rank(self) -> int:
        """0 is best."""
        return _ORDER.index(self)


_ORDER = tuple(Verdict)


def worst(verdicts: list[Verdict]) -> Verdict:
    """Return the worst of *verdicts*, leaving out those that do not apply; all of them: not applicable."""
    return max(verdicts, key=lambda v: v.rank, default=Verdict.NOT_APPLICABLE)


class State(StrEnum):
    """Where a requirement stands on the day of judging; only those in force are judged."""

    NOT_YET = "not-yet"
    IN_FORCE = "in-force"
    SUNSET = "sunset"
    SUPERSEDED = "superseded"


class Decide(StrEnum):
    """Whether a bound is held against the whole interval or the point."""

    INTERVAL = "interval"
    POINT = "point"


class Basis(StrEnum):
    """Where a number comes from; printed beside it."""

    LAW = "law"
    GUIDELINE = "guideline"
    STANDARD = "standard"
    ACCEPTED_PRACTICE = "accepted-practice"
    PROJECT_SUGGESTION = "project-suggestion"
    LOCAL_CHOICE = "local-choice"
    NONE = "none"


FIRM = (Basis.LAW, Basis.GUIDELINE, Basis.STANDARD)
"""What rests on these is only made stricter."""


class Severity(StrEnum):
    """How much hangs on a requirement; declared heaviest first."""

    BLOCKING = "blocking"
    MAJOR = "major"
    NORMAL = "normal"


TIERS = ("limited", "moderate", "high")
"""Risk tiers, lowest first. Whatever is asked of a lower tier is asked of the higher ones."""

OPERATORS = ("at_least", "at_most", "above", "below", "equals", "reported")


@dataclass(frozen=True, slots=True)
class Bound:
    """What a number is held against. `reported` asks for the number and sets no limit (`limit` is None)."""

    operator: str
    limit: float | None
    decide: Decide = Decide.INTERVAL

    def as_dict(self) -> dict[str, Any]:
        """Return the bound as a pack spells it: `{"at_least": 0.8}`, `{"reported": True}`."""
        return {self.operator: True if self.limit is None else self.limit}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that decides a requirement: a bounded measure, an attestation, or parts of these.

    Exactly one of `measure`, `attested`, `any_of`, `all_of` is set.
    """

    id: str
    measure: str | None = None
    bound: Bound | None = None
    of: Mapping[str, str] = field(default_factory=dict)
    """Values that a matching measure's `of` must have (`any` fits all); `depth` asks for intersections."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of the check whose evidence is judged."""
    attested: str | None = None
    question: str | None = None
    missing: Verdict = Verdict.UNDECIDED
    """The verdict when nobody answered: undecided, or not met where the source says so."""
    any_of: tuple[Criterion, ...] = ()
    all_of: tuple[Criterion, ...] = ()
    tasks: frozenset[str] = frozenset()
    """Tasks that the criterion fits; empty: all."""
    basis: Basis = Basis.NONE
    basis_source: str | None = None
    firm: Bound | None = field(default=None, metadata={"record": False})
    """What a law, a guideline or a standard asked, where a stricter number of another basis stands now."""

    @property
    def held_by_source(self) -> Bound | None:
        """Return what no overlay may undercut, whatever was made of the number since."""
        return self.bound if self.basis in FIRM else self.firm

    @property
    def parts(self) -> tuple[Criterion, ...]:
        """The measures and attestations that decide it, itself where it is one."""
        return self.any_of or self.all_of or (self,)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a requirement is written, and how far that was read."""

    clause: str
    framework: str | None = None
    verified: str = "read"
    """`read`, `secondary` (a digest was), `partial` (headings), `memory` (nothing), `own` (written here)."""


@dataclass(frozen=True, slots=True)
class Applies:
    """Whom a requirement asks, and when. `start` is the first day in force, `end` the first day no longer."""

    tiers: tuple[str, ...] = TIERS
    tasks: frozenset[str] = frozenset()
    when: tuple[str, ...] = ()
    start: dt.date | None = None
    end: dt.date | None = None
    superseded_by: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a local rule made of an item that it took over, and why."""

    overlay: str
    version: str
    mode: str
    """`tighten`, `widen`, `keep`, `replace`; `strictest` where the stricter of two sources was taken."""
    criterion: str | None
    old: Mapping[str, Any] | None
    """As a file spells it: `{"at_least": 0.8}`, `{"tiers": ["high"]}`."""
    new: Mapping[str, Any] | None
    reason: str


@dataclass(frozen=True, slots=True)
class Group:
    """People whom a local rule names: they must be among those compared."""

    id: str
    title: str
    attributes: tuple[str, ...]
    """Columns that may tell them, in any case of letters."""
    values: tuple[str, ...] = ()
    """Groups of such a column that they are, as the file spells them."""
    at_least: float | None = None
    """Of a column cut into ranges: they are everybody from here on."""
    below: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Parent:
    """A rule set that another one builds on, exactly as it was read."""

    id: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a framework asks, citing its clause, and how it is decided."""

    id: str
    title: str
    text: str
    principle: str
    severity: Severity
    source: Source
    applies: Applies
    criteria: tuple[Criterion, ...]
    review: str | None = None
    """`source not verified` keeps every met and not met undecided until somebody has read the clause."""
    origin: str = ""
    """Where it was first written: `<framework>:<id>`."""
    controls: tuple[str, ...] = ()
    """Controls of the baseline on the same matter, where the item itself says so."""
    replaced_by: str | None = None
    """The item of the same file that stands in its place: an id is never used for another meaning."""
    locked: bool = False
    """Kept as it is by an overlay: no overlay on top may change it."""
    changes: tuple[Change, ...] = ()
    """What overlays made of it, oldest first."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked to attest."""

    key: str
    question: str
    requirement: str
    title: str


@dataclass(frozen=True, slots=True)
class Framework:
    """A law, guideline, standard or house rule, as data."""

    id: str
    title: str
    version: str
    force: str
    """`law`, `guideline`, `standard`, `baseline`, or `local` for an overlay."""
    jurisdiction: str
    requirements: tuple[Requirement, ...]
    digest: str
    """SHA-256 of the canonical content, in lower-case hex."""
    issuer: str = ""
    url: str = ""
    scope: str = ""
    start: dt.date | None = None
    end: dt.date | None = None
    review_by: dt.date | None = None
    notes: tuple[str, ...] = ()
    tiers: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    """Circumstances that `applies.when` may ask for, each with the sentence that a form shows."""
    waivers: WaiverRules = field(default_factory=WaiverRules)
    sandbox: SandboxRules = field(default_factory=SandboxRules)
    effectiveness: Policy = field(default_factory=Policy, metadata={"record": False})
    """What its history has to show for a change to be proposed; no audit is judged by it."""
    language: str = "en"
    """Of its texts, as in BCP 47."""
    parents: tuple[Parent, ...] = ()
    """What an overlay builds on."""
    groups: tuple[Group, ...] = ()
    """People whom an overlay names: a number that leaves them out is never met."""
    begins: dt.date | None = None
    """Of an overlay: the first day of what it changes."""
    sunset: dt.date | None = None
    """Of an overlay: the first day on which its parents hold again."""
    lapsed: str | None = None
    """Why only the parents of an overlay hold on the day it was resolved for."""
    layer: Layer | None = field(default=None, metadata={"record": False}, repr=False)
    """Of an overlay: what it was resolved from. Records keep the result instead."""

    def attestations(self) -> tuple[Question, ...]:
        """Return every question that the framework asks a person, in order, each key once."""
        asked = {
            part.attested: Question(part.attested, part.question or "", requirement.id, requirement.title)
            for requirement in reversed(self.requirements)
            for criterion in reversed(requirement.criteria)
            for part in reversed(criterion.parts)
            if part.attested is not None
        }
        return tuple(reversed(asked.values()))


@dataclass(frozen=True, slots=True)
class Override:
    """One change that an overlay asks for, as read."""

    target: str
    criterion: str | None
    mode: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    reason: str
    basis: Basis = Basis.LOCAL_CHOICE
    basis_source: str | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """An overlay before it is resolved: what it builds on, what it changes, what it adds."""

    parents: tuple[Framework, ...]
    overrides: tuple[Override, ...]
    adds: tuple[Requirement, ...]
    strictest: bool
    policies: Mapping[str, Any] = field(default_factory=dict)
    """What it sets for waivers, sandboxes and proposals: `frameworks.policies.Block` by name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion judged, with the measure that gave the verdict, or the reason."""

    framework: str
    requirement: str
    criterion: str
    verdict: Verdict
    state: State
    severity: str
    principle: str
    title: str
    of: Mapping[str, str] = field(default_factory=dict)
    measure: str | None = None
    """Full name `<check>.<measure>` of the number judged."""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: float | None = None
    kind: str | None = None
    unit: str | None = None
    bound: Mapping[str, Any] = field(default_factory=dict)
    decide: str | None = None
    basis: str | None = None
    basis_source: str | None = None
    reason: str | None = None
    p_raw: float | None = None
    p_holm: float | None = None
    people: float | None = None
    """Rows of the worse group: how many people the finding touches."""
    attestation: Mapping[str, Any] | None = None
    """Answer, document digest, signer, date and expiry, where the criterion is attested."""
    clause: str | None = None
    """Where the requirement is written; None in records from before it was kept."""
    verified: str | None = None
    """How far the clause was read, as in `Source`."""
    relief: Mapping[str, Any] | None = None
    """Where a waiver or a sandbox changed the verdict: its kind, the verdict without it, until when."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What judging needs to know beside evidence; all of it stands in the submission."""

    task: str
    tier: str
    as_of: dt.date
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Attestations by key: answer, document, signer, date, expiry."""
    conditions: frozenset[str] = frozenset()
    """Declared circumstances: `sets-prices`, or `not sets-prices`. Undeclared ones are taken to hold."""
    rows: int = 0
    uncompared: Mapping[str, str] = field(default_factory=dict)
    """Columns called after a protected characteristic by which nobody was compared, each with it."""
    waivers: tuple[Waiver, ...] = ()
    sandbox: Sandbox | None = None

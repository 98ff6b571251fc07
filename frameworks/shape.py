"""The one shape of a framework file: closed to keys that nobody declared, and cross-checked.

What pydantic can say in a sentence stands here; names of measures and conditions are checked in `load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from checks.model import Task
from frameworks.closed import Day, Item, Line, Number, Shape, Slug, at
from frameworks.model import OPERATORS, TIERS, Basis, Decide, Severity
from frameworks.policy_shape import EffectivenessShape, SandboxShape, WaiversShape

FORMAT = "auditor-framework/1"

Tier = Literal["limited", "moderate", "high"]


class CriterionShape(Shape):
    """One way of deciding: a measure with a bound, an attestation, or parts."""

    id: Slug | None = None
    measure: Line | None = None
    of: Mapping[str, str | int] = Field(default_factory=dict)
    parameters: Mapping[str, float | int | str | bool] = Field(default_factory=dict)
    at_least: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    below: Number | None = None
    equals: Number | None = None
    reported: Literal[True] | None = None
    decide: Decide | None = None
    attested: Slug | None = None
    question: Line | None = None
    missing: Literal["undecided", "not_met"] | None = None
    any_of: tuple[CriterionShape, ...] = ()
    all_of: tuple[CriterionShape, ...] = ()
    tasks: tuple[Task, ...] = ()
    basis: Basis | None = None
    basis_source: Line | None = None

    @property
    def operators(self) -> tuple[str, ...]:
        """The bounds that are set."""
        return tuple(name for name in OPERATORS if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_way(self) -> CriterionShape:
        ways = [w for w in ("measure", "attested", "any_of", "all_of") if getattr(self, w)]
        if len(ways) != 1:
            raise ValueError(
                "a criterion has exactly one of `measure`, `attested`, `any_of`, `all_of`; "
                + (f"keep one of {and_(ways)}" if ways else "add one")
            )
        if self.measure:
            self._measured()
        elif self.attested:
            self._declared()
        else:
            self._composed(ways[0])
        return self

    def _measured(self) -> None:
        if len(self.operators) != 1:
            raise ValueError(
                "a measure has exactly one bound; "
                + (
                    f"keep one of {and_(self.operators)}"
                    if self.operators
                    else f"add one of {and_(OPERATORS, 'or')}"
                )
            )
        if self.question or self.missing:
            raise ValueError("`question` and `missing` belong to an attestation; remove them here")
        if self.basis is None or not self.basis_source:
            raise ValueError("a bound says where it comes from; add `basis` and `basis_source`")

    def _declared(self) -> None:
        if self.operators or self.of or self.parameters or self.decide:
            raise ValueError(
                "an attestation has no bound, `of`, `parameters` or `decide`; make it a criterion of its own"
            )
        if not self.question:
            raise ValueError("an attestation asks something; add `question`")

    def _composed(self, way: str) -> None:
        parts = self.any_of or self.all_of
        if self.id is None:
            raise ValueError(f"`{way}` needs an `id`, by which reports name it")
        if len(parts) < 2 or any(part.any_of or part.all_of for part in parts):
            raise ValueError(f"`{way}` takes two or more measures or attestations; do not nest further")
        alone = ("of", "parameters", "decide", "question", "missing", "basis", "basis_source", "tasks")
        stray = [*self.operators, *(name for name in alone if getattr(self, name))]
        if stray:
            raise ValueError(f"move {and_(stray)} to the parts of `{way}`")
        if way == "any_of" and len({bool(part.attested) for part in parts}) == 2:
            raise ValueError(
                "in `any_of` an attestation cannot stand in for a measurement; make them separate criteria"
            )


class SourceShape(Shape):
    """Where a requirement is written."""

    clause: Line
    framework: Slug | None = None
    verified: Literal["read", "secondary", "partial", "memory", "own"]


class AppliesShape(Shape):
    """Whom a requirement asks, and when."""

    tiers: tuple[Tier, ...] = TIERS  # type: ignore[assignment]  # the literals are these words
    tasks: tuple[Task, ...] = ()
    when: tuple[Slug, ...] = ()
    start: Annotated[Day | None, Field(alias="from")] = None
    end: Annotated[Day | None, Field(alias="until")] = None
    superseded_by: Line | None = None

    @model_validator(mode="after")
    def _in_order(self) -> AppliesShape:
        if not self.tiers or self.tiers != TIERS[-len(self.tiers) :]:
            raise ValueError(
                "what is asked of a lower tier is asked of the higher ones too; "
                "write [high], [moderate, high] or [limited, moderate, high]"
            )
        if self.start and self.end and self.end <= self.start:
            raise at("until", "`until` is not after `from`; correct one of them")
        if self.superseded_by and self.end is None:
            raise at("superseded_by", "`superseded_by` needs `until`, the first day it no longer holds")
        return self


class RequirementShape(Shape):
    """One thing asked."""

    id: Item
    title: Line
    text: Line
    principle: Slug
    severity: Severity
    source: SourceShape
    applies: AppliesShape = AppliesShape()
    criteria: Annotated[tuple[CriterionShape, ...], Field(min_length=1)]
    review: Literal["source not verified"] | None = None
    controls: tuple[Item, ...] = ()
    replaced_by: Item | None = None

    @model_validator(mode="after")
    def _memory_is_reviewed(self) -> RequirementShape:
        if self.source.verified == "memory" and self.review is None:
            raise ValueError("a source known from memory only needs `review: source not verified`; add it")
        return self


class RuleFileShape(Shape):
    """What every rule file says of itself."""

    format: Literal["auditor-framework/1"]
    id: Slug
    title: Line
    version: Line
    jurisdiction: Line
    issuer: Annotated[str, Field(max_length=400)] = ""
    url: Annotated[str, Field(max_length=400)] = ""
    scope: Annotated[str, Field(max_length=1000)] = ""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    start: Annotated[Day | None, Field(alias="from")] = None
    review_by: Day | None = None
    notes: tuple[Annotated[str, Field(max_length=1000)], ...] = ()
    conditions: Mapping[Slug, Line] = Field(default_factory=dict)
    waivers: WaiversShape | None = None
    sandbox: SandboxShape | None = None
    effectiveness: EffectivenessShape | None = None


class FrameworkShape(RuleFileShape):
    """A framework file."""

    force: Literal["law", "guideline", "standard", "baseline"]
    end: Annotated[Day | None, Field(alias="until")] = None
    tiers: Mapping[Tier, Line] = Field(default_factory=dict)
    requirements: Annotated[tuple[RequirementShape, ...], Field(min_length=1, max_length=500)]


def and_(names: tuple[str, ...] | list[str], word: str = "and") -> str:
    """Spell a list of keys."""
    *most, last = [f"`{name}`" for name in names]
    return f"{', '.join(most)} {word} {last}" if most else last

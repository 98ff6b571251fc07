"""The one shape of an overlay: a local rule on top of others, closed to keys that nobody declared."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from checks.model import Task
from frameworks.closed import Day, Item, Line, Number, Shape, Slug, at
from frameworks.model import OPERATORS, TIERS, Basis, Severity
from frameworks.shape import RequirementShape, RuleFileShape, Tier, and_

PREFIX = "LOC-"
"""How the ids of local requirements begin, so that no parent's later item can take their place."""


class ExtendsShape(Shape):
    """One parent: which, and the versions that were read."""

    id: Slug
    version: Line


class ValueShape(Shape):
    """One thing that an override changes; `from` and `to` name the same."""

    at_least: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    below: Number | None = None
    equals: Number | None = None
    reported: Literal[True] | None = None
    severity: Severity | None = None
    missing: Literal["undecided", "not_met"] | None = None
    tiers: Annotated[tuple[Tier, ...] | None, Field(min_length=1)] = None
    tasks: tuple[Task, ...] | None = None
    when: tuple[Slug, ...] | None = None

    @model_validator(mode="after")
    def _one(self) -> ValueShape:
        if len(self.model_fields_set) != 1:
            raise ValueError(
                "it names exactly one thing: a bound such as `at_least`, or `severity`, `missing`, `tiers`, "
                "`tasks` or `when`"
            )
        if self.tiers and self.tiers != TIERS[-len(self.tiers) :]:
            raise ValueError(
                "what is asked of a lower tier is asked of the higher ones too; "
                "write [high], [moderate, high] or [limited, moderate, high]"
            )
        return self

    @property
    def as_dict(self) -> dict[str, Any]:
        """Return it as the file spells it."""
        (name,) = self.model_fields_set
        value = getattr(self, name)
        return {name: [str(one) for one in value] if isinstance(value, tuple) else value}

    @property
    def aspect(self) -> str:
        """What it is about: `bound`, or the name of the one key."""
        (name,) = self.model_fields_set
        return "bound" if name in OPERATORS else name


class OverrideShape(Shape):
    """One change of an item that a parent wrote."""

    target: Item
    criterion: Line | None = None
    mode: Literal["tighten", "widen", "keep", "replace"]
    old: Annotated[ValueShape | None, Field(alias="from")] = None
    new: Annotated[ValueShape | None, Field(alias="to")] = None
    reason: Line
    basis: Basis = Basis.LOCAL_CHOICE
    basis_source: Line | None = None

    @model_validator(mode="after")
    def _says_from_and_to(self) -> OverrideShape:
        if self.mode == "keep":
            if self.new is not None:
                raise ValueError("`keep` locks an item as it is; remove `to`, or choose another mode")
            return self
        missing = [name for name, value in (("from", self.old), ("to", self.new)) if value is None]
        if missing:
            raise ValueError(
                f"`{self.mode}` says what stands there and what shall stand there; add {and_(missing)}"
            )
        assert self.old
        assert self.new
        if self.old.aspect != self.new.aspect:
            raise ValueError("`from` and `to` are about different things; name the same in both")
        of_criterion = self.old.aspect in ("bound", "missing")
        if of_criterion and self.criterion is None:
            raise ValueError("say which criterion of the target is meant; add `criterion`")
        if self.criterion is not None and not of_criterion:
            raise ValueError(f"`{self.old.aspect}` belongs to the whole requirement; remove `criterion`")
        allowed = {
            "tighten": ("bound", "severity", "missing"),
            "widen": ("tiers", "tasks", "when"),
            "replace": ("bound",),
        }[self.mode]
        if self.old.aspect not in allowed:
            raise ValueError(
                f"`{self.mode}` changes {and_(['a bound' if a == 'bound' else a for a in allowed], 'or')}; "
                "choose another mode"
            )
        return self


class GroupShape(Shape):
    """People whom the overlay names."""

    id: Slug
    title: Line
    attributes: Annotated[tuple[Line, ...], Field(min_length=1)]
    values: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = ()
    at_least: Number | None = None
    below: Number | None = None
    why: Line

    @model_validator(mode="after")
    def _values_or_range(self) -> GroupShape:
        ranged = self.at_least is not None or self.below is not None
        if ranged == bool(self.values):
            raise ValueError("a group is given by `values`, or by `at_least` and `below`; write one of them")
        if self.at_least is not None and self.below is not None and self.below <= self.at_least:
            raise ValueError("`below` is not above `at_least`; correct one of them")
        return self


class FloorShape(Shape):
    """A source whose numbers may not be undercut."""

    id: Slug
    use: Annotated[tuple[Literal["law", "guideline", "standard"], ...], Field(min_length=1)]
    why: Line | None = None


class OverlayShape(RuleFileShape):
    """An overlay file."""

    extends: Annotated[tuple[ExtendsShape, ...], Field(min_length=1, max_length=10)]
    combine: Literal["strictest"] | None = None
    floors: tuple[FloorShape, ...] = ()
    sunset: Day | None = None
    groups: Annotated[tuple[GroupShape, ...], Field(max_length=50)] = ()
    overrides: Annotated[tuple[OverrideShape, ...], Field(max_length=500)] = ()
    requirements: Annotated[tuple[RequirementShape, ...], Field(max_length=500)] = ()

    @model_validator(mode="after")
    def _dates_in_order(self) -> OverlayShape:
        if self.start and self.sunset and self.sunset <= self.start:
            raise at("sunset", "`sunset` is not after `from`; correct one of them")
        changes = (self.overrides, self.requirements, self.groups, self.waivers, self.sandbox)
        if not any((*changes, self.effectiveness)):
            raise ValueError("the overlay changes nothing; add `overrides`, `requirements` or `groups`")
        return self

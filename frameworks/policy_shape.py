"""The one shape of what a rule file says about waivers, sandboxes, and proposals from its own history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from frameworks.closed import Item, Line, Number, Shape
from frameworks.model import Basis
from frameworks.proposing import LEAST, OPERATORS, SHARES, Change, Figure

LONGEST_WAIVER, LONGEST_SANDBOX, LONGEST_EXTENSION = 366, 731, 366
"""Days that no rule file goes beyond: a year; two years, and a year more."""

Approvers = Annotated[tuple[Line, ...] | None, Field(min_length=1, max_length=20)]
GROUNDS = ("basis", "basis_source", "reason", "widen")
"""Keys that say why, not what."""


def whole(least: int, most: int) -> Any:
    """Return a whole number between two others, which no rule file goes beyond."""
    return Field(default=None, strict=True, ge=least, le=most)


class PolicyShape(Shape):
    """What every policy says of itself."""

    basis: Basis | None = None
    basis_source: Line | None = None
    reason: Line | None = None
    widen: Mapping[str, Line] = Field(default_factory=dict)

    @property
    def stated(self) -> dict[str, Any]:
        """What it sets, by key."""
        set_ = (name for name in type(self).model_fields if name in self.model_fields_set)
        return {n: getattr(self, n) for n in set_ if n not in GROUNDS and getattr(self, n) is not None}

    @model_validator(mode="after")
    def _sets_something(self) -> PolicyShape:
        names = [name for name in type(self).model_fields if name not in GROUNDS]
        if not self.stated:
            raise ValueError(f"it sets nothing; add {', '.join(f'`{name}`' for name in names)}, or remove it")
        for name in self.widen:
            if name not in self.stated:
                raise ValueError(
                    f"`widen` gives a reason for `{name}`, which is not set here; set it, or take it out"
                )
        return self


class WaiversShape(PolicyShape):
    """What may be done by waivers."""

    days: int | None = whole(1, LONGEST_WAIVER)
    renewals: int | None = whole(0, 1)
    approvers: Approvers = None


class LimitShape(Shape):
    """A number that has to hold for any trial to go on."""

    measure: Line
    at_least: Number | None = None
    at_most: Number | None = None
    of: Mapping[Literal["attribute", "group", "feature", "class", "model"], Line] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _one(self) -> LimitShape:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a limit has either `at_least` or `at_most`; keep or add one of them")
        return self


class SandboxShape(PolicyShape):
    """What may be done by trials."""

    days: int | None = whole(1, LONGEST_SANDBOX)
    extensions: int | None = whole(0, 1)
    extension_days: int | None = whole(1, LONGEST_EXTENSION)
    approvers: Approvers = None
    may_defer: Annotated[tuple[Item, ...] | None, Field(max_length=500)] = None
    may_not_touch: Annotated[tuple[Item, ...] | None, Field(min_length=1, max_length=500)] = None
    people: Annotated[int | None, Field(strict=True, ge=1)] = None
    share_of_cases: Annotated[float | None, Field(strict=True, gt=0, le=1)] = None
    stop_unless: Annotated[tuple[LimitShape, ...] | None, Field(min_length=1, max_length=20)] = None


class ConditionShape(Shape):
    """One figure, held against a limit."""

    figure: Figure
    at_least: Number | None = None
    above: Number | None = None
    at_most: Number | None = None
    below: Number | None = None

    @property
    def operators(self) -> tuple[str, ...]:
        """The limits that are set."""
        return tuple(name for name in OPERATORS if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one(self) -> ConditionShape:
        if len(self.operators) != 1:
            raise ValueError(
                "a figure has exactly one of `at_least`, `above`, `at_most`, `below`; "
                + ("keep one" if self.operators else "add one")
            )
        limit = getattr(self, self.operators[0])
        if limit < 0 or (self.figure in SHARES and limit > 1):
            raise ValueError(
                f"`{self.figure.value}` is a share; write a number from 0 to 1"
                if self.figure in SHARES
                else f"`{self.figure.value}` is never under 0; write a number from 0 on"
            )
        return self


class TriggerShape(Shape):
    """A change that is proposed where every figure says so."""

    propose: Change
    when: Annotated[tuple[ConditionShape, ...], Field(min_length=1, max_length=10)]


class EffectivenessShape(PolicyShape):
    """From which figures on a change of a requirement is proposed."""

    audits: int | None = whole(LEAST, 100_000)
    proposals: Annotated[tuple[TriggerShape, ...] | None, Field(min_length=1, max_length=40)] = None

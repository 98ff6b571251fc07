"""What people put on record beside files: the risk questionnaire, waivers and sandboxes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from auditor.file_refs import Document
from auditor.shape import Name, Number, Plain, Shape, Whole
from frameworks.model import Bound, Criterion
from frameworks.relief import Sandbox, Term, Waiver

Said = Annotated[str, Field(min_length=1, max_length=1000)]


class RiskQuestionnaire(Shape):
    """How much is at stake: one choice for each question, by whom and when."""

    answers: Annotated[Mapping[Name, Name], Field(max_length=100)]
    by: Plain
    date: dt.date


class TermShape(Shape):
    """A time for which somebody approves something, and why."""

    approver: Plain
    date: dt.date
    expiry: dt.date
    reason: Said

    @model_validator(mode="after")
    def _in_order(self) -> TermShape:
        if self.expiry < self.date:
            raise ValueError("`expiry` lies before `date`; correct one of them")
        return self

    def noun(self) -> Term:
        """Return what judging reads."""
        return Term(self.approver, self.date, self.expiry, self.reason)


class WaiverShape(TermShape):
    """One requirement set aside for a time: all of these, and at most one renewal."""

    requirement: Name
    framework: Name | None = None
    owner: Plain
    risk: Said
    compensating_control: Said
    renewal: TermShape | None = None

    def waiver(self) -> Waiver:
        """Return what judging reads."""
        return Waiver(
            requirement=self.requirement,
            framework=self.framework,
            owner=self.owner,
            risk=self.risk,
            control=self.compensating_control,
            term=self.noun(),
            renewal=self.renewal.noun() if self.renewal else None,
        )


class Caps(Shape):
    """How many people, and which share of all cases, a trial may reach."""

    people: Annotated[Whole, Field(ge=1)]
    share_of_cases: Annotated[Number, Field(gt=0, le=1)]


class Counted(Shape):
    """How many people and cases it has reached so far, of how many cases in all."""

    people: Annotated[Whole, Field(ge=0)]
    cases: Annotated[Whole, Field(ge=0)]
    all_cases: Annotated[Whole, Field(ge=1)]


class StopLimit(Shape):
    """A limit that has to hold for the trial to go on."""

    measure: Name
    at_least: Number | None = None
    at_most: Number | None = None
    of: Annotated[Mapping[Literal["attribute", "group", "feature", "class", "model"], Name], Field()] = {}

    @model_validator(mode="after")
    def _one(self) -> StopLimit:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give either `at_least` or `at_most`")
        return self

    def criterion(self) -> Criterion:
        """Return what judging reads."""
        operator = "at_most" if self.at_least is None else "at_least"
        limit = self.at_most if self.at_least is None else self.at_least
        return Criterion(
            self.measure,
            measure=self.measure,
            bound=Bound(operator, limit),
            of={str(k): v for k, v in self.of.items()},
        )


class SandboxShape(Shape):
    """A trial with a scope, an end, caps and limits that stop it early, in which requirements are put off."""

    scope: Said
    framework: Name | None = None
    owner: Plain
    approver: Plain
    start: dt.date
    expiry: dt.date
    extension: TermShape | None = None
    defers: Annotated[tuple[Name, ...], Field(min_length=1, max_length=50)]
    caps: Caps
    counted: Counted | None = None
    stop_unless: Annotated[tuple[StopLimit, ...], Field(min_length=1, max_length=20)]
    stopped: dt.date | None = None
    exit_report: Document | None = None

    @model_validator(mode="after")
    def _in_order(self) -> SandboxShape:
        if self.expiry < self.start:
            raise ValueError("`expiry` lies before `start`; correct one of them")
        return self

    def sandbox(self) -> Sandbox:
        """Return what judging reads."""
        counted = self.counted
        return Sandbox(
            scope=self.scope,
            framework=self.framework,
            owner=self.owner,
            approver=self.approver,
            start=self.start,
            expiry=self.expiry,
            defers=self.defers,
            people_cap=self.caps.people,
            share_cap=self.caps.share_of_cases,
            people=counted.people if counted else None,
            cases=counted.cases if counted else None,
            all_cases=counted.all_cases if counted else None,
            stop_unless=tuple(limit.criterion() for limit in self.stop_unless),
            extension=self.extension.noun() if self.extension else None,
            stopped=self.stopped,
        )

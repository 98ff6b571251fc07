"""What is submitted about who can use a service: its log, and who was asked."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field, model_validator

from auditor.file_refs import Document, TableRef
from auditor.shape import CutPoints, Name, Plain, Shape

Said = Annotated[str, Field(max_length=2000)]


class ServiceLog(TableRef):
    """The log of a service, a row a case, and which of its columns says what."""

    groups: Annotated[tuple[Name, ...], Field(min_length=1, max_length=10)]
    """Columns that say who started a case: age, residence, disability, language."""
    started: Name | None = None
    """Whether the case was started, or when; without it, every row was."""
    completed: Name | None = None
    waited: Name | None = None
    """A time in any one unit."""
    assisted: Name | None = None
    """Whether somebody helped, or the route was a staffed one."""
    channel: Name | None = None
    bins: CutPoints = Field(default_factory=dict)
    """Rising cut points of columns of groups that hold numbers."""

    @model_validator(mode="after")
    def _apart(self) -> ServiceLog:
        named = [self.started, self.completed, self.waited, self.assisted, self.channel]
        names = [*self.groups, *(name for name in named if name is not None)]
        if len(set(names)) < len(names):
            raise ValueError("one column is named for two parts; name the column of each")
        if not any((self.completed, self.waited, self.assisted)):
            raise ValueError("name at least one of `completed`, `waited` and `assisted`")
        return self


class Consultation(Shape):
    """One group that was asked: when and how, what it said, what it was answered, what changed."""

    group: Plain
    date: dt.date | None = None
    how: Said = ""
    said: Said = ""
    answer: Said = ""
    changed: Said = ""
    document: Document | None = None


class Participation(Shape):
    """Who is affected, and who of them was asked."""

    affected: Annotated[tuple[Plain, ...], Field(min_length=1, max_length=50)]
    consultations: Annotated[tuple[Consultation, ...], Field(max_length=200)] = ()

    @model_validator(mode="after")
    def _known(self) -> Participation:
        if len(set(self.affected)) < len(self.affected):
            raise ValueError("a group stands twice in `affected`; keep it once")
        for one in self.consultations:
            if one.group not in self.affected:
                raise ValueError(f"{one.group!r} was consulted but is not named in `affected`; add it there")
        return self

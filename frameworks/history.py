"""From one audit of a system to the next: what was not met, what was repaired, and what stands open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from frameworks.model import Verdict

PASSED = (Verdict.MET, Verdict.ATTESTED)
"""Shown by numbers alone, or by numbers and by what a named person declares of the rest."""


@dataclass(frozen=True, slots=True)
class Stood:
    """How a system stood on a day: its verdicts by `<framework>/<requirement>`."""

    day: dt.date
    verdicts: Mapping[str, Verdict]


@dataclass(frozen=True, slots=True)
class Repair:
    """A requirement that was not met, and since when it is met or attested again."""

    requirement: str
    since: dt.date
    """The first audit in which it was not met."""
    until: dt.date | None
    """The first audit after that in which it was met or attested; None while it stands open."""

    @property
    def days(self) -> int | None:
        """How long the repair took."""
        return None if self.until is None else (self.until - self.since).days


def repairs(history: Sequence[Stood]) -> tuple[Repair, ...]:
    """Return what was not met in *history* of one system, in the order in which it was found.

    Only met or attested repairs: what is undecided later, waived, or asked by nobody any more stands open.
    """
    return tuple(sorted(_repairs(history), key=lambda one: (one.since, one.requirement)))


def _repairs(history: Sequence[Stood]) -> Iterator[Repair]:
    open_: dict[str, dt.date] = {}
    for stood in sorted(history, key=lambda one: one.day):
        for requirement, verdict in stood.verdicts.items():
            if verdict is Verdict.NOT_MET:
                open_.setdefault(requirement, stood.day)
            elif verdict in PASSED and requirement in open_:
                yield Repair(requirement, open_.pop(requirement), stood.day)
    yield from (Repair(requirement, since, None) for requirement, since in open_.items())

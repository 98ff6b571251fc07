"""From figures to proposals: which numbers of a rule's own history say that it is worth a look.

A trigger names a change and the figures that have to say so. It never changes a rule: people decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from frameworks.relief import Ground

LEAST = 20
"""Nothing is proposed of a requirement that ran in fewer audits, whatever a rule file says."""
UP, DOWN = ("at_least", "above"), ("at_most", "below")
OPERATORS = (*UP, *DOWN)


class Change(StrEnum):
    """What may be worth doing to a rule."""

    TIGHTEN = "tighten"
    RECALIBRATE = "recalibrate"
    CLARIFY = "clarify"
    MERGE = "merge"
    RETIRE = "retire"
    MERGE_OR_RETIRE = "merge or retire"


GIVEN_UP = (Change.MERGE, Change.RETIRE, Change.MERGE_OR_RETIRE)
"""Changes that take a requirement away."""


class Figure(StrEnum):
    """What can be said of a requirement over many audits."""

    FAIL_RATE = "fail_rate"
    """Share not met of the audits that decided it: met, attested or not met."""
    UNDECIDED_RATE = "undecided_rate"
    WAIVER_RATE = "waiver_rate"
    FALSE_ALARM_RATE = "false_alarm_rate"
    """Of what was not met and then looked into."""
    DECIDED = "decided"
    """How many audits decided it."""
    NOT_MET = "not_met"
    HARM_AFTER_PASS = "harm_after_pass"  # noqa: S105 - no secret
    HARM_PREVENTED = "harm_prevented"
    FALSE_ALARM = "false_alarm"
    DISPUTE = "dispute"
    DAYS_TO_FIX = "days_to_fix"
    """Median days from not met to met."""
    STILL_OPEN = "still_open"
    """Systems that were not met in their last audit."""


SHARES = (Figure.FAIL_RATE, Figure.UNDECIDED_RATE, Figure.WAIVER_RATE, Figure.FALSE_ALARM_RATE)
"""Figures that are shares: held against a limit by the near end of their interval."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One figure, held against a limit."""

    figure: Figure
    operator: str
    """`at_least`, `above`, `at_most` or `below`."""
    limit: float

    def holds(self, low: float, high: float) -> bool:
        """Return whether the whole range from *low* to *high* lies on the right side."""
        match self.operator:
            case "at_least":
                return low >= self.limit
            case "above":
                return low > self.limit
            case "at_most":
                return high <= self.limit
            case _:
                return high < self.limit

    def implies(self, other: Condition) -> bool:
        """Return whether *other* holds wherever this does."""
        if self.figure is not other.figure or (self.operator in UP) != (other.operator in UP):
            return False
        if self.limit == other.limit:
            return self.operator == other.operator or self.operator in ("above", "below")
        return (self.limit > other.limit) == (self.operator in UP)


@dataclass(frozen=True, slots=True)
class Trigger:
    """A change that is proposed where every condition holds."""

    change: Change
    when: tuple[Condition, ...]
    ground: Ground | None = None
    """Who set it; None: it is this project's suggestion."""

    def implies(self, other: Trigger) -> bool:
        """Return whether *other* proposes something wherever this does."""
        return all(any(mine.implies(theirs) for mine in self.when) for theirs in other.when)


SUGGESTED = (
    Trigger(Change.TIGHTEN, (Condition(Figure.HARM_AFTER_PASS, "at_least", 1),)),
    Trigger(
        Change.RECALIBRATE,
        (
            Condition(Figure.FAIL_RATE, "above", 0.4),
            Condition(Figure.HARM_PREVENTED, "at_most", 0),
            Condition(Figure.FALSE_ALARM_RATE, "above", 0.5),
        ),
    ),
    Trigger(
        Change.MERGE_OR_RETIRE,
        (
            Condition(Figure.DECIDED, "at_least", 50),
            Condition(Figure.NOT_MET, "at_most", 0),
            Condition(Figure.HARM_AFTER_PASS, "at_most", 0),
        ),
    ),
    Trigger(Change.CLARIFY, (Condition(Figure.WAIVER_RATE, "above", 0.25),)),
)
"""What holds where no rule file says otherwise. No law sets these numbers."""


@dataclass(frozen=True, slots=True)
class Policy:
    """From which figures on a change is proposed."""

    audits: int = LEAST
    """In fewer audits of a requirement nothing is proposed."""
    proposals: tuple[Trigger, ...] = SUGGESTED
    grounds: Mapping[str, Ground] = field(default_factory=dict)
    """Who set `audits`; each trigger names its own."""


def over(kept: Sequence[Trigger], own: Sequence[Trigger]) -> tuple[Trigger, ...]:
    """Return *own* triggers, and those of *kept* for changes that *own* says nothing of."""
    said = {kind(one.change) for one in own}
    return (*(one for one in kept if kind(one.change) not in said), *own)


def kind(change: Change) -> Change:
    """Return one name for all changes that take a requirement away: they are set together."""
    return Change.MERGE_OR_RETIRE if change in GIVEN_UP else change


def laxer(own: Sequence[Trigger], kept: Sequence[Trigger]) -> Trigger | None:
    """Return the trigger that makes rules easier to relax, or harder to tighten, than *kept* do."""
    for mine in own:
        others = [one for one in kept if kind(one.change) is kind(mine.change)]
        eases = mine.change is Change.RECALIBRATE or mine.change in GIVEN_UP
        if eases and not any(mine.implies(one) for one in others):
            return mine
    tightens = [one for one in own if one.change is Change.TIGHTEN]
    for theirs in (one for one in kept if one.change is Change.TIGHTEN):
        if tightens and not any(theirs.implies(one) for one in tightens):
            return tightens[0]
    return None

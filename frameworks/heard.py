"""Questions and objections of the public: how many came, days to the answer, and the share upheld by group.

Counted from what people sent and officers answered, for one entry of the register, one requirement or one
organisation. `for_everybody` withholds every count under ten, as the version of an audit for everybody does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from checks.model import Measure

LEAST = 10
"""No smaller count of people is told to everybody."""
WITHHELD = "withheld: it would tell a count of fewer than ten people"


class Matter(StrEnum):
    """What somebody sends."""

    QUESTION = "question"
    OBJECTION = "objection"


class Result(StrEnum):
    """How an officer answered."""

    ANSWERED = "answered"
    """A question; there is nothing to uphold."""
    UPHELD = "upheld"
    PARTLY = "partly"
    NOT_UPHELD = "not_upheld"


UPHELD = frozenset({Result.UPHELD, Result.PARTLY})
"""What counts as upheld."""


class Group(StrEnum):
    """Groups of which people may say that they belong to them; one person to several."""

    ELDERLY = "elderly"
    RURAL = "rural"
    DISABILITY = "disability"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Concern:
    """One question or objection, without its words."""

    matter: Matter
    received: dt.date
    groups: frozenset[Group] = frozenset()
    requirement: str = ""
    """`<framework>/<requirement>`; empty where the person named none."""
    answered: dt.date | None = None
    result: Result | None = None
    taken_back: bool = False
    """Deleted by the person, or with the audit, before it was answered."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Questions, or objections. None stands for a count that is withheld."""

    received: int | None
    answered: int | None
    unanswered: int | None
    taken_back: int | None
    """Of those unanswered: deleted before anybody answered."""
    days: Measure
    """Median days to the answer, of those answered; those that still wait are counted beside."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the public asked and objected, and what came of it."""

    questions: Tally
    objections: Tally
    upheld: int | None
    """Objections upheld in whole or in part."""
    partly: int | None
    not_upheld: int | None
    upheld_rate: Measure
    by_group: tuple[Measure, ...]
    """The share upheld, of people who say that they belong to a group (`yes`) and of all others (`no`)."""


def heard(concerns: Sequence[Concern]) -> Heard:
    """Count *concerns*, for officers: nothing is withheld."""
    objections = [one for one in concerns if one.matter is Matter.OBJECTION]
    answered = [one for one in objections if one.answered is not None]
    return Heard(
        questions=_tally([one for one in concerns if one.matter is Matter.QUESTION]),
        objections=_tally(objections),
        upheld=sum(one.result in UPHELD for one in answered),
        partly=sum(one.result is Result.PARTLY for one in answered),
        not_upheld=sum(one.result is Result.NOT_UPHELD for one in answered),
        upheld_rate=_upheld(answered, {}),
        by_group=tuple(
            _upheld(
                [one for one in answered if (group in one.groups) is belongs],
                {"attribute": group.value, "group": "yes" if belongs else "no"},
            )
            for group in Group
            for belongs in (True, False)
        ),
    )


def for_everybody(found: Heard) -> Heard:
    """Return *found* without a count under ten and without a sum from which one could be worked out.

    What is told are leaves (answered and not; upheld and not; taken back and not) of ten or more, and sums of
    leaves that are all told; so whatever else can be worked out is a sum of such leaves.
    """
    split = _both_told(found.upheld, found.not_upheld)
    return Heard(
        questions=_public(found.questions),
        objections=_public(found.objections),
        upheld=found.upheld if split else None,
        partly=found.partly if split and _part_told(found.partly, found.upheld) else None,
        not_upheld=found.not_upheld if split else None,
        upheld_rate=found.upheld_rate if split else _withheld(found.upheld_rate),
        by_group=tuple(_public_groups(found.by_group)),
    )


def _tally(concerns: Sequence[Concern]) -> Tally:
    from checks.statistics.medians import one_median  # loads scipy: the web process starts without it

    days = [(one.answered - one.received).days for one in concerns if one.answered is not None]
    return Tally(
        received=len(concerns),
        answered=len(days),
        unanswered=len(concerns) - len(days),
        taken_back=sum(one.taken_back and one.answered is None for one in concerns),
        days=one_median(
            "days_to_answer",
            np.sort(np.asarray(days, dtype=np.float64)),
            of={},
            unit="days",
            note=None if days else "nothing was answered yet",
        ),
    )


def _upheld(answered: Sequence[Concern], of: dict[str, str]) -> Measure:
    from checks.statistics.intervals import wilson  # as above

    upheld = sum(one.result in UPHELD for one in answered)
    return wilson(
        "upheld_rate",
        upheld,
        len(answered),
        of=of,
        note=None if answered else "no objection was answered there",
    )


def _public(tally: Tally) -> Tally:
    answered, unanswered = _told(tally.answered), _told(tally.unanswered)
    return Tally(
        received=tally.received if answered and unanswered else None,
        answered=answered,
        unanswered=unanswered,
        taken_back=tally.taken_back if _part_told(tally.taken_back, unanswered) else None,
        days=tally.days if answered else _withheld(tally.days),
    )


def _told(count: int | None) -> int | None:
    return count if count is not None and count >= LEAST else None


def _both_told(one: int | None, other: int | None) -> bool:
    return _told(one) is not None and _told(other) is not None


def _part_told(part: int | None, whole: int | None) -> bool:
    return part is not None and whole is not None and _both_told(part, whole - part)


def _withheld(measure: Measure) -> Measure:
    return Measure(measure.name, None, of=measure.of, unit=measure.unit, method=measure.method, note=WITHHELD)


def _public_groups(by_group: Sequence[Measure]) -> Iterable[Measure]:
    """Tell of a group where four counts are ten or more: upheld and not, of its people and of all others."""
    for yes, no in zip(by_group[::2], by_group[1::2], strict=True):
        counts = [part for share in (yes, no) for part in _parts(share)]
        told = all(count >= LEAST for count in counts)
        yield from (yes, no) if told else (_withheld(yes), _withheld(no))


def _parts(share: Measure) -> tuple[int, int]:
    n = int(share.n or 0)
    upheld = round((share.value or 0.0) * n)
    return upheld, n - upheld

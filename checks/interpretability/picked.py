"""Which cases are told: by rules, never by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from checks.interpretability.moves import SHARED
from checks.interpretability.without import FEW, FULL, RIGHT, SAME, Without
from checks.model import NOT_STATED, Array, Subject, Task
from checks.values import as_text

MIDDLE, JUST, MISSED = "the middle of all answers", "just reached it", "just missed it"


@dataclass(frozen=True, eq=False)
class Case:
    """One person, by the position among the rows they were picked from."""

    name: str
    row: int
    among: Array
    """Whom the name and the answer alone are true of; fewer than ten are not told."""
    wrong: bool = False
    """Whether it is told as an error, so that what was true belongs to it."""


@dataclass(frozen=True, eq=False)
class Picked:
    """Whom is told of, and of whom not."""

    told: list[Case] = field(default_factory=list)
    withheld: list[Case] = field(default_factory=list)
    without: list[Without] = field(default_factory=list)


def pick(subject: Subject, positions: Array, margins: Array, reached: Array, groups: int) -> Picked:
    """Return the cases, each row once; the worst errors of at most so many *groups* stand last."""
    order = np.argsort(margins, kind="stable")
    middle = int(order[(len(order) - 1) // 2])
    found = [Case(MIDDLE, middle, reached == reached[middle])]
    if reached.any():
        found.append(Case(JUST, int(np.argmin(np.where(reached, margins, np.inf))), reached))
    if not reached.all():
        found.append(Case(MISSED, int(np.argmax(np.where(reached, -np.inf, margins))), ~reached))
    picked = Picked()
    for case in found:
        if case.row not in {other.row for other in (*picked.told, *picked.withheld)}:
            (picked.told if case.among.sum() >= SHARED else picked.withheld).append(case)
    room = len(picked.told) + groups
    errors = errors_of(subject, positions, margins, reached)
    for of, worst in sorted(
        _worst(subject, positions, errors, reached), key=lambda each: -errors[each[1].row]
    ):
        if (without := _placed(picked, of, worst, room, right=not errors[worst.row])) is not None:
            picked.without.append(without)
    return picked


def _placed(picked: Picked, of: tuple[str, str], worst: Case, room: int, *, right: bool) -> Without | None:
    """Add the worst error of a group to the cases; where it is none of its own, return why."""
    few = worst.among.sum() < SHARED
    if few and not right:
        picked.withheld.append(worst)
    if few or right:
        return Without(*of, FEW if few else RIGHT)
    at = next((i for i, case in enumerate(picked.told) if case.row == worst.row), None)
    if at is None and len(picked.told) >= room:
        return Without(*of, FULL)
    if at is None:
        picked.told.append(worst)
        return None
    both = picked.told[at].among & worst.among  # that it is both groups' is true of these alone
    if both.sum() < SHARED:
        return Without(*of, FEW)
    picked.told[at] = replace(picked.told[at], among=both, wrong=True)
    return Without(*of, SAME, picked.told[at].name)


def _worst(
    subject: Subject, positions: Array, errors: Array, reached: Array
) -> Iterator[tuple[tuple[str, str], Case]]:
    """Yield each group, and whose its largest error is; where it has none, somebody without."""
    for attribute in subject.attributes:
        every = subject.groups(attribute)
        theirs = every[positions]
        for name in sorted(set(every) - {NOT_STATED}):
            mine = theirs == name
            row = int(np.argmax(np.where(mine, errors, -np.inf)))
            alike = mine & (reached == reached[row]) if errors[row] else mine
            yield (
                (str(attribute), str(name)),
                Case(f"worst error, {attribute}: {name}", row, alike, wrong=True),
            )


def errors_of(subject: Subject, positions: Array, margins: Array, reached: Array) -> Array:
    """Return how far off each answer is; 0 where it is right, or where nobody knows."""
    roles = subject.roles
    if roles.label is None or subject.task is Task.SCORING:
        return np.zeros(len(margins))
    label = subject.evaluation[roles.label].iloc[positions]
    if subject.task is Task.REGRESSION:
        if subject.score is None:
            return np.zeros(len(margins))
        actual = pd.to_numeric(label, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(np.nan_to_num(np.abs(subject.score[positions] - actual)))
    good = as_text(label) == (roles.favourable or roles.positive)
    wrong = (good != reached) & label.notna().to_numpy()
    return np.where(wrong, np.abs(margins), 0.0)

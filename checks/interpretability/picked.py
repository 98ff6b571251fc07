"""Which cases are told: by rules, never by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

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


def pick(subject: Subject, positions: Array, margins: Array, reached: Array, groups: int) -> list[Case]:
    """Return the cases that may be told, each row once; all but the worst errors by group stand first."""
    order = np.argsort(margins, kind="stable")
    middle = int(order[(len(order) - 1) // 2])
    found = [Case(MIDDLE, middle, reached == reached[middle])]
    if reached.any():
        found.append(Case(JUST, int(np.argmin(np.where(reached, margins, np.inf))), reached))
    if not reached.all():
        found.append(Case(MISSED, int(np.argmax(np.where(reached, -np.inf, margins))), ~reached))
    errors = _errors(subject, positions, margins, reached)
    worst = sorted(_worst(subject, positions, errors, reached), key=_largest)
    found += [case for _, case in worst[:groups]]
    kept: dict[int, Case] = {}
    for case in found:
        kept.setdefault(case.row, case)
    return list(kept.values())


def _largest(each: tuple[float, Case]) -> float:
    return -each[0]


def _worst(subject: Subject, positions: Array, errors: Array, reached: Array) -> Iterator[tuple[float, Case]]:
    """Yield the largest error of each group, and whose it is."""
    for attribute in subject.attributes:
        theirs = subject.groups(attribute)[positions]
        for name in sorted(set(theirs) - {NOT_STATED}):
            mine = theirs == name
            if (errors[mine] > 0).any():
                row = int(np.argmax(np.where(mine, errors, -np.inf)))
                yield (
                    float(errors[row]),
                    Case(f"worst error, {attribute}: {name}", row, mine & (reached == reached[row])),
                )


def _errors(subject: Subject, positions: Array, margins: Array, reached: Array) -> Array:
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

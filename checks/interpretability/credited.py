"""What spoke for and against single cases: from where that starts, and how far other draws say the same.

The other people whom a case is compared with are cut into as many draws as there are enough of them for. What
is told is of them all; each draw has other people and other orders, and shows how far chance moves it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.attribution import Attributions, attribute
from checks.interpretability.changes import WIDE
from checks.interpretability.goal import Goal
from checks.interpretability.moves import support_of
from checks.interpretability.rounded import rounded
from checks.interpretability.unlike import Row, unlike
from checks.model import Array, Kind, Measure, Subject
from checks.statistics import undefined, wilson

REASONS = 5
"""Contributions that are listed: what a reader can take in."""
BACKGROUND = 500
DRAWS = 5
"""Draws that are compared with one another."""
DRAWN = 10
"""People in a draw at least."""
NOTHING = 1e-9
"""Contributions below this are rounding."""


@dataclass(frozen=True, eq=False)
class Credited:
    """The contributions to each case, and the features to name, heaviest first."""

    found: Attributions
    leading: list[list[int]]
    note: str
    background: pd.DataFrame
    """The other people whom the cases are compared with."""

    @property
    def against(self) -> int:
        """How many other people there are."""
        return len(self.background)

    def unlike(self, names: list[str]) -> list[Row]:
        """Return, of each named case with other people left out, in what these differ most from the rest."""
        used = zip(names, self.found.used, strict=True)
        return [unlike(name, self.background, mine) for name, mine in used if not mine.all()]

    def parts(self, i: int) -> list[tuple[int, float]]:
        """Return the features that are named of case *i*, and what each gave, in two digits."""
        return [(j, rounded(self.found.values[i, j])) for j in self.leading[i]]

    def told(self, i: int, case: str, goal: Goal) -> Iterator[Measure]:
        """Yield where the contributions to case *i* start, what is not named of them, and their trust."""
        of, unit = {"case": case}, goal.margin.scale
        used, known = int(self.found.walked[i]), bool(np.isfinite(self.found.values[i]).all())
        yield Measure(
            "compared_with", float(used), n=float(self.against), of=of, kind=Kind.EXACT, unit="people",
            note=_left_out(self.against - used, known=known),
        )  # fmt: skip
        if not known:
            return
        start = goal.limit + (-1.0 if goal.lower else 1.0) * float(self.found.bases[i])
        named = self.leading[i]
        rest = float(np.delete(self.found.values[i], named).sum())
        yield Measure("start", rounded(start), n=float(used), of=of, kind=Kind.EXACT, unit=unit)
        yield Measure("others_together", rounded(rest), n=1.0, of=of, kind=Kind.EXACT, unit=unit)
        yield from _again(self.found.values[i], self.found.redrawn[:, i], named, of)


def credited(
    subject: Subject, wanted: Goal, people: pd.DataFrame, evaluations: int, rng: np.random.Generator
) -> Credited:
    """Return what spoke for and against *people*, of the rows that *evaluations* questions are enough for."""
    features = people.shape[1]
    each = 2 * max(features - 1, 1) * len(people)
    support = support_of(subject, rng)[0]
    size = min(BACKGROUND, max(2, int(evaluations * min(1, WIDE / features)) // each))
    chosen = rng.permutation(sample_rows(len(support), size, None, rng))
    background = support.iloc[chosen].reset_index(drop=True)
    draws = min(DRAWS, len(background) // DRAWN)
    found = attribute(wanted.margin, people, background, rng, draws=draws)
    order = np.argsort(-np.abs(found.values), axis=1, kind="stable")
    matters = np.abs(found.values) > np.maximum(2 * found.errors, NOTHING)
    leading = [[int(j) for j in mine if matters[i, j]][:REASONS] for i, mine in enumerate(order)]
    note = (
        f"interventional Shapley values of {wanted.margin.scale}, towards what is wanted;"
        f" {len(background)} background rows"
    )
    return Credited(found, leading, note, background)


def _left_out(lost: int, *, known: bool) -> str | None:
    if not known:
        return (
            f"{lost} left out, too many to say what spoke for and against it: the model gave no number"
            " for a row on the way"
        )
    return f"{lost} left out: the model gave no number for a row on the way" if lost else None


def _again(told: Array, redrawn: Array, named: list[int], of: dict[str, str]) -> Iterator[Measure]:
    """Yield how often the heaviest named feature stays so, and named ones their direction, in other draws."""
    names = ("reseeded_top_kept_share", "reseeded_direction_share")
    draws = redrawn[np.isfinite(redrawn).all(axis=1)]
    if not named or len(draws) < 2:
        why = "no contribution is larger than its sampling error"
        why = why if not named else f"there are fewer than two draws of {DRAWN} other people"
        yield from (undefined(name, why, of=of) for name in names)
        return
    size = np.abs(draws)
    kept = size[:, named[0]] >= size.max(axis=1) - NOTHING
    same = np.sign(draws[:, named]) == np.sign(told[named])
    how = f"draws of {len(draws)}, each with other people to compare with and other orders"
    for name, agree in zip(names, (kept, same), strict=True):
        found = wilson(name, float(agree.sum()), float(agree.size), of=of)
        yield replace(found, method=f"{found.method}; {how}")

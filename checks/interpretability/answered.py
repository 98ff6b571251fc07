"""People who are left out because the model gave no number for a row that was made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.interpretability.asking import MOST_LOST
from checks.interpretability.unlike import differences, unlike
from checks.interpretability.without import LEFT_OUT
from checks.model import Array, ModelError, Table


def answered(*answers: Array) -> Array:
    """Return of whom every one of *answers*, each of shape (people, ...), is a number.

    Raise what a submitter can act on where it is of fewer than half.
    """
    known = np.full(len(answers[0]), fill_value=True)
    for each in answers:
        known &= np.isfinite(each).reshape(len(each), -1).all(axis=1)
    lost = int((~known).sum())
    if lost > MOST_LOST * len(known):
        raise ModelError(
            f"asked for changed rows of {len(known):,} people, {lost:,} have one without a finite number; it"
            " must answer for every combination of values that the columns hold"
        )
    return known


def told_without(lost: int) -> str:
    """Say, for the method of a measure, how many people it is told without; nothing where it is none."""
    return f"without {lost} more for whom a changed row got no number" if lost else ""


def beside(how: str, *more: str) -> str:
    """Return how a number was made, and what it is told *more*."""
    return "; ".join(part for part in (how, *more) if part)


@dataclass
class Pairs:
    """Pairs of an explained and a background row, and of how many of them a row got no number."""

    asked: int = 0
    lost: int = 0

    def add(self, asked: int, lost: int) -> None:
        """Count more of them."""
        self.asked, self.lost = self.asked + asked, self.lost + lost

    @property
    def told(self) -> str:
        """Say, for the method of a measure, how many are left out; nothing where none is."""
        if not self.lost:
            return ""
        return f"without {self.lost} of {self.asked} pairs with a background row that got no number"


def without(
    lost: int, asked: int, pairs: Pairs | None = None, among: tuple[pd.DataFrame, Array] | None = None
) -> Iterator[Table]:
    """Yield how many of the people *asked* about, and of their *pairs*, were left out, where any were.

    With the people *among* whom that was, and who was kept, it is told in what they differ too.
    """
    counted = [("people", lost, asked)]
    if pairs is not None:
        counted.append(("pairs with a background row", pairs.lost, pairs.asked))
    rows = tuple((what, float(gone), float(all_)) for what, gone, all_ in counted if gone)
    if rows:
        note = "the model gave no number for a row that was made of them; nothing is put in its place"
        yield Table(LEFT_OUT, ("of", "left out", "asked about"), rows, note)
    if lost and among is not None:
        yield from differences([unlike("people", *among)])

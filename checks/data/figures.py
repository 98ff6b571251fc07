"""Figures as printed: how a column is written, and whether a number would be printed so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction


class Verdict(Enum):
    """What the counts say of a published figure."""

    FOLLOWS = "follows"
    ROUNDING = "explained by rounding"
    CONTRADICTED = "does not follow"
    UNCHECKED = "cannot be checked"


@dataclass(frozen=True, slots=True)
class Column:
    """How the figures of one column are written."""

    percent: bool
    places: int
    """Most places after the point that a figure has; fewer may be a spreadsheet's dropped zeros."""
    how: str

    def value(self, text: str) -> Fraction:
        """Return the share that a figure states."""
        return _number(text) / (100 if self.percent else 1)

    def digits(self, places: int) -> int:
        """Return the places of a share that is printed with *places*."""
        return places + (2 if self.percent else 0)


def column(texts: Sequence[str], expected: Sequence[Fraction | None], *, most: int) -> Column:
    """Settle once how *texts* are written; shares are at most *most*, *expected* are what counts give."""
    places = max((_places(text) for text in texts), default=0)
    if any("%" in text for text in texts):
        return Column(True, places, "read as percent, by the percent sign")
    if any(_number(text) > most for text in texts):
        return Column(True, places, f"read as percent, since a figure is over {most}")
    shares = Column(False, places, "read as shares")
    percent = Column(True, places, "read as percent, since that fits the counts")
    fits = [
        sum(near(text, way, value) for text, value in zip(texts, expected, strict=False) if value is not None)
        for way in (shares, percent)
    ]
    return percent if fits[0] == 0 and fits[1] else shares


def near(text: str, written: Column, value: Fraction) -> bool:
    """Say whether *value* is printed as *text*, up to one in the last place."""
    return abs(written.value(text) - value) < Fraction(1, 10 ** written.digits(written.places))


def compare(
    text: str, written: Column, computed: Fraction, instead: Iterable[tuple[str, Fraction]] = ()
) -> tuple[Verdict, str]:
    """Hold a printed figure against what the counts give, and against roundabout numbers *instead*."""
    stated, digits = written.value(text), written.digits(written.places)
    if stated in _rounded(computed, digits):
        return Verdict.FOLLOWS, "equal at the printed precision"
    if stated == _cut(computed, digits):
        return Verdict.ROUNDING, "cut off, not rounded"
    own = written.digits(_places(text))
    if own < digits and stated in {*_rounded(computed, own), _cut(computed, own)}:
        return Verdict.ROUNDING, "printed with fewer places than others"
    for how, value in instead:
        if stated in {*_rounded(value, digits), _cut(value, digits)}:
            return Verdict.ROUNDING, how
    return Verdict.CONTRADICTED, "the counts give another number"


def roundings(value: Fraction, digits: int) -> set[Fraction]:
    """Return *value* with *digits* places: rounded half up, half to even, and cut off."""
    return {*_rounded(value, digits), _cut(value, digits)}


def _rounded(value: Fraction, digits: int) -> set[Fraction]:
    scale = 10**digits
    return {Fraction(round(value * scale), scale), Fraction((value * scale + Fraction(1, 2)) // 1, scale)}


def _cut(value: Fraction, digits: int) -> Fraction:
    return Fraction((value * 10**digits) // 1, 10**digits)


def _number(text: str) -> Fraction:
    return Fraction(text.rstrip("%"))


def _places(text: str) -> int:
    return len(text.rstrip("%").partition(".")[2])

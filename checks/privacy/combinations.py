"""Which one to three columns single out most people.

Combinations are counted in the order of the most classes that they can have: the product of the numbers of
their values, or what a pair that was counted allows. One that cannot have more people alone than those
already found is not counted; neither is what goes beyond a bound on rows looked at. Both are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, prod

from checks.model import Kind, Measure, Table
from checks.privacy.classes import Coded

MOST_COLUMNS = 12
"""Further columns, those of the fewest values, are left out."""

KEPT = 5
"""Combinations of each size that are told."""

WORK = 50_000_000
"""Rows looked at, over all combinations."""

LARGEST = 3


@dataclass(frozen=True, slots=True)
class Found:
    """One combination of columns, and whom it singles out."""

    columns: tuple[str, ...]
    alone: float
    classes: int
    smallest: float


def search(people: Coded, names: Sequence[str]) -> Iterator[Measure | Table]:
    """Yield, for one to three columns, the largest share of people alone; and a table of the worst."""
    tried = sorted(names, key=lambda name: -people.levels(name))[:MOST_COLUMNS]
    tried = [name for name in names if name in tried]
    left = max(WORK // max(people.rows, 1), MOST_COLUMNS)
    seen: dict[tuple[str, ...], Found] = {}
    told: list[Found] = []
    notes = []
    for size in range(1, min(LARGEST, len(tried)) + 1):
        best, looked = _largest(people, tried, size, seen, left)
        left -= looked
        notes.append(f"{looked} of {comb(len(tried), size)} combinations of {size}")
        told += best
        if best:
            yield Measure(
                "combination_uniqueness",
                best[0].alone / people.count,
                n=people.count,
                of={"case": _case(size), "column": named(best[0].columns)},
                kind=Kind.EXACT,
                method=f"count of classes; {notes[-1]} counted",
            )
    yield Table(
        "columns that single out most people",
        ("columns", "people alone", "share of people", "smallest class", "classes"),
        tuple(
            (named(one.columns), one.alone, one.alone / people.count, one.smallest, one.classes)
            for one in told
        ),
        note=_note(names, tried, notes, left <= 0),
    )


def named(columns: Sequence[str]) -> str:
    """Spell a combination of columns."""
    return " × ".join(columns)


def _case(size: int) -> str:
    return ("one column", "two columns", "three columns")[size - 1]


def _note(names: Sequence[str], tried: Sequence[str], notes: Sequence[str], short: bool) -> str:
    text = f"Counted: {'; '.join(notes)}."
    text += (
        " The search ended at its bound on work; others may single out more."
        if short
        else " The others have too few classes to single out more people."
    )
    if len(tried) < len(names):
        text += f" Only the {len(tried)} columns of the most values were tried, of {len(names)}."
    return text


def _largest(
    people: Coded, names: Sequence[str], size: int, seen: dict[tuple[str, ...], Found], left: int
) -> tuple[list[Found], int]:
    """Return the combinations that single out most people, and how many were counted."""
    waiting = sorted(combinations(names, size), key=lambda one: -_most_classes(people, one, seen))
    best: list[Found] = []
    looked = 0
    for columns in waiting:
        worst = best[-1].alone if len(best) == KEPT else -1.0
        if looked >= left or _most_classes(people, columns, seen) <= worst:
            break
        seen[columns] = _count(people, columns)
        looked += 1
        best = sorted([*best, seen[columns]], key=lambda one: -one.alone)[:KEPT]
    return best, looked


def _most_classes(people: Coded, columns: tuple[str, ...], seen: dict[tuple[str, ...], Found]) -> int:
    """Return a bound on the classes of a combination, from its values and from pairs already counted."""
    bound = prod(people.levels(name) for name in columns)
    for without in columns if len(columns) > 1 else ():
        rest = tuple(name for name in columns if name != without)
        if rest in seen:
            bound = min(bound, seen[rest].classes * people.levels(without))
    return bound


def _count(people: Coded, columns: tuple[str, ...]) -> Found:
    sizes = people.sizes(columns)
    return Found(columns, float(sizes[sizes == 1].sum()), len(sizes), float(sizes.min()))

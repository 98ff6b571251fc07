"""Every way to give people of unknown group to the groups, and the rates that this allows.

A rate is lowest where all the unknown people who did not have the outcome belong to the group, and highest
where all who had it do. The unknown people that make one group's rate low and another's high are different
people, so the two can be taken together; and what was counted in each is a share of people of its own, with
the limits of a share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from checks.counts import GroupTable
from checks.model import NOT_STATED, Array
from checks.names import split
from checks.statistics import Proportions, Z
from checks.statistics.disparities import TINY, sidak_z


@dataclass(frozen=True, eq=False)
class Bounds:
    """Per group: its share among people who state it, and the lowest and the highest that it can be."""

    stated: Proportions
    lowest: Proportions
    highest: Proportions

    def take(self, which: Array) -> Self:
        """Return the bounds of some groups."""
        return type(self)(self.stated.take(which), self.lowest.take(which), self.highest.take(which))

    def limits(self) -> tuple[Array, Array]:
        """Return, per group, the lower limit of the lowest and the upper limit of the highest."""
        return self.lowest.limits(Z)[0], self.highest.limits(Z)[1]

    def ratio(self) -> tuple[float, float]:
        """Return the lowest and the highest that the lowest rate over the highest can be."""
        with np.errstate(divide="ignore", invalid="ignore"):  # a rate of 0 below the line bounds nothing
            far = _apart(self.lowest.value[:, None] / self.highest.value)
            near = _apart(self.highest.value[:, None] / self.lowest.value)
        return float(np.nanmin(far)), min(float(np.nanmin(near)), 1.0)

    def gap(self) -> tuple[float, float]:
        """Return the smallest and the largest that the highest rate minus the lowest can be."""
        near = _apart(self.lowest.value[:, None] - self.highest.value)
        far = _apart(self.highest.value[:, None] - self.lowest.value)
        return max(float(np.nanmax(near)), 0.0), float(np.nanmax(far))

    def ratio_limits(self) -> tuple[float, float]:
        """Return `ratio` with sampling limits: away from equality plain, towards it joint over pairs."""
        far = _log_difference(self.lowest, self.highest, Z)[0]
        near = _log_difference(self.highest, self.lowest, self._joint)[1]
        return float(np.exp(np.nanmin(_apart(far)))), min(float(np.exp(np.nanmin(_apart(near)))), 1.0)

    def gap_limits(self) -> tuple[float, float]:
        """Return `gap` with sampling limits."""
        near = _hybrid(_with_limits(self.lowest, self._joint), _with_limits(self.highest, self._joint))[0]
        far = _hybrid(_with_limits(self.highest, Z), _with_limits(self.lowest, Z))[1]
        return max(float(np.nanmax(_apart(near))), 0.0), min(float(np.nanmax(_apart(far))), 1.0)

    @property
    def _joint(self) -> float:
        groups = len(self.stated.value)
        return sidak_z(groups * (groups - 1) // 2)


def bounds(table: GroupTable, hits: Array, among: Array) -> Bounds:
    """Return the bounds of each group of *table* that is stated; the others keep what was counted."""
    takes = _may_belong(table)
    had, had_not = hits & among, ~hits & among
    stated = table.shares(hits, among)
    return Bounds(
        stated, _with(table, stated, takes, had_not, hit=False), _with(table, stated, takes, had, hit=True)
    )


def _may_belong(table: GroupTable) -> Array:
    """Return which rows of unknown group (columns) may be of each stated group (rows)."""
    parts = [split(name) if len(table.groups.parts) > 1 else (name,) for name in table.groups.names]
    found = np.zeros((len(parts), len(parts)))
    for i, mine in enumerate(parts):
        for j, theirs in enumerate(parts):
            if table.groups.stated[i] and not table.groups.stated[j]:
                found[i, j] = all(t in (m, NOT_STATED) for m, t in zip(mine, theirs, strict=True))
    return found


def _with(table: GroupTable, stated: Proportions, takes: Array, outcomes: Array, *, hit: bool) -> Proportions:
    """Return the shares after giving each group all the unknown people with *outcomes* that it may have."""
    given = takes @ table.weight[:, outcomes].sum(axis=1)
    weight = stated.weight + given
    effective = weight
    if table.squares is not None:
        among = np.divide(
            stated.weight**2, stated.effective, out=np.zeros_like(weight), where=stated.effective > 0
        )
        squares = among + takes @ table.squares[:, outcomes].sum(axis=1)
        effective = np.divide(weight**2, squares, out=np.zeros_like(weight), where=squares > 0)
    rows = stated.n + takes @ table.rows[:, outcomes].sum(axis=1)
    return Proportions(stated.hits + given * hit, weight, rows, effective)


def _apart(pairs: Array) -> Array:
    """Blank the pairs of a group with itself."""
    np.fill_diagonal(pairs, np.nan)
    return pairs


def _with_limits(shares: Proportions, z: float) -> tuple[Array, Array, Array]:
    low, high = shares.limits(z)
    return shares.value, shares.value - low, high - shares.value


def _hybrid(mine: tuple[Array, Array, Array], theirs: tuple[Array, Array, Array]) -> tuple[Array, Array]:
    """Return limits of mine[i] - theirs[j] (Newcombe); each is values and distances to their limits."""
    (value, below, above), (other, under, over) = mine, theirs
    difference = value[:, None] - other
    return difference - np.hypot(below[:, None], over), difference + np.hypot(above[:, None], under)


def _log_difference(mine: Proportions, theirs: Proportions, z: float) -> tuple[Array, Array]:
    """Return limits of log(mine[i] / theirs[j]); a share of 0 counts as half a success."""
    return _hybrid(_log_limits(mine, z), _log_limits(theirs, z))


def _log_limits(shares: Proportions, z: float) -> tuple[Array, Array, Array]:
    floor = 0.5 / (shares.effective + 0.5)
    low, high = shares.cautious_limits(z)
    empty = shares.value <= 0
    value = np.log(np.where(empty, floor, shares.value))
    return value, value - np.log(np.where(empty, floor * TINY, low)), np.log(high) - value

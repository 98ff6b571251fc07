"""One pass over the rows: integer-coded counts from which every rate comes.

Each row has a *cell* (one group of every attribute) and an *outcome* (decision and label). One `bincount`
over both gives the tensor; attributes and intersections are sums over it, so they cost nothing per row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd

from checks.model import NOT_STATED, Array, Subject, Task
from checks.names import intersection_key
from checks.published import Published, key
from checks.statistics.disparities import Proportions
from checks.values import as_text, group_values

DENSE = 2**20
"""Most cells that are kept without looking which of them occur."""


class Truth(IntEnum):
    """A yes, a no, or no answer."""

    NO = 0
    YES = 1
    UNKNOWN = 2


# An outcome is 9 * favoured + 3 * predicted + actual, each a Truth.
OUTCOMES = 27
_OUTCOME = np.arange(OUTCOMES)
FAVOURED, PREDICTED, ACTUAL = _OUTCOME // 9, _OUTCOME // 3 % 3, _OUTCOME % 3
"""Truth of each outcome, by outcome: index these to say which outcomes count."""


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups of one attribute or intersection."""

    attribute: str
    parts: tuple[str, ...]
    """The attributes that are crossed; one for a single attribute."""
    names: tuple[str, ...]
    stated: Array
    """Whether a group says who its people are; `not stated` is measured, never compared."""
    of_cell: Array
    """The group of each cell; -1 where a cell of a published table is of another attribute."""
    unmeasured: tuple[str | None, ...] = ()
    """Why a group of a published table has no number; None where it has one. Empty for records."""
    absent: float | None = 0.0
    """People whom a published table leaves out or suppresses, at most; None where nobody can tell."""
    largest_hidden: int | None = 0
    """The most people that one suppressed row can hold; None where nobody can tell."""
    also: Mapping[str, str] = field(default_factory=dict)
    """What else a number is of: the class that is set against the rest, or the mean over classes."""

    @property
    def key(self) -> dict[str, str]:
        """The key of what compares the groups."""
        return {"attribute": self.attribute, **self.also}

    def of(self, index: int) -> dict[str, str]:
        """Return the key of one group."""
        return {"attribute": self.attribute, "group": self.names[index], **self.also}


@dataclass(frozen=True, eq=False)
class GroupTable:
    """Counts of one attribute or intersection: groups by outcomes."""

    groups: Groups
    rows: Array
    """People: rows, or sums of frequency weights."""
    weight: Array
    squares: Array | None
    """Sums of squared sampling weights; None where every row stands for itself."""

    @cached_property
    def n(self) -> Array:
        """People per group."""
        return np.asarray(self.rows.sum(axis=1))

    def of_all(self) -> GroupTable:
        """Return the same counts as numbers of no class in particular."""
        return replace(self, groups=replace(self.groups, also={}))

    def people(self, among: Array) -> Array:
        """Return the people per group with outcomes *among*."""
        return np.asarray(self.rows[:, among].sum(axis=1))

    def smallest(self, among: Array) -> Array:
        """Return the people per group in the smallest denominator that a share of *among* has."""
        return self.people(among)

    def shares(self, hits: Array, among: Array) -> Proportions:
        """Return the share of each group's people with outcomes *among* who have outcomes *hits*."""
        weight = self.weight[:, among].sum(axis=1)
        if self.squares is None:
            effective = weight
        else:
            squares = self.squares[:, among].sum(axis=1)
            effective = np.divide(weight**2, squares, out=np.zeros_like(weight), where=squares > 0)
        return Proportions(
            hits=self.weight[:, hits & among].sum(axis=1),
            weight=weight,
            n=self.people(among),
            effective=effective,
        )


@dataclass(frozen=True, eq=False)
class Counts:
    """The tensor of a subject: cells by outcomes, and the groups that cells belong to."""

    cell: Array
    """The cell of each row."""
    groups: Mapping[str, Groups]
    """Attributes in declared order, then intersections, by key."""
    outcome: Array
    """The outcome of each row."""
    weights: Array | None
    sampling: bool
    cells: int
    classes: tuple[str, ...] = ()
    """The classes of a multiclass task."""
    confusion: Array | None = None
    """The decided class times one more than the number of classes, plus the actual one; the last: unknown."""

    def by_attribute(self) -> Iterator[tuple[str, GroupTable]]:
        """Return the counts of each attribute and intersection."""
        yield from self._tables.items()

    @property
    def n(self) -> float:
        """People in all."""
        return float(self._tensor[0].sum())

    def with_both(self) -> tuple[float, float, float]:
        """Return the people with a decision and a label, what they weigh, and the rows of them."""
        if self.confusion is None:
            both = (ACTUAL != Truth.UNKNOWN) & (PREDICTED != Truth.UNKNOWN)
            people, weight, _ = self._tensor
        else:
            decided, actual = np.divmod(np.arange((len(self.classes) + 1) ** 2), len(self.classes) + 1)
            both = (decided < len(self.classes)) & (actual < len(self.classes))
            people, weight, _ = self._bin(self.confusion, len(both))
        outcome = self.outcome if self.confusion is None else self.confusion
        return (
            float(people[:, both].sum()),
            float(weight[:, both].sum()),
            float(both[outcome].sum()) if self.weights is not None else float(people[:, both].sum()),
        )

    def codes(self, attribute: str) -> Array:
        """Return the group of each row, as a position in `groups[attribute].names`."""
        return np.asarray(self.groups[attribute].of_cell[self.cell])

    def count(self, outcome: Array, outcomes: int) -> dict[str, GroupTable]:
        """Count rows by another outcome, coded from 0 to *outcomes* - 1."""
        return self._sum(self._bin(outcome, outcomes))

    def sums(self, rows: Array, values: Sequence[Array]) -> dict[str, Array]:
        """Return per attribute the sums of each of *values*, of the rows at these positions, by group."""
        cell = self.cell[rows]
        cells = np.column_stack([np.bincount(cell, each, minlength=self.cells) for each in values])
        return {key: _by_group(groups, cells).T for key, groups in self.groups.items()}

    @cached_property
    def _tensor(self) -> tuple[Array, Array, Array | None]:
        return self._bin(self.outcome, OUTCOMES)

    @cached_property
    def _tables(self) -> dict[str, GroupTable]:
        return self._sum(self._tensor)

    def _bin(self, outcome: Array, outcomes: int) -> tuple[Array, Array, Array | None]:
        both = self.cell * outcomes
        both += outcome

        def total(weights: Array | None) -> Array:
            flat = np.bincount(both, weights, minlength=self.cells * outcomes)
            return flat.astype(np.float64, copy=False).reshape(self.cells, outcomes)

        weight = total(self.weights)
        if self.weights is None or not self.sampling:
            return weight, weight, None
        return total(None), weight, total(self.weights**2)

    def _sum(self, tensor: tuple[Array, Array, Array | None]) -> dict[str, GroupTable]:
        rows, weight, squares = tensor
        return {
            key: GroupTable(
                groups,
                _by_group(groups, rows),
                _by_group(groups, weight),
                None if squares is None else _by_group(groups, squares),
            )
            for key, groups in self.groups.items()
        }


def _by_group(groups: Groups, cells: Array) -> Array:
    summed = np.zeros((len(groups.names), cells.shape[1]))
    inside = groups.of_cell >= 0
    np.add.at(summed, groups.of_cell[inside], cells[inside])
    return summed


def count(subject: Subject) -> Counts:
    """Code every attribute, decision and label once, and count."""
    if subject.published is not None:
        return _from_table(subject.published, subject.roles.intersections)
    coded = [_coded(subject, attribute) for attribute in subject.attributes]
    cell, members = _cells(coded, subject.rows)
    names = [attribute.names for attribute in coded]
    depth = min(subject.roles.intersections, len(names))
    chosen = [c for size in range(1, depth + 1) for c in combinations(range(len(names)), size)]
    groups = [_groups(subject.attributes, names, members, which) for which in chosen]
    classes, confusion = _confusion(subject) if subject.task is Task.MULTICLASS else ((), None)
    return Counts(
        cell=cell,
        groups={g.attribute: g for g in groups},
        outcome=_outcomes(subject),
        weights=subject.weights,
        sampling=subject.roles.weight_kind == "sampling",
        cells=len(members),
        classes=classes,
        confusion=confusion,
    )


SUPPRESSED = "suppressed in the published table: not measured"
NOBODY = "the published table counts nobody: not compared"


def _from_table(published: Published, depth: int) -> Counts:
    """Take each row as a cell with two outcomes: favoured and not."""
    unknown = 3 * Truth.UNKNOWN + Truth.UNKNOWN
    known = [
        (0, 0) if row.n is None or row.selected is None else (row.selected, row.n - row.selected)
        for row in published.rows
    ]
    groups = [_stated_groups(published, parts) for parts in published.told(depth)]
    return Counts(
        cell=np.repeat(np.arange(len(known)), 2),
        groups={g.attribute: g for g in groups},
        outcome=np.tile(np.array([9 * Truth.YES, 9 * Truth.NO], dtype=np.int8) + unknown, len(known)),
        weights=np.array(known, dtype=np.float64).reshape(-1),
        sampling=False,
        cells=len(known),
    )


def _stated_groups(published: Published, parts: tuple[str, ...]) -> Groups:
    told = {}
    for i in published.of(parts):
        row = published.rows[i]
        told[i] = tuple(row.groups[row.attributes.index(part)] for part in parts)
    names = sorted(set(told.values()), key=lambda name: [(text == NOT_STATED, text) for text in name])
    position = {name: code for code, name in enumerate(names)}
    of_cell = np.full(len(published.rows), -1, dtype=np.int64)
    unmeasured: list[str | None] = [SUPPRESSED] * len(names)
    for i, name in told.items():
        code, row = position[name], published.rows[i]
        of_cell[i] = code
        if not row.hidden and unmeasured[code] is not None:
            unmeasured[code] = None if row.n else NOBODY
    return Groups(
        attribute=key(parts),
        parts=parts,
        names=tuple(key(name) for name in names),
        stated=np.array([NOT_STATED not in name for name in names], dtype=bool),
        of_cell=of_cell,
        unmeasured=tuple(unmeasured),
        absent=published.absent(parts),
        largest_hidden=published.largest_hidden(parts),
    )


@dataclass(frozen=True, eq=False)
class _Coded:
    """One attribute: the value of each row by number, the group of each value, and the names of groups."""

    values: Array
    group: Array
    names: tuple[str, ...]


def _coded(subject: Subject, attribute: str) -> _Coded:
    values, distinct = pd.factorize(subject.evaluation[attribute], use_na_sentinel=False)
    text = group_values(pd.Series(distinct), attribute, subject.roles)
    names = sorted(set(text), key=lambda name: (name == NOT_STATED, name))
    position = {name: i for i, name in enumerate(names)}
    group = np.array([position[t] for t in text], dtype=np.int64)
    if len(group) > len(names):  # bins and merges: many values would make many cells of one group
        return _Coded(group[values], np.arange(len(names)), tuple(names))
    return _Coded(values, group, tuple(names))  # put in order cell by cell, not row by row


def _cells(coded: list[_Coded], rows: int) -> tuple[Array, Array]:
    """Return the cell of each row, and the group of each attribute for each cell that occurs."""
    cell, members = np.zeros(rows, dtype=np.int64), np.zeros((1, 0), dtype=np.int64)
    for i, attribute in enumerate(coded):
        size = len(attribute.group)
        cell = cell * size + attribute.values if i else attribute.values
        present = np.arange(len(members) * size) if len(members) * size <= DENSE else None
        if present is None:
            cell, present = pd.factorize(cell)
        members = np.column_stack([members[present // size], attribute.group[present % size]])
    present = np.flatnonzero(np.bincount(cell, minlength=len(members)))
    if len(present) < len(members):
        compact = np.zeros(len(members), dtype=np.int64)
        compact[present] = np.arange(len(present))
        cell, members = compact[cell], members[present]
    return cell, members


def _groups(
    attributes: tuple[str, ...], names: list[tuple[str, ...]], members: Array, which: tuple[int, ...]
) -> Groups:
    parts = tuple(attributes[i] for i in which)
    distinct, of_cell = np.unique(members[:, list(which)], axis=0, return_inverse=True)
    texts = [tuple(names[i][code] for i, code in zip(which, row, strict=True)) for row in distinct]
    single = len(which) == 1
    return Groups(
        attribute=parts[0] if single else intersection_key(parts),
        parts=parts,
        names=tuple(text[0] if single else intersection_key(text) for text in texts),
        stated=np.array([NOT_STATED not in text for text in texts], dtype=bool),
        of_cell=of_cell.reshape(-1),
    )


def _outcomes(subject: Subject) -> Array:
    """Return the outcome of each row; sums are made over distinct values and then looked up, row by row."""
    roles = subject.roles
    outcome = np.full(subject.rows, Truth.UNKNOWN * 12 if subject.decision is None else 0, dtype=np.int8)
    if subject.decision is not None:
        codes, distinct = pd.factorize(subject.decision)
        text = np.asarray(distinct)
        outcome = (9 * truth(text, roles.favourable) + 3 * truth(text, roles.positive))[codes]
    if roles.label is None:
        return outcome + np.int8(Truth.UNKNOWN)
    codes, uniques = pd.factorize(subject.evaluation[roles.label], use_na_sentinel=False)
    outcome += truth(as_text(pd.Series(uniques)), roles.positive)[codes]
    return outcome


def _confusion(subject: Subject) -> tuple[tuple[str, ...], Array]:
    """Return the classes that are decided or actual, and for each row which is which."""
    sides = []
    for values in (
        subject.decision,
        None if subject.roles.label is None else as_text(subject.evaluation[subject.roles.label]),
    ):
        codes, distinct = pd.factorize(values) if values is not None else (None, np.array([], dtype=object))
        sides.append((codes, np.asarray(distinct)))
    classes = sorted({str(name) for _, distinct in sides for name in distinct} - {NOT_STATED})
    position = {name: i for i, name in enumerate(classes)}
    unknown = len(classes)
    decided, actual = (
        np.full(subject.rows, unknown)
        if codes is None
        else np.array([position.get(str(name), unknown) for name in distinct], dtype=np.int64)[codes]
        for codes, distinct in sides
    )
    return tuple(classes), decided * (unknown + 1) + actual


def truth(values: Array, yes: str | None) -> Array:
    """Return the Truth of each of *values*: whether it is *yes*, unknown where it is not stated."""
    if yes is None:
        return np.full(len(values), Truth.UNKNOWN, dtype=np.int8)
    known = np.where(values == yes, Truth.YES, Truth.NO)
    return np.where(values == NOT_STATED, Truth.UNKNOWN, known).astype(np.int8)

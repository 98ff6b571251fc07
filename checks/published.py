"""A published table of counts, where no records of single people are there: its rows, and whom it leaves out.

A table states each attribute on its own (`sex`, `race`, `race*sex`), and then describes the same people more
than once; or it is one *cross table*, whose every row is a cell, and attributes are sums over cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

from checks.names import intersection_key


def key(parts: Sequence[str]) -> str:
    """Return the name of an attribute or a group, of a crossing the key of its parts."""
    return parts[0] if len(parts) == 1 else intersection_key(parts)


def _least(*bounds: int | None) -> int | None:
    return min((bound for bound in bounds if bound is not None), default=None)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the people of one group or cell, and how many of them were selected."""

    attributes: tuple[str, ...]
    groups: tuple[str, ...]
    """The group of each of `attributes`."""
    n: int | None
    selected: int | None
    most: int | None = None
    """The most people that a suppressed row can hold, where the table says so."""
    rate: str | None = None
    """The published rate, as printed; None where none is."""
    ratio: str | None = None

    @property
    def hidden(self) -> bool:
        """Whether a count of the row is suppressed, so that nothing can be measured."""
        return self.n is None or self.selected is None

    @property
    def of(self) -> dict[str, str]:
        """The key of the row's numbers."""
        return {"attribute": key(self.attributes), "group": key(self.groups)}


@dataclass(frozen=True)
class Published:
    """A whole table."""

    rows: tuple[Row, ...]
    crossed: bool = False
    """Whether the rows are the cells of one cross table."""
    totals: Mapping[str, int] = field(default_factory=dict)
    """People in all of an attribute, by its key, where the table has a row that says so."""

    @cached_property
    def tables(self) -> tuple[tuple[str, ...], ...]:
        """The attributes and crossings that the rows state, single ones first."""
        return tuple(sorted(dict.fromkeys(row.attributes for row in self.rows), key=len))

    @property
    def single(self) -> tuple[str, ...]:
        """The attributes, each once."""
        return tuple(dict.fromkeys(name for parts in self.tables for name in parts))

    def told(self, depth: int) -> tuple[tuple[str, ...], ...]:
        """Return what can be measured: what rows state, and of a cross table all sums up to *depth*."""
        if not self.crossed:
            return self.tables
        names = self.single
        sizes = range(1, min(depth, len(names)) + 1)
        return tuple(chosen for size in sizes for chosen in combinations(names, size))

    def of(self, parts: Sequence[str]) -> list[int]:
        """Return the positions of the rows that *parts* is told by."""
        return [i for i, row in enumerate(self.rows) if self.crossed or row.attributes == tuple(parts)]

    @cached_property
    def people(self) -> int:
        """People in the whole audit, as far as the table tells: those of the attribute that counts most."""
        stated = [self.counted(parts) for parts in self.tables]
        return max([*stated, *self.totals.values()], default=0)

    def absent(self, parts: Sequence[str]) -> int | None:
        """Return the most people whom the rows of *parts* leave unmeasured; None where that is not known."""
        rows = [self.rows[i] for i in self.of(parts)]
        measured = sum(row.n or 0 for row in rows if not row.hidden)
        missing = self.people - measured
        if key(self.tables[0] if self.crossed else parts) in self.totals:
            return missing
        hidden = [row.most if row.n is None else row.n for row in rows if row.hidden]
        bounds = [most for most in hidden if most is not None]
        return None if len(bounds) < len(hidden) else max(missing, sum(bounds))

    def largest_hidden(self, parts: Sequence[str]) -> int | None:
        """Return the most people that one suppressed row of *parts* can hold; None where nobody can tell."""
        rows = [self.rows[i] for i in self.of(parts)]
        hidden = [row for row in rows if row.hidden]
        total = self.totals.get(key(self.tables[0] if self.crossed else parts))
        rest = None if total is None else total - sum(row.n or 0 for row in rows)
        bounds = [row.n if row.n is not None else _least(row.most, rest) for row in hidden]
        known = [bound for bound in bounds if bound is not None]
        return None if len(known) < len(bounds) else max(known, default=0)

    def counted(self, parts: Sequence[str]) -> int:
        """Return how many people the rows of *parts* count, suppressed outcomes included."""
        return sum(self.rows[i].n or 0 for i in self.of(parts))

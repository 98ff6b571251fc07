"""Withhold small cells of group tables, and as many others as it takes that no small cell can be worked out.

A group of an attribute is published to one of four levels: nothing, its people, how many of them were
selected, and its whole table of decisions against outcomes. Whoever reads the published numbers knows that
groups add up to everybody and crossings to their attributes. What these equations say of a withheld count is
found by linear programming, the attack that statistics offices hold their own tables against (Willenborg and
de Waal 2001, Elements of Statistical Disclosure Control, chapter 6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checks.names import split

Group = tuple[str, str]
"""An attribute (or a crossing of some) and one of its groups."""

SMALLEST = 10
"""Counts below are withheld, and what is withheld cannot be narrowed to a range shorter than this."""

NOTHING, PEOPLE, SELECTED, TABLE = range(4)
MOST_GROUPS = 120
"""Crossings beyond so many groups are withheld whole: the attack would take longer than the audit."""

_ROUNDING = 1e-6
_KINDS = 6
"""Per group: true positive, false negative, false positive, true negative; without outcome: selected, not."""
_SUMS: Mapping[str, tuple[int, ...]] = {
    "people": (1, 1, 1, 1, 1, 1),
    "selected": (1, 0, 1, 0, 1, 0),
    "true positives": (1, 0, 0, 0, 0, 0),
    "false negatives": (0, 1, 0, 0, 0, 0),
    "false positives": (0, 0, 1, 0, 0, 0),
    "true negatives": (0, 0, 0, 1, 0, 0),
}
_KNOWN_AT: Mapping[int, tuple[str, ...]] = {
    NOTHING: (),
    PEOPLE: ("people",),
    SELECTED: ("people", "selected"),
    TABLE: tuple(_SUMS),
}


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of one group; without outcomes `table` is None."""

    people: float
    selected: float
    table: tuple[float, float, float, float] | None = None
    """True positives, false negatives, false positives, true negatives, of people whose outcome is known."""

    def cells(self) -> npt.NDArray[np.float64]:
        """Return the six disjoint counts that every published number is a sum of."""
        tp, fn, fp, tn = self.table or (0.0, 0.0, 0.0, 0.0)
        chosen = self.selected - tp - fp
        return np.array([tp, fn, fp, tn, chosen, self.people - tp - fn - fp - tn - chosen])

    def safe(self) -> int:
        """Return the highest level at which no published count, and no rest of one, is small."""
        if self.people < SMALLEST:
            return NOTHING
        if min(self.selected, self.people - self.selected) < SMALLEST:
            return PEOPLE
        return SELECTED if self.table is None or min(self.table) < SMALLEST else TABLE


def suppress(groups: Mapping[Group, Counts]) -> dict[Group, int]:
    """Return the level to which each group is published.

    Attributes come before their crossings, and a crossing never costs them anything: its own groups are
    lowered, those with the fewest people first, until no withheld count of any table can be narrowed to a
    range shorter than `SMALLEST` (or than that of everybody, where all together are fewer).
    """
    levels = dict.fromkeys(groups, NOTHING)
    attributes = sorted(dict.fromkeys(attribute for attribute, _ in groups), key=lambda a: len(split(a)))
    known: dict[Group, Counts] = {}
    for attribute in attributes:
        members = {group: counts for group, counts in groups.items() if group[0] == attribute}
        if len(split(attribute)) > 1 and len(known) + len(members) > MOST_GROUPS:
            continue
        known |= members
        levels |= {group: counts.safe() for group, counts in members.items()}
        _lower(known, levels, members)
        if len(split(attribute)) == 1:
            _raise(known, levels, members)
    return levels


def _lower(known: Mapping[Group, Counts], levels: dict[Group, int], members: Mapping[Group, Counts]) -> None:
    """Lower groups of *members* until nothing that is withheld from *known* can be narrowed too far."""
    queue = _targets(known, levels)
    while queue:
        group, what = queue.pop(0)
        while not Attack(known, levels).in_vain(group, what):
            telling = [g for g in members if what in _KNOWN_AT[levels[g]]]
            if not telling:
                break
            lowered = min(telling, key=lambda g: (members[g].people, g))
            before = set(_targets(members, levels))
            levels[lowered] -= 1
            queue += [target for target in _targets(members, levels) if target not in before]


def _raise(known: Mapping[Group, Counts], levels: dict[Group, int], members: Mapping[Group, Counts]) -> None:
    """Give back what need not have been withheld, of the largest groups first."""
    for group in sorted(members, key=lambda g: (-members[g].people, g)):
        while levels[group] < members[group].safe():
            tried = {**levels, group: levels[group] + 1}
            attack = Attack(known, tried)
            if not all(attack.in_vain(*target) for target in _targets(known, tried)):
                break
            levels[group] += 1


def _targets(groups: Mapping[Group, Counts], levels: Mapping[Group, int]) -> list[tuple[Group, str]]:
    """Return every count that is withheld."""
    return [
        (group, name)
        for group, counts in groups.items()
        for name in _SUMS
        if name not in _KNOWN_AT[levels[group]]
        and (counts.table is not None or name in ("people", "selected"))
    ]


@dataclass(frozen=True, slots=True)
class Attack:
    """What somebody can work out who knows the published counts, the totals, and how groups add up."""

    groups: Mapping[Group, Counts]
    levels: Mapping[Group, int]

    def in_vain(self, group: Group, what: str) -> bool:
        """Return whether the count *what* of *group* stays as open as it has to be."""
        low, high = self.range(group, what)
        return high - low >= min(SMALLEST, self.most(what)) - _ROUNDING

    def range(self, group: Group, what: str) -> tuple[float, float]:
        """Return the least and the most that the count *what* of *group* can be."""
        from scipy.optimize import LinearConstraint, milp
        from scipy.sparse import coo_array

        cells, sums = self._equations()
        aim = np.zeros(len(self.groups) * _KINDS)
        for kind, counted in enumerate(_SUMS[what]):
            aim[list(self.groups).index(group) * _KINDS + kind] = counted
        at = np.array([(row, column) for row, column, _ in cells]).T
        rows = coo_array(([value for *_, value in cells], at), shape=(len(sums), len(aim))).tocsr()
        known = LinearConstraint(rows, np.array(sums), np.array(sums))
        ends = []
        for sign in (1.0, -1.0):
            found = milp(sign * aim, constraints=known)  # no variable is bound to whole numbers: plain LP
            ends.append(sign * found.fun if found.success else np.nan)
        low, high = ends
        if np.isnan(low) or np.isnan(high):  # rounding made the equations contradict: then nothing is known
            return 0.0, self.most(what)
        return float(low), float(high)

    def most(self, what: str) -> float:
        """Return the count *what* of everybody."""
        return float(self._total() @ np.array(_SUMS[what], dtype=np.float64))

    def _total(self) -> npt.NDArray[np.float64]:
        sums: defaultdict[str, npt.NDArray[np.float64]] = defaultdict(lambda: np.zeros(_KINDS))
        for (attribute, _), counts in self.groups.items():
            sums[attribute] += counts.cells()
        return max(sums.values(), key=lambda cells: float(cells.sum()))

    def _equations(self) -> tuple[list[tuple[int, int, float]], list[float]]:
        """Return the coefficients of what is known, by equation and count, and what each adds up to."""
        order = {group: position * _KINDS for position, group in enumerate(self.groups)}
        cells: list[tuple[int, int, float]] = []
        sums: list[float] = []
        for group, counts in self.groups.items():
            for name in _KNOWN_AT[self.levels[group]]:
                cells += [(len(sums), order[group] + k, 1.0) for k in range(_KINDS) if _SUMS[name][k]]
                sums.append(float(counts.cells() @ np.array(_SUMS[name])))
        whole = self._total()
        for members, margin in self._additions():
            known = whole if margin is None else self.groups[margin].cells()
            if not np.allclose(sum((self.groups[g].cells() for g in members), np.zeros(_KINDS)), known):
                continue  # these groups do not add up, so nobody can use it
            for kind in range(_KINDS):
                cells += [(len(sums), order[g] + kind, 1.0) for g in members]
                if margin is not None:
                    cells.append((len(sums), order[margin] + kind, -1.0))
                sums.append(float(known[kind]) if margin is None else 0.0)
        return cells, sums

    def _additions(self) -> Iterator[tuple[list[Group], Group | None]]:
        """Yield groups that add up to everybody, or to a group of fewer attributes."""
        by_attribute: defaultdict[str, list[Group]] = defaultdict(list)
        for group in self.groups:
            by_attribute[group[0]].append(group)
        for members in by_attribute.values():
            yield members, None
        for finer, members in by_attribute.items():
            for coarser, margins in by_attribute.items():
                places = _places(split(finer), split(coarser))
                if places is None:
                    continue
                for margin in margins:
                    inside = [g for g in members if tuple(split(g[1])[i] for i in places) == split(margin[1])]
                    if inside:
                        yield inside, margin


def _places(finer: tuple[str, ...], coarser: tuple[str, ...]) -> tuple[int, ...] | None:
    """Return where the parts of *coarser* stand in *finer*; None unless it has all of them and more."""
    if len(finer) <= len(coarser) or not set(coarser) <= set(finer):
        return None
    return tuple(finer.index(part) for part in coarser)

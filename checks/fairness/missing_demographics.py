r"""Missing demographics: what could the numbers be, whoever the people are whose group is not stated?

People whose group is missing belong to some group. Here they are given to the groups in every possible way:
`selection_rate_bounds` of a group reaches from the rate that it has if all of them who were refused are its
own to the rate that it has if all who were selected are. `impact_ratio_bounds` and
`selection_rate_gap_bounds` do so for the ratio and the gap of the lowest and the highest group, and with a
label `true_positive_rate_bounds`, `false_positive_rate_bounds` and `accuracy_bounds` with their gaps. Nothing
is assumed about why a group is missing (Manski's worst case). `not_stated_share` is told of every attribute;
where it is 0 there is nothing to bound.

Why it matters
    Leaving out people of unknown group assumes that they are like the others. Those who do not say who they
    are often have a reason, and a fair-looking ratio may hide them.

How to read it
    The value is the number among people whose group is stated, as other checks tell it. The interval holds
    both doubts: its ends are the sampling limits of the worst and of the best assignment; the table shows the
    assignments alone. An interval that stays on one side of a limit does so whoever the missing people are.
    A wide one is no accusation; it says how much more must be known about who they are.

Limits
    The bounds are as wide as the missing share makes them, often too wide to decide; a method that guesses
    groups would be narrower and could be wrong. Of more than two groups, the best assignment is the best of
    each pair taken alone, which no single assignment may reach. In a crossing, people with one part stated
    are given only to groups with that part.

References
    Manski, Nonparametric Bounds on Treatment Effects, American Economic Review 80, 1990; Imbens and Manski,
    Econometrica 72, 2004; Kallus, Mao and Zhou, Assessing Algorithmic Fairness with Unobserved Protected
    Class, Management Science 68, 2022.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from checks.comparison import MIN_GROUP, compared, decided, grouped, notes, uncompared_share
from checks.counts import FAVOURED, GroupTable, Truth
from checks.fairness.assignments import Bounds, bounds
from checks.fairness.error_rates import RATES
from checks.model import Array, Inconclusive, Kind, Measure, NotApplicable, Subject, Table, Task, check
from checks.multiclass import MeanTable, tables
from checks.names import crossed
from checks.statistics import LEVEL, estimate, undefined

SELECTION = (FAVOURED == Truth.YES, FAVOURED != Truth.UNKNOWN)
METHOD = f"every assignment of people not stated, worst and best with their {LEVEL:.0%} limits"


@check
def missing_demographics(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure | Table]:
    """Bound rates and their differences over every assignment of the people whose group is missing."""
    rates = _rates(subject)
    rows: list[tuple[str | float | None, ...]] = []
    for _, each in tables(subject):
        asked = [table for table in each if not isinstance(table, MeanTable)]
        everybody = asked[0].of_all()
        why = notes(everybody.groups, everybody.n, min_group)
        yield _not_stated_share(everybody)
        yield uncompared_share(everybody, np.array([reason is not None for reason in why]), min_group)
        if everybody.groups.stated.all():
            continue
        for table in asked:
            for name, (hits, among) in rates.items():
                found = bounds(table, hits, among)
                yield from _of_groups(name, table, found, why)
                own = notes(table.groups, everybody.n, min_group, found.stated.n)
                large = found.take(compared(own))
                yield from _differences(name, table, large)
                rows += _rows(name, table, found, large)
    columns = ("attribute", "group", "rate", "where stated", "lowest", "highest")
    note = "over every assignment of the people not stated, without sampling error"
    if rows:
        yield Table("rates whoever the people not stated are", columns, tuple(rows), note)


def _rates(subject: Subject) -> dict[str, tuple[Array, Array]]:
    """Return what is counted, among whom; refuse subjects that decide nobody."""
    decided(subject)
    grouped(subject)
    if subject.task is Task.BINARY and subject.roles.favourable is None:
        raise NotApplicable("no decision is known to be favourable; name it under `favourable`")
    if subject.counts.n <= 0:
        raise Inconclusive("the weights of all rows are 0")
    found = {"selection_rate": SELECTION}
    if subject.roles.label is not None:
        names = ["true_positive_rate", "false_positive_rate"]
        names += ["accuracy"] if subject.task is Task.BINARY else []
        found |= {name: RATES[name] for name in names}
    return found


def _not_stated_share(table: GroupTable) -> Measure:
    people, missing = float(table.n.sum()), float(table.n[~table.groups.stated].sum())
    return Measure(
        "not_stated_share",
        missing / people,
        n=people,
        of=table.groups.key,
        kind=Kind.EXACT,
        method="people whose group is missing, over all",
    )


def _of_groups(name: str, table: GroupTable, found: Bounds, why: Sequence[str | None]) -> Iterator[Measure]:
    named, there = f"{name}_bounds", found.stated.weight > 0
    known = found.take(np.flatnonzero(there))
    numbers = zip(known.stated.value, *known.limits(), known.lowest.n, strict=True)
    for i, reason in enumerate(why):
        of = table.groups.of(i)
        if not there[i]:
            yield undefined(named, "nobody of this group is in the denominator", of=of, method=METHOD)
            continue
        value, low, high, n = (float(number) for number in next(numbers))
        yield estimate(named, value, low, high, n, of=of, method=METHOD, note=reason)


def _differences(name: str, table: GroupTable, found: Bounds) -> Iterator[Measure]:
    """Yield the gap, and of selection rates the ratio, of the lowest and the highest group."""
    of, value = table.groups.key, found.stated.value
    n = float(found.lowest.n.sum())
    ratio = name == "selection_rate"
    if len(value) < 2:
        why = "fewer than two groups are large enough to compare"
        yield undefined(f"{name}_gap_bounds", why, n=n, of=of, method=METHOD)
        if ratio:
            yield undefined("impact_ratio_bounds", why, n=n, of=of, unit="ratio", method=METHOD)
        return
    gap = float(value.max() - value.min())
    yield estimate(f"{name}_gap_bounds", gap, *found.gap_limits(), n, of=of, method=METHOD)
    if ratio and value.max() > 0:
        impact = float(value.min() / value.max())
        limits = found.ratio_limits()
        yield estimate("impact_ratio_bounds", impact, *limits, n, of=of, unit="ratio", method=METHOD)
    elif ratio:
        why = "the rate is 0 in every group, so no ratio is defined"
        yield undefined("impact_ratio_bounds", why, n=n, of=of, unit="ratio", method=METHOD)


def _rows(
    name: str, table: GroupTable, found: Bounds, large: Bounds
) -> Iterator[tuple[str | float | None, ...]]:
    said = ", ".join((name.replace("_", " "), *(f"{k} {v}" for k, v in table.groups.also.items())))
    attribute = crossed(table.groups.attribute)
    for i in np.flatnonzero(table.groups.stated & (found.stated.weight > 0)):
        shares = (float(part.value[i]) for part in (found.stated, found.lowest, found.highest))
        yield attribute, crossed(table.groups.names[i]), said, *shares
    value = large.stated.value
    if len(value) < 2:
        return
    yield attribute, "highest - lowest", said, float(value.max() - value.min()), *large.gap()
    if value.max() > 0:
        yield attribute, "lowest / highest", said, float(value.min() / value.max()), *large.ratio()

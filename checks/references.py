"""Groups set against a declared reference: one group, or the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, Self

import numpy as np

from checks.counts import Groups
from checks.model import Array, Measure
from checks.statistics import LEVEL, Estimates, Proportions, Z, estimate, over_reference, undefined


class Poolable(Estimates, Protocol):
    """Estimates of groups that can be taken together."""

    def take(self, which: Array) -> Self:
        """Return the estimates of some groups."""
        ...

    def pooled(self) -> Self:
        """Return all groups as one."""
        ...


def to_reference(
    name: str, groups: Groups, shares: Proportions, which: Array, reference: str
) -> Iterator[Measure]:
    """Return the ratio of each compared group's rate to that of the declared reference."""
    if reference == "best":
        return  # that is what `impact_ratio` says
    base = groups.key | {"reference": reference}
    if absent := _absent(groups, which, reference):
        yield undefined(name, absent, of=base, unit="ratio", method="not compared")
        return
    for i, others in _others(groups, which, reference):
        pooled = shares.take(others).pooled()
        yield over_reference(name, shares.take(np.array([i])), pooled, of=groups.of(i) | base)


def difference_to_reference(
    name: str, groups: Groups, estimates: Poolable, which: Array, reference: str, *, unit: str = "proportion"
) -> Iterator[Measure]:
    """Return each compared group's number less that of the declared reference, with the pair's interval."""
    if reference == "best":
        return  # errors have no best group: which error hurts depends on what is decided
    base = groups.key | {"reference": reference}
    if absent := _absent(groups, which, reference):
        yield undefined(name, absent, of=base, unit=unit, method="not compared")
        return
    for i, others in _others(groups, which, reference):
        mine, theirs = estimates.take(np.array([i])), estimates.take(others).pooled()
        (value,), (other,) = mine.value, theirs.value
        (low,), (high,) = mine.limits(Z)
        (least,), (most,) = theirs.limits(Z)
        difference = float(value - other)
        yield estimate(
            name,
            difference,
            difference - float(np.hypot(value - low, most - other)),
            difference + float(np.hypot(high - value, other - least)),
            float(mine.n[0]),
            of=groups.of(i) | base,
            unit=unit,
            method=f"{mine.pairs_method} {LEVEL:.0%}",
        )


def _absent(groups: Groups, which: Array, reference: str) -> str | None:
    if reference == "rest" or reference in [groups.names[i] for i in which]:
        return None
    return f"the reference group {reference!r} is not among the groups that are compared"


def _others(groups: Groups, which: Array, reference: str) -> Iterator[tuple[int, Array]]:
    """Return each group to compare, and the groups that it is set against."""
    for i in which.tolist():
        if groups.names[i] != reference:
            others = which[which != i] if reference == "rest" else np.array([groups.names.index(reference)])
            if len(others):
                yield i, others

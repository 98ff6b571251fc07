"""Who is compared with whom, and what is said of those who are not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from checks.counts import Groups, GroupTable
from checks.model import Array, Inconclusive, Kind, Measure, NotApplicable, Subject
from checks.statistics import Proportions, over_reference, undefined, wilson

MIN_GROUP = 30
MIN_DENOMINATOR = 10
SMALL_SHARE = 0.02
"""6 RCNY 5-301(d) lets an auditor leave out a category under this share of the data, if it is listed."""


def grouped(subject: Subject) -> None:
    """Refuse subjects whose groups nobody can see."""
    if not subject.attributes:
        raise NotApplicable("no group column was supplied; name the protected attributes under `groups`")
    if not subject.rows:
        raise Inconclusive("the evaluation table has no rows")


def notes(groups: Groups, n: Array, min_group: int, own: Array | None = None) -> list[str | None]:
    """Return, per group, why it is not compared; None where it is.

    *n* are the group's people, *own* those in the denominator of the number itself, where that is smaller.
    """
    own = np.full(len(n), MIN_DENOMINATOR) if own is None else own
    found: list[str | None] = []
    for stated, people, mine in zip(groups.stated, n, own, strict=True):
        if not stated:
            found.append("not stated: never compared")
        elif people < max(min_group, 1):
            found.append(f"under {min_group} rows: not compared")
        elif mine < MIN_DENOMINATOR:
            found.append(f"under {MIN_DENOMINATOR} rows in this number's own denominator: not compared")
        else:
            found.append(None)
    return found


def compared(why: Sequence[str | None]) -> Array:
    """Return the positions of the groups that are compared."""
    return np.array([i for i, reason in enumerate(why) if reason is None], dtype=np.intp)


def rates(name: str, groups: Groups, shares: Proportions, why: Sequence[str | None]) -> Iterator[Measure]:
    """Return each group's rate with its interval."""
    for i in range(len(groups.names)):
        yield wilson(
            name,
            float(shares.hits[i]),
            float(shares.weight[i]),
            of=groups.of(i),
            note=why[i],
            rows=float(shares.n[i]),
            effective=float(shares.effective[i]),
        )


def left_out_note(why: Sequence[str | None]) -> str | None:
    """Say how many groups a comparison leaves out."""
    count = sum(reason is not None for reason in why)
    return f"{count} of {len(why)} groups not compared" if count else None


def uncompared_share(table: GroupTable, left_out: Array) -> Measure:
    """Return the share of people in groups that were measured but not compared."""
    return Measure(
        name="uncompared_share",
        value=float(table.n[left_out].sum() / table.n.sum()) if table.n.sum() else 0.0,
        n=float(table.n.sum()),
        of={"attribute": table.groups.attribute},
        kind=Kind.EXACT,
        method="people in groups that were measured but not compared, over all",
    )


def disclosures(table: GroupTable) -> Iterator[Measure]:
    """Count the groups under 2 % of the data, and the people whose group is not stated."""
    of = {"attribute": table.groups.attribute}
    small = table.groups.stated & (table.n < SMALL_SHARE * table.n.sum())
    for name, value, n, method in (
        (
            "groups_under_2_percent",
            small.sum(),
            len(table.n),
            "groups with under 2 % of the people; all are listed",
        ),
        (
            "not_stated_count",
            table.n[~table.groups.stated].sum(),
            table.n.sum(),
            "people whose group is missing",
        ),
    ):
        yield Measure(name, float(value), n=float(n), of=of, kind=Kind.EXACT, unit="count", method=method)


def to_reference(
    name: str, groups: Groups, shares: Proportions, which: Array, reference: str
) -> Iterator[Measure]:
    """Set each compared group against the declared reference: a group, or `rest` for the other groups."""
    if reference == "best":
        return  # that is what `impact_ratio` says
    base = {"attribute": groups.attribute, "reference": reference}
    if reference != "rest" and reference not in [groups.names[i] for i in which]:
        why = f"the reference group {reference!r} is not among the groups that are compared"
        yield undefined(name, why, of=base, unit="ratio", method="not compared")
        return
    for i in which:
        if groups.names[i] == reference:
            continue
        others = which[which != i] if reference == "rest" else [groups.names.index(reference)]
        if len(others):
            pooled = shares.take(np.asarray(others)).pooled()
            yield over_reference(name, shares.take(np.array([i])), pooled, of=groups.of(int(i)) | base)

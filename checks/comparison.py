"""Who is compared with whom, and what is said of those who are not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from checks.counts import SUPPRESSED, Groups, GroupTable
from checks.model import Array, Inconclusive, Kind, Measure, NotApplicable, Subject, Task
from checks.multiclass import MeanProportions
from checks.statistics import LEVEL, Proportions, Z, estimate, undefined
from checks.statistics.shrinkage import prior

MIN_GROUP = 30
MIN_DENOMINATOR = 10
SMALL_SHARE = 0.02
"""6 RCNY 5-301(d) lets an auditor leave out a category under this share of the data, if it is listed."""


def grouped(subject: Subject) -> None:
    """Refuse subjects whose groups nobody can see."""
    if not subject.attributes:
        raise NotApplicable("no group column was supplied; name the protected attributes under `groups`")
    if subject.published is None and not subject.rows:
        raise Inconclusive("the evaluation table has no rows")


def decided(subject: Subject) -> None:
    """Refuse subjects that decide nobody."""
    if subject.task is Task.REGRESSION:
        raise NotApplicable("a regression predicts numbers and decides nobody; see `fairness.regression`")
    if subject.task is Task.SCORING:
        raise NotApplicable(
            "a score alone decides nobody: see `fairness.scoring_rate`, or submit decisions as a binary task"
        )
    if subject.decision is None:
        raise NotApplicable("no decision was supplied, by a model or as a column")


def selecting(subject: Subject) -> None:
    """Refuse subjects that select nobody: records without decisions, and counts of scores."""
    if subject.published is None:
        decided(subject)
    elif subject.task is not Task.BINARY:
        raise NotApplicable(
            "the counts are of people who score above the median: see `fairness.scoring_rate`"
        )


def with_label(subject: Subject) -> None:
    """Refuse subjects of which nobody knows what really happened."""
    if subject.roles.label is None:
        raise NotApplicable("no label column was supplied; name the column that holds what really happened")


def unusable(subject: Subject) -> Measure:
    """Return the share of people without a label or a decision."""
    people, weight, rows = subject.counts.with_both()
    if not rows:
        raise Inconclusive("no row has all that is needed: a label with a decision")
    if weight <= 0:
        raise Inconclusive("the weights of the usable rows are all 0")
    return Measure(
        name="unusable_share",
        value=1 - people / subject.counts.n,
        n=subject.counts.n,
        kind=Kind.EXACT,
        method="rows without a label, a decision or a score that is needed",
    )


def notes(groups: Groups, n: Array, min_group: int, own: Array | None = None) -> list[str | None]:
    """Return, per group, why it is not compared; None where it is.

    *n* are the group's people, *own* those in the denominator of the number itself, where that is smaller.
    """
    own = np.full(len(n), MIN_DENOMINATOR) if own is None else own
    found: list[str | None] = []
    unmeasured = groups.unmeasured or (None,) * len(n)
    for stated, why, people, mine in zip(groups.stated, unmeasured, n, own, strict=True):
        if not stated:
            found.append(why or "never compared")
        elif why is not None:
            found.append(why)
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
    there = shares.weight > 0
    known = shares.take(np.flatnonzero(there))
    limits = zip(known.value.tolist(), *(limit.tolist() for limit in known.limits(Z)), strict=True)
    for i, n in enumerate(shares.n.tolist()):
        if not there[i]:
            yield undefined(
                name, why[i] or "nobody in the denominator", of=groups.of(i), method=f"Wilson {LEVEL:.0%}"
            )
            continue
        value, low, high = next(limits)
        method = _rate_method(shares, i)
        yield estimate(name, value, low, high, n, of=groups.of(i), method=method, note=why[i])


def shrunk(name: str, groups: Groups, shares: Proportions, why: Sequence[str | None]) -> Iterator[Measure]:
    """Return the rates of groups too small to compare, drawn towards those of all stated groups."""
    there = groups.stated & (shares.weight > 0)
    small = [i for i, reason in enumerate(why) if reason is not None and there[i]]
    common = prior(shares.take(np.flatnonzero(there))) if small else None
    if common is None:
        return
    for i in small:
        n = float(shares.effective[i])
        value, low, high = common.after(float(shares.value[i]) * n, n)
        yield estimate(
            f"{name}_shrunk",
            value,
            low,
            high,
            float(shares.n[i]),
            of=groups.of(i),
            method=common.method,
            note=f"{why[i]}; beside the plain rate, drawn towards the mean of all groups",
        )


def _rate_method(shares: Proportions, at: int) -> str:
    if isinstance(shares, MeanProportions):
        return shares.METHOD
    method, effective = f"Wilson {LEVEL:.0%}", float(shares.effective[at])
    return method if effective == shares.weight[at] else f"{method}, effective n {effective:.1f} (Kish)"


def left_out_note(why: Sequence[str | None]) -> str | None:
    """Say how many groups a comparison leaves out."""
    count = sum(reason is not None for reason in why)
    return f"{count} of {len(why)} groups not compared" if count else None


def uncompared_share(table: GroupTable, left_out: Array, min_group: int = MIN_GROUP) -> Measure:
    """Return the share of people in groups that were measured but not compared, or not even measured.

    A suppressed row that may hold enough people to be compared could change everything: the share is then
    not known, however few they are among all.
    """
    absent, hidden = table.groups.absent, table.groups.largest_hidden
    people = float(table.n.sum()) + (absent or 0.0)
    method = "people in groups that were measured but not compared, over all"
    why = None
    if absent is None or hidden is None:
        why = "how many people the suppressed rows hold is not known"
    elif hidden >= max(min_group, 1):
        why = f"a suppressed row may hold {hidden} people, enough to be compared"
    return Measure(
        name="uncompared_share",
        value=_share(float(table.n[left_out].sum()) + (absent or 0.0), people) if why is None else None,
        n=people,
        of=table.groups.key,
        kind=Kind.EXACT,
        method=f"{method}; people absent from the published table count as such" if absent else method,
        note=why,
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def disclosures(table: GroupTable) -> Iterator[Measure]:
    """Count the groups under 2 % of the data, and the people whose group is not stated."""
    groups, people = table.groups, float(table.n.sum())
    hidden = np.array([why == SUPPRESSED for why in groups.unmeasured or [None] * len(table.n)], dtype=bool)
    small = groups.stated & ~hidden & (table.n < SMALL_SHARE * people)
    kept_back = int((groups.stated & hidden).sum())
    unknown = bool((~groups.stated & hidden).any())
    yield Measure(
        "groups_under_2_percent",
        float(small.sum()),
        n=float(len(table.n)),
        of={"attribute": groups.attribute},
        kind=Kind.EXACT,
        unit="count",
        method="groups with under 2 % of the people; all are listed",
        note=f"the sizes of {kept_back} suppressed groups are not known" if kept_back else None,
    )
    yield Measure(
        "not_stated_count",
        None if unknown else float(table.n[~groups.stated].sum()),
        n=people,
        of={"attribute": groups.attribute},
        kind=Kind.EXACT,
        unit="count",
        method="people whose group is missing",
        note="the published table suppresses it" if unknown else None,
    )

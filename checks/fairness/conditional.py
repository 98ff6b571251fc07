"""Conditional disparity: do groups differ among people who are alike in what may count?

Where columns are declared under `control` (seniority, the job applied for), people are compared only with
people of the same stratum: the crossing of these columns, numbers cut into fifths. Per attribute and crossing
the largest Mantel-Haenszel difference between two groups in selection rate, true positive rate and false
positive rate (`conditional_..._gap`), the smallest ratio of selection rates (`conditional_impact_ratio`), and
each group's difference to everybody else (`conditional_selection_rate_difference`).

Why it matters
    Two groups may be selected unequally because they apply for different jobs. The law often asks for the
    difference that is left among people in like circumstances; sometimes that one is larger, not smaller.

How to read it
    Set it beside the plain gap of `fairness.selection_rate`: what vanishes here goes together with the
    control columns. It is not thereby justified: a control column may be the very way to keep a group out.
    `comparable_share` is the share of people who have somebody of another group in their stratum; only they
    are compared. Groups under 30 rows are measured against the rest and not compared pair by pair. With more
    than two classes each has its own numbers (`class`). Where numbers are predicted, the mean prediction and,
    with a label, the mean error are compared instead (`conditional_mean_prediction_gap`,
    `conditional_mean_error_gap`).

Limits
    The mean over strata can hide that one group is ahead in some and behind in others; the table shows the
    strata of 10 people or more. Fifths are coarse: within a fifth, people still differ. Sampling weights
    enter by each group's effective size.

References
    Mantel and Haenszel, JNCI 22, 1959. Sato, Biometrics 45, 1989 (variance of the difference). Greenland and
    Robins, Biometrics 41, 1985 (ratio). Kamiran, Zliobaite and Calders, Knowledge and Information Systems 35,
    2013 (conditional discrimination).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from checks.comparison import (
    MIN_DENOMINATOR,
    MIN_GROUP,
    compared,
    decided,
    grouped,
    left_out_note,
    notes,
    uncompared_share,
)
from checks.counts import FAVOURED, GroupTable, Truth
from checks.fairness.error_rates import RATES
from checks.model import Array, Inconclusive, Kind, Measure, Subject, Table, Task, check
from checks.multiclass import questions
from checks.statistics.stratified import (
    Stratified,
    conditional_gap,
    conditional_ratio,
    difference_to_rest,
)
from checks.strata import Strata, strata, stratified
from checks.strata_means import mean_gaps, predictions_and_errors

MOST_ROWS = 500
_Row = tuple[str | float | int | bool | None, ...]
ASKED: Mapping[str, tuple[Array, Array]] = {
    "selection_rate": (FAVOURED == Truth.YES, FAVOURED != Truth.UNKNOWN),
    "true_positive_rate": RATES["true_positive_rate"],
    "false_positive_rate": RATES["false_positive_rate"],
}


@check
def conditional(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure | Table]:
    """Compare groups within strata of the control columns, by attribute and intersection."""
    if subject.task is not Task.REGRESSION:
        decided(subject)
    grouped(subject)
    found = strata(subject)
    yield Measure(
        "strata",
        float(len(found.names)),
        n=subject.counts.n,
        kind=Kind.EXACT,
        unit="count",
        method="strata with people",
    )
    if subject.task is Task.REGRESSION:
        yield from mean_gaps(subject, found, predictions_and_errors(subject), min_group)
        return
    compared_any, listed = False, []
    for also, outcome in questions(subject):
        for name in ASKED:
            if name == "selection_rate" or subject.roles.label is not None:
                several, rows = yield from _of_rate(name, also, outcome, found, subject, min_group=min_group)
                compared_any |= several
                listed += rows
    yield _table(listed)
    if not compared_any:
        raise Inconclusive(f"no attribute has two groups of {min_group} rows or more")


def _of_rate(
    name: str, also: Mapping[str, str], outcome: Array, found: Strata, subject: Subject, *, min_group: int
) -> Generator[Measure, None, tuple[bool, list[_Row]]]:
    """Yield one rate within strata; return whether groups were compared, and the lines of the table."""
    (hits, among), size = ASKED[name], len(found.names)
    code = found.of_row * 3 + np.where(among, np.where(hits, 1, 0), 2)[outcome]
    compared_any, listed = False, []
    for counted in subject.counts.count(code, 3 * size).values():
        table = replace(counted, groups=replace(counted.groups, also=also))
        groups = stratified(table, size)
        why = notes(table.groups, groups.n, min_group)
        which, of = compared(why), table.groups.key
        large, note = groups.take(which), left_out_note(why)
        yield conditional_gap(f"conditional_{name}_gap", large, of=of, note=note)
        if name == "selection_rate":
            yield from _of_selection(table, groups, why)
            yield uncompared_share(table, np.setdiff1d(np.arange(len(why)), which), min_group)
            compared_any |= len(which) > 1
            listed += _rows(table, groups, found, also.get("class", str(subject.roles.favourable)))
    return compared_any, listed


def _of_selection(table: GroupTable, groups: Stratified, why: Sequence[str | None]) -> Iterator[Measure]:
    of = table.groups.key
    stated = np.flatnonzero(table.groups.stated)
    for i, reason in enumerate(why):  # the rest are people whose group is known
        with_rest = np.union1d(stated, [i])
        one = groups.take(with_rest), int(np.searchsorted(with_rest, i))
        name = "conditional_selection_rate_difference"
        yield difference_to_rest(name, *one, of=table.groups.of(i), note=reason)
    large, note = groups.take(compared(why)), left_out_note(why)
    yield conditional_ratio("conditional_impact_ratio", large, of=of, note=note)
    yield Measure(
        "comparable_share",
        large.shared(),
        n=float(large.n.sum()),
        of=of,
        kind=Kind.EXACT,
        method="people in a stratum with people of another compared group",
    )


def _rows(table: GroupTable, groups: Stratified, found: Strata, outcome: str) -> list[_Row]:
    """Return the strata of a single attribute; crossings would repeat them."""
    if len(table.groups.parts) > 1:
        return []
    people = table.rows.reshape(len(groups.n), -1, 3)[:, :, :2].sum(axis=2)
    return [
        (
            table.groups.attribute,
            outcome,
            found.names[s],
            table.groups.names[g],
            float(people[g, s]),
            float(groups.hits[g, s] / groups.size[g, s]),
        )
        for s in range(len(found.names))
        for g in range(len(groups.n))
        if people[g, s] >= MIN_DENOMINATOR and groups.size[g, s] > 0
    ]


def _table(listed: Sequence[_Row]) -> Table:
    more = f"the first {MOST_ROWS} of {len(listed)} lines; " if len(listed) > MOST_ROWS else ""
    return Table(
        "strata",
        ("attribute", "outcome", "stratum", "group", "people", "selection_rate"),
        tuple(listed[:MOST_ROWS]),
        f"{more}strata of under {MIN_DENOMINATOR} people of a group are not listed",
    )

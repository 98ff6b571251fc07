"""What these data can show: which differences between groups are too small to be told from chance?

Per attribute and crossing, for the selection rate and, with a label, the true and false positive rates:
whether the groups are *shown to differ* (`shown_to_differ`: the whole interval of the gap lies above 0), the
smallest gap that would be shown with a power of 80 % (`detectable_gap`), how many rows of the same mix it
would take to show a gap as large as the one found (`rows_needed`), and what it costs to compare so many
groups (`groups_cost`: how many times the rows that two of them would need).

Why it matters
    "No difference was shown" can mean that there is none, or that the data were too few to see it. A report
    that does not say which is worth little to the people of a small group.

How to read it
    Shown to differ is not the verdict: a small difference may be shown and be within a limit, and a large one
    may be neither shown to be within nor beyond it. If `detectable_gap` is larger than the gap that would
    worry you, these data cannot reassure you: collect the rows that `rows_needed` tells, merge groups with a
    declared reason, or ask a narrower question (`references`).

Limits
    Planning numbers by normal approximations: exact power with rare events or tiny groups is lower. The gap
    found is itself uncertain, and so is the number of rows made from it. Both have no interval.

References
    Sidak, JASA 62, 1967. Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 2003, ch. 4.
    Hoenig and Heisey, The American Statistician 55, 2001 (power of what was found is no verdict).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

from checks.comparison import MIN_GROUP, compared, grouped, left_out_note, notes, selecting
from checks.counts import ACTUAL, FAVOURED, PREDICTED, GroupTable, Truth
from checks.fairness.error_rates import RATES
from checks.model import Array, Inconclusive, Kind, Measure, Subject, check
from checks.multiclass import MeanTable, tables
from checks.statistics import Proportions, gap_limits, undefined
from checks.statistics.power import POWER, planned

_BOTH = (ACTUAL != Truth.UNKNOWN) & (PREDICTED != Truth.UNKNOWN)
_DECIDED = FAVOURED != Truth.UNKNOWN
ASKED: Mapping[str, tuple[Array, Array, Array]] = {
    "selection_rate": (FAVOURED == Truth.YES, _DECIDED, _DECIDED),
    "true_positive_rate": (*RATES["true_positive_rate"], _BOTH),
    "false_positive_rate": (*RATES["false_positive_rate"], _BOTH),
}
"""Outcomes that count, among which outcomes, and among which people groups are large enough."""
PLANNING = "a planning number, made from the rates that were found; it has no interval"


@check(reads_counts=True)
def power(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure]:
    """Measure what the sizes of groups can show, by attribute and intersection."""
    selecting(subject)
    grouped(subject)
    compared_any = False
    for _, each in tables(subject):
        for table in each:
            if not isinstance(table, MeanTable):
                compared_any |= yield from _of_table(
                    table, min_group, labelled=subject.roles.label is not None
                )
    if not compared_any:
        raise Inconclusive(f"no attribute has two groups of {min_group} rows or more")


def _of_table(table: GroupTable, min_group: int, *, labelled: bool) -> Generator[Measure, None, bool]:
    compared_any = False
    for name, (hits, among, sized) in ASKED.items():
        if name != "selection_rate" and not labelled:
            continue
        shares = table.shares(hits, among)
        why = notes(table.groups, table.people(sized), min_group, table.smallest(among))
        large = shares.take(compared(why))
        compared_any |= len(large.value) > 1
        yield from _of_rate(large, table.groups.key | {"case": name}, left_out_note(why))
    return compared_any


def _of_rate(large: Proportions, of: Mapping[str, str], left: str | None) -> Iterator[Measure]:
    n, groups = float(large.n.sum()), len(large.value)
    if groups < 2:
        why = "fewer than two groups are large enough to compare"
        for name, unit in (
            ("detectable_gap", "proportion"),
            ("rows_needed", "rows"),
            ("groups_cost", "times"),
        ):
            yield undefined(name, why, n=n, of=of, unit=unit, method="not compared")
        return
    found = planned(large)
    method = f"normal approximation, power {POWER:.0%}, Sidak over all pairs of {groups} groups"
    note = PLANNING if left is None else f"{left}; {PLANNING}"
    shown = float(gap_limits([large])[0] > 0)
    told = "the whole interval of the gap lies above 0"
    yield Measure("shown_to_differ", shown, n=n, of=of, kind=Kind.EXACT, unit="flag", method=told, note=left)
    yield Measure("detectable_gap", found.detectable_gap, n=n, of=of, method=method, note=note)
    if found.rows_needed is None:
        why = "the rates are equal, so no number of rows would show a difference"
        yield undefined("rows_needed", why, n=n, of=of, unit="rows", method=method)
    else:
        yield Measure("rows_needed", found.rows_needed, n=n, of=of, unit="rows", method=method, note=note)
    cost = "rows over those for two groups, at Sidak's level over all pairs"
    yield Measure("groups_cost", found.groups_cost, n=n, of=of, kind=Kind.EXACT, unit="times", method=cost)

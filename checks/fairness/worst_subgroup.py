r"""Worst subgroup: is somebody served worse whom no list of groups names?

Every slice of up to three columns (protected attributes and features; numbers cut at quintiles) is counted
in a random half of the people. The slices that lose most, at most `candidates` and none that only repeats
another, are then measured in the other half, which the search never saw. What is lost: a right decision
(binary and multiclass, with a label), the favourable outcome (without one), the distance to the truth
(regression), the better side of the median score (scoring). `worst_gap` is the largest loss of a slice minus
everybody's; `performance_ratio` the lowest accuracy of a slice over everybody's (of regression: everybody's
mean error over the slice's), `selection_ratio` the same of the selection or scoring rate. `worst_share` is
the part of all people in the slice with the largest gap; `confirmed_slices` counts those shown to lose more
than everybody, and `slice_gap` is told of each (`case`).

Why it matters
    Averages and single attributes hide people: a system may be right for women and for the young, and wrong
    for young women with short contracts.

How to read it
    Where no slice differs at all, the chance that even one is confirmed is at most 5 % (exact one-sided tests
    of a slice against everybody, Holm's correction over all that were taken to the second half; draws from
    everybody, or a normal approximation corrected for skewness, where the loss is no yes or no). The
    intervals of the worst gap and ratio cover the worst of the slices that were taken over, not of all that
    exist. Whether a slice is small is told beside it: a gap for a few people is no less theirs.

Limits
    Half the data search and half confirm, so slices with few people or small gaps are missed; no news is not
    proof of no bad slice. A slice needs 30 people in either half and 0.5 % of those searched. Values that
    fewer share, ranges over several bins, and slices of four columns are not searched. At most `columns`
    columns are searched, in at most `rows` different rows drawn at random (all confirm); what is left out is
    listed. A slice shows where a system is worse, never why: where the truth is hard to tell (a score near
    the threshold) every system errs more.

References
    Chung et al., Slice Finder, ICDE 2019; Zhang and Neill, Identifying Significant Predictive Bias, 2016;
    Holm, Scandinavian Journal of Statistics 6, 1979; Newcombe, Statistics in Medicine 17, 1998.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from checks.fairness.slice_columns import Coded, LeftOut, coded_columns, describe
from checks.fairness.slice_confirm import FALSE_ALARM, Held, holds, holm, worst_gap, worst_ratio
from checks.fairness.slice_people import Half, halves, lost
from checks.fairness.slice_search import Found, distinct, search
from checks.model import Inconclusive, Kind, Measure, NotApplicable, Subject, Table, check
from checks.names import crossed
from checks.statistics import LEVEL, estimate, undefined, wilson
from checks.statistics.disparities import sidak_z

STREAM = 51  # keeps this check's random numbers apart from every other's
MIN_PEOPLE = 30
MIN_SHARE = 0.005
SHOWN = 12  # values of a column in the table


@check
def worst_subgroup(
    subject: Subject, *, columns: int = 30, depth: int = 3, candidates: int = 10, rows: int = 200_000
) -> Iterator[Measure | Table]:
    """Search one half for the slices that lose most, and hold them against the other."""
    if not subject.attributes and not subject.roles.features:
        raise NotApplicable("neither attributes nor features were declared, so there are no slices to search")
    rng = np.random.default_rng([subject.seed, STREAM])
    everybody, meaning = lost(subject)
    sharing = max(MIN_PEOPLE, int(MIN_SHARE * everybody.n / 2))  # fewer can make no slice of the half
    coded, left = coded_columns(subject, everybody, most=columns, least=sharing)
    yield _columns_searched(coded, left)
    if not coded:
        yield _columns_table(coded, left)
        raise Inconclusive(f"no column has a value that {sharing} people share and others do not")

    first, second = halves(everybody, coded, rng)
    searched = first.some(rows, rng)
    least = max(MIN_PEOPLE, MIN_SHARE * searched.n)
    found = search(searched, coded, least=least, depth=depth)
    if not found.spread:
        raise Inconclusive(f"everybody has the same {meaning.loss}, so no slice can be worse")
    taken = distinct(found, searched, second, most=candidates, least=MIN_PEOPLE)
    if not taken:
        raise Inconclusive(f"no slice has {MIN_PEOPLE} people in both halves; supply more evaluation rows")
    held = holds(taken, second, meaning, rng)
    yield from _measures(held, coded, second, found)
    yield _table(held, coded, found)
    yield _columns_table(coded, left)


def _columns_searched(coded: Sequence[Coded], left: Sequence[LeftOut]) -> Measure:
    return Measure(
        "columns_searched",
        float(len(coded)),
        n=float(len(coded) + len(left)),
        kind=Kind.EXACT,
        unit="columns",
        method="protected attributes, then features, in declared order",
        note=f"{len(left)} left out; the table says why" if left else None,
    )


def _columns_table(coded: Sequence[Coded], left: Sequence[LeftOut]) -> Table:
    rows = [(column.name, "", column.why) for column in left]
    rows += [(column.name, _values(column), "") for column in coded]
    return Table("columns of the slice search", ("column", "values", "left out because"), tuple(rows))


def _values(column: Coded) -> str:
    """Name the values of a column, as many as a reader can take in."""
    more = len(column.values) - SHOWN
    return ", ".join(column.values[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _measures(held: Sequence[Held], coded: Sequence[Coded], half: Half, found: Found) -> Iterator[Measure]:
    meaning, n = held[0].meaning, half.n
    corrected = holm([one.p for one in held])
    worst = max(held, key=lambda one: one.gap)
    shown = [one for one, p in zip(held, corrected, strict=True) if p <= FALSE_ALARM]
    how = f"{meaning.loss}; the worst of {len(held)} slices in the held-back half"
    says = _says(worst, coded, worst in shown)
    gap, low, high = worst_gap(held)
    if meaning.kept:
        low, high = max(low, -1.0), min(high, 1.0)
    form = "Newcombe" if meaning.kept else "hybrid of log Student limits"
    method = f"{form} {LEVEL:.0%}, joint over slices towards equality; {how}"
    yield estimate("worst_gap", gap, low, high, n, unit=meaning.unit, method=method, note=says)
    lowest = min(held, key=lambda one: np.inf if one.ratio is None else one.ratio)
    yield _ratio(held, n, how, _says(lowest, coded, lowest in shown))
    effective = n * half.effective_share
    yield wilson("worst_share", worst.people, n, note=says, rows=n, effective=effective)
    test = f"one-sided against everybody, Holm over {len(held)} slices at {FALSE_ALARM:.0%}"
    yield _count("confirmed_slices", len(shown), len(held), f"{test}; {meaning.loss}", None)
    z = sidak_z(len(held))
    for one in shown:
        of = {"case": _name(one, coded)}
        ends = one.gap_limits(z)
        how = f"{meaning.loss} minus everybody's, joint over {len(held)} slices {LEVEL:.0%}"
        yield estimate("slice_gap", one.gap, *ends, one.people, of=of, unit=meaning.unit, method=how)
    note = f"{found.too_small} more are too small; {found.hopeless} pairs of values could hold nothing worse"
    yield _count("slices_searched", found.slices, half.n, "all slices with enough people, counted", note)


def _says(one: Held, coded: Sequence[Coded], shown: bool) -> str:
    verdict = "shown to be worse than everybody" if shown else "not shown to be worse than everybody"
    return f"slice {crossed(_name(one, coded))}, {one.people:,.0f} people; {verdict}"


def _ratio(held: Sequence[Held], n: float, how: str, says: str) -> Measure:
    meaning = held[0].meaning
    name = "performance_ratio" if meaning.correct else "selection_ratio"
    what = (
        f"{meaning.kept} of the slice over everybody's"
        if meaning.kept
        else f"{meaning.loss}, everybody's over"
    )
    method = f"hybrid on the log {LEVEL:.0%}, joint over slices towards equality; {what}; {how}"
    ratio, low, high = worst_ratio(held)
    if ratio is None:
        why = f"the {meaning.kept or meaning.loss} that it is divided by is 0"
        return undefined(name, why, n=n, unit="ratio", method=method)
    return estimate(name, ratio, low, high, n, unit="ratio", method=method, note=says)


def _count(name: str, value: int, n: float, method: str, note: str | None) -> Measure:
    return Measure(name, float(value), n=float(n), kind=Kind.EXACT, unit="count", method=method, note=note)


def _name(one: Held, coded: Sequence[Coded]) -> str:
    return describe([(coded[c].name, coded[c].values[v]) for c, v in one.slice.conditions])


def _table(held: Sequence[Held], coded: Sequence[Coded], found: Found) -> Table:
    z = sidak_z(len(held))
    loss = held[0].meaning.loss
    rows = []
    for one, p in sorted(zip(held, holm([h.p for h in held]), strict=True), key=lambda pair: pair[0].p):
        low, high = one.gap_limits(z)
        name, seen = crossed(_name(one, coded)), one.slice.loss / one.slice.n - found.everybody
        rows.append((name, one.people, one.inside.mean, one.gap, low, high, seen, p, p <= FALSE_ALARM))
    columns = (
        "slice",
        "people",
        loss,
        "gap",
        "low",
        "high",
        "gap where searched",
        "p after Holm",
        "confirmed",
    )
    note = "measured in the held-back half; gaps are to everybody, limits joint over these slices"
    return Table("slices held against the other half", columns, tuple(rows), note)

r"""Selection rate: are groups favoured equally often?

A group's *selection rate* is the share of its members who receive the favourable outcome. The *impact ratio*
is the lowest rate divided by the highest, the *gap* their difference; each group also gets its own ratio to
the highest. Equal rates give 1 and 0. Every attribute is measured, and every crossing of attributes
(`race*sex`) up to the declared depth.

Why it matters
    Unequal rates can be unlawful indirect discrimination even where the model never sees the protected
    attribute. Employment law in the United States looks closer below four fifths, and New York City asks
    for these numbers to be published.

How to read it
    Read the interval before the number: with small groups a low ratio may be chance. The interval covers the
    worst pair among all groups, so it widens as groups are added. Its limit away from equality is plain, its
    limit towards equality is widened for the number of pairs (Sidak). `difference_p_value` tests the lowest
    against the highest group; it is printed because regulators ask for it and is never a bound, since with
    few people even a large difference has a large p-value. Groups under 30 rows are measured, not compared,
    and `uncompared_share` says how many people that leaves out; beside their own rate stands
    `selection_rate_shrunk`, drawn towards the mean of all groups as far as their size asks for it (with three
    groups or more). People whose group is missing are a row of
    their own, never compared. `groups_under_2_percent` and `not_stated_count` are what New York City's rule
    wants stated. With a declared reference (a group, or `rest` for everybody else)
    `impact_ratio_to_reference` sets each group against it: fewer pairs, so a sharper answer to a narrower
    question. A published table of counts (group, people, selected) is measured just as records are;
    suppressed rows stay listed, and the people they may hold count in `uncompared_share`.
    With more than two classes there is a selection rate for each (`class`: the share of a group that is
    given this class), with its own ratio and gap; `average: macro` is the mean gap over classes.

Limits
    Says nothing about whether decisions were *correct*; see `fairness.error_rates`. Equal rates can be the
    wrong goal where groups truly differ in need.

References
    29 CFR 1607.4(D); 6 RCNY 5-301. Dwork et al., Fairness Through Awareness, ITCS 2012. Newcombe,
    Statistics in Medicine 17, 1998 (gap). Zou and Donner, Statistics in Medicine 27, 2008 (ratio).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

import numpy as np

from checks.comparison import (
    MIN_GROUP,
    compared,
    disclosures,
    grouped,
    left_out_note,
    notes,
    rates,
    selecting,
    shrunk,
    uncompared_share,
)
from checks.counts import FAVOURED, GroupTable, Truth
from checks.model import Array, Inconclusive, Measure, NotApplicable, Subject, Task, check
from checks.multiclass import MeanTable, tables
from checks.references import to_reference
from checks.statistics import (
    Proportions,
    difference_p_value,
    highest_minus_lowest,
    lowest_over_highest,
    mean_gap,
    over_highest,
)


@check(reads_counts=True)
def selection_rate(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure]:
    """Measure selection rates, their gap and their ratio, by attribute and intersection."""
    selecting(subject)
    grouped(subject)
    if subject.published is None and subject.task is Task.BINARY and subject.roles.favourable is None:
        raise NotApplicable("no decision is known to be favourable; name it under `favourable`")
    compared_any = False
    for attribute, each in tables(subject):
        compared_any |= yield from _of_attribute(attribute, each, subject, min_group)
    if not compared_any:
        raise Inconclusive(f"no attribute has two groups of {min_group} rows or more")


def _of_attribute(
    attribute: str, each: Sequence[GroupTable], subject: Subject, min_group: int
) -> Generator[Measure, None, bool]:
    """Yield the numbers of every outcome for one attribute; return whether any two groups were compared."""
    asked = [table for table in each if not isinstance(table, MeanTable)]
    parts: list[_Part] = []
    for table in asked:
        part = yield from _compare(table, min_group)
        parts.append(part)
    shares, which, note = parts[0]  # who is compared is the same for every outcome
    if len(each) > 1:
        large = [one.take(chosen) for one, chosen, _ in parts]
        mean = mean_gap("selection_rate_gap", large, of=each[-1].groups.key, note=note)
        yield replace(mean, n=float(large[0].n.sum()))  # the same people in every class
    everybody = asked[0].of_all()
    yield uncompared_share(everybody, np.setdiff1d(np.arange(len(shares.n)), which), min_group)
    yield from disclosures(everybody)
    if attribute in subject.roles.references:
        reference = subject.roles.references[attribute]
        for table, (one, chosen, _) in zip(asked, parts, strict=True):
            yield from to_reference("impact_ratio_to_reference", table.groups, one, chosen, reference)
    return len(which) > 1


_Part = tuple[Proportions, Array, str | None]
"""Rates, the groups that are compared, and the note on those that are not."""


def _compare(table: GroupTable, min_group: int) -> Generator[Measure, None, _Part]:
    """Yield one outcome's rates and what they differ by; return the part that these are made of."""
    groups = table.groups
    shares = table.shares(FAVOURED == Truth.YES, FAVOURED != Truth.UNKNOWN)
    why = notes(groups, shares.n, min_group)
    yield from rates("selection_rate", groups, shares, why)
    yield from shrunk("selection_rate", groups, shares, why)

    which, note = compared(why), left_out_note(why)
    large = shares.take(which)
    yield from over_highest("impact_ratio", large, [groups.of(i) for i in which])
    yield highest_minus_lowest("selection_rate_gap", large, of=groups.key, note=note)
    yield lowest_over_highest("impact_ratio", large, of=groups.key, note=note)
    yield difference_p_value("difference_p_value", large, of=groups.key)
    return shares, which, note

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
    and `uncompared_share` says how many people that leaves out. People whose group is missing are a row of
    their own, never compared. `groups_under_2_percent` and `not_stated_count` are what New York City's rule
    wants stated. With a declared reference (a group, or `rest` for everybody else)
    `impact_ratio_to_reference` sets each group against it: fewer pairs, so a sharper answer to a narrower
    question. A published table of counts (group, people, selected) is measured just as records are;
    suppressed rows stay listed, and the people they may hold count in `uncompared_share`.

Limits
    Says nothing about whether decisions were *correct*; see `fairness.error_rates`. Equal rates can be the
    wrong goal where groups truly differ in need.

References
    29 CFR 1607.4(D); 6 RCNY 5-301. Dwork et al., Fairness Through Awareness, ITCS 2012. Newcombe,
    Statistics in Medicine 17, 1998 (gap). Zou and Donner, Statistics in Medicine 27, 2008 (ratio).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from checks.comparison import (
    MIN_GROUP,
    compared,
    disclosures,
    grouped,
    left_out_note,
    notes,
    rates,
    to_reference,
    uncompared_share,
)
from checks.counts import FAVOURED, Truth
from checks.model import Inconclusive, Measure, NotApplicable, Subject, check
from checks.sample import binary_only
from checks.statistics import difference_p_value, highest_minus_lowest, lowest_over_highest, over_highest


@check(reads_counts=True)
def selection_rate(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure]:
    """Measure selection rates, their gap and their ratio, by attribute and intersection."""
    binary_only(subject)
    grouped(subject)
    if subject.published is None and (subject.decision is None or subject.roles.favourable is None):
        raise NotApplicable("no decision was supplied, by a model or as a column")

    compared_any = False
    for attribute, table in subject.counts.by_attribute():
        of = {"attribute": attribute}
        shares = table.shares(FAVOURED == Truth.YES, FAVOURED != Truth.UNKNOWN)
        why = notes(table.groups, shares.n, min_group)
        yield from rates("selection_rate", table.groups, shares, why)

        which = compared(why)
        large = shares.take(which)
        compared_any |= len(which) > 1
        keys = [table.groups.of(i) for i in which]
        yield from over_highest("impact_ratio", large, keys)
        yield highest_minus_lowest("selection_rate_gap", large, of=of, note=left_out_note(why))
        yield lowest_over_highest("impact_ratio", large, of=of, note=left_out_note(why))
        yield difference_p_value("difference_p_value", large, of=of)
        yield uncompared_share(table, np.setdiff1d(np.arange(len(why)), which), min_group)
        yield from disclosures(table)
        if attribute in subject.roles.references:
            reference = subject.roles.references[attribute]
            yield from to_reference("impact_ratio_to_reference", table.groups, shares, which, reference)

    if not compared_any:
        raise Inconclusive(f"no attribute has two groups of {min_group} rows or more")

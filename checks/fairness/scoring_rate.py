r"""Scoring rate: do groups score above the median equally often?

For tools that rank or score people rather than decide: the share of each group whose score is above the
median score of everybody, and each share divided by the highest (*impact ratio*); the attribute's impact
ratio is the lowest over the highest. Attributes and their crossings are measured.

Why it matters
    A score sets the odds before anybody decides. New York City's Local Law 144 asks for exactly these
    numbers from tools that score candidates, and asks that they be published.

How to read it
    As `fairness.selection_rate`. Where the event that the score predicts is not the favourable outcome (a
    risk of default), the share *below* the median is taken, so that a higher rate is always the better one
    for people. People without a score are left out; `median_score` states the median that was used.

Limits
    The median is a line drawn through these very people; another sample has another median, and the
    intervals take it as given. Being above the median is not being selected. A score with many ties may put
    far fewer than half of the people above it.

References
    6 RCNY 5-300 and 5-301(c) (New York City). The rule's worked example truncates its rates and
    rounds its ratios.
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
    uncompared_share,
)
from checks.counts import FAVOURED, Truth
from checks.model import Array, Inconclusive, Kind, Measure, NotApplicable, Subject, Task, check
from checks.references import to_reference
from checks.statistics import highest_minus_lowest, lowest_over_highest, over_highest

_CODES = np.arange(3)


@check(reads_counts=True)
def scoring_rate(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure]:
    """Measure scoring rates and their ratios, by attribute and intersection."""
    if subject.published is not None and subject.task is not Task.SCORING:
        raise NotApplicable("the counts are of people selected, not of people who score above the median")
    if subject.published is None and subject.score is None:
        raise NotApplicable("no score was supplied, by a model or as a column")
    grouped(subject)
    if subject.published is not None:
        tables = dict(subject.counts.count(FAVOURED[subject.counts.outcome], 3))
        yield Measure(
            "median_score",
            None,
            n=float(subject.published.people),
            kind=Kind.EXACT,
            unit="score",
            method="pooled",
            note="only counts were supplied, and they do not hold the median",
        )
    else:
        median, outcome = _above_the_median(subject)
        yield median
        tables = subject.counts.count(outcome, 3)

    compared_any = False
    for attribute, table in tables.items():
        of = {"attribute": attribute}
        shares = table.shares(_CODES == Truth.YES, _CODES != Truth.UNKNOWN)
        why = notes(table.groups, shares.n, min_group)
        yield from rates("scoring_rate", table.groups, shares, why)

        which = compared(why)
        large = shares.take(which)
        compared_any |= len(which) > 1
        yield from over_highest("impact_ratio", large, [table.groups.of(i) for i in which])
        yield highest_minus_lowest("scoring_rate_gap", large, of=of, note=left_out_note(why))
        yield lowest_over_highest("impact_ratio", large, of=of, note=left_out_note(why))
        yield uncompared_share(table, np.setdiff1d(np.arange(len(why)), which), min_group)
        yield from disclosures(table)
        if attribute in subject.roles.references:
            reference = subject.roles.references[attribute]
            yield from to_reference("impact_ratio_to_reference", table.groups, shares, which, reference)

    if not compared_any:
        raise Inconclusive(f"no attribute has two groups of {min_group} rows or more")


def _above_the_median(subject: Subject) -> tuple[Measure, Array]:
    """Return the median of all scores, and for each row whether it lies on the better side."""
    score = np.asarray(subject.score, dtype=np.float64)
    known = ~np.isnan(score)
    if not known.any():
        raise Inconclusive("no row has a score")
    weights = None if subject.weights is None else subject.weights[known]
    median = pooled_median(score[known], weights)
    people = float(known.sum())
    if weights is not None and subject.roles.weight_kind == "frequency":
        people = float(weights.sum())
    said = Measure("median_score", median, n=people, kind=Kind.EXACT, unit="score", method="pooled")
    high_is_good = subject.roles.favourable == subject.roles.positive
    better = score > median if high_is_good else score < median
    return said, np.where(known, np.where(better, Truth.YES, Truth.NO), Truth.UNKNOWN)


def pooled_median(score: Array, weights: Array | None) -> float:
    """Return the (weighted) median; between two middle scores, their mean."""
    if weights is None:
        return float(np.median(score))
    order = np.argsort(score, kind="stable")
    score, upto = score[order], np.cumsum(weights[order])
    half = upto[-1] / 2
    at = int(np.searchsorted(upto, half, side="left"))
    if upto[at] == half and at + 1 < len(score):
        return float((score[at] + score[at + 1]) / 2)
    return float(score[at])

"""AUC by group: does the score rank the members of each group equally well?

For each group, the chance that one of its actual positives scores above one of its actual negatives, and the
gap between the best and the worst ranked group, by attribute and crossing.

Why it matters
    A score can rank the whole population well and one group hardly better than a coin, so that whatever
    threshold is chosen, decisions about that group are close to a lottery.

How to read it
    0.5 is chance, 1 perfect order. The number does not depend on a threshold. Groups under 30 rows, or with
    under 10 positives or 10 negatives, are measured and not compared. The interval of the gap covers all
    pairs of groups. With more than two classes there is an AUC for each against the rest (`class`, from the
    probabilities that the model gives), and their mean (`average: macro`).

Limits
    Compares people within a group only: it cannot see a score that is shifted for a whole group. It says
    nothing about the threshold in use; see `fairness.error_rates`.

References
    Hanley and McNeil, Radiology 143, 1982. Newcombe, Statistics in Medicine 25, 2006 (part 2, method 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from checks.comparison import MIN_GROUP, compared, grouped, left_out_note, notes, uncompared_share
from checks.counts import Groups
from checks.model import Array, Inconclusive, Measure, Subject, check
from checks.multiclass import JointMeans, scored
from checks.ranks import Ranks
from checks.sample import left_out
from checks.statistics import (
    LEVEL,
    Aucs,
    Z,
    estimate,
    highest_minus_lowest,
    undefined,
)
from checks.statistics.ranking import METHOD


@check
def auc(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure]:
    """Measure the AUC of each group and the gap, by attribute and intersection."""
    grouped(subject)
    asked = scored(subject)
    yield left_out(subject, asked[0][1])
    ranked = [(also, Ranks(sample)) for also, sample in asked]

    compared_any = False
    for attribute, table in subject.counts.by_attribute():
        codes = subject.counts.codes(attribute)
        each, every = [], np.zeros(0, dtype=np.intp)
        for also, ranks in ranked:
            groups = replace(table.groups, also=also)
            found = ranks.aucs(codes, len(groups.names))
            why = notes(groups, found.n, min_group, np.minimum(found.positives, found.negatives))
            yield from _of_groups(groups, found, why)
            which = compared(why)
            large = found.take(which)
            yield highest_minus_lowest("roc_auc_gap", large, of=groups.key, note=left_out_note(why))
            compared_any |= len(which) > 1
            each.append((found, why))
            every = which if len(each) == 1 else np.intersect1d(every, which)
        if len(each) > 1:
            yield from _mean(table.groups, each, every)
        yield uncompared_share(table, np.setdiff1d(np.arange(len(table.n)), every))

    if not compared_any:
        raise Inconclusive(
            f"no attribute has two groups of {min_group} rows or more, with 10 of both classes each"
        )


def _of_groups(groups: Groups, found: Aucs, why: Sequence[str | None]) -> Iterator[Measure]:
    known = np.flatnonzero(~np.isnan(found.value))
    limits = dict(zip(known.tolist(), zip(*found.take(known).limits(Z), strict=True), strict=True))
    for i, n in enumerate(found.n):
        of = groups.of(i)
        if i not in limits:
            yield undefined("roc_auc", "needs rows of both classes", n=n, of=of, method=METHOD)
        else:
            yield estimate("roc_auc", found.value[i], *limits[i], n, of=of, method=METHOD, note=why[i])


def _mean(
    groups: Groups, each: Sequence[tuple[Aucs, Sequence[str | None]]], which: Array
) -> Iterator[Measure]:
    """Yield the mean AUC over classes of each group, and the gap of those that every class compares."""
    mean = replace(groups, also={"average": "macro"})
    method = f"mean of {len(each)} joint Hanley-McNeil intervals {LEVEL:.0%}"
    why = [next(filter(None, reasons), None) for reasons in zip(*(w for _, w in each), strict=True)]
    for i in range(len(groups.names)):
        parts = JointMeans([found.take(np.array([i])) for found, _ in each])
        value, n = float(parts.value[0]), float(parts.n[0])
        if np.isnan(value):
            said = "needs rows of both classes, for every class"
            yield undefined("roc_auc", said, n=n, of=mean.of(i), method=method)
            continue
        low, high = (float(limit[0]) for limit in parts.limits(Z))
        yield estimate("roc_auc", value, low, high, n, of=mean.of(i), method=method, note=why[i])
    large = JointMeans([found.take(which) for found, _ in each])
    yield highest_minus_lowest("roc_auc_gap", large, of=mean.key, note=left_out_note(why))

"""AUC by group: does the score rank the members of each group equally well?

For each group, the chance that one of its actual positives scores above one of its actual negatives, and the
gap between the best and the worst ranked group, by attribute and crossing.

Why it matters
    A score can rank the whole population well and one group hardly better than a coin, so that whatever
    threshold is chosen, decisions about that group are close to a lottery.

How to read it
    0.5 is chance, 1 perfect order. The number does not depend on a threshold. Groups under 30 rows, or with
    under 10 positives or 10 negatives, are measured and not compared. The interval of the gap covers all
    pairs of groups.

Limits
    Compares people within a group only: it cannot see a score that is shifted for a whole group. It says
    nothing about the threshold in use; see `fairness.error_rates`.

References
    Hanley and McNeil, Radiology 143, 1982. Newcombe, Statistics in Medicine 25, 2006 (part 2, method 5).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from checks.comparison import MIN_GROUP, compared, grouped, left_out_note, notes, uncompared_share
from checks.model import Inconclusive, Measure, Subject, check
from checks.sample import labelled, left_out
from checks.statistics import Aucs, hanley_mcneil, highest_minus_lowest, roc_auc


@check
def auc(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure]:
    """Measure the AUC of each group and the gap, by attribute and intersection."""
    grouped(subject)
    sample = labelled(subject, scored=True)
    yield left_out(subject, sample)

    compared_any = False
    for attribute, table in subject.counts.by_attribute():
        groups = table.groups
        parts = list(sample.by_group(subject.counts.codes(attribute), len(groups.names)))
        found = [roc_auc(part.actual, part.score, part.weights) for part in parts]
        sizes = np.array([part.sizes for part in parts])
        people = np.array([part.n for part in parts])
        why = notes(groups, people, min_group, sizes.min(axis=1))
        for i, value in enumerate(found):
            yield hanley_mcneil("roc_auc", value, *sizes[i], of=groups.of(i), note=why[i], rows=people[i])

        which = compared(why)
        compared_any |= len(which) > 1
        values = np.array([np.nan if value is None else value for value in found])
        large = Aucs(values, sizes[:, 0], sizes[:, 1], people).take(which)
        yield highest_minus_lowest("roc_auc_gap", large, of={"attribute": attribute}, note=left_out_note(why))
        yield uncompared_share(table, np.setdiff1d(np.arange(len(why)), which))

    if not compared_any:
        raise Inconclusive(
            f"no attribute has two groups of {min_group} rows or more, with 10 of both classes each"
        )

"""Errors of predicted numbers: is the system off as far, and the same way, for every group?

Per group the mean prediction, the mean error (predicted less actual: above 0 the group is overestimated),
the mean absolute error, the root mean squared error and R². Per attribute and crossing the `_gap` of each
(highest minus lowest), and the `_ratio` (lowest over highest) of mean predictions and sizes of errors.

Why it matters
    Prices, salaries, limits and waiting times are numbers, not decisions. A system can be right on average
    and still put one group's numbers too high and another's too low.

How to read it
    Start with `mean_error`: its sign says who is over- and who is underestimated, in the units of the label.
    Whether overestimating hurts depends on what is predicted. Mean predictions may differ because truths
    do; mean errors may not. Groups under 30 rows are measured and not compared, and so are
    groups whose rows are all alike, since their spread is not known. Intervals of gaps and ratios cover the
    worst pair of all groups.

Limits
    Intervals are Student's, on the logarithm for sizes of errors and on the distance to 1 for R². For R² and
    the root mean squared error they have two degrees of freedom less, and what a row moves is divided by the
    share of its group's sum of squares that is not its own. Few rows with very long tails are covered too
    seldom. R² is low in a group whose labels hardly differ, however good the predictions. A ratio is given
    only where every mean is above 0; none is given for mean error and R², which may be negative, so that a
    ratio of them says nothing.

References
    Agarwal, Dudik and Wu, Fair Regression, ICML 2019. Newcombe, Statistics in Medicine 17, 1998 (hybrid
    limits). Zou and Donner, Statistics in Medicine 27, 2008 (ratios). MacKinnon and White, Journal of
    Econometrics 29, 1985 (influence of single rows).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from checks.comparison import (
    MIN_GROUP,
    compared,
    grouped,
    left_out_note,
    notes,
    uncompared_share,
    with_label,
)
from checks.counts import Counts, GroupTable
from checks.model import Array, Inconclusive, Kind, Measure, NotApplicable, Subject, Task, check
from checks.references import difference_to_reference
from checks.statistics import Z, highest_minus_lowest
from checks.statistics.means import ALIKE, Means, lowest_mean_over_highest, one_mean

UNITS = {"r2": "proportion"}
_MOST_OWN = 0.99
"""A row that makes up all of its group's sum of squares would divide by nothing."""
RATIOS = frozenset({"mean_prediction", "mean_absolute_error", "root_mean_squared_error"})


@check
def regression(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure]:
    """Measure the errors of each group and how far groups are apart, by attribute and intersection."""
    if subject.task is not Task.REGRESSION:
        raise NotApplicable("measured for regressions; see `fairness.error_rates` for decisions")
    with_label(subject)
    grouped(subject)
    usable, sums = moments(subject)
    yield usable

    compared_any = False
    for attribute, table in subject.counts.by_attribute():
        found = sums.of(attribute)
        why = notes(table.groups, sums.people(attribute), min_group)
        for name, means in found.items():
            yield from _of_number(name, means, table, why)
        if attribute in subject.roles.references:
            reference, error = subject.roles.references[attribute], found["mean_error"]
            which = np.array([i for i in compared(why) if error.usable[i]], dtype=np.intp)
            name = "mean_error_difference_to_reference"
            yield from difference_to_reference(
                name, table.groups, error, which, reference, unit="label units"
            )
        which = compared(why)
        compared_any |= len(which) > 1
        yield uncompared_share(table, np.setdiff1d(np.arange(len(why)), which))

    if not compared_any:
        raise Inconclusive(f"no attribute has two groups of {min_group} rows or more with a label")


def _of_number(name: str, means: Means, table: GroupTable, why: list[str | None]) -> Iterator[Measure]:
    groups, unit = table.groups, UNITS.get(name, "label units")
    known = means.usable & np.isfinite(means.value)
    why = [
        reason or (None if fine else f"{ALIKE}: not compared")
        for reason, fine in zip(why, known, strict=True)
    ]
    for i in range(len(groups.names)):
        yield one_mean(name, means, i, Z, of=groups.of(i), unit=unit, note=why[i])
    large, note = means.take(compared(why)), left_out_note(why)
    yield highest_minus_lowest(f"{name}_gap", large, of=groups.key, note=note, unit=unit, bound=None)
    if name in RATIOS:
        yield lowest_mean_over_highest(f"{name}_ratio", large, of=groups.key, note=note)


class Moments:
    """Weighted sums of powers per group, from which every number and its error follow."""

    def __init__(self, subject: Subject, rows: Array, actual: Array, predicted: Array) -> None:
        counts = subject.counts
        weights = np.ones(len(rows)) if subject.weights is None else subject.weights[rows]
        self._middle = float(np.average(actual, weights=weights))
        self._scale = float(actual.std()) or 1.0  # powers of standardised numbers lose few digits
        u, v = ((x - self._middle) / self._scale for x in (actual, predicted))
        e = v - u
        terms = [np.ones(len(u)), v, v**2, e, e**2, abs(e), u, u**2]
        sums = [weights * term for term in terms]
        if counts.sampling and subject.weights is not None:
            sums += [weights**2, np.ones(len(rows))]
        self._sums = counts.sums(rows, sums)
        self._sampled = len(sums) > len(terms)
        self._rows = _Rows(rows, weights, u, e, counts)

    def people(self, attribute: str) -> Array:
        """Return the people of each group: rows, or sums of frequency weights."""
        return np.asarray(self._sums[attribute][-1 if self._sampled else 0])

    def of(self, attribute: str) -> dict[str, Means]:
        """Return every number of each group with its error."""
        sums, people = self._sums[attribute], self.people(attribute)
        weight = sums[0]
        safe = np.where(weight > 0, weight, np.nan)
        size = weight**2 / np.where(weight > 0, sums[8], 1) if self._sampled else weight
        _, v, v2, e, e2, absolute, u, u2 = (part / safe for part in sums[:8])
        spread = np.where(u2 - u**2 > 1e-12, u2 - u**2, np.nan)
        lost, root = e2 / spread, np.sqrt(e2)
        of_root = self._rows.of_squares(attribute, size, e2) / safe
        of_r2 = self._rows.of_r2(attribute, size, u, spread, e2) / safe

        def means(
            value: Array, variance: Array, scale: float, shift: float = 0, edge: float | None = None
        ) -> Means:
            known = np.where(variance > 1e-12 * np.square(value), variance, 0)  # no spread but rounding
            error = np.sqrt(known / np.maximum(size - 1, 1))
            return Means(value * scale + shift, np.nan_to_num(error) * scale, people, size - 1, edge)

        def fewer(found: Means) -> Means:
            return replace(found, freedom=np.maximum(size - 3, 1))

        return {
            "mean_prediction": means(v, v2 - v**2, self._scale, self._middle),
            "mean_error": means(e, e2 - e**2, self._scale),
            "mean_absolute_error": means(absolute, e2 - absolute**2, self._scale, edge=0.0),
            "root_mean_squared_error": fewer(
                means(root, of_root / np.where(e2 > 0, 4 * e2, 1), self._scale, edge=0.0)
            ),
            "r2": fewer(means(1 - lost, of_r2, 1.0, edge=1.0)),
        }


@dataclass(frozen=True, slots=True)
class _Rows:
    """The standardised rows themselves, for what no sums of powers can say."""

    rows: Array
    weights: Array
    label: Array
    error: Array
    counts: Counts

    def of_squares(self, attribute: str, size: Array, squared: Array) -> Array:
        """Return per group the sum of squares of what each row moves the mean squared error by."""
        group = self.counts.codes(attribute)[self.rows]
        off = self.error**2
        return self._summed(group, off - squared[group], off, size * squared)

    def of_r2(self, attribute: str, size: Array, mean: Array, spread: Array, squared: Array) -> Array:
        """Return per group the sum of squares of what each row moves R² by."""
        group = self.counts.codes(attribute)[self.rows]
        away, off = (self.label - mean[group]) ** 2, self.error**2
        moved = (off - (squared / spread)[group] * away) / spread[group]
        with np.errstate(invalid="ignore", divide="ignore"):
            own = np.fmax(away / (size * spread)[group], off / (size * squared)[group])
        return self._summed(group, moved, own, np.ones(len(size)))

    def _summed(self, group: Array, moved: Array, part: Array, whole: Array) -> Array:
        """Divide by the share of the group's sum that is not the row's own, whichever sum leaves less.

        Without that a few far rows look surer than they are, as residuals do in regressions (MacKinnon and
        White 1985, the estimator HC3).
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            own = np.minimum(np.nan_to_num(part / whole[group]), _MOST_OWN)
        squares = self.weights * np.nan_to_num(moved / (1 - own)) ** 2
        return np.bincount(group, squares, minlength=len(whole))


def moments(subject: Subject) -> tuple[Measure, Moments]:
    """Return the share of rows that cannot be used, and the sums of all others."""
    if subject.score is None:
        raise NotApplicable("no prediction was supplied, by a model or as a column")
    label = pd.to_numeric(subject.evaluation[subject.roles.label], errors="coerce")
    actual = label.to_numpy(dtype=np.float64, na_value=np.nan)
    predicted = np.asarray(subject.score, dtype=np.float64)
    rows = np.flatnonzero(np.isfinite(actual) & np.isfinite(predicted))
    if not len(rows):
        raise Inconclusive("no row has all that is needed: a number as label and a prediction")
    if subject.weights is not None and subject.weights[rows].sum() <= 0:
        raise Inconclusive("the weights of the usable rows are all 0")
    share = Measure(
        name="unusable_share",
        value=1 - len(rows) / subject.rows,
        n=float(subject.rows),
        kind=Kind.EXACT,
        method="rows without a label or a prediction",
    )
    return share, Moments(subject, rows, actual[rows], predicted[rows])

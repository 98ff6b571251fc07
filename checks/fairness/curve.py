"""Rates along a number: how do decisions change with age, without cutting it into bins?

For each protected attribute that holds numbers: the selection rate, and with a label the true and the false
positive rate (of predicted numbers the mean prediction and the mean error), on 21 points between the outer
fortieths of the people, each from a local line (Gaussian window) with its own interval (the table `curve`).
Per rate the `_range` (highest minus lowest point) and the `_concordance`: the chance that somebody who is
selected has a higher number than somebody who is not.

Why it matters
    Bins hide what happens inside them, and their edges are chosen by somebody: cut at 40, a fall at 55 is
    gone. A curve needs no edges.

How to read it
    A concordance of 0.5 says that the rate neither rises nor falls with the number, over all; read the range
    beside it, since a rate may rise and fall again. Intervals in the table are pointwise: of 21 true points
    one is outside by chance. The interval of the range covers all pairs of points.

Limits
    The window smooths: narrow peaks come out lower and wider, and intervals are of the smoothed curve. Beyond
    the outer fortieths nothing is told. The interval of the range takes points as independent, which
    overstates its width, since neighbours share people.

References
    Fan and Gijbels, Local Polynomial Modelling and Its Applications, 1996. Silverman, Density Estimation for
    Statistics and Data Analysis, 1986 (bandwidth). Newcombe, Statistics in Medicine 25, 2006 (concordance).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from checks.comparison import MIN_DENOMINATOR, MIN_GROUP, decided, grouped
from checks.fairness.conditional import ASKED
from checks.model import Array, Inconclusive, Kind, Measure, NotApplicable, Subject, Table, Task, check
from checks.multiclass import questions
from checks.statistics import Z, hanley_mcneil, highest_minus_lowest, roc_auc, undefined
from checks.statistics.curve import bandwidth, by_value, grid, smooth, smooth_mean
from checks.strata import MOST_VALUES
from checks.strata_means import predictions_and_errors

METHOD = "local line, Gaussian window"
_Row = tuple[str | float | int | bool | None, ...]


@check
def curve(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure | Table]:
    """Measure every rate, or the mean prediction and error, along each protected number."""
    if subject.task is not Task.REGRESSION:
        decided(subject)
    grouped(subject)
    names = [name for name in subject.attributes if _holds_numbers(subject.evaluation[name])]
    if not names:
        raise NotApplicable(
            f"no protected attribute holds numbers of over {MOST_VALUES} values; name one, such as an age, "
            "under `groups`"
        )
    rows: list[_Row] = []
    for attribute in names:
        numbers = subject.evaluation[attribute].to_numpy(dtype=np.float64, na_value=np.nan)
        yield _not_stated(attribute, numbers, subject)
        if subject.task is Task.REGRESSION:
            for name, values in predictions_and_errors(subject).items():
                rows += yield from _of_mean(name, attribute, numbers, values, subject, min_group=min_group)
            continue
        for also, outcome in questions(subject):
            of = {"attribute": attribute, **also}
            for rate in ASKED:
                if rate == "selection_rate" or subject.roles.label is not None:
                    rows += yield from _of_rate(rate, of, numbers, outcome, subject, min_group=min_group)
    yield Table(
        "curve", ("attribute", "outcome", "rate", "at", "value", "low", "high", "people_near"), tuple(rows)
    )
    if not rows:
        raise Inconclusive(f"no rate has {min_group} people with a number")


def _of_rate(
    rate: str, of: Mapping[str, str], numbers: Array, outcome: Array, subject: Subject, *, min_group: int
) -> Generator[Measure, None, list[_Row]]:
    """Yield concordance and range of one rate; return the points of its curve."""
    hits, among = ASKED[rate]
    rows = np.flatnonzero(among[outcome] & np.isfinite(numbers))
    hit, number = hits[outcome[rows]], numbers[rows]
    weights = np.ones(len(rows)) if subject.weights is None else subject.weights[rows]
    along = by_value(number, hit, weights, sampling=subject.counts.sampling and subject.weights is not None)
    people = float(along.n.sum())
    if people < max(min_group, MIN_DENOMINATOR) or len(along.value) <= MOST_VALUES or along.weight.sum() <= 0:
        why = f"under {min_group} people with a number, or no more than {MOST_VALUES} values"
        for name in (f"{rate}_concordance", f"{rate}_range"):
            yield undefined(name, why, n=people, of=of)
        return []
    sizes = [_size(weights[side], sampling=subject.counts.sampling) for side in (hit, ~hit)]
    found = roc_auc(hit, number, weights)
    yield hanley_mcneil(f"{rate}_concordance", found, *sizes, of=of, rows=people)
    at = grid(along)
    points = smooth(along, at, bandwidth(along))
    ranged = highest_minus_lowest(f"{rate}_range", points, of=of)
    note = f"from a curve of {len(at)} points between {at[0]:g} and {at[-1]:g}"
    yield replace(ranged, n=people, method=f"{METHOD}; {ranged.method}", note=ranged.note or note)
    low, high = points.limits(Z)
    event = of.get("class", str(subject.roles.favourable))
    return [
        (of["attribute"], event, rate, *map(float, line))
        for line in zip(at, points.value, low, high, points.n, strict=True)
    ]


def _of_mean(
    name: str, attribute: str, numbers: Array, values: Array, subject: Subject, *, min_group: int
) -> Generator[Measure, None, list[_Row]]:
    """Yield the range of one mean; return the points of its curve."""
    of, unit = {"attribute": attribute}, "label units"
    rows = np.flatnonzero(np.isfinite(values) & np.isfinite(numbers))
    weights = np.ones(len(rows)) if subject.weights is None else subject.weights[rows]
    sampling = subject.counts.sampling and subject.weights is not None
    along = by_value(numbers[rows], values[rows], weights, sampling=sampling)
    people = float(along.n.sum())
    if people < min_group or len(along.value) <= MOST_VALUES or along.weight.sum() <= 0:
        why = f"under {min_group} people with a number, or no more than {MOST_VALUES} values"
        yield undefined(f"{name}_range", why, n=people, of=of, unit=unit)
        return []
    at, squares = grid(along), float(np.average(values[rows] ** 2, weights=weights))
    points = smooth_mean(along, at, bandwidth(along), squares)
    ranged = highest_minus_lowest(f"{name}_range", points, of=of, unit=unit, bound=None)
    note = f"from a curve of {len(at)} points between {at[0]:g} and {at[-1]:g}"
    yield replace(ranged, n=people, method=f"{METHOD}; {ranged.method}", note=ranged.note or note)
    low, high = points.limits(Z)
    return [
        (attribute, "", name, *map(float, line))
        for line in zip(at, points.value, low, high, points.n, strict=True)
    ]


def _size(weights: Array, *, sampling: bool) -> float:
    total = float(weights.sum())
    if not sampling:
        return total
    squares = float((weights**2).sum())
    return total**2 / squares if squares > 0 else 0.0


def _holds_numbers(values: pd.Series) -> bool:
    numbers = is_numeric_dtype(values) and not is_bool_dtype(values)
    return bool(numbers and values.nunique() > MOST_VALUES)


def _not_stated(attribute: str, numbers: Array, subject: Subject) -> Measure:
    weights = np.ones(len(numbers)) if subject.weights is None else subject.weights
    missing = ~np.isfinite(numbers)
    total = float(weights.sum())
    return Measure(
        "not_stated_share",
        float(weights[missing].sum()) / total if total > 0 else 0.0,
        n=subject.counts.n,
        of={"attribute": attribute},
        kind=Kind.EXACT,
        method="people without a number, who are not on the curve",
    )

"""Regression: how far are predicted numbers from the truth, and is that better than guessing?

Mean absolute error, root mean squared error, median absolute error, mean error (predicted less actual: above
0 the system overestimates) and R², each with its interval, in the units of the label. The same for two
baselines (`model: mean` says the same number for everybody, `model: linear` is a plain linear regression on
the model's own features), and how much nearer to the truth the system is than each of them on the same rows
(`mean_absolute_error_over_baseline`: below 0 the system is better). The table `residuals` holds, for bins of
equal mass along the prediction, what was predicted and what happened.

Why it matters
    A number that sets a price, a limit or a priority does harm by its size. A system that is no nearer to the
    truth than the mean has nothing to set against that harm.

How to read it
    Look at the difference from the baselines first. The mean absolute error is what a person is off by on
    average; where the root mean squared error is much larger, few people are off by very much. R² below 0 is
    worse than saying the mean to everybody. In `residuals`, a row whose mean prediction is far from its mean
    truth shows where along the scale numbers are systematically too high or too low.

Limits
    Evaluation rows that the model was trained on make every number too good; this check cannot see that.
    Labels count as the truth. Intervals are Student's (on the logarithm for sizes of errors, on the distance
    to 1 for R²): few rows with very long tails are covered too seldom. With sampling weights the median's
    interval goes by the effective number of rows.

References
    Hyndman and Koehler, International Journal of Forecasting 22, 2006 (measures of accuracy). Conover,
    Practical Nonparametric Statistics, 1999, section 3.2 (interval of a quantile).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import binom

from checks.model import Array, Inconclusive, Measure, NotApplicable, Subject, Table, Task, check
from checks.performance import plain
from checks.sample import Weighed, unusable
from checks.statistics import LEVEL, Z, estimate, mean_of, undefined
from checks.statistics.means import Means, one_mean

UNIT = "label units"
BINS = 10
ROWS_PER_BIN = 25


@dataclass(frozen=True, eq=False, kw_only=True)
class Numbers(Weighed):
    """Rows whose truth and prediction are both known."""

    rows: Array
    actual: Array
    predicted: Array

    @property
    def errors(self) -> Array:
        """Predicted less actual."""
        return self.predicted - self.actual

    def mean(self, values: Array) -> float:
        """Return a weighted mean."""
        return float(np.average(values, weights=self.weights))


@check
def regression(subject: Subject) -> Iterator[Measure | Table]:
    """Measure the submitted system, the baselines, and the difference."""
    if subject.task is not Task.REGRESSION:
        raise NotApplicable("measured for regressions; see `performance.classification` for classes")
    numbers = known_numbers(subject)
    yield unusable(subject, numbers.rows)
    yield from _of_numbers(numbers)
    yield _residuals(numbers)
    for make in (_constant, _linear):
        try:
            model, answers, how = make(subject, numbers)
        except plain.NoBaseline as why:
            for name in ("mean_absolute_error", "mean_absolute_error_over_baseline"):
                yield undefined(name, str(why), of={"model": "linear"}, unit=UNIT)
            continue
        baseline = replace(numbers, predicted=answers)
        for measure in _of_numbers(baseline, model=model):
            yield replace(measure, note=how if measure.note is None else f"{measure.note}; {how}")
        yield _over(numbers, baseline, {} if model == "mean" else {"model": model}, how)


def known_numbers(subject: Subject) -> Numbers:
    """Return the rows with a label and a prediction."""
    if subject.roles.label is None:
        raise NotApplicable("no label column was supplied; name the column that holds what really happened")
    if subject.score is None:
        raise NotApplicable("no prediction was supplied, by a model or as a column")
    actual, predicted = _as_numbers(subject.evaluation[subject.roles.label]), subject.score
    rows = np.flatnonzero(np.isfinite(actual) & np.isfinite(predicted))
    weights = np.ones(len(rows)) if subject.weights is None else subject.weights[rows]
    if not len(rows) or weights.sum() <= 0:
        raise Inconclusive("no row has all that is needed: a number as label, a prediction, a weight above 0")
    sampling = subject.roles.weight_kind == "sampling"
    return Numbers(weights, sampling, rows=rows, actual=actual[rows], predicted=predicted[rows])


def _as_numbers(column: pd.Series) -> Array:
    numbers = pd.to_numeric(column, errors="coerce")
    return np.asarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))


def _of_numbers(numbers: Numbers, **of: str) -> Iterator[Measure]:
    errors = numbers.errors
    sizes, squares = np.abs(errors), errors**2
    yield _student(numbers, "mean_error", errors, of)
    yield _student(numbers, "mean_absolute_error", sizes, of, edge=0.0)
    root = float(np.sqrt(numbers.mean(squares)))
    influence = (squares - root**2) / (2 * root) if root else np.zeros(len(errors))
    yield _student(numbers, "root_mean_squared_error", influence + root, of, edge=0.0)
    yield _median(numbers, sizes, of)
    yield r2(numbers, **of)


def _student(
    numbers: Numbers, name: str, values: Array, of: dict[str, str], *, edge: float | None = None
) -> Measure:
    """Return the mean of *values*, which may stand for the influence of each row on another number."""
    means = Means.of_rows([(values, numbers.weights, numbers.n, numbers.effective)], edge)
    return one_mean(name, means, 0, Z, of=of, unit="proportion" if name == "r2" else UNIT, note=None)


def r2(numbers: Numbers, **of: str) -> Measure:
    """Return the share of the variance of the labels that the predictions explain."""
    middle = numbers.mean(numbers.actual)
    spread = numbers.mean((numbers.actual - middle) ** 2)
    if spread <= 1e-12 * middle**2:
        why = "all labels are alike, so there is no variance to explain"
        return undefined("r2", why, n=numbers.n, of=of)
    lost = numbers.mean(numbers.errors**2) / spread
    influence = (numbers.errors**2 - lost * (numbers.actual - middle) ** 2) / spread
    return _student(numbers, "r2", 1 - lost - influence, of, edge=1.0)


def _median(numbers: Numbers, sizes: Array, of: dict[str, str]) -> Measure:
    """Return the median error with the interval between two order statistics (exact for plain rows)."""
    order = np.argsort(sizes, kind="stable")
    ranked = sizes[order]
    upto = np.cumsum(numbers.weights[order])
    upto = upto / upto[-1]
    n, method = numbers.effective, f"order statistics {LEVEL:.0%}"
    value = float(ranked[np.searchsorted(upto, 0.5)])
    whole = int(n)
    first = int(binom.ppf(float(ndtr(-Z)), whole, 0.5))
    if first < 1:
        why = "needs six rows or more"
        return estimate(
            "median_absolute_error", value, None, None, numbers.n, of=of, unit=UNIT, method=method, note=why
        )
    low, high = (
        float(ranked[min(int(np.searchsorted(upto, share - 1e-12)), len(ranked) - 1)])
        for share in (first / whole, (whole - first + 1) / whole)
    )
    return estimate("median_absolute_error", value, low, high, numbers.n, of=of, unit=UNIT, method=method)


def _residuals(numbers: Numbers) -> Table:
    """Return what was predicted and what happened along the prediction."""
    order = np.argsort(numbers.predicted, kind="stable")
    predicted, actual, weights = (x[order] for x in (numbers.predicted, numbers.actual, numbers.weights))
    count = int(np.clip(len(order) // ROWS_PER_BIN, 1, BINS))
    cuts = np.unique(np.searchsorted(predicted, predicted[np.arange(count) * len(order) // count]))
    ends = [*cuts[1:], len(order)]
    rows = []
    for start, end in zip(cuts, ends, strict=True):
        part = slice(int(start), int(end))
        if weights[part].sum() > 0:
            means = (float(np.average(x[part], weights=weights[part])) for x in (predicted, actual))
            rows.append((float(predicted[part][0]), float(predicted[part][-1]), *means, float(end - start)))
    columns = ("predicted_from", "predicted_to", "mean_predicted", "mean_actual", "rows")
    return Table("residuals", columns, tuple(rows))


def _constant(subject: Subject, numbers: Numbers) -> tuple[str, Array, str]:
    training = _training(subject)
    if training is None:
        mean, where = numbers.mean(numbers.actual), "evaluation rows"
    else:
        mean, where = float(training[1].mean()), "training table"
    return "mean", np.full(len(numbers.rows), mean), f"always the mean of the {where}"


def _linear(subject: Subject, numbers: Numbers) -> tuple[str, Array, str]:
    training = _training(subject)
    answers, how = plain.answers(subject, numbers.rows, numbers.actual, plain.number, training)
    return "linear", answers, f"linear regression, {how}"


def _training(subject: Subject) -> tuple[pd.DataFrame, Array] | None:
    table, label = subject.training, subject.roles.label
    if table is None or label is None or not {label, *subject.roles.features} <= set(table.columns):
        return None
    actual = _as_numbers(table[label])
    known = np.isfinite(actual)
    return (table.loc[known, list(subject.roles.features)], actual[known]) if known.any() else None


def _over(numbers: Numbers, baseline: Numbers, of: dict[str, str], how: str) -> Measure:
    nearer = np.abs(numbers.errors) - np.abs(baseline.errors)
    name, bounds = "mean_absolute_error_over_baseline", (-np.inf, np.inf)
    found = mean_of(
        name, nearer, numbers.weights, numbers.effective, rows=numbers.n, bounds=bounds, unit=UNIT, of=of
    )
    return replace(found, method=f"{found.method}, paired", note=found.note or how)

"""Drift: are the people, the features and the outcomes still those that the system learnt from?

Compares the training table with the evaluation table and, where a `time` column was declared, the earlier
half of the evaluation rows with the later half (`of.case: over time`): every feature, the label and the score
(`of.case`), and the shares of groups (`of.attribute`). Three distances: the population stability index, total
variation, and for numbers the Kolmogorov-Smirnov distance.

Why it matters
    A system is as good as its test says only while it meets the people that it was tested on.

How to read it
    All three are 0 where nothing has shifted and, by chance alone, above 0 in any two samples. Therefore
    `population_stability_index` is the index less what chance adds; `plain_stability_index` is the figure as
    commonly printed, and its note says what chance adds. An interval of the index whose lower end is above 0
    shows a shift. Total variation is the share of rows that would have to change; its interval and that of
    the Kolmogorov-Smirnov distance are wide, since they hold whatever the distribution.

Limits
    Each column is looked at alone: a shift in how features go together is not seen. That data shift does not
    say that decisions are worse. Numbers of many values are cut at tenths of the earlier table; text of more
    than 50 values, and values that stand in fewer than 10 rows, share one bin. Slow and sudden changes look
    alike when halves are compared.

References
    Siddiqi, Credit Risk Scorecards, 2006. Yurdakul and Naranjo, Statistical Properties of the Population
    Stability Index, Journal of Risk Model Validation 14, 2020. Massart, Annals of Probability 18, 1990.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from checks.data.bins import as_numbers, binned, numeric
from checks.model import Array, Inconclusive, Kind, Measure, NotApplicable, Subject, check
from checks.sample import Weighed
from checks.statistics import LEVEL, estimate, undefined
from checks.statistics.shifts import Shift, kolmogorov_smirnov, kolmogorov_smirnov_half
from checks.values import group_values

FEWEST_ROWS = 30
"""A side, below which chance is larger than any shift that could be seen."""

UNREADABLE = "`{}` could not be read as times; write dates as 2026-01-31, or numbers that rise with time"


@dataclass(frozen=True, eq=False)
class _Pair:
    """One column before and after, and what their rows weigh."""

    columns: tuple[pd.Series[Any], pd.Series[Any]]
    weighed: tuple[Weighed, Weighed]
    of: dict[str, str]


@check
def drift(subject: Subject) -> Iterator[Measure]:
    """Compare training with evaluation, and earlier with later rows."""
    if subject.training is None and subject.roles.time is None:
        raise NotApplicable(
            "nothing to compare with: supply the training table as `data.training`, or name a `time` column"
        )
    told_any = False
    if subject.training is not None:
        yield from _untold(subject, subject.training)
        for pair in _since_training(subject, subject.training):
            told_any = True
            yield from _shift(pair)
    if subject.roles.time is not None:
        yield from _times(subject)
        for pair in _over_time(subject):
            told_any = True
            yield from _shift(pair)
    if not told_any and subject.training is None and subject.rows and not _readable(subject):
        raise Inconclusive(UNREADABLE.format(subject.roles.time))
    if not told_any:
        raise Inconclusive(f"fewer than {FEWEST_ROWS} rows on one side; supply more rows")


def _since_training(subject: Subject, training: pd.DataFrame) -> Iterator[_Pair]:
    tables = training, subject.evaluation
    if min(map(len, tables)) < FEWEST_ROWS:
        return
    weighed = _weighed(subject, training), _weighed(subject, subject.evaluation)
    yield from _pairs(subject, tables, weighed, "")
    if subject.training_score is not None and subject.score is not None:
        scores = pd.Series(subject.training_score), pd.Series(subject.score)
        yield _Pair(scores, weighed, {"case": "score"})


def _untold(subject: Subject, training: pd.DataFrame) -> Iterator[Measure]:
    """Yield a number without a value for each attribute that the training table lacks."""
    for attribute in subject.attributes:
        if attribute not in training.columns:
            why, of = "the training table has no such column", {"attribute": attribute}
            yield undefined("population_stability_index", why, n=len(training), of=of, unit="index")


def _weighed(subject: Subject, table: pd.DataFrame) -> Weighed:
    name = subject.roles.weight
    if name is None or name not in table.columns:
        return Weighed(np.ones(len(table)), False)
    return Weighed(as_numbers(table[name]), subject.roles.weight_kind == "sampling")


def _pairs(
    subject: Subject,
    tables: tuple[pd.DataFrame, pd.DataFrame],
    weighed: tuple[Weighed, Weighed],
    when: str,
) -> Iterator[_Pair]:
    """Yield every feature, the label and the groups that both tables have."""
    first, second = tables
    also = {"case": when} if when else {}
    for name in subject.roles.features:
        yield _Pair((first[name], second[name]), weighed, {"feature": name, **also})
    label = subject.roles.label
    if label is not None and label in first.columns:
        yield _Pair((first[label], second[label]), weighed, {"case": f"label {when}".strip()})
    for attribute in subject.attributes:
        if attribute in first.columns:
            groups = (pd.Series(group_values(table[attribute], attribute, subject.roles)) for table in tables)
            yield _Pair((next(groups), next(groups)), weighed, {"attribute": attribute, **also})


def _times(subject: Subject) -> Iterator[Measure]:
    name = subject.roles.time
    assert name is not None
    unread = int(np.isnan(_as_times(subject.evaluation[name])).sum())
    share = unread / subject.rows if subject.rows else 0.0
    how = "rows whose time is missing or could not be read; compared with nobody"
    of = {"column": name}
    yield Measure("time_not_read_share", share, n=float(subject.rows), of=of, kind=Kind.EXACT, method=how)


def _readable(subject: Subject) -> bool:
    return not bool(np.isnan(_as_times(subject.evaluation[subject.roles.time])).all())


def _as_times(column: pd.Series[Any]) -> Array:
    """Return times as numbers that rise, NaN where one cannot be read."""
    if numeric(column):
        return as_numbers(column)
    read = pd.to_datetime(column, errors="coerce", format="ISO8601", utc=True)
    return np.where(read.isna(), np.nan, read.astype("int64").to_numpy(dtype=np.float64))


def _over_time(subject: Subject) -> Iterator[_Pair]:
    """Yield the columns of the earlier and of the later half of the evaluation rows."""
    name = subject.roles.time
    assert name is not None
    times = _as_times(subject.evaluation[name])
    known = np.sort(times[~np.isnan(times)])
    if not len(known):
        return
    middle = known[len(known) // 2]
    earlier = times < middle if known[0] < middle else times <= middle  # equal times stay together
    later = ~earlier & ~np.isnan(times)
    if min(earlier.sum(), later.sum()) < FEWEST_ROWS:
        return
    tables = subject.evaluation.loc[earlier], subject.evaluation.loc[later]
    weighed = _weighed(subject, tables[0]), _weighed(subject, tables[1])
    yield from _pairs(subject, tables, weighed, "over time")
    if subject.score is not None:
        scores = pd.Series(subject.score[earlier]), pd.Series(subject.score[later])
        yield _Pair(scores, weighed, {"case": "score over time"})


def _shift(pair: _Pair) -> Iterator[Measure]:
    """Yield the distances of one column."""
    before, after = pair.weighed
    n, of = before.n + after.n, pair.of
    if min(before.effective, after.effective) <= 0:
        for name in ("population_stability_index", "total_variation"):
            yield undefined(name, "the weights of one side are all 0", n=n, of=of)
        return
    shift = _binned(pair)
    low, high = shift.index_limits()
    bins, chance = len(shift.before), shift.by_chance
    how = f"{bins} bins, noncentral chi-square {LEVEL:.0%}"
    yield estimate("population_stability_index", shift.index, low, high, n, of=of, unit="index", method=how)
    yield Measure(
        "plain_stability_index",
        shift.plain_index,
        n=n,
        of=dict(of),
        kind=Kind.EXACT,
        unit="index",
        method=f"{bins} bins, half a row added to each",
        note=f"chance alone gives {chance:.4f} on average",
    )
    expected, low, high = shift.variation_limits()
    note = f"chance alone gives up to {expected:.3f} on average"
    how = f"{bins} bins, McDiarmid {LEVEL:.0%}"
    yield estimate("total_variation", shift.variation, low, high, n, of=of, method=how, note=note)
    if all(numeric(column) for column in pair.columns):
        yield _distance(pair)


def _binned(pair: _Pair) -> Shift:
    bins = binned(pair.columns, weights=pair.weighed[0].weights)
    before, after = (
        np.bincount(mine, side.weights, minlength=bins.size) * side.effective_share
        for mine, side in zip(bins.of_row, pair.weighed, strict=True)
    )
    return Shift(before, after)


def _distance(pair: _Pair) -> Measure:
    """Return the Kolmogorov-Smirnov distance of the numbers that are not missing."""
    values = [as_numbers(column) for column in pair.columns]
    known = [~np.isnan(each) for each in values]
    sides = [
        Weighed(side.weights[mine], side.sampling) for side, mine in zip(pair.weighed, known, strict=True)
    ]
    sizes, n = (sides[0].effective, sides[1].effective), sides[0].n + sides[1].n
    method = f"Dvoretzky-Kiefer-Wolfowitz {LEVEL:.0%}"
    if min(sizes) <= 0:
        why = "one side has no values"
        return undefined("kolmogorov_smirnov", why, n=n, of=pair.of, method=method)
    first, second = (each[mine] for each, mine in zip(values, known, strict=True))
    plain = all(bool((side.weights == 1).all()) for side in sides)
    value = kolmogorov_smirnov(first, second, None if plain else (sides[0].weights, sides[1].weights))
    half = kolmogorov_smirnov_half(sizes)
    low, high = max(value - half, 0.0), min(value + half, 1.0)
    return estimate("kolmogorov_smirnov", value, low, high, n, of=pair.of, method=method)

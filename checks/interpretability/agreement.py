"""Agreement of methods: do two ways to rank the features say the same?

Features are ranked by their mean absolute Shapley contribution, and by what shuffling them among the rows
costs (the rise of the squared error; without a label, the mean absolute change of the answer). Features
matter that make up at least a hundredth of the whole by either count. `one_sided_share` is the share of these
of which the interval of one count reaches 0. `rank_correlation` is how alike the two orders of the others
are, `top_overlap` the share of the leading features, of all that matter, that both have in common.

Why it matters
    Where methods disagree on what matters, a report that shows one of them shows a choice.

How to read it
    1 is the same order, 0 none in common. The interval resamples people and rows. Disagreement is not an
    error: shuffling tells what a feature is *worth* for right answers, contributions what it *moves*. A
    feature that moves answers without making them better has no cost that is told from 0: it is one-sided,
    and in no order, since its place there would be chance.

Limits
    A rank correlation of few features takes few values; of fewer than four none is given. Features that
    carry the same information hide each other from both methods. At most `rows` people are explained.

References
    Krishna et al., The Disagreement Problem in Explainable Machine Learning, TMLR 2024; Fisher, Rudin and
    Dominici, JMLR 20 (177), 2019.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.answered import answered, beside, told_without, without
from checks.interpretability.asking import resampled_means, shares
from checks.interpretability.explained import Explained, explained, rank_correlations
from checks.model import Array, Inconclusive, Kind, Measure, Subject, Table, Task, check
from checks.statistics import LEVEL, estimate, undefined
from checks.values import as_text

STREAM = 84  # keeps this check's random numbers apart from every other's
MATTERS = 0.01
"""Part of the whole from which a feature counts."""
TOP = 5
"""Leading features that are compared."""
ORDERED = 4
"""Features from which an order is compared: three have only six."""
CELLS = 4_000_000
"""Values in one question."""


@check(asks_model=True)
def agreement(
    subject: Subject,
    *,
    rows: int = 100,
    background: int = 50,
    shuffled: int = 500,
    evaluations: int = 500_000,
) -> Iterator[Measure | Table]:
    """Rank the features in two ways, and compare the orders."""
    rng = np.random.default_rng([subject.seed, STREAM])
    found = explained(subject, rng, rows=rows, background=background, evaluations=evaluations)
    moved = np.abs(found.explain(found.people, found.background, [subject.seed, STREAM, 1]))
    known = answered(moved)
    moved, lost = moved[known], int((~known).sum())
    yield from without(lost, len(known), found.way.pairs, (found.people, known))
    cost = _costs(subject, found, shuffled, rng)
    parts = np.nan_to_num(np.stack([shares(moved.mean(axis=0)), shares(cost.mean(axis=0))]))
    counts = np.flatnonzero((parts >= MATTERS).any(axis=0))
    if not len(counts):
        raise Inconclusive("no feature moves the answers, so there is no order to compare")
    how = f"percentile {LEVEL:.0%} of resampled rows; shuffled among {len(cost)} rows; {found.how}"
    how = beside(how, found.way.pairs.told, told_without(lost))
    first, second = (resampled_means(values[:, counts], rng) for values in (moved, cost))
    means = parts[:, counts]
    edge = (1 - LEVEL) / 2
    clear = np.all([np.quantile(drawn, edge, axis=0) > 0 for drawn in (first, second)], axis=0)
    yield _correlation(means[:, clear], first[:, clear], second[:, clear], how)
    yield _overlap(means, first, second, how)
    yield Measure(
        "one_sided_share", float((~clear).mean()), n=float(len(clear)), kind=Kind.EXACT,
        unit="proportion", method=how,
    )  # fmt: skip


def _costs(subject: Subject, found: Explained, most: int, rng: np.random.Generator) -> Array:
    """Return what shuffling each feature costs each row, of shape (rows, features)."""
    features = len(subject.roles.features)
    chosen = sample_rows(subject.rows, min(most, max(20, CELLS // features**2)), subject.decision, rng)
    asked = subject.features.iloc[chosen].reset_index(drop=True)
    base = found.output(asked)
    answers = np.empty((len(asked), features))
    for j in range(features):
        name = asked.columns[j]
        others = asked.iloc[:, j].iloc[rng.permutation(len(asked))].reset_index(drop=True)
        answers[:, j] = found.output(asked.assign(**{name: others}))
    known = answered(answers, base)
    chosen, answers, base = chosen[known], answers[known], base[known]
    truth = _truth(subject, chosen, probability=found.output.is_probability)
    if truth is None:
        return np.abs(answers - base[:, None])
    return np.asarray((answers - truth[:, None]) ** 2 - ((base - truth) ** 2)[:, None])


def _truth(subject: Subject, rows: Array, *, probability: bool) -> Array | None:
    """Return what the answers should have been; None where nobody knows, or where they say it otherwise."""
    label = subject.roles.label
    if label is None or subject.task in (Task.MULTICLASS, Task.SCORING):
        return None
    values = subject.evaluation[label].iloc[rows]
    if subject.task is Task.BINARY and probability:
        right = (as_text(values) == subject.roles.positive).astype(np.float64)
        return right if values.notna().all() else None
    if subject.task is Task.REGRESSION:
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        return numbers if np.isfinite(numbers).all() else None
    return None


def _correlation(means: Array, first: Array, second: Array, how: str) -> Measure:
    name, unit = "rank_correlation", "rank correlation"
    enough = means.shape[1] >= ORDERED
    value = float(rank_correlations(means[:1], means[1:])[0]) if enough else np.nan
    if not np.isfinite(value):
        why = f"fewer than {ORDERED} features matter by both counts"
        return undefined(name, why, n=means.shape[1], unit=unit, method=how)
    drawn = rank_correlations(first, second)
    return _estimate(name, value, drawn[np.isfinite(drawn)], n=means.shape[1], unit=unit, how=how)


def _overlap(means: Array, first: Array, second: Array, how: str) -> Measure:
    size = max(1, min(TOP, means.shape[1] // 2))
    value = float(_common(means[:1], means[1:], size)[0])
    return _estimate("top_overlap", value, _common(first, second, size), n=size, unit="proportion", how=how)


def _estimate(name: str, value: float, drawn: Array, *, n: int, unit: str, how: str) -> Measure:
    edge = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [edge, 1 - edge])
    return estimate(name, value, float(low), float(high), n, unit=unit, method=how)


def _common(one: Array, other: Array, size: int) -> Array:
    """Return the share of the leading *size* columns that two rows have in common."""
    leading = [_leading(values, size) for values in (one, other)]
    return np.asarray((leading[0] & leading[1]).sum(axis=1) / size)


def _leading(values: Array, size: int) -> Array:
    order = np.argsort(-values, axis=1, kind="stable")[:, :size]
    which = np.zeros(values.shape, dtype=bool)
    np.put_along_axis(which, order, values=True, axis=1)
    return which

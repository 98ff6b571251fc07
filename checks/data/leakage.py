"""Leakage: has the system seen the answers before it is tested?

Counts evaluation rows that stand in the training data: alike in every column that both tables have
(`identical_row_share`), alike in every feature, so that dropping identifiers or dates does not hide a copy
(`same_features_share`), and alike in features with another label (`conflicting_across_share`). Within each
table (`of.table`): rows with a twin (`twin_share`) and with a twin of another label
(`conflicting_label_share`). `excess_twin_share` is what evaluation rows have of twins in training beyond what
training rows have among themselves. `single_feature_auc` is how well one feature alone foretells the label.

Why it matters
    A system that was tested on what it learnt has shown memory and not skill. A feature that is written down
    after the outcome, or because of it, is perfect in every test and absent in use.

How to read it
    People can be alike without being the same: with few columns, twins are expected. An evaluation drawn
    apart from the training data should have as many twins there as training rows have among themselves, so
    read the excess, and its interval, before the share. A single feature with an AUC near 1 tells the label
    by itself: ask when it was recorded. The AUC is that of shares of values on held-back rows; with several
    classes of the class told best, for numbers of being above the median.

Limits
    Rows that were copied and then changed slightly are not found. Training data that were duplicated on
    purpose (oversampling) hide an excess. A leak spread over several features is not seen one by one. The
    interval of a share takes rows as drawn one by one, and counts of rows take no weights.

References
    Kaufman et al., Leakage in Data Mining, KDD 2011. Kapoor and Narayanan, Leakage and the Reproducibility
    Crisis, Patterns 4, 2023. Newcombe, Statistics in Medicine 17, 1998.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from checks.data.bins import as_numbers, binned
from checks.data.folds import held_out_shares, parts
from checks.data.numbering import numbers_rows, without_numbering
from checks.data.rows import row_keys
from checks.data.single import best_told, questions, told_apart
from checks.model import NOT_STATED, Array, Inconclusive, Kind, Measure, NotApplicable, Subject, Task, check
from checks.sample import Weighed
from checks.statistics import LEVEL, Aucs, estimate, undefined, wilson, wilson_limits
from checks.values import as_text

STREAM = 33  # keeps this check's random numbers apart from every other's
MOST_CATEGORIES = 200
NO_TRAINING = "no training table was supplied, as `data.training`"


@check
def leakage(subject: Subject, *, rows: int = 20_000) -> Iterator[Measure]:
    """Count copies and contradictions within and across tables, and features that tell the label."""
    if not subject.roles.features:
        raise NotApplicable("no feature columns were supplied; name what the model is given under `features`")
    if not subject.rows:
        raise Inconclusive("the evaluation table has no rows")
    training = subject.training if subject.training is not None and len(subject.training) else None
    tables = [subject.evaluation] if training is None else [subject.evaluation, training]
    told, _ = without_numbering(subject.evaluation, subject.roles.features, subject.roles)
    twins = row_keys(tables, told)
    yield from _within(subject, tables, twins)
    yield from _across(subject, training, twins)
    yield from _told_by_one(subject, rows)


def _within(subject: Subject, tables: Sequence[pd.DataFrame], twins: Sequence[Array]) -> Iterator[Measure]:
    """Yield the twins of each table, and those that carry another label."""
    for name, table, keys in zip(("evaluation", "training"), tables, twins, strict=False):
        of = {"table": name}
        yield wilson("twin_share", int(_with_twin(keys).sum()), len(keys), of=of)
        labels = _labels(subject, table)
        if labels is None:
            yield undefined("conflicting_label_share", "the table has no label column", n=len(keys), of=of)
            continue
        known = labels >= 0
        yield wilson(
            "conflicting_label_share", int(_contradicted(keys, labels).sum()), int(known.sum()), of=of
        )


def _with_twin(keys: Array) -> Array:
    return np.asarray(np.bincount(keys)[keys] > 1)


def _labels(subject: Subject, table: pd.DataFrame) -> Array | None:
    """Return each row's label by number, -1 where it is missing; None without a label column."""
    label = subject.roles.label
    if label is None or label not in table.columns:
        return None
    codes = np.asarray(pd.factorize(as_text(table[label]))[0])
    return np.where(table[label].isna(), -1, codes)


def _contradicted(keys: Array, labels: Array) -> Array:
    """Say of each row with a label whether a twin has another one."""
    known = labels >= 0
    size = int(keys.max()) + 1
    lowest, highest = np.full(size, labels.max(initial=0) + 1), np.full(size, -1)
    np.minimum.at(lowest, keys[known], labels[known])
    np.maximum.at(highest, keys[known], labels[known])
    return np.asarray(known & (lowest[keys] < highest[keys]))


def _across(subject: Subject, training: pd.DataFrame | None, twins: Sequence[Array]) -> Iterator[Measure]:
    """Yield what evaluation rows share with training rows."""
    names = ("identical_row_share", "same_features_share", "conflicting_across_share", "excess_twin_share")
    if training is None:
        for name in names:
            yield undefined(name, NO_TRAINING, n=subject.rows)
        return
    common = [name for name in subject.evaluation.columns if name in training.columns]
    others = [
        name
        for name in common
        if name not in subject.roles.features and not numbers_rows(subject.evaluation, name, subject.roles)
    ]
    rest = row_keys([subject.evaluation, training], others)
    alike = [pd.DataFrame({"features": key, "others": other}) for key, other in zip(twins, rest, strict=True)]
    whole = row_keys(alike, ["features", "others"])
    shared = np.isin(twins[0], twins[1])
    identical, note = int(np.isin(whole[0], whole[1]).sum()), f"{len(common)} columns stand in both tables"
    yield wilson("identical_row_share", identical, subject.rows, note=note)
    yield _count("identical_rows", identical, subject.rows)
    yield wilson("same_features_share", int(shared.sum()), subject.rows)
    yield _count("same_features_rows", int(shared.sum()), subject.rows)
    yield _conflicts(subject, training, twins)
    yield _excess(shared, _with_twin(twins[1]))


def _count(name: str, value: int, n: int) -> Measure:
    return Measure(name, float(value), n=float(n), kind=Kind.EXACT, unit="rows", method="count")


def _conflicts(subject: Subject, training: pd.DataFrame, twins: Sequence[Array]) -> Measure:
    """Return the share of evaluation rows with a training twin of another label."""
    name, label = "conflicting_across_share", subject.roles.label
    if label is None or label not in training.columns:
        return undefined(name, "both tables need the label column", n=subject.rows)
    mine, theirs = (_known(table[label]) for table in (subject.evaluation, training))
    text = [as_text(table[label]) for table in (subject.evaluation, training)]
    both = pd.factorize(np.concatenate(text))[0]
    labels = both[: subject.rows], both[subject.rows :]
    size = int(max(keys.max() for keys in twins)) + 1
    lowest, highest = np.full(size, both.max() + 1), np.full(size, -1)
    np.minimum.at(lowest, twins[1][theirs], labels[1][theirs])
    np.maximum.at(highest, twins[1][theirs], labels[1][theirs])
    seen = highest[twins[0]] >= 0
    other = (lowest[twins[0]] != labels[0]) | (highest[twins[0]] != labels[0])
    return wilson(name, int((mine & seen & other).sum()), int(mine.sum()))


def _known(column: pd.Series[float]) -> Array:
    return np.asarray(column.notna())


def _excess(shared: Array, expected: Array) -> Measure:
    """Return how many more evaluation rows have a training twin than training rows have (Newcombe)."""
    shares = np.array([shared.mean(), expected.mean()])
    low, high = wilson_limits(shares, np.array([len(shared), len(expected)]))
    value = float(shares[0] - shares[1])
    below = float(np.hypot(shares[0] - low[0], high[1] - shares[1]))
    above = float(np.hypot(high[0] - shares[0], shares[1] - low[1]))
    method = f"less the share of training rows with a twin in training, Newcombe {LEVEL:.0%}"
    return estimate("excess_twin_share", value, value - below, value + above, len(shared), method=method)


def _told_by_one(subject: Subject, most: int) -> Iterator[Measure]:
    """Yield how well each feature by itself foretells the label, and the highest of all."""
    found = _target(subject)
    if found is None:
        yield undefined("highest_single_feature_auc", "no label column was supplied", n=subject.rows)
        return
    target, known = found
    weights = np.ones(subject.rows) if subject.weights is None else subject.weights
    names = list(subject.roles.features)
    chosen = parts(subject.evaluation, names, known & (weights > 0), most, [subject.seed, STREAM])
    people = Weighed(weights[chosen.rows], subject.roles.weight_kind == "sampling")
    mine, classes = target[chosen.rows], int(target.max(initial=0)) + 1
    told = questions(mine, classes, people)
    usable = int((known & (weights > 0)).sum())
    note = f"{len(chosen.rows)} of {usable} rows" if len(chosen.rows) < usable else None
    every: list[Aucs] = []
    alone: list[Measure] = []
    for name in names:
        column = subject.evaluation[name].iloc[chosen.rows]
        bins = binned([column], most=MOST_CATEGORIES, weights=people.weights)
        scores = held_out_shares(bins, mine, classes, chosen, people.weights)
        every.append(told_apart(scores, mine, chosen, people, told))
        alone.append(best_told("single_feature_auc", every[-1], people, of={"feature": name}, note=note))
    yield from sorted(alone, key=lambda one: -(one.value or 0.0))  # a reader looks for the strongest
    fields = ("value", "positives", "negatives", "n")
    together = Aucs(*(np.concatenate([getattr(aucs, field) for aucs in every]) for field in fields))
    yield best_told("highest_single_feature_auc", together, people, of={}, note=note)


def _target(subject: Subject) -> tuple[Array, Array] | None:
    """Return the class of each label by number, in name order, and whether it is known."""
    label = subject.roles.label
    if label is None:
        return None
    column = subject.evaluation[label]
    if subject.task is Task.REGRESSION:
        values = as_numbers(pd.to_numeric(column, errors="coerce"))
        known = np.isfinite(values)
        middle = float(np.median(values[known])) if known.any() else 0.0
        return (values > middle).astype(np.int64), known
    text = as_text(column).astype(str)
    known = text != NOT_STATED
    target = np.zeros(len(text), dtype=np.int64)
    target[known] = np.unique(text[known], return_inverse=True)[1]
    return target, known

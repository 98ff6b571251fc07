"""What a model is held against: naming the commonest class, and a plain logistic regression."""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.model import NOT_STATED, Array, Subject
from checks.sample import Sample
from checks.values import as_text

MOST_ROWS = 20_000
"""Rows that the logistic regression is fitted on; more are sampled with the audit's seed."""

MOST_CATEGORIES = 30
STREAM = 101
"""The fixed part of the seed of this module."""


@dataclass(frozen=True, eq=False)
class Baseline:
    """A baseline's answers for the rows of a sample, and how it was made."""

    model: str
    answers: Sample
    how: str


class NoBaseline(Exception):
    """Why the baseline cannot be made."""


def majority(subject: Subject, sample: Sample) -> Baseline:
    """Answer the commonest class, and its share as score."""
    training = _training(subject)
    if training is None:
        base, where = float(np.average(sample.actual, weights=sample.weights)), "evaluation rows"
    else:
        base, where = float(training[1].mean()), "training table"
    answers = dataclasses.replace(
        sample, predicted=np.full(len(sample.rows), base >= 0.5), score=np.full(len(sample.rows), base)
    )
    return Baseline("majority", answers, f"always the commonest class of the {where}")


def logistic(subject: Subject, sample: Sample) -> Baseline:
    """Answer by a logistic regression on the model's own features, standardised and one-hot."""
    if not subject.roles.features:
        raise NoBaseline("no feature columns were supplied, so no baseline can be fitted")
    rng = np.random.default_rng([subject.seed, STREAM])
    evaluation = _plain(subject.features.iloc[sample.rows])
    training = _training(subject)
    if training is not None:
        table, actual = training
        which = _some(rng, len(actual))
        score = _fit_predict(_plain(table).iloc[which], actual[which], evaluation)
        how = f"logistic regression fitted on {len(which)} rows of the training table"
    else:
        folds = min(5, int(sample.actual.sum()), int((~sample.actual).sum()))
        if folds < 2:
            raise NoBaseline("needs two rows or more of both classes to fit a baseline")
        score = _cross_fit(rng, evaluation, sample.actual, folds)
        how = f"logistic regression, {folds}-fold cross-validated on the evaluation rows (no training table)"
    answers = dataclasses.replace(sample, predicted=score >= 0.5, score=score)
    return Baseline("logistic", answers, how)


def _training(subject: Subject) -> tuple[pd.DataFrame, Array] | None:
    """Return training features and labels; None where there are none, or of one class only."""
    table, label = subject.training, subject.roles.label
    needed = {label, *subject.roles.features}
    if table is None or label is None or not needed <= set(table.columns):
        return None
    text = as_text(table[label])
    known = text != NOT_STATED
    actual = text[known] == subject.roles.positive
    if not actual.any() or actual.all():
        return None
    return table.loc[known, list(subject.roles.features)], actual


def _some(rng: np.random.Generator, rows: int) -> Array:
    if rows <= MOST_ROWS:
        return np.arange(rows)
    return np.sort(rng.choice(rows, size=MOST_ROWS, replace=False))


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return numbers as float64 (infinities missing) and everything else as text."""
    columns = {}
    for name in table.columns:
        values = table[name]
        if pd.api.types.is_numeric_dtype(values):
            numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
            columns[name] = np.where(np.isfinite(numbers), numbers, np.nan)
        else:
            columns[name] = as_text(values)
    return pd.DataFrame(columns)


def _cross_fit(rng: np.random.Generator, table: pd.DataFrame, actual: Array, folds: int) -> Array:
    """Score each row by a fit on the other folds; folds are drawn within each class."""
    fold = np.empty(len(actual), dtype=np.int64)
    for side in (actual, ~actual):
        members = rng.permutation(np.flatnonzero(side))
        fold[members] = np.arange(len(members)) % folds
    score = np.empty(len(actual))
    for k in range(folds):
        others = np.flatnonzero(fold != k)
        fitted = others[_some(rng, len(others))]
        score[fold == k] = _fit_predict(table.iloc[fitted], actual[fitted], table.iloc[fold == k])
    return score


def _fit_predict(table: pd.DataFrame, actual: Array, asked: pd.DataFrame) -> Array:
    from sklearn.compose import ColumnTransformer
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from threadpoolctl import threadpool_limits

    # a column that is a number in one table and text in the other is text in both
    numbers = [c for c in table if all(pd.api.types.is_numeric_dtype(frame[c]) for frame in (table, asked))]
    texts = [c for c in table if c not in numbers]
    table, asked = (frame.astype(dict.fromkeys(texts, str)) for frame in (table, asked))
    numeric = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    onehot = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES)
    model = make_pipeline(
        ColumnTransformer([("numbers", numeric, numbers), ("texts", onehot, texts)]),
        LogisticRegression(max_iter=1000),
    )
    with warnings.catch_warnings(), threadpool_limits(1):  # one thread: sums in one order
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", UserWarning)  # categories that the fit never saw are coded as none
        model.fit(table, actual)
        return np.asarray(model.predict_proba(asked)[:, 1], dtype=np.float64)

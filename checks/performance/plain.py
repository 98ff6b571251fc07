"""The plain model that anybody would try first, fitted on what the system itself was given."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from checks.model import Array, Subject
from checks.values import as_text

MOST_ROWS = 20_000
"""Rows that a plain model is fitted on; more are sampled with the audit's seed."""

FOLDS = 5
MOST_CATEGORIES = 30
STREAM = 101
"""The fixed part of the seed of this module."""

Fit = Callable[[pd.DataFrame, Array, pd.DataFrame], Array]
"""Fit on a table and its labels, and answer for another table."""


class NoBaseline(Exception):
    """Why the baseline cannot be made."""


def answers(
    subject: Subject, rows: Array, actual: Array, fit: Fit, training: tuple[pd.DataFrame, Array] | None
) -> tuple[Array, str]:
    """Return what *fit* answers for the evaluation rows at *rows*, and how it was fitted.

    It is fitted on *training* (features and labels); without it, cross-validated on the evaluation rows.
    """
    if not subject.roles.features:
        raise NoBaseline("no feature columns were supplied, so no baseline can be fitted")
    rng = np.random.default_rng([subject.seed, STREAM])
    evaluation = plain(subject.features.iloc[rows])
    if training is not None:
        table, known = training
        which = _some(rng, len(known))
        return fit(plain(table).iloc[which], known[which], evaluation), (
            f"fitted on {len(which)} rows of the training table"
        )
    fold, folds = _folds(rng, actual)
    found = [
        fit(evaluation.iloc[others], actual[others], evaluation.iloc[fold == k])
        for k, others in ((k, _others(rng, fold, k)) for k in range(folds))
    ]
    answer = np.empty((len(actual), *found[0].shape[1:]), dtype=found[0].dtype)
    for k, part in enumerate(found):
        answer[fold == k] = part
    return answer, f"{folds}-fold cross-validated on the evaluation rows (no training table)"


def _folds(rng: np.random.Generator, actual: Array) -> tuple[Array, int]:
    """Return each row's fold, drawn within each class where *actual* is one of few."""
    numbers = actual.dtype.kind == "f"
    classes = (
        [np.arange(len(actual))] if numbers else [np.flatnonzero(actual == c) for c in np.unique(actual)]
    )
    folds = min(FOLDS, *(len(members) for members in classes))
    if folds < 2 or (len(classes) < 2 and not numbers):
        raise NoBaseline(
            "needs two rows or more to fit a baseline"
            if numbers
            else "needs two rows or more of every class to fit a baseline"
        )
    fold = np.empty(len(actual), dtype=np.int64)
    for members in classes:
        drawn = rng.permutation(members)
        fold[drawn] = np.arange(len(drawn)) % folds
    return fold, folds


def _others(rng: np.random.Generator, fold: Array, k: int) -> Array:
    others = np.flatnonzero(fold != k)
    return others[_some(rng, len(others))]


def _some(rng: np.random.Generator, rows: int) -> Array:
    if rows <= MOST_ROWS:
        return np.arange(rows)
    return np.sort(rng.choice(rows, size=MOST_ROWS, replace=False))


def plain(table: pd.DataFrame) -> pd.DataFrame:
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


def chance_of_yes(table: pd.DataFrame, actual: Array, asked: pd.DataFrame) -> Array:
    """Answer probabilities of True by a logistic regression."""
    return chances(table, actual, asked)[:, 1]


def chances(table: pd.DataFrame, actual: Array, asked: pd.DataFrame) -> Array:
    """Answer probabilities of the sorted classes by a (multinomial) logistic regression."""
    from sklearn.linear_model import LogisticRegression

    return _fitted(LogisticRegression(max_iter=1000), "predict_proba", table, actual, asked)


def number(table: pd.DataFrame, actual: Array, asked: pd.DataFrame) -> Array:
    """Answer numbers by a linear regression, held together by a ridge of 1."""
    from sklearn.linear_model import Ridge

    return _fitted(Ridge(), "predict", table, actual, asked)


def _fitted(model: Any, ask: str, table: pd.DataFrame, actual: Array, asked: pd.DataFrame) -> Array:
    """Fit *model* on standardised numbers and one-hot texts, and *ask* it."""
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(1):  # one thread: sums in one order
        warnings.simplefilter("ignore", ConvergenceWarning)
        inside, outside = encoded(table, asked)
        model.fit(inside, actual)
        return np.asarray(getattr(model, ask)(outside), dtype=np.float64)


def encoded(table: pd.DataFrame, asked: pd.DataFrame) -> tuple[Any, Any]:
    """Return both tables as standardised numbers and one-hot texts, as learned from *table* alone."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    # a column that is a number in one table and text in the other is text in both
    numbers = [c for c in table if all(pd.api.types.is_numeric_dtype(frame[c]) for frame in (table, asked))]
    texts = [c for c in table if c not in numbers]
    table, asked = (frame.astype(dict.fromkeys(texts, str)) for frame in (table, asked))
    numeric = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    onehot = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES)
    both = ColumnTransformer([("numbers", numeric, numbers), ("texts", onehot, texts)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # categories that were never seen are coded as none
        return both.fit_transform(table), both.transform(asked)

"""Categories that the model's file does not list: it answers for them as for none that it knows.

An encoder that ignores what it was not trained on gives such a row the same answer as any other value that
it does not know, and what is credited to the column is then of no category. Values are never told.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from checks.draw import sample_rows
from checks.model import Measure, ModelError, Subject
from checks.statistics import estimate, undefined, wilson

NAME, OF_COLUMN = "unseen_category_share", "feature_unseen_category_share"
ROWS = 5000
"""Rows that are looked up in the lists of the file."""


def unseen(subject: Subject, rng: np.random.Generator) -> Iterator[Measure]:
    """Yield, per column of which the file has a list, the share of rows with a category that is not in it."""
    inside, features = subject.inside, subject.roles.features
    if inside is None or not inside.memory.lists:
        yield undefined(NAME, "no file of a model was supplied that lists the categories of a column")
        return
    at = sample_rows(subject.rows, ROWS, None, rng)
    rows = subject.features.iloc[at].reset_index(drop=True)
    try:
        told = inside.listed(rows)
    except ModelError as why:
        yield undefined(NAME, f"the lists of the file could not be read: {why}")
        return
    strange = (told == 0) & rows.notna().to_numpy()
    yield _share(NAME, float(strange.any(axis=1).sum()), len(at), subject.rows, {})
    for j in np.flatnonzero(np.isfinite(told).any(axis=0)):
        of = {"feature": str(features[j])}
        yield _share(OF_COLUMN, float(strange[:, j].sum()), len(at), subject.rows, of)


def _share(name: str, count: float, asked: int, whole: int, of: dict[str, str]) -> Measure:
    if asked < whole:
        return wilson(name, count, asked, of=of, note=f"{asked} of {whole} rows looked up, drawn at random")
    share = count / asked
    return estimate(name, share, share, share, asked, of=of, method="every row looked up in the file's lists")

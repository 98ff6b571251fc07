"""Ask a model about a table in a way that gives the table away as little as can be.

Rows are shuffled, mixed with decoys and sent in batches of irregular size, all drawn from the seed of the
audit and the bytes of the table: neither the order of the file, nor its first row, nor its length tells a
model that it is audited.
A decoy takes every value from one of two rows of the table, so that no column ever holds a value that it
does not hold in the file. What a model says of decoys is counted and thrown away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd

from auditor.submission import Submission
from checks.interpretability.attribution import mixed
from checks.model import Array, Model, ModelError

STREAM = 701
"""The fixed part of the seed: keeps these random numbers apart from every other's."""
DECOYS = 0.25
"""Decoys sent for each row of the table: a fifth of all that is asked."""
BATCH = 40_000
"""Rows of a large batch; a small table is cut into three parts all the same."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What a model answered, in the order of the table, and how it was asked."""

    values: Array
    """Of shape (rows, numbers a row)."""
    decoys: int
    batches: int
    note: str | None = None


def asking_seed(submission: Submission) -> int:
    """Return the seed of how a model is asked and probed: from the audit's own and the bytes of its table.

    A model may guess the audit's: it is 0 unless somebody chose one. Guessed, it would tell which rows are
    decoys and which are asked again. It cannot know the digest without the whole file, labels and all.
    """
    assert submission.data is not None
    text = f"{submission.seed} {submission.data.evaluation.digest}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def ask(model: Model, X: pd.DataFrame, seed: int, *, probabilities: bool, stream: int = 0) -> Asked:
    """Return what *model* answers about each row of *X*; *stream* keeps two tables of one audit apart."""
    rng = np.random.default_rng([seed, STREAM, stream])
    decoys = ceil(DECOYS * len(X)) if len(X) > 1 else 0
    try:
        values, batches = _asked(model, X, decoys, rng, probabilities=probabilities)
    except ModelError:
        once(
            model, X, probabilities=probabilities
        )  # raises again, and names the row by its place in the file
        values, batches = _asked(model, X, 0, rng, probabilities=probabilities)
        return Asked(values, 0, batches, "it could not answer decoys, and was asked without them")
    return Asked(values, decoys, batches)


def once(model: Model, X: pd.DataFrame, *, probabilities: bool) -> Array:
    """Return what *model* answers about *X* as it stands, of shape (rows, numbers a row)."""
    answer = np.asarray(model.predict_proba(X) if probabilities else model.predict(X), dtype=np.float64)
    return answer.reshape(len(X), answer.shape[1] if answer.ndim == 2 else 1)


def _asked(
    model: Model, X: pd.DataFrame, decoys: int, rng: np.random.Generator, *, probabilities: bool
) -> tuple[Array, int]:
    parts, places = [], []
    order = rng.permutation(len(X) + decoys)
    for here in _batches(order, rng):
        real = here < len(X)
        answer = once(model, _rows(X, here, rng), probabilities=probabilities)
        parts.append(answer[real])
        places.append(here[real])
    found = np.concatenate(parts)
    values = np.empty_like(found)
    values[np.concatenate(places)] = found
    return values, len(parts)


def _batches(order: Array, rng: np.random.Generator) -> Iterator[Array]:
    """Cut *order* into parts of irregular size, none empty but that of an empty table."""
    count = max(1, min(len(order), max(3, ceil(1.5 * len(order) / BATCH))))
    weights = np.cumsum(rng.uniform(0.5, 1.5, count))
    cuts = np.round(weights / weights[-1] * len(order)).astype(np.int64)[:-1]
    parts = np.split(order, cuts)
    yield from [part for part in parts if len(part)] or parts[:1]


def _rows(X: pd.DataFrame, here: Array, rng: np.random.Generator) -> pd.DataFrame:
    """Return the rows numbered *here*; numbers past the end of *X* are decoys, drawn now."""
    taken = np.repeat(here[:, None], X.shape[1], axis=1)
    false = here >= len(X)
    pairs = rng.integers(len(X), size=(2, int(false.sum()), 1))
    taken[false] = np.where(rng.random((pairs.shape[1], X.shape[1])) < 0.5, pairs[0], pairs[1])
    return mixed(X, taken)

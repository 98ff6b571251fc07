"""Shapley values of single rows, by asking the model only (permutation sampling).

For every explained row, each background row is walked into it one feature at a time in a random order,
and walked again in the reverse order. A feature is credited with the change of the output at its step,
averaged over both walks and all background rows. So the credits of a row sum exactly to its output minus
the mean output of the background, and interactions of two features are credited without sampling error.

Why not `shap.PermutationExplainer`: it draws from the global random state, walks every background row in
the same order and asks once per row and order. At equal numbers of questions its error was about three
times as large on a random forest. It is asked for a second opinion on a few rows (`second_opinion`) and is
the oracle in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.interpretability.asking import BATCH, Output
from checks.model import Array


@dataclass(frozen=True, slots=True)
class Attributions:
    """Credits of shape (rows, features), and the sampling error of each."""

    values: Array
    errors: Array
    outputs: Array
    """The model's own output for each explained row."""
    base: float
    """The mean output of the background."""


def attribute(
    output: Output, explained: pd.DataFrame, background: pd.DataFrame, rng: np.random.Generator
) -> Attributions:
    """Credit each feature of each *explained* row with its part of the output."""
    source = pd.concat([explained, background], ignore_index=True)
    ends = output(source)
    count, features = len(explained), explained.shape[1]
    values, errors = np.empty((count, features)), np.empty((count, features))
    at_once = max(1, BATCH // max(1, 2 * len(background) * (features - 1)))
    for start in range(0, count, at_once):
        rows = np.arange(start, min(start + at_once, count))
        credits_ = _walk(output, source, rows, ends, count=count, rng=rng)
        values[rows] = credits_.mean(axis=1)
        spread = credits_.std(axis=1, ddof=1) if len(background) > 1 else np.zeros_like(values[rows])
        errors[rows] = spread / np.sqrt(len(background))
    return Attributions(values, errors, ends[:count], float(ends[count:].mean()))


def _walk(
    output: Output, source: pd.DataFrame, rows: Array, ends: Array, *, count: int, rng: np.random.Generator
) -> Array:
    """Return credits of shape (rows, background, features).

    *source* holds the *count* explained rows, then the background; *ends* is its output.
    """
    background, features = len(source) - count, source.shape[1]
    shape = (len(rows), background, features)
    order = np.argsort(rng.random(shape), axis=2)
    rank = np.argsort(order, axis=2)
    steps = np.arange(1, features)
    early = rank[:, :, None, :] < steps[:, None]  # (rows, background, steps, features)
    mine = rows[:, None, None, None]
    theirs = count + np.arange(background)[:, None, None]
    taken = np.stack([np.where(early, mine, theirs), np.where(early, theirs, mine)], axis=2)
    asked = output(mixed(source, taken.reshape(-1, features)))
    between = asked.reshape(len(rows), background, 2, features - 1)

    finish = np.broadcast_to(ends[rows][:, None, None], (*shape[:2], 1))
    begin = np.broadcast_to(ends[count:][None, :, None], (*shape[:2], 1))
    forward = np.diff(np.concatenate([begin, between[:, :, 0], finish], axis=2), axis=2)
    backward = -np.diff(np.concatenate([finish, between[:, :, 1], begin], axis=2), axis=2)
    return np.take_along_axis((forward + backward) / 2, rank, axis=2)


def mixed(source: pd.DataFrame, taken: Array) -> pd.DataFrame:
    """Return rows whose every value is taken from the row of *source* that *taken* names for its column."""
    columns = {
        name: source.iloc[:, position].array.take(taken[:, position])
        for position, name in enumerate(source.columns)
    }
    return pd.DataFrame(columns, copy=False)

"""Shapley values of single rows, by asking the model only (permutation sampling).

For every explained row, each background row is walked into it one feature at a time in a random order,
and walked again in the reverse order. A feature is credited with the change of the output at its step,
averaged over both walks and all background rows. So the credits of a row sum exactly to its output minus
the mean output of the background, and interactions of two features are credited without sampling error.
Where rows without an answer are left out, the background of a row is those that could be walked into it.

Why not `shap.PermutationExplainer`: it draws from the global random state, walks every background row in
the same order and asks once per row and order. At equal numbers of questions its error was about three
times as large on a random forest. It is asked for a second opinion on a few rows (`second_opinion`) and is
the oracle in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.interpretability.asking import BATCH, MOST_LOST, Counted, Output
from checks.model import Array


@dataclass(frozen=True, slots=True)
class Attributions:
    """Credits of shape (rows, features), and the sampling error of each.

    Where rows without an answer are left out, both are NaN for a row that fewer than half of the background
    could be walked into.
    """

    values: Array
    errors: Array
    outputs: Array
    """The model's own output for each explained row."""
    base: float
    """The mean output of the background."""
    bases: Array
    """The same for each explained row, over the background rows that were walked into it."""
    redrawn: Array
    """Credits of shape (draws, rows, features), each draw of its own part of the background."""
    walked: Array
    """How many background rows were walked into each explained row."""
    asked: int
    """Questions asked of the model."""
    lost: int
    """Those to which it gave no number."""
    used: Array
    """Which background rows were walked into each explained row, of shape (rows, background rows)."""


AGAIN = 3
"""Times that a walk on which an answer is missing is tried in another order."""
CELLS = 8_000_000
"""Values in one question at most, however many features there are: 64 MB of numbers."""


def attribute(
    output: Output,
    explained: pd.DataFrame,
    background: pd.DataFrame,
    rng: np.random.Generator,
    blocks: Array | None = None,
    *,
    draws: int = 0,
) -> Attributions:
    """Credit each feature of each *explained* row with its part of the output.

    With *blocks* (a number from 0 for each feature), features of one block walk together and are credited
    as one: the columns of the result are blocks. Features of block -1 move nothing and stay as they are.
    With *draws* the background is cut into so many parts, and the credits of each are returned too.

    A walk on which a row has no answer is tried in other orders, and then left out.
    """
    source = pd.concat([explained, background], ignore_index=True)
    counted = Counted(output)
    ends = counted(source)
    blocks = np.arange(explained.shape[1]) if blocks is None else blocks
    count, against, players = len(explained), len(background), int(blocks.max()) + 1
    credits_ = np.empty((count * against, players))
    questions = 2 * max(1, players - 1)
    at_once = max(1, min(BATCH, CELLS // explained.shape[1]) // questions)
    for start in range(0, len(credits_), at_once):
        pairs = np.arange(start, min(start + at_once, len(credits_)))
        mine, theirs = pairs // against, count + pairs % against
        credits_[pairs] = _answered(counted, source, ends, (mine, theirs), blocks=blocks, rng=rng)
    by_row = credits_.reshape(count, against, players)
    values, errors, kept = _means(by_row)
    parts = np.array_split(np.arange(against), draws) if draws else []
    redrawn = np.array([_means(by_row[:, part])[0] for part in parts]).reshape(draws, count, players)
    bases = _bases(by_row, ends[count:])
    base = float(ends[count:].mean())
    used: Array = np.asarray(np.isfinite(by_row).all(axis=2))
    return Attributions(
        values, errors, ends[:count], base, bases, redrawn, kept, counted.asked, counted.lost, used
    )


def _bases(by_row: Array, background: Array) -> Array:
    """Return the mean answer of the background rows that were walked into each explained row."""
    bases = np.full(len(by_row), background.mean())
    whole: Array = np.asarray(np.isfinite(by_row).all(axis=2))
    for i in np.flatnonzero(~whole.all(axis=1)):
        bases[i] = background[whole[i]].mean() if whole[i].any() else np.nan
    return bases


def _answered(
    output: Counted,
    source: pd.DataFrame,
    ends: Array,
    pairs: tuple[Array, Array],
    *,
    blocks: Array,
    rng: np.random.Generator,
) -> Array:
    """Return credits as `_walk` does, of other orders where an answer is missing; NaN where none has all."""
    mine, theirs = pairs
    credits_ = _walk(output, source, ends, pairs, blocks=blocks, rng=rng)
    able = np.isfinite(ends[mine]) & np.isfinite(ends[theirs])
    for _ in range(AGAIN):
        lost = np.flatnonzero(able & np.isnan(credits_).any(axis=1))
        if not len(lost):
            break
        other = rng.spawn(1)[0]  # so that every other walk stays the one that it is
        credits_[lost] = _walk(output, source, ends, (mine[lost], theirs[lost]), blocks=blocks, rng=other)
    return credits_


def _means(by_row: Array) -> tuple[Array, Array, Array]:
    """Return the mean over the walks of each row, its standard error, and how many walks had every answer."""
    count, against, players = by_row.shape
    spread = by_row.std(axis=1, ddof=1) if against > 1 else np.zeros((count, players))
    values, errors = by_row.mean(axis=1), spread / np.sqrt(against)
    whole: Array = np.asarray(np.isfinite(by_row).all(axis=2))
    kept: Array = np.asarray(whole.sum(axis=1))
    for i in np.flatnonzero(kept < against):
        mine, n = by_row[i, whole[i]], int(kept[i])
        told = n >= max(2, MOST_LOST * against)
        values[i] = mine.mean(axis=0) if told else np.nan
        errors[i] = mine.std(axis=0, ddof=1) / np.sqrt(n) if told else np.nan
    return values, errors, kept


def _walk(
    output: Counted,
    source: pd.DataFrame,
    ends: Array,
    pairs: tuple[Array, Array],
    *,
    blocks: Array,
    rng: np.random.Generator,
) -> Array:
    """Return credits of shape (pairs, blocks): of each explained row against one background row.

    Both are positions in *source*, whose outputs are *ends*.
    """
    mine, theirs = pairs
    count, players = len(mine), int(blocks.max()) + 1
    order = np.argsort(rng.random((count, players)), axis=1)
    rank = np.argsort(order, axis=1)
    steps = np.arange(1, players)
    own, other = mine[:, None], theirs[:, None]
    columns, whole = {}, own + other
    taken = np.empty((count, 2, players - 1), dtype=np.intp)
    for position, name in enumerate(source.columns):
        block = blocks[position]
        taken[:, 0] = own if block < 0 else np.where(rank[:, block, None] < steps, own, other)
        taken[:, 1] = own if block < 0 else whole - taken[:, 0]
        columns[name] = source.iloc[:, position].array.take(taken.ravel())
    between = output(pd.DataFrame(columns, copy=False)).reshape(count, 2, players - 1)

    finish, begin = ends[own], ends[other]
    forward = np.diff(np.concatenate([begin, between[:, 0], finish], axis=1), axis=1)
    backward = -np.diff(np.concatenate([finish, between[:, 1], begin], axis=1), axis=1)
    return np.take_along_axis((forward + backward) / 2, rank, axis=1)


def mixed(source: pd.DataFrame, taken: Array) -> pd.DataFrame:
    """Return rows whose every value is taken from the row of *source* that *taken* names for its column."""
    columns = {
        name: source.iloc[:, position].array.take(taken[:, position])
        for position, name in enumerate(source.columns)
    }
    return pd.DataFrame(columns, copy=False)

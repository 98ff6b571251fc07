"""Inside the child: do the trees of a CatBoost file hold together? Asked before native code walks them.

CatBoost verifies that its file is a proper flatbuffer, not that its numbers fit each other: a split of a
feature that does not exist reads foreign memory while loading. The statistics of categories that follow the
trees are read by CatBoost alone; there only the lock stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.boosters import damaged
from auditor.sandbox.inside.flat import Flat

TREES = 1
"""The slot of the trees in the core of the model."""
(
    DIMENSION,
    SPLITS,
    SIZES,
    STARTS,
    CATEGORIES,
    FLOATS,
    ONE_HOTS,
    COUNTED,
    LEAVES,
    WEIGHTS,
    STEPS,
    LEAF_OF,
    TEXTS,
) = range(13)
ESTIMATED, REPACKED, EMBEDDINGS = 13, 17, 18
"""The slots of what the trees hold."""
DEEPEST = 32
BORDERS_A_BUCKET = 254
NOT_WHOLE = (
    "it begins like a CatBoost file but is cut short or damaged; save it again with `save_model` and upload "
    "the whole file"
)


@dataclass(frozen=True, slots=True)
class Held:
    """What a sound file holds."""

    outputs: int
    features: int
    numbers: int
    """How many were learnt: one a split, since its feature and border are chosen together, and the leaves."""


def check(raw: bytes) -> Held:
    """Refuse a model whose trees do not fit its features and leaves."""
    if raw[:4] != b"CBM1" or len(raw) < 8:
        raise Refuse("not-catboost", 'it is no CatBoost model; save it with `save_model("model.cbm")`')
    size = int.from_bytes(raw[4:8], "little")
    if size > len(raw) - 8:
        raise Refuse("truncated", NOT_WHOLE)
    try:
        trees = Flat.root(raw[8 : 8 + size]).table(TREES)
        if trees is None:
            raise damaged()
        return _check(trees)
    except (ValueError, OverflowError, RecursionError):
        raise damaged() from None


def _check(trees: Flat) -> Held:
    if trees.tables(TEXTS) or trees.tables(EMBEDDINGS) or trees.tables(ESTIMATED):
        raise Refuse(
            "input-not-supported",
            "it takes text or embeddings, which the tables of this service do not carry",
        )
    outputs = trees.scalar(DIMENSION, "<i4", 0)
    splits = trees.numbers(SPLITS, "<i4")
    sizes = trees.numbers(SIZES, "<i4").astype(np.int64)
    starts = trees.numbers(STARTS, "<i4")
    leaves = len(trees.numbers(LEAVES, "<f8"))
    bins, buckets, features = _features(trees)
    if outputs < 1 or (sizes < 0).any() or sizes.sum() != len(splits):
        raise damaged()
    if len(starts) and not np.array_equal(starts, np.cumsum(sizes) - sizes):
        raise damaged()
    if ((splits < 0) | (splits >= max(bins, 1))).any():
        raise damaged()
    repacked = trees.numbers(REPACKED, "<u4")
    if len(repacked) not in {0, len(splits)} or ((repacked & 0xFFFF) >= max(buckets, 1)).any():
        raise damaged()
    if len(trees.numbers(STEPS, "<u4")):
        _check_steps(trees, sizes, leaves, outputs)
    elif (sizes > DEEPEST).any() or leaves != outputs * int((1 << sizes).sum()):
        raise damaged()
    return Held(outputs, features, len(splits) + leaves)


def _check_steps(trees: Flat, sizes: Any, leaves: int, outputs: int) -> None:
    """Check trees that are not symmetric: each step goes forward inside its tree, or ends at a leaf."""
    steps = trees.numbers(STEPS, "<u2,<u2")
    left, right = steps["f0"].astype(np.int64), steps["f1"].astype(np.int64)
    leaf_of = trees.numbers(LEAF_OF, "<u4").astype(np.int64)
    if len(steps) != sizes.sum() or len(leaf_of) != len(steps):
        raise damaged()
    last = np.repeat(np.cumsum(sizes), sizes)
    here = np.arange(len(steps))
    ends = (left == 0) | (right == 0)
    if ((here + left >= last) | (here + right >= last)).any() or (leaf_of[ends] + outputs > leaves).any():
        raise damaged()


def _features(trees: Flat) -> tuple[int, int, int]:
    """Return how many splits and buckets the features offer, and how many columns there are."""
    floats, categories = trees.tables(FLOATS), trees.tables(CATEGORIES)
    columns = len(floats) + len(categories)
    flat: list[int] = []
    for group, slot in ((floats, 1), (categories, 0)):
        if sorted(one.scalar(slot, "<i4", -1) for one in group) != list(range(len(group))):
            raise damaged()
        flat += [one.scalar(slot + 1, "<i4", -1) for one in group]
    if sorted(flat) != list(range(columns)):
        raise damaged()
    counts = [len(one.numbers(3, "<f4")) for one in floats]
    for one in trees.tables(ONE_HOTS):
        if not 0 <= one.scalar(0, "<i4", -1) < len(categories):
            raise damaged()
        counts.append(len(one.numbers(1, "<i4")))
    for one in trees.tables(COUNTED):
        counts.append(len(one.numbers(1, "<f4")))
        _check_combination(one, len(floats), len(categories))
    buckets = sum(-(-count // BORDERS_A_BUCKET) for count in counts)
    return sum(counts), buckets, columns


def _check_combination(counted: Flat, floats: int, categories: int) -> None:
    """Check which features a statistic of categories combines."""
    ctr = counted.table(0)
    base = None if ctr is None else ctr.table(0)
    combination = None if base is None else base.table(0)
    if combination is None:
        raise damaged()
    limits = (
        (combination.numbers(0, "<i4"), categories),
        (combination.numbers(1, "<i4,<f4")["f0"], floats),
        (combination.numbers(2, "<i4,<i4")["f0"], categories),
    )
    if any(((places < 0) | (places >= most)).any() for places, most in limits):
        raise damaged()

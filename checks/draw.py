"""Rows drawn at random: seeded, in proportion, never the first ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from checks.model import Array


def sample_rows(rows: int, most: int, strata: Array | None, rng: np.random.Generator) -> Array:
    """Return the positions of at most *most* rows, drawn at random, each stratum in its proportion."""
    if rows <= most:
        return np.arange(rows)
    order = rng.permutation(rows)
    if strata is not None:
        codes = pd.factorize(strata[order])[0]
        order = order[np.argsort(codes, kind="stable")]
        start = rng.random()  # every k-th row of the sorted order, from a random start
        order = order[((np.arange(most) + start) * rows / most).astype(np.int64)]
    return np.sort(order[:most])

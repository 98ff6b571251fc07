"""How far two raters agree beyond what chance alone would give."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from checks.model import Array, Measure
from checks.statistics.intervals import LEVEL, Z, estimate, undefined


def cohen_kappa(
    name: str,
    first: Array,
    second: Array,
    weights: Array,
    effective: float,
    *,
    of: Mapping[str, str] | None = None,
) -> Measure:
    """Return Cohen's kappa of two answers a row, with its large-sample interval."""
    method = f"Fleiss-Cohen-Everitt {LEVEL:.0%}, large samples"
    rows = len(first)
    if not rows or effective <= 0:
        return undefined(name, "no rows", of=of, unit="correlation", method=method)
    classes, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    size = len(classes)
    both = np.bincount(codes[:rows] * size + codes[rows:], weights, minlength=size * size)
    p = both.reshape(size, size) / weights.sum()
    row, column = p.sum(axis=1), p.sum(axis=0)
    agreed, chance = float(np.trace(p)), float(row @ column)
    if chance >= 1 - 1e-12:
        why = "both give everybody the same one answer, so chance explains all agreement"
        return undefined(name, why, n=rows, of=of, unit="correlation", method=method)
    kappa = (agreed - chance) / (1 - chance)
    own = np.diag(p) * (1 - (row + column) * (1 - kappa)) ** 2
    others = p * np.add.outer(column, row) ** 2
    np.fill_diagonal(others, 0.0)
    spread = own.sum() + (1 - kappa) ** 2 * others.sum() - (kappa - chance * (1 - kappa)) ** 2
    half = Z * float(np.sqrt(max(spread, 0.0) / effective)) / (1 - chance)
    low, high = max(kappa - half, -1.0), min(kappa + half, 1.0)
    return estimate(name, kappa, low, high, rows, of=of, unit="correlation", method=method)

"""In which feature rows without an answer differ most from the rest."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from checks.interpretability.moves import SHARED, is_number
from checks.interpretability.rounded import rounded
from checks.interpretability.without import ALIKE, COLUMNS, UNLIKE, WITHHELD
from checks.model import Array, Table
from checks.statistics import LEVEL
from checks.values import as_text

Row = tuple[str, str | None, str, float | None]


def unlike(of: str, rows: pd.DataFrame, kept: Array) -> Row:
    """Return the feature in which the *rows* that were not *kept* differ most from those that were.

    The difference of means, or of shares of a category, is told in standard deviations of all rows, never in
    values; of fewer than ten rows on either side nothing is told, nor where chance could make it.
    """
    left = ~kept
    few = min(int(left.sum()), int(kept.sum()))
    if few < SHARED:
        return of, None, WITHHELD, None
    found = [each for name in rows.columns for each in _apart(str(name), rows[name], left)]
    feature, way, size = max(found, key=lambda one: one[2], default=("", ALIKE, 0.0))
    chance = NormalDist().inv_cdf(1 - (1 - LEVEL) / (2 * max(len(found), 1)))
    if size <= chance * np.sqrt(1 / left.sum() + 1 / kept.sum()):
        return of, None, ALIKE, None
    return of, feature, way, rounded(size)


def differences(found: list[Row]) -> Iterator[Table]:
    """Yield the table of how those left out differ, if any were."""
    if found:
        note = "in standard deviations of all rows; the feature that differs most, beyond chance"
        yield Table(UNLIKE, COLUMNS, tuple(found), note)


def _apart(name: str, values: pd.Series[Any], left: Array) -> Iterator[tuple[str, str, float]]:
    """Yield how far one column is apart: in its numbers or its categories, and in what is missing of it."""
    missing = values.isna().to_numpy(dtype=bool)
    apart = _standardised(missing.astype(np.float64), left)
    yield name, "missing more often" if apart > 0 else "missing less often", abs(apart)
    known = ~missing
    if not (known & left).any() or not (known & ~left).any():
        return
    if is_number(values):
        numbers = values[known].to_numpy(np.float64, na_value=np.nan)
        apart = _standardised(numbers, left[known])
        yield name, "higher" if apart > 0 else "lower", abs(apart)
        return
    codes, names = pd.factorize(as_text(values[known]))
    shares = (_standardised((codes == k).astype(np.float64), left[known]) for k in range(len(names)))
    yield name, "in other categories", max(map(abs, shares), default=0.0)


def _standardised(numbers: Array, left: Array) -> float:
    """Return the mean of those *left* out less that of the rest, in standard deviations of them all."""
    spread = float(numbers.std())
    if not np.isfinite(spread) or spread == 0:
        return 0.0
    return float(numbers[left].mean() - numbers[~left].mean()) / spread

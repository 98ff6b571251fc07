"""How the values of a column become the text of classes and groups."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from checks.model import NOT_STATED, Array, Roles, spell


def as_text(values: pd.Series[Any]) -> Array:
    """Spell values as the file shows them (see `spell`); missing ones are `not stated`."""
    codes, uniques = pd.factorize(values, use_na_sentinel=True)
    spelt = np.array([*(spell(u) for u in uniques), NOT_STATED], dtype=object)
    return np.asarray(spelt[codes])  # code -1, a missing value, is the last


def group_values(values: pd.Series[Any], attribute: str, roles: Roles) -> Array:
    """Return the groups of one attribute: binned, merged and spelt as declared."""
    cuts = roles.bins.get(attribute)
    text = as_text(values) if cuts is None else _binned(values, cuts)
    for old, new in roles.merge.get(attribute, {}).items():
        text = np.where(text == old, new, text)
    return text


def _binned(values: pd.Series[Any], cuts: Sequence[float]) -> Array:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    edges = ["", *[spell(float(c)) for c in cuts], ""]
    names = np.array([f"[{low}, {high})" for low, high in pairwise(edges)], dtype=object)
    names[0] = f"under {edges[1]}"
    names[-1] = f"{edges[-2]} and over"
    text = names[np.searchsorted(np.asarray(cuts, dtype=np.float64), np.nan_to_num(numbers), side="right")]
    text[np.isnan(numbers)] = NOT_STATED
    return np.asarray(text)

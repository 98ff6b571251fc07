"""Rows as integers: equal integers are equal rows, within one table and between two.

Made column by column without building a row object, so that millions of rows cost seconds. Missing values
equal each other. Text is compared as written, numbers as numbers: 1 and 1.0 are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from checks.model import NOT_STATED, Array, spell

_ROOM = 2**62
"""Keys stay below this, so that combining never overflows 64 bits."""


def codes(columns: Sequence[pd.Series[Any]]) -> tuple[Array, int]:
    """Return one integer per value over all *columns*, one after the other, and how many there are."""
    if all(isinstance(c.dtype, np.dtype) and c.dtype.kind == "i" for c in columns):
        values = np.concatenate([c.to_numpy() for c in columns])  # floats cannot tell large ids apart
    elif all(pd.api.types.is_numeric_dtype(c) and not pd.api.types.is_bool_dtype(c) for c in columns):
        values = np.concatenate([c.to_numpy(dtype=np.float64, na_value=np.nan) for c in columns])
    else:
        return _text_codes(columns)
    found, distinct = pd.factorize(values, use_na_sentinel=False)
    return np.asarray(found, dtype=np.int64), len(distinct)


def _text_codes(columns: Sequence[pd.Series[Any]]) -> tuple[Array, int]:
    """Return the codes of values as text; only the different ones are ever spelt."""
    found, spelt = [], []
    for column in columns:
        own, distinct = pd.factorize(column, use_na_sentinel=True)
        missing = own < 0
        found.append(np.where(missing, len(distinct), own) if missing.any() else own)
        spelt.append([*(spell(value) for value in distinct), *([NOT_STATED] if missing.any() else [])])
    together, all_of_them = pd.factorize(np.array([text for own in spelt for text in own], dtype=object))
    starts = np.cumsum([0, *map(len, spelt)])
    codes_of = [together[start + own] for start, own in zip(starts, found, strict=False)]
    return np.concatenate(codes_of).astype(np.int64), len(all_of_them)


def row_keys(tables: Sequence[pd.DataFrame], names: Sequence[str]) -> list[Array]:
    """Return, per table, one integer a row; rows that agree in all *names* have the same integer."""
    lengths = [len(table) for table in tables]
    keys, size = np.zeros(sum(lengths), dtype=np.int64), 1
    for name in names:
        found, distinct = codes([table[name] for table in tables])
        if size * max(distinct, 1) >= _ROOM:
            keys, size = _dense(keys)
        keys = keys * distinct + found
        size *= max(distinct, 1)
    keys, _ = _dense(keys)
    return np.split(keys, np.cumsum(lengths)[:-1])


def _dense(keys: Array) -> tuple[Array, int]:
    found, distinct = pd.factorize(keys)
    return np.asarray(found, dtype=np.int64), max(len(distinct), 1)

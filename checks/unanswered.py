"""Rows for which a model gave no number."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from checks.model import Array, ModelError

if TYPE_CHECKING:  # who only opens a file loads no pandas
    import pandas as pd


class Unanswered(ModelError):
    """The model answered, but for some rows with what is no finite number."""

    def __init__(self, answer: Array) -> None:
        """Keep the *answer*, of one row for each row asked about, and count what is missing of it."""
        finite = ~without_answer(answer)
        super().__init__(f"it gave no finite number for {int((~finite).sum()):,} of {len(answer):,} rows")
        self.answer, self.first = answer, int(np.argmin(finite))


def without_answer(answer: Array) -> Array:
    """Return which rows of *answer*, of shape (rows,) or (rows, numbers a row), lack a finite number."""
    finite = np.isfinite(answer)
    return np.asarray(~(finite if finite.ndim < 2 else finite.all(axis=1)))


def given(ask: Callable[[pd.DataFrame], Array], X: pd.DataFrame) -> Array:
    """Return what *ask* answers about *X*, NaN throughout a row that lacks a finite number."""
    try:
        answer = np.asarray(ask(X), dtype=np.float64)
    except Unanswered as some:
        answer = some.answer
    lost = without_answer(answer)
    if not lost.any():
        return answer
    answer = np.array(answer, dtype=np.float64)
    answer[lost] = np.nan
    return answer

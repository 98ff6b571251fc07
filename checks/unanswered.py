"""Rows for which a model gave no number."""

from __future__ import annotations

import numpy as np

from checks.model import Array, ModelError


class Unanswered(ModelError):
    """The model answered, but for some rows with what is no finite number."""

    def __init__(self, answer: Array) -> None:
        """Keep the *answer*, of one row for each row asked about, and count what is missing of it."""
        finite = np.isfinite(answer.reshape(len(answer), -1)).all(axis=1)
        super().__init__(f"it gave no finite number for {int((~finite).sum()):,} of {len(answer):,} rows")
        self.answer, self.first = answer, int(np.argmin(finite))

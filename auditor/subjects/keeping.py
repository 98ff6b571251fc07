"""What a submitted model file keeps of its data, asked for in a process that answers nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pandas as pd

from auditor.sandbox import SandboxedModel
from checks.model import Array, Memory


class Keeping:
    """A model file that can be asked about rows; see `checks.model.Inside`."""

    def __init__(self, memory: Memory, again: Callable[[], AbstractContextManager[SandboxedModel]]) -> None:
        self.memory, self._again = memory, again

    def stored(self, X: pd.DataFrame) -> Array:
        """Return one truth value a row: does it stand in the file, as the model prepares it?"""
        with self._again() as second:
            return second.stored(X)

    def listed(self, X: pd.DataFrame) -> Array:
        """Return float64 of the shape of *X*: 1 where a list in the file holds the value, NaN without one."""
        with self._again() as second:
            return second.listed(X)

    def leaves(self, X: pd.DataFrame) -> Array:
        """Return float64 of shape (rows, trees): the leaf that a row falls in; NaN for a tree not used."""
        with self._again() as second:
            return second.leaves(X)

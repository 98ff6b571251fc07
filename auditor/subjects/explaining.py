"""A model that also says what each feature added to its answers, asked for that in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pandas as pd

from auditor.sandbox import SandboxedModel
from checks.model import Array


class Explaining:
    """A live model whose credits come from a second process, which never answered anything else."""

    def __init__(
        self, model: SandboxedModel, scale: str, again: Callable[[], AbstractContextManager[SandboxedModel]]
    ) -> None:
        self._model, self._again = model, again
        self.scale = scale

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names; see `checks.model.Model`."""
        return self._model.classes

    @property
    def has_probabilities(self) -> bool:
        """Whether `predict_proba` answers."""
        return self._model.has_probabilities

    def predict(self, X: pd.DataFrame) -> Array:
        """Return one float64 a row."""
        return self._model.predict(X)

    def predict_proba(self, X: pd.DataFrame) -> Array:
        """Return float64 of shape (rows, classes)."""
        return self._model.predict_proba(X)

    def contributions(self, X: pd.DataFrame, position: int | None = None) -> Array:
        """Return float64 of shape (rows, features + 1): credits in the order of *X*, then the base.

        Of more than two classes they are of the class at *position*.
        """
        with self._again() as second:
            return second.contributions(X, position)

"""A model that stands ready to be asked while a subject is prepared, wherever it lives."""

from __future__ import annotations

from typing import Protocol

from auditor.sandbox import ModelInspection
from checks.model import Model, ModelFile


class Opened(Model, Protocol):
    """What preparing needs to know of a model beside its answers."""

    @property
    def features(self) -> tuple[str, ...] | None:
        """The columns that it asks for by name, in its order; None when it takes them by position."""
        ...

    @property
    def inspection(self) -> ModelInspection:
        """What it says of itself."""
        ...

    @property
    def file(self) -> ModelFile | None:
        """Its file; None where it lives behind HTTP."""
        ...

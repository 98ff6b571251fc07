"""The terms of data transfers that a submission declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import RootModel, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from frameworks.terms import baselines_to_json, comparisons, profiles, themes, to_json
from frameworks.terms_shape import Transfer, mistakes


class TransferShape(RootModel[Mapping[str, Any]]):
    """One transfer: `name`, `from`, `to`, `data`, `facts`, `terms` and `baselines`."""

    @model_validator(mode="before")
    @classmethod
    def _fits(cls, raw: Any) -> Any:
        found = [
            InitErrorDetails(
                type=PydanticCustomError("transfer", "{why}", {"why": sentence.rstrip(".")}),
                loc=path,
                input=None,
            )
            for path, sentence in mistakes(raw, themes(), tuple(profiles()))
        ]
        if found:
            raise ValidationError.from_exception_data(cls.__name__, found)
        return raw


def compared(declared: tuple[TransferShape, ...]) -> dict[str, Any]:
    """Return what the record keeps: each transfer beside each of its baselines, and these in full."""
    found = [to_json(found) for one in declared for found in comparisons(Transfer.of(one.root))]
    return {"terms": found, "baselines": baselines_to_json()} if found else {}

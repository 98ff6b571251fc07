"""One control, many clauses: which requirements ask about the same matter as a control of the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from frameworks.closed import Item, Slug
from frameworks.measures import HERE
from frameworks.source import parse

Clauses = Mapping[str, tuple[str, ...]]
"""Requirement ids by framework."""


class _Crosswalk(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    controls: Mapping[Item, Mapping[Slug, Annotated[tuple[Item, ...], Field(min_length=1)]]]


@cache
def crosswalk() -> Mapping[str, Clauses]:
    """Return the requirements of every control, by the control's id in the global baseline.

    A row means related subject matter; that one rule is met says nothing about the other.
    """
    return read((HERE / "crosswalk.yaml").read_bytes(), "crosswalk.yaml")


def read(content: bytes, file: str) -> Mapping[str, Clauses]:
    """Read a file shaped like crosswalk.yaml; raise `LoadError` naming *file* and the line."""
    parsed = parse(content, file)
    try:
        shape = _Crosswalk.model_validate(parsed.data)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        raise parsed.error(tuple(first["loc"]), f"{first['msg']}.") from None
    return MappingProxyType(
        {control: MappingProxyType(dict(rows)) for control, rows in shape.controls.items()}
    )


def controls_of(framework: str, requirement: str) -> tuple[str, ...]:
    """Return the controls that ask about the same matter as a requirement, in the order of the baseline."""
    return tuple(control for control, rows in crosswalk().items() if requirement in rows.get(framework, ()))

"""What every part of a rule file is made of: a shape closed to unknown keys, names, lines and numbers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Item = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$", max_length=80)]
Line = Annotated[str, Field(min_length=1, max_length=400)]
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]


class Shape(BaseModel):
    """Frozen, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

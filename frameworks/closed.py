"""What every part of a rule file is made of: a shape closed to unknown keys, names, lines, days, numbers."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError


def _says_something(line: str) -> str:
    """Refuse a line of spaces, points or characters that nobody sees: a reason that is none."""
    if not any(char.isalnum() for char in line):
        raise PydanticCustomError("blank", "the line says nothing")
    return line


def _written_as_day(value: Any) -> Any:
    """Refuse a number, which would otherwise be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise PydanticCustomError("date_type", "a number is no day")
    return value


Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Item = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$", max_length=80)]
Line = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_says_something)]
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Day = Annotated[dt.date, BeforeValidator(_written_as_day)]


class Shape(BaseModel):
    """Frozen, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def at(key: str, sentence: str) -> ValidationError:
    """Return the refusal of one key by a rule about several, so that the line of that key is told."""
    error = PydanticCustomError("value_error", "{sentence}", {"sentence": sentence})
    return ValidationError.from_exception_data(key, [InitErrorDetails(type=error, loc=(key,), input=None)])

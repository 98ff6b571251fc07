"""The small parts that the shape of a submission is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from checks.model import spell


def _as_value(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float) and value == value:  # noqa: PLR0124 - NaN is not itself
        return spell(value)
    raise ValueError("a value is text, a number, true or false")


def _whole(value: Any) -> Any:
    if type(value) is not int:
        raise ValueError("write a whole number such as 1, without quotes")
    return value


def _number(value: Any) -> Any:
    if type(value) not in (int, float):
        raise ValueError("write a number such as 0.5, without quotes")
    return value


def _printable(text: str) -> str:
    if not text.strip():
        raise ValueError("it is blank; write a plain name")
    if hidden := next((char for char in text if not char.isprintable()), ""):
        code, place = f"U+{ord(hidden):04X}", text.index(hidden) + 1
        raise ValueError(f"its character {place} cannot be printed ({code}); write a plain name")
    return text


def _rising(bins: Mapping[str, tuple[float, ...]]) -> Mapping[str, tuple[float, ...]]:
    for column, cuts in bins.items():
        if not cuts or list(cuts) != sorted(set(cuts)):
            raise ValueError(f"the cut points of `{column}` must rise")
    return bins


Name = Annotated[str, Field(min_length=1, max_length=128)]
Plain = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
"""A name that is printed at the head of a report."""
Word = Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]
"""A name that becomes part of other names: of a column `word:column`, of a measure's `model`."""
RuleText = Annotated[str, Field(min_length=1, max_length=256 * 1024)]
"""A rule file as somebody wrote it: ours have at most 60,000 characters."""
Whole = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=2000)]
CutPoints = Annotated[Mapping[Name, tuple[Number, ...]], AfterValidator(_rising)]
"""Rising cut points, by column."""
Value = Annotated[str, BeforeValidator(_as_value), Field(max_length=256)]


class Shape(BaseModel):
    """Frozen, and closed to keys that nobody declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

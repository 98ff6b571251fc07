"""What one cell of a published table says: a count, that it is suppressed, or a printed figure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import numpy as np

from checks.model import spell

SUPPRESSED = {
    "",
    "*",
    "**",
    "***",
    "-",
    "--",
    "\N{EN DASH}",
    "\N{EM DASH}",
    "suppressed",
    "withheld",
    "n/a",
    "x",
}
NO_FIGURE = {*SUPPRESSED, "none", "na", "nan", "not calculated", "excluded"}
LARGEST = 2**53
_FEWER = re.compile(r"^(?:<|under|fewer than|less than)\s*(\d{1,9})$")
_AT_MOST = re.compile(r"^(?:<=|\N{LESS-THAN OR EQUAL TO}|at most|up to)\s*(\d{1,9})$")
_WHOLE = re.compile(r"^\d{1,18}$|^\d{1,3}(,\d{3}){1,5}$")
_POINTS = re.compile(r"^\d{1,3}(\.\d{3}){1,5}$")
_FIGURE = re.compile(r"^\d{1,12}([.,]\d{1,12})?\s*%?$|^[.,]\d{1,12}\s*%?$")


class Bad(Exception):
    """A cell that says nothing usable; the sentence names the value and the fix."""

    def __init__(self, part: str, code: str, sentence: str) -> None:
        self.part, self.code = part, code
        super().__init__(sentence)


def shown(text: str, most: int = 40) -> str:
    """Return a submitted text for a sentence: short, and without characters that rewrite a line."""
    plain = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:most])
    return plain if len(text) <= most else f"{plain}…"


def count_in(value: Any, part: str) -> tuple[int | None, int | None]:
    """Return the count in a cell; where it is suppressed None, and the most it can be if that is said."""
    if isinstance(value, bool | np.bool_):
        raise Bad(part, "not-a-count", f"`{spell(value)}` is no count of people; write a whole number.")
    if _missing(value):
        return None, None
    if not isinstance(value, str):
        return _whole(float(value), spell(value), part), None
    text = value.strip().casefold()
    if text in SUPPRESSED:
        return None, None
    if found := _FEWER.match(text):
        return None, max(int(found[1]) - 1, 0)
    if found := _AT_MOST.match(text):
        return None, int(found[1])
    if _WHOLE.match(text):
        return _whole(float(text.replace(",", "")), value, part), None
    if _POINTS.match(text):
        sentence = (
            f"`{text}` may be a fraction or thousands; write {text.replace('.', '')} if it is thousands."
        )
        raise Bad(part, "thousands", sentence)
    try:
        number = float(text)
    except ValueError:
        sentence = (
            f"`{shown(value)}` is no count of people; write a whole number, or leave a suppressed one empty."
        )
        raise Bad(part, "not-a-count", sentence) from None
    return _whole(number, value, part), None


def figure_in(value: Any, part: str) -> str | None:
    """Return a published figure as printed, with a decimal point; None where none is printed."""
    if _missing(value):
        return None
    if isinstance(value, str):
        text = value.strip()
        if text.casefold() in NO_FIGURE:
            return None
        if _FIGURE.match(text):
            return "".join(text.split()).replace(",", ".")
    elif not isinstance(value, bool | np.bool_) and 0 <= float(value) < LARGEST:
        return format(Decimal(spell(value)), "f")  # never 1e-05
    raise Bad(
        part,
        "not-a-figure",
        f"`{shown(spell(value))}` is no {part} such as 0.45 or 45%; correct it or leave it empty.",
    )


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float | np.floating) and bool(np.isnan(value)))


def _whole(number: float, spelt: str, part: str) -> int:
    if not 0 <= number < LARGEST or not number.is_integer():
        sentence = f"`{shown(spelt)}` is no count of people; write a whole number of 0 or more."
        raise Bad(part, "not-a-count", sentence)
    return int(number)

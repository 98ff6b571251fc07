"""How numbers, names and verdicts are spelt. Nothing else in the project formats a number for a reader.

House style: shares and ratios are decimals with three places (0.784), counts have commas (1,989), days are
ISO dates, an interval reads "0.712 to 0.853". In plain sentences a rate becomes "78 of every 100".
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from checks.names import crossed
from reports.labels import ENDINGS, MEASURES

WITHHELD = "withheld"
"""How the note of a number begins that is not for everybody."""
UNDEFINED = "undefined"
NARROW = "\N{NO-BREAK SPACE}"
"""Keeps the ends of an interval on one line."""
PLACES = 3
SHARES = frozenset({"proportion", "ratio", "share", "probability", "difference", "p value", "p-value", ""})
COUNTS = frozenset({"count", "rows", "people", "types", "columns", "groups", "values"})
FLAGS = frozenset({"flag", "yes is 1"})

_VERDICTS = {
    "met": "Met",
    "attested": "Attested",
    "waived": "Waived",
    "deferred": "Deferred",
    "undecided": "Undecided",
    "not_met": "Not met",
    "not_applicable": "Not applicable",
    "reported": "Reported",
}
_VERDICT_MEANINGS = {
    "met": "Shown to be met by the evidence supplied: the whole interval lies inside the bound.",
    "attested": "A named person declares it; this audit did not measure it.",
    "waived": "Set aside on record, with a reason and an end date.",
    "deferred": "Put off on record to a later date.",
    "undecided": "Not shown either way: not measured, not answered, the interval reaches over the bound, or "
    "it lies outside alone but not after Holm's correction.",
    "not_met": "Shown not to be met: the whole interval lies outside the bound, after Holm's correction too.",
    "not_applicable": "The rule itself leaves out this kind of system.",
}
_OUTCOMES = {
    "measured": "measured",
    "not_applicable": "not measured",
    "inconclusive": "not enough data",
    "failed": "failed",
}
_STATES = {
    "in-force": "in force",
    "not-yet": "not yet in force",
    "sunset": "no longer in force",
    "superseded": "superseded",
}
_BASES = {
    "law": "law",
    "guideline": "guideline",
    "standard": "standard",
    "accepted-practice": "accepted practice",
    "project-suggestion": "suggestion of this project, not law",
    "none": "no source for a limit",
}
_OPERATORS = {
    "at_least": "at least",
    "at_most": "at most",
    "above": "above",
    "below": "below",
    "equals": "exactly",
}
_LEVEL = 0.025
"""One-sided, as an interval of 95 % leaves this much beyond each end."""
_DIRECTION = {
    "\u200e",
    "\u200f",
    "\u061c",
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
}
"""Characters that turn the reading direction of what follows."""

VERIFIED = {
    "read": "the clause was read",
    "secondary": "known from a digest of the clause",
    "partial": "only headings of the clause were read",
    "memory": "the clause has not been read",
    "own": "written by this project",
}
"""How far the clause of a requirement was read."""


def shown(text: str) -> str:
    """Make control and direction characters visible, so that no name can rewrite a line."""
    if text.isascii() and text.isprintable():
        return text
    flat = re.sub(r"[\t\n\r]+", " ", text)
    return "".join("\N{REPLACEMENT CHARACTER}" if _hides(char) else char for char in flat)


def _hides(char: str) -> bool:
    return char in _DIRECTION or unicodedata.category(char) in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}


def number(value: float | None, *, beside: float | None = None) -> str:
    """Spell a number; with more places where fewer would make it look equal to the bound *beside* it."""
    if value is None:
        return UNDEFINED
    places = _places(value)
    while beside is not None and value != beside and places < 9 and round(value, places) == beside:
        places += 1
    text = f"{value:,.{places}f}"
    if float(text.replace(",", "")) == 0:
        return text.lstrip("-") if value == 0 else ("under 0.000001" if value > 0 else "a little under 0")
    return text.replace("-", "\N{MINUS SIGN}")


def _places(value: float) -> int:
    size = abs(value)
    if size >= 1000:
        return 1
    if size >= 100:
        return 2
    if size == 0 or size >= 0.01:
        return PLACES
    return min(6, 1 - math.floor(math.log10(size)))


def count(value: float | None) -> str:
    """Spell a count: whole where it is whole (weights may make it fractional)."""
    if value is None:
        return "not stated"
    return (f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}").replace("-", "\N{MINUS SIGN}")


def quantity(value: float | None, *, kind: str | None, unit: str | None, beside: float | None = None) -> str:
    """Spell a measured number; its unit stands with its name."""
    if value is None:
        return UNDEFINED
    if unit in FLAGS:
        return "yes" if value else "no"
    whole = kind == "exact" and float(value).is_integer() and (unit or "") not in SHARES
    return count(value) if whole else number(value, beside=beside)


def unit(name: str | None) -> str:
    """Spell a unit where a reader needs it: shares, counts and flags explain themselves."""
    return "" if not name or name in SHARES | COUNTS | FLAGS else plain(name)


def interval(low: float | None, high: float | None, *, beside: float | None = None) -> str:
    """Spell an interval, or say plainly that there is none."""
    if low is None or high is None:
        return "not estimated"
    return f"{number(low, beside=beside)} to {number(high, beside=beside)}"


def measured(item: Any, *, beside: float | None = None, lead: str = "") -> str:
    """Spell a measure or a finding: its value, and its interval (introduced by *lead*) where it has one."""
    if item.value is None and (getattr(item, "note", None) or "").startswith(WITHHELD):
        return WITHHELD
    text = quantity(item.value, kind=item.kind, unit=item.unit, beside=beside)
    if item.low is None or item.high is None:
        return text
    ends = interval(item.low, item.high, beside=beside)
    return f"{text} ({lead}{ends.replace(' ', NARROW)})"


def limit(bound: Mapping[str, Any]) -> str:
    """Spell a bound the way a sentence needs it: `at least 0.8`."""
    for operator, value in bound.items():
        if operator in _OPERATORS:
            return f"{_OPERATORS[operator]} {exact(value)}"
        if operator == "reported":
            return "reported for all groups; no limit"
    return "no limit"


def edge(bound: Mapping[str, Any]) -> float | None:
    """Return the number that a bound holds against, if there is one."""
    return next((float(v) for o, v in bound.items() if o in _OPERATORS and not isinstance(v, bool)), None)


def exact(value: Any) -> str:
    """Spell a number as somebody wrote it, such as a limit or a setting; anything else as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    if isinstance(value, float):
        return count(value) if value.is_integer() else repr(value).replace("-", "\N{MINUS SIGN}")
    return "none" if value is None else str(value)


def cell(value: str | float | int | bool | None) -> str:
    """Spell one cell of a table of evidence."""
    if value is None:
        return UNDEFINED
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    return number(value) if isinstance(value, float) else value


def per_hundred(share: float) -> str:
    """Spell a rate for people who do not read decimals."""
    hundredths = round(share * 100)
    if share > 0 and hundredths == 0:
        return "fewer than 1 of every 100"
    if share < 1 and hundredths == 100:
        return "more than 99 of every 100"
    return f"{hundredths} of every 100"


def p_value(p: float) -> str:
    """Spell a p-value."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def level() -> str:
    """Spell the one-sided level of the tests against limits."""
    return exact(_LEVEL)


def after_holm(p: float) -> str:
    """Spell a corrected p-value beside the level that it is held against."""
    return f"after Holm {p_value(p)} (limit {level()})"


def size(length: int) -> str:
    """Spell a number of bytes."""
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if length >= step:
            return f"{length / step:.1f} {unit}"
    return plural(length, "byte")


def plural(number_of: float, one: str, many: str | None = None) -> str:
    """Spell a count with its noun."""
    return f"{count(number_of)} {one if number_of == 1 else many or one + 's'}"


def joined(parts: Iterable[str], word: str = "and") -> str:
    """Join names as a sentence does."""
    names = list(parts)
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def plain(name: str) -> str:
    """Return an identifier as words."""
    return re.sub(r"[_-]+", " ", name)


def sentence(text: str) -> str:
    """Return *text* with a capital first letter and a full stop."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?', '!')) else '.'}" if text else ""


def measure(name: str) -> str:
    """Name a measure in words; a full path loses its check."""
    name = name.rpartition(".")[2]
    if name in MEASURES:
        return MEASURES[name]
    for ending, words in ENDINGS:
        if name.endswith(ending):
            return words.format(measure(name.removesuffix(ending)))
    return plain(name)


def brief(name: str, most: int = 60) -> str:
    """Shorten a name for words that only accompany a table, where it stands in full."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def where(of: Mapping[str, str]) -> str:
    """Spell what a number is a number of."""
    parts = []
    for key, value in of.items():
        if key == "attribute":
            parts.append(crossed(value) if "group" not in of else f"{crossed(value)}:")
        elif key == "group":
            parts.append(crossed(value) or "empty text")
        elif key == "class":
            parts.append(f"class {value}")
        elif key == "case":
            parts.append(crossed(value))
        else:
            parts.append(f"{plain(key)} {value}" if key not in {"feature", "model"} else value)
    return ", ".join(parts).replace(":, ", ": ")


def parameters(given: Mapping[str, Any]) -> str:
    """Spell the parameters of a check, or nothing where it ran with its defaults."""
    return ", ".join(f"{plain(name)} {exact(value)}" for name, value in sorted(given.items()))


def verdict(name: str) -> str:
    """Spell a verdict."""
    return _VERDICTS.get(name, plain(name))


def verdict_meanings() -> Mapping[str, str]:
    """Return what each verdict says, worst first."""
    order = ("not_met", "undecided", "deferred", "waived", "attested", "met", "not_applicable")
    return {name: _VERDICT_MEANINGS[name] for name in order}


def outcome(name: str) -> str:
    """Spell how measuring ended."""
    return _OUTCOMES.get(name, plain(name))


def state(name: str) -> str:
    """Spell where a requirement stands on the day of judging."""
    return _STATES.get(name, plain(name))


def basis(name: str | None, source: str | None = None) -> str:
    """Spell where a bound comes from."""
    words = _BASES.get(name or "none", plain(name or ""))
    return f"{words}: {source}" if source else words

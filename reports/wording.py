"""How numbers, names and verdicts are spelt. Nothing else in the project formats a number for a reader.

House style: shares and ratios are decimals with three places (0.784), counts have commas (1,989), days are
ISO dates, an interval reads "0.712 to 0.853". In plain sentences a rate becomes "78 of every 100". That is
English; other languages have the marks, dates and word order of their own (`reports.language`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import get_decimal_symbol, get_group_symbol

from checks.names import NOT_STATED, crossed, split
from reports.labels import ENDINGS, MEASURES
from reports.language import ENGLISH, _, current, n_, own, said, said_or_same
from reports.terms import BASES, OPERATORS, OUTCOMES, STATES, VERDICT_MEANINGS, VERDICTS, VERIFIED

WITHHELD = "withheld"
"""How the note of a number begins that is not for everybody."""
NARROW = "\N{NO-BREAK SPACE}"
"""Keeps the ends of an interval on one line."""
PLACES = 3
SHARES = frozenset({"proportion", "ratio", "share", "probability", "difference", "p value", "p-value", ""})
COUNTS = frozenset({"count", "rows", "people", "types", "columns", "groups", "values"})
FLAGS = frozenset({"flag", "yes is 1"})

_NAME = 120
_PAGES = 400
"""Characters of a name that a table still holds."""
_FILLS_PAGES = re.compile(rf"\S{{{_PAGES + 1},}}")
_NUMBER = re.compile(r"\N{MINUS SIGN}?\d[\d.,\u00a0\u202f]*(?<=\d)")
_LEVEL = 0.025
"""One-sided, as an interval of 95 % leaves this much beyond each end."""


def undefined() -> str:
    """Say that a number has no value."""
    return _("undefined")


def withheld() -> str:
    """Say that a number is not for everybody."""
    return _("withheld")


def number(value: float | None, *, beside: float | None = None) -> str:
    """Spell a number; with more places where fewer would make it look equal to the bound *beside* it."""
    if value is None:
        return undefined()
    places = _places(value)
    while beside is not None and value != beside and places < 9 and round(value, places) == beside:
        places += 1
    text = f"{value:,.{places}f}"
    if float(text.replace(",", "")) == 0:
        if value == 0:
            return _local(text.lstrip("-"))
        return _("under 0.000001") if value > 0 else _("a little under 0")
    return _local(text)


def kept(value: float, digits: int = 2) -> str:
    """Spell a number that was rounded to *digits* digits with these alone: 0.49, 32, 1,200."""
    if not value or abs(value) < 1e-6:
        return number(value)
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return _local(f"{value:,.{places}f}")


def _local(number: str) -> str:
    """Write a number with the marks of the language, and a real minus sign."""
    number = number.replace("-", "\N{MINUS SIGN}")
    if current() == ENGLISH:
        return number
    locale = current().replace("-", "_")
    marks = {",": get_group_symbol(locale), ".": get_decimal_symbol(locale)}
    return "".join(marks.get(char, char) for char in number)


def leading(text: str) -> float | None:
    """Return the number that *text* begins with, as it is spelt here; None where it begins with none."""
    words = {yes_or_no(True): 1.0, yes_or_no(False): 0.0}
    least = {_("under 0.000001"): 1e-7, _("a little under 0"): -1e-7}
    found = _NUMBER.match(text)
    if found is None:
        return (words | least).get(text)
    locale = current().replace("-", "_")
    plain = found[0].replace(get_group_symbol(locale), "").replace(get_decimal_symbol(locale), ".")
    return float(plain.replace("\N{MINUS SIGN}", "-"))


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
        return _("not stated")
    return _local(f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}")


def yes_or_no(value: object) -> str:
    """Spell what is either so or not."""
    return _("yes") if value else _("no")


def quantity(value: float | None, *, kind: str | None, unit: str | None, beside: float | None = None) -> str:
    """Spell a measured number; its unit stands with its name."""
    if value is None:
        return undefined()
    if unit in FLAGS:
        return yes_or_no(value)
    whole = kind == "exact" and float(value).is_integer() and (unit or "") not in SHARES
    return count(value) if whole else number(value, beside=beside)


def unit(name: str | None) -> str:
    """Spell a unit where a reader needs it: shares, counts and flags explain themselves."""
    if not name or name in SHARES | COUNTS | FLAGS:
        return ""
    return said_or_same(name) if "'" in name else plain(name)  # the name of a class stays as it is


def interval(low: float | None, high: float | None, *, beside: float | None = None) -> str:
    """Spell an interval, or say plainly that there is none."""
    if low is None or high is None:
        return _("not estimated")
    return _("{low} to {high}", low=number(low, beside=beside), high=number(high, beside=beside))


def measured(item: Any, *, beside: float | None = None, lead: str = "") -> str:
    """Spell a measure or a finding: its value, and its interval (introduced by *lead*) where it has one."""
    if item.value is None and (getattr(item, "note", None) or "").startswith(WITHHELD):
        return withheld()
    text = quantity(item.value, kind=item.kind, unit=item.unit, beside=beside)
    if item.low is None or item.high is None:
        return text
    ends = interval(item.low, item.high, beside=beside)
    return _("{value} ({interval})", value=text, interval=f"{lead}{ends.replace(' ', NARROW)}")


def limit(bound: Mapping[str, Any]) -> str:
    """Spell a bound the way a sentence needs it: `at least 0.8`."""
    for operator, value in bound.items():
        if operator in OPERATORS:
            return _(OPERATORS[operator], value=exact(value))
        if operator == "reported":
            return _("reported for all groups; no limit")
    return _("no limit")


def edge(bound: Mapping[str, Any]) -> float | None:
    """Return the number that a bound holds against, if there is one."""
    return next((float(v) for o, v in bound.items() if o in OPERATORS and not isinstance(v, bool)), None)


def exact(value: Any) -> str:
    """Spell a number as somebody wrote it, such as a limit or a setting; anything else as text."""
    if isinstance(value, bool):
        return yes_or_no(value)
    if isinstance(value, int):
        return count(value)
    if isinstance(value, float):
        return count(value) if value.is_integer() else _local(repr(value))
    return _("none") if value is None else str(value)


def cell(value: str | float | int | bool | None) -> str:
    """Spell one cell of a table of evidence."""
    if value is None:
        return undefined()
    if isinstance(value, bool):
        return yes_or_no(value)
    if isinstance(value, int):
        return count(value)
    return number(value) if isinstance(value, float) else phrase(value)


def per_hundred(share: float) -> str:
    """Spell a rate for people who do not read decimals."""
    hundredths = round(share * 100)
    if share > 0 and hundredths == 0:
        return _("fewer than 1 of every 100")
    if share < 1 and hundredths == 100:
        return _("more than 99 of every 100")
    return _("{number} of every 100", number=hundredths)


def sure(item: Any) -> str:
    """Spell after a rate in words how sure it is: its interval out of a hundred, and of how many it is."""
    people = count(item.n)
    if item.low is None or item.high is None:
        return _("(n {n})", n=people)
    low, high = (_local(f"{100 * end:.0f}") for end in (item.low, item.high))
    return _("(95\u00a0% interval {low} to {high}, n {n})", low=low, high=high, n=people)


def percent(share: float) -> str:
    """Spell a share or a change in per cent, without digits that nobody needs: 2.1 %, 33 %."""
    value = round(100 * share, 1 if abs(share) < 0.1 else 0)
    return _("{number}\u00a0%", number=_local(f"{value:g}" if abs(value) < 1e5 else f"{value:,.0f}"))


def p_value(p: float) -> str:
    """Spell a p-value."""
    return f"p < {_local('0.001')}" if p < 0.001 else f"p = {_local(f'{p:.3f}')}"


def level() -> str:
    """Spell the one-sided level of the tests against limits."""
    return exact(_LEVEL)


def after_holm(p: float) -> str:
    """Spell a corrected p-value beside the level that it is held against."""
    return _("after Holm {p} (limit {level})", p=p_value(p), level=level())


def size(length: int) -> str:
    """Spell a number of bytes."""
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if length >= step:
            return f"{_local(f'{length / step:.1f}')} {unit}"
    return plural(length, "byte")


def plural(number_of: float, one: str, many: str | None = None) -> str:
    """Spell a count with its noun."""
    return n_(f"{{count}} {one}", f"{{count}} {many or one + 's'}", number_of, count=count(number_of))


def joined(parts: Iterable[str], word: str = "and") -> str:
    """Join names as a sentence does."""
    locale = "en_GB" if current() == ENGLISH else current().replace("-", "_")
    items = [*parts]
    if current() != ENGLISH and len(items) > 1:  # room between Latin words and the Chinese one
        items[-2] += " " if items[-2][-1:].isascii() and items[-2] else ""
        items[-1] = (" " if items[-1][:1].isascii() else "") + items[-1]
    return format_list(items, style="or" if word == "or" else "standard", locale=locale)


def listed(parts: Iterable[str]) -> str:
    """Set parts one after another, with commas."""
    return _(", ").join(parts)


def series(parts: Iterable[str]) -> str:
    """Set longer parts one after another, with semicolons."""
    return _("; ").join(parts)


def paragraph(parts: Iterable[str]) -> str:
    """Set sentences one after another; empty ones fall away."""
    return (" " if current() == ENGLISH else "").join(filter(None, parts))


def day(text: str) -> str:
    """Spell a day of the calendar, given as an ISO date."""
    if current() == ENGLISH:
        return text
    return format_date(dt.date.fromisoformat(text), format="long", locale=current().replace("-", "_"))


def plain(name: str) -> str:
    """Return an identifier as words."""
    return own(re.sub(r"[_-]+", " ", name))


def sentence(text: str) -> str:
    """Return *text* with a capital first letter and a full stop."""
    text = stopped(text)
    if current() != ENGLISH and not text.isascii():
        return text  # a Latin letter begins a submitted name there
    return f"{text[:1].upper()}{text[1:]}"


def stopped(text: str) -> str:
    """Return *text* with a full stop; a name that it begins with stays as it was given."""
    text = text.strip()
    ended = text.endswith((".", "?", "!", "。", "？", "！"))
    stop = "" if ended else "." if text.isascii() or current() == ENGLISH else "。"
    return f"{text}{stop}" if text else ""


def recorded(text: str | None) -> str:
    """Return a sentence of the record in the language that is being told; a name that fills pages is cut."""
    return _FILLS_PAGES.sub(lambda name: within(name[0]), sentence(said(text or "")))


def measure(name: str) -> str:
    """Name a measure in words; a full path loses its check."""
    name = name.rpartition(".")[2]
    if name in MEASURES:
        return own(MEASURES[name])
    for ending, words in ENDINGS:
        if name.endswith(ending):
            return own(words).format(measure(name.removesuffix(ending)))
    return plain(name)


def brief(name: str, most: int = 60) -> str:
    """Shorten a name for words that only accompany a table, where it stands in full."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def name(text: object) -> str:
    """Return a submitted name for a sentence: as it was given, cut only where it would fill the page."""
    return brief(str(text), _NAME)


def within(text: str) -> str:
    """Cut a name that would fill pages, told from others alike by length and digest; the record has it."""
    if len(text) <= _PAGES:
        return text
    return _(
        "{start}… ({many}, SHA-256 {digest})",
        start=text[:_NAME],
        many=plural(len(text), "character"),
        digest=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12],
    )


def where(of: Mapping[str, str]) -> str:
    """Spell what a number is a number of."""
    parts = []
    for key, value in of.items():
        if key == "attribute":
            parts.append(crossed(value) if "group" not in of else f"{crossed(value)}:")
        elif key == "group":
            parts.append(group(value))
        elif key in {"case", "attack", "average", "table"}:
            parts.append(
                _("{what} {name}", what=plain(key), name=case(value)) if key != "case" else case(value)
            )
        elif key in {"feature", "model"}:
            parts.append(within(value) if key == "feature" else case(value))
        else:
            parts.append(_("{what} {name}", what=plain(key), name=within(value)))
    return listed(parts).replace(f":{_(', ')}", _(": "))


def group(name: str) -> str:
    """Name a group, as people read it."""
    parts = (_("not stated") if part == NOT_STATED else within(part) for part in split(name))
    return " × ".join(parts) or _("empty text")


def phrase(text: str) -> str:
    """Return a text of a check's table: a phrase of ours in the language being told, a name as it is."""
    return within(said_or_same(text) if " " in text else text)


def case(name: str) -> str:
    """Name a case, a model or an attack: words of a check, or names that were submitted."""
    return within(said_or_same(crossed(name)))


def parameters(given: Mapping[str, Any]) -> str:
    """Spell the parameters of a check, or nothing where it ran with its defaults."""
    return listed(f"{plain(name)} {exact(value)}" for name, value in sorted(given.items()))


def verdict(name: str) -> str:
    """Spell a verdict."""
    return own(VERDICTS[name]) if name in VERDICTS else plain(name)


def verdict_meanings() -> Mapping[str, str]:
    """Return what each verdict says, worst first."""
    order = ("not_met", "undecided", "deferred", "waived", "attested", "met", "not_applicable")
    return {name: own(VERDICT_MEANINGS[name]) for name in order}


def outcome(name: str) -> str:
    """Spell how measuring ended."""
    return own(OUTCOMES[name]) if name in OUTCOMES else plain(name)


def state(name: str) -> str:
    """Spell where a requirement stands on the day of judging."""
    return own(STATES[name]) if name in STATES else plain(name)


def basis(name: str | None, source: str | None = None) -> str:
    """Spell where a bound comes from."""
    known = name or "none"
    words = own(BASES[known]) if known in BASES else plain(known)
    return f"{words}{_(': ')}{said(source)}" if source else words


def verified(name: str) -> str:
    """Spell how far the clause of a requirement was read."""
    return own(VERIFIED[name]) if name in VERIFIED else plain(name)

"""People whom rules or columns name: a comparison that leaves them out decides nothing for them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from checks.model import Measure
from frameworks.match import Match
from frameworks.measures import measures
from frameworks.model import Criterion, Group

_NUMBER = r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
_BETWEEN = re.compile(rf"\[{_NUMBER}, {_NUMBER}\)")
_UNDER = re.compile(rf"under {_NUMBER}")
_OVER = re.compile(rf"{_NUMBER} and over")
_PLAIN = re.compile(_NUMBER)


def unseen(groups: Sequence[Group], part: Criterion, matched: Match) -> Iterator[str]:
    """Yield, for each named group that a comparison of groups does not speak for, why not."""
    if not _compares_all(part, matched):
        return
    seen = [m for evidence in {id(e): e for e, _ in matched.found}.values() for m in evidence.measures]
    for group in groups:
        if reason := _missing(group, seen):
            yield f"The rules name the group `{group.id}` ({group.title.rstrip('.')}), {reason}."


def uncompared(columns: Mapping[str, str], part: Criterion, matched: Match) -> Iterator[str]:
    """Yield, for each of *columns* by which nobody was compared, why a comparison does not speak for all."""
    if _compares_all(part, matched):
        yield from (by_nobody(name, about) for name, about in columns.items())


def by_nobody(name: str, about: str) -> str:
    """Say that *name*, a column called after the characteristic *about*, was left out of comparisons."""
    return (
        f"Nobody was compared by the column `{name}`, which by its name tells {about}; add it to "
        "`columns.groups`."
    )


def _compares_all(part: Criterion, matched: Match) -> bool:
    """Return whether groups of every attribute are compared, and not those of one that the rules name."""
    named = measures().get(part.measure or "")
    narrowed = {"attribute", "group", "depth"} & part.of.keys()
    compares = named is not None and named.compares and "attribute" in named.of
    return compares and not narrowed and bool(matched.found)


def _missing(group: Group, seen: Sequence[Measure]) -> str | None:
    """Say why *group* was not compared with others, or return None where it was."""
    names = {name.casefold() for name in group.attributes}
    columns = " or ".join(f"`{name}`" for name in group.attributes)
    theirs = [m for m in seen if m.of.get("attribute", "").casefold() in names]
    if not theirs:
        return f"and no group column is called {columns}; declare the column that tells them"
    if not any("group" in m.of for m in seen):
        return None  # the check tells attributes apart, not their groups
    theirs = [m for m in theirs if "group" in m.of]
    held = {m.of["group"] for m in theirs if holds(group, m.of["group"])}
    if not held:
        what = "no range of it holds them alone" if not group.values else "nobody in it is one of them"
        return f"but {what} in the column {columns}"
    if not any(m.of["group"] in held and m.value is not None and m.note is None for m in theirs):
        return "but they are too few there to be compared"
    return None


def holds(group: Group, value: str) -> bool:
    """Return whether everybody under *value*, a group as the file spells it, is of *group*."""
    if group.values:
        return value.casefold() in {one.casefold() for one in group.values}
    low, high = _range(value)
    if low is None or high is None:
        return False
    above = group.at_least is None or low >= group.at_least
    under = group.below is None or (high <= group.below if low < high else low < group.below)
    return above and under


def _range(value: str) -> tuple[float | None, float | None]:
    """Return the numbers that a group holds: `[25, 45)`, `under 25`, `60 and over`, `63`; else None."""
    if found := _BETWEEN.fullmatch(value):
        return float(found[1]), float(found[2])
    if found := _UNDER.fullmatch(value):
        return -math.inf, float(found[1])
    if found := _OVER.fullmatch(value):
        return float(found[1]), math.inf
    if found := _PLAIN.fullmatch(value):
        return float(found[1]), float(found[1])
    return None, None

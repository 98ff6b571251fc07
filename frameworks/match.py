"""Find what was measured for a criterion: the numbers it judges, and whom they leave out."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from checks.model import NOT_STATED, Evidence, Measure, Outcome
from checks.names import crossed
from frameworks.measures import Nameable, measures
from frameworks.model import Criterion

UNCOMPARED_LIMIT = 0.02
"""The share of rows that a number may leave out and still speak for everybody."""

_FREE = frozenset({"class", "average"})
"""Keys that a measure may have without being asked: each class is judged."""


class Records:
    """Evidence by check and parameters."""

    def __init__(self, evidence: Sequence[Evidence]) -> None:
        self._by_key: defaultdict[tuple[str, str], list[Evidence]] = defaultdict(list)
        for one in evidence:
            self._by_key[one.check, _spelt(one.parameters)].append(one)
        self.checks = frozenset(one.check for one in evidence)
        """Every check that ran, with whatever parameters."""

    def of(self, part: Criterion) -> tuple[Evidence, ...]:
        """Return the evidence of the check and parameters that *part* names."""
        check = measures()[part.measure or ""].check
        return tuple(self._by_key.get((check, _spelt(part.parameters)), ()))


def _spelt(parameters: Mapping[str, Any]) -> str:
    return json.dumps(dict(parameters), sort_keys=True, default=str)


@dataclass(frozen=True, slots=True)
class Match:
    """What was measured for a criterion, or why nothing was."""

    found: tuple[tuple[Evidence, Measure], ...] = ()
    missing: str | None = None
    """Why there is no number at all."""
    absent: tuple[str, ...] = ()
    """Attributes that were looked at, but have no such number."""
    unlisted: frozenset[str] = frozenset()
    """Attributes of which a stated group has no number, where numbers of groups are asked for."""


def match(part: Criterion, records: Records) -> Match:
    """Return every number that *part* judges."""
    named = measures()[part.measure or ""]
    if not named.available:
        return Match(missing=f"Not measured by this version: {named.why}. It would take {named.supply}.")
    evidence = records.of(part)
    if not evidence and part.parameters and named.check in records.checks:
        how = ", ".join(f"{name}: {value}" for name, value in sorted(part.parameters.items()))
        return Match(
            missing=f"Not measured in this way: the check `{named.check}` ran, "
            f"and these rules ask it with {how}; measure again by them."
        )
    if not evidence:
        return Match(missing=f"Not measured: the check `{named.check}` did not run.")
    for one in evidence:
        if one.outcome is not Outcome.MEASURED:
            return Match(missing=f"Not measured: {_sentence(one.reason or one.outcome.value)}")
    found = tuple((one, m) for one in evidence for m in one.measures if _fits(part, named, m))
    absent = _absent(part, named, evidence, found)
    if not found and not absent:
        what = "no crossed attributes were measured" if "depth" in part.of else _unanswered(named)
        return Match(missing=f"Not measured: {what}.")
    return Match(found=found, absent=absent, unlisted=frozenset(_unlisted(evidence, found)))


def _unanswered(named: Nameable) -> str:
    if named.supply:
        return f"the check gave no such number; it takes {named.supply}"
    return "the check gave no such number"


def _fits(part: Criterion, named: Nameable, measured: Measure) -> bool:
    if measured.name != named.name:
        return False
    asked = {key: value for key, value in part.of.items() if key != "depth"}
    wanted = (set(named.of) | asked.keys()) - _FREE
    if wanted != measured.of.keys() - _FREE:
        return False
    if any(value not in ("any", measured.of.get(key)) for key, value in asked.items()):
        return False
    return "attribute" not in measured.of or _right_depth(part, measured.of["attribute"])


def _right_depth(part: Criterion, attribute: str) -> bool:
    if "depth" not in part.of and part.of.get("attribute", "any") != "any":
        return True
    return len(_crossed(attribute)) == int(part.of.get("depth", 1))


@lru_cache(maxsize=16_384)
def _crossed(name: str) -> tuple[str, ...]:
    """Return what is crossed in *name*, without the stars that stand inside: two for `race*sex`."""
    return tuple(name.replace("\\\\", "").replace("\\*", "").split("*"))


def _absent(
    part: Criterion,
    named: Nameable,
    evidence: Sequence[Evidence],
    found: Sequence[tuple[Evidence, Measure]],
) -> tuple[str, ...]:
    """Return attributes that the check saw without giving the number: silence must not pass for them."""
    if "attribute" not in named.of:
        return ()
    asked = part.of.get("attribute", "any")
    seen = {
        m.of["attribute"]
        for one in evidence
        for m in one.measures
        if "attribute" in m.of and asked in ("any", m.of["attribute"])
    }
    seen = {attribute for attribute in seen if _right_depth(part, attribute)}
    return tuple(sorted(seen - {m.of["attribute"] for _, m in found}))


def _unlisted(evidence: Sequence[Evidence], found: Sequence[tuple[Evidence, Measure]]) -> Iterator[str]:
    """Yield attributes that have a stated group, seen in the evidence, without the number asked for."""
    listed = {(m.of["attribute"], m.of["group"]) for _, m in found if "group" in m.of and m.value is not None}
    asked = {m.of["attribute"] for _, m in found if "group" in m.of}
    for one in evidence:
        for m in one.measures:
            attribute, group = m.of.get("attribute", ""), m.of.get("group", NOT_STATED)
            stated = NOT_STATED not in _crossed(group)
            if attribute in asked and stated and (attribute, group) not in listed:
                yield attribute


def left_out(named: Nameable, evidence: Evidence, attribute: str | None) -> str | None:
    """Say why a number does not speak for everybody, or return None where it does.

    *attribute* is the one whose groups were compared, None where nobody was compared with anybody.
    """
    if _share(evidence, "unusable_share", {}, 0.0) > UNCOMPARED_LIMIT:
        return (
            "More than two per cent of the rows lack the label, decision or score that is needed, so what "
            "was found does not speak for everybody."
        )
    if attribute is None or not named.compares:
        return None
    share = _share(evidence, "uncompared_share", {"attribute": attribute}, math.inf)
    if share == math.inf:
        return f"For {attribute}, how many people were left out of the comparison is not known."
    if share > UNCOMPARED_LIMIT:
        return (
            f"For {attribute}, more than two per cent of the rows are in groups too small to compare or not "
            "stated, so what was found does not speak for everybody."
        )
    return None


def _share(evidence: Evidence, name: str, of: Mapping[str, str], unknown: float) -> float:
    """Return the largest share called *name* of *of*; *unknown* where there is none or one is undefined."""
    values = [m.value for m in evidence.measures if m.name == name and m.of.items() >= of.items()]
    return max((unknown if value is None else value for value in values), default=unknown)


def worse_group(named: Nameable, evidence: Evidence, measured: Measure) -> tuple[str | None, float | None]:
    """Return the group that *measured* finds worst off, and its rows; without one, the people it is of."""
    if "group" in measured.of:
        return measured.of["group"], _rows(evidence, measured.of["attribute"], measured.of["group"])
    rate, groups = compared_groups(named, evidence, measured.of)
    if rate is None or rate.better is None:
        return None, None if named.counts else measured.n
    group = groups[0] if rate.better == "higher" else groups[-1]
    return group.of["group"], _rows(evidence, measured.of["attribute"], group.of["group"])


def compared_groups(
    named: Nameable, evidence: Evidence, of: Mapping[str, str]
) -> tuple[Nameable | None, tuple[Measure, ...]]:
    """Return the rate of single groups that *named* compares for *of*, and the compared groups, lowest first.

    Where it compares two rates, the one that lies further apart is told.
    """
    found: tuple[Nameable | None, tuple[Measure, ...]] = (None, ())
    widest = -1.0
    for name in filter(None, (named.by_group, named.or_by_group)):
        groups = sorted(_compared(name, evidence, of), key=lambda m: (m.value or 0.0, m.of["group"]))
        spread = (groups[-1].value or 0.0) - (groups[0].value or 0.0) if groups else -1.0
        if spread > widest:
            widest, found = spread, (measures()[f"{named.check}.{name}"], tuple(groups))
    return found


def _compared(name: str, evidence: Evidence, of: Mapping[str, str]) -> Iterator[Measure]:
    for m in evidence.measures:
        alike = m.name == name and {k: v for k, v in m.of.items() if k != "group"} == of
        stated = NOT_STATED not in _crossed(m.of.get("group", NOT_STATED))
        if alike and stated and m.value is not None and m.note is None:
            yield m


def _rows(evidence: Evidence, attribute: str, group: str) -> float | None:
    counts = [
        m.n
        for m in evidence.measures
        if m.of.get("attribute") == attribute and m.of.get("group") == group and m.n is not None
    ]
    return max(counts, default=None)


def label(of: Mapping[str, str]) -> str:
    """Spell what a number is of, for a sentence: `race × sex`, `race, group B`, `feature income`."""
    parts = [crossed(of["attribute"])] if "attribute" in of else []
    parts += [f"{k} {crossed(v) if k == 'group' else v}" for k, v in of.items() if k != "attribute"]
    return ", ".join(parts)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."

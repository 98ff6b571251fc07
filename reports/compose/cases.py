"""Three cases in plain words: what was answered, what spoke for and against it, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checks.model import Evidence
from reports import wording
from reports.document import Block, KeyValues, Pair, Paragraph

TOLD = 3
MIDDLE, MISSED = "the middle of all answers", "just missed it"

_TITLES = {
    MIDDLE: "A case in the middle of all answers",
    "just reached it": "The case that only just reached it",
    MISSED: "The case that only just missed it",
}
_PRIVACY = (
    "No row is shown: what is said of the features of a case is true of at least ten people. Cases are "
    "examples, picked by a rule; nothing follows from them for anybody else."
)

Rows = list[tuple[Any, ...]]


def cases(evidence: Evidence) -> Iterator[Block]:
    """Yield the middle case, the one that just missed and the worst error, or others in their place."""
    goal = _rows(evidence, "goal")
    names = [m.of["case"] for m in evidence.measures if m.name == "answer"]
    if not goal or not names:
        return
    wanted, otherwise, scale = goal[0]
    errors = [name for name in names if name not in _TITLES]
    order = dict.fromkeys([*(n for n in (MIDDLE, MISSED) if n in names), *errors[:1], *names])
    yield Paragraph(f"What people want of the answer here: {wanted}. {_PRIVACY}")
    for name in list(order)[:TOLD]:
        yield KeyValues(tuple(_case(evidence, name, str(wanted), str(otherwise), str(scale))))


def _rows(evidence: Evidence, table: str, case: str | None = None) -> Rows:
    found = next((t.rows for t in evidence.tables if t.name == table), ())
    return [row for row in found if case is None or row[0] == case]


def _case(evidence: Evidence, case: str, wanted: str, otherwise: str, scale: str) -> Iterator[Pair]:
    numbers = {m.name: m for m in evidence.measures if m.of.get("case") == case}
    reached = numbers["reached"].value == 1
    got, instead = (wanted, otherwise) if reached else (otherwise, wanted)
    yield Pair("Case", _title(case))
    answer = wording.number(numbers["answer"].value or 0.0)
    alike = wording.plural(numbers["alike"].value or 0, "person fits", "people fit")
    yield Pair(
        "Answer",
        wording.sentence(f"{got} ({scale.partition(' less ')[0]}: {answer}); {alike} what is said here"),
    )
    reasons = _rows(evidence, "reasons", case)
    yield Pair("For it", _spoke([row for row in reasons if row[3] > 0]))
    yield Pair("Against it", _spoke([row for row in reasons if row[3] < 0]))
    yield Pair("What would change it", _changes(_rows(evidence, "changes", case), instead))
    yield Pair("A person alike", _alike(numbers["differences"].value, _rows(evidence, "nearest_other", case)))


def _title(case: str) -> str:
    if case in _TITLES:
        return _TITLES[case]
    return f"The {wording.brief(case, 80)}"


def _spoke(rows: Rows) -> str:
    """Say what pushed one way; bands are told where they may be."""
    if not rows:
        return "Nothing that is larger than its sampling error."
    return wording.sentence("; ".join(_reason(*row[1:]) for row in rows))


def _reason(feature: str, band: str | None, part: float) -> str:
    said = "" if band is None else f" ({_band(band)})"
    return f"{_feature(feature)}{said}, by {wording.number(abs(part))}"


def _feature(name: object) -> str:
    return wording.brief(str(name), 60)


def _band(band: str) -> str:
    if band.endswith(" fifth"):
        return f"in the {band} of everybody"
    return "missing" if band == "missing" else f"is {wording.brief(band, 40)}"


def _changes(rows: Rows, instead: str) -> str:
    if not rows:
        return "No change was found, of features that may change, that turns the answer."
    parts = [_change(*row[1:]) for row in rows]
    return wording.sentence(f"To get {instead}: {', and '.join(parts)}")


def _change(feature: str, way: str, points: float | None, relative: float | None, to: str | None) -> str:
    name = _feature(feature)
    if way == "withheld":
        return f"another value of {name} (which one would tell of too few people)"
    if to is not None:
        return f"{name} would need to be {wording.brief(to, 40)}"
    if relative is not None:
        return f"{name} would need to be about {wording.number(100 * relative)}\u00a0% {way}"
    passed = wording.per_hundred(points or 0.0)
    return f"{name} would need to be {way}, past about {passed} people"


def _alike(differences: float | None, rows: Rows) -> str:
    if differences is None:
        return "Nobody among these rows has another answer."
    count = wording.plural(differences, "feature")
    named = [
        f"{_feature(feature)} ({'another value' if way == 'other' else way})" for _, feature, way in rows
    ]
    told = f": {'; '.join(named)}" if named else ""
    more = " and others" if named and len(named) < differences else ""
    return wording.sentence(f"The person most alike with another answer differs in {count}{told}{more}")

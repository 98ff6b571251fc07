"""Three cases in plain words: what was answered, what spoke for and against it, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from checks.interpretability.rounded import JUST_OVER, JUST_UNDER, OVER, UNDER
from checks.interpretability.without import FEW, FULL, RIGHT, SAME
from checks.model import Evidence, Measure
from reports import wording
from reports.compose.trust import differing
from reports.document import Block, KeyValues, Pair, Paragraph
from reports.language import N_, _, own, said_or_same

TOLD = 3
MIDDLE, MISSED = "the middle of all answers", "just missed it"

_TITLES = N_(
    {
        MIDDLE: "A case in the middle of all answers",
        "just reached it": "The case that only just reached it",
        MISSED: "The case that only just missed it",
    }
)
_PRIVACY = N_(
    "No row is shown: what is said of the features of a case is true of at least ten people. Cases are "
    "examples, picked by a rule; nothing follows from them for anybody else."
)

_UNNAMED = N_("; which would tell of too few people")

_SIDES = N_(
    {
        UNDER: "under {number}",
        OVER: "over {number}",
        JUST_UNDER: "just under the limit of about {number}",
        JUST_OVER: "just over the limit of about {number}",
    }
)

_WHY = N_(
    {
        FEW: "fewer than ten people share what would be told of it",
        RIGHT: "none of its answers is known to be wrong",
        FULL: "larger errors of other groups took the places that there are",
    }
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
    yield Paragraph(
        _(
            "What people want of the answer here: {wanted}. {privacy}",
            wanted=said_or_same(str(wanted)),
            privacy=own(_PRIVACY),
        )
    )
    for name in list(order)[:TOLD]:
        yield KeyValues(tuple(_case(evidence, name, str(wanted), str(otherwise), str(scale))))
    yield from _without(evidence, list(order)[:TOLD], errors)
    yield from _unanswered(evidence)


def _unanswered(evidence: Evidence) -> Iterator[Block]:
    """Say how many changed rows the cases had to be told without, if any."""
    lost = next((m for m in evidence.measures if m.name == "questions_unanswered"), None)
    if lost is None or not lost.value:
        return
    said = [
        _(
            "For {lost} of {asked} changed rows that it was asked about, the model gave no number. These "
            "are left out of what is told here, and nothing is put in their place.",
            lost=wording.count(lost.value),
            asked=wording.count(lost.n),
        )
    ]
    found = tuple(differing(evidence, ""))
    if found:
        said.append(
            _(
                "So a case may be compared with other people than the next one. How the people left out of "
                "those that it is compared with differ from the rest: {items}.",
                items=wording.series(found),
            )
        )
    yield Paragraph(wording.paragraph(said))


def _without(evidence: Evidence, told: list[str], errors: list[str]) -> Iterator[Block]:
    """Say of every group whose worst error has no words above where it is told, or why it is not."""
    listed = [name for name in errors if name not in told]
    parts = [_("{case}: only in the tables", case=said_or_same(wording.brief(case, 80))) for case in listed]
    for attribute, group, why, case in _rows(evidence, "without_case"):
        other = said_or_same(wording.brief(str(case), 80))
        reason = own(_WHY[str(why)]) if why != SAME else _("the same person as “{case}”", case=other)
        if why == SAME and case not in told:
            reason = _("the same person as “{case}”, only in the tables", case=other)
        name = said_or_same(wording.brief(f"worst error, {attribute}: {group}", 80))
        parts.append(_("{case}: {why}", case=name, why=reason))
    if parts:
        yield Paragraph(
            wording.stopped(
                _("Groups whose worst error is not told in words here: {items}", items=wording.series(parts))
            )
        )


def _rows(evidence: Evidence, table: str, case: str | None = None) -> Rows:
    found = next((t.rows for t in evidence.tables if t.name == table), ())
    return [row for row in found if case is None or row[0] == case]


def _case(evidence: Evidence, case: str, wanted: str, otherwise: str, scale: str) -> Iterator[Pair]:
    numbers = {m.name: m for m in evidence.measures if m.of.get("case") == case}
    reached = numbers["reached"].value == 1
    got, instead = (wanted, otherwise) if reached else (otherwise, wanted)
    yield Pair(_("Case"), _title(case))
    answer = _answer(numbers["answer"], scale)
    alike = wording.plural(numbers["alike"].value or 0, "person fits", "people fit")
    yield Pair(
        _("Answer"),
        wording.sentence(
            _(
                "{got} ({scale}: {answer}); {alike} what is said here",
                got=said_or_same(got),
                scale=said_or_same(scale),
                answer=answer,
                alike=alike,
            )
        ),
    )
    for _name, was, least in _rows(evidence, "observed", case):
        yield Pair(_("What was true"), _observed(was, least, amount=scale == "the predicted value"))
    reasons = _rows(evidence, "reasons", case)
    if _told_apart(numbers.get("compared_with")):
        yield from _start(numbers, scale)
        rest = _number(numbers, "others_together") or 0.0
        yield Pair(
            _("Spoke for: {wanted}", wanted=said_or_same(wanted)),
            _spoke([row for row in reasons if row[3] > 0], max(rest, 0.0)),
        )
        yield Pair(
            _("Spoke against: {wanted}", wanted=said_or_same(wanted)),
            _spoke([row for row in reasons if row[3] < 0], max(-rest, 0.0)),
        )
        yield from _trusted(numbers)
    else:
        yield Pair(
            _("What spoke for and against it"),
            _("Not told: for too many of the rows that this takes, the model gave no number."),
        )
    changes = _rows(evidence, "changes", case)
    changed = _lost(changes, got) if reached else _changes(changes, instead)
    yield Pair(_("What would change the answer"), changed)
    yield Pair(
        _("A person alike"), _alike(numbers["differences"].value, _rows(evidence, "nearest_other", case))
    )


def _told_apart(compared: Measure | None) -> bool:
    """Return whether a case was compared with enough people to say what spoke for and against it."""
    return compared is None or compared.value is None or 2 * compared.value >= (compared.n or 0)


def _answer(measure: Measure, scale: str) -> str:
    """Spell what the model said with the digits that were kept, and on which side of them it lies."""
    value = measure.value or 0.0
    if measure.note in _SIDES:
        return own(_SIDES[measure.note]).format(number=wording.exact(value))
    if scale.startswith("decision"):
        return wording.exact(value)
    return _("about {number}", number=wording.kept(value))


def _observed(was: str | None, least: float | None, *, amount: bool) -> str:
    """Say what was true of somebody whose answer was wrong, as far as ten people share it."""
    if was is None:
        first = _("This is not told: fewer than ten people alike share it.")
    elif amount:
        first = wording.stopped(_("The observed value {band}", band=_lies(was)))
    else:
        first = wording.stopped(_("The observed label is {label}", label=wording.brief(was, 40)))
    if not amount:
        return first
    if least is None:
        return wording.paragraph((first, _("The size of the error is not told, for the same reason.")))
    off = _(
        "How far off the answer is stays untold, since fewer than ten people alike are as far off: it is "
        "{least} at least.",
        least=wording.kept(least),
    )
    return wording.paragraph((first, off))


def _lies(band: str) -> str:
    if band.endswith(" fifth"):
        return _("lies in the {band} of everybody", band=own(band))
    return _("is {value}", value=wording.brief(band, 40))


def _title(case: str) -> str:
    if case in _TITLES:
        return own(_TITLES[case])
    return _("The {case}", case=said_or_same(wording.brief(case, 80)))


def _number(numbers: Mapping[str, Measure], name: str) -> float | None:
    return numbers[name].value if name in numbers else None


def _start(numbers: Mapping[str, Measure], scale: str) -> Iterator[Pair]:
    """Say from where the contributions move an answer to where it is."""
    start, compared = _number(numbers, "start"), _number(numbers, "compared_with")
    if start is not None and compared is not None:
        yield Pair(
            _("Where that starts"),
            _(
                "{people} that this case is compared with have about {start} on average ({scale}). What "
                "spoke for and against moves that to the answer.",
                people=wording.plural(compared, "person", "people"),
                start=wording.kept(start),
                scale=said_or_same(scale),
            ),
        )


def _trusted(numbers: Mapping[str, Measure]) -> Iterator[Pair]:
    """Say how often other draws say the same of what spoke for and against."""
    kept, same = (numbers.get(f"reseeded_{name}_share") for name in ("top_kept", "direction"))
    if kept is None or same is None or kept.value is None or same.value is None:
        return
    draws, named = kept.n or 0, same.n or 0
    yield Pair(
        _("How far to trust this"),
        _(
            "Drawn {draws} times, with other people to compare with each time, the heaviest feature was the "
            "same in {kept} of {draws} draws, and what is named spoke the same way {same} of {named} times.",
            draws=wording.count(draws),
            kept=wording.count(round(kept.value * draws)),
            same=wording.count(round(same.value * named)),
            named=wording.count(named),
        ),
    )


def _spoke(rows: Rows, rest: float) -> str:
    """Say what pushed one way; bands are told where they may be, and the *rest* is told together."""
    if not rows and not rest:
        return _("Nothing that is larger than its sampling error.")
    if not rows:
        return _(
            "No single feature by more than its sampling error; all others together by about {part}.",
            part=wording.kept(rest),
        )
    told = [_reason(*row[1:]) for row in rows]
    if rest:
        told.append(_("all other features together, by about {part}", part=wording.kept(rest)))
    return wording.stopped(wording.series(told))


def _reason(feature: str, band: str | None, part: float) -> str:
    where = "" if band is None else _(" ({band})", band=_band(band))
    return _(
        "{feature}{where}, by about {part}",
        feature=_feature(feature),
        where=where,
        part=wording.kept(abs(part)),
    )


def _feature(name: object) -> str:
    return wording.name(name)


def _band(band: str) -> str:
    if band.endswith(" fifth"):
        return _("in the {band} of everybody", band=own(band))
    return _("missing") if band == "missing" else _("is {band}", band=wording.brief(band, 40))


def _changes(rows: Rows, instead: str) -> str:
    if not rows:
        return _(
            "No change was found that turns the answer. Tried were a few features at a time, of those that "
            "may change, in the directions declared, to some of the values that people have."
        )
    parts = [_change(*row[1:]) for row in rows]
    return wording.sentence(
        _("To get {instead}: {items}", instead=said_or_same(instead), items=_(", and ").join(parts))
    )


def _change(feature: str, way: str, points: float | None, relative: float | None, to: str | None) -> str:
    name = _feature(feature)
    if way == "withheld":
        return _("another value of {name} (which one would tell of too few people)", name=name)
    if to is not None:
        return _("{name} would need to be {to}", name=name, to=wording.brief(to, 40))
    if relative is not None:
        return _(
            "{name} would need to be about {value} {way}",
            name=name,
            value=wording.percent(relative),
            way=own(way),
        )
    if points is None:
        return _(
            "{name} would need to be {way} (by how much would tell of too few people)",
            name=name,
            way=own(way),
        )
    passed = wording.per_hundred(points)
    return _(
        "{name} would need to be {way}, past about {passed} people", name=name, way=own(way), passed=passed
    )


def _lost(rows: Rows, got: str) -> str:
    """Say what would take the answer away from somebody who has what is wanted."""
    if not rows:
        return _(
            "No change was found by which the answer would be lost. Tried were a few features at a time, of "
            "those that may change, in both directions, to some of the values that people have."
        )
    parts = [_losing(*row[1:]) for row in rows]
    return wording.sentence(
        _("{got} would be lost with {items}", got=said_or_same(got), items=_(", and ").join(parts))
    )


def _losing(feature: str, way: str, points: float | None, relative: float | None, to: str | None) -> str:
    name = _feature(feature)
    if way == "withheld":
        return _("another value of {name} (which one would tell of too few people)", name=name)
    if to is not None:
        return _("{name} at {to}", name=name, to=wording.brief(to, 40))
    if relative is not None:
        return _("{name} about {value} {way}", name=name, value=wording.percent(relative), way=own(way))
    if points is None:
        return _("{name} {way} (by how much would tell of too few people)", name=name, way=own(way))
    passed = wording.per_hundred(points)
    return _("{name} {way}, past about {passed} people", name=name, way=own(way), passed=passed)


def _alike(differences: float | None, rows: Rows) -> str:
    if differences is None:
        return _("Nobody among these rows has another answer.")
    if not differences:
        return _(
            "The person most alike with another answer lies in the same fifth or category of every feature: "
            "what differs lies within a fifth."
        )
    count = wording.plural(differences, "feature")
    named = [
        _("{name} ({way})", name=_feature(feature), way=_("another value") if way == "other" else own(way))
        for _case, feature, way in rows
    ]
    told = _(": {items}", items=wording.series(named)) if named else own(_UNNAMED)
    more = _(" and others") if named and len(named) < differences else ""
    return wording.sentence(
        _(
            "The person most alike with another answer differs in {count}{told}{more}",
            count=count,
            told=told,
            more=more,
        )
    )

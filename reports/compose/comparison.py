"""One audit against another: what changed in the submission, in the rules, in the numbers, in the verdicts.

A requirement that was shown not to be met and is now open has become better only where its numbers left their
old intervals; else it is no longer shown not to be met. Nothing here is judged anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from frameworks.model import Verdict
from reports import wording
from reports.compose.compared import ROWS, Numbers
from reports.compose.view import View, check_title
from reports.document import Block, Bullet, Bullets, Cell, Column, KeyValues, Pair, Paragraph, Section, Table
from reports.language import N_, _, own, said_or_same

_WAYS = N_(
    {
        "worse": "worse",
        "unshown": "no longer shown not to be met",
        "other": "other",
        "better": "better",
    }
)
"""What a change of a verdict can be, in the order in which changes are told."""
_NOTES = "resolved.notes"
_RANKS = {str(verdict): verdict.rank for verdict in Verdict}


def comparison(before: View, after: View) -> Iterator[Section]:
    """Yield what changed, the verdicts first."""
    numbers = Numbers(before, after)
    yield Section(_("What is compared"), "compared", tuple(_compared(before, after)))
    yield Section(_("Verdicts"), "verdicts", tuple(_verdicts(numbers)))
    yield Section(_("Rules"), "rules", tuple(_rules(before, after)))
    yield Section(_("Numbers"), "numbers", tuple(_numbers(numbers)))
    yield Section(_("What was submitted"), "submitted", tuple(_submitted(before, after)))


def _compared(before: View, after: View) -> Iterator[Block]:
    def card(view: View) -> str:
        name = wording.brief(str(view.system.get("name") or _("an unnamed system")))
        version = view.system.get("version")
        called = _("{name}, version {version}", name=name, version=version) if version else name
        return wording.series((called, _("rules as of {day}", day=wording.day(view.as_of))))

    yield KeyValues(
        (
            Pair(_("Before"), card(before)),
            Pair(_("Record before"), before.digest, "code"),
            Pair(_("After"), card(after)),
            Pair(_("Record after"), after.digest, "code"),
        )
    )
    if before.digest == after.digest:
        yield Paragraph(_("Both are the same record: nothing differs."))
    if bool(before.publication) != bool(after.publication):
        yield Paragraph(
            _(
                "One of the two is a version for everybody, from which numbers are withheld: numbers that "
                "only the other has need not have changed."
            )
        )


def _verdicts(numbers: Numbers) -> Iterator[Block]:
    before, after = numbers.before, numbers.after
    shared = [name for name in after.verdicts if name in before.verdicts]
    yield Table(
        _("Each rule set as a whole"),
        (Column(_("Rules")), Column(_("Before")), Column(_("After")), Column(_("Requirements that changed"))),
        tuple(_whole(numbers, name) for name in dict.fromkeys([*after.verdicts, *before.verdicts])),
    )
    changes = [row for name in shared for row in _changed(numbers, name)]
    if not changes:
        yield Paragraph(_("No requirement that both records judge has another verdict."))
        return
    changes.sort(key=lambda row: (row[0], row[1][0].text))
    yield Table(
        _("Requirements with another verdict, those that became worse first"),
        (
            Column(_("Requirement")),
            Column(_("Before"), "verdict"),
            Column(_("After"), "verdict"),
            Column(_("Direction")),
        ),
        tuple(row for _, row in changes),
        wording.paragraph(
            (
                _("“Not applicable” is neither better nor worse."),
                _(
                    "“No longer shown not to be met” is not better: the numbers that showed it are gone, or "
                    "have intervals that overlap the old ones, as fewer data give."
                )
                if any(row[-1].text == own(_WAYS["unshown"]) for _way, row in changes)
                else "",
            )
        ),
    )


def _whole(numbers: Numbers, name: str) -> tuple[Cell, ...]:
    before, after = numbers.before, numbers.after
    view = after if name in after.verdicts else before
    old, new = before.verdicts.get(name), after.verdicts.get(name)
    if old is None or new is None:
        only = _("judged only after") if old is None else _("judged only before")
        spelt = [wording.verdict(str(one["verdict"])) if one else "–" for one in (old, new)]
        return (Cell(view.framework_title(name)), *map(Cell, spelt), Cell(only))
    tally = Counter(_way(numbers, name, *pair) for pair in _pairs(before, after, name) if pair[1] != pair[2])
    said = wording.listed(
        f"{wording.count(tally[word])} {own(words)}" for word, words in _WAYS.items() if tally[word]
    ) or _("none")
    return (
        Cell(view.framework_title(name)),
        Cell(wording.verdict(str(old["verdict"]))),
        Cell(wording.verdict(str(new["verdict"]))),
        Cell(said),
    )


def _pairs(before: View, after: View, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield each requirement that both judged, with its verdicts."""
    old: Mapping[str, str] = before.verdicts[name]["requirements"]
    new: Mapping[str, str] = after.verdicts[name]["requirements"]
    return ((one, str(old[one]), str(new[one])) for one in new if one in old)


def _changed(numbers: Numbers, name: str) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    order = [*_WAYS]
    for requirement, old, new in _pairs(numbers.before, numbers.after, name):
        if old != new:
            way = _way(numbers, name, requirement, old, new)
            title = said_or_same(
                str(numbers.after.requirement(name, requirement).get("title") or requirement)
            )
            yield (
                order.index(way),
                (
                    Cell(f"{title} ({requirement})"),
                    Cell(wording.verdict(old), verdict=old),
                    Cell(wording.verdict(new), verdict=new),
                    Cell(own(_WAYS[way])),
                ),
            )


def _way(numbers: Numbers, framework: str, requirement: str, old: str, new: str) -> str:
    """Return which way a verdict went; fewer data alone make nothing better."""
    if "not_applicable" in (old, new):
        return "other"
    if (old, new) == ("not_met", "undecided") and not numbers.moved(framework, requirement):
        return "unshown"
    return "worse" if _RANKS[new] > _RANKS[old] else "better"


def _rules(before: View, after: View) -> Iterator[Block]:
    said = [
        Bullet(line)
        for name in after.verdicts
        if name in before.verdicts
        for line in _rule(before, after, name)
    ]
    if before.as_of != after.as_of:
        said.insert(
            0,
            Bullet(
                _(
                    "Rules were read as of {before}, then as of {after}.",
                    before=wording.day(before.as_of),
                    after=wording.day(after.as_of),
                )
            ),
        )
    yield Bullets(tuple(said)) if said else Paragraph(_("The rules that both records use are the same."))


def _rule(before: View, after: View, name: str) -> Iterator[str]:
    old, new = before.frameworks.get(name, {}), after.frameworks.get(name, {})
    if old.get("digest") == new.get("digest"):
        return
    title = after.framework_title(name)
    yield _(
        "{rules}: version {before} became {after}.",
        rules=title,
        before=old.get("version"),
        after=new.get("version"),
    )
    olds = {item["id"]: item for item in old.get("requirements", ())}
    news = {item["id"]: item for item in new.get("requirements", ())}
    if added := sorted(news.keys() - olds.keys()):
        yield _("{rules}: new are {requirements}.", rules=title, requirements=wording.joined(added))
    if gone := sorted(olds.keys() - news.keys()):
        yield _("{rules}: gone are {requirements}.", rules=title, requirements=wording.joined(gone))
    rewritten = [one for one in news if one in olds and news[one] != olds[one]]
    for one in rewritten:
        bounds = _bounds(olds[one]), _bounds(news[one])
        shared = bounds[0].keys() & bounds[1].keys()
        moved = [
            _(
                "{criterion} was {before}, is {after}",
                criterion=criterion,
                before=wording.limit(bounds[0][criterion]),
                after=wording.limit(bounds[1][criterion]),
            )
            for criterion in bounds[1]
            if criterion in shared and bounds[0][criterion] != bounds[1][criterion]
        ]
        changes = wording.series(moved) or _("its words, criteria or dates changed")
        yield _("{rules}, {requirement}: {changes}.", rules=title, requirement=one, changes=changes)


def _bounds(requirement: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the limit of each criterion by its id, as a pack spells it."""
    parts = [
        part
        for criterion in requirement.get("criteria", ())
        for part in (criterion.get("any_of") or criterion.get("all_of") or [criterion])
    ]
    return {
        str(part["id"]): {
            part["bound"]["operator"]: True if part["bound"]["limit"] is None else part["bound"]["limit"]
        }
        for part in parts
        if part.get("bound")
    }


def _numbers(numbers: Numbers) -> Iterator[Block]:
    yield from numbers.told()
    yield from _endings(numbers.before, numbers.after)


def _endings(before: View, after: View) -> Iterator[Block]:
    """Say which checks ended otherwise, or stand in one record alone."""
    old, new = _ends(before), _ends(after)
    lines = []
    for check in dict.fromkeys([*new, *old]):
        was, now = old.get(check), new.get(check)
        if was != now:
            spelt = [wording.outcome(one) if one else _("not asked") for one in (was, now)]
            told = _(
                "{check}: {before} before, {after} after.",
                check=check_title(check),
                before=spelt[0],
                after=spelt[1],
            )
            lines.append(Bullet(told))
    if lines:
        yield Bullets(tuple(lines))


def _ends(view: View) -> dict[str, str]:
    return {one.check: str(found.outcome) for one in view.evidence if (found := view.default(one.check))}


def _submitted(before: View, after: View) -> Iterator[Block]:
    rows = [
        (Cell(where), Cell(wording.within(was)), Cell(wording.within(now)))
        for where, was, now in (
            *_leaves(before.submission, after.submission),
            *((f"engine.{a}", b, c) for a, b, c in _leaves(before.engine, after.engine)),
        )
        if where != _NOTES
    ]
    noted = [*_notes(before, after)]
    if noted:
        yield Bullets(tuple(noted))
    if not rows and not noted:
        yield Paragraph(_("The submissions are the same, and so are the versions that measured them."))
    if not rows:
        return
    more = len(rows) - ROWS
    yield Table(
        _("What differs in the submissions and in the versions that measured them"),
        (Column(_("What")), Column(_("Before")), Column(_("After"))),
        tuple(rows[:ROWS]),
        _("{more}; both records hold them.", more=wording.plural(more, "more difference"))
        if more > 0
        else "",
    )


def _notes(before: View, after: View) -> Iterator[Bullet]:
    """Yield what the audit noted of one submission alone, whole."""
    was, now = ([str(note) for note in view.resolved.get("notes") or ()] for view in (before, after))
    for note in now:
        if note not in was:
            yield Bullet(_("Noted only after: {note}", note=wording.recorded(note)))
    for note in was:
        if note not in now:
            yield Bullet(_("Noted only before: {note}", note=wording.recorded(note)))


def _leaves(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Yield each leaf that differs, with where it stands."""
    olds, news = dict(_flat(old)), dict(_flat(new))
    for where in dict.fromkeys([*news, *olds]):
        was, now = olds.get(where), news.get(where)
        if was != now:
            yield where, _spelt(was), _spelt(now)


def _flat(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list | tuple) and all(
        not isinstance(one, Mapping | list | tuple) for one in value
    ):
        yield where, ", ".join(map(wording.exact, value))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value, start=1):
            yield from _flat(inner, f"{where}.{place}")
    elif value is not None:
        yield where, value


def _spelt(value: Any) -> str:
    return _("not given") if value is None else wording.exact(value)

"""What people themselves were told, in words: whether they got reasons, and whether these are the model's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from checks.interpretability.without import BY_LANGUAGE
from checks.model import Evidence, Measure
from checks.names import crossed
from reports import wording
from reports.compose.rows import more, strength
from reports.compose.tables import shown_apart
from reports.document import Block, Paragraph
from reports.language import N_, _, own

_GAPS_TOLD = 3


def shown_to_people(evidence: Evidence) -> Iterator[Block]:
    """Yield in words what people were told, and what keeps them from reading it."""
    say = _SHOWN.get(evidence.check)
    said = wording.paragraph(say(evidence)) if say is not None else ""
    if said:
        yield Paragraph(said)


def number_of(evidence: Evidence, name: str) -> Measure | None:
    """Return the number of the whole called *name*, if it has a value."""
    return next(
        (m for m in evidence.measures if m.name == name and m.value is not None and not m.of.get("group")),
        None,
    )


def value_of(measure: Measure | None) -> float:
    """Return a value, 0 where there is none."""
    return 0.0 if measure is None or measure.value is None else measure.value


def people_of(measure: Measure) -> str:
    """Spell a share of people, how sure it is, and of how many."""
    return _(
        "{share} people {sure}", share=wording.per_hundred(value_of(measure)), sure=wording.sure(measure)
    )


def _reasons(evidence: Evidence) -> Iterator[str]:
    got = number_of(evidence, "coverage")
    if got is None:
        return
    yield _(
        "Of those who were owed a reason, {share} got one {sure}.",
        share=wording.per_hundred(value_of(got)),
        sure=wording.sure(got),
    )
    yield from _unusable(evidence)
    yield from _weighed(evidence)
    yield from _next_steps(evidence)
    yield from _apart(evidence)


def _weighed(evidence: Evidence) -> Iterator[str]:
    """Say how far the reasons are those of the model, and what is counted in favour of who gave them."""
    main, strict, top, chance, false, able = (
        number_of(evidence, name)
        for name in (
            "main_reason_share",
            "heaviest_named_share",
            "among_top_share",
            "chance_top_share",
            "contradicted_share",
            "actionable_share",
        )
    )
    why = next((m.note for m in evidence.measures if m.name == "main_reason_share" and m.value is None), None)
    if why:
        yield wording.recorded(why)
    if main is not None:
        yield _(
            "Where the reasons name features, what weighed most against the person in the model is among "
            "them for {people}.",
            people=people_of(main),
        )
    if main is not None and strict is not None:
        yield _(
            "That is counted in favour of who gave the reasons, wherever chance leaves it open what weighed "
            "most; taking what came out heaviest, it is among them for {people}.",
            people=people_of(strict),
        )
    if top is not None and chance is not None:
        yield _(
            "Of the named features at most {top} are among the heaviest {sure}; naming features at random "
            "would reach {chance}, counted the same way.",
            top=wording.per_hundred(value_of(top)),
            sure=wording.sure(top),
            chance=wording.per_hundred(value_of(chance)),
        )
    yield from _false(evidence, false)
    if able is not None:
        yield _(
            "Of people who were told of a feature, {people} were told of one that may change.",
            people=people_of(able),
        )


def _false(evidence: Evidence, false: Measure | None) -> Iterator[str]:
    """Say how many reasons are false, and name the language in which that is so beyond chance."""
    undecided = number_of(evidence, "undecided_share")
    open_ = undecided is not None and bool(undecided.value)
    if false is not None and (false.value or open_):
        yield _(
            "Of the named features at least {share} spoke for the person in the model {sure}: as a reason "
            "against them that is false.",
            share=wording.per_hundred(value_of(false)),
            sure=wording.sure(false),
        )
    if undecided is not None and open_:
        yield _(
            "For {share} of the named features {sure} the sampling error leaves open whether they spoke for "
            "or against the person: none of these is counted as false, and the interval above reaches to all "
            "of them.",
            share=wording.per_hundred(value_of(undecided)),
            sure=wording.sure(undecided),
        )
    yield from _false_by_language(evidence)


def _false_by_language(evidence: Evidence) -> Iterator[str]:
    """Compare the languages whose intervals, from none of the undecided to all of them, are apart."""
    table = next((table for table in evidence.tables if table.name == BY_LANGUAGE), None)
    if table is None or "undecided" not in table.columns or len(table.rows) < 2:
        return
    told = [
        (
            str(name),
            Measure("false reasons", float(false or 0), float(low or 0), float(high or 0), float(n or 0)),
        )
        for name, n, _main, false, low, high, _open in table.rows
    ]
    worst = max(told, key=lambda one: one[1].low or 0)
    best = min(told, key=lambda one: one[1].high or 0)
    if (worst[1].low or 0) > (best[1].high or 0):
        yield _(
            "In texts in “{language}” at least {worst} of the named features spoke for the person {sure}, in "
            "“{other}” at least {best} {limits}: more than chance. The intervals reach from none of those "
            "left open to all of them.",
            worst=wording.per_hundred(value_of(worst[1])),
            sure=wording.sure(worst[1]),
            language=wording.name(worst[0]),
            best=wording.per_hundred(value_of(best[1])),
            limits=wording.sure(best[1]),
            other=wording.name(best[0]),
        )
    elif any(row[3] or row[6] for row in table.rows):
        yield _(
            "Whether named features that spoke for the person are more frequent in one language than in "
            "another cannot be told from these people."
        )


def _apart(evidence: Evidence) -> Iterator[str]:
    """Name the gaps between groups that are more than chance, the surest first."""
    gaps = [m for m in evidence.measures if m.name.endswith("_gap") and "attribute" in m.of]
    measured = [m for m in gaps if m.value is not None]
    shown = sorted((m for m in measured if shown_apart(m)), key=strength, reverse=True)
    told = [
        _(
            "{name} ({attribute}): {value}",
            name=wording.measure(m.name),
            attribute=wording.name(crossed(m.of["attribute"])),
            value=wording.measured(m),
        )
        for m in shown[:_GAPS_TOLD]
    ]
    if told:
        yield _(
            "Of {gaps} between groups these are more than chance: {told}{more}.",
            gaps=wording.plural(len(measured), "gap"),
            told=wording.series(told),
            more=more(len(shown) - len(told)),
        )
    elif measured:
        yield _(
            "Of {gaps} between groups none is shown to be more than chance.",
            gaps=wording.plural(len(measured), "gap"),
        )


def _unusable(evidence: Evidence) -> Iterator[str]:
    """Say what of the table of reasons is of nobody, says nothing, or was not owed."""
    unknown, empty, spare = (
        number_of(evidence, name) for name in ("unknown_case_share", "empty_text_share", "not_due_share")
    )
    parts = (
        (unknown, N_("{count} with a case that no row of the evaluation table has")),
        (spare, N_("{count} about people who were not decided against")),
    )
    told = [
        own(words).format(count=wording.count(round(value_of(m) * (m.n or 0))))
        for m, words in parts
        if m is not None and m.value
    ]
    rows = next((m.n for m, _words in parts if m is not None), None)
    if told and rows is not None:
        yield _(
            "Of the {rows} in the table of reasons, {told}; these are left out.",
            rows=wording.plural(rows, "row"),
            told=wording.joined(told),
        )
    if empty is not None and empty.value and rows is not None:
        yield _(
            "A text is missing in {count} of the {rows}: it tells nothing, unless it names a feature.",
            count=wording.count(round(value_of(empty) * rows)),
            rows=wording.plural(rows, "row"),
        )


def _next_steps(evidence: Evidence) -> Iterator[str]:
    ways = (
        ("contact_share", _("an address or a number")),
        ("appeal_share", _("how to object")),
        ("human_review_share", _("that a person reviews")),
    )
    found = [(m, words) for name, words in ways if (m := number_of(evidence, name)) is not None]
    told = [_("{what} to {people}", what=words, people=people_of(m)) for m, words in found]
    if not told:
        return
    unread = number_of(evidence, "unread_share")
    left = 0 if unread is None else round(value_of(unread) * (unread.n or 0))
    if not left:
        yield _("The texts tell {told}, as far as words can show it.", told=wording.joined(told))
    else:
        yield _(
            "Of {left} the texts are in languages that are not read here, so nothing is known of what they "
            "tell. To the others the texts tell {told}, as far as words can show it.",
            left=wording.plural(left, "person", "people"),
            told=wording.joined(told),
        )


def _barriers(evidence: Evidence) -> Iterator[str]:
    failures = number_of(evidence, "failures")
    if failures is None:
        return
    pages = wording.plural(failures.n or 0, "page was", "pages were")
    if not failures.value:
        yield _("{pages} scanned, and no failure of WCAG 2.2 A or AA was found.", pages=pages)
    else:
        count = wording.plural(value_of(failures), "element fails", "elements fail")
        yield _("{pages} scanned; {count} WCAG 2.2 at levels A and AA.", pages=pages, count=count)
    yield _("A scan finds only part of the barriers that people meet.")


_SHOWN: Mapping[str, Callable[[Evidence], Iterator[str]]] = {
    "interpretability.reasons": _reasons,
    "inclusion.accessibility": _barriers,
}

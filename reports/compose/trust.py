"""How far the explanations of a report can be trusted, and what people themselves were told, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from checks.model import Evidence, Measure
from reports import wording
from reports.compose.view import View
from reports.document import Block, Paragraph, Section
from reports.language import N_, _, own

TITLE = N_("How far these explanations can be trusted")
_ALIKE = 0.8
"""From this agreement two orders are spoken of as alike; it colours words, no verdict."""


def trust(view: View) -> Iterator[Section]:
    """Yield one section made of the checks of explanations; none where none ended with a number."""
    words = (
        ("interpretability.faithfulness", _faithful),
        ("interpretability.stability", _stable),
        ("interpretability.agreement", _agreeing),
    )
    found = [(view.default(check), say) for check, say in words]
    said = [wording.paragraph(say(evidence)) for evidence, say in found if evidence is not None]
    told = wording.paragraph(filter(None, said))
    if told:
        last = _(
            "Even a faithful and stable explanation tells what moves the model, not what is true of people, "
            "and not whether the model should decide."
        )
        yield Section(own(TITLE), "explanations-trust", (Paragraph(wording.paragraph((told, last))),))


def shown_to_people(evidence: Evidence) -> Iterator[Block]:
    """Yield in words what people were told, and what keeps them from reading it."""
    say = _SHOWN.get(evidence.check)
    said = wording.paragraph(say(evidence)) if say is not None else ""
    if said:
        yield Paragraph(said)


def _number(evidence: Evidence, name: str) -> Measure | None:
    return next(
        (m for m in evidence.measures if m.name == name and m.value is not None and not m.of.get("group")),
        None,
    )


def _value(measure: Measure | None) -> float:
    return 0.0 if measure is None or measure.value is None else measure.value


def _faithful(evidence: Evidence) -> Iterator[str]:
    ratio, won = (_number(evidence, name) for name in ("deletion_ratio", "deletion_won_share"))
    if ratio is None or won is None:
        return
    yield _(
        "Taking away the features that an explanation names moves the answer {ratio} times as far, on the "
        "way, as taking away any others; it moves further for {share} people.",
        ratio=wording.measured(ratio),
        share=wording.per_hundred(_value(won)),
    )
    if ratio.low is not None and ratio.low <= 1:
        yield _("So these explanations are not shown to be better than naming features at random.")


def _stable(evidence: Evidence) -> Iterator[str]:
    near, again = (_number(evidence, name) for name in ("top_kept_share", "reseeded_top_kept_share"))
    if near is None or again is None:
        return
    yield _(
        "When every number of a person moves a little, the heaviest feature stays the same for {near} "
        "people; when only the random draws change, for {again}.",
        near=wording.per_hundred(_value(near)),
        again=wording.per_hundred(_value(again)),
    )
    if min(_value(near), _value(again)) < _ALIKE:
        yield _("A single reason can therefore be another one next time.")


def _agreeing(evidence: Evidence) -> Iterator[str]:
    order, top = (_number(evidence, name) for name in ("rank_correlation", "top_overlap"))
    if order is not None:
        alike = _("much the same order") if _value(order) >= _ALIKE else _("different orders")
        yield _(
            "Contributions and the cost of shuffling put the features that matter in {alike} "
            "(rank correlation {order}).",
            alike=alike,
            order=wording.measured(order),
        )
    elif top is not None:
        yield _(
            "Too few features matter for their order to be compared; contributions and the cost of shuffling "
            "have {share} of the leading ones in common.",
            share=wording.per_hundred(_value(top)),
        )


def _reasons(evidence: Evidence) -> Iterator[str]:
    got = _number(evidence, "coverage")
    if got is None:
        return
    yield _("Of those who were owed a reason, {share} got one.", share=wording.per_hundred(_value(got)))
    main, top, chance = (
        _number(evidence, name) for name in ("main_reason_share", "among_top_share", "chance_top_share")
    )
    if main is not None:
        yield _(
            "Where the reasons name features, what weighed most against the person in the model is among "
            "them for {share} people.",
            share=wording.per_hundred(_value(main)),
        )
    if top is not None and chance is not None:
        yield _(
            "Of the named features {top} are among the heaviest; naming features at random would reach "
            "{chance}.",
            top=wording.per_hundred(_value(top)),
            chance=wording.per_hundred(_value(chance)),
        )
    ways = (
        ("contact_share", _("an address or a number")),
        ("appeal_share", _("how to object")),
        ("human_review_share", _("that a person reviews")),
    )
    found = [(_number(evidence, name), words) for name, words in ways]
    told = [
        _("{what} to {share}", what=words, share=wording.per_hundred(_value(m)))
        for m, words in found
        if m is not None
    ]
    if told:
        yield _("The texts tell {told} people, as far as words can show it.", told=wording.joined(told))


def _barriers(evidence: Evidence) -> Iterator[str]:
    failures = _number(evidence, "failures")
    if failures is None:
        return
    pages = wording.plural(failures.n or 0, "page was", "pages were")
    if not failures.value:
        yield _("{pages} scanned, and no failure of WCAG 2.2 A or AA was found.", pages=pages)
    else:
        count = wording.plural(_value(failures), "element fails", "elements fail")
        yield _("{pages} scanned; {count} WCAG 2.2 at levels A and AA.", pages=pages, count=count)
    yield _("A scan finds only part of the barriers that people meet.")


_SHOWN: Mapping[str, Callable[[Evidence], Iterator[str]]] = {
    "interpretability.reasons": _reasons,
    "inclusion.accessibility": _barriers,
}

"""How far the explanations of a report can be trusted, and what people themselves were told, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from checks.interpretability.without import BY_LANGUAGE, LEFT_OUT
from checks.model import Evidence, Measure, Outcome
from checks.names import crossed
from reports import wording
from reports.compose.one_class import one_class
from reports.compose.rows import more, strength
from reports.compose.tables import shown_apart
from reports.compose.view import View
from reports.document import Block, Paragraph, Section
from reports.language import N_, _, own

TITLE = N_("How far these explanations can be trusted")
_GAPS_TOLD = 3
_COLUMNS_TOLD = 5
_ALIKE = 0.8
"""From this agreement two orders are spoken of as alike; it colours words, no verdict."""


_OWN, _CLOSED, _SAMPLED = "credits of the model's own trees", "closed form", "sampled orders"
_WAYS = N_(
    {
        _OWN: "credits of the model's own trees, path-dependent",
        _CLOSED: "the closed form of a model that adds up what each feature gives",
        _SAMPLED: "orders of the features sampled, against other people",
    }
)
"""How contributions were made, by the words of their method."""


_ASKING = N_(
    {
        "interpretability.shap": "contributions",
        "interpretability.permutation_importance": "shuffling",
        "interpretability.partial_dependence": "partial dependence",
        "interpretability.ale": "local effects",
        "interpretability.interactions": "what features do together",
        "interpretability.monotonicity": "declared directions",
        "interpretability.protected_attribution": "what rests on protected attributes",
        "interpretability.faithfulness": "faithfulness",
        "interpretability.stability": "stability",
        "interpretability.agreement": "agreement",
        "interpretability.recourse": "what people could change",
        "interpretability.cases": "single cases",
        "fairness.counterfactual_flip": "changed attributes",
    }
)
"""The checks that ask about changed rows, by what they look at."""


def trust(view: View) -> Iterator[Section]:
    """Yield one section made of the checks of explanations; none where none ended with a number."""
    words = (
        ("interpretability.faithfulness", _faithful),
        ("interpretability.stability", _stable),
        ("interpretability.agreement", _agreeing),
    )
    found = [(view.default(check), say) for check, say in words]
    said = [(evidence, wording.paragraph(say(evidence))) for evidence, say in found if evidence is not None]
    told = [(evidence, text) for evidence, text in said if text]
    missing = (*_unseen(view), *_missing(view))
    if told:
        last = _(
            "Even a faithful and stable explanation tells what moves the model, not what is true of people, "
            "and not whether the model should decide."
        )
        whose = _whose(view, [evidence for evidence, _text in told])
        explained = (tuple(one_class(evidence)) for evidence, _text in told)
        which = next((words for words in explained if words), ())
        text = wording.paragraph((*which, *whose, *(text for _evidence, text in told), *missing, last))
        yield Section(own(TITLE), "explanations-trust", (Paragraph(text),))
    elif missing:
        yield Section(own(TITLE), "explanations-trust", (Paragraph(wording.paragraph(missing)),))


def _unseen(view: View) -> Iterator[str]:
    """Say in which columns rows hold a category that the model does not know."""
    shown = view.default("interpretability.shap")
    found = () if shown is None else shown.measures
    columns = [m for m in found if m.name == "feature_unseen_category_share" and m.value]
    if not columns:
        return
    told = [
        _(
            "{feature} in {count} of {rows}",
            feature=wording.name(m.of["feature"]),
            count=wording.count(round(_value(m) * (m.n or 0))),
            rows=wording.plural(m.n or 0, "row"),
        )
        for m in sorted(columns, key=lambda m: (-_value(m), m.of["feature"]))[:_COLUMNS_TOLD]
    ]
    yield _(
        "Some rows hold a category that the file of the model does not list, and that it answers for as for "
        "none: {columns}{more}. What is credited to such a column there is of no category.",
        columns=wording.series(told),
        more=more(len(columns) - len(told)),
    )


def _missing(view: View) -> Iterator[str]:
    """Say of whom the model gave no number once their values were changed, and what is not told for it."""
    left, failed = [], []
    for check, what in _ASKING.items():
        evidence = view.default(check)
        if evidence is None:
            continue
        if evidence.outcome is Outcome.FAILED:
            failed.append(own(what))
        for of, lost, asked in next((t.rows for t in evidence.tables if t.name == LEFT_OUT), ()):
            count, whole = wording.count(float(lost or 0)), wording.count(float(asked or 0))
            words = (
                _("{lost} of {asked} people for {what}", lost=count, asked=whole, what=own(what))
                if of == "people"
                else _(
                    "{lost} of {asked} pairs of people for {what}", lost=count, asked=whole, what=own(what)
                )
            )
            left.append(words)
    if left:
        yield _(
            "The model gave no number for some rows that were made of people by changing their values. They "
            "are left out, and nothing is put in their place: {left}.",
            left=wording.series(left),
        )
    if failed:
        yield _(
            "Not measured, since the model could not answer for such rows: {failed}; the annex says how "
            "many.",
            failed=wording.series(failed),
        )


def _whose(view: View, looked_at: Sequence[Evidence]) -> Iterator[str]:
    """Say whether the explanations that were looked at are made as those that the report shows."""
    ways = list(dict.fromkeys(way for evidence in looked_at if (way := _way(evidence))))
    shown = view.default("interpretability.shap")
    pictured = _way(shown) if shown is not None else None
    if not ways:
        return
    spelt = wording.joined(own(_WAYS[way]) for way in ways)
    if pictured is None:
        yield _("What is said here is of contributions made for this alone: {way}.", way=spelt)
    elif ways != [pictured]:
        yield _(
            "The picture of contributions shows {pictured}; what is said here is of another kind: {way}. So "
            "it does not tell how far the picture can be trusted.",
            pictured=own(_WAYS[pictured]),
            way=spelt,
        )
    else:
        yield _(
            "What is said here is of contributions made in the way of those in the picture: {way}.", way=spelt
        )
        if pictured == _SAMPLED:
            yield _("Fewer rows stand for the other people here, so chance moves these more.")
    if view.default("interpretability.cases") is not None and ways != [_SAMPLED]:
        yield _(
            "The contributions told of single cases are of another kind (sampled against other people, on "
            "the scale of the answer). Beside each stands how often other draws say the same."
        )


def _way(evidence: Evidence) -> str | None:
    methods = [m.method or "" for m in evidence.measures]
    return next((way for way in _WAYS if any(way in method for method in methods)), None)


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


def _people(measure: Measure) -> str:
    """Spell a share of people, how sure it is, and of how many."""
    return _("{share} people {sure}", share=wording.per_hundred(_value(measure)), sure=wording.sure(measure))


def _faithful(evidence: Evidence) -> Iterator[str]:
    ratio, won = (_number(evidence, name) for name in ("deletion_ratio", "deletion_won_share"))
    if ratio is None or won is None:
        return
    yield _(
        "Taking away the features that an explanation names moves the answer {ratio} times as far, on the "
        "way, as taking away any others; it moves further for {people}.",
        ratio=wording.measured(ratio),
        people=_people(won),
    )
    if ratio.low is not None and ratio.low <= 1:
        yield _("So these explanations are not shown to be better than naming features at random.")


def _stable(evidence: Evidence) -> Iterator[str]:
    near, again = (_number(evidence, name) for name in ("top_kept_share", "reseeded_top_kept_share"))
    if near is None or again is None:
        return
    if _way(evidence) == _OWN:
        yield _(
            "When every number of a person moves a little, the heaviest feature stays the same for {near}; "
            "nothing is drawn, so asking again gives the same explanation.",
            near=_people(near),
        )
    else:
        yield _(
            "When every number of a person moves a little, the heaviest feature stays the same for {near}; "
            "when only the random draws change, for {again}.",
            near=_people(near),
            again=_people(again),
        )
    if _value(near) < _ALIKE:
        yield _("So somebody who differs only a little may be given another first reason.")
    if _value(again) < _ALIKE:
        yield _("A single reason can be another one when the same person asks again.")


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
    yield _(
        "Of those who were owed a reason, {share} got one {sure}.",
        share=wording.per_hundred(_value(got)),
        sure=wording.sure(got),
    )
    yield from _unusable(evidence)
    yield from _weighed(evidence)
    yield from _next_steps(evidence)
    yield from _apart(evidence)


def _weighed(evidence: Evidence) -> Iterator[str]:
    """Say how far the reasons are those of the model, and what is counted in favour of who gave them."""
    main, strict, top, chance, false, able = (
        _number(evidence, name)
        for name in (
            "main_reason_share",
            "heaviest_named_share",
            "among_top_share",
            "chance_top_share",
            "contradicted_share",
            "actionable_share",
        )
    )
    if main is not None:
        yield _(
            "Where the reasons name features, what weighed most against the person in the model is among "
            "them for {people}.",
            people=_people(main),
        )
    if main is not None and strict is not None:
        yield _(
            "That is counted in favour of who gave the reasons, wherever chance leaves it open what weighed "
            "most; taking what came out heaviest, it is among them for {people}.",
            people=_people(strict),
        )
    if top is not None and chance is not None:
        yield _(
            "Of the named features {top} are among the heaviest {sure}; naming features at random would "
            "reach {chance}.",
            top=wording.per_hundred(_value(top)),
            sure=wording.sure(top),
            chance=wording.per_hundred(_value(chance)),
        )
    if false is not None and false.value:
        yield _(
            "Of the named features {share} spoke for the person in the model {sure}: as a reason against "
            "them that is false.",
            share=wording.per_hundred(_value(false)),
            sure=wording.sure(false),
        )
    yield from _false_in(evidence)
    if able is not None:
        yield _(
            "Of people who were told of a feature, {people} were told of one that may change.",
            people=_people(able),
        )


def _false_in(evidence: Evidence) -> Iterator[str]:
    """Name the language whose reasons are false more often than those of another by more than chance."""
    rows = next((table.rows for table in evidence.tables if table.name == BY_LANGUAGE), ())
    told = [(str(row[0]), float(row[3] or 0), float(row[4] or 0), float(row[5] or 0)) for row in rows]
    worst = max(told, key=lambda one: one[2], default=None)
    best = min(told, key=lambda one: one[3], default=None)
    if worst is not None and best is not None and worst[2] > best[3]:
        yield _(
            "That is so of {worst} of the named features in texts in “{language}”, and of {best} in "
            "“{other}”: more than chance.",
            worst=wording.per_hundred(worst[1]),
            language=wording.name(worst[0]),
            best=wording.per_hundred(best[1]),
            other=wording.name(best[0]),
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
        _number(evidence, name) for name in ("unknown_case_share", "empty_text_share", "not_due_share")
    )
    parts = (
        (unknown, N_("{count} with a case that no row of the evaluation table has")),
        (spare, N_("{count} about people who were not decided against")),
    )
    told = [
        own(words).format(count=wording.count(round(_value(m) * (m.n or 0))))
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
            count=wording.count(round(_value(empty) * rows)),
            rows=wording.plural(rows, "row"),
        )


def _next_steps(evidence: Evidence) -> Iterator[str]:
    ways = (
        ("contact_share", _("an address or a number")),
        ("appeal_share", _("how to object")),
        ("human_review_share", _("that a person reviews")),
    )
    found = [(m, words) for name, words in ways if (m := _number(evidence, name)) is not None]
    told = [_("{what} to {people}", what=words, people=_people(m)) for m, words in found]
    if not told:
        return
    unread = _number(evidence, "unread_share")
    left = 0 if unread is None else round(_value(unread) * (unread.n or 0))
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

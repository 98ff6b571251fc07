"""How far the explanations of a report can be trusted, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.interpretability.without import LEFT_OUT, UNLIKE, WITHHELD
from checks.model import Evidence, Measure, Outcome
from reports import wording
from reports.compose.one_class import one_class
from reports.compose.people_told import number_of, people_of, value_of
from reports.compose.rows import more
from reports.compose.view import View
from reports.document import Paragraph, Section
from reports.language import N_, _, own, said_or_same

TITLE = N_("How far these explanations can be trusted")
_COLUMNS_TOLD = 5
_ALIKE = 0.8
"""From this agreement two orders are spoken of as alike; it colours words, no verdict."""


_DIFFERING = N_(
    {
        "higher": "higher",
        "lower": "lower",
        "in other categories": "in other categories",
        "missing more often": "missing more often",
        "missing less often": "missing less often",
    }
)
"""Ways in which those left out differ, as the record has them."""
_LEAST = 0.5
"""Nothing is said of how alike two orders are where the interval reaches lower."""
_ORDERED = 4
"""Features from which an order is compared."""
_SAME = N_(
    "Contributions and the cost of shuffling put the {features} that matter by both in much the same order "
    "(rank correlation {order})."
)
_NEARLY = N_(
    "Contributions and the cost of shuffling put the {features} that matter by both in much the same order "
    "(rank correlation {order}). That they are alike is not sure: the interval reaches lower."
)
_OTHER = N_(
    "Contributions and the cost of shuffling put the {features} that matter by both in different orders "
    "(rank correlation {order})."
)
_OPEN = N_(
    "Whether contributions and the cost of shuffling put the {features} that matter by both in the same "
    "order cannot be told (rank correlation {order})."
)

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
            count=wording.count(round(value_of(m) * (m.n or 0))),
            rows=wording.plural(m.n or 0, "row"),
        )
        for m in sorted(columns, key=lambda m: (-value_of(m), m.of["feature"]))[:_COLUMNS_TOLD]
    ]
    yield _(
        "Some rows hold a category that the file of the model does not list, and that it answers for as for "
        "none: {columns}{more}. What is credited to such a column there is of no category.",
        columns=wording.series(told),
        more=more(len(columns) - len(told)),
    )


def _missing(view: View) -> Iterator[str]:
    """Say of whom the model gave no number once their values were changed, and what is not told for it."""
    left, failed, unlike = [], [], list[str]()
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
        if check != "interpretability.cases":  # beside the cases it is told of each of them
            unlike.extend(differing(evidence, own(what)))
    if left:
        yield _(
            "The model gave no number for some rows that were made of people by changing their values. They "
            "are left out, and nothing is put in their place: {left}.",
            left=wording.series(left),
        )
        yield _("Those left out may differ from the rest, and then what is told is not of everybody.")
    if unlike:
        yield _("How far they do: {items}.", items=wording.series(unlike))
    if failed:
        yield _(
            "Not measured, since the model could not answer for such rows: {failed}; the annex says how "
            "many.",
            failed=wording.series(failed),
        )


def differing(evidence: Evidence, what: str) -> Iterator[str]:
    """Say in what those left out of *what* differ most from the rest, without any value."""
    for of, feature, way, size in next((t.rows for t in evidence.tables if t.name == UNLIKE), ()):
        name = what if of == "people" else said_or_same(wording.brief(str(of), 80))
        if way == WITHHELD:
            yield _("{what}: not told of fewer than ten people", what=name)
        elif feature is None:
            yield _("{what}: in no feature by more than chance", what=name)
        else:
            yield _(
                "{what}: most in {feature} ({way}, by about {size} standard deviations)",
                what=name,
                feature=wording.name(str(feature)),
                way=own(_DIFFERING[str(way)]),
                size=wording.kept(float(size or 0)),
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


def _faithful(evidence: Evidence) -> Iterator[str]:
    ratio, won = (number_of(evidence, name) for name in ("deletion_ratio", "deletion_won_share"))
    if ratio is None or won is None:
        return
    yield _(
        "Taking away the features that an explanation names moves the answer {ratio} times as far, on the "
        "way, as taking away any others; it moves further for {people}.",
        ratio=wording.measured(ratio),
        people=people_of(won),
    )
    if ratio.low is not None and ratio.low <= 1:
        yield _("So these explanations are not shown to be better than naming features at random.")


def _stable(evidence: Evidence) -> Iterator[str]:
    near, again = (number_of(evidence, name) for name in ("top_kept_share", "reseeded_top_kept_share"))
    if near is None or again is None:
        return
    if _way(evidence) == _OWN:
        yield _(
            "When every number of a person moves a little, the heaviest feature stays the same for {near}; "
            "nothing is drawn, so asking again gives the same explanation.",
            near=people_of(near),
        )
    else:
        yield _(
            "When every number of a person moves a little, the heaviest feature stays the same for {near}; "
            "when only the random draws change, for {again}.",
            near=people_of(near),
            again=people_of(again),
        )
    if value_of(near) < _ALIKE:
        yield _("So somebody who differs only a little may be given another first reason.")
    if value_of(again) < _ALIKE:
        yield _("A single reason can be another one when the same person asks again.")


def _agreeing(evidence: Evidence) -> Iterator[str]:
    order, top, one_sided = (
        number_of(evidence, name) for name in ("rank_correlation", "top_overlap", "one_sided_share")
    )
    if order is not None and (order.n or 0) >= _ORDERED:
        yield own(_orders(order)).format(
            features=wording.plural(order.n or 0, "feature"), order=wording.measured(order)
        )
    elif top is not None:
        yield _(
            "Too few features matter to compare an order; contributions and the cost of shuffling have "
            "{share} of the leading ones in common.",
            share=wording.per_hundred(value_of(top)),
        )
    if one_sided is not None and one_sided.value:
        yield _(
            "Of the {features} that matter by either, {count} cannot be told from 0 by the other, and stay "
            "out of any order.",
            features=wording.plural(one_sided.n or 0, "feature"),
            count=wording.count(round(one_sided.value * (one_sided.n or 0))),
        )


def _orders(order: Measure) -> str:
    """Return in what words two orders are compared: as far as the interval allows."""
    value, low, high = value_of(order), order.low or 0.0, 1.0 if order.high is None else order.high
    if value >= _ALIKE and low >= _LEAST:
        return _SAME if low >= _ALIKE else _NEARLY
    return _OTHER if high < _ALIKE else _OPEN

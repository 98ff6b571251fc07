"""One plain sentence for each check of fairness that looks past the groups that were named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from checks.model import Evidence, Measure
from checks.names import crossed
from reports import wording
from reports.document import Block, Paragraph
from reports.language import _


def sentences(evidence: Evidence) -> Iterator[Block]:
    """Yield what the check found in words, where it has them."""
    words = _WORDS.get(evidence.check)
    told = wording.paragraph(words(evidence)) if words is not None else ""
    if told:
        yield Paragraph(told)


def _first(evidence: Evidence, name: str) -> Measure | None:
    return next((m for m in evidence.measures if m.name == name and m.value is not None), None)


def _slices(evidence: Evidence) -> Iterator[str]:
    confirmed, searched = (_first(evidence, name) for name in ("confirmed_slices", "slices_searched"))
    if confirmed is None or searched is None:
        return
    looked = _(
        "{many} searched in half of the people",
        many=wording.plural(searched.value or 0, "slice was", "slices were"),
    )
    found = [m for m in evidence.measures if m.name == "slice_gap"]
    if not found:
        yield _(
            "{looked}; held against the other half, none was shown to lose more than everybody.",
            looked=looked,
        )
        return
    worst = max(found, key=lambda m: m.value or 0.0)
    shown = wording.plural(len(found), "was", "were")
    yield _(
        "{looked}; held against the other half, {shown} shown to lose more than everybody.",
        looked=looked,
        shown=shown,
    )
    case = wording.brief(wording.case(worst.of["case"]), 120)
    yield _("The largest of these gaps is {worst}: {case}.", worst=wording.measured(worst), case=case)


def _assignments(evidence: Evidence) -> Iterator[str]:
    missing = [m for m in evidence.measures if m.name == "not_stated_share" and m.value]
    if not missing and evidence.measures:
        yield _("Everybody states a group, so there is nothing to bound.")
    for ratio in evidence.measures:
        if ratio.name == "impact_ratio_bounds" and ratio.value is not None and len(ratio.of) == 1:
            attribute = wording.brief(crossed(ratio.of["attribute"]))
            ends = wording.interval(ratio.low, ratio.high)
            yield _(
                "Whoever the people not stated are, the impact ratio of {attribute} is from {ends}, "
                "with its 95 % intervals.",
                attribute=attribute,
                ends=ends,
            )


def _likes(evidence: Evidence) -> Iterator[str]:
    found, chance = (_first(evidence, name) for name in ("consistency", "chance_consistency"))
    if found is not None and found.value is not None:
        yield (
            _("Of the people most alike, {value} are decided alike", value=wording.per_hundred(found.value))
            + (
                "."
                if chance is None
                else _("; by chance it would be {value}.", value=wording.per_hundred(chance.value or 0))
            )
        )


def _flips(evidence: Evidence) -> Iterator[str]:
    for share in evidence.measures:
        if share.name == "flip_share" and share.value is not None:
            attribute = wording.brief(crossed(share.of["attribute"]))
            people = _("{value} people", value=wording.per_hundred(share.value))
            ends = wording.interval(share.low, share.high)
            yield _(
                "Changing {attribute} alone changes the decision of {people} ({ends}).",
                attribute=attribute,
                people=people,
                ends=ends,
            )


def _frontier(evidence: Evidence) -> Iterator[str]:
    costs = [m for m in evidence.measures if m.name == "accuracy_cost_at_ratio" and m.value is not None]
    if not costs:
        return
    told = []
    for cost in costs:
        reached = next((m for m in evidence.measures if _is_reached(m, cost.of["attribute"])), None)
        then = (
            ""
            if reached is None
            else _(", and {reached} was reached among others", reached=wording.measured(reached))
        )
        lost = wording.number(cost.value) if cost.value else _("nothing")
        ends = "" if cost.low is None else _(" ({interval})", interval=wording.interval(cost.low, cost.high))
        told.append(
            _(
                "for {attribute} {lost}{ends}{then}",
                attribute=wording.brief(crossed(cost.of["attribute"])),
                lost=lost,
                ends=ends,
                then=then,
            )
        )
    yield _("Keeping the impact ratio within the bound costs accuracy: {items}.", items=wording.series(told))
    yield _("This is a measurement, not advice to deploy.")


def _is_reached(measure: Measure, attribute: str) -> bool:
    return (
        measure.name == "impact_ratio"
        and measure.of["attribute"] == attribute
        and measure.of["model"].startswith("a cut-off a group, ratio")
    )


_WORDS: Mapping[str, Callable[[Evidence], Iterator[str]]] = {
    "fairness.worst_subgroup": _slices,
    "fairness.missing_demographics": _assignments,
    "fairness.consistency": _likes,
    "fairness.counterfactual_flip": _flips,
    "fairness.mitigation_frontier": _frontier,
}
WHOLE = frozenset(_WORDS)
"""Checks of fairness with a section of their own."""

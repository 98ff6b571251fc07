"""One plain sentence for each check of fairness that looks past the groups that were named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from checks.model import Evidence, Measure
from checks.names import crossed
from reports import wording
from reports.document import Block, Paragraph


def sentences(evidence: Evidence) -> Iterator[Block]:
    """Yield what the check found in words, where it has them."""
    words = _WORDS.get(evidence.check)
    said = " ".join(words(evidence)) if words is not None else ""
    if said:
        yield Paragraph(said)


def _first(evidence: Evidence, name: str) -> Measure | None:
    return next((m for m in evidence.measures if m.name == name and m.value is not None), None)


def _slices(evidence: Evidence) -> Iterator[str]:
    confirmed, searched = (_first(evidence, name) for name in ("confirmed_slices", "slices_searched"))
    if confirmed is None or searched is None:
        return
    looked = (
        f"{wording.plural(searched.value or 0, 'slice was', 'slices were')} searched in half of the people"
    )
    found = [m for m in evidence.measures if m.name == "slice_gap"]
    if not found:
        yield f"{looked}; held against the other half, none was shown to lose more than everybody."
        return
    worst = max(found, key=lambda m: m.value or 0.0)
    shown = wording.plural(len(found), "was", "were")
    yield f"{looked}; held against the other half, {shown} shown to lose more than everybody."
    case = wording.brief(crossed(worst.of["case"]), 120)
    yield f"The largest of these gaps is {wording.measured(worst)}: {case}."


def _assignments(evidence: Evidence) -> Iterator[str]:
    missing = [m for m in evidence.measures if m.name == "not_stated_share" and m.value]
    if not missing and evidence.measures:
        yield "Everybody states a group, so there is nothing to bound."
    for ratio in evidence.measures:
        if ratio.name == "impact_ratio_bounds" and ratio.value is not None and len(ratio.of) == 1:
            attribute = wording.brief(crossed(ratio.of["attribute"]))
            ends = wording.interval(ratio.low, ratio.high)
            yield f"Whoever the people not stated are, the impact ratio of {attribute} is from {ends}."


def _likes(evidence: Evidence) -> Iterator[str]:
    found, chance = (_first(evidence, name) for name in ("consistency", "chance_consistency"))
    if found is not None and found.value is not None:
        yield (
            f"Of the people most alike, {wording.per_hundred(found.value)} are decided alike"
            + (
                "."
                if chance is None
                else f"; by chance it would be {wording.per_hundred(chance.value or 0)}."
            )
        )


def _flips(evidence: Evidence) -> Iterator[str]:
    for share in evidence.measures:
        if share.name == "flip_share" and share.value is not None:
            attribute = wording.brief(crossed(share.of["attribute"]))
            people = f"{wording.per_hundred(share.value)} people"
            ends = wording.interval(share.low, share.high)
            yield f"Changing {attribute} alone changes the decision of {people} ({ends})."


def _frontier(evidence: Evidence) -> Iterator[str]:
    costs = [m for m in evidence.measures if m.name == "accuracy_cost_at_ratio" and m.value is not None]
    if not costs:
        return
    told = []
    for cost in costs:
        reached = next((m for m in evidence.measures if _is_reached(m, cost.of["attribute"])), None)
        then = "" if reached is None else f", and {wording.measured(reached)} was reached among others"
        lost = wording.number(cost.value) if cost.value else "nothing"
        ends = "" if cost.low is None else f" ({wording.interval(cost.low, cost.high)})"
        told.append(f"for {wording.brief(crossed(cost.of['attribute']))} {lost}{ends}{then}")
    yield f"Keeping the impact ratio within the bound costs accuracy: {'; '.join(told)}."
    yield "This is a measurement, not advice to deploy."


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

"""The model as a few rules: how far they are the model, and the rules in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from checks.model import Evidence, Measure
from reports import wording
from reports.compose.view import View
from reports.document import Block, Bullet, Bullets, Cell, Column, Paragraph, Table
from reports.language import _, said_or_same

_ROUGH = 0.8
"""Below this fidelity rules are called a sketch; it colours words, no verdict."""
_TOLD = 8
_ABOVE, _AT_MOST = "above", "at most"
_TOLD_WITH = ("rules", "features_used")
"""Numbers without which the rules cannot be told in words."""


def surrogate(_view: View, evidence: Evidence) -> Iterator[Block]:
    """Yield how far a few rules are the model, then the rules, the highest answers first."""
    found = {m.name: m for m in evidence.measures}
    fidelity = found.get("fidelity")
    if fidelity is None or fidelity.value is None:
        return
    if any(name not in found or found[name].value is None for name in _TOLD_WITH):
        return  # the version for everybody keeps some of them back
    yield Paragraph(wording.paragraph(_sentences(found, fidelity)))
    lines = list(_rules(evidence))
    shown = lines[:_TOLD]
    if len(lines) > len(shown):
        many = wording.plural(len(lines) - _TOLD, "more rule", "more rules")
        shown.append(_("{many} in the annex.", many=many))
    yield Bullets(tuple(Bullet(line) for line in shown))
    yield from _scorecard(evidence, found)


def _sentences(found: Mapping[str, Measure], fidelity: Measure) -> Iterator[str]:
    rules, features = (found[name].value or 0.0 for name in ("rules", "features_used"))
    yield _(
        "{rules} about {features} give back {share} of the spread of the answers of people who were held "
        "back (1: all of it; 0: no more than the mean does).",
        rules=wording.plural(rules, "rule", "rules"),
        features=wording.plural(features, "feature", "features"),
        share=wording.measured(fidelity),
    )
    alike, common = found.get("decision_agreement"), found.get("commonest_agreement")
    if alike is not None and common is not None and alike.value is not None and common.value is not None:
        yield _(
            "They decide as the model does for {alike} people {sure}; always naming the commonest decision "
            "would for {common}.",
            alike=wording.per_hundred(alike.value),
            sure=wording.sure(alike),
            common=wording.per_hundred(common.value),
        )
    if (fidelity.value or 0.0) < _ROUGH:
        yield _("So they are a sketch of the model, and no reasons to be given to anybody.")
    yield from _enough(found)


def _enough(found: Mapping[str, Measure]) -> Iterator[str]:
    """Say how many rules and features nearly all of the answers take, and what the file holds."""
    needed, matter = found.get("rules_needed"), found.get("features_that_matter")
    if needed is not None and needed.value is not None:
        yield _("Enough for nearly all of it: {rules}.", rules=wording.plural(needed.value, "rule", "rules"))
    elif needed is not None and needed.note:
        yield wording.recorded(needed.note)
    whole = found.get("many_rules_fidelity")
    if matter is not None and matter.value is not None and whole is not None and whole.value is not None:
        yield _(
            "A large tree gives back {share} of the spread; nearly all that it finds is made by {features}, "
            "and the rest may be made by others.",
            share=wording.measured(whole),
            features=wording.plural(matter.value, "feature", "features"),
        )
    numbers, trees = found.get("numbers_learnt"), found.get("trees_in_file")
    if numbers is not None and numbers.value is not None:
        yield _(
            "The file says that it holds {numbers} that it learnt{trees}.",
            numbers=wording.plural(numbers.value, "number", "numbers"),
            trees=_(", in {trees}", trees=wording.plural(trees.value, "tree", "trees"))
            if trees is not None and trees.value
            else "",
        )


def _rules(evidence: Evidence) -> Iterator[str]:
    tables = {table.name: table for table in evidence.tables}
    answers, asked = tables.get("answers of rules"), tables.get("conditions of rules")
    if answers is None or asked is None:
        return
    everybody = sum(float(row[1] or 0.0) for row in answers.rows)
    conditions: dict[Any, list[str]] = {}
    ends = {(row[0], row[1], row[2]): row[3] for row in asked.rows if row[3] is not None}
    for rule, feature, relation, number, text in asked.rows:
        low, high = (ends.get((rule, feature, side)) for side in (_ABOVE, _AT_MOST))
        if low is not None and high is not None and relation in (_ABOVE, _AT_MOST):
            between = _band(low, high, None)
            asks = f"{wording.name(feature)} {between}"
        else:
            value = "" if number is None else f" {wording.exact(float(number))}"
            value = value if text is None else f" “{wording.brief(str(text), 30)}”"
            asks = f"{wording.name(feature)} {said_or_same(str(relation))}{value}"
        if asks not in conditions.setdefault(rule, []):
            conditions[rule].append(asks)
    for rule, people, mean, spread in answers.rows:
        yield _(
            "If {conditions}: mean answer {mean}, give or take {spread} ({share} people).",
            conditions=wording.joined(conditions.get(rule, [_("nothing is asked")])),
            mean=wording.number(float(mean or 0.0)),
            spread=wording.number(float(spread or 0.0)),
            share=wording.per_hundred(float(people or 0.0) / everybody),
        )


def _scorecard(evidence: Evidence, found: Mapping[str, Measure]) -> Iterator[Block]:
    """Yield how far points that are only added are the model, and the points of each band."""
    fidelity, alike = found.get("scorecard_fidelity"), found.get("scorecard_agreement")
    table = next((t for t in evidence.tables if t.name == "scorecard"), None)
    if fidelity is None or fidelity.value is None or table is None or not table.rows:
        return
    bands: dict[str, list[str]] = {}
    for feature, above, at_most, text, points, _people in table.rows:
        band = _("{band}: {points}", band=_band(above, at_most, text), points=_signed(float(points or 0.0)))
        bands.setdefault(str(feature), []).append(band)
    told = _(
        "As a scorecard, whose points are only added to the mean answer, {features} give back {share} of the "
        "spread.",
        features=wording.plural(len(bands), "feature", "features"),
        share=wording.measured(fidelity),
    )
    decides = ""
    if alike is not None and alike.value is not None:
        decides = _(
            "It decides as the model does for {alike} people {sure}.",
            alike=wording.per_hundred(alike.value),
            sure=wording.sure(alike),
        )
    rough = (
        _("So it is a sketch of the model, and no reasons to be given to anybody.")
        if fidelity.value < _ROUGH
        else ""
    )
    yield Paragraph(wording.paragraph((told, decides, rough)))
    yield Table(
        _("Points of each band"),
        (Column(_("Feature")), Column(_("Points"), "prose")),
        tuple((Cell(wording.name(name)), Cell(wording.series(said))) for name, said in bands.items()),
    )


def _signed(points: float) -> str:
    spelt = wording.number(points)
    return f"+{spelt}" if points > 0 else spelt


def _band(above: object, at_most: object, text: object) -> str:
    if text is not None:
        return _("missing") if text == "missing" else f"“{wording.brief(str(text), 30)}”"
    low, high = (None if end is None else wording.exact(float(str(end))) for end in (above, at_most))
    if low is None:
        return _("any value") if high is None else _("at most {high}", high=high)
    return _("above {low}", low=low) if high is None else _("above {low} to {high}", low=low, high=high)

"""The model as a few rules: how far they are the model, and the rules in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from checks.model import Evidence, Measure
from reports import wording
from reports.compose.view import View
from reports.document import Block, Bullet, Bullets, Paragraph

_ROUGH = 0.8
"""Below this fidelity rules are called a sketch; it colours words, no verdict."""
_TOLD = 8
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
    yield Paragraph(" ".join(_sentences(found, fidelity)))
    lines = list(_rules(evidence))
    shown = lines[:_TOLD]
    if len(lines) > len(shown):
        shown.append(wording.sentence(f"{wording.plural(len(lines) - _TOLD, 'more rule')} in the annex"))
    yield Bullets(tuple(Bullet(line) for line in shown))


def _sentences(found: Mapping[str, Measure], fidelity: Measure) -> Iterator[str]:
    value = fidelity.value or 0.0
    rules, features = (wording.count(found[name].value) for name in ("rules", "features_used"))
    yield (
        f"{rules} rules about {features} features give back {wording.measured(fidelity)} of the spread of "
        "the answers of people who were held back (1: all of it; 0: no more than the mean does)."
    )
    alike, common = found.get("decision_agreement"), found.get("commonest_agreement")
    if alike is not None and common is not None and alike.value is not None and common.value is not None:
        yield (
            f"They decide as the model does for {wording.per_hundred(alike.value)} people; always naming the "
            f"commonest decision would for {wording.per_hundred(common.value)}."
        )
    if value < _ROUGH:
        yield "So they are a sketch of the model, and no reasons to be given to anybody."
    needed, matter = found.get("rules_needed"), found.get("features_that_matter")
    if needed is not None and needed.value is not None:
        yield f"{wording.count(needed.value)} rules are enough for nearly all of it."
    elif needed is not None and needed.note:
        yield wording.sentence(needed.note)
    if matter is not None and matter.value is not None:
        yield f"Of all features, {wording.count(matter.value)} make nearly all that a large tree finds."
    numbers, trees = found.get("numbers_learnt"), found.get("trees_in_file")
    if numbers is not None and numbers.value is not None:
        grown = f", in {wording.plural(trees.value, 'tree')}" if trees is not None and trees.value else ""
        yield f"The file says that it holds {wording.plural(numbers.value, 'number')} that it learnt{grown}."


def _rules(evidence: Evidence) -> Iterator[str]:
    tables = {table.name: table for table in evidence.tables}
    said, asked = tables.get("answers of rules"), tables.get("conditions of rules")
    if said is None or asked is None:
        return
    everybody = sum(float(row[1] or 0.0) for row in said.rows)
    conditions: dict[Any, list[str]] = {}
    for rule, feature, relation, number, text in asked.rows:
        value = "" if number is None else f" {wording.exact(float(number))}"
        value = value if text is None else f" “{wording.brief(str(text), 30)}”"
        conditions.setdefault(rule, []).append(f"{wording.brief(str(feature), 40)} {relation}{value}")
    for rule, people, mean, spread in said.rows:
        when = wording.joined(conditions.get(rule, ["nothing is asked"]))
        whom = wording.per_hundred(float(people or 0.0) / everybody)
        yield wording.sentence(
            f"If {when}: mean answer {wording.number(float(mean or 0.0))}, give or take "
            f"{wording.number(float(spread or 0.0))} ({whom} people)"
        )

"""Evidence, family by family: what each check found, without judging it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from checks.model import Evidence, Outcome
from reports import wording
from reports.compose import pictures
from reports.compose.cases import cases
from reports.compose.fairness import fairness
from reports.compose.one_class import one_class
from reports.compose.people_told import shown_to_people
from reports.compose.plots import drawn
from reports.compose.tables import ANNEX, ROWS_TOLD, evidence_table, told
from reports.compose.trust import trust
from reports.compose.unlisted import WHOLE, sentences
from reports.compose.view import View, annex_anchor, check_anchor, evidence_title
from reports.document import Block, Bullet, Bullets, Paragraph, Section
from reports.language import _, said

_REASONS = 2
"""Reasons told of a check without a number: they are often the same for every feature."""
BY_GROUP = frozenset({"data.representation"})
"""Checks outside fairness whose groups are told, not only listed."""

_IN_WORDS: Mapping[str, Callable[[Evidence], Iterator[Block]]] = {"interpretability.cases": cases}
"""Checks that are told in words alone; their numbers stand in the annex."""
_SHAPES = frozenset(
    {
        "interpretability.ale",
        "interpretability.interactions",
        "interpretability.monotonicity",
        "interpretability.partial_dependence",
        "interpretability.protected_attribution",
        "interpretability.surrogate",
    }
)
"""Checks that are told in words and pictures; their tables stand in the annex."""
_TOLD = frozenset(
    {
        "attacks",
        "barriers",
        "columns that look personal",
        "columns that single out most people",
        "features that may not be needed",
        "published figures",
        "slices held against the other half",
        "tables of the population",
    }
)
"""Tables of checks that say what their numbers cannot; the others stand in the annex or are drawn."""

_PICTURES: Mapping[str, Callable[[Evidence], Iterator[Block]]] = {
    "performance.calibration": pictures.calibration,
    "fairness.mitigation_frontier": pictures.frontier,
    "interpretability.permutation_importance": pictures.importances,
    "interpretability.shap": pictures.contributions,
}


def families(view: View) -> Iterator[Section]:
    """Yield one section per family of checks."""
    for family, title in view.families():
        if family == "fairness":
            yield _with_whole_checks(view, fairness(view))
            continue
        found = [one for one in view.family(family) if one.outcome is Outcome.MEASURED]
        if found:
            first = trust(view) if family == "interpretability" else ()
            parts = (*first, *(_check(view, one) for one in found))
            yield Section(title, f"family-{family.replace('_', '-')}", sections=parts)


def _with_whole_checks(view: View, section: Section) -> Section:
    """Add the checks of fairness that are told as they are, not attribute by attribute."""
    found = (one for one in view.family("fairness") if one.check in WHOLE)
    parts = (_check(view, one) for one in found if one.outcome is Outcome.MEASURED)
    return replace(section, sections=(*section.sections, *parts))


def _check(view: View, evidence: Evidence) -> Section:
    which = (Paragraph(words) for words in one_class(evidence))
    blocks: list[Block] = [*which, *sentences(evidence), *shown_to_people(evidence)]
    picture = _PICTURES.get(evidence.check)
    if picture is not None:
        blocks += picture(evidence)
    blocks += drawn(view, evidence)
    in_words = _IN_WORDS.get(evidence.check)
    if in_words is not None:
        blocks += in_words(evidence)
    found, hidden = told(evidence, groups=evidence.check in WHOLE | BY_GROUP)
    shown = found if in_words is None and evidence.check not in _SHAPES else []
    blocks += shown
    own = [table for table in evidence.tables if table.name in _TOLD]
    blocks += [evidence_table(table, ROWS_TOLD, ANNEX) for table in own]
    if not blocks:
        blocks.append(Paragraph(_without_a_number(evidence)))
    hidden += len(found) - len(shown) + len(evidence.tables) - len(own)
    more = _(" ({many})", many=wording.plural(hidden, "more table")) if hidden else ""
    link = Bullet(
        _("All numbers{more}, and how they were made", more=more), annex_anchor(view.evidence.index(evidence))
    )
    return Section(evidence_title(evidence), check_anchor(evidence.check), (*blocks, Bullets((link,))))


def _without_a_number(evidence: Evidence) -> str:
    """Say that nothing was measured, and why, as far as the numbers that are missing say so."""
    why = list(dict.fromkeys(said(m.note) for m in evidence.measures if m.note))[:_REASONS]
    if not why:
        return _("The check ended without a number.")
    return _("The check ended without a number: {why}.", why=wording.series(why))

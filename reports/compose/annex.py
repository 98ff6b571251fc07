"""The annexes: everything that the report tells in short, whole, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator

from checks.model import Outcome
from reports import wording
from reports.compose.fairness import attributes_in_full
from reports.compose.method import made
from reports.compose.results import in_full
from reports.compose.tables import RECORD, ROWS_LISTED, evidence_table, listed
from reports.compose.view import View, annex_anchor, evidence_title
from reports.document import Block, Bullet, Bullets, Paragraph, Section
from reports.language import _, said


def parts(view: View) -> list[Section]:
    """Return the annexes."""
    return [
        Section(
            _("Annex A: every requirement"),
            "annex-rules",
            (Paragraph(_("Each requirement with all its criteria, in the order of the rules.")),),
            tuple(in_full(view)),
        ),
        Section(
            _("Annex B: every attribute and crossing"),
            "annex-groups",
            (Paragraph(_("Each with its groups and all its differences, the best shown first.")),),
            tuple(attributes_in_full(view)),
        ),
        Section(
            _("Annex C: every number"),
            "annex",
            (Paragraph(_("Each check with everything it found, in the order of the record.")),),
            tuple(_checks(view)),
        ),
        made(view),
    ]


def annexes(view: View) -> Iterator[Section]:
    """Yield a page that names the annexes, then each of them."""
    each = parts(view)
    yield Section(
        _("Annexes"),
        "annexes",
        (
            Paragraph(
                _(
                    "The report ends here. What follows is for looking things up: nothing stands in it "
                    "that changes what was said. Where a table is very long, it says how many more rows "
                    "the attached record has: nothing that was measured is missing from that."
                )
            ),
            Bullets(tuple(Bullet(part.title, part.id) for part in each)),
        ),
    )
    yield from each


def _checks(view: View) -> Iterator[Section]:
    for position, evidence in enumerate(view.evidence):
        blocks: list[Block] = []
        if evidence.outcome is not Outcome.MEASURED:
            ending = wording.outcome(evidence.outcome)
            blocks.append(
                Paragraph(
                    wording.sentence(
                        _(
                            "{ending}: {reason}",
                            ending=ending,
                            reason=said(evidence.reason or "") or _("no reason was recorded"),
                        )
                    )
                )
            )
        blocks += listed(evidence)
        blocks += [evidence_table(t, ROWS_LISTED, RECORD) for t in evidence.tables]
        yield Section(evidence_title(evidence), annex_anchor(position), tuple(blocks))

"""The annex: every number of every check, so that nothing told in short is lost."""

from __future__ import annotations

from collections.abc import Iterator

from checks.model import Outcome
from reports import wording
from reports.compose.tables import ROWS_LISTED, evidence_table, listed
from reports.compose.view import View, annex_anchor, evidence_title
from reports.document import Block, Paragraph, Section


def annex(view: View) -> Section:
    """Return every measure and table of the record, check by check."""
    return Section(
        "Annex: every number",
        "annex",
        (Paragraph("Each check with everything it found, in the order of the record."),),
        tuple(_parts(view)),
    )


def _parts(view: View) -> Iterator[Section]:
    for position, evidence in enumerate(view.evidence):
        blocks: list[Block] = []
        if evidence.outcome is not Outcome.MEASURED:
            ending = wording.outcome(evidence.outcome)
            blocks.append(
                Paragraph(wording.sentence(f"{ending}: {evidence.reason or 'no reason was recorded'}"))
            )
        blocks += listed(evidence)
        blocks += [evidence_table(t, ROWS_LISTED, "the attached record") for t in evidence.tables]
        yield Section(evidence_title(evidence), annex_anchor(position), tuple(blocks))

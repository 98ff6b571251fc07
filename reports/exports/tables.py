"""Findings and measures as tables: CSV, and one workbook.

Text is shown with control and direction characters made visible. A cell of CSV that a spreadsheet would take
for a formula gets an apostrophe in front; the workbook stores text as text. Numbers are the record's own.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Sequence

import xlsxwriter

from reports.characters import shown
from reports.compose.view import View
from reports.exports.shared import NAME
from reports.record import canonical
from reports.wording import limit

Cell = str | float | None
MOST = 32_767
"""Characters that a cell of a workbook holds."""
CUT = " ... (longer; whole in audit.json)"
_OF = (
    "attribute", "group", "feature", "class", "average", "model", "reference", "attack", "case", "column",
    "table", "notice",
)  # fmt: skip
MEASURES = (
    "check", "parameters", "outcome", "measure", *_OF, "value", "low", "high", "n", "unit", "kind", "method",
    "note",
)  # fmt: skip
FINDINGS = (
    "framework", "requirement", "title", "principle", "severity", "state", "criterion", "verdict", "measure",
    "of", "value", "low", "high", "n", "unit", "bound", "decide", "basis", "basis_source", "p_raw", "p_holm",
    "people", "clause", "verified", "reason",
)  # fmt: skip
CHECKS = ("check", "parameters", "outcome", "reason", "measures")


def measures(view: View) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each measure, and one for each check that gave none, with its reason."""
    for one in view.evidence:
        head = (one.check, _parameters(one.parameters), one.outcome.value)
        for m in one.measures:
            of = tuple(m.of.get(key) for key in _OF)
            yield (*head, m.name, *of, m.value, m.low, m.high, m.n, m.unit, m.kind.value, m.method, m.note)
        if not one.measures:
            yield (*head, *(None,) * (len(MEASURES) - len(head) - 1), one.reason)


def findings(view: View) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each criterion judged."""
    for f in view.findings:
        yield (
            f.framework, f.requirement, f.title, f.principle, f.severity, f.state.value, f.criterion,
            f.verdict.value, f.measure, _parameters(f.of), f.value, f.low, f.high, f.n, f.unit,
            limit(f.bound), f.decide, f.basis, f.basis_source, f.p_raw, f.p_holm, f.people, f.clause,
            f.verified, f.reason,
        )  # fmt: skip


def checks(view: View) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each check."""
    for one in view.evidence:
        yield one.check, _parameters(one.parameters), one.outcome.value, one.reason, float(len(one.measures))


def measures_csv(view: View) -> bytes:
    """Return every measure as CSV."""
    return csv_of(MEASURES, measures(view))


def findings_csv(view: View) -> bytes:
    """Return every finding as CSV."""
    return csv_of(FINDINGS, findings(view))


def csv_of(head: Sequence[str], rows: Iterator[tuple[Cell, ...]]) -> bytes:
    """Return a table as CSV (RFC 4180) in UTF-8 with a mark, which spreadsheets need to see it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def safe(cell: Cell) -> Cell:
    """Return *cell* so that no spreadsheet runs it."""
    if not isinstance(cell, str):
        return cell
    text = shown(cell)
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@", "＝", "＋", "－", "＠"} else text


def workbook(view: View) -> bytes:
    """Return findings, measures and checks as one workbook; its bytes depend on the record alone."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_numbers": False})
    book.set_properties(
        {
            "title": "Audit",
            "author": NAME,
            "comments": f"of the record {view.digest}",
            "created": dt.datetime.fromisoformat(view.as_of),
        }
    )
    bold = book.add_format({"bold": True})
    for name, head, rows in (
        ("findings", FINDINGS, findings(view)),
        ("measures", MEASURES, measures(view)),
        ("checks", CHECKS, checks(view)),
    ):
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for column, words in enumerate(head):
            sheet.write_string(0, column, words, bold)
        last = 0
        for last, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(last, column, _fit(shown(cell)))
                elif cell is not None:
                    sheet.write_number(last, column, cell)
        sheet.autofilter(0, 0, last, len(head) - 1)
    book.close()
    return out.getvalue()


def _fit(text: str) -> str:
    return text if len(text) <= MOST else text[: MOST - len(CUT)] + CUT


def _parameters(given: object) -> str:
    return canonical(given).decode() if given else ""

"""The outlines of all documents of one small audit, kept beside this file: parts, heads of tables, verdicts.

    python -m tests.reports.outline

writes them again after a change that is meant; the difference of the files is then what to look at. Sentences
are not in them. The audit is a record that stays, golden/audit.json, as documents are made of records alone;
with `--audit` it is made anew too, by the checks and the rules as they are.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reports.beside import compose_annex, compose_transparency
from reports.document import (
    Block,
    Callout,
    Chart,
    Document,
    KeyValues,
    Remarks,
    Requirement,
    Section,
    Table,
    VerdictStrip,
    compose,
    compose_comparison,
    compose_plan,
    compose_summary,
)
from reports.publish import publish
from reports.record import Audit, canonical

GOLDEN = Path(__file__).parent / "golden"
RECORD = GOLDEN / "audit.json"
RULES = ("us-nyc-ll144", "us-ugesp-four-fifths")
COMMAND = "python -m tests.reports.outline"


def outline(document: Document) -> list[str]:
    """Return what *document* is made of, a line each, parts set in by their depth."""
    return [f"{document.heading}: {document.title}", *_lines(document.sections, 1)]


def _lines(sections: tuple[Section, ...], depth: int) -> Iterator[str]:
    for part in sections:
        yield f"{'  ' * depth}§ {part.title} [{part.id}]"
        for block in part.blocks:
            yield from (f"{'  ' * (depth + 1)}{line}" for line in _block(block))
        yield from _lines(part.sections, depth + 1)


def _block(block: Block) -> Iterator[str]:
    kind = type(block).__name__
    match block:
        case Table():
            heads = " | ".join(f"{c.text} ({c.kind})" for c in block.columns)
            yield f"{kind}: {block.caption}: {heads}; {len(block.rows)} rows"
            yield from (
                f"  {row[0].text}: {cell.verdict}" for row in block.rows for cell in row if cell.verdict
            )
        case Requirement():
            yield f"{kind}: {block.verdict}: {block.title} [{block.id}]"
            yield from (f"  {item.verdict}: {item.asked}" for item in block.criteria)
        case Remarks():
            yield from (f"{kind}: {item.verdict}: {item.title}" for item in block.items)
        case VerdictStrip():
            yield f"{kind}: {block.caption}"
            yield from (
                f"  {row.verdict}: {row.label}: {', '.join(s.text for s in row.shares)}" for row in block.rows
            )
        case Chart():
            yield f"{kind}: {block.kind}: {block.caption}"
        case Callout():
            yield f"{kind}: {block.tone}: {block.title}"
        case KeyValues():
            yield f"{kind}: {' | '.join(row.key for row in block.rows)}"
        case _:
            yield kind


def record() -> Audit:
    """Return the record that never changes."""
    return Audit.from_json(RECORD.read_bytes())


def before() -> Audit:
    """Return the record that it is compared with: one number was another, one verdict was better."""
    body: dict[str, Any] = copy.deepcopy(dict(record().body))
    whole = body["verdicts"]["us-nyc-ll144"]["requirements"]
    open_one = next(name for name, verdict in whole.items() if verdict == "undecided")
    whole[open_one] = "met"
    number = next(m for m in body["evidence"][0]["measures"] if m["low"] is not None)
    number |= {"value": number["value"] / 4, "low": number["low"] / 4, "high": number["high"] / 4}
    return Audit(run={}, body={**body, "as_of": "2026-11-01"})


def _officer(audit: Audit) -> Document:
    """Return the page for the data-protection officer, which is a part of the report."""
    whole = compose(audit)
    return replace(whole, sections=tuple(s for s in whole.sections if s.id == "privacy-officer"))


KINDS: Mapping[str, Callable[[], Document]] = {
    "full": lambda: compose(record()),
    "summary": lambda: compose_summary(record()),
    "public": lambda: compose_transparency(publish(record())),
    "annex": lambda: compose_annex(record()),
    "plan": lambda: compose_plan(record()),
    "comparison": lambda: compose_comparison(before(), record()),
    "officer": lambda: _officer(record()),
}


def _made() -> Audit:
    """Measure a few people by a few checks, and set evidence of privacy beside it."""
    from auditor.audit import assemble
    from auditor.submission import parse
    from checks.registry import all_checks
    from tests.checks.builders import subject
    from tests.reports.test_officer import everything

    raw = {
        "system": {"name": "Loans", "version": "2", "contact": "audit@example.org", "risk_tier": "high"},
        "task": "binary",
        "data": {"evaluation": {"artifact": f"sha256:{'c' * 64}"}},
        "columns": {"label": "actual", "prediction": "decision", "favourable": "1", "groups": ["group"]},
        "frameworks": list(RULES),
        "answers": {"notice-text": {"answer": "Shown.", "signer": "A. Officer", "date": "2026-01-10"}},
    }
    chosen = np.r_[np.repeat([1, 0], [300, 100]), np.repeat([1, 0], [90, 110])]
    repaid = np.tile([1, 0, 1, 1, 0, 1], 100)
    people = subject(decision=chosen, actual=repaid, groups=["a"] * 400 + ["b"] * 200)
    names = (
        "fairness.error_rates",
        "fairness.power",
        "fairness.selection_rate",
        "performance.classification",
    )
    evidence = [*(all_checks()[name](people) for name in names), *everything("group")]
    body = assemble(parse(raw), {"rows": 600}, evidence, dt.date(2026, 12, 1))
    return Audit(run={}, body=json.loads(canonical(body)))


def main() -> None:
    """Write every outline again."""
    if "--audit" in sys.argv:
        RECORD.write_bytes(_made().to_json())
    for kind, make in KINDS.items():
        text = json.dumps(outline(make()), indent=1, ensure_ascii=False)
        (GOLDEN / f"{kind}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

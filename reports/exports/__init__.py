"""Machine formats: one record told in the shapes that other tools and registers read.

Each module has one shape, made from the record alone: equal records give equal bytes, on any day and host.
What the record does not know is left empty and, where the shape has no place for that, listed beside it;
nothing is invented. From the version for everybody (`reports.publish`) come exports for everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reports.compose.view import View
from reports.exports import cyclonedx, in_toto, junit, model_card, oscal, records, tables
from reports.language import ENGLISH, speaking
from reports.record import Audit

JSON = "application/json"
CSV = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Export:
    """One machine format: what it is for, and how it is made."""

    title: str
    says: str
    media: str
    make: Callable[[View], bytes]


EXPORTS: Mapping[str, Export] = {
    "measures.csv": Export("Measures", "Every number with n, interval and method", CSV, tables.measures_csv),
    "findings.csv": Export("Findings", "Every criterion judged, with its number", CSV, tables.findings_csv),
    "measures.xlsx": Export(
        "Workbook",
        "Findings, measures and checks as sheets",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        tables.workbook,
    ),
    "junit.xml": Export("JUnit", "Requirements as tests, for pipelines", "application/xml", junit.junit),
    "in-toto.json": Export(
        "in-toto test result", "A statement about the model's digest, ready to sign", JSON, in_toto.statement
    ),
    "oscal.json": Export("OSCAL", "Assessment results, OSCAL 1.2", JSON, oscal.results),
    "cyclonedx.json": Export(
        "CycloneDX", "Bill of materials 1.6 with model card and claims", JSON, cyclonedx.bom
    ),
    "model-card.md": Export(
        "Model card", "As the Hugging Face Hub reads it", "text/markdown; charset=utf-8", model_card.card
    ),
    "atrs.json": Export("ATRS record", "Algorithmic Transparency Record, UK, v4.0", JSON, records.atrs),
    "atrs.csv": Export("ATRS record, table", "The same as a table", CSV, records.atrs_table),
    "nl-register.json": Export(
        "Dutch algorithm register", "Publication standard 1.0.0", JSON, records.nl_register
    ),
    "annex-iv.csv": Export("EU AI Act, Annex IV", "Technical documentation, by point", CSV, records.annex_iv),
    "annex-viii.csv": Export("EU AI Act, Annex VIII", "Registration, by point", CSV, records.annex_viii),
    "ll144.csv": Export(
        "NYC Local Law 144", "Summary of results: counts, rates, impact ratios", CSV, records.ll144
    ),
}
"""Formats by the name of their file."""


def export(audit: Audit, name: str) -> bytes:
    """Return *audit* in the format called *name*; raise KeyError where there is none."""
    with speaking(ENGLISH):
        return EXPORTS[name].make(View.of(audit))

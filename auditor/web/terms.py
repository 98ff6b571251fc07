"""The page on which terms of a data transfer are set beside baselines; nothing is kept."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from auditor.web.form import anchor
from frameworks.source import LoadError
from frameworks.terms import Comparison, comparisons, profiles, themes, to_json, transfers
from reports.compose.transfers import OUTCOMES, SIGNS, in_one_sentence, source, spelt
from reports.language import _

EXAMPLE = """\
name: Benefit records to the regional centre
from: City of X
to: Region Y
facts:
  critical-operator: false
  sensitive-or-minors-data: false
terms:
  purpose: {is: stated, clause: "Contract, clause 4"}
  use: never
  rights: [access, correction, deletion]
  retention_days: 365
"""
MOST = 100_000
"""Characters of terms that one page takes."""


def add_to(pages: Blueprint) -> None:
    """Add the page."""
    pages.add_url_rule("/terms", "terms", terms, methods=["GET", "POST"])


def terms() -> ResponseReturnValue:
    """Show baselines and themes; set what is sent beside the baselines."""
    given, errors, found = request.form.get("content", EXAMPLE), list[LoadError](), list[Comparison]()
    if request.method == "POST":
        try:
            found = _compared(given)
        except LoadError as wrong:
            errors = [wrong, *wrong.others]
    page = render_template(
        "web/terms.html",
        given=given,
        lines=errors,
        errors={"content": _("The terms cannot be read; what does not fit stands above them.")}
        if errors
        else {},
        found=[(to_json(one), one.holds) for one in found],
        profiles=profiles().values(),
        themes=themes(),
        most=MOST,
        anchor=anchor,
        outcomes=OUTCOMES,
        signs=SIGNS,
        in_one_sentence=in_one_sentence,
        source=source,
        spelt=spelt,
    )
    return page, 422 if errors else 200


def _compared(given: str) -> list[Comparison]:
    if len(given) > MOST:
        raise LoadError("terms", 1, f"these are more than {MOST:,} characters; send one transfer at a time.")
    declared = transfers(given.encode("utf-8", "replace"), "terms")
    return [one for transfer in declared for one in comparisons(transfer)]

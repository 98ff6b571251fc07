"""Pages about how well rules work: figures and proposals of rules, and what officers report of an audit."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auditor.problems import Refused
from auditor.web.form import anchor
from auditor.web.here import account, service
from auditor.web.questions import GROUPS
from frameworks.effectiveness import Kind
from reports.language import N_, _

KINDS = N_(
    {
        Kind.HARM_AFTER_PASS: "Harm was confirmed although the requirement was met",
        Kind.HARM_PREVENTED: "What was not met was a true fault, found in time",
        Kind.FALSE_ALARM: "What was not met turned out to be no fault",
        Kind.DISPUTE: "Somebody objected to the verdict",
    }
)
"""What an officer can report, in words."""
FIELDS = ("requirement", "change", "by", "reasons", "version")
"""Of a decision."""


def add_to(pages: Blueprint) -> None:
    """Add the pages."""
    pages.add_url_rule(
        "/frameworks/<framework_id>/effectiveness", "effectiveness", effectiveness, methods=["GET", "POST"]
    )
    pages.add_url_rule("/organisations/<organisation_id>", "organisation", organisation)
    pages.add_url_rule("/audits/<audit_id>/outcomes", "outcomes", outcomes, methods=["GET", "POST"])


def effectiveness(framework_id: str) -> ResponseReturnValue:
    """Show what rules did in the account's audits; keep a decision about what that proposes."""
    effects, errors = service().effects, dict[str, str]()
    if request.method == "POST":
        sent = {
            key: request.form.get(key, "") for key in ("requirement", "change", "by", "reasons", "version")
        }
        try:
            effects.decide(account(), framework_id, {**sent, "adopted": request.form.get("adopted") == "yes"})
        except Refused as refused:
            errors = {p.where: p.sentence for p in refused.problems}
        else:
            flash(_("The decision is kept, with the digest of the figures that it was made on."))
            return redirect(url_for("web.effectiveness", framework_id=framework_id), 303)
    page = render_template(
        "web/effectiveness.html",
        found=effects.of(account(), framework_id),
        decisions=effects.decisions(account(), framework_id),
        errors=errors,
        anchor=anchor,
        sent=request.form,
    )
    return page, 422 if errors else 200


def outcomes(audit_id: str) -> ResponseReturnValue:
    """Show what officers reported of an audit; keep one more report."""
    view, errors = service().audit(account(), audit_id), dict[str, str]()
    if request.method == "POST":
        sent = {key: request.form.get(key, "") for key in ("requirement", "kind", "by", "note")}
        try:
            service().effects.report(account(), audit_id, sent)
        except Refused as refused:
            errors = {p.where: p.sentence for p in refused.problems}
        else:
            flash(_("The report is kept. It counts in how well the rules work."))
            return redirect(url_for("web.outcomes", audit_id=audit_id), 303)
    page = render_template(
        "web/outcomes.html",
        audit=view,
        reported=service().effects.outcomes(account(), audit_id),
        requirements=service().effects.requirements(account(), audit_id),
        kinds=KINDS,
        errors=errors,
        anchor=anchor,
        sent=request.form,
    )
    return page, 422 if errors else 200


def organisation(organisation_id: str) -> ResponseReturnValue:
    """Show what is on record about an organisation."""
    found = service().organisations.of(account(), organisation_id)
    return render_template("web/organisation.html", found=found, groups=GROUPS)

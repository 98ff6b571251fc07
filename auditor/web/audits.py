"""The list of audits and the page of each: progress, outcome, judging again, cancelling, deleting."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auditor.problems import Problem, Refused
from auditor.views import AuditRow, AuditState, AuditView
from auditor.web.form import anchor, from_submission
from auditor.web.here import account, all_frameworks, retention_days, service
from auditor.web.steps import owner
from auditor.web.verdicts import outcome
from reports.exports import EXPORTS
from reports.language import _
from reports.wording import plural


def add_to(pages: Blueprint) -> None:
    """Add the pages of audits."""
    pages.add_url_rule("/", "front", front)
    pages.add_url_rule("/audits/<audit_id>", "audit", audit)
    pages.add_url_rule("/audits/<audit_id>/judgements", "rejudge", rejudge, methods=["POST"])
    pages.add_url_rule("/audits/<audit_id>/cancel", "cancel", cancel, methods=["POST"])
    pages.add_url_rule("/audits/<audit_id>/delete", "delete", delete, methods=["GET", "POST"])
    pages.add_url_rule("/audits/<audit_id>/delete-files", "delete_files", delete_files, methods=["POST"])


def front() -> ResponseReturnValue:
    """Show every audit of the account, newest first."""
    before = request.args.get("before")
    rows = service().audits(account(), limit=PAGE + 1, before=before)
    return render_template(
        "web/front.html",
        waiting=service().concerns.waiting(account()),
        audits=rows[:PAGE],
        older=rows[PAGE - 1].id if len(rows) > PAGE else None,
        before=before,
    )


PAGE = 30
COMPARED = 100
"""How many of the newest audits a comparison offers."""


def audit(audit_id: str) -> ResponseReturnValue:
    """Show one audit as it stands."""
    return _page(service().audit(account(), audit_id), {}, (), None)


def rejudge(audit_id: str) -> ResponseReturnValue:
    """Judge the evidence again, by other rules or as of another day."""
    view = service().audit(account(), audit_id)
    chosen, written = request.form.getlist("frameworks"), request.form.get("as_of", "").strip()
    errors: dict[str, str] = {}
    if not chosen:
        errors["frameworks"] = "Choose at least one framework."
    try:
        as_of = dt.date.fromisoformat(written) if written else None
    except ValueError:
        errors["as_of"] = "Write the day as 2026-12-31."
    if not errors:
        try:
            made = service().rejudge(account(), audit_id, chosen, as_of)
        except Refused as refused:
            errors |= {p.where: p.sentence for p in refused.problems}
        else:
            flash(_("Judged again. The measurements are the same; this is a record of its own."))
            return redirect(url_for("web.audit", audit_id=made.id), 303)
    return _page(view, errors, chosen, written), 422


def cancel(audit_id: str) -> ResponseReturnValue:
    """Stop an audit that is under way."""
    service().cancel(account(), audit_id)
    return redirect(url_for("web.audit", audit_id=audit_id), 303)


def delete(audit_id: str) -> ResponseReturnValue:
    """Say what would be deleted; delete it when that is confirmed."""
    view = service().audit(account(), audit_id)
    if request.method == "GET":
        return render_template("web/delete.html", audit=view)
    service().delete(account(), audit_id)
    said = _(
        "The audit of {name} was deleted: its record, its reports and the files that only it used.",
        name=view.name,
    )
    flash(said)
    return redirect(url_for("web.front"), 303)


def delete_files(audit_id: str) -> ResponseReturnValue:
    """Delete the files of an audit; its record and its reports stay."""
    service().delete_files(account(), audit_id)
    flash(_("The files that only this audit used were deleted. Its record and its reports stay."))
    return redirect(url_for("web.audit", audit_id=audit_id), 303)


def _page(view: AuditView, errors: dict[str, str], chosen: Any, as_of: str | None) -> str:
    found, others = None, tuple[AuditRow, ...]()
    if view.state is AuditState.COMPLETED:
        found = outcome(service().record(account(), view.id))
        others = _comparable(view)
    return render_template(
        "web/audit.html",
        audit=view,
        outcome=found,
        others=others,
        shown=service().register.status(view.id) if found else None,
        problems=tuple(map(_located, view.problems)),
        form=from_submission(view.submission),
        frameworks=all_frameworks() if found else (),
        chosen=chosen or view.frameworks,
        as_of=as_of if as_of is not None else view.as_of.isoformat(),
        errors=errors,
        anchor=anchor,
        retention=plural(retention_days(), "day"),
        formats=EXPORTS,
    )


def _comparable(view: AuditView) -> tuple[AuditRow, ...]:
    """Return completed audits that this one can be set against, those of the same system first."""
    rows = service().audits(account(), limit=COMPARED)
    found = [row for row in rows if row.state is AuditState.COMPLETED and row.id != view.id]
    return tuple(sorted(found, key=lambda row: row.name != view.name))


def _located(problem: Problem) -> tuple[str, str]:
    """Return the question that a problem belongs to, and its sentence."""
    step = owner(problem.where)
    return (step.title if problem.where else ""), problem.sentence

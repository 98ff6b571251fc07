"""The page of a remediation plan: what is open, who takes it on, and until when."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auditor import documents
from auditor.problems import Refused
from auditor.web.form import anchor
from auditor.web.here import account, service
from reports.compose.plan import open_requirements
from reports.compose.view import View
from reports.language import _
from reports.record import Audit

FIELDS = ("owner", "due", "note")


def add_to(pages: Blueprint) -> None:
    """Add the page of the plan."""
    pages.add_url_rule("/audits/<audit_id>/plan", "plan", plan, methods=["GET", "POST"])


def plan(audit_id: str) -> ResponseReturnValue:
    """Show the plan of an audit; take what is sent of it."""
    view = View.of(Audit.from_json(service().record(account(), audit_id)))
    rows = tuple(open_requirements(view))
    if request.method == "GET":
        kept = documents.tasks(service(), account(), audit_id)
        return _page(audit_id, rows, {key: asdict(task) for key, task in kept.items()}, {})
    sent = {
        row.key: {name: request.form.get(f"tasks.{row.key}.{name}", "") for name in FIELDS} for row in rows
    }
    try:
        documents.put_tasks(service(), account(), audit_id, sent)
    except Refused as refused:
        return _page(audit_id, rows, sent, {p.where: p.sentence for p in refused.problems}), 422
    flash(_("The plan was saved."))
    return redirect(url_for("web.plan", audit_id=audit_id), 303)


def _page(audit_id: str, rows: Any, tasks: Any, errors: dict[str, str]) -> str:
    return render_template(
        "web/plan.html",
        audit=service().audit(account(), audit_id),
        rows=rows,
        tasks=tasks,
        errors=errors,
        anchor=anchor,
    )

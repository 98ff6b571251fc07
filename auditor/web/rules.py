"""Pages about rules and what they say of audits that are over."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from auditor.web.here import account, all_frameworks, service


def add_to(pages: Blueprint) -> None:
    """Add the pages."""
    pages.add_url_rule("/audits/<audit_id>/gap", "gap", gap)


def gap(audit_id: str) -> ResponseReturnValue:
    """Show how an audit stands by other rules: what is met, what is missing, what is on the same matter."""
    name = request.args.get("framework", "global-baseline")
    view = service().audit(account(), audit_id)
    wanted, found = service().rules.gap(account(), audit_id, name)
    return render_template(
        "web/gap.html",
        audit=view,
        wanted=wanted,
        gaps=sorted(found, key=lambda one: -one.verdict.rank),
        counts=Counter(one.verdict for one in found),
        frameworks=all_frameworks(),
    )

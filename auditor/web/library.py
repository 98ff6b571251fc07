"""The pages to read: frameworks, checks, and what Auditor cannot tell."""

from __future__ import annotations

from io import BytesIO
from itertools import groupby

from flask import Blueprint, render_template, request, send_file
from flask.typing import ResponseReturnValue

from auditor import fairness_tree as tree
from auditor.store.clock import today
from auditor.views import NotFound
from auditor.web.allowed import allows
from auditor.web.docstring import blocks
from auditor.web.form import anchor
from auditor.web.here import account, all_frameworks, service
from auditor.web.language import inlined
from auditor.web.search import search
from frameworks.layers import on_day
from frameworks.measures import measures
from frameworks.strict import controls
from reports.exports.oscal_profile import document

MOST = 60
"""So many items that were found are shown."""


def add_to(pages: Blueprint) -> None:
    """Add the pages to read."""
    pages.add_url_rule("/frameworks", "frameworks", frameworks)
    pages.add_url_rule("/frameworks/<framework_id>", "framework", framework)
    pages.add_url_rule("/frameworks/<framework_id>/<item>", "requirement", requirement)
    pages.add_url_rule("/frameworks/<framework_id>/oscal/<model>.json", "oscal", oscal)
    pages.add_url_rule("/checks", "checks", checks)
    pages.add_url_rule("/checks/<check_id>", "check", check)
    pages.add_url_rule("/fairness-tree", "fairness_tree", fairness_tree)
    pages.add_url_rule("/about", "about", about)


def frameworks() -> ResponseReturnValue:
    """List the frameworks, or the requirements that have every word of `?search=`."""
    asked = " ".join(request.args.get("search", "").split())[:200]
    found = tuple(search(all_frameworks(), asked)) if asked else ()
    return render_template(
        "web/frameworks.html",
        frameworks=all_frameworks(),
        asked=asked,
        found=found[:MOST],
        count=len(found),
        own={rule.id for rule in service().rules.listed(account())},
    )


def framework(framework_id: str) -> ResponseReturnValue:
    """Show one framework with all that it asks."""
    asked = service().rules.framework(account(), framework_id)
    return render_template(
        "web/framework.html",
        framework=asked,
        lapsed=on_day(asked, today()).lapsed,
        nameable=measures(),
        inlined=inlined,
        allows=allows(asked),
    )


def oscal(framework_id: str, model: str) -> ResponseReturnValue:
    """Send rules as an OSCAL catalog or profile."""
    asked = service().rules.framework(account(), framework_id)
    try:
        name, content = document(asked, model)
    except ValueError as wrong:
        raise NotFound(f"{wrong}") from None
    return send_file(BytesIO(content), "application/json", as_attachment=True, download_name=name)


def requirement(framework_id: str, item: str) -> ResponseReturnValue:
    """Show one requirement: its clause, its checks, what changed it, and who asks about the same matter."""
    asked = service().rules.framework(account(), framework_id)
    found = next((r for r in asked.requirements if r.id == item), None)
    if found is None:
        raise NotFound(f"{asked.title} has no item {item[:80]!r}; look through its list.")
    about = controls(found)
    related = [
        (f, r) for f in all_frameworks() if f.id != asked.id for r in f.requirements if controls(r) & about
    ]
    return render_template(
        "web/requirement.html",
        framework=asked,
        r=found,
        controls=sorted(about),
        related=related,
        nameable=measures(),
    )


def checks() -> ResponseReturnValue:
    """List the checks by family."""
    families = groupby(service().checks(), key=lambda row: row.id.partition(".")[0])
    return render_template("web/checks.html", families=[(name, tuple(rows)) for name, rows in families])


def check(check_id: str) -> ResponseReturnValue:
    """Show one check's page, which is the docstring of its module."""
    row = service().check(check_id)
    return render_template("web/check_page.html", check=row, blocks=blocks(row.doc))


def fairness_tree() -> ResponseReturnValue:
    """Ask a few questions, and name the measure that fits the harm."""
    asked, leaf = tree.walk(request.args)
    says = tree.says(leaf.measure) if leaf else ""
    return render_template("web/fairness_tree.html", asked=asked, leaf=leaf, says=says, anchor=anchor)


def about() -> ResponseReturnValue:
    """Say what Auditor is and what it cannot tell."""
    return render_template("web/about.html")

"""The pages to read: frameworks, checks, and what Auditor cannot tell."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from auditor import fairness_tree as tree
from auditor.web.docstring import blocks, inline
from auditor.web.form import anchor
from auditor.web.here import account, all_frameworks, service
from frameworks.measures import measures


def add_to(pages: Blueprint) -> None:
    """Add the pages to read."""
    pages.add_url_rule("/frameworks", "frameworks", frameworks)
    pages.add_url_rule("/frameworks/<framework_id>", "framework", framework)
    pages.add_url_rule("/checks", "checks", checks)
    pages.add_url_rule("/checks/<check_id>", "check", check)
    pages.add_url_rule("/fairness-tree", "fairness_tree", fairness_tree)
    pages.add_url_rule("/about", "about", about)


def frameworks() -> ResponseReturnValue:
    """List the frameworks."""
    return render_template("web/frameworks.html", frameworks=all_frameworks())


def framework(framework_id: str) -> ResponseReturnValue:
    """Show one framework with all that it asks."""
    asked = service().rules.framework(account(), framework_id)
    return render_template("web/framework.html", framework=asked, nameable=measures(), inline=inline)


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

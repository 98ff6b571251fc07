"""Pages for everybody: the register of published audits, its feed, and the log of all that were sealed."""

from __future__ import annotations

import json
import re
from email.utils import format_datetime
from typing import Any, cast
from xml.etree import ElementTree as ET

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from auditor.config import Settings
from auditor.problems import Refused
from auditor.web.form import anchor
from auditor.web.here import account, service
from auditor.web.questions import GROUPS, MATTERS, RESULT_WORDS
from auditor.web.verdicts import outcome
from reports.code import SHORT, qr
from reports.language import _

PAGE = 50
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def add_to(pages: Blueprint) -> None:
    """Add the pages."""
    pages.add_url_rule("/register", "register", register)
    pages.add_url_rule("/register.rss", "register_feed", feed)
    pages.add_url_rule("/register/<audit_id>", "register_entry", register_entry)
    pages.add_url_rule("/register/organisations/<key>", "register_organisation", organisation)
    pages.add_url_rule("/log", "log", log)
    pages.add_url_rule("/log/<reference>", "log_entry", log_entry)
    pages.add_url_rule("/audits/<audit_id>/publish", "publish", publish, methods=["GET", "POST"])
    pages.add_url_rule("/audits/<audit_id>/withdraw", "withdraw", withdraw, methods=["GET", "POST"])


def register() -> ResponseReturnValue:
    """Show published audits, newest first, with those words in them that are searched for."""
    search = request.args.get("search", "").strip()
    before = request.args.get("before")
    found = service().register.entries(search, limit=PAGE + 1, before=before)
    older = found[PAGE - 1].audit if len(found) > PAGE else None
    return render_template("web/register.html", entries=found[:PAGE], search=search, older=older)


def register_entry(audit_id: str) -> ResponseReturnValue:
    """Show one published audit, or its tombstone."""
    entry = service().register.entry(audit_id)
    found = None if entry.withdrawn else outcome(service().register.record(audit_id))
    heard, answers = service().concerns.public(audit_id)
    return render_template(
        "web/register_entry.html",
        entry=entry,
        outcome=found,
        heard=heard,
        answers=answers,
        groups=GROUPS,
        matters=MATTERS,
        titles=service().concerns.requirements(audit_id) if answers and not entry.withdrawn else {},
        results=RESULT_WORDS,
        organisation=service().public_organisations.key_of(audit_id),
    )


def organisation(key: str) -> ResponseReturnValue:
    """Show what everybody may know of an organisation."""
    return render_template("web/register_organisation.html", found=service().public_organisations.of(key))


def feed() -> ResponseReturnValue:
    """Answer with the newest entries as RSS 2.0."""
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    for name, text in (
        ("title", _("Register of audited systems")),
        ("link", address("web.register")),
        ("description", _("Audits that their owners published, and those withdrawn.")),
    ):
        ET.SubElement(channel, name).text = text
    for entry in service().register.entries(limit=PAGE):
        item = ET.SubElement(channel, "item")
        link = address("web.register_entry", audit_id=entry.audit)
        name = entry.name or _("A deleted audit")
        ET.SubElement(item, "title").text = _for_xml(
            _("Withdrawn: {name}", name=name) if entry.withdrawn else name
        )
        ET.SubElement(item, "link").text = link
        ET.SubElement(item, "guid").text = f"{link}#withdrawn" if entry.withdrawn else link
        ET.SubElement(item, "pubDate").text = format_datetime(entry.withdrawn or entry.published)
        told = str(entry.reason or entry.card["system"]["purpose"])
        ET.SubElement(item, "description").text = _for_xml(escape(told))  # readers take it for HTML
    return Response(ET.tostring(root, encoding="utf-8", xml_declaration=True), mimetype="application/rss+xml")


def log() -> ResponseReturnValue:
    """Show the log's head and its newest entries; a digest that is searched for leads to its entry."""
    sought = request.args.get("entry", "").strip()
    if sought:
        return redirect(url_for("web.log_entry", reference=sought), 303)
    size, entries = service().register.newest(PAGE)
    return render_template(
        "web/log.html",
        entries=entries,
        size=size,
        fingerprint=service().register.keys()["keys"][-1]["fingerprint"],
        short=SHORT,
    )


def log_entry(reference: str) -> ResponseReturnValue:
    """Show what the log says of a place in it, or of the audits with one digest."""
    logged = [service().register.logged(place) for place in service().register.lookup(reference)]
    link = address("web.log_entry", reference=logged[0].entry["record"][:SHORT])
    return render_template(
        "web/log_entry.html",
        reference=reference,
        entries=[(one, json.loads(one.receipt)) for one in logged],
        link=link,
        code=Markup(qr(link)),  # noqa: S704 - squares alone
        short=SHORT,
    )


def publish(audit_id: str) -> ResponseReturnValue:
    """Ask how people reach whoever answers, show what will be public, and publish."""
    view = service().audit(account(), audit_id)
    given = {"contact": str(view.submission["system"].get("contact", "")), "appeal": ""}
    errors: dict[str, str] = {}
    if request.method == "POST":
        given = {name: request.form.get(name, "") for name in given}
        try:
            service().register.publish(account(), audit_id, **given)
        except Refused as refused:
            errors = {problem.where: problem.sentence for problem in refused.problems}
        else:
            flash(_("Published. The register shows the version in which small counts are withheld."))
            return redirect(url_for("web.register_entry", audit_id=audit_id), 303)
    page = render_template("web/publish.html", audit=view, given=given, errors=errors, anchor=anchor)
    return page, 422 if errors else 200


def withdraw(audit_id: str) -> ResponseReturnValue:
    """Ask for the reason, and withdraw for good."""
    view = service().audit(account(), audit_id)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            service().register.withdraw(account(), audit_id, request.form.get("reason", ""))
        except Refused as refused:
            errors = {problem.where: problem.sentence for problem in refused.problems}
        else:
            flash(_("Withdrawn. Its tombstone stays in the log, and in the register where it was published."))
            return redirect(url_for("web.audit", audit_id=audit_id), 303)
    given = request.form.get("reason", "")
    page = render_template("web/withdraw.html", audit=view, given=given, errors=errors, anchor=anchor)
    return page, 422 if errors else 200


def address(endpoint: str, **values: Any) -> str:
    """Return the address by which everybody reaches a page."""
    settings = cast("Settings | None", current_app.config.get("AUDITOR_SETTINGS"))
    base = (settings.public_url if settings else "") or request.host_url
    return base.rstrip("/") + url_for(endpoint, **values)


def _for_xml(text: str) -> str:
    """Show characters that XML cannot carry as a replacement sign."""
    return _NOT_XML.sub("\ufffd", text)

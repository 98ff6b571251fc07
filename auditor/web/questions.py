"""Pages of questions and objections: everybody sends them by a form, and officers read and answer them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.exceptions import TooManyRequests

from auditor.auth.rate import not_too_often
from auditor.concerns import LIMITS, RESULTS, new_reference
from auditor.problems import Problem, Refused
from auditor.store.clock import now
from auditor.store.publications import Publication
from auditor.views import Conflict, NotFound
from auditor.web.form import anchor
from auditor.web.here import account, retention_days, service
from frameworks.heard import Group, Matter, Result
from reports.language import N_, _
from reports.wording import plural

MATTERS = N_({Matter.QUESTION: "Question", Matter.OBJECTION: "Objection"})
MEANINGS = N_(
    {
        Matter.QUESTION: "I want to know or to understand something.",
        Matter.OBJECTION: "Something here is wrong, or is not how it was for me.",
    }
)
GROUPS = N_(
    {
        Group.ELDERLY: "I am 60 or older",
        Group.RURAL: "I live in the countryside",
        Group.DISABILITY: "I have a disability",
        Group.LANGUAGE: "My first language is not the one of the service",
    }
)
NOT_STATED = "not_stated"
RESULT_WORDS = N_(
    {
        Result.ANSWERED: "Answered",
        Result.UPHELD: "Upheld",
        Result.PARTLY: "Upheld in part",
        Result.NOT_UPHELD: "Not upheld",
    }
)
MOST_SHOWN = 100
TRAP = "website"
"""A field that people do not see and programs fill in."""
FIELDS = ("matter", "requirement", "text", "contact")


def add_to(pages: Blueprint) -> None:
    """Add the pages."""
    both = ["GET", "POST"]
    pages.add_url_rule("/register/<audit_id>/questions", "ask", ask, methods=both)
    pages.add_url_rule("/register/answers", "receipt", receipt, methods=both)
    pages.add_url_rule("/register/answers/erase", "erase", erase, methods=["POST"])
    pages.add_url_rule("/questions", "questions", questions)
    pages.add_url_rule("/questions/<concern_id>", "question", question, methods=both)


def ask(audit_id: str) -> ResponseReturnValue:
    """Show the form for a question or objection; keep one and show its reference."""
    entry = service().register.entry(audit_id)
    if request.method == "GET":
        return _form(entry, {"groups": []}, {}, new_reference())
    given: dict[str, Any] = {name: request.form.get(name, "") for name in FIELDS}
    given["groups"] = request.form.getlist("groups")
    reference = _signed_reference()
    try:
        not_too_often("auditor-looks")
        sent = given | {"groups": _groups(given["groups"])}
        told = service().concerns.send(audit_id, sent, reference, lambda: not_too_often("auditor-sends"))
    except Refused as refused:
        return _form(entry, given, {p.where: p.sentence for p in refused.problems}, reference, 422)
    except TooManyRequests as often:
        return _form(entry, given, {"text": str(often.description)}, reference, 429)
    return _private("web/asked.html", 201, entry=entry, reference=told, retention=_retention())


def receipt() -> ResponseReturnValue:
    """Show where a question or objection stands, to whoever holds its reference."""
    given, found, errors = request.form.get("reference", ""), None, dict[str, str]()
    if request.method == "POST":
        try:
            not_too_often("auditor-looks")
            found = service().concerns.receipt(given)
        except (NotFound, TooManyRequests) as why:
            errors = {"reference": str(getattr(why, "description", None) or why)}
    return _private(
        "web/receipt.html",
        422 if errors else 200,
        found=found,
        given=given,
        errors=errors,
        anchor=anchor,
        retention=_retention(),
        results=RESULT_WORDS,
    )


def erase() -> ResponseReturnValue:
    """Delete the words of whoever holds the reference."""
    not_too_often("auditor-looks")
    service().concerns.take_back(request.form.get("reference", ""))
    flash(_("Your text and your contact were deleted."))
    return redirect(url_for("web.receipt"), 303)


def questions() -> ResponseReturnValue:
    """List what waits for an answer and what is over, with the counts."""
    concerns, audit = service().concerns, request.args.get("audit") or None
    return render_template(
        "web/questions.html",
        waiting=concerns.listed(account(), waiting=True, audit=audit),
        over=concerns.listed(account(), waiting=False, audit=audit),
        found=concerns.heard(account(), audit),
        audit=audit,
        most=MOST_SHOWN,
        groups=GROUPS,
        matters=MATTERS,
        results=RESULT_WORDS,
        now=now(),
    )


def question(concern_id: str) -> ResponseReturnValue:
    """Show one question or objection; keep its answer."""
    found, errors = service().concerns.one(account(), concern_id), dict[str, str]()
    if request.method == "POST":
        sent = {key: request.form.get(key, "") for key in ("result", "answer", "by")}
        try:
            public = request.form.get("public") == "yes"
            service().concerns.answer(account(), concern_id, {**sent, "public": public})
        except Refused as refused:
            errors = {p.where: p.sentence for p in refused.problems}
        else:
            flash(_("Answered. The person reads it by the reference."))
            return redirect(url_for("web.question", concern_id=concern_id), 303)
    page = render_template(
        "web/question.html",
        found=found,
        errors=errors,
        sent=request.form,
        anchor=anchor,
        titles=_titles(found.audit),
        offered=RESULTS[Matter(found.matter)],
        matters=MATTERS,
        groups=GROUPS,
        results=RESULT_WORDS,
        limits=LIMITS,
        retention=_retention(),
    )
    return page, 422 if errors else 200


def _titles(audit_id: str) -> dict[str, str]:
    """Return the titles of what an audit judges, while it is in the register."""
    try:
        return service().concerns.requirements(audit_id)
    except (Conflict, NotFound):
        return {}


def _form(
    entry: Publication,
    given: dict[str, Any],
    errors: dict[str, str],
    reference: str | None,
    status: int = 200,
) -> ResponseReturnValue:
    return _private(
        "web/ask.html",
        status,
        entry=entry,
        requirements=service().concerns.requirements(entry.audit),
        given=given,
        errors=errors,
        anchor=anchor,
        matters=MATTERS,
        meanings=MEANINGS,
        groups=GROUPS,
        not_stated=NOT_STATED,
        trap=TRAP,
        limits=LIMITS,
        ticket=_serializer().dumps(reference or new_reference()),
        retention=_retention(),
    )


def _groups(ticked: list[str]) -> list[str]:
    """Return the groups that were ticked; refuse what a program fills in, and what speaks against itself."""
    if request.form.get(TRAP):
        raise Refused([Problem(TRAP, "trap", "leave the last field empty: only programs fill it in.")])
    if NOT_STATED in ticked and len(ticked) > 1:
        sentence = "you ticked groups and that you prefer not to say; untick one of the two."
        raise Refused([Problem("groups", "both", sentence)])
    return [one for one in ticked if one != NOT_STATED]


def _signed_reference() -> str | None:
    """Return the reference that the form was given, so that a form sent twice is kept once."""
    try:
        return str(_serializer().loads(request.form.get("ticket", "")))
    except BadSignature:
        return None


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="concern")


def _retention() -> str:
    return plural(retention_days(), "day")


def _private(template: str, status: int, **values: Any) -> ResponseReturnValue:
    """Answer with a page that no cache may keep: it shows a reference, or what somebody wrote."""
    return render_template(template, **values), status, {"Cache-Control": "no-store"}

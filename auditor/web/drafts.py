"""The form: one step a page, kept on the server, checked before it is sent."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auditor.problems import Problem, Refused
from auditor.web.form import Form, anchor, from_submission
from auditor.web.here import account, service
from auditor.web.steps import STEPS, after, asked, before, field_of, named, owner, problems
from auditor.web.steps.step import Step
from auditor.web.uploads import look_again, read_again, receive, receive_documents, receive_notices, upload


def add_to(pages: Blueprint) -> None:
    """Add the pages of the form."""
    pages.add_url_rule("/drafts", "start", start, methods=["POST"])
    pages.add_url_rule("/drafts/<draft_id>/<slug>", "step", step_page, methods=["GET", "POST"])
    pages.add_url_rule("/drafts/<draft_id>/files/<role>", "upload", upload, methods=["PUT"])
    pages.add_url_rule("/drafts/<draft_id>/check", "check_answers", check_answers, methods=["GET"])
    pages.add_url_rule("/drafts/<draft_id>/check", "submit", submit, methods=["POST"])
    pages.add_url_rule("/drafts/<draft_id>/discard", "discard", discard, methods=["POST"])
    pages.add_url_rule("/audits/<audit_id>/draft", "again", again, methods=["POST"])


def start() -> ResponseReturnValue:
    """Open an empty draft."""
    draft = service().draft_create(account(), Form({}).data)
    return redirect(url_for("web.step", draft_id=draft.id, slug=STEPS[0].slug), 303)


def again(audit_id: str) -> ResponseReturnValue:
    """Open a draft that holds everything an audit was asked."""
    asked = dict(service().audit(account(), audit_id).submission)
    own = {rule.id for rule in service().rules.listed(account())}  # read as they stand when it is submitted
    asked["rules"] = {k: v for k, v in (asked.get("rules") or {}).items() if k not in own}
    form = from_submission(asked)
    look_again(form)
    draft = service().draft_create(account(), form.data)
    return redirect(url_for("web.check_answers", draft_id=draft.id), 303)


def step_page(draft_id: str, slug: str) -> ResponseReturnValue:
    """Ask one step's question; keep the answer even where it is wrong, and say what is."""
    step = named(slug) or abort(404)
    stored = service().draft_get(account(), draft_id)
    if "audit" in stored.data:
        return redirect(url_for("web.audit", audit_id=stored.data["audit"]), 303)
    form = Form(stored.data)
    if request.method == "GET":
        return _ask(draft_id, step, form, ())
    of_files = step.slug in {"files", "people", "service"}
    found = [*receive(form)] if of_files else []
    step.read(form, request.form)
    found += receive_notices(form) if step.slug == "people" else ()
    found += read_again(form) if of_files else receive_documents(form) if step.slug == "answers" else ()
    service().draft_put(account(), draft_id, form.data)
    then = request.form.get("then")
    stay = then == "stay" or "remove" in request.form
    if not stay:
        found += [p for p in problems(step, form) if p.where not in {f.where for f in found}]
    if found:
        return _ask(draft_id, step, form, tuple(found)), 422
    if stay or then == "compare":  # which shows what is wrong before it leads back
        return redirect(url_for("web.step", draft_id=draft_id, slug=slug), 303)
    following = None if then == "check" else after(step, form)
    if following is None:
        return redirect(url_for("web.check_answers", draft_id=draft_id), 303)
    return redirect(url_for("web.step", draft_id=draft_id, slug=following.slug), 303)


def _ask(draft_id: str, step: Step, form: Form, found: tuple[Problem, ...]) -> str:
    errors: dict[str, str] = {}
    for problem in found:
        errors.setdefault(field_of(step, problem.where), problem.sentence)
    previous = before(step, form)
    return render_template(
        f"web/steps/{step.slug}.html",
        draft_id=draft_id,
        step=step,
        number=asked(form).index(step) + 1 if step in asked(form) else 1,
        total=len(asked(form)),
        previous=previous.slug if previous else None,
        form=form,
        errors=errors,
        anchor=anchor,
        **step.offer(form),
    )


def check_answers(draft_id: str) -> ResponseReturnValue:
    """Show everything that will be sent, each part with a way to change it."""
    stored = service().draft_get(account(), draft_id)
    if "audit" in stored.data:
        return redirect(url_for("web.audit", audit_id=stored.data["audit"]), 303)
    return _check_page(draft_id, Form(stored.data), ())


def submit(draft_id: str) -> ResponseReturnValue:
    """Send the draft as a submission, as the API would get it."""
    stored = service().draft_get(account(), draft_id)
    if "audit" in stored.data:  # a second press of the button
        return redirect(url_for("web.audit", audit_id=stored.data["audit"]), 303)
    form = Form(stored.data)
    if any(problems(step, form) for step in asked(form)):
        return _check_page(draft_id, form, ()), 422
    try:
        audit = service().submit(account(), form.submission)
    except Refused as refused:
        return _check_page(draft_id, form, refused.problems), 422
    service().draft_put(account(), draft_id, {"audit": audit.id})
    return redirect(url_for("web.audit", audit_id=audit.id), 303)


def _check_page(draft_id: str, form: Form, refused: tuple[Problem, ...]) -> str:
    found: list[tuple[Step, Problem]] = [(s, p) for s in asked(form) for p in problems(s, form)]
    found += [(owner(p.where), p) for p in refused]
    parts: list[tuple[Step, Any]] = [(step, tuple(step.summary(form))) for step in asked(form)]
    return render_template(
        "web/check.html",
        draft_id=draft_id,
        parts_of=parts,
        problems=[(s, field_of(s, p.where), p.sentence) for s, p in found],
        form=form,
        anchor=anchor,
    )


def discard(draft_id: str) -> ResponseReturnValue:
    """Throw a draft away."""
    service().draft_delete(account(), draft_id)
    return redirect(url_for("web.front"), 303)

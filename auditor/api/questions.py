"""The part of the API about questions and objections: everybody sends them, whoever published answers."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any, cast

from apiflask import APIBlueprint
from flask import current_app, g, request

from auditor.api import problems, reading
from auditor.auth.rate import not_too_often
from auditor.concerns import Concerns, ConcernView, Receipt
from auditor.problems import refuse
from auditor.views import Account

questions = APIBlueprint("questions", __name__, url_prefix="/api/v1", tag="Questions and objections")
problems.attach(questions)


@questions.post("/register/<audit_id>/questions")
@questions.doc(summary="Send a question or an objection about a published audit", responses=[201])
def send(audit_id: str) -> Any:
    """Keep `{matter, text, requirement, groups, contact}`; the `reference` in the answer is told once."""
    sent = _mapping()
    not_too_often("auditor-looks")
    return {"reference": _concerns().send(audit_id, sent, admit=partial(not_too_often, "auditor-sends"))}, 201


@questions.get("/register/<audit_id>/questions")
@questions.doc(summary="How many questions and objections came, and what came of them")
def heard(audit_id: str) -> Any:
    """Answer with counts, days to the answer and shares upheld, without small counts, and public answers."""
    reading.only()
    return public_figures(_concerns(), audit_id)


@questions.post("/register/answers")
@questions.doc(summary="Where your question or objection stands")
def receipt() -> Any:
    """Answer to `{reference}` with the state, the answer, and what was sent while it is kept."""
    return _plain(_concerns().receipt(_reference()))


@questions.post("/register/answers/erase")
@questions.doc(summary="Delete the words of your question or objection", responses=[204])
def erase() -> Any:
    """Delete the text, the contact and a private answer of what `{reference}` names."""
    _concerns().take_back(_reference())
    return "", 204


@questions.get("/questions")
@questions.doc(summary="Questions and objections about your audits")
def listed() -> Any:
    """Answer with those that wait, longest first; `?state=over` with the others; `?audit=` of one audit."""
    reading.only("state", "audit")
    state = request.args.get("state", "waiting")
    if state not in {"waiting", "over"}:
        raise refuse("state", "unknown-state", "`state` is waiting or over.")
    found = _concerns().listed(_account(), waiting=state == "waiting", audit=request.args.get("audit"))
    return {"questions": [_plain(one) for one in found]}


@questions.get("/questions/figures")
@questions.doc(summary="How many came about all your audits, and what came of them")
def figures() -> Any:
    """Answer with every count, as officers may know it: days to the answer, and shares upheld by group."""
    reading.only()
    return asdict(_concerns().heard(_account()))


@questions.get("/questions/<concern_id>")
@questions.doc(summary="One question or objection")
def one(concern_id: str) -> Any:
    """Answer with its words, until they are deleted, and its answer."""
    reading.only()
    return _plain(_concerns().one(_account(), concern_id))


@questions.post("/questions/<concern_id>/answer")
@questions.doc(summary="Answer a question or an objection", responses=[201])
def answer(concern_id: str) -> Any:
    """Keep `{result, answer, public, by}`; an answer is given once."""
    return _plain(_concerns().answer(_account(), concern_id, _mapping())), 201


def public_figures(concerns: Concerns, audit_id: str) -> dict[str, Any]:
    """Return what everybody may know, as JSON."""
    found, answers = concerns.public(audit_id)
    told = [{**asdict(one), "answered": one.answered.isoformat()} for one in answers]
    return {**asdict(found), "answers": told}


def _plain(one: ConcernView | Receipt) -> dict[str, Any]:
    moments = ("received", "answered", "erased")
    said = asdict(one)
    return said | {key: said[key].isoformat() if said[key] else None for key in moments}


def _reference() -> str:
    sent = _mapping()
    reference = sent.get("reference")
    if not isinstance(reference, str) or set(sent) != {"reference"}:
        raise refuse("reference", "missing", 'send the reference alone: `{"reference": "..."}`.')
    not_too_often("auditor-looks")
    return reference


def _mapping() -> dict[str, Any]:
    sent = reading.body()
    if not isinstance(sent, dict):
        raise refuse("", "not-a-mapping", "the body is not a JSON object.")
    return sent


def _concerns() -> Concerns:
    return cast("Concerns", current_app.extensions["auditor"].concerns)


def _account() -> Account:
    return cast("Account", g.account)

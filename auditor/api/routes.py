"""The API: a route parses, calls one function of the service, and answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Literal, TypeVar, cast

from apiflask import APIBlueprint
from flask import Response, current_app, g, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from auditor import documents, drawn, exporting
from auditor.api import problems, reading, shapes, telling
from auditor.api.events import Holds, events
from auditor.api.public import entry
from auditor.problems import Problem, Refused, refuse
from auditor.sandbox import ModelInspection
from auditor.service import Service
from auditor.views import Account
from frameworks.model import Framework
from frameworks.schema import framework_schema
from frameworks.tier import questionnaire
from reports.exports import EXPORTS
from reports.language import ENGLISH
from reports.record import framework_to_json
from reports.schema import audit_schema

api = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="Auditor")
problems.attach(api)

PIECE = 64 * 1024
LONGEST_WAIT = 30.0
MOST_ROWS = 200

Body = TypeVar("Body", bound=BaseModel)


@api.put("/artifacts/<sha256>")
@api.output(shapes.ArtifactOut, 201)
@api.doc(summary="Upload a file under its SHA-256", tags=["Files"])
def put_artifact(sha256: str) -> Any:
    """Send the raw bytes as the body; the digest of what arrives must be the one in the address."""
    if request.mimetype in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        raise UnsupportedMediaType("send the raw bytes of the file (application/octet-stream), not a form.")
    limit = current_app.config["AUDITOR_SETTINGS"].upload_bytes
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge(f"the file is larger than {limit} bytes; send less.")
    stored = _service().store_artifact(_account(), _pieces(limit), expected=sha256)
    return shapes.artifact(stored)


@api.post("/inspections")
@api.output(shapes.InspectionOut)
@api.doc(summary="Read one file in the locked child", tags=["Files"])
def inspect() -> Any:
    """Say which columns a table has, or which types and classes a model."""
    asked = _body(shapes.InspectionIn)
    kind = cast("Literal['table', 'model']", asked.kind)
    digest = asked.artifact.removeprefix("sha256:")
    found = _service().inspect(_account(), digest, kind, asked.format, declared=asked.declared)
    answer: dict[str, Any] = {"kind": asked.kind, asked.kind: asdict(found)}
    if isinstance(found, ModelInspection):
        answer["task_candidates"] = list(found.task_candidates)
    return answer


@api.post("/audits")
@api.output(shapes.AuditOut, 202)
@api.doc(summary="Submit an audit", tags=["Audits"])
def submit() -> Any:
    """Queue an audit. Files are named by digest; `?as_of=2026-12-01` reads the rules as of that day."""
    reading.only("as_of")
    view = _service().submit(_account(), reading.body(), as_of=_day())
    return shapes.audit(view), 202, {"Location": view.links["self"]}


@api.get("/audits")
@api.output(shapes.AuditsOut)
@api.doc(summary="List audits, newest first", tags=["Audits"])
def audits() -> Any:
    """Answer with at most `?limit=` audits that are older than the audit `?before=`."""
    reading.only("limit", "before")
    limit = min(reading.whole("limit", 50), MOST_ROWS)
    rows = _service().audits(_account(), limit=limit, before=request.args.get("before"))
    older = f"/api/v1/audits?before={rows[-1].id}&limit={limit}" if len(rows) == limit else None
    return {"audits": [shapes.audit_row(row) for row in rows], "next": older}


@api.get("/audits/<audit_id>")
@api.output(shapes.AuditOut)
@api.doc(summary="Where an audit stands", tags=["Audits"])
def audit(audit_id: str) -> Any:
    """Answer at once, or with `?wait=30` when the audit ends, at the latest after so many seconds."""
    seconds = min(max(request.args.get("wait", 0.0, type=float), 0.0), LONGEST_WAIT)
    holds = _holds()
    if not seconds or not holds.take():
        return shapes.audit(_service().audit(_account(), audit_id))
    try:
        return shapes.audit(_service().wait(_account(), audit_id, seconds))
    finally:
        holds.leave()


@api.get("/audits/<audit_id>/events")
@api.doc(summary="Follow an audit (server-sent events)", tags=["Audits"])
def follow(audit_id: str) -> ResponseReturnValue:
    """Send the audit whenever it changes. Where all places are taken: 503; ask for the audit instead."""
    _service().audit(_account(), audit_id)
    holds = _holds()
    if not holds.take():
        busy = problems.answer(
            503, "too many pages follow audits now; ask for the audit every few seconds instead."
        )
        busy.headers["Retry-After"] = "2"
        return busy
    stream = events(_service(), _account(), audit_id, holds)
    return Response(stream, mimetype="text/event-stream", headers={"Cache-Control": "no-store"})


@api.get("/audits/<audit_id>/audit.json")
@api.doc(summary="The record", tags=["Audits"])
def record(audit_id: str) -> ResponseReturnValue:
    """Answer with canonical JSON; its schema is at /api/v1/schema/audit.json."""
    return Response(_service().record(_account(), audit_id), mimetype="application/json")


@api.get("/audits/<audit_id>/calls.jsonl")
@api.doc(summary="The calls of a live endpoint", tags=["Audits"])
def calls(audit_id: str) -> ResponseReturnValue:
    """Answer with one JSON object a line for each call; 409 for an audit that made none."""
    return Response(_service().calls(_account(), audit_id), mimetype="application/jsonl")


@api.get("/audits/<audit_id>/report.html")
@api.doc(summary="The report as a page", tags=["Audits"])
def report_html(audit_id: str) -> ResponseReturnValue:
    """Answer with one page that needs nothing else: as it was sealed, or in the language of `?lang=`."""
    return _report(audit_id, "html")


@api.get("/audits/<audit_id>/report.pdf")
@api.doc(summary="The report as PDF", tags=["Audits"])
def report_pdf(audit_id: str) -> ResponseReturnValue:
    """Answer with a PDF that carries the record: as it was sealed, or in the language of `?lang=`."""
    return _report(audit_id, "pdf")


def _report(audit_id: str, form: str) -> ResponseReturnValue:
    reading.only("lang")
    language = documents.language_asked(request.args.get("lang", ENGLISH), request.accept_languages)
    told = drawn.report(_service(), _account(), audit_id, form, language)
    answer = telling.document(told, form, f"audit-{audit_id}")
    answer.headers["Content-Language"] = language
    return answer


@api.get("/audits/<audit_id>/bundle.zip")
@api.doc(summary="The evidence bundle, signed", tags=["Audits"])
def bundle(audit_id: str) -> ResponseReturnValue:
    """Answer with a zip: record, reports and rules, their signed digests, and the receipt of the log."""
    disposition = f'attachment; filename="audit-{audit_id}-bundle.zip"'
    packed = _service().bundle(_account(), audit_id)
    return Response(packed, mimetype="application/zip", headers={"Content-Disposition": disposition})


@api.post("/audits/<audit_id>/publication")
@api.doc(summary="Publish an audit in the register", tags=["Audits"])
def publish(audit_id: str) -> Any:
    """Enter the version for everybody, with how people reach you and how they appeal, in the register."""
    asked = _body(shapes.PublicationIn)
    made = _service().register.publish(_account(), audit_id, asked.contact, asked.appeal)
    return entry(made), 201, {"Location": f"/api/v1/register/{audit_id}"}


@api.delete("/audits/<audit_id>/publication")
@api.doc(summary="Withdraw an audit for good", tags=["Audits"], responses=[204])
def withdraw(audit_id: str) -> ResponseReturnValue:
    """Take an audit out of the register; its tombstone with the `?reason=` stays, there and in the log."""
    reading.only("reason")
    _service().register.withdraw(_account(), audit_id, request.args.get("reason", ""))
    return "", 204


@api.get("/audits/<audit_id>/exports/<name>")
@api.doc(summary="The record in the format of another tool or register", tags=["Audits"])
def export(audit_id: str, name: str) -> ResponseReturnValue:
    """Answer with `measures.csv`, `oscal.json` ...; with `?public=1` of the version for everybody."""
    reading.only("public")
    public = request.args.get("public", "") in {"1", "true"}
    made = exporting.exported(_service(), _account(), audit_id, name, public=public)
    disposition = f'attachment; filename="{name}"'
    return Response(made, content_type=EXPORTS[name].media, headers={"Content-Disposition": disposition})


@api.get("/exports")
@api.doc(summary="List formats of export", tags=["What can be asked"])
def exports() -> Any:
    """Answer with every format that a completed audit can be had in."""
    return {
        "exports": [
            {"name": k, "title": e.title, "says": e.says, "media": e.media} for k, e in EXPORTS.items()
        ]
    }


@api.get("/audits/<audit_id>/<name>.<form>")
@api.doc(summary="A shorter document", tags=["Audits"])
def shorter(audit_id: str, name: str, form: str) -> ResponseReturnValue:
    """Answer with the summary, plan, page for everybody, annex, or comparison with `?before=<id>`.

    In the language of `?lang=` (`en`, `zh-Hans`, `zh-Hant`), else in the best that Accept-Language names.
    """
    reading.only("lang", *(["before"] if name == "comparison" else []))
    before = request.args.get("before")
    language = documents.language_asked(request.args.get("lang"), request.accept_languages)
    told = documents.document(_service(), _account(), audit_id, name, form, before=before, language=language)
    answer = telling.document(told, form, f"{name}-{audit_id}")
    answer.headers["Content-Language"] = language
    answer.vary.add("Accept-Language")
    return answer


@api.get("/audits/<audit_id>/tasks")
@api.output(shapes.TasksOut)
@api.doc(summary="Who takes on what", tags=["Audits"])
def tasks(audit_id: str) -> Any:
    """Answer with the tasks of the remediation plan, by requirement."""
    return shapes.tasks(documents.tasks(_service(), _account(), audit_id))


@api.put("/audits/<audit_id>/tasks")
@api.output(shapes.TasksOut)
@api.doc(summary="Say who takes on what", tags=["Audits"])
def put_tasks(audit_id: str) -> Any:
    """Replace the tasks: `{tasks: {"global-baseline/FAIR-01": {owner, due, note}}}`."""
    asked = _body(shapes.TasksIn)
    return shapes.tasks(documents.put_tasks(_service(), _account(), audit_id, asked.tasks))


@api.post("/audits/<audit_id>/judgements")
@api.output(shapes.AuditOut, 202)
@api.doc(summary="Judge the same evidence again", tags=["Audits"])
def judge(audit_id: str) -> Any:
    """Make a new audit record from the same evidence, under other frameworks or another day."""
    asked = _body(shapes.JudgementIn)
    view = _service().rejudge(_account(), audit_id, asked.frameworks, asked.as_of)
    return shapes.audit(view), 202, {"Location": view.links["self"]}


@api.post("/audits/<audit_id>/cancel")
@api.output(shapes.AuditOut)
@api.doc(summary="Stop an audit", tags=["Audits"])
def cancel(audit_id: str) -> Any:
    """Stop a running audit; what it computes is killed."""
    return shapes.audit(_service().cancel(_account(), audit_id))


@api.delete("/audits/<audit_id>/files")
@api.doc(summary="Delete the files of an audit and keep its record", tags=["Audits"], responses=[204])
def delete_files(audit_id: str) -> ResponseReturnValue:
    """Remove the tables and models of an audit that is over, unless another audit uses them."""
    _service().delete_files(_account(), audit_id)
    return "", 204


@api.delete("/audits/<audit_id>")
@api.doc(summary="Delete an audit and its data", tags=["Audits"], responses=[204])
def delete(audit_id: str) -> ResponseReturnValue:
    """Remove the audit, its reports, and its files where no other audit of the account uses them."""
    _service().delete(_account(), audit_id)
    return "", 204


@api.get("/frameworks")
@api.output(shapes.FrameworksOut)
@api.doc(summary="List frameworks", tags=["What can be asked"])
def frameworks() -> Any:
    """Answer with every framework that a submission may name."""
    return {"frameworks": [shapes.framework_row(row) for row in _service().frameworks()]}


@api.get("/frameworks/<framework_id>")
@api.doc(summary="One framework in full", tags=["What can be asked"])
def framework(framework_id: str) -> Any:
    """Answer with its requirements, criteria, bounds and sources."""
    found: Framework = _service().framework(framework_id)
    return framework_to_json(found)


@api.get("/risk-questionnaire")
@api.doc(summary="The questionnaire that gives the risk tier", tags=["What can be asked"])
def risk_questionnaire() -> Any:
    """Answer with its questions and choices in English and Chinese, their points, and how they are scored."""
    return questionnaire().model_dump(mode="json")


@api.get("/checks")
@api.output(shapes.ChecksOut)
@api.doc(summary="List checks", tags=["What can be asked"])
def checks() -> Any:
    """Answer with every check and its page."""
    return {"checks": [shapes.check(row) for row in _service().checks()]}


@api.get("/checks/<check_id>")
@api.output(shapes.CheckOut)
@api.doc(summary="One check and its page", tags=["What can be asked"])
def check(check_id: str) -> Any:
    """Answer with what the check measures, why, how to read it, and its limits."""
    return shapes.check(_service().check(check_id))


@api.get("/schema/audit.json")
@api.doc(summary="JSON Schema of the record", tags=["What can be asked"])
def schema() -> Any:
    """Answer with the shape of audit.json."""
    return audit_schema()


@api.get("/schema/framework.json")
@api.doc(summary="JSON Schema of rule files", tags=["What can be asked"])
def rule_schema() -> Any:
    """Answer with the shape of frameworks and overlays; editors complete and check by it."""
    return framework_schema()


def _service() -> Service:
    return cast("Service", current_app.extensions["auditor"])


def _account() -> Account:
    return cast("Account", g.account)


def _holds() -> Holds:
    return cast("Holds", current_app.extensions["auditor-holds"])


def _pieces(limit: int) -> Iterator[bytes]:
    request.max_content_length = limit
    while piece := request.stream.read(PIECE):
        yield piece


def _body(shape: type[Body]) -> Body:
    try:
        return shape.model_validate(reading.body())
    except ValidationError as invalid:
        found = [
            Problem(
                where := ".".join(map(str, e["loc"])), e["type"], f"`{where}` is not accepted: {e['msg']}."
            )
            for e in invalid.errors()
        ]
        raise Refused(found) from None


def _day() -> dt.date | None:
    text = request.args.get("as_of")
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise refuse("as_of", "not-a-date", "`as_of` is a day such as 2026-12-01.") from None

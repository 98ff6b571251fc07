"""Files that people send with the form: stored, read in the locked child, and kept in the draft."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, Literal

from flask import abort, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError
from werkzeug.datastructures import FileStorage

from auditor.file_refs import TableRef
from auditor.problems import Problem, Refused, refuse
from auditor.views import NotFound
from auditor.web.form import HOW_WRITTEN, Form
from auditor.web.here import account, service
from auditor.web.steps.files import sent_as, title
from reports.language import said

CHUNK = 1 << 20


def receive(form: Form) -> Iterator[Problem]:
    """Store and inspect what came with a multipart form."""
    for role in form.file_roles():
        sent = request.files.get(sent_as(role))
        if sent is not None and sent.filename:
            where = Form.where(role)
            said = {key: request.form.get(f"{where}.{key}", "") for key in HOW_WRITTEN}
            try:
                _taken(role, sent, said)(form)
            except Refused as refused:
                yield Problem(where, refused.problems[0].code, refused.problems[0].sentence)


def receive_documents(form: Form) -> Iterator[Problem]:
    """Store what came as a document of an answer or as the exit report; it is kept and never read."""
    for where, sent in request.files.items():
        holder = form.document_at(where)
        if holder is None or not sent.filename:
            continue
        try:
            stored = service().store_artifact(account(), _chunks(sent.stream))
        except Refused as refused:
            yield Problem(where, refused.problems[0].code, refused.problems[0].sentence)
            continue
        form.keep_document(where, sent.filename[:200], stored.size, stored.digest)


def receive_notices(form: Form) -> Iterator[Problem]:
    """Store the notices that came; their words are read in the locked child once the audit runs."""
    for sent in request.files.getlist("notices.file"):
        if sent.filename:
            try:
                stored = service().store_artifact(account(), _chunks(sent.stream))
            except Refused as refused:
                yield Problem("notices", refused.problems[0].code, refused.problems[0].sentence)
                continue
            form.keep_notice(sent.filename[:100], stored.size, stored.digest)


def read_again(form: Form) -> Iterator[Problem]:
    """Inspect each table again that is now said to be written otherwise."""
    for role in form.file_roles():
        file, reference = form.file_of(role), form.reference(role)
        if file is None or reference is None or file.get("declared", {}) == form.declared(role):
            continue
        try:
            _look(form, role, reference["artifact"].removeprefix("sha256:"), file["name"])
        except NotFound as gone:
            form.drop_file(role)
            yield Problem(Form.where(role), "unknown-artifact", str(gone))
        except Refused as refused:
            first = refused.problems[0]
            file |= {"declared": form.declared(role), "refused": first.sentence}
            yield Problem(Form.where(role), first.code, first.sentence)


def upload(draft_id: str, role: str) -> ResponseReturnValue:
    """Store and inspect one file that our script sends as it is, so that it can show the progress."""
    if role not in Form(service().draft_get(account(), draft_id).data).file_roles():
        abort(404)
    sent = FileStorage(request.stream, request.args.get("name", "file"))
    try:
        keep = _taken(role, sent, {key: request.args.get(key, "") for key in HOW_WRITTEN})
    except Refused as refused:
        return said(refused.problems[0].sentence), 422, {"Content-Type": "text/plain; charset=utf-8"}

    def change(data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep the file in the draft as it is by now: another may have arrived while this one was read."""
        form = Form(data)
        keep(form)
        return form.data

    service().draft_change(account(), draft_id, change)
    return "", 204


def look_again(form: Form) -> None:
    """Inspect every file that a submission names; what is gone or refused is left to be uploaded again."""
    for role in form.file_roles():
        reference = form.reference(role) or {}
        if digest := reference.get("artifact", "").removeprefix("sha256:"):
            try:
                _look(form, role, digest, title(role))
            except (Refused, NotFound):
                form.drop_file(role)
    form.put("notices", [notice for notice in form.get("notices", []) if _is_kept(notice)])


def _is_kept(notice: Mapping[str, str]) -> bool:
    try:
        service().artifact(account(), notice.get("artifact", "").removeprefix("sha256:"))
    except (Refused, NotFound):
        return False
    return True


def _taken(role: str, sent: FileStorage, said: Mapping[str, str]) -> Callable[[Form], None]:
    """Store and inspect a file; return what keeps it in a draft."""
    declared = {key: value for key, value in said.items() if value} if _kind(role) == "table" else {}
    stored = service().store_artifact(account(), _chunks(sent.stream))
    _known(stored.digest, declared)
    found = service().inspect(account(), stored.digest, _kind(role), declared=declared)
    name = (sent.filename or title(role))[:200]
    return lambda form: form.keep_file(role, name, stored.size, stored.digest, found, declared=declared)


def _look(form: Form, role: str, digest: str, name: str) -> None:
    declared = form.declared(role)
    stored = service().artifact(account(), digest)
    _known(digest, declared)
    found = service().inspect(account(), digest, _kind(role), declared=declared)
    form.keep_file(role, name, stored.size, digest, found, declared=declared)


def _known(digest: str, declared: Mapping[str, str]) -> None:
    """Refuse what is said of a table where the shape of submissions does not take it."""
    try:
        TableRef.model_validate({"artifact": f"sha256:{digest}", **declared})
    except ValidationError as invalid:
        key = str(invalid.errors()[0]["loc"][0])
        raise refuse(key, "unknown-value", f"`{key}` is not one of those offered; choose again.") from None


def _kind(role: str) -> Literal["table", "model"]:
    return "model" if role.startswith("model") else "table"


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk

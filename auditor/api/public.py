"""The part of the API that everybody may read: the register, the log, the keys."""

from __future__ import annotations

from typing import Any, cast

from apiflask import APIBlueprint
from flask import Response, current_app
from flask import request as asked
from flask.typing import ResponseReturnValue

from auditor import documents
from auditor.api import problems, reading, telling
from auditor.public_organisations import PublicOrganisations, public_json
from auditor.register import MOST, Register
from auditor.store.publications import Publication

public = APIBlueprint("public", __name__, tag="For everybody")
problems.attach(public)


@public.get("/.well-known/auditor-keys.json")
@public.doc(summary="The keys that sign here")
def keys() -> Any:
    """Answer with every key that signs or ever signed, with its fingerprint and its time."""
    return _register().keys()


@public.get("/api/v1/register")
@public.doc(summary="The register of published audits")
def register() -> Any:
    """Answer with entries that have every word of `?search=`, newest first, older than `?before=`."""
    reading.only("search", "limit", "before")
    limit = min(reading.whole("limit", MOST), MOST)
    found = _register().entries(asked.args.get("search", ""), limit=limit, before=asked.args.get("before"))
    return {"entries": [entry(one) for one in found]}


@public.get("/api/v1/register/<audit_id>")
@public.doc(summary="One entry of the register")
def register_entry(audit_id: str) -> Any:
    """Answer with what was published of an audit and the key of its organisation, or with its tombstone."""
    found = entry(_register().entry(audit_id))
    return {**found, "organisation": _organisations().key_of(audit_id)}


@public.get("/api/v1/register/organisations/<key>")
@public.doc(summary="What everybody may know of an organisation")
def organisation(key: str) -> Any:
    """Answer with counts over its published audits, without small counts of people; there is no score."""
    return public_json(_organisations().of(key))


@public.get("/api/v1/register/<audit_id>/audit.json")
@public.doc(summary="The record of a published audit, as everybody may have it")
def register_record(audit_id: str) -> ResponseReturnValue:
    """Answer with canonical JSON in which every small count is withheld."""
    return Response(_register().record(audit_id), mimetype="application/json")


@public.get("/api/v1/register/<audit_id>/transparency.<form>")
@public.doc(summary="The page for everybody")
def transparency(audit_id: str, form: str) -> ResponseReturnValue:
    """Answer with what was found in plain words, as `html` or `pdf`, without small counts.

    In the language of `?lang=` (`en`, `zh-Hans`, `zh-Hant`), else in the best that Accept-Language names.
    """
    reading.only("lang")
    language = documents.language_asked(asked.args.get("lang"), asked.accept_languages)
    told = documents.published(current_app.extensions["auditor"], audit_id, form, language)
    answer = telling.document(told, form, f"transparency-{audit_id}")
    answer.headers["Content-Language"] = language
    answer.vary.add("Accept-Language")
    return answer


@public.get("/api/v1/log")
@public.doc(summary="The whole log with its signed head")
def whole_log() -> Any:
    """Answer with every entry; `?from=5` answers with the proof that it has only grown since it had 5."""
    reading.only("from")
    since = reading.whole("from", 0)
    return _register().proof_since(since) if since else _register().whole_log()


@public.get("/api/v1/log/<int:position>")
@public.doc(summary="One entry of the log with the proof that it is in it")
def log_entry(position: int) -> ResponseReturnValue:
    """Answer with the entry, its proof, and the signed head that the proof leads to."""
    return Response(_register().logged(position).receipt, mimetype="application/json")


def entry(one: Publication) -> dict[str, Any]:
    """Return an entry of the register as JSON."""
    return {
        "audit": one.audit,
        "name": one.name,
        "published": one.published.isoformat(),
        "withdrawn": one.withdrawn.isoformat() if one.withdrawn else None,
        "reason": one.reason,
        "card": dict(one.card),
    }


def _organisations() -> PublicOrganisations:
    return cast("PublicOrganisations", current_app.extensions["auditor"].public_organisations)


def _register() -> Register:
    return cast("Register", current_app.extensions["auditor"].register)

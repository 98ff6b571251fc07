"""The part of the API about rules of one's own: check, publish, export them, and tell what they change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

from apiflask import APIBlueprint
from flask import Response, current_app, g, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from auditor.api import problems, reading
from auditor.api.shapes import RuleIn
from auditor.local_rules import Checked, LocalRules, RuleVersion
from auditor.problems import refuse
from auditor.views import Account
from frameworks.diff import differences
from frameworks.layers import on_day
from reports.exports.oscal_profile import document
from reports.record import framework_to_json

rules = APIBlueprint("rules", __name__, url_prefix="/api/v1", tag="Rules of your own")
problems.attach(rules)


@rules.get("/rules")
@rules.doc(summary="List the rules that you published")
def published() -> Any:
    """Answer with the newest version of each; a submission names them by `id`, or by `id@version`."""
    reading.only()
    return {"rules": [_version(one) for one in _rules().listed(_account())]}


@rules.post("/rules")
@rules.doc(summary="Publish a version of rules", responses=[201])
def publish() -> Any:
    """Keep a rule file as the next version of its `id`; a published version never changes."""
    made = _rules().publish(_account(), _content())
    return _version(made), 201, {"Location": f"/api/v1/rules/{made.id}"}


@rules.post("/rules/lint")
@rules.doc(summary="Check a rule file")
def lint() -> Any:
    """Answer with every mistake and its line; nothing is kept."""
    return linted(_rules().check(_account(), _content()))


@rules.post("/rules/effect")
@rules.doc(summary="What a rule file changes")
def effect() -> Any:
    """Judge your past audits by it, and compare with the version before or its first parent; keep nothing."""
    found = _rules().effect(_account(), _content())
    return {
        "id": found.framework.id,
        "version": found.framework.version,
        "against": found.against,
        "day": found.day.isoformat(),
        "differences": _plain(found.differences),
        "judged": found.judged,
        "left_out": found.left_out,
        "changed": [
            {"audit": one.audit, "name": one.name, "moved": _plain(one.moved)} for one in found.changed
        ],
    }


@rules.get("/rules/<rule>")
@rules.doc(summary="Every version of your rules")
def history(rule: str) -> Any:
    """Answer with the versions, newest first."""
    reading.only()
    return {"versions": [_version(one) for one in _rules().versions(_account(), rule)]}


@rules.get("/rules/<rule>/<int:position>.yaml")
@rules.doc(summary="Export one version")
def export(rule: str, position: int) -> ResponseReturnValue:
    """Answer with the YAML as it was published; 1 is the first version."""
    return yaml_file(_rules().version(_account(), rule, position))


@rules.get("/frameworks/<framework_id>/resolved")
@rules.doc(summary="Rules as they stand on a day")
def resolved(framework_id: str) -> Any:
    """Answer with bundled or own rules as of `?as_of=`, with what each overlay changed and why."""
    reading.only("as_of")
    found = _rules().framework(_account(), framework_id)
    return framework_to_json(on_day(found, _day()) if "as_of" in request.args else found)


@rules.get("/frameworks/<framework_id>/oscal")
@rules.doc(summary="Rules in OSCAL")
def oscal(framework_id: str) -> ResponseReturnValue:
    """Answer with the profile of an overlay, the catalog of other rules, or `?model=`; as of `?as_of=`."""
    reading.only("model", "as_of")
    found = _rules().framework(_account(), framework_id)
    day = _day() if "as_of" in request.args else None
    try:
        name, content = document(found, request.args.get("model"), day)
    except ValueError as wrong:
        raise refuse("model", "no-model", f"{wrong}") from None
    disposition = f'attachment; filename="{name}"'
    return Response(content, mimetype="application/json", headers={"Content-Disposition": disposition})


@rules.get("/frameworks/<framework_id>/differences")
@rules.doc(summary="What other rules ask that these do not")
def compare(framework_id: str) -> Any:
    """Compare bundled or own rules with those named by `?with=`, item by item."""
    reading.only("with")
    old = _rules().framework(_account(), framework_id)
    other = request.args.get("with")
    if other is None:
        raise refuse("with", "missing", "say with which rules to compare, as `?with=ID`.")
    return {"differences": _plain(differences(old, _rules().framework(_account(), other)))}


@rules.get("/audits/<audit_id>/gap")
@rules.doc(summary="How an audit stands by other rules, and what is missing")
def gap(audit_id: str) -> Any:
    """Judge the evidence by `?framework=`, beside what was judged on the same matter; nothing is kept."""
    reading.only("framework")
    wanted = request.args.get("framework")
    if wanted is None:
        raise refuse("framework", "missing", "say by which rules, as `?framework=ID`.")
    framework, found = _rules().gap(_account(), audit_id, wanted)
    return {
        "framework": framework.id,
        "version": framework.version,
        "digest": framework.digest,
        "requirements": _plain(found),
    }


def linted(checked: Checked) -> dict[str, Any]:
    """Return the JSON of a check."""
    found = checked.framework
    names = ("id", "version", "title", "digest")
    return {
        "framework": None if found is None else {name: getattr(found, name) for name in names},
        "problems": [{"line": one.line, "sentence": one.sentence} for one in checked.problems],
    }


def yaml_file(found: RuleVersion) -> Response:
    """Return a version as a file to keep."""
    disposition = f'attachment; filename="{found.id}-{found.position}.yaml"'
    return Response(found.content, mimetype="application/yaml", headers={"Content-Disposition": disposition})


def _plain(found: Sequence[Any]) -> list[dict[str, Any]]:
    return [asdict(one) for one in found]


def _version(found: RuleVersion) -> dict[str, Any]:
    names = ("id", "position", "version", "title", "digest")
    told = {name: getattr(found, name) for name in names}
    return {**told, "published": found.published.isoformat()}


def _content() -> str:
    try:
        return RuleIn.model_validate(reading.body()).content
    except ValidationError as invalid:
        why = invalid.errors()[0]["msg"]
        raise refuse("content", "not-accepted", f'send {{"content": "..."}} with the YAML: {why}.') from None


def _day() -> dt.date:
    try:
        return dt.date.fromisoformat(request.args["as_of"])
    except ValueError:
        raise refuse("as_of", "not-a-date", "`as_of` is a day such as 2026-12-01.") from None


def _rules() -> LocalRules:
    return cast("LocalRules", current_app.extensions["auditor"].rules)


def _account() -> Account:
    return cast("Account", g.account)

"""The part of the API about how well rules work: figures, proposals, reports of officers, decisions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

from apiflask import APIBlueprint
from flask import current_app, g

from auditor.api import problems, reading
from auditor.effectiveness import RuleEffects
from auditor.organisations import Organisations, record_to_json
from auditor.problems import refuse
from auditor.views import Account

effectiveness = APIBlueprint("effectiveness", __name__, url_prefix="/api/v1", tag="How well rules work")
problems.attach(effectiveness)


@effectiveness.get("/frameworks/<framework_id>/effectiveness")
@effectiveness.doc(summary="What rules did in your audits, and what that proposes")
def of(framework_id: str) -> Any:
    """Count over your newest audits, judged again by the rules as they are now; nothing is measured."""
    reading.only()
    found = _effects().of(_account(), framework_id)
    return {
        "framework": found.framework.id,
        "version": found.framework.version,
        "audits": found.audits,
        "left_out": found.left_out,
        "policy": asdict(found.policy),
        "digest": found.digest,
        "figures": [asdict(one) for one in found.figures],
        "proposals": [asdict(one) for one in found.proposals],
    }


@effectiveness.get("/frameworks/<framework_id>/decisions")
@effectiveness.doc(summary="What was decided about rules")
def decisions(framework_id: str) -> Any:
    """Answer with the decisions, newest first, each with the digest of the figures that it was made on."""
    reading.only()
    return {"decisions": [_plain(one) for one in _effects().decisions(_account(), framework_id)]}


@effectiveness.post("/frameworks/<framework_id>/decisions")
@effectiveness.doc(summary="Decide about a proposal", responses=[201])
def decide(framework_id: str) -> Any:
    """Keep `{requirement, change, adopted, by, reasons, version}`; the rules do not change by it."""
    return _plain(_effects().decide(_account(), framework_id, _mapping())), 201


@effectiveness.get("/audits/<audit_id>/outcomes")
@effectiveness.doc(summary="What officers reported of an audit")
def outcomes(audit_id: str) -> Any:
    """Answer with harm, false alarms and disputes, by requirement, oldest first."""
    reading.only()
    return {"outcomes": [_plain(one) for one in _effects().outcomes(_account(), audit_id)]}


@effectiveness.post("/audits/<audit_id>/outcomes")
@effectiveness.doc(summary="Report what came of a verdict", responses=[201])
def report(audit_id: str) -> Any:
    """Keep `{requirement, kind, by, note}`: harm after a pass, harm prevented, a false alarm, a dispute."""
    return _plain(_effects().report(_account(), audit_id, _mapping())), 201


@effectiveness.get("/organisations")
@effectiveness.doc(summary="List organisations that answer for audited systems")
def organisations() -> Any:
    """Answer with the id, the name and the number of audits of each."""
    reading.only()
    found = _organisations().listed(_account())
    return {"organisations": [dict(zip(("id", "name", "audits"), one, strict=True)) for one in found]}


@effectiveness.get("/organisations/<organisation_id>")
@effectiveness.doc(summary="The record of an organisation")
def organisation(organisation_id: str) -> Any:
    """Answer with its audits, what stands open, what was repaired, disputes, and what has expired."""
    reading.only()
    return record_to_json(_organisations().of(_account(), organisation_id))


def _organisations() -> Organisations:
    return cast("Organisations", current_app.extensions["auditor"].organisations)


def _plain(one: Any) -> dict[str, Any]:
    return {**asdict(one), "created": one.created.isoformat()}


def _mapping() -> dict[str, Any]:
    sent = reading.body()
    if not isinstance(sent, dict):
        raise refuse("", "not-a-mapping", "the body is not a JSON object.")
    return sent


def _effects() -> RuleEffects:
    return cast("RuleEffects", current_app.extensions["auditor"].effects)


def _account() -> Account:
    return cast("Account", g.account)

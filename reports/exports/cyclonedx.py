"""A CycloneDX 1.6 bill of materials of the system: model, tables, model card, and claims with evidence.

Rule sets stand as standards under `definitions`, verdicts as attestations under `declarations`. A requirement
that was shown to be met has a claim and the conformance 1; one that is not met a counter-claim and 0; any
other has neither a claim nor a score, and its reason as rationale.
Source: https://cyclonedx.org/specification/overview/.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checks.model import Measure
from reports.characters import shown
from reports.compose.view import View
from reports.exports.shared import (
    NAME,
    Judged,
    as_json,
    identifier,
    judged,
    midnight,
    model_digest,
    subject,
    tables,
    tell,
    token,
    unmeasured,
)
from reports.wording import where

FORMAT, VERSION, TYPE = "CycloneDX", "1.6", "machine-learning-model"
CARD = ("performance.", "fairness.", "robustness.")
"""Families whose numbers stand in the model card."""


def bom(view: View) -> bytes:
    """Return the bill of materials."""
    contact = shown(str(view.system.get("provider") or ""))
    model: dict[str, Any] = {
        "type": TYPE,
        "bom-ref": "model",
        "name": subject(view),
        "version": shown(str(view.system.get("version") or "")),
        "description": shown(str(view.system.get("purpose") or "")),
        "hashes": [{"alg": "SHA-256", "content": digest}] if (digest := model_digest(view)) else [],
        "modelCard": _card(view),
        "properties": [{"name": "auditor:record:sha256", "value": view.digest}],
    }
    if contact:
        model["supplier"] = {"name": contact}
    return as_json(
        {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": FORMAT,
            "specVersion": VERSION,
            "serialNumber": f"urn:uuid:{identifier(view, 'cyclonedx')}",
            "version": 1,
            "metadata": {
                "timestamp": midnight(view.as_of),
                "tools": {"components": [_tool(view)]},
                "component": model,
            },
            "components": [*_tables(view), *_libraries(view)],
            "declarations": _declarations(view),
            "definitions": {"standards": [_standard(view, framework) for framework in view.verdicts]},
        }
    )


def _tool(view: View) -> dict[str, Any]:
    return {"type": "application", "name": NAME, "version": str(view.engine.get("auditor") or "")}


def _tables(view: View) -> Iterator[dict[str, Any]]:
    sensitive = [shown(str(name)) for name in view.columns.get("sensitive") or ()]
    for role, digest in tables(view).items():
        data: dict[str, Any] = {"type": "dataset", "name": role}
        if sensitive:
            data["sensitiveData"] = sensitive
        yield {
            "type": "data",
            "bom-ref": f"data-{token(role)}",
            "name": role,
            "hashes": [{"alg": "SHA-256", "content": digest}],
            "data": [data],
        }


def _libraries(view: View) -> Iterator[dict[str, Any]]:
    """Yield the libraries that the model's file names."""
    versions = (view.resolved.get("model") or {}).get("versions") or {}
    for name, version in versions.items():
        yield {
            "type": "library",
            "bom-ref": f"library-{token(str(name))}",
            "name": shown(str(name)),
            "version": shown(str(version)),
        }


def _card(view: View) -> dict[str, Any]:
    resolved = view.resolved.get("model") or {}
    parameters: dict[str, Any] = {
        "task": str(view.submission.get("task") or ""),
        "datasets": [{"ref": f"data-{token(role)}"} for role in tables(view)],
        "inputs": [
            {"format": shown(f"{name}: {kind}")} for name, kind in (view.resolved.get("kinds") or {}).items()
        ],
        "outputs": [{"format": shown(f"class {name}")} for name in view.resolved.get("classes") or ()],
    }
    if resolved.get("kind"):
        parameters["modelArchitecture"] = shown(f"{resolved['kind']}, file format {resolved.get('format')}")
    purpose = shown(str(view.system.get("purpose") or ""))
    return {
        "modelParameters": parameters,
        "quantitativeAnalysis": {"performanceMetrics": [*_metrics(view)]},
        "considerations": {
            "useCases": [purpose] if purpose else [],
            "technicalLimitations": unmeasured(view),
            "fairnessAssessments": [*_at_risk(view)],
        },
    }


def _metrics(view: View) -> Iterator[dict[str, Any]]:
    for one in view.evidence:
        if one.check.startswith(CARD) and not one.parameters:
            yield from (_metric(one.check, m) for m in one.measures if m.value is not None)


def _metric(check: str, m: Measure) -> dict[str, Any]:
    made: dict[str, Any] = {"type": f"{check}.{m.name}", "value": repr(m.value)}
    if m.of:
        made["slice"] = shown(where(m.of))
    if m.low is not None and m.high is not None:
        made["confidenceInterval"] = {"lowerBound": repr(m.low), "upperBound": repr(m.high)}
    return made


def _at_risk(view: View) -> Iterator[dict[str, Any]]:
    for finding in view.findings:
        if finding.principle == "fairness" and finding.verdict.value == "not_met" and finding.of:
            yield {"groupAtRisk": shown(where(finding.of)), "harms": tell(finding)}


def _declarations(view: View) -> dict[str, Any]:
    all_of = [one for framework in view.verdicts for one in judged(view, framework)]
    return {
        "assessors": [{"bom-ref": "assessor", "organization": {"name": NAME}}],
        "attestations": [_attestation(view, framework) for framework in view.verdicts],
        "claims": [_claim(one) for one in all_of if one.verdict in {"met", "not_met"}],
        "evidence": [
            {
                "bom-ref": _ref("evidence", one),
                "propertyName": f"auditor:{token(one.framework, one.requirement)}",
                "description": "\n".join(tell(finding) for finding in one.findings),
                "created": midnight(view.as_of),
            }
            for one in all_of
        ],
        "targets": {"components": [{"type": TYPE, "bom-ref": "target", "name": subject(view)}]},
    }


def _attestation(view: View, framework: str) -> dict[str, Any]:
    whole = str(view.verdicts[framework]["verdict"]).replace("_", " ")
    return {
        "summary": shown(f"{view.framework_title(framework)}: {whole}, by the evidence supplied"),
        "assessor": "assessor",
        "map": [_mapped(one) for one in judged(view, framework)],
    }


def _mapped(one: Judged) -> dict[str, Any]:
    made: dict[str, Any] = {"requirement": _ref("requirement", one)}
    rationale = f"{one.verdict.replace('_', ' ')}: see the evidence {_ref('evidence', one)}"
    if one.verdict == "met":
        return {**made, "claims": [_ref("claim", one)], "conformance": {"score": 1, "rationale": rationale}}
    if one.verdict == "not_met":
        return {
            **made,
            "counterClaims": [_ref("claim", one)],
            "conformance": {"score": 0, "rationale": rationale},
        }
    return {**made, "conformance": {"rationale": rationale}}


def _claim(one: Judged) -> dict[str, Any]:
    said = "was shown to be met" if one.verdict == "met" else "is not met"
    return {
        "bom-ref": _ref("claim", one),
        "target": "target",
        "predicate": shown(f"{one.requirement} {one.title}: {said}"),
        "evidence": [_ref("evidence", one)],
    }


def _standard(view: View, framework: str) -> dict[str, Any]:
    rules = view.frameworks.get(framework, {})
    return {
        "bom-ref": f"standard-{token(framework)}",
        "name": shown(view.framework_title(framework)),
        "version": str(rules.get("version") or ""),
        "owner": shown(str(rules.get("issuer") or "")),
        "requirements": [
            {
                "bom-ref": _ref("requirement", one),
                "identifier": one.requirement,
                "title": shown(one.title),
                "text": shown(str(view.requirement(framework, one.requirement).get("text") or "")),
            }
            for one in judged(view, framework)
        ],
    }


def _ref(kind: str, one: Judged) -> str:
    return f"{kind}-{token(one.framework, one.requirement)}"

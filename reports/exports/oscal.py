"""OSCAL assessment results (1.2): an observation a check, a finding a requirement in force.

OSCAL knows satisfied and not satisfied alone. Met is satisfied; every other verdict is not, with its reason:
`fail` where a limit is missed, `other` where nothing was shown, and the verdict itself in a property.
What does not apply is excluded from the reviewed controls by name.
Source: NIST OSCAL, assessment-results model, https://pages.nist.gov/OSCAL/.
"""

from __future__ import annotations

from typing import Any

from checks.model import Evidence
from reports.characters import shown
from reports.compose.view import View, evidence_title
from reports.exports.oscal_catalog import NAMESPACE, VERSION
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
)
from reports.record import canonical
from reports.wording import plural


def results(view: View) -> bytes:
    """Return the record as OSCAL assessment results."""
    when = midnight(view.as_of)
    record = identifier(view, "record")
    return as_json(
        {
            "assessment-results": {
                "uuid": identifier(view, "results"),
                "metadata": {
                    "title": f"Audit of {subject(view)}",
                    "last-modified": when,
                    "version": str(view.engine.get("auditor") or "0"),
                    "oscal-version": VERSION,
                    "props": _props(tool=NAME, record=view.digest),
                },
                "import-ap": {
                    "href": f"#{record}",
                    "remarks": "No assessment plan was written in OSCAL; the rule sets and parameters "
                    "that were followed stand in the record.",
                },
                "results": [_result(view, framework, when) for framework in view.verdicts],
                "back-matter": {"resources": [_record(view, record), *_files(view)]},
            }
        }
    )


def _result(view: View, framework: str, when: str) -> dict[str, Any]:
    requirements = [*judged(view, framework)]
    measured = {name for one in requirements for f in one.findings if (name := _check(f.measure))}
    observed = [one for one in view.evidence if one.check in measured]
    made: dict[str, Any] = {
        "uuid": identifier(view, "result", framework),
        "title": shown(view.framework_title(framework)),
        "description": f"Judged from the evidence of the record, as of {view.as_of}.",
        "start": when,
        "props": _props(verdict=str(view.verdicts[framework]["verdict"])),
        "reviewed-controls": {"control-selections": [_controls(requirements)]},
    }
    if observed:
        made["observations"] = [_observation(view, framework, one, when) for one in observed]
    held = [one for one in requirements if one.verdict != "not_applicable"]
    if held:
        made["findings"] = [_finding(view, one, observed) for one in held]
    return made


def _controls(requirements: list[Judged]) -> dict[str, Any]:
    def named(keep: bool) -> list[dict[str, str]]:
        return [
            {"control-id": token(one.framework, one.requirement)}
            for one in requirements
            if (one.verdict != "not_applicable") == keep
        ]

    controls: dict[str, Any] = {"include-controls": named(True)} if named(True) else {"include-all": {}}
    if named(False):
        controls["exclude-controls"] = named(False)
        controls["remarks"] = "Excluded: what does not apply to this system."
    return controls


def _observation(view: View, framework: str, one: Evidence, when: str) -> dict[str, Any]:
    found = one.reason or plural(len(one.measures), "measure")
    return {
        "uuid": _observed(view, framework, one),
        "title": shown(evidence_title(one)),
        "description": shown(f"{one.check}: {one.outcome.value.replace('_', ' ')}: {found}"),
        "props": _props(check=one.check, outcome=one.outcome.value),
        "methods": ["TEST"],
        "relevant-evidence": [
            {"href": f"#{identifier(view, 'record')}", "description": "Measures and tables, in audit.json."}
        ],
        "collected": when,
        "remarks": "The record tells the day of judging; the moment of measuring is not part of it.",
    }


def _finding(view: View, one: Judged, observed: list[Evidence]) -> dict[str, Any]:
    checks = {_check(f.measure) for f in one.findings}
    told = "\n\n".join(tell(f) for f in one.findings)
    reason = {"met": "pass", "not_met": "fail"}.get(one.verdict, "other")
    made: dict[str, Any] = {
        "uuid": identifier(view, "finding", one.path),
        "title": shown(f"{one.requirement} {one.title}"),
        "description": told,
        "props": _props(verdict=one.verdict, severity=one.findings[0].severity),
        "target": {
            "type": "objective-id",
            "target-id": token(one.framework, one.requirement),
            "status": {"state": "satisfied" if reason == "pass" else "not-satisfied", "reason": reason},
        },
    }
    related = [
        {"observation-uuid": _observed(view, one.framework, item)}
        for item in observed
        if item.check in checks
    ]
    return {**made, "related-observations": related} if related else made


def _observed(view: View, framework: str, one: Evidence) -> str:
    return identifier(view, "observation", framework, one.check, canonical(one.parameters).decode())


def _check(measure: str | None) -> str:
    return (measure or "").rpartition(".")[0]


def _record(view: View, uuid: str) -> dict[str, Any]:
    return {
        "uuid": uuid,
        "title": "audit.json",
        "description": "The whole record: evidence, rule sets, findings; the digest is of its body.",
        "props": _props(body_sha256=view.digest),
    }


def _files(view: View) -> list[dict[str, Any]]:
    digests = {"model": model_digest(view), **tables(view)}
    return [
        {"uuid": identifier(view, "file", role), "title": role, "props": _props(sha256=digest)}
        for role, digest in digests.items()
        if digest
    ]


def _props(**named: str) -> list[dict[str, str]]:
    return [
        {"name": name.replace("_", "-"), "ns": NAMESPACE, "value": value} for name, value in named.items()
    ]

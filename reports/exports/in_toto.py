"""An in-toto statement with the test-result predicate (v0.1), about the digest of the model.

It is not signed here: the evidence bundle is; others may sign this with tools of their own.
Source: in-toto Attestation Framework, spec/v1/statement.md and spec/predicates/test-result.md.
"""

from __future__ import annotations

from typing import Any

from reports.compose.view import View
from reports.exports.shared import as_json, judged, model_digest, subject, tables

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"


def statement(view: View) -> bytes:
    """Return the statement: what was judged passed, failed, or only warned about, requirement by requirement.

    Met passes, not met fails, and everything between (undecided, attested, waived, deferred) is a warning.
    What does not apply or is only reported stands in the annotations of its rule set.
    """
    passed: list[str] = []
    warned: list[str] = []
    failed: list[str] = []
    rules = []
    for framework in view.verdicts:
        aside: dict[str, list[str]] = {"not_applicable": [], "reported": []}
        into = {"met": passed, "not_met": failed, **aside}
        for one in judged(view, framework):
            into.get(one.verdict, warned).append(one.path)
        held = view.frameworks.get(framework, {})
        rules.append(
            {
                "name": framework,
                "digest": {"sha256": str(held.get("digest") or "")},
                "annotations": {"version": str(held.get("version") or ""), **aside},
            }
        )
    result = "FAILED" if failed else "PASSED" if passed and not warned else "WARNED"
    return as_json(
        {
            "_type": STATEMENT,
            "subject": _subjects(view),
            "predicateType": PREDICATE,
            "predicate": {
                "result": result,
                "configuration": [*rules, *_data(view), _record(view)],
                "passedTests": passed,
                "warnedTests": warned,
                "failedTests": failed,
            },
        }
    )


def _subjects(view: View) -> list[dict[str, Any]]:
    """Return the model; where no file was supplied, the tables that hold the answers."""
    digest = model_digest(view)
    if digest:
        return [{"name": subject(view), "digest": {"sha256": digest}}]
    return _data(view) or [_record(view)]


def _data(view: View) -> list[dict[str, Any]]:
    return [{"name": role, "digest": {"sha256": digest}} for role, digest in tables(view).items()]


def _record(view: View) -> dict[str, Any]:
    return {"name": "audit.json, body", "digest": {"sha256": view.digest}}

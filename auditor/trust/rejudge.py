"""Judge the evidence of a record once more by the rules that it carries, and name what does not follow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from auditor.audit import VERSION
from auditor.facts import facts_of
from auditor.submission import Submission
from auditor.trust.reterm import terms_apart
from frameworks.judge import judge, summarise
from frameworks.load import packs
from reports.record import Audit, canonical, evidence_from_json, finding_to_json, framework_to_json
from reports.restore import framework_from_json

WORDS = ("reason", "title")
"""What a later version may say otherwise; everything else must follow exactly."""
MOST = 20
"""How many differences are named."""


def differences(audit: Audit) -> Iterator[str]:
    """Yield a sentence for each finding and each sum that does not follow from the evidence."""
    body = audit.body
    try:
        asked = Submission.model_validate({k: v for k, v in body["submission"].items() if k != "resolved"})
        facts = facts_of(asked, body["submission"]["resolved"], dt.date.fromisoformat(body["as_of"]))
        evidence = [evidence_from_json(one) for one in body["evidence"]]
        rules = {
            name: framework_from_json(body["frameworks"][name]) for name in dict.fromkeys(asked.frameworks)
        }
    except (ValueError, KeyError, TypeError) as why:
        yield f"audit.json: its evidence cannot be judged again ({str(why).splitlines()[0][:120]})."
        return
    yield from _own_rules(body["frameworks"])
    same = body["engine"].get("auditor") == VERSION
    judged = {name: judge(rule, evidence, facts) for name, rule in rules.items()}
    sums = {name: summarise(rule, judged[name]) for name, rule in rules.items()}
    stored, found = body["findings"], [finding_to_json(one) for some in judged.values() for one in some]
    if [_named(f) for f in stored] != [_named(f) for f in found]:
        yield "audit.json: its findings are not those that its rule sets ask for."
        return
    pairs = zip(stored, found, strict=True)
    wrong = [_apart(a, b) for a, b in pairs if _compared(a, same) != _compared(b, same)]
    yield from wrong[:MOST]
    if len(wrong) > MOST:
        yield f"audit.json: {len(wrong) - MOST} further findings do not follow."
    for name in sorted(body["verdicts"].keys() | sums.keys()):
        if canonical(body["verdicts"].get(name)) != canonical(sums.get(name)):
            yield f"audit.json: the verdicts of {name} are not the sum of its findings."
    yield from terms_apart(body, [one.root for one in asked.transfers], same)


def _apart(a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    where = f"audit.json: {a['framework']} {a['requirement']} ({a['criterion']})"
    if a["verdict"] != b["verdict"]:
        return f"{where} is {a['verdict']} there, and {b['verdict']} by its evidence and rules."
    keys = [key for key in sorted(b.keys() | a.keys()) if a.get(key) != b.get(key)]
    return f"{where} does not follow from its evidence and rules: {', '.join(keys)}."


def _named(finding: Mapping[str, Any]) -> tuple[str, str, str]:
    return finding["framework"], finding["requirement"], finding["criterion"]


def _compared(finding: Mapping[str, Any], same: bool) -> bytes:
    return canonical({key: value for key, value in finding.items() if same or key not in WORDS})


def _own_rules(stored: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Compare rule sets that this copy of Auditor has too, by the digest that they claim."""
    for name, said in stored.items():
        own = packs().get(name)
        if own is not None and own.digest == said.get("digest") and framework_to_json(own) != said:
            yield f"rules/{name}.json: it claims the digest of {name} {own.version}, and has other content."

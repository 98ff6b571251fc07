"""Waivers: a requirement set aside on record, for a time, by somebody other than who answers for the system.

A waiver changes what is said of a verdict, never what was found: `waived` is worse than met and attested,
the verdict without it is kept beside it, and one that does not count changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from frameworks.model import Finding, Framework, Requirement, Severity, Verdict
from frameworks.relief import Term, Waiver, WaiverRules, among, same_person


def flaw(waiver: Waiver, severity: Severity, rules: WaiverRules, as_of: dt.date) -> str | None:
    """Say what keeps *waiver* from counting on a day, or return None."""
    terms = waiver.terms(rules)
    if severity is Severity.BLOCKING:
        return "the requirement is blocking, and what is blocking is never waived"
    if not all(s.strip() for s in (waiver.owner, waiver.control, waiver.risk, waiver.term.reason)):
        return "owner, reason, risk and compensating control are all needed"
    for term in terms:
        if wrong := _flaw_of(term, waiver.owner, rules):
            return wrong
    if as_of < waiver.term.date:
        return f"it begins after the day of judging, on {waiver.term.date.isoformat()}"
    if waiver.current(as_of, rules) is None:
        ended = max(term.expiry for term in terms if term.date <= as_of).isoformat()
        if waiver.renewal is not None and waiver.renewal not in terms:
            return f"it had ended on the day of judging, on {ended}; these rules allow no renewal"
        return f"it had ended on the day of judging, on {ended}"
    return None


def _flaw_of(term: Term, owner: str, rules: WaiverRules) -> str | None:
    if not term.approver.strip() or same_person(term.approver, owner):
        return "somebody other than the owner has to approve it"
    if not among(term.approver, rules.approvers):
        return f"by these rules only {' or '.join(rules.approvers or ())} may approve it"
    if term.expiry < term.date:
        return "it ends before it begins"
    if term.days > rules.days:
        return f"it holds for {term.days} days, and {rules.days} are allowed"
    return None


def waive(
    finding: Finding,
    framework: Framework,
    requirement: Requirement,
    waivers: Sequence[Waiver],
    as_of: dt.date,
) -> Finding:
    """Return *finding* as waived where it is worse than that and a waiver counts; else unchanged."""
    if finding.verdict.rank <= Verdict.WAIVED.rank:
        return finding
    for waiver in waivers:
        if not waiver.about(framework, requirement):
            continue
        if flaw(waiver, requirement.severity, framework.waivers, as_of) is not None:
            continue
        term = waiver.current(as_of, framework.waivers)
        assert term is not None
        until, without = term.expiry.isoformat(), finding.verdict.value
        reason = (
            f"Set aside until {until}, with a compensating control. "
            f"Without the waiver: {without.replace('_', ' ')}. {finding.reason or ''}"
        ).strip()
        before = {} if finding.relief is None else {"before": finding.relief["without"]}
        relief = {"kind": "waiver", "without": without, "until": until, **before}
        return replace(finding, verdict=Verdict.WAIVED, reason=reason, relief=relief)
    return finding


def told(
    waivers: Sequence[Waiver], frameworks: Sequence[Framework], as_of: dt.date
) -> Iterator[dict[str, Any]]:
    """Yield each waiver for each requirement that it is about: what was given, and whether it counts."""
    for waiver in waivers:
        found = [(f, r) for f in frameworks for r in f.requirements if waiver.about(f, r)]
        for framework, requirement in found:
            why = flaw(waiver, requirement.severity, framework.waivers, as_of)
            yield {**_plain(waiver), "framework": framework.id, "counts": why is None, "flaw": why}
        if not found:
            why = "no framework of this audit has the requirement"
            yield {**_plain(waiver), "framework": waiver.framework, "counts": False, "flaw": why}


def _plain(waiver: Waiver) -> dict[str, Any]:
    return {
        "requirement": waiver.requirement,
        "owner": waiver.owner,
        "risk": waiver.risk,
        "control": waiver.control,
        "terms": [
            {
                "approver": term.approver,
                "date": term.date.isoformat(),
                "expiry": term.expiry.isoformat(),
                "reason": term.reason,
            }
            for term in (waiver.term, waiver.renewal)
            if term is not None
        ],
    }

"""Sandboxes: a trial with a scope, an end and caps, in which named requirements are put off.

While it runs, what it may put off is `deferred`. When it has ended, by its date or early, whatever it was
declared to put off, allowed or not, and is still not shown to be met judges as not met: a trial that ends
silently never passes, and stricter rules about trials never make it pass either.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from frameworks.match import Records, match
from frameworks.model import Bound, Criterion, Finding, Framework, Requirement, Severity, Verdict
from frameworks.relief import Limit, Sandbox, SandboxRules, among, same_person
from frameworks.weigh import weigh


class Phase(StrEnum):
    """Where a sandbox stands on the day of judging."""

    NOT_YET = "not_yet"
    RUNNING = "running"
    ENDED = "ended"
    VOID = "void"
    """It puts nothing off: it is too long, over a cap or not counted, or its owner approved it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One early-stop limit, held against the evidence."""

    limit: Criterion
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A sandbox on the day of judging, by one framework."""

    phase: Phase
    why: str
    until: dt.date
    stops: tuple[Stop, ...]


def standing(sandbox: Sandbox, rules: SandboxRules, records: Records, as_of: dt.date) -> Standing:
    """Return where *sandbox* stands. Its end is looked at first, so that no flaw can hide it."""
    asked = (limit for limit in map(_criterion, rules.stop_unless) if limit not in sandbox.stop_unless)
    stops = tuple(_stop(limit, records) for limit in (*sandbox.stop_unless, *asked))
    until, void = _until(sandbox, rules)
    if as_of < sandbox.start:
        phase, why = Phase.NOT_YET, f"it begins on {sandbox.start.isoformat()}"
    elif (end := _ended(sandbox, stops, until, as_of)) is not None:
        phase, why = Phase.ENDED, end
    elif void or (void := _flaw(sandbox, rules)):
        phase, why = Phase.VOID, void
    else:
        phase, why = Phase.RUNNING, f"it runs until {until.isoformat()}"
    return Standing(phase, why, until, stops)


def _criterion(limit: Limit) -> Criterion:
    ((operator, number),) = limit.bound.items()
    return Criterion(limit.measure, measure=limit.measure, bound=Bound(operator, number), of=dict(limit.of))


def _stop(limit: Criterion, records: Records) -> Stop:
    worst = max(weigh(limit, match(limit, records)), key=lambda judged: judged.order)
    return Stop(limit, worst.verdict, worst.reason)


def _until(sandbox: Sandbox, rules: SandboxRules) -> tuple[dt.date, str]:
    """Return the last day, and what is wrong with the dates. An extension that does not count adds none."""
    days = (sandbox.expiry - sandbox.start).days
    if days < 0:
        return sandbox.expiry, "it ends before it begins"
    if days > rules.days:
        return sandbox.expiry, f"it runs for {days} days, and {rules.days} are allowed"
    more = sandbox.extension
    if more is None:
        return sandbox.expiry, ""
    counts = (
        rules.extensions > 0
        and not same_person(more.approver, sandbox.owner)
        and among(more.approver, rules.approvers)
        and more.date <= sandbox.expiry < more.expiry
        and (more.expiry - sandbox.expiry).days <= rules.extension_days
    )
    return (more.expiry if counts else sandbox.expiry), ""


def _ended(sandbox: Sandbox, stops: Sequence[Stop], until: dt.date, as_of: dt.date) -> str | None:
    if sandbox.stopped is not None and sandbox.stopped <= as_of:
        return f"it was stopped on {sandbox.stopped.isoformat()}"
    if as_of > until:
        return f"it ended on {until.isoformat()}"
    if any(stop.verdict is Verdict.NOT_MET for stop in stops):
        return "one of its early-stop limits is shown to be broken"
    return None


def _flaw(sandbox: Sandbox, rules: SandboxRules) -> str:
    """Say why a trial does not count. Being over a cap and not counting are one."""
    if same_person(sandbox.owner, sandbox.approver):
        return "somebody other than the owner has to approve it"
    if not among(sandbox.approver, rules.approvers):
        return f"by these rules only {' or '.join(rules.approvers or ())} may approve it"
    if sandbox.people is None or sandbox.cases is None or not sandbox.all_cases:
        return "its people and cases are not counted, so its caps cannot be held"
    if sandbox.people > min(sandbox.people_cap, rules.people or sandbox.people_cap):
        return "more people were in it than its cap allows"
    share = min(sandbox.share_cap, rules.share_of_cases or sandbox.share_cap)
    if sandbox.cases > share * sandbox.all_cases:
        return "it handled a larger share of cases than its cap allows"
    return ""


def puts_off(sandbox: Sandbox | None, framework: Framework, requirement: Requirement) -> bool:
    """Return whether the trial is declared to put *requirement* off."""
    return (
        sandbox is not None and sandbox.framework in (None, framework.id) and requirement.id in sandbox.defers
    )


def may_defer(sandbox: Sandbox, framework: Framework, requirement: Requirement) -> bool:
    """Return whether the trial puts *requirement* off and is allowed to."""
    rules = framework.sandbox
    return (
        puts_off(sandbox, framework, requirement)
        and requirement.severity is not Severity.BLOCKING
        and requirement.id not in rules.may_not_touch
        and (rules.may_defer is None or requirement.id in rules.may_defer)
    )


def defer(finding: Finding, stands: Standing, *, allowed: bool) -> Finding:
    """Return *finding*, of a requirement that the trial puts off, as it judges on the day."""
    if finding.verdict.rank <= Verdict.DEFERRED.rank:
        return finding
    without = finding.verdict.value
    relief = {"kind": "sandbox", "without": without, "until": stands.until.isoformat()}
    after = f"Without it: {without.replace('_', ' ')}. {finding.reason or ''}".strip()
    match stands.phase:
        case Phase.RUNNING if allowed:
            reason = f"Put off while the sandbox runs, until {stands.until.isoformat()}. {after}"
            return replace(finding, verdict=Verdict.DEFERRED, reason=reason, relief=relief)
        case Phase.ENDED:
            reason = f"The sandbox has ended: {stands.why}. What it put off judges as not met. {after}"
            return replace(finding, verdict=Verdict.NOT_MET, reason=reason, relief=relief)
        case _:
            return finding


def told(sandbox: Sandbox, framework: Framework, stands: Standing) -> dict[str, Any]:
    """Return what a record keeps of the trial under one framework."""
    known = {requirement.id: requirement for requirement in framework.requirements}
    fitting = [known[name] for name in sandbox.defers if name in known]
    allowed = [r.id for r in fitting if may_defer(sandbox, framework, r)]
    return {
        "framework": framework.id,
        "phase": stands.phase.value,
        "why": stands.why,
        "until": stands.until.isoformat(),
        "deferred": allowed,
        "refused": [r.id for r in fitting if r.id not in allowed],
        "stops": [
            {
                "measure": stop.limit.measure,
                "bound": stop.limit.bound.as_dict() if stop.limit.bound else {},
                "verdict": stop.verdict.value,
                "reason": stop.reason,
            }
            for stop in stands.stops
        ],
    }

"""What a changed rule would have said of an audit that is over, without measuring again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checks.model import Evidence
from frameworks.judge import judge
from frameworks.model import Facts, Finding, Framework, Verdict, worst


@dataclass(frozen=True, slots=True)
class Moved:
    """One requirement that is judged otherwise."""

    requirement: str
    title: str
    before: Verdict | None
    """None where the old rules do not ask it."""
    after: Verdict | None
    """None where the new rules do not ask it."""
    reason: str
    """Of the criterion that decides it now, or did before."""


def moved(old: Framework, new: Framework, evidence: Sequence[Evidence], facts: Facts) -> tuple[Moved, ...]:
    """Return every requirement whose verdict differs between two rule sets, on the same evidence and day."""
    return tuple(_compared(judge(old, evidence, facts), judge(new, evidence, facts)))


def _compared(old: Sequence[Finding], new: Sequence[Finding]) -> Iterator[Moved]:
    before, after = _by_requirement(old), _by_requirement(new)
    for id_ in [*before, *(id_ for id_ in after if id_ not in before)]:
        was, now = before.get(id_), after.get(id_)
        then = worst([f.verdict for f in was]) if was else None
        verdict = worst([f.verdict for f in now]) if now else None
        if then is not verdict:
            deciding = max(now or was or [], key=lambda f: f.verdict.rank)
            yield Moved(id_, deciding.title, then, verdict, deciding.reason or "")


def _by_requirement(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.requirement, []).append(finding)
    return found

"""What a changed rule would have said of an audit that is over, without measuring again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checks.model import Evidence
from frameworks.judge import judge
from frameworks.model import Facts, Finding, Framework, Verdict


@dataclass(frozen=True, slots=True)
class Moved:
    """One criterion of a requirement that is judged otherwise."""

    requirement: str
    title: str
    criterion: str
    before: Verdict | None
    """None where the old rules do not ask it."""
    after: Verdict | None
    """None where the new rules do not ask it."""
    reason: str
    """Why it is judged so now, or was before."""


def moved(old: Framework, new: Framework, evidence: Sequence[Evidence], facts: Facts) -> tuple[Moved, ...]:
    """Return every criterion whose verdict differs between two rule sets, on the same evidence and day."""
    return tuple(_compared(judge(old, evidence, facts), judge(new, evidence, facts)))


def _compared(old: Sequence[Finding], new: Sequence[Finding]) -> Iterator[Moved]:
    before = {(f.requirement, f.criterion): f for f in old}
    after = {(f.requirement, f.criterion): f for f in new}
    for key in [*before, *(key for key in after if key not in before)]:
        was, now = before.get(key), after.get(key)
        then, verdict = was.verdict if was else None, now.verdict if now else None
        if {then, verdict} == {None, Verdict.NOT_APPLICABLE}:
            continue  # nobody is asked anything either way
        if then is not verdict:
            told = now or was
            assert told
            yield Moved(*_named(told), then, verdict, told.reason or "")


def _named(finding: Finding) -> tuple[str, str, str]:
    return finding.requirement, finding.title, finding.criterion

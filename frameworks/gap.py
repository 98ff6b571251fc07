"""Met for these rules: what is missing for those? Told through the crosswalk, without measuring again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from frameworks.model import Finding, Framework, Requirement, Verdict, worst
from frameworks.strict import controls

OPEN = frozenset({Verdict.NOT_MET, Verdict.UNDECIDED, Verdict.DEFERRED, Verdict.WAIVED})
"""Verdicts that leave something to do."""


@dataclass(frozen=True, slots=True)
class Related:
    """A requirement that was judged already and is about the same matter."""

    framework: str
    requirement: str
    title: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that keeps a requirement open."""

    criterion: str
    kind: str
    """`number` (there is one), `measure` (not measured) or `answer` (nobody attests it)."""
    asked: str
    """The measure's path, or the question."""
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Gap:
    """One requirement of the other rules: how it stands on the evidence there is, and what is missing."""

    requirement: str
    title: str
    clause: str
    verdict: Verdict
    controls: tuple[str, ...]
    """Controls of the baseline that it is about."""
    related: tuple[Related, ...]
    missing: tuple[Missing, ...]


def gaps(
    wanted: Framework,
    findings: Sequence[Finding],
    judged: Iterable[tuple[Framework, Sequence[Finding]]],
) -> tuple[Gap, ...]:
    """Return every requirement of *wanted* (as in *findings*), beside what was *judged* on the same matter.

    That a related requirement is met says nothing of this one: its own verdict stands beside it.
    """
    by_control: defaultdict[str, dict[tuple[str, str], Related]] = defaultdict(dict)
    for framework, found in judged:
        if framework.id == wanted.id:
            continue
        for requirement in framework.requirements:
            verdict = worst([f.verdict for f in found if f.requirement == requirement.id])
            told = Related(framework.id, requirement.id, requirement.title, verdict)
            for control in controls(requirement):
                by_control[control][framework.id, requirement.id] = told
    return tuple(_gap(requirement, findings, by_control) for requirement in wanted.requirements)


def _gap(
    requirement: Requirement,
    findings: Sequence[Finding],
    by_control: defaultdict[str, dict[tuple[str, str], Related]],
) -> Gap:
    mine = [f for f in findings if f.requirement == requirement.id]
    about = tuple(sorted(controls(requirement)))
    related = {key: told for control in about for key, told in by_control[control].items()}
    return Gap(
        requirement=requirement.id,
        title=requirement.title,
        clause=requirement.source.clause,
        verdict=worst([f.verdict for f in mine]),
        controls=about,
        related=tuple(related[key] for key in sorted(related)),
        missing=tuple(_missing(f) for f in mine if f.verdict in OPEN),
    )


def _missing(finding: Finding) -> Missing:
    if finding.measure is None:
        kind = "answer"
        asked = str((finding.attestation or {}).get("question") or finding.criterion)
    else:
        kind, asked = ("measure" if finding.value is None else "number"), finding.measure
    return Missing(finding.criterion, kind, asked, finding.verdict, finding.reason or "")

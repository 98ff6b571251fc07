"""Sum findings up: the verdict of each requirement, principle and framework, and the worst findings."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from frameworks.decide import errors_outside
from frameworks.measures import measures
from frameworks.model import Bound, Finding, Framework, Severity, Verdict, worst

UNSEEN = "The number that decides it is withheld: it is of few people, or would tell a number that is."
"""The reason of a finding in a record for everybody whose number that record may not tell."""
_ALIKE = 2
"""So many of the worst findings may be about one attribute, or without one about one requirement."""


def summarise(framework: Framework, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the verdict of the whole, of each principle and of each requirement.

    Counts are over requirements and name every verdict, also those that none has.
    """
    by_requirement: defaultdict[str, list[Verdict]] = defaultdict(list)
    for finding in findings:
        if finding.framework == framework.id:
            by_requirement[finding.requirement].append(finding.verdict)
    verdicts = {
        requirement.id: worst(by_requirement[requirement.id]) for requirement in framework.requirements
    }
    principles: defaultdict[str, list[Verdict]] = defaultdict(list)
    for requirement in framework.requirements:
        principles[requirement.principle].append(verdicts[requirement.id])
    return {
        **_whole(list(verdicts.values())),
        "principles": {principle: _whole(parts) for principle, parts in principles.items()},
        "requirements": {id_: verdict.value for id_, verdict in verdicts.items()},
    }


def _whole(verdicts: list[Verdict]) -> dict[str, Any]:
    counts = Counter(verdicts)
    return {
        "verdict": worst(verdicts).value,
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
    }


def worst_findings(findings: Iterable[Finding], k: int = 5) -> tuple[Finding, ...]:
    """Return the *k* findings that most need attention: not met, then undecided; within these by severity.

    Then numbers come by their distance from the bound in standard errors, then by the people they touch.
    What is undecided without a number says nothing of the system yet: it comes after all that does. A number
    that is withheld was looked at: it comes after those of its severity that are told, since its own place
    would tell how far it lies from its limit. At most two are about one attribute (without an attribute:
    about one requirement), so that one gap does not hide the others.
    """
    told: Counter[str] = Counter()
    chosen: list[Finding] = []
    open_ones = (f for f in findings if f.verdict in (Verdict.NOT_MET, Verdict.UNDECIDED))
    for finding in sorted(open_ones, key=_attention):
        about = finding.of.get("attribute") or f"{finding.framework} {finding.requirement}"
        told[about] += 1
        if told[about] <= _ALIKE:
            chosen.append(finding)
    return tuple(chosen[:k])


def _attention(finding: Finding) -> tuple[int, bool, int, float, float, str, str, str]:
    return (
        -finding.verdict.rank,
        finding.verdict is Verdict.UNDECIDED and finding.value is None and finding.reason != UNSEEN,
        list(Severity).index(Severity(finding.severity)),
        -_distance(finding),
        -(finding.people or 0.0),
        finding.framework,
        finding.requirement,
        "" if finding.reason == UNSEEN else finding.criterion,  # alike to a reader: as the rules have them
    )


def _distance(finding: Finding) -> float:
    """Return how many standard errors the number lies outside its bound; without one, the least."""
    limits = [(operator, limit) for operator, limit in finding.bound.items() if limit is not True]
    if finding.value is None or not limits:
        return -math.inf
    bound = Bound(limits[0][0], float(limits[0][1]))
    named = measures().get(finding.measure or "")
    ratio = named is not None and named.ratio
    return errors_outside(bound, finding.value, finding.low, finding.high, ratio=ratio)

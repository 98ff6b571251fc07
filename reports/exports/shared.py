"""What several formats need: requirements with their verdicts, sentences of findings, ids, safe text."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from checks.model import Outcome
from frameworks.model import Finding, State
from reports.characters import shown
from reports.compose.view import View, spoken_whole
from reports.wording import edge, limit, measure, measured, plain, sentence, verdict, where

PROJECT = uuid.uuid5(uuid.NAMESPACE_DNS, "auditor.invalid")
NAME = "Auditor"


@dataclass(frozen=True, slots=True)
class Judged:
    """One requirement in force, its verdict as readers are told it, and what gave it."""

    framework: str
    requirement: str
    title: str
    verdict: str
    findings: tuple[Finding, ...]

    @property
    def path(self) -> str:
        """Return the name that is unique in the record."""
        return f"{self.framework}/{self.requirement}"


def judged(view: View, framework: str) -> Iterator[Judged]:
    """Yield the requirements of *framework* that are in force, in its order."""
    of: dict[str, list[Finding]] = {}
    for finding in view.findings:
        if finding.framework == framework and finding.state is State.IN_FORCE:
            of.setdefault(finding.requirement, []).append(finding)
    for requirement, found in of.items():
        whole = view.verdicts[framework]["requirements"][requirement]
        yield Judged(framework, requirement, found[0].title, spoken_whole(whole, found), tuple(found))


def tell(finding: Finding) -> str:
    """Say a finding in one plain sentence: its number against its bound, or the reason."""
    asked = f"attested: {plain(finding.criterion.removeprefix('attested:'))}"
    what = measure(finding.measure) if finding.measure else asked
    place = f" ({where(finding.of)})" if finding.of else ""
    parts = [f"{what}{place}: {verdict(finding.verdict.value)}"]
    if finding.value is not None:
        number = measured(finding, beside=edge(finding.bound))
        parts.append(f"{number}, asked for is {limit(finding.bound)}")
    if finding.reason:
        parts.append(finding.reason)
    return sentence(shown("; ".join(parts)))


def unmeasured(view: View) -> list[str]:
    """Return each check that gave no number, with its reason."""
    return [
        shown(f"{one.check}: {one.outcome.value.replace('_', ' ')}: {one.reason or 'no reason is recorded'}")
        for one in view.evidence
        if one.outcome is not Outcome.MEASURED
    ]


def model_digest(view: View) -> str | None:
    """Return the SHA-256 of the model file, where there is one."""
    return _digest(view.submission.get("model"))


def tables(view: View) -> dict[str, str]:
    """Return the SHA-256 of each table that was supplied, by its role."""
    roles = {**(view.submission.get("data") or {}), "counts": view.submission.get("counts")}
    return {role: digest for role, file in roles.items() if (digest := _digest(file))}


def _digest(file: Any) -> str | None:
    artifact = (file or {}).get("artifact") if isinstance(file, dict) else None
    return str(artifact).removeprefix("sha256:") if artifact else None


def subject(view: View) -> str:
    """Name the system as submitted."""
    return shown(str(view.system.get("name") or "an unnamed system"))


def identifier(view: View, *parts: str) -> str:
    """Return a UUID that depends on the record and *parts* alone (RFC 9562, version 5)."""
    return str(uuid.uuid5(PROJECT, "\n".join((view.digest, *parts))))


def token(*parts: str) -> str:
    """Return *parts* as one token, as OSCAL and CycloneDX take them for ids."""
    text = re.sub(r"[^A-Za-z0-9._-]+", "-", "_".join(parts)).strip("-")
    return text if text[:1].isalpha() else f"_{text}"


def midnight(day: str) -> str:
    """Return an ISO day as a moment: the record knows the day of judging alone."""
    return f"{day}T00:00:00Z"


def as_json(value: Any) -> bytes:
    """Return *value* as readable JSON."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()

"""The record as nouns: what the parts of a report read, built once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from checks.model import Evidence, Measure, Outcome
from checks.registry import pages
from frameworks.measures import measures
from frameworks.model import Finding, Verdict
from reports.language import N_, _, own, said, said_or_same
from reports.record import Audit, canonical, evidence_from_json, finding_from_json
from reports.wording import measure as measure_words
from reports.wording import parameters, plain, unit

FAMILIES = N_(
    {
        "fairness": "Fairness",
        "performance": "Performance",
        "interpretability": "Interpretability",
        "privacy": "Privacy",
        "data": "Data",
        "security": "Security",
        "robustness": "Robustness",
        "oversight": "Human oversight",
        "inclusion": "Inclusion",
        "documentation": "Documentation",
    }
)
"""Families of checks in reading order; others follow by name."""


@dataclass(frozen=True)
class View:
    """One audit, ready to be told."""

    as_of: str
    digest: str
    submission: Mapping[str, Any]
    engine: Mapping[str, Any]
    evidence: tuple[Evidence, ...]
    findings: tuple[Finding, ...]
    verdicts: Mapping[str, Mapping[str, Any]]
    frameworks: Mapping[str, Mapping[str, Any]]
    publication: Mapping[str, Any] | None = None
    tier: Mapping[str, Any] | None = None
    relief: Mapping[str, Any] | None = None
    terms: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def of(cls, audit: Audit) -> View:
        """Return the view of *audit*; of its body only, and alike whether it was just made or read again."""
        written = canonical(audit.body)
        body = json.loads(written)
        asked = [str(name) for name in body["submission"].get("frameworks") or ()]
        names = sorted(body["verdicts"], key=lambda n: (asked.index(n) if n in asked else len(asked), n))
        return cls(
            as_of=body["as_of"],
            digest=hashlib.sha256(written).hexdigest(),
            submission=body["submission"],
            engine=body["engine"],
            evidence=tuple(evidence_from_json(one) for one in body["evidence"]),
            findings=tuple(finding_from_json(one) for one in body["findings"]),
            verdicts={name: body["verdicts"][name] for name in names},
            frameworks=body.get("frameworks", {}),
            publication=body.get("publication"),
            tier=body.get("tier"),
            relief=body.get("relief"),
            terms=body.get("terms") or (),
        )

    @property
    def system(self) -> Mapping[str, Any]:
        """The system card as submitted."""
        card: Mapping[str, Any] = self.submission.get("system") or {}
        return card

    @property
    def resolved(self) -> Mapping[str, Any]:
        """What was inferred from the files."""
        found: Mapping[str, Any] = self.submission.get("resolved") or {}
        return found

    @property
    def columns(self) -> Mapping[str, Any]:
        """The roles of columns: as declared, and as inferred where nothing was declared."""
        declared = {
            k: v for k, v in (self.submission.get("columns") or {}).items() if v not in (None, [], ())
        }
        return {**self.resolved, **declared}

    def framework_title(self, framework: str) -> str:
        """Return a framework's title, or its id where the record does not hold it."""
        return said_or_same(str(self.frameworks.get(framework, {}).get("title") or framework))

    def requirement(self, framework: str, requirement: str) -> Mapping[str, Any]:
        """Return what the rule set says of one requirement; empty where the record does not hold it."""
        items = self.frameworks.get(framework, {}).get("requirements", ())
        return next((item for item in items if item["id"] == requirement), {})

    def principles(self, framework: str) -> dict[str, Mapping[str, Any]]:
        """Return the sums of each principle, in the order in which the framework asks."""
        sums: Mapping[str, Mapping[str, Any]] = self.verdicts[framework]["principles"]
        order = dict.fromkeys(f.principle for f in self.findings if f.framework == framework)
        return {name: sums[name] for name in [*order, *sums] if name in sums}

    def clause(self, framework: str, requirement: str) -> str:
        """Return where a requirement is written."""
        source = self.requirement(framework, requirement).get("source") or {}
        clause = str(source.get("clause") or requirement)
        return (
            clause
            if clause == requirement
            else _("{requirement}, {clause}", requirement=requirement, clause=clause)
        )

    def default(self, check: str) -> Evidence | None:
        """Return the evidence of *check* with its default parameters, else its first."""
        found = [one for one in self.evidence if one.check == check]
        return next((one for one in found if not one.parameters), found[0] if found else None)

    def number(self, path: str, **of: str) -> Measure | None:
        """Return the one measure at `<check>.<measure>` of exactly *of*, if there is one."""
        check, _dot, name = path.rpartition(".")
        evidence = self.default(check)
        found = evidence.select(name, **of) if evidence else ()
        return found[0] if len(found) == 1 else None

    def families(self) -> Iterator[tuple[str, str]]:
        """Yield the families that were looked at, with their titles, in reading order."""
        present = {one.check.partition(".")[0] for one in self.evidence}
        for name, title in FAMILIES.items():
            if name in present:
                yield name, own(title)
        for name in sorted(present - FAMILIES.keys()):
            yield name, plain(name).capitalize()

    def family(self, name: str) -> list[Evidence]:
        """Return the evidence of one family: each check once, with its default parameters."""
        checks = dict.fromkeys(one.check for one in self.evidence if one.check.partition(".")[0] == name)
        return [one for check in checks if (one := self.default(check)) is not None]

    def attributes(self) -> list[str]:
        """Return the attributes and intersections that were measured, in measured order."""
        return list(self._places)

    @cached_property
    def _places(self) -> Mapping[str, int]:
        found = (
            m.of["attribute"]
            for one in self.evidence
            if one.check.startswith("fairness.")
            for m in one.measures
            if "attribute" in m.of
        )
        return {attribute: place for place, attribute in enumerate(dict.fromkeys(found), start=1)}

    @cached_property
    def of_attributes(self) -> Mapping[str, Sequence[tuple[Measure, str]]]:
        """By attribute, the measures of fairness that are of no single group, with their checks."""
        found: dict[str, list[tuple[Measure, str]]] = {}
        for one in self.family("fairness"):
            for m in one.measures:
                if "attribute" in m.of and m.of.keys() <= {"attribute", "average"}:
                    found.setdefault(m.of["attribute"], []).append((m, one.check))
        return found

    def evidence_target(self, finding: Finding) -> str | None:
        """Return the place where the evidence of a finding is told."""
        if finding.measure is None:
            return None
        check = finding.measure.rpartition(".")[0]
        evidence = self.default(check)
        if evidence is None:
            return None
        attribute = finding.of.get("attribute")
        if check.startswith("fairness.") and attribute is not None and attribute in self._places:
            return self.attribute_anchor(attribute)
        return check_anchor(check) if evidence.outcome is Outcome.MEASURED else "not-measured"

    def attribute_anchor(self, attribute: str) -> str:
        """Return the place where an attribute is told; submitted names never become anchors."""
        return f"attribute-{self._places[attribute]}"


def spoken(finding: Finding) -> str:
    """Return the verdict as readers are told it: a number that nothing limits is reported, not met."""
    reported = finding.verdict is Verdict.MET and "reported" in finding.bound
    return "reported" if reported else finding.verdict.value


def spoken_whole(verdict: str, findings: Sequence[Finding]) -> str:
    """Return the verdict on a whole as readers are told it: met only when something was limited."""
    words = {spoken(finding) for finding in findings} - {"not_applicable"}
    return "reported" if verdict == "met" and words == {"reported"} else verdict


def check_anchor(check: str) -> str:
    """Return the place where a check's evidence is told."""
    return f"check-{_slug(check)}"


def annex_anchor(position: int) -> str:
    """Return the place in the annex of the evidence at *position*."""
    return f"annex-{position + 1}"


def requirement_anchor(framework: str, requirement: str) -> str:
    """Return the place where a requirement is judged."""
    return f"rule-{_slug(framework)}-{_slug(requirement)}"


def principle_anchor(framework: str, principle: str) -> str:
    """Return the place where a principle of a framework is judged."""
    return f"principle-{_slug(framework)}-{_slug(principle)}"


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", text)


def check_title(check: str) -> str:
    """Return a check's own title, or its id in words where this version no longer has it."""
    page = pages().get(check)
    return said(page.title.rstrip(".")) if page and page.title else plain(check.replace(".", ": "))


def brief_title(check: str) -> str:
    """Return what of a check's title stands before its question."""
    page = pages().get(check)
    return own(page.title.partition(":")[0].rstrip(".")) if page and page.title else check_title(check)


def evidence_title(evidence: Evidence) -> str:
    """Return the title of one piece of evidence, with the parameters that make it special."""
    given = parameters(evidence.parameters)
    return (
        _("{check} ({parameters})", check=check_title(evidence.check), parameters=given)
        if given
        else check_title(evidence.check)
    )


def meaning(path: str) -> str:
    """Return in one line what a measure is, or nothing where the catalogue does not say."""
    named = measures().get(path)
    return said(named.says) if named else ""


def measure_title(measure: Measure) -> str:
    """Return a measure's name, ready to head a row."""
    words, of_what = measure_words(measure.name), unit(measure.unit)
    head = words[:1].upper() + words[1:] if len(words) > 1 else words
    return _("{name}, {unit}", name=head, unit=of_what) if of_what else head


def of_name(evidence: Evidence | None, name: str) -> list[Measure]:
    """Return the numbers called *name* that have a value."""
    return [m for m in (evidence.measures if evidence else ()) if m.name == name and m.value is not None]

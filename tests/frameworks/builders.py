"""Small frameworks and evidence, written by hand."""

from __future__ import annotations

import datetime as dt

import yaml

from checks.model import Evidence, Kind, Measure, Outcome
from frameworks.judge import judge
from frameworks.load import load
from frameworks.model import Facts, Finding, Framework

TODAY = dt.date(2026, 12, 1)
RATIO = "fairness.selection_rate.impact_ratio"
GAP = "fairness.selection_rate.selection_rate_gap"
AUC = "privacy.membership_inference.auc"
MISSING = "data.quality.missing_share"


def content(*criteria: dict, requirement: dict | None = None, **top: object) -> dict:
    """Return the content of a framework file with one requirement of these criteria."""
    asked = {
        "id": "R-1",
        "title": "A requirement",
        "text": "Something is asked.",
        "principle": "fairness",
        "severity": "major",
        "source": {"clause": "1", "verified": "own"},
        "criteria": list(criteria),
    } | (requirement or {})
    return {
        "format": "auditor-framework/1",
        "id": "rule",
        "title": "A rule",
        "version": "1",
        "force": "baseline",
        "jurisdiction": "nowhere",
        "requirements": [asked],
    } | top


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


def dump(data: dict) -> str:
    """Spell *data* as YAML without anchors, as a person would."""
    return yaml.dump(data, Dumper=_NoAliases, sort_keys=False, width=1000)


def framework(*criteria: dict, requirement: dict | None = None, **top: object) -> Framework:
    return load(dump(content(*criteria, requirement=requirement, **top)).encode(), "rule.yaml")


def bound(measure: str = RATIO, **rest: object) -> dict:
    """Return a criterion on *measure*; without a bound it asks for at least 0.8."""
    operators = {"at_least", "at_most", "above", "below", "equals", "reported"}
    default = {} if operators & rest.keys() else {"at_least": 0.8}
    return {"measure": measure, "basis": "guideline", "basis_source": "a source"} | default | rest


def ratio(value, low=None, high=None, *, attribute="race", name="impact_ratio", **of) -> Measure:
    note = None if value is not None else "no ratio is defined"
    return Measure(name, value, low, high, n=1000, of={"attribute": attribute} | of, note=note)


def compared(*measures: Measure, left_out: float = 0.0, check="fairness.selection_rate") -> Evidence:
    """Return the evidence of a fairness check with the share of people left out, for each attribute."""
    attributes = dict.fromkeys(m.of["attribute"] for m in measures)
    shares = (
        Measure("uncompared_share", left_out, n=1000, of={"attribute": a}, kind=Kind.EXACT)
        for a in attributes
    )
    return Evidence(check, Outcome.MEASURED, measures=(*measures, *shares))


def facts(**rest: object) -> Facts:
    return Facts(**({"task": "binary", "tier": "high", "as_of": TODAY} | rest))


def one(rule: Framework, *evidence: Evidence, **given: object) -> Finding:
    """Judge a framework of one criterion."""
    (finding,) = judge(rule, evidence, facts(**given))
    return finding

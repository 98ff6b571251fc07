"""The public version of a record: everything that is not about few people, with a digest of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from checks.model import NOT_STATED, Evidence, Kind, Measure, Outcome
from frameworks.measures import measures
from frameworks.model import Finding
from frameworks.summary import UNSEEN
from reports.record import Audit, evidence_from_json, evidence_to_json, finding_from_json, finding_to_json
from reports.suppress import PEOPLE, SELECTED, SMALLEST, TABLE, Counts, Group, suppress

_RATES = "fairness.selection_rate"
_ERRORS = "fairness.error_rates"
_AT: Mapping[str, int] = {_RATES: SELECTED, _ERRORS: TABLE}
"""To which level a group must be published for a check's numbers of it to be; other checks' never are."""
_OWN = frozenset(
    {
        "selection_rate", "true_positive_rate", "false_positive_rate", "false_negative_rate",
        "true_negative_rate", "positive_predictive_value", "negative_predictive_value",
        "false_discovery_rate", "false_omission_rate", "accuracy", "base_rate",
    }
)  # fmt: skip
"""Rates that depend on their own group alone."""
_OF_EVERYBODY = frozenset({"feature", "model", "reference", "attack", "average", "class"})
_OF_SLICES, _SLICES = "fairness.worst_subgroup", "slices held against the other half"
_OF_ALL_TABLES = ("data.stated_results",)
"""Checks of published tables: what they list was public before."""
_PUBLIC_BODY = ("engine", "as_of", "verdicts", "frameworks", "tier")
_PUBLIC = ("system", "task", "frameworks", "seed", "model", "models", "data", "counts")
_PUBLIC_RESOLVED = ("rows", "features", "answers_from", "endpoint", "integrity", "positive", "favourable")
_PUBLIC_BY_COLUMN = ("label", "positive", "favourable", "groups", "features", "threshold")

_PERSON = "a named person"
"""Who signed, as everybody is told it."""
_WITHHELD = "withheld: it is of few people, or would tell a number that is"
_ALL = "withheld: every number that it gave is of groups or of few people"


def publish(audit: Audit) -> Audit:
    """Return the version of *audit* for everybody.

    No count under `SMALLEST` stands in it, none can be worked out from what does (`reports.suppress`), and
    no number of a group but its people, selection and error rates. Verdicts are those of the whole record.
    Its body has the key `publication`, and so a digest of its own; publishing twice changes nothing.
    """
    body = audit.body
    if "publication" in body:
        return Audit(run={}, body=body)
    evidence = [evidence_from_json(one) for one in body["evidence"]]
    levels = suppress(counts(evidence))
    shown = _Shown(levels, _compared(evidence))
    public = [_evidence(one, shown) for one in evidence]
    findings = [_finding(finding_from_json(one), public) for one in body["findings"]]
    return Audit(
        run={},
        body={
            **{name: body[name] for name in _PUBLIC_BODY if name in body},
            **({"relief": _relief(body["relief"])} if "relief" in body else {}),
            "submission": _submission(body["submission"]),
            "evidence": [evidence_to_json(one) for one in public],
            "findings": [finding_to_json(one) for one in findings],
            "publication": {
                "of": audit.digest,
                "smallest": SMALLEST,
                "groups": len(levels),
                "groups_withheld": sum(level < PEOPLE for level in levels.values()),
                "selection_withheld": sum(level < SELECTED for level in levels.values()),
                "errors_withheld": sum(level < TABLE for level in levels.values()),
            },
        },
    )


def counts(evidence: list[Evidence]) -> dict[Group, Counts]:
    """Return the counts behind the rates of every group, as somebody with the whole record knows them."""
    rates = _by_group(evidence, _RATES, "selection_rate")
    found, missed = (_by_group(evidence, _ERRORS, f"{name}_positive_rate") for name in ("true", "false"))
    made = {}
    for group, rate in rates.items():
        table = None
        if group in found and group in missed:
            tp, p = _share(found[group])
            fp, negatives = _share(missed[group])
            table = (tp, p - tp, fp, negatives - fp)
        selected, people = _share(rate)
        made[group] = Counts(people, selected, table)
    return made


def _by_group(evidence: list[Evidence], check: str, name: str) -> dict[Group, Measure]:
    return {
        _group(m): m
        for one in evidence
        if one.check == check and not one.parameters
        for m in one.measures
        if m.name == name and m.of.keys() == {"attribute", "group"}
    }


def _share(rate: Measure) -> tuple[float, float]:
    """Return the numerator and the denominator of *rate*; rows counted once are whole numbers again."""
    whole = rate.n or 0.0
    part = (rate.value or 0.0) * whole
    near = round(part)
    return (near if abs(part - near) < 1e-6 else part), whole


@dataclass(frozen=True, slots=True)
class _Shown:
    """Which numbers of groups everybody may see."""

    levels: Mapping[Group, int]
    compared: frozenset[Group]

    def group(self, check: str, measure: Measure) -> bool:
        """Return whether a number of one group may be told."""
        return self.levels.get(_group(measure), 0) >= _AT[check]

    def difference(self, check: str, measure: Measure) -> bool:
        """Return whether a number between groups may be: when all that are compared are published anyway."""
        compared = [g for g in self.compared if g[0] == measure.of["attribute"]]
        return (
            check in _AT
            and measure.name.endswith(("_gap", "_ratio"))
            and bool(compared)
            and all(self.levels[g] >= _AT[check] for g in compared)
        )

    def everybody(self, attribute: str) -> bool:
        """Return whether it is known how many people each group has, so that a sum of some tells nothing."""
        return all(level >= PEOPLE for (name, _), level in self.levels.items() if name == attribute)


def _group(measure: Measure) -> Group:
    return measure.of["attribute"], measure.of["group"]


def _compared(evidence: list[Evidence]) -> frozenset[Group]:
    rates = _by_group(evidence, _RATES, "selection_rate")
    return frozenset(group for group, rate in rates.items() if rate.note is None and group[1] != NOT_STATED)


def _evidence(evidence: Evidence, shown: _Shown) -> Evidence:
    kept = () if _slices_of_few(evidence) else evidence.measures
    measures = tuple(m for one in kept if (m := _measure(evidence.check, one, shown)))
    tables = evidence.tables if evidence.check in _OF_ALL_TABLES else ()
    if evidence.outcome is Outcome.MEASURED and not measures and not tables:
        return Evidence(evidence.check, Outcome.INCONCLUSIVE, _ALL, evidence.parameters)
    return replace(evidence, measures=measures, tables=tables)


def _slices_of_few(evidence: Evidence) -> bool:
    """Return whether numbers of named slices tell a count of few: of those who lose, or of the others."""
    shares = any(m.name == "worst_gap" and m.unit == "proportion" for m in evidence.measures)
    if evidence.check != _OF_SLICES or not shares:
        return False
    rows = [row for table in evidence.tables if table.name == _SLICES for row in table.rows]
    sides = [(float(people or 0), float(share or 0)) for _slice, people, share, *_limits in rows]
    return any(people * min(share, 1 - share) < SMALLEST for people, share in sides)


def _measure(check: str, measure: Measure, shown: _Shown) -> Measure | None:
    """Return what everybody may see of a measure; a group's own rate is said to be withheld."""
    of = measure.of
    if "attribute" not in of:
        return measure if of.keys() <= _OF_EVERYBODY and not _of_few(check, measure) else None
    if of.keys() == {"attribute", "group"} and check in _AT and measure.name in _OWN:
        if shown.group(check, measure):
            return measure
        counted = measure.name == "selection_rate" and shown.levels.get(_group(measure), 0) >= PEOPLE
        n = measure.n if counted else None
        return replace(measure, value=None, low=None, high=None, n=n, note=_WITHHELD)
    if of.keys() == {"attribute"} and shown.difference(check, measure):
        return measure if shown.everybody(of["attribute"]) else replace(measure, n=None)
    return None


def _of_few(check: str, measure: Measure) -> bool:
    """Return whether a number is of few people, or of all but few; few features or rules tell of nobody."""
    named = measures().get(f"{check}.{measure.name}")
    if named is not None and named.counts:
        return False
    if measure.value is None or measure.n is None or measure.unit not in ("proportion", "rows", "count"):
        return False
    if measure.kind is Kind.EXACT and measure.unit in ("rows", "count"):
        return measure.value < SMALLEST
    part = measure.value * measure.n
    return measure.unit == "proportion" and 0 < min(part, measure.n - part) < SMALLEST


def _finding(finding: Finding, evidence: list[Evidence]) -> Finding:
    if finding.attestation is not None:
        signer = finding.attestation.get("signer")
        reason = finding.reason.replace(signer, _PERSON) if finding.reason and signer else finding.reason
        return replace(finding, attestation=_unnamed(finding.attestation), reason=reason)
    if finding.measure is None or finding.value is None:
        return finding
    found = next((m for m in _measured(finding, evidence) if m.value == finding.value), None)
    if found is not None:
        return replace(finding, n=found.n, people=finding.people if found.n is not None else None)
    return replace(
        finding, value=None, low=None, high=None, n=None, p_raw=None, p_holm=None, people=None, reason=UNSEEN
    )


def _unnamed(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer without its document, and of who signed it only that somebody did."""
    kept = {key: value for key, value in answer.items() if key not in ("signer", "document")}
    return {**kept, **({"signer": _PERSON} if answer.get("signer") else {})}


def _measured(finding: Finding, evidence: list[Evidence]) -> Iterator[Measure]:
    check, _, name = (finding.measure or "").rpartition(".")
    for one in evidence:
        if one.check == check:
            yield from (m for m in one.measures if m.name == name and dict(m.of) == dict(finding.of))


def _relief(relief: Mapping[str, Any]) -> dict[str, Any]:
    """Return waivers and sandboxes without the names of people."""
    waivers = [
        {
            **{key: value for key, value in one.items() if key != "owner"},
            "terms": [{k: v for k, v in term.items() if k != "approver"} for term in one["terms"]],
        }
        for one in relief["waivers"]
    ]
    return {**relief, "waivers": waivers}


def _submission(submission: Mapping[str, Any]) -> dict[str, Any]:
    resolved, columns = submission.get("resolved") or {}, submission.get("columns") or {}
    answers = {name: _unnamed(answer) for name, answer in (submission.get("answers") or {}).items()}
    return {
        **{name: submission[name] for name in _PUBLIC if name in submission},
        "columns": {name: columns[name] for name in _PUBLIC_BY_COLUMN if name in columns},
        "resolved": {name: resolved[name] for name in _PUBLIC_RESOLVED if name in resolved},
        "answers": answers,
    }


if __name__ == "__main__":  # python -m reports.publish < audit.json > public.json
    sys.stdout.buffer.write(publish(Audit.from_json(sys.stdin.buffer.read())).to_json())

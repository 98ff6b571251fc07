"""Findings summed up, and the worst of them."""

from __future__ import annotations

import dataclasses

from frameworks.judge import judge, summarise, worst_findings
from frameworks.load import load
from frameworks.model import Finding, State, Verdict
from tests.frameworks.builders import RATIO, bound, compared, content, dump, facts, ratio


def rule(**principles):
    data = content(bound())
    first = data["requirements"][0]
    data["requirements"] = [first | {"id": id_, "principle": p} for id_, p in principles.items()]
    data["requirements"][-1]["applies"] = {"tasks": ["regression"]}
    return load(dump(data).encode(), "rule.yaml")


def finding(requirement, verdict, **rest):
    return Finding(
        "rule",
        requirement,
        "c",
        verdict,
        State.IN_FORCE,
        **({"severity": "major", "principle": "fairness", "title": "t"} | rest),
    )


def test_a_whole_is_the_worst_of_its_parts():
    framework = rule(a="fairness", b="fairness", c="privacy", d="privacy")
    verdicts = [Verdict.MET, Verdict.NOT_MET, Verdict.ATTESTED, Verdict.NOT_APPLICABLE]
    findings = [finding(r.id, v) for r, v in zip(framework.requirements, verdicts, strict=True)]
    findings.append(finding("a", Verdict.UNDECIDED))
    summary = summarise(framework, findings)
    assert summary["verdict"] == "not_met"
    assert summary["requirements"] == {
        "a": "undecided",
        "b": "not_met",
        "c": "attested",
        "d": "not_applicable",
    }
    assert summary["counts"] == {
        "not_applicable": 1,
        "met": 0,
        "attested": 1,
        "waived": 0,
        "deferred": 0,
        "undecided": 1,
        "not_met": 1,
    }
    assert {name: part["verdict"] for name, part in summary["principles"].items()} == {
        "fairness": "not_met",
        "privacy": "attested",
    }
    assert summary["principles"]["fairness"]["counts"]["undecided"] == 1


def test_findings_of_another_framework_are_left_to_it():
    framework = rule(a="fairness", b="fairness")
    other = dataclasses.replace(finding("a", Verdict.NOT_MET), framework="other")
    assert summarise(framework, [other, finding("a", Verdict.MET)])["requirements"]["a"] == "met"


def test_counts_sum_to_the_requirements():
    framework = rule(a="fairness", b="fairness", c="privacy")
    summary = summarise(framework, judge(framework, [compared(ratio(0.9, 0.85, 0.95))], facts()))
    assert sum(summary["counts"].values()) == 3
    assert (summary["counts"]["met"], summary["counts"]["not_applicable"]) == (2, 1)


def test_not_met_comes_before_undecided_and_severity_decides_within():
    found = [
        finding("major", Verdict.NOT_MET),
        finding("open", Verdict.UNDECIDED, severity="blocking"),
        finding("fine", Verdict.MET, severity="blocking"),
        finding("blocking", Verdict.NOT_MET, severity="blocking"),
        finding("normal", Verdict.NOT_MET, severity="normal"),
    ]
    assert [f.requirement for f in worst_findings(found)] == ["blocking", "major", "normal", "open"]


def judged(requirement, value, low, high, attribute, **rest):
    return finding(
        requirement,
        Verdict.NOT_MET,
        measure=RATIO,
        bound={"at_least": 0.8},
        value=value,
        low=low,
        high=high,
        of={"attribute": attribute},
        **rest,
    )


def test_surer_numbers_come_first_then_those_of_more_people():
    far = judged("far", 0.5, 0.48, 0.52, "race")
    near = judged("near", 0.5, 0.3, 0.75, "sex", people=10)
    near_many = judged("near-many", 0.5, 0.3, 0.75, "age", people=1000)
    unmeasured = finding("unmeasured", Verdict.NOT_MET)
    order = [f.requirement for f in worst_findings([unmeasured, near, near_many, far])]
    assert order == ["far", "near-many", "near", "unmeasured"]


def test_what_nobody_measured_comes_after_what_was_measured():
    unmeasured = finding("unmeasured", Verdict.UNDECIDED, severity="blocking")
    doubtful = dataclasses.replace(judged("doubtful", 0.8, 0.7, 0.9, "race"), verdict=Verdict.UNDECIDED)
    refused = finding("refused", Verdict.NOT_MET, severity="normal")
    order = [f.requirement for f in worst_findings([unmeasured, doubtful, refused])]
    assert order == ["refused", "doubtful", "unmeasured"]


def test_one_attribute_does_not_hide_the_others():
    found = [judged(f"race-{i}", 0.5, 0.48, 0.52, "race") for i in range(4)]
    found.append(judged("sex", 0.75, 0.7, 0.79, "sex"))
    assert [f.requirement for f in worst_findings(found)] == ["race-0", "race-1", "sex"]


def test_at_most_k_are_told():
    found = [finding(f"r{i}", Verdict.UNDECIDED) for i in range(9)]
    assert [f.requirement for f in worst_findings(found)] == ["r0", "r1", "r2", "r3", "r4"]
    assert len(worst_findings(found, k=2)) == 2
    assert worst_findings([finding("a", Verdict.MET)]) == ()

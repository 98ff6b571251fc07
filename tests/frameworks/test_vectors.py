"""Worked examples, by hand and from published rules."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from checks.model import Evidence, Kind, Measure, Outcome
from frameworks.judge import judge
from frameworks.load import packs
from frameworks.model import Verdict
from frameworks.source import parse
from tests.frameworks.builders import bound, compared, facts, framework, one, ratio

VECTORS = Path(__file__).parent.parent / "vectors"


def read(name):
    return parse((VECTORS / name).read_bytes(), name).data


@pytest.mark.parametrize(
    "vector", read("four_fifths.yaml")["vectors"], ids=lambda v: " and ".join(v["groups"])
)
def test_four_fifths(vector):
    rates = sorted(Fraction(group) for group in vector["groups"])
    value = float(rates[0]) / float(rates[1])
    assert value == pytest.approx(vector["ratio"], abs=1e-8)
    evidence = compared(ratio(value, vector["low"], vector["high"]))
    assert one(framework(bound()), evidence).verdict == vector["verdict"]
    assert one(framework(bound(decide="point")), evidence).verdict == vector["by_point"]


def new_york_example(uncompared, left=()):
    """Return the rule's own table as evidence, with the groups *left* having a rate but no ratio."""
    measures = []
    for attribute, groups in read("ll144.yaml")["attributes"].items():
        for group, row in groups.items():
            of = {"attribute": attribute, "group": group}
            rate = row["scoring_rate"]
            measures.append(Measure("scoring_rate", rate, rate - 0.1, rate + 0.1, n=row["n"], of=of))
            if group not in left:
                value = row["impact_ratio"]
                measures.append(Measure("impact_ratio", value, value / 2, 1.0, n=row["n"], of=of))
        of = {"attribute": attribute}
        measures.append(Measure("not_stated_count", 0, n=168, of=of, kind=Kind.EXACT))
        measures.append(Measure("uncompared_share", uncompared, n=168, of=of, kind=Kind.EXACT))
    return [
        Evidence("fairness.scoring_rate", Outcome.MEASURED, parameters=parameters, measures=tuple(measures))
        for parameters in ({}, {"min_group": 10})
    ]


def scoring_tools(evidence):
    findings = judge(packs()["us-nyc-ll144"], evidence, facts(task="scoring"))
    return {f.criterion: f for f in findings if f.requirement == "301c"}


def test_the_rules_own_table_is_a_full_calculation():
    found = scoring_tools(new_york_example(0.0))
    assert found["fairness.scoring_rate.scoring_rate"].verdict is Verdict.MET
    assert found["impact-ratios"].verdict is Verdict.MET
    assert found["impact-ratios"].value == 0.58
    assert found["impact-ratios"].of["group"] == "White"
    assert found["impact-ratios"].people == 40


def test_the_small_category_of_the_rules_table_may_not_be_left_out():
    """Eight of 168 people are more than the two per cent that the rule lets an auditor leave out."""
    found = scoring_tools(new_york_example(8 / 168, left=["Native Hawaiian or Pacific Islander"]))
    assert found["fairness.scoring_rate.scoring_rate"].verdict is Verdict.MET
    assert found["impact-ratios"].verdict is Verdict.UNDECIDED
    assert "race_ethnicity" in found["impact-ratios"].reason


def test_selection_rules_do_not_ask_scoring_tools():
    findings = judge(packs()["us-nyc-ll144"], new_york_example(0.0), facts(task="scoring"))
    verdicts = {f.verdict for f in findings if f.requirement == "301b"}
    assert verdicts == {Verdict.NOT_APPLICABLE}

"""Rates and differences equal what other tools return for the same people, or differ for a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checks.fairness.error_rates import error_rates
from checks.fairness.selection_rate import selection_rate
from checks.model import Subject
from tests.checks.builders import subject

VECTORS = json.loads((Path(__file__).parent / "vectors" / "other_tools.json").read_text())
PAIRS = VECTORS["aif360"]["pairs"]
SAME = {
    "equal_opportunity_difference": "true_positive_rate",
    "false_positive_rate_difference": "false_positive_rate",
    "false_negative_rate_difference": "false_negative_rate",
    "false_discovery_rate_difference": "false_discovery_rate",
    "false_omission_rate_difference": "false_omission_rate",
}


def people(*groups: str) -> Subject:
    rows = [
        (group, int(key[0]), int(key[1]))
        for group in groups
        for key, n in VECTORS["counts"][group].items()
        for _ in range(n)
    ]
    group, actual, decision = zip(*rows, strict=True)
    return subject(decision=decision, actual=actual, groups={"group": group})


@pytest.mark.parametrize("low", PAIRS)
@pytest.mark.parametrize("theirs", SAME)
def test_differences_of_rates_are_those_of_aif360(low: str, theirs: str):
    found = error_rates(people("a", low))
    mine, other = (found.measure(SAME[theirs], attribute="group", group=g).value for g in (low, "a"))
    assert mine - other == pytest.approx(PAIRS[low][theirs], abs=1e-12)


@pytest.mark.parametrize("low", PAIRS)
def test_gaps_have_no_sign_and_opposite_differences_do_not_balance(low: str):
    """Ours is the mean of sizes; the signed mean of AIF360 is smaller where the signs differ."""
    found, theirs = error_rates(people("a", low)), PAIRS[low]
    ours = found.measure("average_odds_gap", attribute="group").value
    assert ours == pytest.approx(theirs["average_abs_odds_difference"], abs=1e-12)
    assert found.measure("equalized_odds_gap", attribute="group").value == pytest.approx(
        theirs["equalized_odds_difference"], abs=1e-12
    )
    assert abs(theirs["average_odds_difference"]) <= ours + 1e-12
    assert (abs(theirs["average_odds_difference"]) < ours - 0.1) is (low == "c")


@pytest.mark.parametrize("low", PAIRS)
def test_the_impact_ratio_is_disparate_impact_or_its_inverse(low: str):
    found = selection_rate(people("a", low)).measure("impact_ratio", attribute="group").value
    theirs = PAIRS[low]["disparate_impact"]
    assert found == pytest.approx(min(theirs, 1 / theirs), abs=1e-12)
    assert (theirs > 1) is (low == "c")


AEQUITAS = {
    "tpr": "true_positive_rate",
    "fpr": "false_positive_rate",
    "fnr": "false_negative_rate",
    "tnr": "true_negative_rate",
    "for": "false_omission_rate",
    "fdr": "false_discovery_rate",
    "npv": "negative_predictive_value",
    "precision": "positive_predictive_value",
    "prev": "base_rate",
}


@pytest.mark.parametrize("group", VECTORS["aequitas"]["groups"])
def test_rates_of_groups_are_those_of_aequitas(group: str):
    theirs = VECTORS["aequitas"]["groups"][group]
    found, chosen = error_rates(people("a", "b", "c")), selection_rate(people("a", "b", "c"))
    for name, ours in AEQUITAS.items():
        assert found.measure(ours, attribute="group", group=group).value == pytest.approx(
            theirs[name], abs=1e-12
        )
    rate = chosen.measure("selection_rate", attribute="group", group=group).value
    assert rate == pytest.approx(theirs["pprev"], abs=1e-12)
    of_a = chosen.measure("selection_rate", attribute="group", group="a").value
    assert rate / of_a == pytest.approx(theirs["pprev_disparity"], abs=1e-12)

"""The plain sentence of each check that looks past the groups that were named."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from checks.fairness.consistency import consistency
from checks.fairness.counterfactual_flip import counterfactual_flip
from checks.fairness.missing_demographics import missing_demographics
from checks.fairness.worst_subgroup import worst_subgroup
from checks.model import Evidence, Kind, Measure, Outcome
from reports.compose.unlisted import WHOLE, sentences
from tests.checks.builders import credit

CREDIT = credit(rows=400)
SEXED = dataclasses.replace(
    CREDIT, roles=dataclasses.replace(CREDIT.roles, features=(*CREDIT.roles.features, "sex"))
)


def said(evidence: Evidence) -> str:
    return " ".join(block.text for block in sentences(evidence))


def evidence(check: str, *measures: Measure) -> Evidence:
    return Evidence(check, Outcome.MEASURED, measures=measures)


def counted(name: str, value: float) -> Measure:
    return Measure(name, value, kind=Kind.EXACT, unit="count")


def test_a_confirmed_slice_is_named_with_its_gap():
    gap = Measure("slice_gap", 0.2, 0.1, 0.3, of={"case": "race = B*age = under 30"})
    told = evidence(
        "fairness.worst_subgroup", counted("confirmed_slices", 1), gap, counted("slices_searched", 7040)
    )
    assert said(told).replace("\N{NO-BREAK SPACE}", " ") == (
        "7,040 slices were searched in half of the people; held against the other half, 1 was shown to lose "
        "more than everybody. The largest of these gaps is 0.200 (0.100 to 0.300): race = B × age = under 30."
    )


def test_no_confirmed_slice_is_no_absolution():
    told = said(worst_subgroup(CREDIT))
    assert told.endswith("none was shown to lose more than everybody.")


def test_bounds_tell_each_attribute_with_somebody_missing():
    race = CREDIT.evaluation["race"].where(CREDIT.evaluation.index % 9 > 0)
    found = missing_demographics(dataclasses.replace(CREDIT, evaluation=CREDIT.evaluation.assign(race=race)))
    ratio = found.measure("impact_ratio_bounds", attribute="race")
    assert f"race is from {ratio.low:.3f} to {ratio.high:.3f}, with its 95 % intervals." in said(found)
    assert "ratio of sex is" not in said(found)
    assert said(missing_demographics(CREDIT)) == "Everybody states a group, so there is nothing to bound."


def test_likeness_and_flips_are_told_in_people():
    assert "of every 100 are decided alike; by chance it would be" in said(consistency(CREDIT))
    assert said(counterfactual_flip(SEXED)).startswith(
        "Changing sex alone changes the decision of 0 of every 100 people (0.000 to 0.0"
    )


@pytest.mark.parametrize("check", sorted(WHOLE))
def test_a_check_without_numbers_says_nothing(check):
    assert said(evidence(check)) == ""


def test_other_checks_have_no_sentence_here():
    assert said(evidence("fairness.selection_rate", counted("slices_searched", np.float64(3)))) == ""

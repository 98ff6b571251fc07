"""Published counts, and the numbers that their publishers made of them."""

from __future__ import annotations

import pytest

from checks.fairness.conditional import conditional
from checks.fairness.error_rates import error_rates
from checks.fairness.selection_rate import selection_rate
from checks.model import Subject
from tests.checks.builders import subject

COMPAS = {
    # Larson, Mattu, Kirchner and Angwin, How We Analyzed the COMPAS Recidivism Algorithm, ProPublica, 2016:
    # defendants by (decision, outcome): called high risk or not, reoffended or not
    "African-American": {(1, 1): 1369, (1, 0): 805, (0, 1): 532, (0, 0): 990},
    "Caucasian": {(1, 1): 505, (1, 0): 349, (0, 1): 461, (0, 0): 1139},
}
PRINTED = {
    # in per cent as printed there; the predictive values as printed are of the same tables
    ("African-American", "false_positive_rate"): 44.85,
    ("Caucasian", "false_positive_rate"): 23.45,
    ("African-American", "false_negative_rate"): 27.99,
    ("Caucasian", "false_negative_rate"): 47.72,
    ("African-American", "positive_predictive_value"): 62.97,
    ("Caucasian", "positive_predictive_value"): 59.13,
}
BERKELEY = {
    # Bickel, Hammel and O'Connell, Science 187, 1975: admitted and rejected men, then women, by department
    "A": (512, 313, 89, 19),
    "B": (353, 207, 17, 8),
    "C": (120, 205, 202, 391),
    "D": (138, 279, 131, 244),
    "E": (53, 138, 94, 299),
    "F": (22, 351, 24, 317),
}


def weighted(rows: list[tuple[str, str, int, int | None, int]], **facts: list[str]) -> Subject:
    """Return people as rows of (group, stratum, decision, outcome, how many)."""
    group, stratum, decision, actual, times = zip(*rows, strict=True)
    return subject(
        decision=decision,
        actual=None if actual[0] is None else actual,
        groups={"group": group},
        columns={"stratum": stratum, "times": [float(n) for n in times]},
        roles={"weight": "times", "weight_kind": "frequency"},
        facts=facts,
    )


def compas() -> Subject:
    return weighted([(race, "", d, a, n) for race, table in COMPAS.items() for (d, a), n in table.items()])


@pytest.mark.parametrize(("group", "name"), PRINTED, ids=" ".join)
def test_error_rates_are_those_that_propublica_printed(group, name):
    rate = error_rates(compas()).measure(name, attribute="group", group=group)
    assert round(100 * rate.value, 2) == PRINTED[group, name]


def test_disparities_are_the_quotients_of_the_printed_rates():
    """Aequitas divides by the reference group, which for these errors has the lower or the higher rate."""
    evidence = error_rates(compas())
    false_positives = evidence.measure("false_positive_rate_ratio", attribute="group")
    assert 1 / false_positives.value == pytest.approx(1.912, abs=5e-4)  # 44.85 / 23.45
    false_negatives = evidence.measure("false_negative_rate_ratio", attribute="group")
    assert false_negatives.value == pytest.approx(0.5864, abs=5e-5)  # 27.99 / 47.72
    odds = evidence.measure("equalized_odds_gap", attribute="group")
    assert odds.value == pytest.approx(0.2139, abs=5e-4)  # 44.85 - 23.45
    assert odds.low > 0.1


def test_german_credit_by_age_is_the_published_difference():
    """110 of 190 people of up to 25 years and 590 of 810 older ones are good risks: 14.9 points apart.

    Kamiran and Calders, Classifying without Discriminating, 2009; AIF360 calls it the statistical parity
    difference (-0.149) and the quotient the disparate impact (0.795).
    """
    people = weighted(
        [
            ("young", "", 1, None, 110),
            ("young", "", 0, None, 80),
            ("old", "", 1, None, 590),
            ("old", "", 0, None, 220),
        ]
    )
    evidence = selection_rate(people)
    assert evidence.measure("selection_rate_gap", attribute="group").value == pytest.approx(
        0.149448, abs=5e-7
    )
    assert evidence.measure("impact_ratio", attribute="group").value == pytest.approx(0.794826, abs=5e-7)


def test_berkeleys_difference_is_not_there_within_departments():
    """Of 2,691 men 1,198 were admitted, of 1,835 women 557; department by department nothing is left."""
    rows = []
    for department, (men, no_men, women, no_women) in BERKELEY.items():
        rows += [("men", department, 1, None, men), ("men", department, 0, None, no_men)]
        rows += [("women", department, 1, None, women), ("women", department, 0, None, no_women)]
    people = weighted(rows, control=["stratum"])
    plainly = selection_rate(people).measure("impact_ratio", attribute="group")
    assert plainly.value == pytest.approx((557 / 1835) / (1198 / 2691), abs=1e-12)
    assert plainly.high < 0.8
    within = conditional(people).measure("conditional_selection_rate_gap", attribute="group")
    assert within.low <= 0 <= within.high or within.low == 0
    assert within.value < 0.03

"""Groups set against a declared reference: against statsmodels, by hand, and the laws of subtraction."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from checks.fairness.error_rates import error_rates
from checks.fairness.regression import regression
from checks.fairness.scoring_rate import scoring_rate
from checks.model import Subject
from tests.checks.builders import credit
from tests.checks.test_fairness_regression import drawn

WHOLE = credit(900, 10)


def against(reference: str, whole: Subject = WHOLE, **others) -> Subject:
    roles = dataclasses.replace(whole.roles, references={"race": reference}, **others)
    return dataclasses.replace(whole, roles=roles)


def of(group: str, reference: str) -> dict[str, str]:
    return {"attribute": "race", "group": group, "reference": reference}


def test_the_difference_of_rates_is_newcombes():
    found = error_rates(against("A"))
    rates = {g: found.measure("true_positive_rate", attribute="race", group=g) for g in "AB"}
    hits = {g: rates[g].value * rates[g].n for g in "AB"}
    low, high = confint_proportions_2indep(
        hits["B"], rates["B"].n, hits["A"], rates["A"].n, method="newcomb", compare="diff"
    )
    one = found.measure("true_positive_rate_difference_to_reference", **of("B", "A"))
    assert one.value == pytest.approx(rates["B"].value - rates["A"].value)
    assert (one.low, one.high) == pytest.approx((low, high), abs=1e-9)
    assert not found.select("true_positive_rate_difference_to_reference", **of("A", "A"))


def test_the_rest_are_all_other_groups_that_are_compared():
    found = error_rates(against("rest"))
    rates = [found.measure("accuracy", attribute="race", group=g) for g in "ABC"]
    rest = sum(r.value * r.n for r in rates[1:]) / sum(r.n for r in rates[1:])
    one = found.measure("accuracy_difference_to_reference", **of("A", "rest"))
    assert one.value == pytest.approx(rates[0].value - rest)
    assert one.low < one.value < one.high


def test_scoring_rates_have_a_ratio_to_the_reference():
    found = scoring_rate(against("A"))
    rates = {g: found.measure("scoring_rate", attribute="race", group=g).value for g in "ABC"}
    ratio = found.measure("impact_ratio_to_reference", **of("B", "A"))
    assert ratio.value == pytest.approx(rates["B"] / rates["A"])


def test_mean_errors_are_set_against_the_reference():
    whole = drawn(shift=3)
    found = regression(against("a", whole))
    one = found.measure("mean_error_difference_to_reference", **of("b", "a"))
    error = whole.score - whole.evaluation["label"].to_numpy()
    b, a = (error[whole.evaluation["race"] == g] for g in "ba")
    assert one.value == pytest.approx(b.mean() - a.mean())
    welch = stats.ttest_ind(b, a, equal_var=False).confidence_interval()
    assert (one.low, one.high) == pytest.approx((welch.low, welch.high), abs=0.02)
    rest = regression(against("rest", whole)).measure("mean_error_difference_to_reference", **of("b", "rest"))
    others = error[whole.evaluation["race"] != "b"]
    assert rest.value == pytest.approx(b.mean() - others.mean())
    assert rest.low < rest.value < rest.high


@pytest.mark.parametrize("check", [error_rates, scoring_rate], ids=lambda c: c.id)
def test_a_reference_that_is_not_compared_is_said(check):
    said = [m for m in check(against("Z")).measures if m.of.get("reference") == "Z"]
    assert said
    assert {m.note for m in said} == {"the reference group 'Z' is not among the groups that are compared"}
    assert all(m.value is None for m in said)
    assert not [m for m in check(against("best")).measures if "reference" in m.of]


def test_a_group_of_equal_rows_has_no_difference_in_errors():
    """Perfect predictions leave no spread, so no interval of a difference: the group is not set against."""
    whole = drawn()
    score = np.where(whole.evaluation["race"] == "b", whole.evaluation["label"], whole.score)
    found = regression(against("a", dataclasses.replace(whole, score=score)))
    assert not found.select("mean_error_difference_to_reference", **of("b", "a"))
    assert found.select("mean_error_difference_to_reference", **of("c", "a"))

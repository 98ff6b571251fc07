"""Differences within strata: by hand, against statsmodels, by simulation, and planted truths."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import StratifiedTable

from checks.fairness.conditional import conditional
from checks.fairness.regression import regression
from checks.fairness.selection_rate import selection_rate
from checks.model import Outcome, Subject, Task
from checks.statistics.stratified import Stratified
from checks.strata import strata
from tests.checks.builders import subject, take
from tests.checks.planted import planted


def applicants(rows=2000, penalty=0.0, seed=1, groups=("a", "b")) -> Subject:
    """Return people of whom b applies more often to the job that selects few; *penalty* is b's own."""
    rng = np.random.default_rng([23, seed])
    group = rng.choice(list(groups), rows)
    job = np.where(rng.random(rows) < np.where(group == "b", 0.8, 0.2), "few", "many")
    chance = np.where(job == "few", 0.2, 0.7) - penalty * (group == "b")
    return subject(
        decision=(rng.random(rows) < chance).astype(int),
        actual=rng.integers(0, 2, rows),
        groups={"group": group},
        columns={"job": job, "pay": rng.normal(size=rows)},
        facts={"control": ["job"]},
    )


def tables(whole: Subject) -> list[np.ndarray]:
    """Return a two by two table of each job: groups b and a by favoured and not."""
    people = whole.evaluation.assign(hit=whole.decision == "1")
    return [
        np.array(
            [[(part.hit & (part.group == g)).sum(), (~part.hit & (part.group == g)).sum()] for g in "ba"]
        )
        for _, part in people.groupby("job")
    ]


@planted("fairness.conditional", "silent")
def test_a_difference_that_the_control_column_explains_is_gone():
    whole = applicants()
    assert selection_rate(whole).measure("selection_rate_gap", attribute="group").low > 0.2
    found = conditional(whole)
    assert found.measure("conditional_selection_rate_gap", attribute="group").low == 0
    assert found.measure("conditional_impact_ratio", attribute="group").high == 1
    assert found.measure("strata").value == 2
    assert found.measure("comparable_share", attribute="group").value == 1


@planted("fairness.conditional", "speaks")
def test_a_penalty_within_jobs_is_seen():
    found = conditional(applicants(penalty=0.15))
    gap = found.measure("conditional_selection_rate_gap", attribute="group")
    assert gap.low < 0.15 < gap.high
    assert gap.low > 0.05
    of_b = found.measure("conditional_selection_rate_difference", attribute="group", group="b")
    of_a = found.measure("conditional_selection_rate_difference", attribute="group", group="a")
    assert of_b.value == pytest.approx(-gap.value)
    assert (of_a.low, of_a.high) == pytest.approx((-of_b.high, -of_b.low))


def test_the_ratio_equals_statsmodels():
    whole = applicants(penalty=0.1)
    pooled = StratifiedTable(tables(whole)).riskratio_pooled
    ratio = conditional(whole).measure("conditional_impact_ratio", attribute="group")
    assert ratio.value == pytest.approx(min(pooled, 1 / pooled), rel=1e-12)


def test_the_difference_by_hand():
    """Two strata: 5 of 10 against 2 of 10, and 9 of 30 against 4 of 20."""
    groups = Stratified(np.array([[5, 9], [2, 4]]), np.array([[10, 30], [10, 20]]), np.array([40, 30]))
    value, error = groups.differences()
    weights = np.array([10 * 10 / 20, 30 * 20 / 50])
    assert value[0, 1] == pytest.approx(weights @ [0.3, 0.1] / weights.sum())
    assert value[1, 0] == pytest.approx(-value[0, 1])
    assert error[1, 0] == pytest.approx(error[0, 1])


def test_one_stratum_is_the_plain_difference():
    groups = Stratified(np.array([[30.0], [20.0]]), np.array([[50.0], [60.0]]), np.array([50, 60]))
    value, error = groups.differences()
    assert value[0, 1] == pytest.approx(30 / 50 - 20 / 60)
    assert error[0, 1] == pytest.approx(np.sqrt(0.6 * 0.4 / 50 + (1 / 3) * (2 / 3) / 60), rel=0.03)


@pytest.mark.parametrize("pairs", [(8, 20), (200, 2)], ids=["few large strata", "many of four people"])
def test_intervals_hold_the_truth_as_often_as_they_say(pairs):
    """The true difference is 0.2 in every stratum, whether strata are large or hold two people a side."""
    count, size = pairs
    rng = np.random.default_rng(7)
    base = rng.uniform(0.1, 0.7, count)
    inside = 0
    for _ in range(600):
        hits = np.stack([rng.binomial(size, base + 0.2), rng.binomial(size, base)]).astype(float)
        value, error = Stratified(
            hits, np.full((2, count), float(size)), np.full(2, count * size)
        ).differences()
        inside += abs(value[0, 1] - 0.2) <= 1.96 * error[0, 1]
    assert inside / 600 > 0.93


def test_numbers_are_cut_into_fifths_and_gaps_are_a_stratum():
    whole = applicants()
    pay = whole.evaluation["pay"].where(np.arange(2000) % 50 != 0)
    asked = dataclasses.replace(
        whole, evaluation=whole.evaluation.assign(pay=pay), facts={"control": ["pay", "job"]}
    )
    found = strata(asked)
    assert len(found.names) == 12
    assert "not stated*few" in found.names
    sizes = np.bincount(found.of_row)
    assert sizes.sum() == 2000
    assert {name.partition("*")[0] for name in found.names} >= {"not stated"}
    fifths = {name.partition("*")[0]: 0 for name in found.names}
    for name, size in zip(found.names, sizes, strict=True):
        fifths[name.partition("*")[0]] += size
    assert all(abs(size - 392) <= 1 for name, size in fifths.items() if name != "not stated")


def test_weights_stand_for_repeated_rows_in_strata_too():
    whole = dataclasses.replace(applicants(400, penalty=0.1), facts={"control": ["pay"]})
    weights = np.random.default_rng(3).integers(1, 4, 400)
    weighted = dataclasses.replace(
        whole,
        evaluation=whole.evaluation.assign(times=weights),
        roles=dataclasses.replace(whole.roles, weight="times", weight_kind="frequency"),
    )
    repeated = take(whole, np.repeat(np.arange(400), weights))
    for one in conditional(weighted).measures:
        (other,) = conditional(repeated).select(one.name, **one.of)
        assert (one.value, one.low, one.high) == (other.value, other.low, other.high)


def test_groups_that_share_no_stratum_are_not_compared():
    whole = applicants(400)
    apart = dataclasses.replace(whole, evaluation=whole.evaluation.assign(job=whole.evaluation["group"]))
    found = conditional(apart)
    gap = found.measure("conditional_selection_rate_gap", attribute="group")
    assert (gap.value, gap.note) == (None, "no two groups that are compared have people in one stratum")
    assert found.measure("comparable_share", attribute="group").value == 0
    third = applicants(900, groups=("a", "b", "c"))
    job = np.where(third.evaluation["group"] == "c", "own", third.evaluation["job"])
    some = conditional(dataclasses.replace(third, evaluation=third.evaluation.assign(job=job)))
    gap = some.measure("conditional_selection_rate_gap", attribute="group")
    assert gap.value is not None
    assert gap.note == "2 of 3 pairs of groups share no stratum"


def test_the_strata_are_listed_without_small_ones():
    found = conditional(applicants(300))
    (listed,) = found.tables
    assert listed.columns == ("attribute", "outcome", "stratum", "group", "people", "selection_rate")
    assert {row[2] for row in listed.rows} == {"few", "many"}
    assert all(row[4] >= 10 for row in listed.rows)


def test_each_of_several_classes_is_compared_within_strata():
    whole = applicants(penalty=0.15)
    many = conditional(dataclasses.replace(whole, task=Task.MULTICLASS))
    for name in (
        "conditional_selection_rate_gap",
        "conditional_impact_ratio",
        "conditional_true_positive_rate_gap",
    ):
        one = conditional(whole).measure(name, attribute="group")
        found = many.measure(name, attribute="group", **{"class": "1"})
        assert (found.value, found.low, found.high) == (one.value, one.low, one.high)


def paid(rows=1500, shift=0.0, seed=2) -> Subject:
    """Return predicted pay: jobs differ, b is more often in the worse paid one and is off by *shift*."""
    rng = np.random.default_rng([37, seed])
    group = rng.choice(["a", "b"], rows)
    job = np.where(rng.random(rows) < np.where(group == "b", 0.8, 0.2), "low", "high")
    actual = np.where(job == "low", 20.0, 50.0) + 5 * rng.normal(size=rows)
    error = 3 * rng.normal(size=rows) + np.where(job == "low", 2.0, 0.0) - shift * (group == "b")
    return subject(
        score=actual + error,
        actual=actual,
        groups={"group": group},
        columns={"job": job},
        task=Task.REGRESSION,
        facts={"control": ["job"]},
    )


def test_errors_of_numbers_are_compared_within_strata():
    plain, shifted = (conditional(paid(shift=shift)) for shift in (0, 1.5))
    of = {"attribute": "group"}
    assert regression(paid()).measure("mean_error_gap", **of).low > 0.5
    assert plain.measure("conditional_mean_error_gap", **of).low == 0
    assert plain.measure("conditional_mean_prediction_gap", **of).low == 0
    gap = shifted.measure("conditional_mean_error_gap", **of)
    assert gap.low < 1.5 < gap.high
    assert gap.low > 0.5


def test_the_difference_of_means_is_that_of_a_regression_with_strata():
    """Least squares on the group and a level for each job; sizes weigh the strata alike."""
    whole = paid(shift=1)
    table = whole.evaluation
    error = whole.score - table["label"].to_numpy()
    design = np.column_stack([table["group"] == "b", table["job"] == "low", table["job"] == "high"])
    fit = OLS(error, design.astype(float)).fit()
    gap = conditional(whole).measure("conditional_mean_error_gap", attribute="group")
    assert gap.value == pytest.approx(-fit.params[0], rel=1e-9)
    assert gap.high - gap.value == pytest.approx(1.96 * fit.bse[0], rel=0.05)


def test_weights_stand_for_repeated_rows_in_means_within_strata():
    whole = paid(400)
    weights = np.random.default_rng(3).integers(1, 4, 400)
    weighted = dataclasses.replace(
        whole,
        evaluation=whole.evaluation.assign(times=weights),
        roles=dataclasses.replace(whole.roles, weight="times", weight_kind="frequency"),
    )
    one = conditional(weighted).measure("conditional_mean_error_gap", attribute="group")
    other = conditional(take(whole, np.repeat(np.arange(400), weights)))
    other = other.measure("conditional_mean_error_gap", attribute="group")
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), rel=1e-9)


def test_reasons_when_nothing_is_controlled_for():
    whole = applicants(200)
    bare = conditional(dataclasses.replace(whole, facts={}))
    assert bare.outcome is Outcome.NOT_APPLICABLE
    assert "under `control`" in bare.reason
    many = dataclasses.replace(applicants(3000), facts={"control": ["who"]})
    many = dataclasses.replace(many, evaluation=many.evaluation.assign(who=[f"p{i}" for i in range(3000)]))
    assert conditional(many).reason == (
        "the control columns make over 1000 strata; control for fewer columns or values"
    )

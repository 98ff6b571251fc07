"""Errors of predicted numbers by group: against other libraries, resampling, and planted truths."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, mean_prediction
from scipy import stats
from scipy.special import stdtrit
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from benchmarks.validity_errors import SHAPES, accused
from checks.fairness.regression import regression
from checks.model import Outcome, Subject, Task
from checks.statistics.means import Means, lowest_mean_over_highest
from tests.budgets import budget
from tests.checks.builders import subject, take
from tests.checks.planted import planted

METRICS = {
    "mean_prediction": mean_prediction,
    "mean_error": lambda actual, predicted: float(np.mean(predicted - actual)),
    "mean_absolute_error": mean_absolute_error,
    "root_mean_squared_error": root_mean_squared_error,
    "r2": r2_score,
}


def drawn(rows: int = 600, shift: float = 0.0, noise: float = 1.0, seed: int = 5) -> Subject:
    """Return salaries of three groups; b is underestimated by *shift* and predicted with *noise*."""
    rng = np.random.default_rng([13, seed])
    race = rng.choice(["a", "b", "c"], rows, p=[0.5, 0.3, 0.2])
    actual = 50 + 10 * rng.normal(size=rows)
    error = np.where(race == "b", noise, 1.0) * 4 * rng.normal(size=rows)
    return subject(
        score=actual + error - np.where(race == "b", shift, 0),
        actual=actual,
        groups={"race": race, "sex": rng.choice(["F", "M"], rows)},
        task=Task.REGRESSION,
    )


WHOLE = drawn()
FOUND = regression(WHOLE)


@pytest.mark.parametrize("name", METRICS)
def test_every_number_equals_fairlearns(name):
    frame = MetricFrame(
        metrics=METRICS[name],
        y_true=WHOLE.evaluation["label"].to_numpy(),
        y_pred=WHOLE.score,
        sensitive_features=WHOLE.evaluation[["race"]],
    )
    for group, value in frame.by_group.items():
        found = FOUND.measure(name, attribute="race", group=group)
        assert found.value == pytest.approx(value, rel=1e-12, abs=1e-12)
        assert found.low < found.value < found.high
    assert FOUND.measure(f"{name}_gap", attribute="race").value == pytest.approx(
        frame.difference(), abs=1e-11
    )
    ratio = FOUND.select(f"{name}_ratio", attribute="race")
    assert not ratio or ratio[0].value == pytest.approx(frame.ratio(), rel=1e-12)


def test_the_interval_of_a_mean_is_students():
    errors = (WHOLE.score - WHOLE.evaluation["label"].to_numpy())[WHOLE.evaluation["race"] == "c"]
    low, high = stats.t.interval(0.95, len(errors) - 1, errors.mean(), stats.sem(errors))
    found = FOUND.measure("mean_error", attribute="race", group="c")
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)


@pytest.mark.parametrize("name", ["root_mean_squared_error", "r2"])
def test_intervals_of_errors_are_as_wide_as_resampling_says(name):
    rng = np.random.default_rng(6)
    actual, predicted = WHOLE.evaluation["label"].to_numpy(), WHOLE.score
    mine = np.flatnonzero(WHOLE.evaluation["race"] == "a")
    again = [METRICS[name](actual[i], predicted[i]) for i in rng.choice(mine, (2000, len(mine)))]
    low, high = np.quantile(again, [0.025, 0.975])
    found = FOUND.measure(name, attribute="race", group="a")
    assert found.high - found.low == pytest.approx(high - low, rel=0.1)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Normal numbers, 40 rows: the true mean error is 0, root mean squared error 4, R² 1 - 16 / 100."""
    truth = {"mean_error": 0.0, "root_mean_squared_error": 4.0, "r2": 0.84}
    rng, inside, draws = np.random.default_rng(9), dict.fromkeys(truth, 0), 400
    for _ in range(draws):
        actual = 10 * rng.normal(size=40)
        again = subject(
            score=actual + 4 * rng.normal(size=40), actual=actual, groups="a" * 40, task=Task.REGRESSION
        )
        found = regression(again)
        for name, value in truth.items():
            one = found.measure(name, attribute="group", group="a")
            inside[name] += one.low <= value <= one.high
    assert all(count / draws > 0.92 for count in inside.values()), inside


@planted("fairness.regression", "speaks")
def test_a_planted_shift_and_planted_noise_are_seen():
    shifted, noisy = regression(drawn(shift=3)), regression(drawn(noise=2))
    assert shifted.measure("mean_error_gap", attribute="race").low > 1
    assert shifted.measure("mean_error", attribute="race", group="b").high < 0
    assert noisy.measure("root_mean_squared_error_ratio", attribute="race").high < 0.8
    assert noisy.measure("mean_absolute_error_gap", attribute="race").low > 1


@planted("fairness.regression", "silent")
def test_equal_groups_are_not_accused():
    for name in METRICS:
        assert FOUND.measure(f"{name}_gap", attribute="race").low == 0
    assert FOUND.measure("mean_prediction_ratio", attribute="race").high == 1


def test_weights_stand_for_repeated_rows():
    weighted = dataclasses.replace(
        WHOLE,
        evaluation=WHOLE.evaluation.assign(times=3),
        roles=dataclasses.replace(WHOLE.roles, weight="times", weight_kind="frequency"),
    )
    thrice = regression(take(WHOLE, np.repeat(np.arange(WHOLE.rows), 3)))
    for one in regression(weighted).measures:
        (other,) = thrice.select(one.name, **one.of)
        ends = zip((one.value, one.low, one.high), (other.value, other.low, other.high), strict=True)
        assert all(a == b or a == pytest.approx(b, rel=1e-9) for a, b in ends)


def test_sampling_weights_keep_the_value_of_even_ones_and_widen_with_uneven_ones():
    def weighted(weights):
        return regression(
            dataclasses.replace(
                WHOLE,
                evaluation=WHOLE.evaluation.assign(w=weights),
                roles=dataclasses.replace(WHOLE.roles, weight="w", weight_kind="sampling"),
            )
        ).measure("mean_absolute_error", attribute="race", group="a")

    plain = FOUND.measure("mean_absolute_error", attribute="race", group="a")
    even = weighted(np.full(WHOLE.rows, 2.5))
    uneven = weighted(np.random.default_rng(1).exponential(size=WHOLE.rows))
    assert (even.value, even.low, even.n) == pytest.approx((plain.value, plain.low, plain.n), rel=1e-9)
    assert uneven.high - uneven.low > 1.1 * (plain.high - plain.low)


def test_large_numbers_lose_no_digits():
    far = dataclasses.replace(
        WHOLE,
        evaluation=WHOLE.evaluation.assign(label=WHOLE.evaluation["label"] + 1e7),
        score=WHOLE.score + 1e7,
    )
    for name in ("mean_error", "root_mean_squared_error", "r2"):
        near, other = (f.measure(name, attribute="race", group="b") for f in (FOUND, regression(far)))
        assert (other.value, other.low) == pytest.approx((near.value, near.low), rel=1e-6)


def test_a_group_whose_rows_are_all_alike_is_not_compared():
    """Perfect predictions for b: an error of 0 without an interval, and no gap that would trust it."""
    score = np.where(WHOLE.evaluation["race"] == "b", WHOLE.evaluation["label"], WHOLE.score)
    found = regression(dataclasses.replace(WHOLE, score=score))
    perfect = found.measure("mean_absolute_error", attribute="race", group="b")
    assert (perfect.value, perfect.low) == (0, None)
    assert "alike" in perfect.note
    assert found.measure("mean_absolute_error_gap", attribute="race").note == "1 of 3 groups not compared"


def test_means_that_are_not_above_zero_have_no_ratio():
    means = Means(np.array([-1.0, 2.0]), np.ones(2), np.full(2, 50.0), np.full(2, 49.0))
    found = lowest_mean_over_highest("mean_prediction_ratio", means, of={"attribute": "race"})
    assert (found.value, found.note) == (None, "a group's mean is not above 0, so no ratio is defined")


def test_reasons_when_nothing_can_be_measured():
    def why(**given):
        evidence = regression(subject(task=Task.REGRESSION, **given))
        assert evidence.outcome is not Outcome.MEASURED
        return evidence.reason

    assert "see `fairness.error_rates`" in regression(subject(decision=[1], groups="a")).reason
    assert why(score=[1.0], groups="a").startswith("no label column")
    assert why(actual=[1.0], groups="a").startswith("no prediction was supplied")
    assert why(actual=[1.0], score=[1.0]).startswith("no group column")
    assert why(actual=[np.nan], score=[1.0], groups="a").startswith("no row has all that is needed")
    alone = why(actual=[1.0] * 40, score=[1.0] * 40, groups="a" * 40)
    assert alone == "no attribute has two groups of 30 rows or more with a label"


@pytest.mark.parametrize("shape", SHAPES)
def test_no_gap_of_errors_accuses_groups_that_are_alike_more_often_than_meant(shape):
    """Few rows and long tails made R² and squared errors look surer than they are."""
    datasets = budget(250, 2000)
    found = accused((shape, 30, 2, 0.8), datasets, seed=1)
    for name, share in found.items():
        assert share <= 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / datasets), name


def test_the_error_of_r2_is_that_of_leaving_rows_out():
    """Of two ways to the error of R², the jackknife is the other; they agree where no row is far."""
    rng = np.random.default_rng(2)
    label = rng.uniform(-1, 1, 400)
    score = label + rng.uniform(-0.4, 0.4, 400)
    groups = ["a"] * 200 + ["b"] * 200
    found = regression(subject(actual=label, score=score, groups=groups, task=Task.REGRESSION))
    measure = found.measure("r2", attribute="group", group="a")
    each = [r2_score(np.delete(label[:200], i), np.delete(score[:200], i)) for i in range(200)]
    error = np.sqrt(199 / 200 * np.sum((each - np.mean(each)) ** 2))
    width = np.log((1 - measure.low) / (1 - measure.high)) / 2 / stdtrit(197, 0.975) * (1 - measure.value)
    assert width == pytest.approx(error, rel=0.03)

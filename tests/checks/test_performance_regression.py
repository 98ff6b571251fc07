"""How far numbers are from the truth, against scikit-learn, by hand, and where the answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp
from sklearn import metrics

from checks.model import Outcome, Roles, Task
from checks.performance.regression import regression
from tests.checks.builders import subject
from tests.checks.planted import planted


def numbers(actual, predicted, **more):
    return subject(
        actual=np.asarray(actual, float), score=np.asarray(predicted, float), task=Task.REGRESSION, **more
    )


def noisy(rows=400, noise=1.0, seed=3):
    rng = np.random.default_rng([9, seed])
    size = rng.normal(size=rows)
    actual = 10 + 3 * size + rng.normal(scale=noise, size=rows)
    table = pd.DataFrame({"size": size, "label": actual})
    whole = numbers(actual, 10 + 3 * size)
    roles = Roles(label="label", features=("size",))
    return dataclasses.replace(whole, evaluation=table, roles=roles)


def test_by_hand():
    """Errors 1, -1, 3, 0 of labels 1, 2, 3, 6: mean 0.75, sizes 1.25, squares 2.75, variance 3.5."""
    found = regression(numbers([1, 2, 3, 6], [2, 1, 6, 6]))
    assert found.measure("mean_error").value == pytest.approx(0.75)
    assert found.measure("mean_absolute_error").value == pytest.approx(1.25)
    assert found.measure("root_mean_squared_error").value == pytest.approx(np.sqrt(2.75))
    assert found.measure("r2").value == pytest.approx(1 - 2.75 / 3.5)
    assert found.measure("median_absolute_error").value == 1
    assert found.measure("mean_absolute_error", model="mean").value == pytest.approx(1.5)


def test_numbers_equal_scikit_learn_with_weights_too():
    whole = noisy()
    actual, predicted = whole.evaluation["label"].to_numpy(), whole.score
    weights = np.random.default_rng(0).integers(0, 4, len(actual)).astype(float)
    table = whole.evaluation.assign(w=weights)
    for kind, used in ((None, None), ("sampling", weights), ("frequency", weights)):
        roles = dataclasses.replace(
            whole.roles, weight="w" if kind else None, weight_kind=kind or "frequency"
        )
        found = regression(dataclasses.replace(whole, evaluation=table, roles=roles))
        for name, oracle in (
            ("mean_absolute_error", metrics.mean_absolute_error),
            ("root_mean_squared_error", metrics.root_mean_squared_error),
            ("r2", metrics.r2_score),
        ):
            assert found.measure(name).value == pytest.approx(
                oracle(actual, predicted, sample_weight=used), abs=1e-12
            )


def test_the_mean_error_has_students_interval():
    whole = noisy()
    found = regression(whole).measure("mean_error")
    interval = ttest_1samp(whole.score - whole.evaluation["label"], 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx(tuple(interval))


def test_frequency_weights_are_rows_written_once():
    whole = noisy(60)
    times = np.arange(60) % 3 + 1
    table = whole.evaluation.assign(w=times.astype(float))
    roles = dataclasses.replace(whole.roles, weight="w", weight_kind="frequency")
    weighted = regression(dataclasses.replace(whole, evaluation=table, roles=roles, training=table))
    again = np.repeat(np.arange(60), times)
    repeated = regression(
        dataclasses.replace(
            whole,
            evaluation=whole.evaluation.iloc[again].reset_index(drop=True),
            score=whole.score[again],
            training=table,
        )
    )
    for one in weighted.measures:
        other = repeated.measure(one.name, **one.of)
        assert (one.value, one.low, one.high) == pytest.approx(
            (other.value, other.low, other.high), abs=1e-9
        ), one


@planted("performance.regression", "speaks")
def test_a_system_no_nearer_than_the_mean_is_not_ahead_of_it():
    whole = noisy()
    shuffled = np.random.default_rng(1).permutation(whole.score)
    found = regression(dataclasses.replace(whole, score=shuffled))
    assert found.measure("mean_absolute_error_over_baseline").low > 0
    assert found.measure("r2").high < 0


@planted("performance.regression", "silent")
def test_a_good_system_is_ahead_of_the_mean_and_level_with_a_straight_line():
    found = regression(noisy())
    assert found.measure("mean_absolute_error_over_baseline").high < 0
    line = found.measure("mean_absolute_error_over_baseline", model="linear")
    assert line.low < 0 < line.high or abs(line.value) < 0.02
    assert "cross-validated" in line.note
    assert found.measure("mean_error").low < 0 < found.measure("mean_error").high


def test_the_interval_of_the_median_covers_it_in_95_of_100_samples():
    rng = np.random.default_rng([9, 4])
    covered = 0
    for _ in range(400):
        found = regression(numbers(rng.exponential(size=41), np.zeros(41))).measure("median_absolute_error")
        covered += found.low <= np.log(2) <= found.high
    assert covered >= 0.92 * 400


def test_residuals_show_where_along_the_scale_numbers_are_off():
    actual = np.arange(400.0)
    table = next(
        t for t in regression(numbers(actual, np.minimum(actual, 300))).tables if t.name == "residuals"
    )
    low, high = table.rows[0], table.rows[-1]
    assert low[2] == pytest.approx(low[3])
    assert high[2] == 300
    assert high[3] > 320
    assert sum(row[4] for row in table.rows) == 400


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_few_rows_have_numbers_without_intervals_and_say_why(rows):
    found = regression(numbers(np.arange(rows, dtype=float), np.zeros(rows)))
    assert found.outcome is Outcome.MEASURED
    median = found.measure("median_absolute_error")
    assert (median.low, median.note) == (None, "needs six rows or more")


def test_labels_that_are_all_alike_leave_nothing_to_explain():
    found = regression(numbers(np.full(50, 7.0), np.arange(50.0)))
    assert found.measure("r2").value is None
    assert "alike" in found.measure("r2").note

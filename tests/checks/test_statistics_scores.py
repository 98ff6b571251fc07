"""AUC and calibration against scikit-learn, statsmodels and definitions."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from checks.statistics import (
    Aucs,
    CalibrationErrors,
    Z,
    auc_difference,
    calibration_line,
    hanley_mcneil,
    hanley_mcneil_limits,
    highest_minus_lowest,
    reliability,
    roc_auc,
)

OF = {"attribute": "group"}

# Ranking


@pytest.fixture
def ranked():
    rng = np.random.default_rng(3)
    actual = rng.random(400) < 0.4
    score = np.round(rng.normal(size=400) + actual, 1)  # rounded: many ties
    return actual, score, rng.integers(1, 4, size=400).astype(float)


def test_auc_equals_scikit_learn_with_ties_and_weights(ranked):
    actual, score, weights = ranked
    assert roc_auc(actual, score) == pytest.approx(roc_auc_score(actual, score), abs=1e-12)
    weighted = roc_auc_score(actual, score, sample_weight=weights)
    assert roc_auc(actual, score, weights) == pytest.approx(weighted, abs=1e-12)


def test_an_auc_of_one_class_has_no_value():
    assert roc_auc(np.ones(5, dtype=bool), np.arange(5.0)) is None
    assert hanley_mcneil("roc_auc", None, 5, 0).note == "needs rows of both classes"


def test_limits_of_an_auc_are_where_the_estimate_is_z_errors_away():
    low, high = (float(limit) for limit in hanley_mcneil_limits(0.8, 30, 50))
    for theta in (low, high):
        scale = 1 + 39 * (1 - theta) / (2 - theta) + 39 * theta / (1 + theta)
        error = np.sqrt(theta * (1 - theta) * scale / (30 * 50))
        assert abs(theta - 0.8) == pytest.approx(Z * error, rel=1e-9)


def test_a_perfect_ranking_of_few_rows_is_not_certain():
    found = hanley_mcneil("roc_auc", 1.0, 10, 10)
    assert found.high == 1
    assert found.low < 0.9


def test_the_interval_of_an_auc_narrows_with_rows_and_holds_the_value():
    few, many = (hanley_mcneil("roc_auc", 0.7, n, n) for n in (20, 2000))
    assert few.low < many.low < 0.7 < many.high < few.high


def test_groups_that_rank_alike_are_not_told_apart():
    found = highest_minus_lowest(
        "roc_auc_gap",
        Aucs(np.array([0.80, 0.82]), np.full(2, 90.0), np.full(2, 90.0), np.full(2, 180.0)),
        of=OF,
    )
    assert (found.low, found.value) == pytest.approx((0, 0.02))


def test_the_difference_of_aucs_is_delongs(ranked):
    """Against the quadratic definition: all pairs of positives and negatives."""
    actual, score, _ = ranked
    other = np.random.default_rng(4).normal(size=400) + 0.3 * actual
    found = auc_difference(
        "difference", actual, (score, other), np.ones(400), (actual.sum(), (~actual).sum())
    )

    def wins(s):
        return (s[actual][:, None] > s[~actual]) + 0.5 * (s[actual][:, None] == s[~actual])

    difference = wins(score) - wins(other)
    variance = sum(difference.mean(axis=axis).var(ddof=1) / difference.shape[1 - axis] for axis in (0, 1))
    assert found.value == pytest.approx(difference.mean(), abs=1e-12)
    assert found.high - found.value == pytest.approx(Z * np.sqrt(variance), rel=1e-9)


def test_a_score_set_against_itself_differs_by_nothing_and_without_interval(ranked):
    actual, score, _ = ranked
    found = auc_difference("difference", actual, (score, score), np.ones(400), (160, 240))
    assert (found.value, found.low) == (0, None)
    assert auc_difference("d", actual, (score, score), np.ones(400), (1, 399)).value is None


# Calibration


def drawn(rows, seed, stretch=1.0):
    rng = np.random.default_rng([seed, rows])
    logit = rng.normal(size=rows)
    actual = rng.random(rows) < 1 / (1 + np.exp(-logit))
    return actual, 1 / (1 + np.exp(-stretch * logit)), np.ones(rows)


def test_bins_hold_equal_mass_and_all_rows():
    bins = reliability(*drawn(1003, 0))
    assert bins.n.sum() == 1003
    assert len(bins.n) == 10
    assert bins.n.max() - bins.n.min() <= 2
    assert bins.weight.sum() == pytest.approx(1)


def test_ties_share_a_bin():
    bins = reliability(np.arange(300) % 2 == 0, np.repeat([0.2, 0.5, 0.8], 100), np.ones(300))
    assert bins.mean_score == pytest.approx([0.2, 0.5, 0.8])
    assert list(bins.n) == [100, 100, 100]


def test_the_debiased_error_by_hand():
    """One bin: 70 of 100 came true at a score of 0.5; the squared distance less its variance."""
    bins = reliability(np.arange(100) < 70, np.full(100, 0.5), np.ones(100))
    p = 70.5 / 101
    assert bins.plain_error == pytest.approx(0.2)
    assert bins.error == pytest.approx(np.sqrt(0.04 - p * (1 - p) / 100))


def test_calibrated_scores_are_seldom_found_wanting_and_wrong_ones_always():
    """Of 60 seeded samples each: the interval leaves 0 at most in 5 of calibrated ones, always in others."""
    honest = [reliability(*drawn(500, seed)).error_limits(Z)[0] > 0 for seed in range(60)]
    extreme = [reliability(*drawn(500, seed, stretch=4)).error_limits(Z)[0] > 0 for seed in range(60)]
    assert sum(honest) <= 5
    assert all(extreme)


def test_luck_does_not_shorten_the_upper_limit():
    """Scores that fit better than chance allows still leave room for error."""
    actual = np.tile([True, False], 250)
    low, high = reliability(actual, np.full(500, 0.5), np.ones(500)).error_limits(Z)
    assert low == 0
    assert high > 0.02


def test_gaps_of_calibration_come_from_both_limits():
    bins = tuple(reliability(*drawn(400, 1, stretch)) for stretch in (1.0, 4.0))
    found = highest_minus_lowest("gap", CalibrationErrors(bins), of=OF)
    assert found.value == pytest.approx(bins[1].error - bins[0].error)
    assert found.low > 0
    assert CalibrationErrors(bins).take([1]).value[0] == bins[1].error


def test_the_calibration_line_equals_statsmodels():
    import statsmodels.api as sm

    actual, score, weights = drawn(400, 2, stretch=2)
    x = np.log(score / (1 - score))
    slope, level = calibration_line(actual, score, weights)
    fit = sm.GLM(actual.astype(float), sm.add_constant(x), family=sm.families.Binomial()).fit()
    offset = sm.GLM(actual.astype(float), np.ones(400), family=sm.families.Binomial(), offset=x).fit()
    assert (slope.value, slope.low, slope.high) == pytest.approx(
        (fit.params[1], *fit.conf_int()[1]), rel=1e-6
    )
    assert (level.value, level.low) == pytest.approx((offset.params[0], offset.conf_int()[0][0]), rel=1e-6)


@pytest.mark.parametrize(
    ("actual", "score"),
    [
        (np.ones(50, dtype=bool), np.linspace(0.1, 0.9, 50)),
        (np.arange(50) % 2 == 0, np.full(50, 0.5)),
        (np.arange(50) >= 25, np.linspace(0.1, 0.9, 50)),
    ],
    ids=["one class", "one score", "perfect separation"],
)
def test_a_line_without_a_finite_answer_is_none(actual, score):
    assert calibration_line(actual, score, np.ones(50)) is None

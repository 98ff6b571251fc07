"""Rates along a number: against plain least squares, resampling, and planted curves."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from checks.fairness.curve import curve
from checks.model import Outcome, Subject, Task
from checks.statistics.curve import POINTS, bandwidth, by_value, grid, smooth
from tests.checks.builders import subject, take
from tests.checks.planted import planted


def by_age(chance, rows=3000, seed=1, whole=True) -> Subject:
    """Return people between 18 and 79 who are favoured with the chance of their age."""
    rng = np.random.default_rng([29, seed])
    age = rng.integers(18, 80, rows).astype(float) if whole else rng.uniform(18, 80, rows)
    return subject(
        decision=(rng.random(rows) < chance(age)).astype(int),
        actual=rng.integers(0, 2, rows),
        groups={"age": age, "sex": rng.choice(["F", "M"], rows)},
        roles={"bins": {"age": (40.0,)}},
    )


def points(found, rate="selection_rate"):
    (table,) = found.tables
    return np.array([row[3:7] for row in table.rows if row[2] == rate], dtype=float)


@planted("fairness.curve", "speaks")
def test_a_fall_inside_a_bin_is_seen():
    """From 55 on people are favoured half as often; bins cut at 40 blur it."""
    found = curve(by_age(lambda age: np.where(age < 55, 0.6, 0.3)))
    assert found.measure("selection_rate_range", attribute="age").low > 0.1
    assert found.measure("selection_rate_concordance", attribute="age").high < 0.5
    at, value, *_ = points(found).T
    assert value[at < 50] == pytest.approx(0.6, abs=0.08)
    assert value[at > 62] == pytest.approx(0.3, abs=0.08)


@planted("fairness.curve", "silent")
def test_a_flat_rate_is_flat():
    found = curve(by_age(lambda age: np.full_like(age, 0.4)))
    assert found.measure("selection_rate_range", attribute="age").low == 0
    concordance = found.measure("selection_rate_concordance", attribute="age")
    assert concordance.low < 0.5 < concordance.high
    _, _, low, high = points(found).T
    assert ((low < 0.4) & (high > 0.4)).mean() > 0.8


def test_a_rise_and_a_fall_have_no_trend_but_a_range():
    found = curve(by_age(lambda age: 0.6 - 0.4 * np.abs(age - 48.5) / 31))
    concordance = found.measure("selection_rate_concordance", attribute="age")
    assert concordance.low < 0.5 < concordance.high
    assert found.measure("selection_rate_range", attribute="age").low > 0.1


def test_concordance_equals_scikit_learns_auc():
    whole = by_age(lambda age: age / 100)
    expected = roc_auc_score(whole.decision == "1", whole.evaluation["age"])
    found = curve(whole).measure("selection_rate_concordance", attribute="age")
    assert found.value == pytest.approx(expected, abs=1e-12)


def test_each_point_is_a_line_through_its_neighbours():
    """Weighted least squares with the same window, one point at a time."""
    whole = by_age(lambda age: age / 100, rows=500)
    age, hit = whole.evaluation["age"].to_numpy(), (whole.decision == "1").astype(float)
    along = by_value(age, hit, np.ones(500), sampling=False)
    at, width = grid(along), bandwidth(along)
    found = smooth(along, at, width)
    for x, value, size in zip(at, found.value, found.effective, strict=True):
        root = np.exp(-(((age - x) / width) ** 2) / 4)
        slope, level = np.polyfit(age - x, hit, 1, w=root)
        assert value == pytest.approx(np.clip(level, 0, 1), abs=1e-9)
        design = np.column_stack([np.ones(500), age - x]) * root[:, None]
        pull = (np.linalg.pinv(design) * root)[0]
        assert size == pytest.approx(1 / (pull**2).sum(), rel=1e-6)
        assert np.isfinite(slope)


def test_pointwise_intervals_hold_a_straight_truth_as_often_as_they_say():
    inside = []
    for seed in range(150):
        at, _, low, high = points(curve(by_age(lambda age: 0.2 + age / 200, rows=400, seed=seed))).T
        truth = 0.2 + at / 200
        inside.append((low <= truth) & (truth <= high))
    assert np.mean(inside) > 0.93


def test_many_values_are_rounded_and_tell_the_same():
    exact = by_age(lambda age: age / 100, rows=5000, whole=False)
    age, hit = exact.evaluation["age"].to_numpy(), (exact.decision == "1").astype(float)
    fine = by_value(age, hit, np.ones(5000), sampling=False)
    assert len(fine.value) <= 2001
    assert fine.n.sum() == 5000
    at, width = grid(fine), bandwidth(fine)
    assert len(at) == POINTS
    x = at[7]
    slope, level = np.polyfit(age - x, hit, 1, w=np.exp(-(((age - x) / width) ** 2) / 4))
    assert smooth(fine, at, width).value[7] == pytest.approx(level, abs=1e-3)
    assert slope > 0


def test_weights_stand_for_repeated_rows_on_the_curve():
    whole = by_age(lambda age: age / 100, rows=400)
    weights = np.random.default_rng(3).integers(1, 4, 400)
    weighted = dataclasses.replace(
        whole,
        evaluation=whole.evaluation.assign(times=weights),
        roles=dataclasses.replace(whole.roles, weight="times", weight_kind="frequency"),
    )
    repeated = curve(take(whole, np.repeat(np.arange(400), weights)))
    assert points(curve(weighted)) == pytest.approx(points(repeated), rel=1e-9)


def test_people_without_a_number_are_counted():
    whole = by_age(lambda age: age / 100, rows=1000)
    table = whole.evaluation.copy()
    table.loc[:99, "age"] = np.nan
    found = curve(dataclasses.replace(whole, evaluation=table))
    assert found.measure("not_stated_share", attribute="age").value == pytest.approx(0.1)
    assert found.measure("selection_rate_range", attribute="age").n == 900


def test_each_of_several_classes_has_its_curve():
    whole = by_age(lambda age: age / 100, rows=600)
    many = dataclasses.replace(whole, task=Task.MULTICLASS)
    binary = curve(whole).measure("selection_rate_concordance", attribute="age")
    of_one = curve(many).measure("selection_rate_concordance", attribute="age", **{"class": "1"})
    of_none = curve(many).measure("selection_rate_concordance", attribute="age", **{"class": "0"})
    assert (of_one.value, of_one.low) == (binary.value, binary.low)
    assert of_none.value == pytest.approx(1 - binary.value)


def predicted(fault, rows=1200, seed=1) -> Subject:
    """Return predicted numbers that are off by *fault* of the age."""
    rng = np.random.default_rng([31, seed])
    age, actual = rng.integers(18, 80, rows).astype(float), 50 + 10 * rng.normal(size=rows)
    return subject(
        score=actual + fault(age) + 4 * rng.normal(size=rows),
        actual=actual,
        groups={"age": age},
        task=Task.REGRESSION,
        roles={"bins": {"age": (40.0,)}},
    )


def test_errors_of_predicted_numbers_have_a_curve():
    bad = curve(predicted(lambda age: np.where(age > 60, -5.0, 0.0)))
    assert bad.measure("mean_error_range", attribute="age").low > 2
    at, value, *_ = points(bad, "mean_error").T
    assert value[at < 50] == pytest.approx(0, abs=1)
    assert value[at > 68] == pytest.approx(-5, abs=1)
    good = curve(predicted(lambda age: 0 * age))
    assert good.measure("mean_error_range", attribute="age").low == 0


def test_pointwise_intervals_of_means_hold_a_straight_truth_as_often_as_they_say():
    inside = []
    for seed in range(120):
        at, _, low, high = points(curve(predicted(lambda age: age / 20, 300, seed)), "mean_error").T
        inside.append((low <= at / 20) & (at / 20 <= high))
    assert 0.93 < np.mean(inside) < 0.98


def test_reasons_when_there_is_no_curve():
    text = curve(subject(decision=[1, 0] * 20, groups="ab" * 20))
    assert text.outcome is Outcome.NOT_APPLICABLE
    assert "no protected attribute holds numbers" in text.reason
    few = curve(subject(decision=[1, 0] * 10, groups={"age": np.arange(20.0)}))
    assert (few.outcome, few.reason) == (Outcome.INCONCLUSIVE, "no rate has 30 people with a number")

"""What another threshold would change, and what errors cost: by hand, and where the answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from checks.model import Outcome, Task
from checks.performance.costs import Prices, costs
from checks.performance.thresholds import thresholds
from tests.checks.builders import credit, subject
from tests.checks.planted import planted

SCORES = [0.1, 0.42, 0.46, 0.48, 0.5, 0.52, 0.54, 0.6, 0.9, 0.95]
PRICES = {"false_positive": 2.0, "false_negative": 10.0, "true_positive": -1.0}


def costly(**more):
    return dataclasses.replace(subject(**more), facts={"costs": PRICES})


def test_near_and_changed_by_hand():
    """0.46 to 0.54 are near; 0.45 turns 0.46 and 0.48, 0.55 turns 0.5, 0.52 and 0.54."""
    found = thresholds(subject(decision=[int(s >= 0.5) for s in SCORES], score=SCORES))
    assert found.measure("near_threshold_share").value == pytest.approx(0.5)
    assert found.measure("changed_share", case="0.05 lower").value == pytest.approx(0.2)
    assert found.measure("changed_share", case="0.05 higher").value == pytest.approx(0.3)


def test_the_table_has_the_rates_of_every_threshold():
    whole = credit(500)
    table = next(t for t in thresholds(whole).tables if t.name == "thresholds")
    assert len(table.rows) == 19
    row = dict(zip(table.columns, table.rows[4], strict=True))
    above = whole.score >= row["threshold"]
    actual = whole.evaluation["label"].astype(str).to_numpy() == "1"
    assert row["threshold"] == pytest.approx(0.25)
    assert row["positive_rate"] == pytest.approx(above.mean())
    assert row["accuracy"] == pytest.approx((above == actual).mean())
    assert row["true_positive_rate"] == pytest.approx(above[actual].mean())
    assert row["false_positive_rate"] == pytest.approx(above[~actual].mean())
    sex = whole.groups("sex")
    rates = [above[sex == group].mean() for group in np.unique(sex[sex != "not stated"])]
    assert row["impact_ratio of sex"] == pytest.approx(min(rates) / max(rates))


@planted("performance.thresholds", "speaks")
def test_a_crowd_at_the_threshold_is_seen_and_moves_the_ratio():
    score = np.r_[np.full(50, 0.48), np.full(50, 0.9), np.full(100, 0.9)]
    groups = ["A"] * 100 + ["B"] * 100
    found = thresholds(subject(decision=(score >= 0.5).astype(int), score=score, groups=groups))
    assert found.measure("near_threshold_share").low > 0.15
    assert found.measure("impact_ratio", attribute="group", case="0.05 lower").value == 1
    assert found.measure("impact_ratio", attribute="group", case="0.05 higher").value == pytest.approx(0.5)


@planted("performance.thresholds", "silent")
def test_scores_far_from_the_threshold_change_nothing():
    score = np.r_[np.full(100, 0.1), np.full(100, 0.9)]
    found = thresholds(subject(decision=(score >= 0.5).astype(int), score=score))
    assert found.measure("near_threshold_share").high < 0.03
    assert found.measure("changed_share", case="0.05 lower").value == 0


def test_scores_that_are_no_probabilities_are_cut_by_people():
    score = np.arange(100.0) * 7 - 50
    found = thresholds(subject(decision=(score >= 0.5).astype(int), score=score))
    assert not found.measures
    assert [row[1] for row in found.tables[0].rows] == pytest.approx(
        [1 - k / 20 for k in range(1, 20)], abs=0.011
    )


def test_the_cost_by_hand():
    """Two right yes (-1 each), one wrong yes (2), one wrong no (10), one right no (0): 10 for 5 people."""
    found = costs(costly(decision=[1, 1, 1, 0, 0], actual=[1, 1, 0, 1, 0]))
    assert found.measure("expected_cost").value == pytest.approx(2)
    assert found.measure("expected_cost", model="always positive").value == pytest.approx((-3 + 4) / 5)
    assert found.measure("expected_cost", model="always negative").value == pytest.approx(30 / 5)
    assert found.measure("saving").value == pytest.approx(0.2 - 2)


def test_the_interval_of_the_cost_is_students():
    rng = np.random.default_rng([15, 1])
    actual, decided = rng.integers(0, 2, (2, 200))
    found = costs(costly(decision=decided, actual=actual)).measure("expected_cost")
    values = Prices(**PRICES).of(decided == 1, actual == 1)
    interval = ttest_1samp(values, 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx(tuple(interval))


def test_the_implied_threshold_makes_both_decisions_cost_the_same():
    """At 2/13 a yes costs 11/13 x 2 - 2/13 x 1 and a no costs 2/13 x 10: both 20/13."""
    t = Prices(**PRICES).implied_threshold
    assert t == pytest.approx(2 / 13)
    assert (1 - t) * 2 - t == pytest.approx(t * 10)
    assert Prices(0, 5).implied_threshold is None


@planted("performance.costs", "speaks")
def test_a_threshold_at_odds_with_the_prices_costs_more():
    whole = dataclasses.replace(
        credit(2000), facts={"costs": {"false_positive": 1.0, "false_negative": 20.0}}
    )
    found = costs(whole)
    assert found.measure("saving_at_implied_threshold").low > 0
    assert found.measure("expected_cost", attribute="race", group="A").low is not None
    assert found.measure("expected_cost_gap", attribute="race").value > 0


@planted("performance.costs", "silent")
def test_a_calibrated_system_at_even_prices_saves_and_cannot_be_moved():
    whole = dataclasses.replace(credit(2000), facts={"costs": {"false_positive": 1.0, "false_negative": 1.0}})
    found = costs(whole)
    assert found.measure("saving").low > 0
    assert found.measure("saving_at_implied_threshold").value == 0


def test_without_prices_or_for_other_tasks_the_reason_is_said():
    assert costs(subject(decision=[1], actual=[1])).reason.startswith("no costs were declared")
    other = costly(actual=[1.0], score=[1.0], task=Task.REGRESSION)
    for check in (costs, thresholds):
        assert check(other).outcome is Outcome.NOT_APPLICABLE

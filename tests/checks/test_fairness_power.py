"""Planned gaps and rows are what simulation finds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from checks.fairness.power import power
from checks.statistics import Proportions, gap_limits
from checks.statistics.power import POWER, planned
from tests.budgets import budget
from tests.checks.builders import credit, subject
from tests.checks.planted import planted as truth


def decided(*groups):
    decision = [d for _, hits, n in groups for d in [1] * hits + [0] * (n - hits)]
    return subject(decision=decision, groups=[name for name, _, n in groups for _ in range(n)])


DRAWS = budget(1500, 10_000)


def shown(rates, sizes) -> float:
    """Return how often groups of these rates and sizes are shown to differ."""
    rng = np.random.default_rng(31)
    hits = rng.binomial(np.asarray(sizes), np.asarray(rates), (DRAWS, len(sizes)))
    return float(np.mean([gap_limits([Proportions.of_counts(h, sizes)])[0] > 0 for h in hits]))


@pytest.mark.parametrize("sizes", [(200, 200), (100, 600), (150, 150, 150, 150, 150)])
def test_the_detectable_gap_is_shown_as_often_as_planned(sizes):
    """Only the two smallest groups differ, by the planned gap around a half."""
    at_half = Proportions.of_counts(np.asarray(sizes) / 2, sizes)
    gap = planned(at_half).detectable_gap
    rates = np.full(len(sizes), 0.5)
    rates[0] += gap / 2
    rates[1] -= gap / 2
    assert shown(rates, sizes) == pytest.approx(POWER, abs=0.09)


def test_the_planned_rows_show_the_gap_that_was_found():
    """40 and 50 of 100 are not shown to differ; with the rows told they are, four times in five."""
    found = planned(Proportions.of_counts([40, 50], [100, 100]))
    each = round(found.rows_needed / 2)
    assert each == pytest.approx((norm.ppf(0.975) + norm.ppf(0.8)) ** 2 * 0.49 / 0.01, rel=0.03)
    assert shown((0.4, 0.5), (each, each)) == pytest.approx(POWER, abs=0.05)


def test_more_groups_cost_more_rows():
    costs = [planned(Proportions.of_counts([50] * k, [100] * k)).groups_cost for k in (2, 3, 5, 12)]
    assert costs[0] == pytest.approx(1)
    assert costs == sorted(costs)
    assert costs[-1] == pytest.approx(
        ((norm.ppf(1 - (1 - 0.95 ** (1 / 66)) / 2) + 0.8416) / 2.8016) ** 2, rel=1e-3
    )


@truth("fairness.power", "speaks")
def test_groups_far_apart_are_shown_to_differ_and_need_fewer_rows_than_there_are():
    found = power(decided(("a", 160, 200), ("b", 80, 200)))
    of = {"attribute": "group", "case": "selection_rate"}
    assert found.measure("shown_to_differ", **of).value == 1
    assert found.measure("rows_needed", **of).value < 100


@truth("fairness.power", "silent")
def test_groups_alike_are_not_shown_to_differ_and_the_reader_learns_what_was_too_small_to_see():
    found = power(decided(("a", 100, 200), ("b", 98, 200)))
    of = {"attribute": "group", "case": "selection_rate"}
    assert found.measure("shown_to_differ", **of).value == 0
    assert found.measure("detectable_gap", **of).value == pytest.approx(0.14, abs=0.01)
    rows = found.measure("rows_needed", **of)
    assert rows.value > 20_000
    assert "planning number" in rows.note
    equal = power(decided(("a", 50, 100), ("b", 50, 100))).measure("rows_needed", **of)
    assert (equal.value, equal.note) == (
        None,
        "the rates are equal, so no number of rows would show a difference",
    )


def test_every_rate_that_can_be_measured_is_planned():
    found = power(credit(600, 10))
    cases = {m.of["case"] for m in found.measures}
    assert cases == {"selection_rate", "true_positive_rate", "false_positive_rate"}
    alone = power(decided(("a", 20, 40)))
    assert alone.reason == "no attribute has two groups of 30 rows or more"
    assert alone.measure("rows_needed", attribute="group", case="selection_rate").value is None

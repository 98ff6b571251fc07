"""Small groups are drawn towards all groups as far as their size asks for, and are right more often so."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom

from checks.fairness.error_rates import RATES, error_rates
from checks.fairness.selection_rate import selection_rate
from checks.statistics import Proportions
from checks.statistics.shrinkage import prior
from tests.checks.builders import credit, subject


def decided(*groups):
    decision = [d for _, hits, n in groups for d in [1] * hits + [0] * (n - hits)]
    return subject(decision=decision, groups=[name for name, _, n in groups for _ in range(n)])


def test_the_drawn_rate_is_that_of_numerical_integration():
    """The same model on a grid twenty times as fine, without the shortcut of a few means for each worth."""
    hits, n = np.array([12, 30, 9, 55, 14, 2]), np.array([40, 60, 60, 90, 20, 10])
    mean = np.linspace(0.005, 0.995, 300)[:, None, None]
    worth = np.geomspace(1, 1e4, 300)[None, :, None]
    a, b = mean * worth, (1 - mean) * worth
    found = betabinom.logpmf(hits, n, a, b).sum(axis=2)
    typical = len(n) / (1 / n).sum()
    found += np.log(worth * typical / (worth + typical) ** 2)[..., 0] - np.log(mean * (1 - mean))[..., 0]
    chance = np.exp(found - found.max())
    chance /= chance.sum()
    for h, size in zip(hits, n, strict=True):
        exact = float((chance * ((a + h) / (a + b + size))[..., 0]).sum())
        value, low, high = prior(Proportions.of_counts(hits, n)).after(h, size)
        assert value == pytest.approx(exact, abs=0.01)
        assert low < exact < high


def test_groups_alike_are_drawn_all_the_way_and_groups_apart_hardly():
    alike = prior(Proportions.of_counts([200, 201, 199, 202], [400] * 4))
    assert alike.after(0, 5)[0] == pytest.approx(0.5, abs=0.02)
    apart = prior(Proportions.of_counts([20, 380, 200, 100, 300], [400] * 5))
    assert apart.after(10, 100)[0] == pytest.approx(0.1, abs=0.03)


def test_two_groups_or_no_hit_at_all_tell_nothing_in_common():
    assert prior(Proportions.of_counts([1, 2], [5, 5])) is None
    assert prior(Proportions.of_counts([0, 0, 0], [5, 5, 5])) is None
    assert prior(Proportions.of_counts([5, 5, 5], [5, 5, 5])) is None


@pytest.mark.parametrize(("groups", "shape"), [(12, (12, 12)), (3, (12, 12)), (12, (500, 500)), (8, (1, 12))])
def test_drawn_rates_lie_nearer_to_the_truth_and_their_intervals_hold_on_average(groups, shape):
    """Groups of 20 whose true rates are drawn from a beta distribution, wide or narrow."""
    rng, n = np.random.default_rng(5), np.full(groups, 20)
    plain, drawn, inside = [], [], []
    for _ in range(200):
        truth = rng.beta(*shape, groups)
        hits = rng.binomial(n, truth)
        common = prior(Proportions.of_counts(hits, n))
        for one, h in zip(truth, hits, strict=True) if common else ():
            value, low, high = common.after(h, 20)
            plain.append((h / 20 - one) ** 2)
            drawn.append((value - one) ** 2)
            inside.append(low <= one <= high)
    assert np.mean(drawn) < 0.75 * np.mean(plain)
    assert np.mean(inside) > 0.91


def test_only_groups_too_small_to_compare_get_a_second_rate():
    found = selection_rate(decided(("a", 60, 100), ("b", 50, 100), ("c", 55, 100), ("d", 0, 8)))
    small = found.measure("selection_rate_shrunk", attribute="group", group="d")
    assert small.value > 0.3
    assert small.low < small.value < small.high
    assert small.note.startswith("under 30 rows: not compared; beside the plain rate")
    assert "prior worth" in small.method
    assert found.measure("selection_rate", attribute="group", group="d").value == 0
    assert len([m for m in found.measures if m.name == "selection_rate_shrunk"]) == 1


def test_people_whose_group_is_not_stated_are_no_group_to_draw():
    whole = subject(decision=[1, 0] * 60, groups=["a"] * 40 + ["b"] * 40 + ["c"] * 30 + [None] * 10)
    assert not [m for m in selection_rate(whole).measures if m.name.endswith("_shrunk")]


def test_every_error_rate_of_a_small_crossing_has_one():
    names = {m.name for m in error_rates(credit(240, 10)).measures if m.name.endswith("_shrunk")}
    assert names == {f"{name}_shrunk" for name in RATES}

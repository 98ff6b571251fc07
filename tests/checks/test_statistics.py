"""Every interval against an oracle, and its coverage by summing over all outcomes (no simulation)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import binom, fisher_exact, norm, ttest_1samp
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
    proportions_ztest,
)

from checks.model import Kind
from checks.statistics import (
    Normals,
    Proportions,
    Z,
    clopper_pearson,
    clopper_pearson_limits,
    difference_p_value,
    gap_limits,
    highest_minus_lowest,
    largest_gap,
    lowest_over_highest,
    mean_gap,
    mean_of,
    over_highest,
    over_reference,
    paired_difference,
    ratio_limits,
    wilson,
    wilson_limits,
)

OF = {"attribute": "group"}
RATES = [0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 1.0]


def counts(*pairs):
    return Proportions.of_counts([hits for hits, _ in pairs], [n for _, n in pairs])


# One share


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (1, 10), (5, 10), (10, 10), (295, 395), (3, 2000)])
def test_wilson_equals_statsmodels(hits, n):
    low, high = proportion_confint(hits, n, method="wilson")
    found = wilson("rate", hits, n, of=OF)
    assert (found.value, found.n) == (hits / n, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (1, 10), (5, 10), (10, 10), (295, 395)])
def test_clopper_pearson_equals_statsmodels(hits, n):
    expected = proportion_confint(hits, n, method="beta")
    found = clopper_pearson("rate", hits, n)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("make", [wilson, clopper_pearson])
def test_a_share_of_nobody_has_no_value_and_says_so(make):
    found = make("rate", 0, 0)
    assert (found.value, found.low, found.n, found.note) == (None, None, 0, "nobody in the denominator")


def test_clopper_pearson_never_covers_too_little():
    """Exact over all outcomes of 25 trials."""
    limits = np.array([clopper_pearson_limits(x, 25) for x in range(26)])
    for p in np.linspace(0.01, 0.99, 33):
        assert binom.pmf(np.arange(26), 25, p)[(limits[:, 0] <= p) & (p <= limits[:, 1])].sum() >= 0.95


def test_wilson_covers_its_level_on_average_and_never_far_less():
    n = 40
    low, high = wilson_limits(np.arange(n + 1) / n, n)
    covered = [
        binom.pmf(np.arange(n + 1), n, p)[(low <= p) & (p <= high)].sum() for p in np.linspace(0.01, 0.99, 99)
    ]
    assert np.mean(covered) == pytest.approx(0.953, abs=0.006)
    assert min(covered) > 0.9


def test_sampling_weights_widen_the_interval_and_keep_the_share():
    """Half the effective size, the same share: the interval is that of half the people."""
    found = wilson("rate", 60.0, 100.0, rows=80, effective=50)
    half = wilson("rate", 30, 50)
    assert (found.value, found.n) == (0.6, 80)
    assert (found.low, found.high) == pytest.approx((half.low, half.high))
    assert "effective n 50.0" in found.method


def test_a_mean_has_students_interval():
    values = np.array([0.1, 0.2, 0.4, 0.9])
    found = mean_of("loss", values, np.ones(4), 4, rows=4, bounds=(-np.inf, np.inf))
    expected = ttest_1samp(values, 0).confidence_interval()
    assert found.value == pytest.approx(0.4)
    assert (found.low, found.high) == pytest.approx(tuple(expected))


def test_a_mean_of_equal_values_has_no_interval_and_says_so():
    found = mean_of("loss", np.zeros(5), np.ones(5), 5, rows=5, bounds=(0, 1))
    assert (found.value, found.low, found.high) == (0, None, None)
    assert found.note == "all rows are alike, so the spread cannot be estimated"


# Gaps and ratios


@pytest.mark.parametrize(
    "pairs", [((56, 70), (48, 80)), ((9, 10), (3, 10)), ((10, 10), (0, 20)), ((5, 56), (0, 29))]
)
def test_two_groups_have_newcombes_interval(pairs):
    (x1, n1), (x2, n2) = pairs
    low, high = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb", compare="diff")
    found = highest_minus_lowest("gap", counts(*pairs), of=OF)
    assert found.value == x1 / n1 - x2 / n2
    assert (found.low, found.high) == pytest.approx((max(low, 0), min(high, 1)), abs=1e-12)


def test_newcombes_published_example():
    """56/70 against 48/80: 0.0524 to 0.3339 (Newcombe 1998, table II a, method 10)."""
    found = highest_minus_lowest("gap", counts((56, 70), (48, 80)), of=OF)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_two_large_groups_have_nearly_the_textbook_interval_of_a_ratio():
    low, high = confint_proportions_2indep(1500, 5000, 2000, 5000, method="log", compare="ratio")
    found = lowest_over_highest("ratio", counts((1500, 5000), (2000, 5000)), of=OF)
    assert found.value == pytest.approx(0.75)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.001)


def missed(sizes, rates, limits, truth):
    """Return how often the limits miss on either side, exactly: the sum over all outcomes."""
    chance = np.array([1.0])
    for n, p in zip(sizes, rates, strict=True):
        chance = np.multiply.outer(chance, binom.pmf(np.arange(n + 1), n, p)).ravel()
    low, high = limits.T
    return chance[low > truth + 1e-12].sum(), chance[high < truth - 1e-12].sum()


def gap(groups):
    return gap_limits([groups])


def ratio(groups):
    if groups.value.max() == 0:
        return 0.0, 1.0
    found = lowest_over_highest("ratio", groups, of=OF)
    return found.low, found.high


@pytest.mark.parametrize("statistic", [gap, ratio])
@pytest.mark.parametrize("sizes", [(30, 60), (12, 12, 12)])
def test_limits_of_the_extreme_groups_hold(statistic, sizes):
    """Neither limit misses much more than its level says, for equal groups and for unequal ones.

    Not for rates more than 0.75 apart: there the hybrid falls short (8 in 100), and nobody needs an interval.
    """
    outcomes = itertools.product(*(range(n + 1) for n in sizes))
    limits = np.array([statistic(Proportions.of_counts(hits, sizes)) for hits in outcomes])
    for rates in itertools.combinations_with_replacement([0.05, 0.2, 0.5, 0.8, 0.95, 1.0], len(sizes)):
        for order in (rates, rates[::-1]) if rates[-1] - rates[0] <= 0.75 else ():
            truth = order[0] / order[-1] if statistic is ratio else abs(order[0] - order[-1])
            truth = min(truth, 1 / truth) if statistic is ratio else truth
            below, above = missed(sizes, order, limits, truth)
            assert below <= 0.06, (order, below)
            assert above <= 0.06, (order, above)
            assert below + above <= 0.07, order


def test_equal_groups_are_seldom_told_apart_however_many_there_are():
    """Four groups of 8, all at one rate: the lower limit of the gap leaves 0 in at most 5 of 100 samples."""
    sizes = (8,) * 4
    limits = np.array([gap(Proportions.of_counts(x, sizes)) for x in itertools.product(range(9), repeat=4)])
    for p in (0.3, 0.5):
        below, above = missed(sizes, (p,) * 4, limits, 0.0)
        assert below <= 0.05
        assert above == 0


def test_more_groups_widen_the_limit_towards_equality_only():
    two, three = counts((80, 100), (50, 100)), counts((80, 100), (50, 100), (65, 100))
    (low2, high2), (low3, high3) = gap(two), gap(three)
    assert low3 < low2
    assert high3 == pytest.approx(high2)


def test_a_ratio_of_full_groups_is_not_certain():
    """30 of 30 and 40 of 40: the ratio is 1, and its interval is not a point."""
    found = lowest_over_highest("ratio", counts((30, 30), (40, 40)), of=OF)
    assert (found.value, found.high) == (1, 1)
    assert 0.8 < found.low < 0.95


def test_a_rate_of_zero_gives_a_ratio_of_zero_with_a_limit():
    found = lowest_over_highest("ratio", counts((0, 40), (20, 40)), of=OF)
    assert (found.value, found.low) == (0, 0)
    assert 0 < found.high < 0.5


def test_rates_of_zero_everywhere_have_no_ratio():
    why = "the rate is 0 in every group, so no ratio is defined"
    zeros = counts((0, 40), (0, 50))
    assert lowest_over_highest("ratio", zeros, of=OF).note == why
    assert [m.note for m in over_highest("ratio", zeros, [OF, OF])] == [why, why]
    assert over_reference("ratio", counts((4, 40)), counts((0, 40)), of=OF).value is None


@pytest.mark.parametrize("make", [highest_minus_lowest, lowest_over_highest, difference_p_value])
def test_one_group_is_not_compared_and_the_measure_says_so(make):
    found = make("number", counts((3, 40)), of=OF)
    assert (found.value, found.note) == (None, "fewer than two groups are large enough to compare")


def test_thousands_of_groups_are_refused_with_the_way_out():
    many = Proportions.of_counts(np.full(1001, 5.0), np.full(1001, 40.0))
    assert highest_minus_lowest("gap", many, of=OF).note.endswith("merge groups or cut the values into bins")


def test_each_group_over_the_highest_by_hand():
    """0.8, 0.6 and 0.4: 1, 0.75 and 0.5; the whole is the worst of them."""
    groups = counts((80, 100), (60, 100), (40, 100))
    found = over_highest("ratio", groups, [{"group": g} for g in "abc"])
    assert [m.value for m in found] == pytest.approx([1, 0.75, 0.5])
    whole = lowest_over_highest("ratio", groups, of=OF)
    assert (found[2].low, found[2].high) == (whole.low, whole.high)
    assert all(m.low <= m.value <= m.high <= 1 for m in found)
    low, high = ratio_limits(groups)
    assert (low.min(), high.min()) == (whole.low, whole.high)


def test_a_ratio_to_a_reference_may_exceed_one_and_is_sharper():
    group, reference = counts((60, 100)), counts((40, 100))
    found = over_reference("ratio", group, reference, of=OF)
    assert found.value == pytest.approx(1.5)
    assert found.low > 1
    all_pairs = over_highest("ratio", counts((60, 100), (40, 100), (50, 100)), [OF] * 3)[1]
    back = over_reference("ratio", reference, group, of=OF)
    assert back.high - back.low < all_pairs.high - all_pairs.low


def test_equalized_and_average_odds_by_hand():
    """True positive rates 0.9 and 0.7, false ones 0.3 and 0.2: the larger gap is 0.2, the mean 0.15."""
    parts = counts((90, 100), (70, 100)), counts((30, 100), (20, 100))
    larger, mean = largest_gap("equalized", parts, of=OF), mean_gap("average", parts, of=OF)
    assert (larger.value, mean.value) == pytest.approx((0.2, 0.15))
    assert larger.low < gap(parts[0])[0]  # more pairs
    assert mean.low <= mean.value <= mean.high
    assert larger.n == mean.n == 400
    nobody = counts((90, 100)), parts[1]
    assert largest_gap("equalized", nobody, of=OF).value is None
    assert mean_gap("average", nobody, of=OF).value is None


def test_a_gap_of_normal_estimates_is_the_textbook_one():
    groups = Normals(np.array([1.0, 0.2]), np.array([0.1, 0.2]), np.array([50.0, 50.0]))
    found = highest_minus_lowest("gap", groups, of=OF, bound=None)
    half = Z * np.hypot(0.1, 0.2)
    assert (found.low, found.high) == pytest.approx((0.8 - half, 0.8 + half))


# Tests


def test_the_difference_of_two_groups_is_the_pooled_z_test():
    p = proportions_ztest([943, 295], [1250, 395])[1]
    found = difference_p_value("p", counts((943, 1250), (295, 395)), of=OF)
    assert found.value == pytest.approx(p, abs=1e-12)
    assert (found.unit, found.kind, found.method) == ("p-value", Kind.EXACT, "pooled z, two-sided")


def test_few_people_are_tested_exactly():
    found = difference_p_value("p", counts((9, 10), (3, 12)), of=OF)
    assert found.value == pytest.approx(fisher_exact([[3, 9], [9, 1]]).pvalue)
    assert found.method == "Fisher exact, two-sided"


def test_the_extreme_pair_of_many_pays_for_having_been_chosen():
    plain = difference_p_value("p", counts((60, 100), (40, 100)), of=OF).value
    among = difference_p_value("p", counts((60, 100), (40, 100), (50, 100)), of=OF).value
    assert among == pytest.approx(3 * plain)
    assert difference_p_value("p", counts((50, 50), (50, 50), (50, 50)), of=OF).value == 1


def test_the_paired_difference_by_hand():
    """Of 100 rows the first alone is right in 20, the second alone in 10."""
    first = np.array([1] * 20 + [0] * 10 + [1] * 70, dtype=bool)
    second = np.array([0] * 20 + [1] * 10 + [1] * 70, dtype=bool)
    found = paired_difference("difference", first, second, np.ones(100), 100)
    up, down = 21 / 102, 11 / 102
    half = norm.ppf(0.975) * np.sqrt((up + down - (up - down) ** 2) / 102)
    assert found.value == pytest.approx(0.1)
    assert (found.low, found.high) == pytest.approx((up - down - half, up - down + half))
    assert paired_difference("d", first[:0], second[:0], np.ones(0), 0).note == "no rows"

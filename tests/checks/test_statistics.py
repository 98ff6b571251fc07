"""Every interval against an oracle, and its coverage by summing over all outcomes (no simulation)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import binom, fisher_exact, norm
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
    proportions_ztest,
)

from checks.model import Kind
from checks.statistics import (
    Aucs,
    CalibrationErrors,
    Normals,
    Proportions,
    Z,
    auc_difference,
    calibration_line,
    clopper_pearson,
    clopper_pearson_limits,
    difference_p_value,
    gap_limits,
    hanley_mcneil,
    hanley_mcneil_limits,
    highest_minus_lowest,
    holm,
    largest_gap,
    lowest_over_highest,
    mean_gap,
    mean_of,
    over_highest,
    over_reference,
    paired_difference,
    ratio_limits,
    reliability,
    roc_auc,
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


def test_a_mean_has_the_normal_interval():
    values = np.array([0.1, 0.2, 0.4, 0.9])
    found = mean_of("loss", values, np.ones(4), 4, rows=4, bounds=(0, np.inf))
    half = Z * values.std(ddof=1) / 2
    assert (found.value, found.high) == pytest.approx((0.4, 0.4 + half))


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


def test_holm_equals_statsmodels():
    p = [0.04, 0.001, 0.2, 0.013, 0.04, 0.9]
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert holm([]).size == 0


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

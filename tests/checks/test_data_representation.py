"""Groups that are too few, or missing, are seen; shares as in the population are not accused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from checks.data.representation import representation
from checks.model import Kind, Outcome
from checks.statistics import wilson_limits
from checks.statistics.shares import Against, detectable_difference, shares_p_value
from tests.budgets import budget
from tests.checks.builders import credit, subject
from tests.checks.planted import planted

CENSUS = pd.DataFrame({"group": ["a", "b", "c"], "n": [500, 300, 200]})


def people(counts, reference=CENSUS, **others):
    """Return a subject whose groups have these counts."""
    rows = [name for name, count in counts.items() for _ in range(count)]
    return subject(decision=[1] * len(rows), groups=rows, reference=reference, **others)


@planted("data.representation", "speaks")
def test_a_group_of_the_population_that_the_data_lack_is_a_row():
    """70 a, 30 b, no c, where the population is 5 : 3 : 2."""
    found = representation(people({"a": 70, "b": 30}))
    missing = found.measure("data_share", attribute="group", group="c")
    assert missing.value == 0
    assert missing.high == pytest.approx(float(wilson_limits(0.0, 100)[1]))
    assert found.measure("population_share", attribute="group", group="c").value == 0.2
    assert found.measure("representation_ratio", attribute="group", group="c").value == 0
    assert found.measure("share_difference", attribute="group", group="c").high < 0
    whole = found.measure("representation_ratio", attribute="group")
    assert whole.value == 0
    assert whole.high < 0.5
    assert found.measure("difference_p_value", attribute="group").value < 1e-6


@planted("data.representation", "silent")
def test_shares_as_in_the_population_are_not_accused():
    found = representation(people({"a": 500, "b": 300, "c": 200}))
    for name in "abc":
        measure = found.measure("representation_ratio", attribute="group", group=name)
        assert measure.value == 1
        assert measure.low < 1 < measure.high
    assert found.measure("representation_ratio", attribute="group").high > 1
    assert found.measure("total_variation", attribute="group").value == 0
    assert found.measure("difference_p_value", attribute="group").value == pytest.approx(1)
    assert found.measure("uncompared_share", attribute="group").value == 0


def test_shares_by_hand():
    """60 of 100 against 0.5: difference 0.1, ratio 1.2, limits those of Wilson."""
    found = representation(people({"a": 60, "b": 30, "c": 10}))
    low, high = wilson_limits(0.6, 100)
    share, ratio, difference = (
        found.measure(name, attribute="group", group="a")
        for name in ("data_share", "representation_ratio", "share_difference")
    )
    assert (share.value, share.low, share.high) == pytest.approx((0.6, low, high))
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((1.2, low / 0.5, high / 0.5))
    assert (difference.value, difference.low, difference.high) == pytest.approx((0.1, low - 0.5, high - 0.5))
    assert found.measure("total_variation", attribute="group").value == pytest.approx(0.1)
    assert found.measure("representation_ratio", attribute="group").value == pytest.approx(0.5)


def test_margins_cells_and_stated_margins_say_the_same():
    """A census of cells, its margins by attribute, and one row a cell with weights are one population."""
    cells = pd.DataFrame({"sex": ["f", "f", "m", "m"], "age": ["old", "young"] * 2, "n": [10, 30, 20, 40]})
    margins = pd.DataFrame(
        {
            "attribute": ["sex", "sex", "age", "age", *["sex*age"] * 4],
            "group": ["f", "m", "old", "young", "f*old", "f*young", "m*old", "m*young"],
            "n": [40, 60, 30, 70, 10, 30, 20, 40],
        }
    )
    rng = np.random.default_rng(3)
    groups = {"sex": rng.choice(["f", "m"], 200), "age": rng.choice(["old", "young"], 200)}
    told = [
        representation(subject(decision=[1] * 200, groups=groups, reference=table))
        for table in (cells, margins)
    ]
    assert told[0].measures == told[1].measures
    assert {m.of["attribute"] for m in told[0].measures} == {"sex", "age", "sex*age"}


def test_a_reference_with_a_row_a_person_has_an_error_of_its_own():
    """The same shares from 1,000 people leave more doubt than a census of them."""
    sample = pd.DataFrame({"group": ["a"] * 500 + ["b"] * 300 + ["c"] * 200})
    census, sampled = (
        representation(people({"a": 120, "b": 50, "c": 30}, table)) for table in (CENSUS, sample)
    )
    of = {"attribute": "group", "group": "b"}
    known, guessed = (found.measure("representation_ratio", **of) for found in (census, sampled))
    assert guessed.value == pytest.approx(known.value)
    assert guessed.low < known.low < known.high < guessed.high
    assert census.measure("population_share", **of).kind is Kind.EXACT
    assert sampled.measure("population_share", **of).low == pytest.approx(float(wilson_limits(0.3, 1000)[0]))


def test_bins_and_merges_are_those_of_the_data():
    """Ages of the census are cut as the ages of the data are."""
    table = pd.DataFrame({"age": [20, 30, 40, 50], "n": [25, 25, 25, 25]})
    roles = {"bins": {"age": (35.0,)}}
    found = representation(
        subject(decision=[1] * 100, groups={"age": [22] * 50 + [60] * 50}, reference=table, roles=roles)
    )
    assert found.measure("population_share", attribute="age", group="under 35").value == 0.5
    assert found.measure("representation_ratio", attribute="age").value == 1


def test_a_group_that_the_population_lacks_is_a_row_and_not_compared():
    found = representation(people({"a": 60, "b": 30, "d": 10}))
    unknown = found.measure("representation_ratio", attribute="group", group="d")
    assert unknown.value is None
    assert unknown.note == "the reference population has nobody in this group: not compared"
    assert found.measure("data_share", attribute="group", group="d").value == 0.1


def test_a_small_group_that_is_shown_to_be_missing_is_compared_all_the_same():
    """45 rows expect 9 of c and hold none: its upper limit is under 1."""
    found = representation(people({"a": 25, "b": 20}))
    assert found.measure("uncompared_share", attribute="group").value == pytest.approx(0)
    assert found.measure("representation_ratio", attribute="group").value == 0


def test_groups_of_whom_hardly_anybody_is_expected_are_counted_as_not_compared():
    """40 rows expect 8 of c and hold 4, which may be chance."""
    found = representation(people({"a": 20, "b": 16, "c": 4}))
    assert found.measure("uncompared_share", attribute="group").value == pytest.approx(0.2)
    assert found.measure("representation_ratio", attribute="group").value == pytest.approx(1)
    note = found.measure("representation_ratio", attribute="group", group="c").note
    assert note == "under 10 rows expected: not compared"


def test_the_training_table_is_told_beside():
    training = pd.DataFrame({"group": ["a"] * 100})
    found = representation(people({"a": 50, "b": 30, "c": 20}, training=training))
    assert found.measure("representation_ratio", attribute="group").value == 1
    assert found.measure("representation_ratio", attribute="group", table="training").value == 0


def test_frequency_weights_stand_for_repeated_rows():
    groups = ["a", "b", "c"]
    weighed = subject(
        decision=[1] * 3,
        groups=groups,
        columns={"times": [60, 25, 15]},
        roles={"weight": "times", "weight_kind": "frequency"},
        reference=CENSUS,
    )
    plain = representation(people({"a": 60, "b": 25, "c": 15}))
    assert [(m.name, m.value, m.low, m.high) for m in representation(weighed).measures] == [
        (m.name, m.value, m.low, m.high) for m in plain.measures
    ]


def test_a_declared_number_of_people_says_how_many_of_them_were_seen():
    found = representation(people({"a": 50, "b": 30, "c": 20}, facts={"population": {"count": 4000}}))
    assert found.measure("sampled_share").value == 100 / 4000


def test_a_table_of_the_population_serves_where_no_reference_is_given():
    given = people({"a": 60, "b": 30, "c": 10}, reference=None, population=CENSUS)
    assert representation(given).measures == representation(people({"a": 60, "b": 30, "c": 10})).measures


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (None, "no reference population was supplied; add its table as `data.reference`"),
        (pd.DataFrame({"colour": ["red"], "n": [3]}), "the reference table has no column that is a group"),
        (
            pd.DataFrame({"group": ["a", "b"], "n": [1, None]}),
            "`n` of the reference table is empty in 1 rows",
        ),
        (pd.DataFrame({"group": ["a"], "n": ["many"]}), "`n` of the reference table counts people"),
        (pd.DataFrame({"group": ["a"], "n": [-1]}), "`n` of the reference table counts people"),
    ],
)
def test_a_reference_that_does_not_fit_gets_a_sentence(reference, said):
    found = representation(people({"a": 40, "b": 40}, reference))
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert found.reason.startswith(said)


# The arithmetic, against scipy


@pytest.mark.parametrize("counts", [[3, 7], [0, 12], [5, 5, 2], [1, 0, 9]])
def test_the_exact_test_of_few_rows_is_the_multinomial_one(counts):
    """Summed over all outcomes by scipy's own distribution."""
    shares = np.array([0.5, 0.3, 0.2][: len(counts)])
    shares /= shares.sum()
    n = sum(counts)
    law = stats.multinomial(n, shares)
    mine = law.pmf(counts)
    every = np.array(np.meshgrid(*[range(n + 1)] * len(counts))).reshape(len(counts), -1).T
    chances = np.array([law.pmf(one) for one in every if sum(one) == n])
    expected = chances[chances <= mine * (1 + 1e-9)].sum()
    found = shares_p_value("p", np.array(counts, float), shares, None, np.random.default_rng(0), of={})
    assert found.value == pytest.approx(expected, rel=1e-9)
    assert found.method == "exact multinomial"
    if len(counts) == 2:
        assert found.value == pytest.approx(stats.binomtest(counts[0], n, shares[0]).pvalue)


def test_the_test_of_many_rows_is_pearsons():
    counts, shares = np.array([320.0, 250.0, 430.0]), np.array([0.3, 0.3, 0.4])
    found = shares_p_value("p", counts, shares, None, np.random.default_rng(0), of={})
    assert found.value == pytest.approx(stats.chisquare(counts, 1000 * shares).pvalue)
    both = shares_p_value("p", counts, shares, 500.0, np.random.default_rng(0), of={})
    table = np.array([counts, 500 * shares])
    assert both.value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)


def test_drawn_tests_agree_with_the_exact_one():
    """Expected counts under 5 and too many outcomes: 9,999 seeded draws, near the chi-square answer."""
    shares = np.array([0.5, 0.3, 0.1, 0.06, 0.03, 0.01])
    counts = np.array([50.0, 28, 9, 8, 4, 1])
    found = shares_p_value("p", counts, shares, None, np.random.default_rng(0), of={})
    assert found.method == "multinomial, 9,999 seeded draws"
    assert found.value == pytest.approx(stats.chisquare(counts, 100 * shares).pvalue, abs=0.05)
    two = shares_p_value("p", counts, shares, 200.0, np.random.default_rng(0), of={})
    assert two.method == "permutation, 9,999 seeded draws"
    table = np.array([counts, 200 * shares])
    oracle = stats.chi2_contingency(table, correction=False).pvalue
    assert two.value == pytest.approx(oracle, abs=0.05)


@pytest.mark.parametrize(("share", "n"), [(0.5, 200), (0.2, 500), (0.1, 1000)])
def test_the_smallest_difference_is_found_four_times_of_five(share, n):
    """Exact binomial power of the two-sided test at the stated difference."""
    against = Against(np.array([share]), np.array([share]), float(n), None)
    gap = detectable_difference(share, against)
    refused = stats.binom(n, share).ppf(0.025) - 1
    assert stats.binom(n, share - gap).cdf(refused) == pytest.approx(0.8, abs=0.06)


def test_where_even_nobody_could_not_be_told_it_is_said():
    found = representation(people({"a": 30, "b": 18, "c": 2}, CENSUS.assign(n=[600, 390, 10])))
    power = found.measure("smallest_detectable_difference", attribute="group", group="c")
    assert power.value is None
    assert power.note == "even a group that is missing altogether could not be told at these numbers"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=3, max_size=3).filter(lambda counts: sum(counts) > 0))
def test_shares_add_up_and_lie_within_their_limits(counts):
    found = representation(people(dict(zip("abc", counts, strict=True))))
    shares = [m for m in found.measures if m.name == "data_share"]
    assert sum(m.value for m in shares) == pytest.approx(1)
    assert sum(m.value for m in found.measures if m.name == "share_difference") == pytest.approx(0)
    assert all(m.low <= m.value <= m.high for m in shares)


def test_the_lowest_ratio_is_not_accused_by_having_been_looked_for():
    """Twelve groups drawn as in the population: the upper limit falls short of 1 in at most 2.5 of 100."""
    runs = budget(1500, 20_000)
    rng = np.random.default_rng(5)
    shares = np.full(12, 1 / 12)
    drawn = rng.multinomial(600, shares, size=runs) / 600
    from checks.statistics.extremes import lowest

    accused = 0
    for each in drawn:
        found = lowest("r", Against(each, shares, 600.0, None), of={}, n=600, method="")
        accused += found.high < 1
        assert found.low <= 1
    assert accused / runs <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / runs)


def test_limits_of_a_ratio_of_two_samples_cover_it():
    """Donner and Zou's limits, small shares and unequal sizes."""
    runs = budget(3000, 40_000)
    rng = np.random.default_rng(9)
    p, q, n, m = 0.1, 0.2, 150, 400
    mine, theirs = rng.binomial(n, p, runs) / n, rng.binomial(m, q, runs) / m
    low, high = Against(mine, theirs, n, m).limits(1.959964)
    covered = ((low <= p / q) & (p / q <= high)).mean()
    assert covered >= 0.94


def test_it_says_nothing_of_a_full_subject_drawn_from_its_reference():
    found = representation(credit(1000, 1000))
    for attribute in ("race", "sex"):
        assert found.measure("representation_ratio", attribute=attribute).high > 1
        assert found.measure("difference_p_value", attribute=attribute).value > 0.01


def test_missing_groups_are_left_out_of_both_sides():
    table = dataclasses.replace(people({"a": 50, "b": 30, "c": 20}))
    rows = table.evaluation.astype(object)
    more = pd.concat([rows, pd.DataFrame({"group": [None] * 40})], ignore_index=True)
    wide = dataclasses.replace(table, evaluation=more, decision=np.array(["1"] * 140, dtype=object))
    assert representation(wide).measures == representation(table).measures


def test_sampling_weights_leave_the_doubt_of_the_effective_size():
    """Weights of 1 and 3 for 50 rows each: 100 rows are worth 80."""
    weighed = subject(
        decision=[1] * 100,
        groups=["a", "b"] * 50,
        columns={"w": [1, 1, 3, 3] * 25},
        roles={"weight": "w", "weight_kind": "sampling"},
        reference=pd.DataFrame({"group": ["a", "b"], "n": [1, 1]}),
    )
    share = representation(weighed).measure("data_share", attribute="group", group="a")
    low, high = wilson_limits(0.5, 200**2 / (50 * 1 + 50 * 9))
    assert (share.value, share.low, share.high) == pytest.approx((0.5, low, high))
    assert share.n == 100


def test_the_names_of_groups_do_not_matter():
    names = {"a": "zeta", "b": "x*y", "c": "back\\slash"}
    counts = {"a": 60, "b": 30, "c": 10}
    plain = representation(people(counts))
    renamed = representation(
        people(
            {names[name]: count for name, count in counts.items()},
            CENSUS.assign(group=CENSUS["group"].map(names)),
        )
    )
    for name in counts:
        first, second = (
            found.measure("representation_ratio", attribute="group", group=group)
            for found, group in ((plain, name), (renamed, names[name]))
        )
        assert (first.value, first.low, first.high) == (second.value, second.low, second.high)


def test_an_attribute_that_the_reference_does_not_tell_of_is_not_passed_over_in_silence():
    groups = {"group": ["a", "b"] * 50, "sex": ["f", "m"] * 50}
    found = representation(subject(decision=[1] * 100, groups=groups, reference=CENSUS))
    measure = found.measure("representation_ratio", attribute="sex")
    assert measure.value is None
    assert measure.note == "the reference table does not tell of this attribute"


def test_of_two_tables_of_the_population_it_is_said_which_is_compared_with():
    other = CENSUS.assign(n=[1, 1, 998])
    both = representation(people({"a": 50, "b": 30, "c": 20}, population=other))
    one = representation(people({"a": 50, "b": 30, "c": 20}))
    assert both.measures == one.measures
    assert dict(both.tables[0].rows)["population.file"].startswith("not used")
    assert not one.tables

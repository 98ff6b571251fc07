"""What has shifted is told with what chance adds; samples of one population are not accused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from checks.data.drift import drift
from checks.model import Outcome
from checks.statistics.shifts import Shift, kolmogorov_smirnov
from tests.budgets import budget
from tests.checks.builders import credit, subject
from tests.checks.planted import planted

PEOPLE = credit()
INDEX = "population_stability_index"


@planted("data.drift", "speaks")
def test_what_has_shifted_since_training_is_told():
    """Incomes a standard deviation higher, another job, fewer of group A, more events."""
    table = PEOPLE.evaluation.copy()
    table["income"] += 1
    table.loc[table.index[:200], "job"] = "diver"
    table.loc[table["race"] == "A", "race"] = np.where(np.arange((table["race"] == "A").sum()) % 2, "A", "B")
    table.loc[table.index[:300], "label"] = 1
    found = drift(dataclasses.replace(PEOPLE, evaluation=table))
    assert found.measure(INDEX, feature="income").low > 0.5
    assert found.measure("kolmogorov_smirnov", feature="income").low > 0.2
    assert found.measure("total_variation", feature="job").low > 0.1
    assert found.measure(INDEX, case="label").low > 0.05
    assert found.measure(INDEX, attribute="race").low > 0.1
    assert found.measure(INDEX, feature="debt").low == 0
    assert found.measure(INDEX, attribute="sex").low == 0


@planted("data.drift", "silent")
def test_two_samples_of_one_population_are_not_accused():
    found = drift(credit(1000, 1000, seed=4))
    accused = [m.of for m in found.measures if m.name == INDEX and m.low > 0]
    assert not accused
    assert all(m.value < 0.02 for m in found.measures if m.name == INDEX)
    assert all(m.low == 0 for m in found.measures if m.name in {"total_variation", "kolmogorov_smirnov"})


def test_the_index_as_printed_by_hand():
    """1,000 and 1,000 rows, 50 : 50 and 80 : 20: 0.3 ln 1.6 + 0.3 ln 2.5, but for the half rows."""
    shift = Shift(np.array([500.0, 500.0]), np.array([800.0, 200.0]))
    assert shift.plain_index == pytest.approx(0.3 * np.log(1.6) + 0.3 * np.log(2.5), abs=0.003)
    assert shift.by_chance == pytest.approx(2 / 1000)
    assert shift.index == pytest.approx(shift.plain_index - 0.002)
    assert shift.variation == pytest.approx(0.3)


def test_the_distance_is_scipys():
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=300).round(1), rng.normal(0.2, size=200).round(1)
    ones = (np.ones(300), np.ones(200))
    assert kolmogorov_smirnov(first, second, ones) == pytest.approx(stats.ks_2samp(first, second).statistic)


def test_chance_adds_what_is_stated():
    """The mean plain index of 2,000 pairs of samples of one population."""
    rng = np.random.default_rng(3)
    p = np.full(10, 0.1)
    pairs = [Shift(rng.multinomial(400, p) * 1.0, rng.multinomial(700, p) * 1.0) for _ in range(2000)]
    assert np.mean([pair.plain_index for pair in pairs]) == pytest.approx(pairs[0].by_chance, rel=0.06)


@pytest.mark.parametrize("tilt", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("before", "after"), [(100, 150), (2000, 600)])
def test_limits_of_the_index_hold(tilt, before, after):
    """Missed in about 2.5 of 100 samples on either side, whether nothing, little or much has shifted."""
    runs = budget(120, 10_000)
    rng = np.random.default_rng([7, before])
    p = np.full(8, 1 / 8)
    q = p * np.exp(tilt * np.linspace(-1, 1, 8))
    q /= q.sum()
    true = float(np.sum((q - p) * np.log(q / p)))
    limits = np.array(
        [
            Shift(rng.multinomial(before, p) * 1.0, rng.multinomial(after, q) * 1.0).index_limits()
            for _ in range(runs)
        ]
    )
    assert (limits[:, 0] > true).mean() <= 0.025 + 3 * np.sqrt(0.025 / runs)
    assert (limits[:, 1] < true).mean() <= 0.045 + 3 * np.sqrt(0.045 / runs)


def test_limits_of_total_variation_hold_whatever_the_shift():
    runs = budget(400, 5000)
    rng = np.random.default_rng(8)
    p, q = np.array([0.6, 0.3, 0.1]), np.array([0.5, 0.3, 0.2])
    for first, second in ((p, p), (p, q)):
        true = np.abs(first - second).sum() / 2
        limits = [
            Shift(rng.multinomial(200, first) * 1.0, rng.multinomial(300, second) * 1.0).variation_limits()
            for _ in range(runs)
        ]
        assert np.mean([low <= true <= high for _, low, high in limits]) >= 0.95


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=12))
def test_distances_lie_within_their_limits(counts):
    before, after = np.array(counts, dtype=float).T
    if before.sum() > 0 and after.sum() > 0:
        shift = Shift(before, after)
        low, high = shift.index_limits()
        assert 0 <= low <= high < np.inf
        assert low <= shift.index <= high * (1 + 1e-9) + 1e-12
        _, low, high = shift.variation_limits()
        assert 0 <= low <= shift.variation <= high <= 1


def test_many_rows_do_not_lose_the_limits():
    """Ten million rows a side: the limits close in on the index."""
    shift = Shift(np.array([5e6, 5e6]), np.array([6e6, 4e6]))
    low, high = shift.index_limits()
    assert low < shift.index < high
    assert high - low < 0.001


def test_a_shift_over_time_is_told():
    """The second half of the days has other incomes; the order of the rows does not matter."""
    day = pd.date_range("2026-01-01", periods=600).strftime("%Y-%m-%d")
    table = PEOPLE.evaluation.assign(day=day)
    table.loc[300:, "income"] += 1
    shuffled = table.sample(frac=1, random_state=1).reset_index(drop=True)
    roles = dataclasses.replace(PEOPLE.roles, time="day")
    found = drift(
        dataclasses.replace(
            PEOPLE, evaluation=shuffled, roles=roles, training=None, training_score=None, score=None
        )
    )
    assert found.measure(INDEX, feature="income", case="over time").low > 0.3
    assert found.measure(INDEX, feature="debt", case="over time").low == 0
    assert found.measure("time_not_read_share", column="day").value == 0


def test_groups_that_training_does_not_name_are_not_passed_over_in_silence():
    found = drift(dataclasses.replace(PEOPLE, training=PEOPLE.training.drop(columns="race")))
    measure = found.measure(INDEX, attribute="race")
    assert (measure.value, measure.note) == (None, "the training table has no such column")
    assert found.measure(INDEX, attribute="sex").value is not None


def test_equal_times_stay_together():
    """100 rows on one day and 60 on the next: the halves are the days."""
    whole = subject(
        actual=[1] * 160,
        features={"x": [0] * 100 + [1] * 60},
        columns={"day": [1] * 100 + [2] * 60},
        roles={"time": "day"},
    )
    assert drift(whole).measure("total_variation", feature="x", case="over time").value == 1


def test_times_that_cannot_be_read_are_counted():
    whole = subject(
        actual=[1] * 100,
        features={"x": list(range(100))},
        columns={"day": [f"2026-01-{1 + i % 28:02}" for i in range(90)] + ["soon"] * 10},
        roles={"time": "day"},
    )
    assert drift(whole).measure("time_not_read_share", column="day").value == 0.1


def test_frequency_weights_stand_for_repeated_rows():
    times = np.arange(80) % 4 + 1
    training = pd.DataFrame({"x": np.arange(80.0), "label": np.arange(80) % 2, "times": times})
    roles = {"weight": "times", "weight_kind": "frequency"}
    weighed = subject(
        actual=np.arange(80) % 3 == 0,
        features={"x": np.arange(80.0) ** 1.1},
        columns={"times": times},
        roles=roles,
        training=training,
    )
    plain = dataclasses.replace(
        weighed,
        evaluation=weighed.evaluation.loc[np.repeat(np.arange(80), times)].reset_index(drop=True),
        training=training.loc[np.repeat(np.arange(80), times)].reset_index(drop=True),
        roles=dataclasses.replace(weighed.roles, weight=None, weight_kind=None),
    )
    one, other = drift(weighed), drift(plain)
    assert [(m.name, dict(m.of)) for m in one.measures] == [(m.name, dict(m.of)) for m in other.measures]
    for mine, theirs in zip(one.measures, other.measures, strict=True):
        assert mine.value == pytest.approx(theirs.value, abs=1e-12)


@pytest.mark.parametrize(
    ("whole", "outcome", "said"),
    [
        (
            subject(actual=[1, 0]),
            Outcome.NOT_APPLICABLE,
            "nothing to compare with: supply the training table",
        ),
        (
            subject(
                actual=[1] * 9, features={"x": range(9)}, training=pd.DataFrame({"x": [1], "label": [1]})
            ),
            Outcome.INCONCLUSIVE,
            "fewer than 30 rows on one side",
        ),
        (
            subject(actual=[1] * 90, columns={"day": ["soon"] * 90}, roles={"time": "day"}),
            Outcome.INCONCLUSIVE,
            "`day` could not be read as times; write dates as 2026-01-31",
        ),
    ],
)
def test_what_cannot_be_told_gets_a_sentence(whole, outcome, said):
    found = drift(whole)
    assert found.outcome is outcome
    assert found.reason.startswith(said)

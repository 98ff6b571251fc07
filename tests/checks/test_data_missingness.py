"""What is missing unevenly is seen, column by column; even gaps are not accused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from checks.data.missingness import missingness
from checks.model import Outcome
from tests.checks.builders import credit, subject
from tests.checks.planted import planted

PEOPLE = credit()


def with_gaps(**gaps):
    """Return PEOPLE without the values of a column where a mask says so."""
    table = PEOPLE.evaluation.copy()
    for name, mask in gaps.items():
        table[name] = table[name].astype(object).mask(mask)
    return dataclasses.replace(PEOPLE, evaluation=table)


@planted("data.missingness", "speaks")
def test_values_that_are_missing_for_one_group_are_shown_by_column():
    rng = np.random.default_rng(1)
    women = (PEOPLE.evaluation["sex"] == "F").to_numpy()
    found = missingness(with_gaps(debt=women & (rng.random(600) < 0.4)))
    of = {"attribute": "sex", "column": "debt"}
    assert found.measure("missing_share", group="F", **of).value == pytest.approx(0.4, abs=0.08)
    assert found.measure("missing_share", group="M", **of).value == 0
    assert found.measure("missing_share_gap", **of).low > 0.25
    assert found.measure("largest_missing_share_gap", attribute="sex").low > 0.25
    assert found.measure("incomplete_row_share_gap", attribute="sex").low > 0.25
    assert found.measure("incomplete_row_share_gap", attribute="race").low < 0.1


@planted("data.missingness", "silent")
def test_gaps_that_fall_on_everybody_alike_are_not_accused():
    rng = np.random.default_rng(2)
    found = missingness(with_gaps(debt=rng.random(600) < 0.2, income=rng.random(600) < 0.1))
    for attribute in ("race", "sex"):
        assert found.measure("largest_missing_share_gap", attribute=attribute).low == 0
        assert found.measure("incomplete_row_share_gap", attribute=attribute).low == 0


def test_gaps_by_hand():
    """Group a lacks 10 of 40 values, group b 4 of 40."""
    values = [None] * 10 + [1.0] * 30 + [None] * 4 + [1.0] * 36
    found = missingness(subject(decision=[1] * 80, groups="a" * 40 + "b" * 40, features={"x": values}))
    of = {"attribute": "group", "column": "x"}
    assert found.measure("missing_share", group="a", **of).value == 0.25
    assert found.measure("missing_share", group="b", **of).value == 0.1
    assert found.measure("missing_share_gap", **of).value == pytest.approx(0.15)
    assert found.measure("incomplete_row_share_gap", attribute="group").value == pytest.approx(0.15)


def test_a_label_that_is_missing_unevenly_is_seen():
    women = (PEOPLE.evaluation["sex"] == "F").to_numpy()
    found = missingness(with_gaps(label=women))
    assert found.measure("missing_share_gap", attribute="sex", column="label").value == 1
    assert found.measure("incomplete_row_share_gap", attribute="sex").value == 0


def test_columns_without_gaps_are_counted_and_not_listed():
    found = missingness(PEOPLE)
    assert found.measure("complete_columns").value == found.measure("complete_columns").n
    assert not [m for m in found.measures if "column" in m.of]
    assert found.measure("largest_missing_share_gap", attribute="sex").value == 0


def test_small_groups_are_measured_and_not_compared():
    found = missingness(
        subject(decision=[1] * 65, groups="a" * 35 + "b" * 30, features={"x": [None] + [1.0] * 64}),
        min_group=33,
    )
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reason == "no attribute has two groups of 33 rows or more"
    note = found.measure("missing_share", attribute="group", group="b", column="x").note
    assert note == "under 33 rows: not compared"


def test_frequency_weights_stand_for_repeated_rows():
    values, times = [None, 1.0, None, 1.0], [10, 30, 4, 36]
    weighed = subject(
        decision=[1] * 4,
        groups="aabb",
        features={"x": values},
        columns={"times": times},
        roles={"weight": "times", "weight_kind": "frequency"},
    )
    plain = subject(
        decision=[1] * 80, groups=np.repeat(list("aabb"), times), features={"x": np.repeat(values, times)}
    )
    assert missingness(weighed).measures == missingness(plain).measures


def test_without_a_column_to_look_at_it_says_so():
    found = missingness(subject(decision=[1, 0], groups="ab"))
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert found.reason == "no column but the groups has a role; name the features or the label"

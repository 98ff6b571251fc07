"""Counts made in one pass are the counts made by looking."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.counts import ACTUAL, FAVOURED, OUTCOMES, PREDICTED, Truth, count
from checks.model import NOT_STATED, Subject
from checks.names import intersection_key
from tests.checks.builders import credit, subject

YES, KNOWN = FAVOURED == Truth.YES, FAVOURED != Truth.UNKNOWN


def tables(whole: Subject):
    return dict(count(whole).by_attribute())


def test_groups_and_intersections_by_hand():
    found = tables(
        subject(decision=[1, 0, 1, 1], groups={"race": ["A", "B", "A", "B"], "sex": ["F", "F", "M", "F"]})
    )
    assert list(found) == ["race", "sex", "race*sex"]
    assert found["race*sex"].groups.names == ("A*F", "A*M", "B*F")
    assert list(found["race*sex"].n) == [1, 1, 2]
    assert list(found["race"].shares(YES, KNOWN).value) == [1, 0.5]


@pytest.mark.parametrize(("depth", "keys"), [(1, 3), (2, 6), (3, 7)])
def test_crossings_go_as_deep_as_declared(depth, keys):
    groups = {name: list("xyxy") for name in "abc"}
    assert len(tables(subject(decision=[1, 0, 1, 0], groups=groups, roles={"intersections": depth}))) == keys


def test_stars_and_backslashes_inside_a_value_are_escaped():
    assert intersection_key(("a*b", "c\\d")) == r"a\*b*c\\d"
    whole = subject(decision=[1, 0], groups={"x*": ["1*", "2"], "y": ["a", "b"]})
    assert tables(whole)[r"x\**y"].groups.names == (r"1\**a", "2*b")


def test_missing_groups_are_a_row_that_is_never_compared():
    found = tables(subject(decision=[1, 0, 1], groups={"sex": ["F", None, "M"], "age": [30.0, 40.0, np.nan]}))
    assert found["sex"].groups.names == ("F", "M", NOT_STATED)
    assert list(found["sex"].groups.stated) == [True, True, False]
    assert found["age"].groups.names == ("30", "40", NOT_STATED)
    crossed = found["sex*age"].groups
    assert dict(zip(crossed.names, crossed.stated, strict=True)) == {
        "F*30": True,
        "M*not stated": False,
        "not stated*40": False,
    }


def test_bins_and_merges_are_applied_before_counting():
    whole = subject(
        decision=[1, 0, 1, 1],
        groups={"age": [20, 25, 70, 44], "race": list("abcd")},
        roles={"bins": {"age": (25.0, 45.0)}, "merge": {"race": {"c": "other", "d": "other"}}},
    )
    found = tables(whole)
    assert found["age"].groups.names == ("45 and over", "[25, 45)", "under 25")
    assert list(found["age"].n) == [1, 2, 1]
    assert found["race"].groups.names == ("a", "b", "other")


def test_outcomes_tell_favoured_from_predicted():
    """The score predicts default (1); people want 0."""
    whole = subject(decision=[1, 0, 0], actual=[1, 1, 0], groups="aab", roles={"favourable": "0"})
    table = tables(whole)["group"]
    assert list(table.shares(YES, KNOWN).hits) == [1, 1]
    assert list(table.shares(PREDICTED == Truth.YES, PREDICTED != Truth.UNKNOWN).hits) == [1, 0]
    assert list(table.shares(ACTUAL == Truth.YES, ACTUAL != Truth.UNKNOWN).hits) == [2, 0]


def test_missing_labels_and_decisions_are_neither_yes_nor_no():
    whole = subject(decision=["1", NOT_STATED, "0"], actual=[1.0, 0.0, None], groups="aaa")
    table = tables(whole)["group"]
    assert table.shares(YES, KNOWN).weight[0] == 2
    assert table.shares(ACTUAL == Truth.YES, ACTUAL != Truth.UNKNOWN).weight[0] == 2


def test_frequency_weights_are_people():
    """A table of counts equals the rows that it stands for."""
    groups, decisions, times = list("aabb"), [1, 0, 1, 0], [30, 10, 10, 30]
    aggregated = subject(
        decision=decisions,
        groups=groups,
        columns={"times": times},
        roles={"weight": "times", "weight_kind": "frequency"},
    )
    spelt_out = subject(decision=np.repeat(decisions, times), groups=np.repeat(groups, times))
    one, other = (tables(s)["group"] for s in (aggregated, spelt_out))
    assert np.array_equal(one.rows, other.rows)
    assert list(one.shares(YES, KNOWN).effective) == [40, 40]


def test_sampling_weights_keep_rows_and_shrink_the_effective_size():
    """Weights 1 and 3: the share is 3/4, two rows, and Kish's size is 16 / 10."""
    whole = subject(
        decision=[0, 1], groups="aa", columns={"w": [1, 3]}, roles={"weight": "w", "weight_kind": "sampling"}
    )
    shares = tables(whole)["group"].shares(YES, KNOWN)
    assert (shares.value[0], shares.n[0], shares.effective[0]) == (0.75, 2, pytest.approx(1.6))


def test_codes_lead_from_rows_to_groups():
    whole = credit(100)
    counts = count(whole)
    for attribute in ("race", "sex"):
        names = np.array(counts.groups[attribute].names)
        assert list(names[counts.codes(attribute)]) == list(whole.groups(attribute))


def test_many_values_do_not_make_a_tensor_of_all_their_products():
    """Three columns of 2000 distinct values cross to 8e9 cells, of which 2000 occur."""
    rows = 2000
    whole = subject(
        decision=np.ones(rows, dtype=int),
        groups={name: np.arange(rows) for name in "abc"},
        roles={"intersections": 3},
    )
    counts = count(whole)
    assert counts.cells == rows
    assert len(counts.groups["a*b*c"].names) == rows


def test_counting_changes_nothing_and_no_attribute_is_no_table():
    whole = credit(50)
    before = whole.evaluation.copy()
    list(count(whole).by_attribute())
    pd.testing.assert_frame_equal(whole.evaluation, before)
    assert tables(dataclasses.replace(whole, roles=dataclasses.replace(whole.roles, groups=()))) == {}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_cell_equals_a_count_by_hand(data):
    rows = data.draw(st.integers(1, 40))
    column = st.lists(st.sampled_from(["x", "y*", None]), min_size=rows, max_size=rows)
    bits = st.lists(st.integers(0, 1), min_size=rows, max_size=rows)
    a, b, decision, label = (data.draw(s) for s in (column, column, bits, bits))
    found = tables(subject(decision=decision, actual=label, groups={"a": a, "b": b}))
    frame = pd.DataFrame({"a": a, "b": b}).fillna(NOT_STATED).assign(d=decision, y=label)
    table = found["a*b"]
    assert table.rows.shape[1] == OUTCOMES
    assert table.rows.sum() == rows
    for key, part in frame.groupby(["a", "b"]):
        row = table.rows[table.groups.names.index(intersection_key(key))]
        for d in (0, 1):
            for y in (0, 1):
                there = (d == PREDICTED) & (y == ACTUAL)
                assert row[there].sum() == ((part.d == d) & (part.y == y)).sum()

"""Faults that are planted are counted; data without them are silent."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.data.quality import quality
from checks.data.rows import row_keys
from checks.model import Kind, Outcome
from tests.checks.builders import credit, subject
from tests.checks.planted import planted

PEOPLE = credit()


def changed(column, values):
    """Return PEOPLE with one evaluation column replaced."""
    return dataclasses.replace(PEOPLE, evaluation=PEOPLE.evaluation.assign(**{column: values}))


@planted("data.quality", "silent")
def test_clean_data_show_no_fault():
    found = quality(PEOPLE)
    for name in (
        "missing_share",
        "duplicate_share",
        "conflicting_label_share",
        "shared_rows",
        "shared_row_share",
    ):
        assert found.measure(name).value == 0
    assert found.measure("constant_features").value == 0
    assert all(m.value == 0 for m in found.measures if m.name == "unseen_category_share")
    assert found.measure("rows").value == 600


@planted("data.quality", "speaks")
def test_planted_faults_are_each_counted():
    """60 of 600 incomes missing, 30 rows repeated, 20 of them relabelled, 45 taken from training."""
    clean = PEOPLE.evaluation.iloc[:600].copy()
    clean.loc[clean.index[:60], "income"] = np.nan
    repeated = clean.iloc[100:130].copy()
    repeated.iloc[:20, repeated.columns.get_loc("label")] ^= 1
    table = pd.concat([clean, repeated, PEOPLE.training.iloc[:45]], ignore_index=True)
    found = quality(dataclasses.replace(PEOPLE, evaluation=table, decision=None, score=None))
    assert found.measure("rows").value == 675
    assert found.measure("missing_share", column="income").value == 60 / 675
    assert found.measure("missing_share", column="debt").value == 0
    assert found.measure("duplicate_share").value == 10 / 675
    assert found.measure("conflicting_label_share").value == 40 / 675
    assert found.measure("shared_rows").value == 45
    assert found.measure("shared_row_share").value == 45 / 675


def test_naming_a_role_does_not_move_the_share_of_missing_values():
    """What a submitter declares of a column cannot take its gaps out of the count."""
    gaps = changed("income", np.where(np.arange(PEOPLE.rows) % 4, PEOPLE.evaluation["income"], np.nan))
    roles = dataclasses.replace(gaps.roles, features=("debt",), time="income")
    renamed = dataclasses.replace(gaps, roles=roles)
    assert quality(renamed).measure("missing_share") == quality(gaps).measure("missing_share")


def test_the_share_of_missing_values_is_over_all_columns():
    """2 of 8 cells."""
    found = quality(subject(actual=[1, 0, 1, 0], features={"x": [1.0, None, None, 2.0]}))
    assert found.measure("missing_share").value == 2 / 8
    assert found.measure("missing_share").kind is Kind.EXACT


def test_missing_values_of_one_group_are_shown_by_group():
    women = PEOPLE.evaluation["sex"] == "F"
    found = quality(changed("debt", PEOPLE.evaluation["debt"].mask(women)))
    assert found.measure("incomplete_row_share", attribute="sex", group="F").value == 1
    assert found.measure("incomplete_row_share", attribute="sex", group="M").value == 0


def test_a_feature_that_never_changes_is_named():
    found = quality(changed("noise", 1.0))
    assert found.measure("constant_features").value == 1
    (table,) = (t for t in found.tables if t.name == "constant features")
    assert table.rows == (("noise",),)


def test_a_category_that_training_never_held_is_counted():
    jobs = PEOPLE.evaluation["job"].astype(object).copy()
    jobs.iloc[:6] = "diver"
    jobs.iloc[6:8] = None  # missing is not a new category
    found = quality(changed("job", jobs))
    assert found.measure("unseen_category_share", column="job").value == 6 / 600


def test_numbers_are_one_number_in_either_file():
    """1 in one file and 1.0 in the other are the same row."""
    mine = subject(
        actual=[1, 0], features={"x": [1, 2]}, training=pd.DataFrame({"x": [2.0, 9.0], "label": [0.0, 1.0]})
    )
    assert quality(mine).measure("shared_rows").value == 1


def test_shares_of_labels_sum_to_one():
    shares = [m.value for m in quality(PEOPLE).measures if m.name == "label_share"]
    assert sum(shares) == pytest.approx(1)


def test_without_features_conflicts_cannot_be_seen():
    measure = quality(subject(actual=[1, 0])).measure("conflicting_label_share")
    assert measure.value is None
    assert measure.note == "no feature columns were supplied"


def test_without_rows_or_roles_nothing_is_claimed():
    empty = dataclasses.replace(PEOPLE, evaluation=PEOPLE.evaluation[:0])
    for nothing in (empty, subject(decision=[1, 0])):
        found = quality(nothing)
        assert found.outcome is Outcome.INCONCLUSIVE
        assert found.reason == "the evaluation table has no rows with a declared role; declare its columns"


VALUES = st.one_of(st.none(), st.sampled_from(["a", "b", "1", "1.0"]), st.integers(0, 3))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(VALUES, st.floats(0, 2) | st.just(float("nan"))), min_size=1, max_size=12))
def test_keys_of_rows_are_equal_exactly_where_rows_are(rows):
    """Against comparing the rows one by one, in two tables at once."""
    half = len(rows) // 2
    table = pd.DataFrame({"t": pd.Series([r[0] for r in rows], dtype=object), "x": [r[1] for r in rows]})
    keys = np.concatenate(row_keys([table.iloc[:half], table.iloc[half:]], ["t", "x"]))

    def spelt(row):
        return (None if row[0] is None else str(row[0]), "missing" if np.isnan(row[1]) else row[1])

    for i, mine in enumerate(rows):
        for j, other in enumerate(rows):
            assert (keys[i] == keys[j]) == (spelt(mine) == spelt(other))


def test_many_columns_do_not_overflow_the_keys():
    """40 columns of 1,000 values each are 10^120 combinations; rows stay apart."""
    table = pd.DataFrame(np.random.default_rng(0).permuted(np.tile(np.arange(1000), (40, 1)), axis=1).T)
    (keys,) = row_keys([table], list(table.columns))
    assert len(np.unique(keys)) == 1000


def test_large_whole_numbers_stay_apart():
    (keys,) = row_keys([pd.DataFrame({"id": [2**53, 2**53 + 1]})], ["id"])
    assert len(set(keys)) == 2

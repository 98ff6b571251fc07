"""Copies between the tables and features that tell the label are seen; chance twins are not accused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from checks.data.leakage import leakage
from checks.model import Outcome, Task
from checks.statistics import wilson_limits
from tests.budgets import budget
from tests.checks.builders import credit, subject
from tests.checks.planted import planted

PEOPLE = credit()


def coarse(rows, seed, p=0.5):
    """Return people of four yes-or-no features, so that many are alike by chance."""
    rng = np.random.default_rng([6, seed])
    table = pd.DataFrame({f"x{i}": (rng.random(rows) < p).astype(int) for i in range(12)})
    return table.assign(label=(rng.random(rows) < 0.5).astype(int))


def of_tables(evaluation, training):
    features = {name: evaluation[name] for name in evaluation.columns if name.startswith("x")}
    return subject(actual=evaluation["label"], features=features, training=training)


@planted("data.leakage", "speaks")
def test_copied_rows_and_a_feature_that_tells_the_label_are_seen():
    """60 of 660 rows copied from training, 20 of them relabelled, and the label as a feature."""
    copies = PEOPLE.training.iloc[:60].copy()
    copies.iloc[:20, copies.columns.get_loc("label")] ^= 1
    table = pd.concat([PEOPLE.evaluation, copies], ignore_index=True)
    table["after"] = table["label"] * 10 + 1
    training = PEOPLE.training.assign(after=PEOPLE.training["label"] * 10 + 1)
    training.loc[training.index[:20], "after"] = copies["label"].iloc[:20].to_numpy() * 10 + 1
    roles = dataclasses.replace(PEOPLE.roles, features=(*PEOPLE.roles.features, "after"))
    found = leakage(dataclasses.replace(PEOPLE, evaluation=table, training=training, roles=roles))
    assert found.measure("identical_rows").value == 40
    assert found.measure("same_features_rows").value == 60
    assert found.measure("same_features_share").value == pytest.approx(60 / 660)
    assert found.measure("conflicting_across_share").value == pytest.approx(20 / 660)
    assert found.measure("excess_twin_share").low > 0.05
    assert found.measure("single_feature_auc", feature="after").low > 0.98
    assert found.measure("highest_single_feature_auc").low > 0.98


@planted("data.leakage", "silent")
def test_people_who_are_alike_by_chance_are_not_accused():
    """12 coins make a fifth of 1,000 rows alike; as many in training have a twin there."""
    found = leakage(of_tables(coarse(1000, 1), coarse(1000, 2)))
    assert found.measure("same_features_share").value > 0.15
    assert found.measure("excess_twin_share").low < 0 < found.measure("excess_twin_share").high
    assert found.measure("highest_single_feature_auc").low < 0.5


def test_shares_have_wilsons_limits():
    copies = pd.concat([PEOPLE.evaluation, PEOPLE.training.iloc[:15]], ignore_index=True)
    measure = leakage(dataclasses.replace(PEOPLE, evaluation=copies)).measure("same_features_share")
    low, high = wilson_limits(15 / 615, 615)
    assert (measure.value, measure.low, measure.high) == pytest.approx((15 / 615, low, high))


def test_identifiers_do_not_hide_a_copy():
    """Other ids, same people."""
    mine = pd.DataFrame({"id": [1, 2, 3], "x": [1.0, 2.0, 3.0], "label": [0, 1, 0]})
    theirs = mine.assign(id=[7, 8, 9])
    found = leakage(
        subject(actual=mine["label"], features={"x": mine["x"]}, columns={"id": mine["id"]}, training=theirs)
    )
    assert found.measure("identical_rows").value == 0
    assert found.measure("same_features_rows").value == 3


def test_twins_and_contradictions_within_each_table_by_hand():
    """x = 1 three times with labels 0, 1, 1; x = 2 twice with 0, 0; x = 3 once."""
    whole = subject(
        actual=[0, 1, 1, 0, 0, 1],
        features={"x": [1, 1, 1, 2, 2, 3]},
        training=pd.DataFrame({"x": [1, 2, 2], "label": [1, 0, 1]}),
    )
    found = leakage(whole)
    assert found.measure("twin_share", table="evaluation").value == 5 / 6
    assert found.measure("conflicting_label_share", table="evaluation").value == 3 / 6
    assert found.measure("twin_share", table="training").value == pytest.approx(2 / 3)
    assert found.measure("conflicting_label_share", table="training").value == pytest.approx(2 / 3)
    # x = 1: training says 1, so the row of label 0 contradicts; x = 2: training says both; x = 3: unseen
    assert found.measure("conflicting_across_share").value == pytest.approx(3 / 6)


def test_a_missing_label_contradicts_nobody():
    found = leakage(subject(actual=[1.0, None, 0.0], features={"x": [1, 1, 2]}))
    measure = found.measure("conflicting_label_share", table="evaluation")
    assert (measure.value, measure.n) == (0, 2)


def test_without_training_data_nothing_is_claimed_across():
    found = leakage(dataclasses.replace(PEOPLE, training=None))
    for name in ("identical_row_share", "same_features_share", "excess_twin_share"):
        assert found.measure(name).value is None
        assert found.measure(name).note == "no training table was supplied, as `data.training`"
    assert found.measure("twin_share", table="evaluation").value == 0


def test_the_strength_of_a_feature_is_near_scikit_learns_auc():
    """Income helps monotonically: held-out shares of ten ranges rank nearly as it does."""
    people = credit(3000, 10)
    oracle = roc_auc_score(people.evaluation["label"], people.evaluation["income"])
    measure = leakage(people).measure("single_feature_auc", feature="income")
    assert measure.value == pytest.approx(oracle, abs=0.02)


def test_numbers_are_told_as_above_their_median():
    rng = np.random.default_rng(1)
    values = rng.normal(size=400)
    whole = subject(
        actual=values, features={"x": values * 2 + 1, "noise": rng.normal(size=400)}, task=Task.REGRESSION
    )
    found = leakage(whole)
    assert found.measure("single_feature_auc", feature="x").value > 0.95
    assert found.measure("single_feature_auc", feature="noise").low < 0.5


def test_the_order_of_rows_changes_nothing_even_in_a_sample():
    shuffled = PEOPLE.evaluation.sample(frac=1, random_state=3).reset_index(drop=True)
    again = dataclasses.replace(PEOPLE, evaluation=shuffled)
    assert leakage(again, rows=200).measures == leakage(PEOPLE, rows=200).measures


def test_the_highest_of_many_useless_features_is_not_accused():
    """40 features of noise: the highest one's lower limit is above chance in at most 2.5 of 100 data sets."""
    accused = 0
    for seed in range(budget(6, 60)):
        rng = np.random.default_rng([11, seed])
        features = {f"x{i}": rng.integers(0, 3, 300) for i in range(40)}
        found = leakage(subject(actual=rng.integers(0, 2, 300), features=features))
        accused += found.measure("highest_single_feature_auc").low > 0.5
    assert accused <= stats.binom(budget(6, 60), 0.03).ppf(0.999)


@pytest.mark.parametrize(
    ("whole", "outcome", "said"),
    [
        (subject(actual=[1, 0]), Outcome.NOT_APPLICABLE, "no feature columns were supplied"),
        (
            dataclasses.replace(PEOPLE, evaluation=PEOPLE.evaluation[:0]),
            Outcome.INCONCLUSIVE,
            "the evaluation table has no rows",
        ),
    ],
)
def test_what_cannot_be_told_gets_a_sentence(whole, outcome, said):
    found = leakage(whole)
    assert found.outcome is outcome
    assert found.reason.startswith(said)

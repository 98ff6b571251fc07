"""A feature that gives an attribute away is seen; noise is not accused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from checks.data.bins import Bins, binned
from checks.data.folds import FOLDS, Parts, auc_within_folds, held_out_shares, parts
from checks.data.proxies import proxies
from checks.model import Outcome
from tests.budgets import budget
from tests.checks.builders import subject
from tests.checks.planted import planted


def people(rows=600, seed=0, **columns):
    """Return people of two groups with features: by default noise."""
    rng = np.random.default_rng([5, seed])
    group = rng.choice(["a", "b"], rows)
    noise = {"noise": rng.normal(size=rows), "job": rng.choice(["x", "y", "z"], rows)}
    features = {name: make(group, rng) for name, make in columns.items()}
    return subject(decision=[1] * rows, groups=group, features={**noise, **features})


@planted("data.proxies", "speaks")
def test_a_feature_that_gives_the_attribute_away_is_seen():
    found = proxies(people(postcode=lambda group, _: np.where(group == "a", "1000", "2000")))
    assert found.measure("roc_auc", attribute="group").low > 0.95
    assert found.measure("roc_auc", attribute="group", feature="postcode").value == 1
    assert found.measure("accuracy_over_chance", attribute="group").low > 0.3
    assert found.measure("roc_auc", attribute="group", feature="noise").low < 0.5


@planted("data.proxies", "silent")
def test_noise_is_not_accused():
    """Chance lies within the intervals of most of 20 data sets, jointly and for each feature."""
    jointly, alone = 0, 0
    for seed in range(20):
        found = proxies(people(300, seed))
        jointly += found.measure("roc_auc", attribute="group").low > 0.5
        alone += found.measure("roc_auc", attribute="group", feature="job").low > 0.5
    assert max(jointly, alone) <= stats.binom(20, 0.025).ppf(0.999)


def test_what_only_features_together_tell_is_told_by_all_and_by_none_alone():
    """The group is whether two signs differ."""

    def second(group, rng):
        return rng.normal(size=len(group))

    whole = people(2000, sign=second)
    table = whole.evaluation
    table["group"] = np.where((table["sign"] > 0) == (table["noise"] > 0), "a", "b")
    found = proxies(dataclasses.replace(whole, evaluation=table))
    assert found.measure("roc_auc", attribute="group").low > 0.9
    assert found.measure("roc_auc", attribute="group", feature="sign").high < 0.6


def test_the_strength_of_one_feature_is_its_auc():
    """Two normals a standard deviation apart: an AUC of 0.76; ten ranges lose little of it."""
    found = proxies(people(4000, income=lambda group, rng: rng.normal(size=len(group)) + (group == "a")))
    measure = found.measure("roc_auc", attribute="group", feature="income")
    assert measure.value == pytest.approx(stats.norm.cdf(np.sqrt(0.5)), abs=0.02)
    assert measure.low < stats.norm.cdf(np.sqrt(0.5)) < measure.high


def test_an_attribute_that_is_a_feature_is_not_predicted_from_itself():
    whole = people()
    roles = dataclasses.replace(whole.roles, features=("noise", "job", "group"))
    found = proxies(dataclasses.replace(whole, roles=roles))
    measure = found.measure("roc_auc", attribute="group")
    assert measure.value < 0.7
    assert measure.note == "the attribute itself is a feature, left out here"
    assert not found.select("roc_auc", attribute="group", feature="group")


def test_several_groups_are_told_by_the_one_told_best():
    rng = np.random.default_rng(8)
    group = rng.choice(["a", "b", "c"], 900)
    whole = subject(
        decision=[1] * 900, groups=group, features={"x": (group == "c") + rng.normal(size=900) / 9}
    )
    measure = proxies(whole).measure("roc_auc", attribute="group", feature="x")
    assert measure.value > 0.99
    assert "highest of 3" in measure.method


def test_the_order_of_rows_changes_nothing_even_in_a_sample():
    whole = people(800, hint=lambda group, rng: (group == "a") + rng.normal(size=len(group)))
    shuffled = whole.evaluation.sample(frac=1, random_state=3).reset_index(drop=True)
    again = dataclasses.replace(whole, evaluation=shuffled)
    assert proxies(again, rows=300).measures == proxies(whole, rows=300).measures


def test_the_seed_changes_which_rows_are_drawn():
    whole = people(800)
    other = dataclasses.replace(whole, seed=1)
    assert proxies(other, rows=300).measures != proxies(whole, rows=300).measures


def test_a_sample_says_how_many_rows_it_took():
    assert proxies(people(800), rows=300).measure("roc_auc", attribute="group").note == "300 of 800 rows"


def test_the_share_of_the_largest_group_by_hand():
    whole = subject(
        decision=[1] * 100, groups="a" * 70 + "b" * 30, features={"x": np.arange(100) % 7, "y": [0.0] * 100}
    )
    found = proxies(whole)
    assert found.measure("majority_share", attribute="group").value == 0.7
    gained = found.measure("accuracy", attribute="group").value - 0.7
    assert found.measure("accuracy_over_chance", attribute="group").value == pytest.approx(gained)


@pytest.mark.parametrize(
    ("whole", "outcome", "said"),
    [
        (subject(decision=[1, 0], groups="ab"), Outcome.NOT_APPLICABLE, "no feature columns were supplied"),
        (
            subject(decision=[1, 0], groups="ab", features={"x": [1, 2]}),
            Outcome.INCONCLUSIVE,
            "no attribute was predicted; each needs a feature beside it, 60 rows",
        ),
    ],
)
def test_what_cannot_be_told_gets_a_sentence(whole, outcome, said):
    found = proxies(whole)
    assert found.outcome is outcome
    assert found.reason.startswith(said)


def test_an_attribute_of_one_group_is_not_passed_over_in_silence():
    whole = people()
    table = whole.evaluation.assign(country="here")
    roles = dataclasses.replace(whole.roles, groups=("group", "country"))
    measure = proxies(dataclasses.replace(whole, evaluation=table, roles=roles)).measure(
        "roc_auc", attribute="country"
    )
    assert measure.value is None
    assert measure.note.startswith("needs a feature beside it")


# What it is made of


def test_rows_that_are_alike_share_a_fold():
    table = pd.DataFrame({"x": np.arange(50) % 10, "other": np.arange(50)})
    held = parts(table, ["x"], np.ones(50, dtype=bool), 50, [1, 2])
    assert sorted(held.rows) == list(range(50))
    by_value = pd.Series(held.fold).groupby(table["x"].to_numpy()[held.rows]).nunique()
    assert (by_value == 1).all()
    assert len(set(held.fold)) == FOLDS


def test_shares_of_held_out_rows_by_hand():
    """Fold 0's row of bin 0 sees the other folds: one of class 1 and one of class 0, plus 2 average rows."""
    held = Parts(np.arange(4), np.array([0, 1, 2, 1]))
    bins = Bins((np.array([0, 0, 0, 1]),), 2, cut=False)
    found = held_out_shares(bins, np.array([1, 1, 0, 1]), 2, held, np.ones(4))
    average = 2 / 3  # of the rows outside fold 0
    assert found[0, 1] == pytest.approx((1 + 2 * average) / (2 + 2))
    assert found[3, 1] == pytest.approx(0.5)  # nobody else in the bin: the average of folds 0 and 2


def test_the_auc_within_folds_is_the_mean_of_scikit_learns_by_pairs():
    rng = np.random.default_rng(0)
    actual, score, fold = rng.random(90) < 0.4, rng.random(90).round(1), rng.integers(0, FOLDS, 90)
    top = below = 0.0
    for one in range(FOLDS):
        mine = fold == one
        pairs = actual[mine].sum() * (~actual[mine]).sum()
        top, below = top + pairs * roc_auc_score(actual[mine], score[mine]), below + pairs
    assert auc_within_folds(actual, score, fold, np.ones(90)) == pytest.approx(top / below)


def test_bins_are_tenths_of_the_first_table_with_missing_values_apart():
    first = pd.Series(np.arange(100.0))
    second = pd.Series([-5.0, 55.0, 500.0, np.nan])
    bins = binned([first, second])
    assert np.bincount(bins.of_row[0]).tolist() == [10] * 10
    assert bins.of_row[1].tolist() == [0, 5, 9, 10]
    assert bins.size == 11


def test_rare_and_surplus_values_share_one_bin():
    values = pd.Series(["a"] * 30 + ["b"] * 20 + ["c"] * 9 + ["d"] * 3)
    assert binned([values]).size == 3
    many = pd.Series(np.repeat([f"v{i}" for i in range(80)], 10))
    assert binned([many]).size == 51


def test_joint_intervals_of_noise_hold_chance():
    """Noise of 240 rows: the joint AUC's interval holds 0.5 in at least 92 of 100 data sets, less error."""
    runs = budget(25, 300)
    found = [proxies(people(240, 1000 + seed)).measure("roc_auc", attribute="group") for seed in range(runs)]
    missed = sum(m.low > 0.5 for m in found)
    assert missed <= stats.binom(runs, 0.04).ppf(0.999)

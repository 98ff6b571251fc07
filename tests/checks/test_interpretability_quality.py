"""How far explanations can be trusted: faithful, stable and agreeing models, and such as are not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier

from checks.interpretability.agreement import agreement
from checks.interpretability.explained import Explained, rank_correlations
from checks.interpretability.faithfulness import faithfulness
from checks.interpretability.shap import shap
from checks.interpretability.stability import over_draws, stability
from checks.model import Kind, Outcome, Task
from checks.statistics import wilson_limits
from tests.checks.builders import credit, subject
from tests.checks.planted import planted

PEOPLE = credit()


class Rule:
    """A model of two classes that answers by a function of the table; `predict` is its decision."""

    classes = ("0", "1")
    has_probabilities = True

    def __init__(self, function):
        self.function = function

    def predict_proba(self, X):
        p = np.clip(self.function(X.to_numpy(dtype=float)), 0, 1)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(float)


def people(function, *, features=6, rows=300, seed=0, label=True):
    """Return people with independent uniform features, and a model of them."""
    rng = np.random.default_rng([41, seed])
    table = {f"x{i}": rng.random(rows) for i in range(features)}
    model = Rule(function)
    score = model.predict_proba(pd.DataFrame(table))[:, 1]
    actual = (rng.random(rows) < score).astype(int) if label else None
    decision = np.where(score >= 0.5, "1", "0")
    return subject(decision=decision, score=score, features=table, model=model, actual=actual)


def value(evidence, name):
    return evidence.measure(name).value


ONE = people(lambda x: x[:, 0])
ALIKE = people(lambda x: x.mean(axis=1))
JUMPY = people(lambda x: 0.5 + 0.5 * np.sin(400 * x).mean(axis=1))


# Faithfulness


@planted("interpretability.faithfulness", "speaks")
def test_explanations_beat_random_orders_where_one_feature_does_everything():
    """By hand: the named order moves the answer at once; a random order, on average after half the steps."""
    evidence = faithfulness(ONE, orders=40)
    assert value(evidence, "deletion_ratio") == pytest.approx(2, rel=0.1)
    assert value(evidence, "insertion_ratio") == pytest.approx(2, rel=0.1)
    assert evidence.measure("deletion_ratio").low > 1.5
    assert value(evidence, "deletion_won_share") > 0.85


@planted("interpretability.faithfulness", "silent")
def test_shuffled_explanations_are_no_better_than_chance(monkeypatch):
    """Contributions of other people's rows and of other features name nothing."""
    honest = Explained.explain

    def washed(self, *asked):
        rng = np.random.default_rng(0)
        parts = honest(self, *asked)
        return rng.permuted(parts, axis=1) + rng.normal(scale=1e-9, size=parts.shape)  # no ties

    monkeypatch.setattr(Explained, "explain", washed)
    found = faithfulness(PEOPLE, rows=300)
    assert found.measure("deletion_ratio").low < 1 < found.measure("deletion_ratio").high
    assert found.measure("insertion_ratio").low < 1.2


def test_alike_features_leave_little_to_be_won():
    """All features do alike; what is left to name is where a person is far from the others."""
    assert 1 < value(faithfulness(ALIKE), "deletion_ratio") < value(faithfulness(ONE), "deletion_ratio") + 1


# Stability


@planted("interpretability.stability", "silent")
def test_a_smooth_model_explains_neighbours_alike():
    evidence = stability(ONE)
    assert value(evidence, "top_kept_share") > 0.97
    assert value(evidence, "output_change") < 0.03
    assert evidence.measure("rank_correlation").low <= value(evidence, "rank_correlation") <= 1


@planted("interpretability.stability", "speaks")
def test_a_model_that_jumps_explains_neighbours_differently():
    found, smooth = stability(JUMPY), stability(ALIKE)
    assert value(found, "rank_correlation") < 0.5 < value(smooth, "rank_correlation")
    assert found.measure("top_kept_share").high < smooth.measure("top_kept_share").low
    assert value(found, "output_change") > value(smooth, "output_change")


def test_few_background_rows_make_explanations_of_the_same_people_differ():
    whole = people(lambda x: x[:, 0] * x[:, 1] * x[:, 2] + 0.3 * x[:, 3] * x[:, 4])
    few, many = (stability(whole, background=size) for size in (3, 100))
    assert value(few, "reseeded_rank_correlation") < value(many, "reseeded_rank_correlation")
    share = few.measure("reseeded_top_kept_share")
    assert "every pair of 10 draws" in share.method
    assert share.note.startswith("two draws alone agree for a share of people between")
    low, high = wilson_limits(share.value, share.n)
    assert share.low < low < high < share.high  # more than the people alone


def test_the_interval_of_draws_by_hand():
    """Three draws of whom the third differs: without it all pairs agree, without another half do."""
    pairs = ((0, 1), (0, 2), (1, 2))
    value, low, high = over_draws(np.array([[1.0] * 4, [0.0] * 4, [0.0] * 4]), pairs)
    without = np.array([0.0, 0.0, 1.0])  # the mean of the pairs that leave out each draw
    spread = 4.302653 * np.sqrt(2 / 3 * ((without - 1 / 3) ** 2).sum())
    people = 1 / 3 - wilson_limits(1 / 3, 4)[0]
    assert value == pytest.approx(1 / 3)
    assert low == max(0, 1 / 3 - np.hypot(people, spread)) == 0
    assert high == 1
    _, same, _ = over_draws(np.full((3, 50), 0.8), pairs)
    assert same == pytest.approx(wilson_limits(0.8, 50)[0])  # draws that agree add nothing
    _, low, high = over_draws(np.array([[0.8] * 50, [0.82] * 50, [0.8] * 50]), pairs)
    spread = 4.302653 * np.sqrt(2 / 3 * ((np.array([0.8, 0.8, 0.82]) - 2.42 / 3) ** 2).sum())
    middle = 2.42 / 3
    assert middle - low == pytest.approx(np.hypot(middle - wilson_limits(middle, 50)[0], spread), rel=1e-5)


def test_without_noise_nothing_changes():
    evidence = stability(PEOPLE, noise=0.0)
    assert value(evidence, "rank_correlation") == pytest.approx(1)
    assert value(evidence, "top_kept_share") == 1
    assert value(evidence, "output_change") == 0


def test_whole_numbers_and_gaps_stay_so():
    rng = np.random.default_rng(0)
    whole = people(lambda x: np.nan_to_num(x[:, 0]) / 200 + np.nan_to_num(x[:, 1], nan=0.3) / 2, features=2)
    table = whole.evaluation.assign(x0=rng.integers(0, 100, 300), x1=rng.random(300))
    table.loc[::5, "x1"] = np.nan
    seen = []
    model = Rule(lambda x: seen.append(x) or np.nan_to_num(x[:, 0]) / 200)
    evidence = stability(dataclasses.replace(whole, evaluation=table, model=model))
    assert evidence.outcome is Outcome.MEASURED
    numbers = np.concatenate(seen)
    assert (numbers[:, 0] % 1 == 0).all()
    assert np.isnan(numbers[:, 1]).any()


@pytest.mark.parametrize("dtype", [float, int])
def test_codes_and_few_values_stay_such_as_people_have(dtype):
    """A code that is kept as a decimal number is no 0.97: a model may answer that as it likes."""
    rng = np.random.default_rng(0)
    seen = []

    def function(x):
        seen.append(x)
        return np.where(x[:, 0] % 1 == 0, x[:, 1] / 2, 1.0) + 0.001 * x[:, 0]

    whole = people(function, features=2)
    table = whole.evaluation.assign(x0=rng.integers(0, 2, 300).astype(dtype), x1=rng.integers(0, 5, 300) / 5)
    evidence = stability(dataclasses.replace(whole, evaluation=table))
    asked = np.concatenate(seen[1:])
    assert set(asked[:, 0]) == {0, 1}
    assert set(asked[:, 1]) == {0, 0.2, 0.4, 0.6, 0.8}
    assert value(evidence, "output_change") < 0.05


# Agreement


@planted("interpretability.agreement", "silent")
def test_methods_agree_where_features_matter_by_clear_steps():
    weights = np.array([0.4, 0.27, 0.2, 0.13, 0.0, 0.0])
    evidence = agreement(people(lambda x: x @ weights, rows=2000), shuffled=2000)
    assert value(evidence, "rank_correlation") == 1
    assert value(evidence, "one_sided_share") == 0
    assert value(evidence, "top_overlap") == 1
    assert evidence.measure("rank_correlation").n == 4


@planted("interpretability.agreement", "speaks")
def test_methods_disagree_where_what_moves_answers_does_not_make_them_right():
    """The labels follow x3 alone; the model mostly follows x0, x1 and x2, which are noise to them."""
    weights = np.array([0.3, 0.25, 0.2, 0.15, 0.05, 0.05])
    whole = people(lambda x: x @ weights, rows=1500)
    right = (whole.evaluation["x3"] > 0.5).astype(int)
    evidence = agreement(dataclasses.replace(whole, evaluation=whole.evaluation.assign(label=right)))
    assert value(evidence, "top_overlap") < 1
    assert value(evidence, "one_sided_share") >= 0.5
    assert value(evidence, "rank_correlation") is None  # of what costs nothing there is no order but chance
    assert "fewer than 4 features matter by both" in evidence.measure("rank_correlation").note


def test_without_a_label_shuffling_counts_what_moves():
    evidence = agreement(people(lambda x: x @ np.array([0.5, 0.25, 0.12, 0.05, 0, 0]), label=False))
    assert value(evidence, "rank_correlation") == 1
    assert value(evidence, "one_sided_share") == 0


# All three

CHECKS = [faithfulness, stability, agreement]
every = pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.id)


@every
def test_a_constant_model_has_nothing_to_explain(check):
    evidence = check(people(lambda x: np.full(len(x), 0.7)))
    assert evidence.outcome is Outcome.INCONCLUSIVE, evidence.measures
    assert len(evidence.reason.split()) > 5


@every
def test_a_model_that_breaks_off_fails_with_a_sentence(check):
    whole = people(lambda x: np.where(np.arange(len(x)) % 4 > 0, np.nan, x[:, 0]))
    evidence = check(whole)
    assert evidence.outcome is Outcome.FAILED
    assert "the model could not answer" in evidence.reason


@every
def test_one_feature_has_no_order(check):
    assert "one feature" in check(people(lambda x: x[:, 0], features=1)).reason


@every
def test_wide_tables_are_an_answer(check):
    evidence = check(people(lambda x: x[:, 7], features=250, rows=30), evaluations=20_000)
    assert evidence.outcome is Outcome.MEASURED, evidence.reason


@every
def test_numbers_and_classes_are_explained_too(check):
    class Value(Rule):
        classes = ()
        has_probabilities = False

        def predict(self, X):
            return self.function(X.to_numpy(dtype=float))

    whole = people(lambda x: x[:, 0])
    numbers = dataclasses.replace(
        whole, task=Task.REGRESSION, model=Value(lambda x: 10 * x[:, 0] + x[:, 1]), decision=None
    )
    assert check(numbers).outcome is Outcome.MEASURED
    assert check(dataclasses.replace(whole, task=Task.MULTICLASS)).outcome is Outcome.MEASURED


@every
def test_every_estimate_has_an_interval(check):
    for measure in check(PEOPLE).measures:
        if measure.value is not None and measure.name != "one_sided_share":  # it counts by intervals
            assert measure.kind is Kind.ESTIMATE
            assert measure.low <= measure.value <= measure.high


class Trees(Rule):
    """Boosted trees that credit features themselves."""

    scale = "log-odds"

    def __init__(self, trained):
        self.trained = trained

    def predict_proba(self, X):
        return self.trained.predict_proba(X)

    def contributions(self, X):
        return self.trained.booster_.predict(X, pred_contrib=True)


@pytest.fixture(scope="module")
def trees():
    whole = people(lambda x: 0.7 * x[:, 0] + 0.3 * x[:, 1], features=4, rows=600)
    X, y = whole.features, whole.evaluation["label"]
    trained = LGBMClassifier(n_estimators=15, num_leaves=8, verbose=-1, n_jobs=1, random_state=0).fit(X, y)
    return dataclasses.replace(whole, model=Trees(trained))


def test_the_explanations_looked_at_are_those_that_are_shown(trees):
    """Trees that credit features themselves are looked at by these credits, in which nothing is drawn."""
    for check in CHECKS:
        words = check(trees).measures[0].method
        assert "credits of the model's own trees (TreeSHAP), path-dependent" in words
        assert "100 of 600 rows" in words
    evidence = stability(trees)
    assert value(evidence, "reseeded_rank_correlation") == value(evidence, "reseeded_top_kept_share") == 1
    assert "nothing is drawn" in evidence.measure("reseeded_rank_correlation").method
    shown = shap(trees).measures[0].method
    assert "credits of the model's own trees (TreeSHAP), path-dependent" in shown
    linear = faithfulness(PEOPLE).measures[0].method
    assert "closed form of a model that adds up" in linear
    assert "closed form of a model that adds up" in shap(PEOPLE).measures[0].method


def test_correlations_of_rows_by_hand():
    one = np.array([[1.0, 2, 3], [1, 2, 3], [5, 5, 5]])
    other = np.array([[10.0, 20, 30], [3, 2, 1], [1, 2, 3]])
    np.testing.assert_allclose(rank_correlations(one, other), [1, -1, np.nan])

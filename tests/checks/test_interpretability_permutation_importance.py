"""What shuffling costs, against a closed form and scikit-learn."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import permutation_importance as sklearn_importance

from checks.interpretability.clusters import associations, clusters
from checks.interpretability.permutation_importance import permutation_importance
from checks.model import Outcome, Task
from tests.checks.builders import LogisticModel, credit, subject
from tests.checks.planted import planted

PEOPLE = credit()


@planted("interpretability.permutation_importance", "speaks")
def test_what_the_model_needs_costs_most():
    """The label is drawn from 1.5 income - 1 debt."""
    found = permutation_importance(PEOPLE)
    income, debt = (found.measure("importance", feature=f) for f in ("income", "debt"))
    assert income.low > debt.high > debt.low > 0
    assert found.measure("accuracy_drop", feature="income").low > 0.05
    assert found.measure("importance_share", feature="income").low > 0.5


@planted("interpretability.permutation_importance", "silent")
def test_what_the_model_ignores_costs_nothing():
    found = permutation_importance(PEOPLE)
    for feature in ("noise", "job"):
        for name in ("importance", "accuracy_drop", "importance_share"):
            measure = found.measure(name, feature=feature)
            assert (measure.value, measure.low, measure.high) == (0, 0, 0)


class Fitted(ClassifierMixin, BaseEstimator):
    """The builders' model, as scikit-learn wants to see it."""

    def __init__(self, model=None):
        self.model = model

    def fit(self, _X, _y):
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X):
        return self.model.predict_proba(X)

    def predict(self, X):
        return self.model.predict(X)


def test_equals_scikit_learn_within_the_interval():
    """The same mean rise of the Brier score and drop of accuracy, from other shuffles."""
    X, y = PEOPLE.features, PEOPLE.evaluation["label"]
    fitted = Fitted(PEOPLE.model).fit(X, y)
    theirs = sklearn_importance(
        fitted, X, y, scoring=["neg_brier_score", "accuracy"], n_repeats=20, random_state=0
    )
    found = permutation_importance(PEOPLE, repeats=20)
    for name, scoring in (("importance", "neg_brier_score"), ("accuracy_drop", "accuracy")):
        for position, feature in enumerate(X.columns):
            measure = found.measure(name, feature=feature)
            expected = theirs[scoring]["importances_mean"][position]
            assert measure.low - 1e-12 <= expected <= measure.high + 1e-12
            assert measure.value == pytest.approx(expected, abs=0.01)


class Two:
    """A: a is positive; B and C: by the sign of b, of those for whom a is not."""

    classes = ("A", "B", "C")

    def __init__(self, *, probabilities):
        self.has_probabilities = probabilities

    def predict(self, X):
        return np.where(X["a"] > 0, 0.0, np.where(X["b"] > 0, 1.0, 2.0))

    def predict_proba(self, X):
        return 0.1 + 0.7 * np.eye(3)[self.predict(X).astype(int)]


@pytest.mark.parametrize("probabilities", [True, False])
def test_of_many_classes_all_are_looked_at(probabilities):
    """What tells B from C costs right decisions, though it moves the probability of A nowhere."""
    rng = np.random.default_rng(4)
    table = pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "idle"])
    model = Two(probabilities=probabilities)
    answer = np.array(model.classes, dtype=object)[model.predict(table).astype(int)]
    found = permutation_importance(
        subject(
            decision=answer,
            actual=answer,
            features=dict(table),
            task=Task.MULTICLASS,
            roles={"positive": None, "favourable": None},
            model=model,
        )
    )
    for feature, wrong in (("a", 0.5), ("b", 0.25), ("idle", 0.0)):
        drop, cost = (found.measure(name, feature=feature) for name in ("accuracy_drop", "importance"))
        assert drop.value == pytest.approx(wrong, abs=0.05)
        # a wrong decision costs ((0.1 - 1)² + (0.8 - 0)² - (0.8 - 1)² - (0.1 - 0)²) / 2, or 1
        assert cost.value == pytest.approx(drop.value * (0.7 if probabilities else 1))
        assert cost.unit == "rise of Brier score over all classes"
        assert "all classes" in cost.method


class Line:
    classes = ()
    has_probabilities = False

    def predict(self, X):
        return 3.0 * X["x"].to_numpy(dtype=float)


def regression(rows=1000, label=True):
    x = np.random.default_rng(2).normal(size=rows)
    people = subject(features={"x": x, "z": x[::-1]}, actual=3 * x, model=Line(), task=Task.REGRESSION)
    return (
        people if label else dataclasses.replace(people, roles=dataclasses.replace(people.roles, label=None))
    )


def test_a_line_costs_twice_its_squared_slope_times_the_variance():
    """Shuffling x replaces it by an independent copy: E(3x - 3x')^2 = 18 Var(x)."""
    people = regression()
    measure = permutation_importance(people, repeats=40).measure("importance", feature="x")
    assert measure.value == pytest.approx(18 * people.evaluation["x"].var(), rel=0.02)
    assert measure.unit == "rise of squared error"


def test_without_a_label_the_change_of_the_output_is_told():
    """E|3x - 3x'| of two normal numbers is 6 / sqrt(pi) standard deviations."""
    people = regression(label=False)
    found = permutation_importance(people, repeats=40)
    measure = found.measure("importance", feature="x")
    assert measure.value == pytest.approx(6 / np.sqrt(np.pi) * people.evaluation["x"].std(), rel=0.02)
    assert measure.unit == "mean absolute change of output"
    assert not [m for m in found.measures if m.name == "accuracy_drop"]


def test_labels_missing_for_some_count_as_no_label():
    label = PEOPLE.evaluation["label"].astype(float).mask(PEOPLE.evaluation.index < 5)
    found = permutation_importance(
        dataclasses.replace(PEOPLE, evaluation=PEOPLE.evaluation.assign(label=label))
    )
    assert found.measure("importance", feature="income").unit == "mean absolute change of output"


def test_shares_sum_to_one_where_there_is_something_to_share():
    found = permutation_importance(PEOPLE)
    assert sum(m.value for m in found.measures if m.name == "importance_share") == pytest.approx(1)
    still = permutation_importance(dataclasses.replace(PEOPLE, model=LogisticModel({"income": 0.0})))
    share = still.measure("importance_share", feature="income")
    assert (share.value, share.note) == (None, "shuffling no feature costs the model anything")


def test_a_sample_keeps_the_proportions_and_is_not_the_first_rows():
    """Rows sorted by label: the first 100 would all be refusals."""
    people = credit(rows=2000)
    ordered = people.evaluation.sort_values("label", kind="stable").reset_index(drop=True)
    seen = []

    class Watched(LogisticModel):
        def predict_proba(self, X):
            seen.append(X)
            return super().predict_proba(X)

    model = Watched({"income": 1.5, "debt": -1.0})
    found = permutation_importance(dataclasses.replace(people, evaluation=ordered, model=model), rows=100)
    assert found.measure("importance", feature="income").n == 100
    asked = set(seen[-1]["noise"])  # the last question is the sample unchanged
    chosen = ordered["label"][ordered["noise"].isin(asked)]
    assert len(chosen) == 100
    assert chosen.mean() == pytest.approx(ordered["label"].mean(), abs=0.011)


def test_two_runs_are_equal_and_another_seed_shuffles_otherwise():
    first = permutation_importance(PEOPLE)
    assert first == permutation_importance(PEOPLE)
    other = permutation_importance(dataclasses.replace(PEOPLE, seed=5))
    assert first.measure("importance", feature="debt") != other.measure("importance", feature="debt")


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """40 fresh samples of people; the truth comes from 20,000 of them."""
    truth = permutation_importance(credit(rows=20_000, seed=99), rows=20_000).measure(
        "importance", feature="debt"
    )
    inside = 0
    for seed in range(40):
        found = permutation_importance(credit(rows=300, training_rows=10, seed=seed))
        measure = found.measure("importance", feature="debt")
        inside += measure.low <= truth.value <= measure.high
    assert inside >= 33  # 38 are expected; fewer than 33 has a chance under 1 %


def test_gaps_have_their_sentence():
    no_model = permutation_importance(dataclasses.replace(PEOPLE, model=None))
    assert no_model.outcome is Outcome.NOT_APPLICABLE
    assert no_model.reason == "no model was submitted: supply the model file, so that it can be asked again"
    single = permutation_importance(dataclasses.replace(PEOPLE, evaluation=PEOPLE.evaluation[:1]))
    assert single.outcome is Outcome.INCONCLUSIVE
    assert single.reason == "one row cannot be shuffled; supply more evaluation rows"


# Features that go together


def twins(seed=0, rows=600):
    """Two columns that say nearly the same, a category that follows them, and one that is alone."""
    rng = np.random.default_rng(seed)
    income = rng.normal(size=rows)
    columns = {
        "income": income,
        "wealth": income + 0.2 * rng.normal(size=rows),
        "debt": rng.normal(size=rows),
    }
    columns["band"] = np.digitize(income, [-0.6, 0.6]).astype(str).astype(object)
    columns["noise"] = rng.normal(size=rows)
    model = LogisticModel({"income": 1.0, "wealth": 1.0, "debt": 1.0})
    label = np.where(income + columns["debt"] + 0.5 * rng.normal(size=rows) > 0, "1", "0")
    return subject(decision=list(label), actual=list(label), features=columns, model=model)


def test_features_that_hide_each_other_are_shuffled_as_one():
    """Each of the two is half of the information: together they cost far more than both alone."""
    found = permutation_importance(twins())
    assert found.measure("groups").value == 1
    both = found.measure("group_importance", feature="income + wealth + band")
    income, wealth = (found.measure("importance", feature=name) for name in ("income", "wealth"))
    assert both.low > income.high + wealth.high
    assert both.n == 600
    assert "shuffled as one (average linkage, association of 0.7 or more" in both.method


def test_features_that_do_not_go_together_are_not_joined():
    found = permutation_importance(twins(), together=0.999)
    count = found.measure("groups")
    assert (count.value, count.note) == (0, "no two features go together so closely")
    assert not [m for m in found.measures if m.name == "group_importance"]


def test_associations_by_hand():
    """Spearman -1 for turned ranks; a category that fixes the ranks; equal categories; nothing constant."""
    table = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [9.0, 7, 5, 3], "c": ["x", "x", "y", "y"]})
    table = table.assign(d=["p", "p", "q", "q"], e=1.0, f="same")
    found = associations(table)
    assert found[0, 1] == pytest.approx(1)
    assert found[0, 2] == pytest.approx(np.sqrt(4 / 5))  # ranks 1 to 4: 4 of 5 squares are between the two
    assert found[2, 3] == pytest.approx(1)
    assert not found[4, :4].any()
    assert not found[5, :5].any()
    assert clusters(table, 0.85) == [[0, 1, 2, 3]]
    assert clusters(table.iloc[:2], 0.5) == []


def test_two_thousand_features_are_compared_and_many_texts_are_left_alone():
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(200, 2000)))
    wide[1999] = wide[0] * 3
    assert clusters(wide, 0.9) == [[0, 1999]]
    text = pd.DataFrame({f"t{place}": ["a", "b"] * 50 for place in range(101)})
    assert clusters(text, 0.9) == []

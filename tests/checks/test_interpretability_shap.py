"""Shapley values against their definition, a closed form, and the package shap."""

from __future__ import annotations

import dataclasses
import itertools
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from checks.interpretability.asking import Output, explained_output
from checks.interpretability.attribution import attribute
from checks.interpretability.second_opinion import the_package
from checks.interpretability.shap import shap
from checks.model import Inconclusive, Kind, Outcome, Task
from reports.compose.trust import trust
from tests.checks.builders import LogisticModel, OpenFile, credit, subject
from tests.checks.planted import planted

PEOPLE = credit()


class CrossedModel(LogisticModel):
    """A model that does not add up on any scale: what income gives depends on the debt."""

    def predict_proba(self, X):
        income, debt = (X[name].to_numpy(dtype=float) for name in ("income", "debt"))
        p = 1 / (1 + np.exp(-(1.5 * income - debt + income * debt * (income > 0))))
        return np.column_stack([1 - p, p])


CROSSED = dataclasses.replace(PEOPLE, model=CrossedModel({}))


def table(rows, columns, seed=3):
    names = [f"x{i}" for i in range(columns)]
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(rows, columns)), columns=names)


def output(function):
    return Output("a value", is_probability=False, ask=lambda X: function(X.to_numpy(dtype=float)))


def crossed(x):
    """A function of five features with interactions of every order."""
    return x[:, 0] * x[:, 1] + np.sin(x[:, 2]) * x[:, 3] - x[:, 4] + x[:, :4].prod(axis=1)


class Crossing:
    """A regressor over some columns that multiplies them."""

    classes, has_probabilities = (), False

    def __init__(self, columns):
        self.columns = list(columns)

    def predict(self, X):
        return X[self.columns].to_numpy(dtype=float).prod(axis=1)


def exact(function, explained, background):
    """Shapley values by their definition: every order of the features, every background row."""
    x, b = explained.to_numpy(), background.to_numpy()
    features = x.shape[1]
    values = np.zeros_like(x)
    for size in range(features):
        weight = math.factorial(size) * math.factorial(features - size - 1) / math.factorial(features)
        for j in range(features):
            for known in itertools.combinations([f for f in range(features) if f != j], size):
                for row in range(len(x)):
                    without, within = b.copy(), b.copy()
                    without[:, list(known)] = x[row, list(known)]
                    within[:, [*known, j]] = x[row, [*known, j]]
                    values[row, j] += weight * (function(within) - function(without)).mean()
    return values


def test_pairs_of_features_are_credited_exactly():
    """Up to interactions of two features, the walk and its reverse leave no sampling error."""

    def pairs(x):
        return x[:, 0] * x[:, 1] + np.sin(x[:, 2]) * x[:, 3] - x[:, 4]

    explained, background = table(6, 5), table(9, 5, seed=4)
    found = attribute(output(pairs), explained, background, np.random.default_rng(0))
    np.testing.assert_allclose(found.values, exact(pairs, explained, background), atol=1e-12)


def test_higher_interactions_are_credited_within_their_sampling_error():
    explained, background = table(6, 5), table(400, 5, seed=4)
    found = attribute(output(crossed), explained, background, np.random.default_rng(0))
    truth = exact(crossed, explained, background)
    assert np.abs(found.values - truth).max() < 4 * found.errors.max()
    assert np.abs(found.values - truth).max() > 1e-6  # it is an estimate, and the test can see that


def test_a_linear_model_has_a_closed_form():
    """The part of a feature is its weight times its distance from the background's mean."""
    weights = np.array([2.0, -1.0, 0.0, 0.5])
    explained, background = table(10, 4), table(20, 4, seed=4)
    found = attribute(output(lambda x: x @ weights + 7), explained, background, np.random.default_rng(0))
    expected = weights * (explained.to_numpy() - background.to_numpy().mean(axis=0))
    np.testing.assert_allclose(found.values, expected, atol=1e-12)
    assert found.base == pytest.approx((background.to_numpy() @ weights + 7).mean())


def test_equals_the_package_shap_on_the_same_background():
    """Its exact explainer, on a model with interactions of every order, within our sampling error."""
    explained, background = table(8, 5), table(100, 5, seed=4)
    found = attribute(output(crossed), explained, background, np.random.default_rng(0))
    state = np.random.get_state()  # noqa: NPY002 - shap seeds the global state; leave it as it was
    theirs = the_package().ExactExplainer(
        crossed, the_package().maskers.Independent(background.to_numpy(), max_samples=100)
    )
    expected = theirs(explained.to_numpy()).values
    np.random.set_state(state)  # noqa: NPY002
    np.testing.assert_allclose(expected, exact(crossed, explained, background), atol=1e-9)
    assert np.abs(found.values - expected).max() < 4 * found.errors.max()


def test_no_worse_than_the_package_for_no_more_questions():
    """Its permutation explainer with one order a row, on interactions of every order."""
    asked = [0]

    def counted(x):
        asked[0] += len(x)
        return crossed(x)

    explained, background = table(30, 5), table(100, 5, seed=4)
    state = np.random.get_state()  # noqa: NPY002
    masker = the_package().maskers.Independent(background.to_numpy(), max_samples=100)
    theirs = the_package().PermutationExplainer(counted, masker, seed=0)(
        explained.to_numpy(), max_evals=11, silent=True
    )
    np.random.set_state(state)  # noqa: NPY002
    budget, asked[0] = asked[0], 0
    ours = attribute(output(counted), explained, background, np.random.default_rng(0))
    assert asked[0] <= budget
    truth = exact(crossed, explained, background)
    assert np.abs(ours.values - truth).mean() < np.abs(theirs.values - truth).mean()


def test_the_second_opinion_agrees_and_leaves_the_global_state_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    measured = shap(PEOPLE).measure("second_opinion_difference")
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    assert measured.n > 0
    assert 0 <= measured.value < 0.02


def test_the_second_opinion_differs_where_parts_are_wrong(monkeypatch):
    """Were our engine to credit the wrong features, the package would say so."""

    def shuffled(*arguments):
        right = attribute(*arguments)
        return dataclasses.replace(right, values=np.roll(right.values, 1, axis=1))

    assert shap(CROSSED, rows=50).measure("second_opinion_difference").value < 0.05
    monkeypatch.setattr("checks.interpretability.engines.attribute", shuffled)
    assert shap(CROSSED, rows=50).measure("second_opinion_difference").value > 0.05


def test_one_feature_gets_everything():
    explained, background = table(4, 1), table(5, 1, seed=4)
    found = attribute(output(lambda x: x[:, 0] ** 2), explained, background, np.random.default_rng(0))
    truth = explained.to_numpy() ** 2 - (background.to_numpy() ** 2).mean()
    np.testing.assert_allclose(found.values, truth, atol=1e-12)


def test_columns_keep_their_types():
    """Text, integers and missing values reach the model as they stand in the file."""
    explained = pd.DataFrame({"job": ["nurse", None], "age": [30, 40], "debt": [np.nan, 1.0]})
    seen = []
    asked = Output("a value", is_probability=False, ask=lambda X: seen.append(X) or np.zeros(len(X)))
    attribute(asked, explained, explained, np.random.default_rng(0))
    assert all((frame.dtypes == explained.dtypes).all() for frame in seen)


@planted("interpretability.shap", "speaks")
def test_what_drives_the_model_leads():
    """The rule is 1.5 income - 1 debt: income leads, then debt; together they are everything."""
    found = shap(PEOPLE)
    income, debt = (found.measure("importance", feature=f) for f in ("income", "debt"))
    assert income.low > debt.high > 0
    shares = [found.measure("importance_share", feature=f).value for f in ("income", "debt")]
    assert sum(shares) == pytest.approx(1)
    assert found.measure("additivity_error").value < 1e-12
    error = found.measure("sampling_error")
    assert (error.value, error.low, error.high) == (0, 0, 0)


@planted("interpretability.shap", "silent")
def test_what_the_model_ignores_gets_nothing():
    found = shap(PEOPLE)
    for feature in ("noise", "job"):
        measure = found.measure("importance", feature=feature)
        assert (measure.value, measure.low, measure.high) == (0, 0, 0)


def test_a_constant_model_has_no_shares():
    still = dataclasses.replace(PEOPLE, model=LogisticModel({"income": 0.0}))
    found = shap(still)
    share = found.measure("importance_share", feature="income")
    assert (share.value, share.note) == (None, "no feature moves the output")
    assert found.measure("rank_stability").value is None


def test_protected_attributes_given_to_the_model_are_summed():
    coded = PEOPLE.evaluation.assign(sex=(PEOPLE.evaluation["sex"] == "F").astype(float))
    roles = dataclasses.replace(PEOPLE.roles, features=("income", "sex"))
    told = dataclasses.replace(
        PEOPLE,
        evaluation=coded,
        training=None,
        roles=roles,
        model=LogisticModel({"income": 1.0, "sex": -2.0}),
    )
    found = shap(told)
    protected, own = found.measure("protected_share"), found.measure("importance_share", feature="sex")
    assert protected.value == pytest.approx(own.value)
    assert 0 < protected.low < protected.value < protected.high < 1


def test_without_protected_features_their_share_is_nothing_and_proxies_are_mentioned():
    measure = shap(PEOPLE).measure("protected_share")
    assert (measure.value, measure.kind) == (0, Kind.EXACT)
    assert measure.note == "no protected attribute is given to the model; others may stand in for it"


def test_without_declared_attributes_their_share_is_unknown():
    """Declaring nothing must not look like giving the model nothing."""
    silent = dataclasses.replace(PEOPLE, roles=dataclasses.replace(PEOPLE.roles, groups=()))
    measure = shap(silent).measure("protected_share")
    assert (measure.value, measure.note) == (None, "no group column was supplied")


def test_a_model_that_looks_at_its_neighbours_does_not_add_up():
    class Crowd(LogisticModel):
        def predict_proba(self, X):
            p = super().predict_proba(X)
            return np.clip(p * (1 + 0.1 * (len(X) % 7)), 0, 1)

    swayed = dataclasses.replace(PEOPLE, model=Crowd({"income": 1.0}))
    found = shap(swayed, rows=50)
    assert found.measure("additivity_error").value > 1e-3
    assert "sampled orders" in found.measure("additivity_error").method


def test_two_runs_are_equal_and_another_seed_draws_other_rows():
    first, second = shap(PEOPLE), shap(PEOPLE)
    assert first == second
    other = shap(dataclasses.replace(PEOPLE, seed=5))
    assert other.measure("importance", feature="income") != first.measure("importance", feature="income")


def test_the_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - that is what is tested
    shap(PEOPLE)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_intervals_of_importance_cover_the_population():
    """Nineteen of twenty is the promise; the truth here is the mean over all 600 rows."""
    truth = shap(PEOPLE, rows=600).measure("importance", feature="income").value
    inside = 0
    for seed in range(40):
        found = shap(dataclasses.replace(PEOPLE, seed=seed), rows=100)
        measure = found.measure("importance", feature="income")
        inside += measure.low <= truth <= measure.high
    assert inside >= 30  # the background is drawn anew as well, which the interval does not hold


def test_the_table_gives_places_and_never_values():
    (points,) = (t for t in shap(PEOPLE).tables if t.name == "contributions")
    places = [row[1] for row in points.rows if row[0] == "income"]
    assert len(places) == 120
    assert 0 <= min(places) < 0.1
    assert 0.9 < max(places) <= 1
    assert {row[1] for row in points.rows if row[0] == "job"} == {None}
    parts = [row[2] for row in points.rows if row[0] == "income"]
    assert parts == sorted(parts)


def test_few_rows_are_explained_where_features_are_many():
    wide = table(300, 60)

    class Paired(Crossing):
        def predict(self, X):
            x = X.to_numpy()
            return (x[:, :-1] * x[:, 1:]).sum(axis=1)

    features = {name: wide[name] for name in wide}
    people = subject(decision=["1"] * 300, features=features, model=Paired(()), task=Task.REGRESSION)
    found = shap(people, evaluations=94_400).measure("importance", feature="x0")
    assert found.n == 80  # 94,400 / (2 walks x 59 steps) are 800 walks: 80 rows by 10 of the background
    assert "10 background rows" in found.method


def test_a_regressor_is_explained_on_its_own_scale():
    class Line:
        classes = ()
        has_probabilities = False

        def predict(self, X):
            return 100.0 * X["income"].to_numpy(dtype=float)

    found = shap(dataclasses.replace(PEOPLE, model=Line(), task=Task.REGRESSION))
    assert found.measure("importance", feature="income").value > 10
    assert (
        "closed form of a model that adds up, interventional, the predicted value" in found.measures[0].method
    )


def test_without_probabilities_decisions_are_explained():
    model = LogisticModel({"income": 1.0, "debt": -1.0})
    model.has_probabilities = False
    found = shap(dataclasses.replace(PEOPLE, model=model), rows=40)
    assert "decision for '1'" in found.measures[0].method


NO_MODEL = "no model was submitted: supply the model file, so that it can be asked again"


@pytest.mark.parametrize(
    ("change", "outcome", "sentence"),
    [
        ({"model": None}, Outcome.NOT_APPLICABLE, NO_MODEL),
        (
            {"roles": dataclasses.replace(PEOPLE.roles, features=())},
            Outcome.NOT_APPLICABLE,
            "no feature columns were supplied: declare columns.features",
        ),
        (
            {"roles": dataclasses.replace(PEOPLE.roles, positive=None)},
            Outcome.NOT_APPLICABLE,
            "no class to explain was declared: set columns.positive",
        ),
        (
            {"roles": dataclasses.replace(PEOPLE.roles, positive="yes")},
            Outcome.INCONCLUSIVE,
            "the model has no class 'yes': it has 0, 1",
        ),
        (
            {"evaluation": PEOPLE.evaluation[:0], "decision": None},
            Outcome.INCONCLUSIVE,
            "the evaluation table has no rows",
        ),
        (
            {"evaluation": PEOPLE.evaluation[:1], "decision": None},
            Outcome.INCONCLUSIVE,
            "one row says nothing about others; supply more evaluation rows",
        ),
    ],
)
def test_each_gap_has_its_sentence(change, outcome, sentence):
    found = shap(dataclasses.replace(PEOPLE, **change))
    assert (found.outcome, found.reason) == (outcome, sentence)


def test_answers_that_are_no_numbers_fail_with_a_sentence():
    class Broken(LogisticModel):
        def predict_proba(self, X):
            return np.full((len(X), 2), np.nan)

    found = shap(dataclasses.replace(PEOPLE, model=Broken({})))
    assert found.outcome is Outcome.FAILED
    assert found.reason.startswith(
        "the model could not answer: asked for changed rows of 25 people, 25 have one without a finite"
    )


def test_the_sentence_is_raised_before_any_question():
    with pytest.raises(Inconclusive):
        explained_output(dataclasses.replace(PEOPLE, evaluation=PEOPLE.evaluation[:0]))


class Lists(OpenFile):
    """A file that knows every job but the clerk's."""

    def listed(self, X):
        told = super().listed(X)
        told[:, list(X.columns).index("job")] = X["job"] != "clerk"
        return told


def test_categories_that_the_file_does_not_list_are_counted_by_column_and_never_named():
    jobs = np.array(["clerk"] * 30 + ["cook"] * 570, dtype=object)
    jobs[5:9] = None
    table = PEOPLE.evaluation.assign(job=jobs)
    found = shap(dataclasses.replace(PEOPLE, evaluation=table, inside=Lists()))
    share = found.measure("feature_unseen_category_share", feature="job")
    assert (share.value * share.n, share.n) == (26, 600)
    assert found.measure("unseen_category_share").value == share.value
    (section,) = trust(SimpleNamespace(default={found.check: found}.get))
    said = section.blocks[0].text
    assert (
        "the file of the model does not list, and that it answers for as for none: job in 26 of 600" in said
    )
    assert "clerk" not in said
    bare = shap(dataclasses.replace(PEOPLE, inside=None)).measure("unseen_category_share")
    assert bare.value is None
    assert "lists the categories" in bare.note

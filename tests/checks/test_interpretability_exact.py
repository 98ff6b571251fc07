"""Every engine against Shapley values by their definition: same scale, value function and background.

The definition is enumerated over all sets of up to twelve features. Published vectors are worked examples of
TreeSHAP that can be followed by hand.
"""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
import skops.io
from lightgbm import LGBMClassifier, LGBMRegressor
from scipy.special import expit, logit
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBClassifier

from auditor.sandbox import open_model
from auditor.sandbox.inside.forests import forest, origins
from auditor.subjects.explaining import Explaining
from checks.interpretability.asking import explained_output
from checks.interpretability.attribution import attribute
from checks.interpretability.engines import Asked, closed
from checks.interpretability.scales import AGAINST_ALL
from checks.interpretability.shap import shap
from checks.model import Outcome, Roles, Subject, Task

TWELVE = [f"x{place}" for place in range(12)]
EXACT = 1e-6


def parts_of(value: np.ndarray, features: int) -> np.ndarray:
    """Shapley values, by their definition, of set functions: *value* is (sets, rows), sets as bit masks."""
    masks = np.arange(2**features)
    size = np.array([mask.bit_count() for mask in masks.tolist()])
    parts = np.zeros((value.shape[1], features))
    for place in range(features):
        without = masks[(masks >> place) & 1 == 0]
        weight = np.array([1 / (features * math.comb(features - 1, k)) for k in size[without]])
        parts[:, place] = weight @ (value[without | (1 << place)] - value[without])
    return parts


def interventional(function, explained, background):
    """All sets of known features, the others from every background row."""
    (rows, features), many = explained.shape, len(background)
    known = (np.arange(2**features)[:, None] >> np.arange(features)) & 1 == 1
    asked = np.where(known[:, None, None, :], explained[None, :, None, :], background[None, None, :, :])
    answers = function(asked.reshape(-1, features)).reshape(2**features, rows, many)
    return parts_of(answers.mean(axis=2), features)


def path_dependent(trees, explained):
    """All sets of known features; at a split on another, both branches, as many training rows as took each.

    A tree is (left, right, feature, goes_left(row, node), value, weight).
    """
    features = explained.shape[1]

    def expected(tree, row, mask, node):
        left, right, feature, goes_left, value, weight = tree
        if left[node] < 0:
            return value[node]
        if (mask >> feature[node]) & 1:
            return expected(tree, row, mask, left[node] if goes_left(row, node) else right[node])
        ends = [(weight[child], expected(tree, row, mask, child)) for child in (left[node], right[node])]
        return sum(w * v for w, v in ends) / sum(w for w, _ in ends)

    value = np.zeros((2**features, len(explained)))
    for tree in trees:
        used = sum(1 << f for f in {int(f) for f, left in zip(tree[2], tree[0], strict=True) if left >= 0})
        for place, row in enumerate(explained):
            seen = {}
            for mask in range(2**features):
                if mask & used not in seen:
                    seen[mask & used] = expected(tree, row, mask & used, 0)
                value[mask, place] += seen[mask & used]
    return parts_of(value, features)


def grown(tree_, value, scale=1.0):
    """A tree of scikit-learn for `path_dependent`; it compares in 32 bit."""

    def goes_left(row, node):
        return np.float32(row[tree_.feature[node]]) <= tree_.threshold[node]

    left, right = tree_.children_left, tree_.children_right
    return left, right, tree_.feature, goes_left, scale * value(tree_), tree_.weighted_n_node_samples


def histogram(predictor):
    nodes = predictor.nodes
    leaf = nodes["is_leaf"] == 1

    def goes_left(row, node):
        value = row[nodes["feature_idx"][node]]
        return nodes["missing_go_to_left"][node] if np.isnan(value) else value <= nodes["num_threshold"][node]

    left, right = (np.where(leaf, -1, nodes[side].astype(int)) for side in ("left", "right"))
    return left, right, nodes["feature_idx"].astype(int), goes_left, nodes["value"], nodes["count"]


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 12))
    worth = X[:, 0] + X[:, 1] * X[:, 2] - X[:, 3] * (X[:, 4] > 0) + 0.3 * X[:, 5:].sum(axis=1)
    return X, worth, (worth + rng.normal(size=400) > 0).astype(int)


def test_credits_of_forests_are_shapley_values_by_their_definition(drawn):
    """Probability of the second class, twelve features, splits weighed by the training rows."""
    X, _, y = drawn
    model = RandomForestClassifier(4, max_depth=4, random_state=0).fit(X, y)
    trees = [grown(e.tree_, lambda t: t.value[:, 0, 1] / t.value[:, 0].sum(axis=1), 1 / 4) for e in model]
    said = forest(model, 12)
    found = said.contributions(X[:3])
    assert said.scale == "probability"
    assert np.abs(found[:, :-1] - path_dependent(trees, X[:3])).max() < EXACT
    assert np.abs(found.sum(axis=1) - model.predict_proba(X[:3])[:, 1]).max() < EXACT


def test_credits_of_each_of_three_classes_are_shapley_values_by_their_definition(drawn):
    X, worth, _ = drawn
    model = RandomForestClassifier(3, max_depth=3, random_state=0).fit(X, np.digitize(worth, [-1, 1]))
    said = forest(model, 12)
    found = said.contributions(X[:3]).reshape(3, 3, 13)
    assert said.scale == "probability"
    for one in range(3):
        trees = [
            grown(e.tree_, lambda t, one=one: t.value[:, 0, one] / t.value[:, 0].sum(axis=1), 1 / 3)
            for e in model
        ]
        assert np.abs(found[:, one, :-1] - path_dependent(trees, X[:3])).max() < EXACT
    assert np.abs(found.sum(axis=2) - model.predict_proba(X[:3])).max() < EXACT


def test_credits_of_boosted_trees_are_shapley_values_on_log_odds(drawn):
    X, _, y = drawn
    model = GradientBoostingClassifier(n_estimators=5, random_state=0).fit(X, y)
    trees = [grown(e.tree_, lambda t: t.value[:, 0, 0], 0.1) for e in model.estimators_[:, 0]]
    said = forest(model, 12)
    found = said.contributions(X[:3])
    assert said.scale == "log-odds"
    assert np.abs(found[:, :-1] - path_dependent(trees, X[:3])).max() < EXACT
    assert np.abs(found.sum(axis=1) - logit(model.predict_proba(X[:3])[:, 1])).max() < EXACT


def test_credits_of_histogram_boosting_follow_missing_values(drawn):
    X, _, y = drawn
    gaps = np.where(np.random.default_rng(1).random(X.shape) < 0.1, np.nan, X)
    model = HistGradientBoostingClassifier(max_iter=5, max_depth=4, random_state=0).fit(gaps, y)
    trees = [histogram(one) for (one,) in model._predictors]
    few = gaps[np.isnan(gaps).any(axis=1)][:3]
    said = forest(model, 12)
    assert said.scale == "log-odds"
    assert np.abs(said.contributions(few)[:, :-1] - path_dependent(trees, few)).max() < EXACT


def booster(root):
    """A tree of XGBoost for `path_dependent`; a cover is the sum of those below it."""
    nodes = []

    def add(node):
        place = len(nodes)
        nodes.append([-1, -1, -2, 0.0, node.get("leaf", 0.0), node["cover"]])
        if "split" in node:
            by = {child["nodeid"]: child for child in node["children"]}
            ends = [add(by[node[side]]) for side in ("yes", "no")]
            cover = sum(nodes[end][5] for end in ends)
            nodes[place] = [*ends, int(node["split"][1:]), np.float32(node["split_condition"]), 0.0, cover]
        return place

    add(root)
    left, right, feature, limit, value, weight = (list(column) for column in zip(*nodes, strict=True))

    def goes_left(row, node):
        return np.float32(row[feature[node]]) < limit[node]

    return np.array(left), np.array(right), np.array(feature), goes_left, np.array(value), np.array(weight)


@pytest.mark.parametrize("stopped", [False, True])
def test_credits_of_xgboost_are_shapley_values_in_64_bit(drawn, stopped, tmp_path):
    """XGBoost itself credits in 32 bit, and a wrapper that stopped early answers by its best trees only."""
    X, _, y = drawn
    rest = {"early_stopping_rounds": 2, "eval_metric": "logloss"} if stopped else {}
    boosted = XGBClassifier(n_estimators=30 if stopped else 5, max_depth=4, n_jobs=1, **rest)
    boosted.fit(X, y, **({"eval_set": [(X[:100], 1 - y[:100])]} if stopped else {}), verbose=False)
    trees = boosted.get_booster()[: boosted.best_iteration + 1] if stopped else boosted.get_booster()
    grown_ = [booster(json.loads(one)) for one in trees.get_dump(dump_format="json", with_stats=True)]
    wanted = path_dependent(grown_, X[:3])
    named = pd.DataFrame(X[:60], columns=[f"f{place}" for place in range(12)])
    boosted.save_model(path := tmp_path / "model.ubj")
    with open_model(path) as opened:
        inside = opened.contributions(named)
    for found in (inside, forest(boosted, 12).contributions(X[:60])):
        assert np.abs(found[:3, :-1] - wanted).max() < EXACT
        margin = boosted.predict(X[:60], output_margin=True)
        assert np.abs(found.sum(axis=1) - margin).max() < EXACT


def of_three(drawn):
    X, worth, _ = drawn
    return pd.DataFrame(X, columns=[f"f{place}" for place in range(12)]), np.digitize(worth, [-1, 1])


def test_credits_of_each_class_of_xgboost_are_shapley_values_less_what_all_have_in_common(drawn, tmp_path):
    """By their definition, of each class's own trees; they sum to the class's part of the logarithms."""
    X, y = of_three(drawn)
    boosted = XGBClassifier(n_estimators=3, max_depth=3, n_jobs=1).fit(X, y)
    dump = boosted.get_booster().get_dump(dump_format="json", with_stats=True)
    trees = [booster(json.loads(one)) for one in dump]
    each = np.stack([path_dependent(trees[one::3], X.to_numpy()[:3]) for one in range(3)], axis=1)
    boosted.save_model(path := tmp_path / "model.ubj")
    with open_model(path) as opened:
        assert opened.inspection.contributions == AGAINST_ALL
        found = np.stack([opened.contributions(X[:60], one) for one in range(3)], axis=1)
        logs = np.log(opened.predict_proba(X[:60]))
    assert np.abs(found[:3, :, :-1] - (each - each.mean(axis=1, keepdims=True))).max() < EXACT
    assert np.abs(found.sum(axis=2) - (logs - logs.mean(axis=1, keepdims=True))).max() < 2 * EXACT


def test_credits_of_each_class_of_lightgbm_sum_to_its_part_of_the_logarithms(drawn, tmp_path):
    X, y = of_three(drawn)
    model = LGBMClassifier(n_estimators=4, max_depth=4, verbose=-1, n_jobs=1, random_state=0).fit(X, y)
    model.booster_.save_model(path := tmp_path / "model.txt")
    trees = [listed(one["tree_structure"]) for one in model.booster_.dump_model()["tree_info"]]
    each = np.stack([path_dependent(trees[one::3], X.to_numpy()[:3]) for one in range(3)], axis=1)
    with open_model(path) as opened:
        found = np.stack([opened.contributions(X[:60], one) for one in range(3)], axis=1)
        logs = np.log(opened.predict_proba(X[:60]))
    assert np.abs(found[:3, :, :-1] - (each - each.mean(axis=1, keepdims=True))).max() < EXACT
    assert np.abs(found.sum(axis=2) - (logs - logs.mean(axis=1, keepdims=True))).max() < EXACT


@pytest.mark.parametrize("honest", [True, False])
def test_boosted_trees_of_three_classes_explain_the_favourable_one_if_their_word_holds(
    drawn, honest, tmp_path
):
    X, y = of_three(drawn)
    XGBClassifier(n_estimators=20, max_depth=3, n_jobs=1).fit(X, y).save_model(path := tmp_path / "m.ubj")
    with open_model(path) as opened:
        asked = Explaining(opened, opened.inspection.contributions, lambda: open_model(path))
        if not honest:  # the credits of another class
            asked = Wrong(opened, opened.inspection.contributions, lambda: open_model(path))
        roles = Roles(features=tuple(X), favourable="1")
        people = Subject(Task.MULTICLASS, X, roles, decision=y.astype(str).astype(object), model=asked)
        found = shap(people, rows=100, background=40, evaluations=100_000)
    assert found.measure("contributions_accepted").value == honest
    if honest:
        measure = found.measure("importance", feature="f0")
        assert measure.unit == "logarithm of the probability of '1' over the geometric mean of all"
        assert "TreeSHAP" in measure.method
        assert found.measure("additivity_error").value < 1e-5
    else:
        assert "do not sum to the answer" in found.measure("contributions_accepted").note


class Wrong(Explaining):
    """It tells of another class than it is asked for."""

    def contributions(self, X, position=None):
        return super().contributions(X, (position + 1) % 3)


def test_credits_of_lightgbm_are_shapley_values(drawn):
    X, worth, _ = drawn
    model = LGBMRegressor(n_estimators=4, max_depth=4, verbose=-1, n_jobs=1, random_state=0).fit(X, worth)
    trees = [listed(one["tree_structure"]) for one in model.booster_.dump_model()["tree_info"]]
    few = pd.DataFrame(X[:3], columns=model.feature_name_)
    found = forest(model, 12).contributions(few)
    assert np.abs(found[:, :-1] - path_dependent(trees, X[:3])).max() < EXACT


def listed(root):
    """A tree of LightGBM, as it tells it, for `path_dependent`."""
    nodes = [root]
    left, right, feature, limit, value, weight = [], [], [], [], [], []
    for node in nodes:
        split = "left_child" in node
        left.append(len(nodes) if split else -1)
        right.append(len(nodes) + 1 if split else -1)
        nodes.extend([node["left_child"], node["right_child"]] if split else [])
        feature.append(node.get("split_feature", 0))
        limit.append(node.get("threshold", 0.0))
        value.append(node.get("leaf_value", 0.0))
        weight.append(node.get("internal_count", node.get("leaf_count")))
    return left, right, feature, lambda row, node: row[feature[node]] <= limit[node], value, weight


def twelve(function, background, rows=3):
    """A classifier of twelve features whose answers *function* gives, as it is asked about."""

    class Model:
        classes, has_probabilities = ("0", "1"), True

        def predict_proba(self, X):
            p = expit(function(X.to_numpy(dtype=float)))
            return np.column_stack([1 - p, p])

        def predict(self, X):
            return (self.predict_proba(X)[:, 1] > 0.5).astype(float)

    table = pd.DataFrame(np.random.default_rng(3).normal(size=(rows, 12)), columns=TWELVE)
    against = pd.DataFrame(np.random.default_rng(4).normal(size=(background, 12)), columns=TWELVE)
    roles = Roles(features=tuple(TWELVE), positive="1")
    decision = np.array(["1"] * rows, dtype=object)
    return Subject(Task.BINARY, table, roles, decision=decision, model=Model()), table, against


def test_the_closed_form_of_twelve_features_is_exact():
    """A logistic regression: on log-odds, a part is the weight times the distance from the mean."""
    weights = np.linspace(-1, 1, 12)
    people, table, against = twelve(lambda x: x @ weights + 0.2, 5)
    rng = np.random.default_rng(0)
    engine = closed(Asked(people, explained_output(people), table, against, "training", 10_000, rng))
    found = engine.credit(table)[0]
    x, b = table.to_numpy(), engine.background.to_numpy()
    assert np.abs(found - weights * (x - b.mean(axis=0))).max() < EXACT
    assert np.abs(found - interventional(lambda rows: rows @ weights, x, b)).max() < EXACT


def test_sampled_parts_of_twelve_features_are_within_their_intervals():
    """Interactions of up to four features, on probability: 95 % intervals hold the definition's parts."""

    def crossed(x):
        return x[:, 0] * x[:, 1] * x[:, 2] + x[:, 3] * x[:, 4] - x[:, 5] + x[:, 8:].prod(axis=1)

    people, table, against = twelve(crossed, 40, rows=8)
    truth = interventional(lambda x: expit(crossed(x)), table.to_numpy(), against.to_numpy())
    inside = []
    for seed in range(5):
        found = attribute(explained_output(people), table, against, np.random.default_rng(seed))
        apart = np.abs(found.values - truth)
        inside.append((apart <= 1.96 * found.errors + 1e-12).mean())
        assert EXACT < apart.max() < 4 * found.errors.max()  # estimates, and the test can see that
    assert np.mean(inside) >= 0.95


FEVER = [[0, 0], [0, 1], [1, 0], [1, 1]]


@pytest.mark.parametrize(
    ("answers", "base", "parts"),
    [([0, 0, 0, 80], 20, [30, 30]), ([0, 10, 0, 90], 25, [30, 35])],
    ids=["model A", "model B"],
)
def test_published_worked_example(answers, base, parts, tmp_path):
    """Fever and cough: Lundberg, Erion and Lee, arXiv:1802.03888, figure 1. Through the lock."""
    names = ["fever", "cough"]
    X = pd.DataFrame(FEVER, columns=names, dtype=float)
    model = DecisionTreeRegressor(random_state=0).fit(X, answers)
    (path := tmp_path / "model.skops").write_bytes(skops.io.dumps(model))
    with open_model(path) as opened:
        assert opened.inspection.contributions == "value"
        found = opened.contributions(X[3:])
        turned = opened.contributions(X.loc[3:, ["cough", "fever"]].assign(other=1.0))
    assert found[0] == pytest.approx([*parts, base], abs=EXACT)
    assert turned[0] == pytest.approx([parts[1], parts[0], 0, base], abs=EXACT)


@pytest.mark.parametrize(
    ("rule", "ones", "zeros"),
    [
        (np.logical_and, [0.375, 0.375], [-0.125, -0.125]),
        (np.logical_or, [0.125, 0.125], [-0.375, -0.375]),
        (np.logical_xor, [-0.25, -0.25], [-0.25, -0.25]),
    ],
    ids=["and", "or", "xor"],
)
def test_trees_of_two_truth_values(rule, ones, zeros):
    """The trees that the documentation of shap explains as simple models, worked by hand."""
    X = np.array(FEVER, dtype=float)
    model = DecisionTreeRegressor(random_state=0).fit(X, rule(X[:, 0] > 0, X[:, 1] > 0).astype(float))
    found = forest(model, 2).contributions(X[[3, 0]])
    assert found[:, :2] == pytest.approx(np.array([ones, zeros]), abs=EXACT)


# Trees behind steps that code columns


@pytest.fixture(scope="module")
def coded():
    """A forest behind codes, fillings and scales, and the table that it was trained on."""
    rng = np.random.default_rng(5)
    X = pd.DataFrame(rng.normal(size=(500, 4)), columns=["income", "debt", "age", "noise"])
    X["region"] = rng.choice(["north", "south", "east"], 500)
    X.loc[::9, "debt"] = np.nan
    worth = X["income"] * 2 + (X["region"] == "north") - X["debt"].fillna(1) * (X["age"] > 0)
    y = np.where(worth + rng.normal(size=500) > 0, "yes", "no")
    codes = make_column_transformer(
        (OneHotEncoder(), ["region"]),
        (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), ["debt", "income"]),
        remainder="passthrough",
    )
    model = make_pipeline(codes, RandomForestClassifier(20, max_depth=5, random_state=0, n_jobs=1))
    return model.fit(X, y), X, y


@pytest.mark.parametrize("positive", ["yes", "no"])
def test_a_forest_behind_codes_is_explained_by_its_own_trees(coded, positive, tmp_path):
    """Codes are summed back to columns; the record names engine, scale, value function and background."""
    model, X, y = coded
    (path := tmp_path / "model.skops").write_bytes(skops.io.dumps(model))
    with open_model(path) as opened:
        roles = Roles(features=("region", *X.columns[:4]), positive=positive, favourable=positive)
        asked = Explaining(opened, opened.inspection.contributions, lambda: open_model(path))
        people = Subject(Task.BINARY, X, roles, decision=y.astype(object), model=asked)
        found = shap(people, rows=200, background=40, evaluations=100_000)
    assert found.outcome is Outcome.MEASURED, found.reason
    accepted = found.measure("contributions_accepted")
    assert (accepted.value, accepted.note) == (1, None)
    income = found.measure("importance", feature="income")
    words = "credits of the model's own trees (TreeSHAP), path-dependent: the background is the rows that"
    assert words in income.method
    assert f"probability of '{positive}'" in income.method
    assert income.low > found.measure("importance", feature="noise").high
    assert found.measure("additivity_error").value < EXACT
    assert found.measure("sampling_error").value == 0


def test_a_forest_of_three_classes_is_explained_by_its_own_trees(coded, tmp_path):
    """The class that people want is the one in the middle: neither the first nor the last."""
    _, X, _ = coded
    y = np.array(["deny", "grant", "review"])[np.digitize(X["income"] + 0.5 * X["age"], [-1, 1])]
    numbers = X[["income", "age", "noise"]]
    model = RandomForestClassifier(10, max_depth=4, random_state=0, n_jobs=1).fit(numbers, y)
    (path := tmp_path / "model.skops").write_bytes(skops.io.dumps(model))
    with open_model(path) as opened:
        roles = Roles(features=tuple(numbers), favourable="grant")
        asked = Explaining(opened, opened.inspection.contributions, lambda: open_model(path))
        people = Subject(Task.MULTICLASS, X, roles, decision=y.astype(object), model=asked)
        found = shap(people, rows=100, background=40, evaluations=100_000)
    assert (found.measure("contributions_accepted").value, found.outcome) == (1, Outcome.MEASURED)
    assert "probability of 'grant'" in found.measure("importance", feature="income").method
    assert found.measure("additivity_error").value < EXACT


def test_a_step_that_mixes_columns_offers_nothing(coded):
    _, X, y = coded
    numbers = X[["income", "age"]]
    model = make_pipeline(Normalizer(), RandomForestClassifier(3, random_state=0)).fit(numbers, y)
    assert forest(model, 2) is None
    assert forest(RandomForestClassifier(3, random_state=0).fit(numbers, y), None) is None


def test_trees_that_are_too_large_or_boosted_for_many_classes_offer_nothing(drawn):
    X, worth, _ = drawn
    three = GradientBoostingClassifier(n_estimators=2, random_state=0).fit(X, np.digitize(worth, [-1, 1]))
    assert forest(three, 12) is None
    large = ExtraTreesRegressor(300, random_state=0, bootstrap=False).fit(X, worth)
    assert forest(large, 12) is None
    assert forest(ExtraTreesRegressor(5, max_depth=5, random_state=0).fit(X, worth), 12).scale == "value"


def test_columns_are_followed_through_steps(coded):
    """Three codes of the region, debt, income, and whether debt was missing; then what remained."""
    model, X, _ = coded
    assert origins(model[:-1], X.shape[1]).tolist() == [4, 4, 4, 1, 0, 1, 2, 3]
    first = dict(itertools.islice(model[0].named_transformers_.items(), 1))
    assert origins(next(iter(first.values())), 1).tolist() == [0, 0, 0]

"""Curves along a feature: against scikit-learn, closed forms, and people who could not exist."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import partial_dependence as oracle

from checks.interpretability.ale import ale
from checks.interpretability.alike import order_of_likes
from checks.interpretability.asked_curves import CELLS, curves
from checks.interpretability.curve_limits import Curve, of_people
from checks.interpretability.grid import MISSING, grid_of, steps_of
from checks.interpretability.partial_dependence import partial_dependence
from checks.model import Outcome, Task
from tests.checks.builders import LogisticModel, credit, subject
from tests.checks.planted import planted

PEOPLE = credit()
BOTH = pytest.mark.parametrize("check", [partial_dependence, ale], ids=lambda c: c.id)


class Rule(RegressorMixin, BaseEstimator):
    """A regressor that is a function of a table, and counts what it is asked."""

    classes = ()
    has_probabilities = False

    def __init__(self, function=None):
        self.function = function
        self.asked = []

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        self.asked.append(len(X))
        return np.asarray(self.function(X), dtype=float)


def valued(table, function, seed=0, **others):
    """Return a regression subject whose model is *function* of its features."""
    return subject(
        features=dict(table),
        score=np.zeros(len(table)),
        task=Task.REGRESSION,
        model=Rule(function),
        seed=seed,
        **others,
    )


def normal(rows, names, seed=3):
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(rows, len(names))), columns=list(names))


def table_of(evidence, feature):
    """Return the points of a feature by column."""
    (table,) = evidence.tables
    rows = [row for row in table.rows if row[0] == feature]
    return {name: [row[i] for row in rows] for i, name in enumerate(table.columns)}


def test_the_curve_is_scikit_learns():
    """Its brute method over the same people and values gives the same means."""
    table = normal(150, "abc")
    whole = valued(table, lambda X: X["a"] * X["b"] + np.sin(2 * X["c"]))
    points = table_of(partial_dependence(whole), "c")
    fitted = Rule(whole.model.function).fit(table, None)
    theirs = oracle(fitted, table, ["c"], custom_values={"c": np.array(points["at"])}, method="brute")
    np.testing.assert_allclose(points["mean"], theirs["average"][0], atol=1e-12)


@planted("interpretability.partial_dependence", "speaks")
@planted("interpretability.ale", "speaks")
@BOTH
def test_a_line_is_drawn_as_it_is(check):
    """The answer is 3a - 2b + c d: the ranges are those of the line, rising and falling."""
    table = normal(400, "abcd")
    found = check(valued(table, lambda X: 3 * X["a"] - 2 * X["b"] + X["c"] * X["d"]))
    for feature, slope in (("a", 3), ("b", -2)):
        points = table_of(found, feature)
        effect = points["mean" if check is partial_dependence else "effect"]
        np.testing.assert_allclose(np.diff(effect) / np.diff(points["at"]), slope, rtol=1e-9)
        measure = found.measure("effect_range", feature=feature)
        assert measure.value == pytest.approx(abs(slope) * (points["at"][-1] - points["at"][0]))
        assert measure.low == pytest.approx(measure.high)
    assert found.measure("effect_range", feature="c").low < 0.5
    if check is partial_dependence:
        assert found.measure("rising_share", feature="a").value == 1
        assert found.measure("rising_share", feature="b").value == 0
        assert found.measure("spread_share", feature="a").value == pytest.approx(0, abs=1e-12)
        assert found.measure("spread_share", feature="c").low > 0.8


@planted("interpretability.partial_dependence", "silent")
@planted("interpretability.ale", "silent")
@BOTH
def test_what_the_model_ignores_is_flat(check):
    found = check(PEOPLE)
    for feature in ("noise", "job"):
        measure = found.measure("effect_range", feature=feature)
        assert (measure.value, measure.low, measure.high) == (0, 0, 0)


def test_people_who_could_not_exist_move_partial_dependence_and_not_the_local_effect():
    """The two features are nearly equal, and the model answers 10 only where they are far apart."""
    rng = np.random.default_rng(5)
    first = rng.normal(size=600)
    table = pd.DataFrame({"a": first, "b": first + 0.05 * rng.normal(size=600)})
    whole = valued(table, lambda X: 10.0 * ((X["a"] - X["b"]).abs() > 2))
    everywhere, near = partial_dependence(whole), ale(whole)
    assert everywhere.measure("effect_range", feature="a").low > 2
    assert near.measure("effect_range", feature="a").high == 0


def test_a_category_moves_people_by_its_own_effect():
    """Each job adds its own number; the curves hold the differences whatever order the jobs stand in."""
    adds = {"clerk": 0.0, "nurse": 2.0, "smith": -1.0}
    table = normal(300, "a").assign(job=np.resize(list(adds), 300))
    whole = valued(table, lambda X: X["a"] + X["job"].map(adds))
    for check, name in ((partial_dependence, "mean"), (ale, "effect")):
        points = table_of(check(whole), "job")
        by_name = dict(zip(points["value"], points[name], strict=True))
        assert by_name["nurse"] - by_name["smith"] == pytest.approx(3)
        assert by_name["clerk"] - by_name["smith"] == pytest.approx(1)
        assert check(whole).measure("effect_range", feature="job").value == pytest.approx(3)


def test_effects_have_a_mean_of_0_over_people_however_unequal_the_values_are():
    """Of two-valued and of rare categories the middle between the points is not the mean of the people."""
    rng = np.random.default_rng(3)
    adds = {"clerk": 0.0, "nurse": 2.0, "smith": -1.0}
    table = pd.DataFrame(
        {
            "told": (rng.random(400) < 0.91).astype(float),
            "rooms": rng.choice([1.0, 2.0, 3.0], 400, p=[0.7, 0.2, 0.1]),
            "job": rng.choice(list(adds), 400, p=[0.8, 0.15, 0.05]),
        }
    )
    whole = valued(table, lambda X: X["told"] + X["rooms"] ** 2 + X["job"].map(adds))
    near, everywhere = ale(whole), partial_dependence(whole)
    for feature in table.columns:
        points, mean = table_of(near, feature), table_of(everywhere, feature)
        at = [
            number if text is None else text
            for number, text in zip(points["at"], points["value"], strict=True)
        ]
        effect = dict(zip(at, points["effect"], strict=True))
        assert table[feature].map(effect).mean() == pytest.approx(0, abs=1e-12)
        where = [
            number if text is None else text for number, text in zip(mean["at"], mean["value"], strict=True)
        ]
        level = sum(np.multiply(mean["mean"], mean["people"])) / sum(mean["people"])
        for value, height in zip(where, mean["mean"], strict=True):
            assert height == pytest.approx(effect[value] + level)  # an additive model: both curves are one


def test_categories_stand_beside_those_that_are_alike():
    people = pd.DataFrame({"place": np.resize(["low", "high", "middle"], 300), "rent": 0.0})
    people["rent"] = people["place"].map({"low": 1.0, "middle": 2.0, "high": 3.0})
    people["rent"] += np.random.default_rng(0).normal(size=300) * 0.8
    groups = [np.flatnonzero(people["place"] == name) for name in ("high", "low", "middle")]
    order = [("high", "low", "middle")[i] for i in order_of_likes(people, 0, groups)]
    assert order in (["low", "middle", "high"], ["high", "middle", "low"])


def test_limits_cover_the_range_of_everybody():
    """The truth is the range over 20,000 people; nineteen of twenty is the promise, and more is kept."""
    crowd = normal(20_000, "ab", seed=11)

    def answer(X):
        return np.tanh(X["a"] + X["b"])

    def truth(at):
        return [float(np.tanh(x + crowd["b"]).mean()) for x in at]

    inside = 0
    for seed in range(40):
        table = crowd.iloc[np.random.default_rng(seed).permutation(20_000)[:200]].reset_index(drop=True)
        found = partial_dependence(valued(table, answer, seed), points=5)
        mean = truth(table_of(found, "a")["at"])
        measure = found.measure("effect_range", feature="a")
        inside += measure.low <= max(mean) - min(mean) <= measure.high
    assert inside >= 37


def test_a_range_by_hand():
    """Three points without covariance; the pairs need Sidak's level for three."""
    curve = Curve(np.array([0.0, 1.0, 3.0]), np.diag([0.5, 0.5, 0.5]))
    value, low, high = curve.range()
    assert value == 3
    assert low == pytest.approx(3 - 2.3877, abs=1e-3)  # two-sided 95 % over three pairs
    assert high == pytest.approx(3 + 1.9600, abs=1e-3)


def test_curves_that_only_differ_in_level_are_known_without_error():
    level = np.random.default_rng(0).normal(size=(50, 1))
    assert of_people(level + np.array([0.0, 1.0])).range() == pytest.approx((1, 1, 1))


def test_no_value_is_anybodys_own():
    """Numbers of many values are rounded; rare values and the ends are not asked about."""
    income = np.random.default_rng(1).lognormal(10, 1, 500)
    grid = grid_of(pd.Series(income, name="income"), 12)
    assert len(grid) == 12
    assert not set(grid.numbers) & set(income)
    assert income.min() < grid.numbers[0]
    assert grid.numbers[-1] < income.max()
    job = pd.Series(["clerk"] * 40 + ["nurse"] * 30 + ["judge"] * 9 + [None] * 21, name="job", dtype=object)
    grid = grid_of(job, 12)
    assert grid.labels == ("clerk", "nurse", MISSING)
    assert grid.beyond == pytest.approx(0.09)
    assert grid.weights.sum() == pytest.approx(1)
    dependents = pd.Series([0] * 50 + [1] * 30 + [2] * 15 + [7], name="dependents")
    assert list(grid_of(dependents, 12).values) == [0, 1, 2]
    assert list(steps_of(dependents, 10)) == [0, 1, 2]


def test_columns_keep_their_types():
    seen = []
    table = normal(60, "a").assign(n=np.resize([1, 2, 3], 60), job=np.resize(["x", "y"], 60))
    table["whole"] = pd.array(np.resize([1, None, 5], 60), dtype="Int64")
    whole = valued(table, lambda X: seen.append(X) or np.zeros(len(X)))
    whole = dataclasses.replace(whole, evaluation=table)
    for check in (partial_dependence, ale):
        assert check(whole).outcome is Outcome.MEASURED
    assert all((frame.dtypes == table.dtypes).all() for frame in seen)


def test_answers_are_asked_once_for_a_subject():
    whole = valued(normal(100, "ab"), lambda X: X["a"])
    first = partial_dependence(whole)
    questions = sum(whole.model.asked)
    assert partial_dependence(whole) == first
    assert sum(whole.model.asked) == questions == first.measure("questions").value


def test_of_two_thousand_features_those_that_move_answers_are_asked_about_within_the_limit():
    wide = normal(300, [f"x{i}" for i in range(2000)])
    whole = valued(wide, lambda X: 5 * X["x7"] - X["x1500"])
    found = curves(whole, rows=200, points=12, evaluations=100_000)
    assert {"x7", "x1500"} <= {grid.feature for grid in found.grids}
    assert len(found.left_out) == 2000 - len(found.grids) > 1800
    assert found.questions <= CELLS / 2000 * 2
    near = ale(whole)
    assert near.measure("effect_range", feature="x7").low > 10
    left = near.measure("features_left_out")
    assert left.value > 1800
    assert left.note.startswith("they move the answers of a few people less")
    assert sum(whole.model.asked) * 2000 <= 4 * CELLS


def test_many_classes_are_explained_by_the_favourable_one():
    class Three:
        classes = ("bus", "car", "tram")
        has_probabilities = True

        def predict_proba(self, X):
            car = 1 / (1 + np.exp(-X["a"].to_numpy()))
            return np.column_stack([(1 - car) / 2, car, (1 - car) / 2])

    whole = subject(
        decision=["car"] * 200,
        features=dict(normal(200, "ab")),
        task=Task.MULTICLASS,
        roles={"positive": None, "favourable": "car"},
        model=Three(),
    )
    found = partial_dependence(whole)
    assert found.measure("rising_share", feature="a").value == 1
    assert "probability of 'car'" in found.measures[0].method
    nothing = dataclasses.replace(whole, roles=dataclasses.replace(whole.roles, favourable=None))
    most = partial_dependence(nothing)  # the one decided for most often
    assert most.measure("rising_share", feature="a").value == 1
    undecided = partial_dependence(dataclasses.replace(nothing, decision=None))
    assert undecided.reason == "no class to explain was declared: set columns.favourable"


@BOTH
@pytest.mark.parametrize(
    ("change", "outcome", "sentence"),
    [
        (
            {"evaluation": PEOPLE.evaluation[:1], "decision": None},
            Outcome.INCONCLUSIVE,
            "one row says nothing about others; supply more evaluation rows",
        ),
        (
            {"evaluation": PEOPLE.evaluation.assign(income=1.0, debt=1.0, noise=1.0, job="clerk")},
            Outcome.INCONCLUSIVE,
            "no feature has two values that ten rows share, so none can be moved",
        ),
    ],
)
def test_each_gap_has_its_sentence(check, change, outcome, sentence):
    found = check(dataclasses.replace(PEOPLE, **change))
    assert (found.outcome, found.reason) == (outcome, sentence)


@BOTH
def test_a_constant_feature_is_a_row_with_a_reason(check):
    found = check(dataclasses.replace(PEOPLE, evaluation=PEOPLE.evaluation.assign(debt=4.0)))
    measure = found.measure("effect_range", feature="debt")
    assert (measure.value, measure.note) == (None, "no two of its values are shared by ten rows")


@BOTH
def test_answers_that_are_no_numbers_fail_with_a_sentence(check):
    """The model answers what is in the file, and not what it is moved to."""

    class Brittle(LogisticModel):
        def predict_proba(self, X):
            answer = super().predict_proba(X)
            answer[X["income"].to_numpy() == np.round(X["income"].to_numpy(), 2)] = np.nan
            return answer

    found = check(dataclasses.replace(PEOPLE, model=Brittle({"income": 1.0})))
    assert found.outcome is Outcome.FAILED
    assert found.reason.startswith("the model could not answer: asked for")


@BOTH
def test_a_constant_model_moves_nothing(check):
    found = check(dataclasses.replace(PEOPLE, model=LogisticModel({"income": 0.0})))
    assert found.outcome is Outcome.MEASURED
    assert {m.value for m in found.measures if m.name == "effect_range"} == {0}
    assert {m.value for m in found.measures if m.name in ("spread_share", "rising_share")} <= {None}


def test_missing_values_are_a_point_of_their_own():
    table = PEOPLE.evaluation.assign(income=PEOPLE.evaluation["income"].where(np.arange(600) % 4 > 0))

    class Lenient(LogisticModel):
        def predict_proba(self, X):
            return super().predict_proba(X.fillna({"income": -3.0}))

    whole = dataclasses.replace(PEOPLE, evaluation=table, model=Lenient({"income": 1.0}))
    points = table_of(partial_dependence(whole), "income")
    assert points["value"][-1] == MISSING
    assert points["mean"][-1] == pytest.approx(1 / (1 + np.exp(3)))
    assert ale(whole).measure("outside_share", feature="income").value == pytest.approx(0.25, abs=0.05)

"""Recourse against closed forms, brute force on small grids, and planted burdens."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from checks.interpretability.changes import changes
from checks.interpretability.goal import goal
from checks.interpretability.moves import SHARED, moves
from checks.interpretability.recourse import recourse
from checks.interpretability.search import Asked, search
from checks.model import Outcome, Task
from tests.checks.builders import LogisticModel, credit, subject
from tests.checks.planted import planted

PEOPLE = credit()


class Rule:
    """A model in this process: any rule over a table, as a probability."""

    classes = ("0", "1")
    has_probabilities = True

    def __init__(self, chance):
        self.chance = chance

    def predict_proba(self, X):
        p = np.asarray(self.chance(X), dtype=float)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(float)


class Numbers:
    """A regression in this process."""

    classes = ()
    has_probabilities = False

    def __init__(self, value):
        self.value = value

    def predict(self, X):
        return np.asarray(self.value(X), dtype=float)


class Bands:
    """A model of three classes: the sum of two features decides."""

    classes = ("high", "low", "middle")
    has_probabilities = True

    def predict_proba(self, X):
        total = X["a"].to_numpy(float) + X["b"].to_numpy(float)
        raw = np.exp(np.column_stack([3 * total, -3 * total, np.full(len(X), 2.0)]))
        return raw / raw.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1).astype(float)


def people(model, features, *, groups=None, **others):
    """Return a subject of these columns, decided by *model*."""
    return subject(
        features=features,
        groups=groups or {"group": np.where(np.arange(len(next(iter(features.values())))) % 2, "A", "B")},
        model=model,
        **others,
    )


def searched(whole, rows=60, most=4):
    rng = np.random.default_rng(0)
    wanted = goal(whole, rng)
    against = np.flatnonzero(~wanted.reached(wanted.margin(whole.features)))[:rows]
    table = whole.features.iloc[against].reset_index(drop=True)
    open_ = moves(whole, rng)
    return table, open_, wanted, changes(whole, wanted, table, open_, most=most, rng=rng)


def levels(rng, rows, features, values):
    return {f"x{i}": rng.integers(0, values, rows).astype(float) for i in range(features)}


def brute(whole, table, open_, wanted, most):
    """The fewest features by trying every combination of every allowed value."""
    allowed = open_.allowed(table)
    sizes = np.full(len(table), most + 1)
    for i in range(len(table)):
        asked = Asked(wanted, table.iloc[[i]].reset_index(drop=True), open_.grid)
        choices = [[-1, *np.flatnonzero(each)] for each in allowed[i]]
        states = np.array(list(itertools.product(*choices)))
        reached = wanted.reached(asked.margins(np.zeros(len(states), int), states))
        changed = (states >= 0).sum(axis=1)
        sizes[i] = min(changed[reached & (changed <= most)], default=most + 1)
    return sizes


@pytest.mark.parametrize("seed", range(6))
def test_the_fewest_features_are_those_of_brute_force(seed):
    """On small grids, rules with interactions and plateaus: the same number of features, or none for both."""
    rng = np.random.default_rng(seed)
    features = levels(rng, 300, 4, 3)
    weights, pair = rng.normal(size=4), rng.normal()

    def chance(X):
        x = X.to_numpy(float)
        raw = (x - 1) @ weights + pair * (x[:, 0] - 1) * (x[:, 1] - 1) - 1.5
        return (raw > 0) if seed % 2 else 1 / (1 + np.exp(-raw))

    whole = people(Rule(chance), features)
    table, open_, wanted, found = searched(whole)
    want = brute(whole, table, open_, wanted, 4)
    got = np.where(found.found.solved, found.found.sizes, 5)
    assert got.tolist() == want.tolist()
    assert found.found.minimal[found.found.solved].all()


def test_a_change_without_an_answer_reaches_nothing_and_leaves_smaller_ones_unproven():
    """Two of `a` and `b` are needed; there is no number for `c` at 2 in people with an `a` of 0."""
    rng = np.random.default_rng(0)
    features = {name: rng.integers(0, 3, 300).astype(float) for name in "abc"}

    def chance(X):
        gap = (X["a"] == 0) & (X["c"] == 2)
        return np.where(gap, np.nan, (X["a"] + X["b"] >= 3).astype(float))

    evidence = recourse(people(Rule(chance), features, facts={"directions": {"c": "up"}}))
    lost = evidence.measure("questions_unanswered")
    assert 0 < lost.value < lost.n == evidence.measure("questions").value
    assert evidence.measure("recourse_share").value == 1
    assert evidence.measure("change_share", feature="c").value == 0
    rows = pd.DataFrame(features)
    asked_of = rows[(rows.a + rows.b < 3) & ~((rows.a == 0) & (rows.c == 2))]
    assert evidence.measure("recourse_share").n == min(200, len(asked_of))
    # of those with an `a` and `b` of 0, who need two changes, one of `c` could not be asked about
    assert evidence.measure("fewest_proven_share").value < 1


def test_one_number_of_a_linear_model_moves_to_the_least_value_that_is_enough():
    """The closed form: the smallest proposed value beyond (limit - others) / weight."""
    rng = np.random.default_rng(4)
    features = {"a": rng.normal(size=400), "b": rng.normal(size=400)}
    whole = people(LogisticModel({"a": 2.0, "b": 1.0}), features, facts={"immutable": ["b"]})
    table, open_, _, found = searched(whole)
    values = open_.grid["a"].to_numpy()[np.isfinite(open_.place[:, 0])]
    for i in range(len(table)):
        enough = values[2 * values + table["b"][i] >= 0]
        assert found.found.solved[i] == (len(enough) > 0)
        if len(enough):
            assert open_.grid["a"][found.found.states[i, 0]] == enough.min()
            passed = (features["a"] < enough.min()).mean() - (features["a"] < table["a"][i]).mean()
            assert found.shifts[i, 0] == pytest.approx(passed, abs=1 / 400)


def test_what_may_not_change_never_does():
    """Immutable features and protected attributes stay, and directions hold, whatever it costs."""
    rng = np.random.default_rng(5)
    features = {name: rng.normal(size=500) for name in ("a", "b", "c")}
    features["sex"] = rng.integers(0, 2, 500)
    model = LogisticModel({"a": 1.0, "b": -1.0, "c": 1.0, "sex": 5.0}, -4.0)
    whole = subject(
        features=features,
        model=model,
        roles={"groups": ("sex",)},
        facts={"immutable": ["c"], "directions": {"a": "up", "b": "up"}},
    )
    table, open_, _, found = searched(whole, 100)
    states = found.found.states
    assert open_.fixed == ("c", "sex")
    assert (states[:, 1:] == -1).all()  # b would have to fall
    changed = np.flatnonzero(states[:, 0] >= 0)
    assert len(changed)
    assert (open_.grid["a"].to_numpy()[states[changed, 0]] > table["a"].to_numpy()[changed]).all()


def test_no_value_is_proposed_that_few_people_have():
    """Categories that fewer than ten share, and none that nobody has, are ever asked about."""
    seen = set()

    def chance(X):
        seen.update(X["job"])
        return np.where(X["job"] == "doctor", 0.9, 0.1)

    jobs = ["clerk"] * 60 + ["smith"] * 40 + ["doctor"] * (SHARED - 1)
    features = {"job": jobs, "x": np.arange(len(jobs)) % 4}
    evidence = recourse(people(Rule(chance), features))
    assert evidence.measure("recourse_share").value == 0
    assert seen == {"clerk", "smith", "doctor"}
    features["job"] = [*jobs[1:], "doctor"]
    assert recourse(people(Rule(chance), features)).measure("recourse_share").value == 1


def test_every_change_that_is_told_turns_the_answer_when_asked():
    """The measured success is that of the model, built here by hand from the values."""
    table, open_, _, found = searched(PEOPLE, 80)
    for i in np.flatnonzero(found.found.solved):
        person = table.iloc[[i]].copy()
        for j in np.flatnonzero(found.found.states[i] >= 0):
            person.isetitem(j, [open_.grid.iloc[found.found.states[i, j], j]])
        assert PEOPLE.model.predict(person)[0] == 1


def test_a_rule_of_three_conditions_is_found_through_people_who_meet_them():
    """A plateau gives the search no slope: all three must change at once, of ten features that may."""
    rng = np.random.default_rng(8)
    features = {f"x{i}": rng.normal(size=600) for i in range(10)}
    rule = Rule(lambda X: (X[["x0", "x1", "x2"]] > 0.3).all(axis=1))
    whole = people(rule, features)
    table, _, _, found = searched(whole, 120)
    need = (table[["x0", "x1", "x2"]] <= 0.3).sum(axis=1).to_numpy()
    assert found.found.solved.mean() > 0.9
    assert (found.found.sizes[found.found.solved] >= need[found.found.solved]).all()
    assert (found.found.sizes == need)[found.found.solved].mean() > 0.9


@planted("interpretability.recourse", "speaks")
def test_a_group_that_has_further_to_go_is_seen():
    """Planted: equal spread, group B starts lower, so it moves further for the same outcome."""
    rng = np.random.default_rng(9)
    group = np.where(rng.random(1500) < 0.5, "A", "B")
    features = {"a": rng.normal(size=1500) - 1.5 * (group == "B")}
    whole = people(LogisticModel({"a": 2.0}, -1.0), features, groups={"group": group})
    evidence = recourse(whole, rows=600)
    gap = evidence.measure("group_percentile_shift_gap", attribute="group")
    costs = {g: evidence.measure("group_percentile_shift", attribute="group", group=g).value for g in "AB"}
    assert costs["B"] > costs["A"]
    assert gap.value == pytest.approx(costs["B"] - costs["A"])
    assert gap.low > 0.1


@planted("interpretability.recourse", "silent")
def test_equal_groups_are_not_told_apart():
    """Silent: no more than chance of 40 seeds show a gap in cost above 0."""
    spoke = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        group = np.where(rng.random(400) < 0.5, "A", "B")
        whole = people(LogisticModel({"a": 1.0}, 0), {"a": rng.normal(size=400)}, groups={"group": group})
        spoke += recourse(whole).measure("group_percentile_shift_gap", attribute="group").low > 0
    assert spoke <= 6  # 2.5 % to 5 % expected: more than 6 of 40 has a chance under 1 in 100


def test_nobody_is_helped_where_only_fixed_features_count():
    rng = np.random.default_rng(3)
    features = {"a": rng.normal(size=300), "b": rng.normal(size=300)}
    evidence = recourse(people(LogisticModel({"a": 1.0}), features, facts={"immutable": ["a"]}))
    assert evidence.outcome is Outcome.MEASURED
    assert evidence.measure("recourse_share").value == 0
    assert evidence.measure("changes_needed").value is None
    assert "`a`" in evidence.measure("features_open").note


@pytest.mark.parametrize(
    ("model", "facts", "words"),
    [
        (Rule(lambda X: np.full(len(X), 0.2)), {}, "everybody the same answer"),
        (Rule(lambda X: 0.6 + 0.01 * np.tanh(X["a"])), {}, "nobody needs another answer"),
        (LogisticModel({"a": 1.0}), {"immutable": ["a"]}, "no feature may change"),
    ],
    ids=["constant", "all favoured", "nothing may change"],
)
def test_what_cannot_be_searched_is_told_in_a_sentence(model, facts, words):
    features = {"a": np.random.default_rng(0).normal(size=200)}
    evidence = recourse(people(model, features, facts=facts))
    assert evidence.outcome is Outcome.INCONCLUSIVE
    assert words in evidence.reason


def test_a_model_without_an_answer_for_changed_people_is_told_in_a_sentence():
    """NaN for rows that were never in the file."""
    features = {
        "a": np.random.default_rng(0).normal(size=200),
        "b": np.random.default_rng(1).normal(size=200),
    }
    known = {tuple(row) for row in pd.DataFrame(features).to_numpy()}

    def chance(X):
        there = [tuple(row) in known for row in X.to_numpy()]
        return np.where(there, 1 / (1 + np.exp(-X["a"])), np.nan)

    evidence = recourse(people(Rule(chance), features))
    assert evidence.outcome is Outcome.FAILED
    assert evidence.reason.startswith("the model could not answer: asked for")


def test_people_of_a_regression_are_asked_to_cross_the_median():
    rng = np.random.default_rng(2)
    features = {"a": rng.normal(size=300), "b": rng.normal(size=300)}
    whole = people(Numbers(lambda X: 100 * X["a"] + X["b"]), features, task=Task.REGRESSION)
    evidence = recourse(whole)
    share = evidence.measure("recourse_share")
    assert share.value == 1
    assert "above the median of everybody" in share.method
    assert evidence.measure("change_share", feature="a").value == 1


def test_people_of_many_classes_are_asked_to_get_the_favourable_one():
    rng = np.random.default_rng(2)
    features = {"a": rng.normal(size=300), "b": rng.normal(size=300)}
    roles = {"favourable": "middle", "positive": None}
    table, open_, _, found = searched(people(Bands(), features, task=Task.MULTICLASS, roles=roles))
    changed = table.copy()
    for j in range(2):
        rows = np.flatnonzero(found.found.states[:, j] >= 0)
        changed.iloc[rows, j] = open_.grid.iloc[found.found.states[rows, j], j].to_numpy()
    assert found.found.solved.all()
    assert (Bands().predict(changed) == 2).all()


def test_the_unfavourable_side_can_be_the_positive_one():
    """Where the score predicts a harm, people want to be below the threshold."""
    rng = np.random.default_rng(2)
    whole = people(
        LogisticModel({"debt": 2.0}),
        {"debt": rng.normal(size=300)},
        roles={"favourable": "0", "positive": "1"},
    )
    table, open_, _, found = searched(whole)
    assert (table["debt"] >= 0).all()
    assert (open_.grid["debt"].to_numpy()[found.found.states[:, 0]] < 0).all()


def test_two_thousand_features_are_an_answer():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(150, 2000)), columns=[f"f{i}" for i in range(2000)])
    whole = people(LogisticModel({"f7": 2.0, "f1999": 1.0}), {"f0": table["f0"]})
    whole = dataclasses.replace(
        whole,
        evaluation=table.assign(group=whole.evaluation["group"]),
        roles=dataclasses.replace(whole.roles, features=tuple(table.columns)),
    )
    evidence = recourse(whole)
    assert evidence.measure("recourse_share").value > 0.9
    assert evidence.measure("features_open").value == 40
    assert evidence.measure("change_share", feature="f7").value > 0.5


def test_missing_values_stay_missing():
    features = {
        "a": np.random.default_rng(0).normal(size=300),
        "b": np.random.default_rng(1).normal(size=300),
    }
    features["a"][:200] = np.nan
    rule = Rule(lambda X: 1 / (1 + np.exp(-X["a"].fillna(-1) - X["b"])))
    table, _, _, found = searched(people(rule, features))
    assert table["a"].isna().any()
    assert (found.found.states[table["a"].isna().to_numpy(), 0] == -1).all()


def test_a_search_of_no_people_asks_nothing():
    """The empty case of the engine, as where everybody has what is wanted."""
    table = pd.DataFrame({"a": [1.0, 2.0]})
    asked = Asked(goal(PEOPLE, np.random.default_rng(0)), table[:0], table)
    found = search(asked, np.zeros((0, 1, 2), bool), np.zeros((0, 1, 2)), 3, np.zeros((0, 5, 1), np.int8))
    assert found.questions == 0
    assert len(found.solved) == 0

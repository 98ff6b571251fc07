"""A short tree beside the model: planted rules, by hand, and in odd input."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from checks.interpretability.ruled import ABOVE, AT_MOST, IS, MISSING
from checks.interpretability.surrogate import FEWEST, surrogate
from checks.model import Outcome, Task
from tests.budgets import budget
from tests.checks.builders import LogisticModel, OpenFile, credit
from tests.checks.planted import planted
from tests.checks.test_interpretability_dependence import normal, valued

PEOPLE = credit()


def conditions(found):
    (table,) = (t for t in found.tables if t.name == "conditions of rules")
    return table.rows


def answers(found):
    (table,) = (t for t in found.tables if t.name == "answers of rules")
    return table.rows


@planted("interpretability.surrogate", "speaks")
@pytest.mark.parametrize("seed", range(budget(3, 50)))
def test_a_model_of_few_rules_is_told_by_them(seed):
    """Three leaves over a and b; c, d and e do nothing."""

    def rule(X):
        return np.where(X["a"] > 0.5, 2.0, np.where(X["b"] > 0, 1.0, 0.0))

    found = surrogate(valued(normal(600, "abcde", seed), rule, seed))
    fidelity = found.measure("fidelity")
    assert 0.85 < fidelity.low <= fidelity.value <= fidelity.high <= 1
    assert found.measure("rules_needed").value <= 8
    assert found.measure("features_that_matter").value == 2
    assert found.measure("many_rules_fidelity").value >= fidelity.value - 0.02
    assert {row[1] for row in conditions(found)} >= {"a", "b"}
    cuts = [row[3] for row in conditions(found) if row[1] == "a"]
    assert min(abs(cut - 0.5) for cut in cuts) < 0.2


@planted("interpretability.surrogate", "silent")
@pytest.mark.parametrize("seed", range(budget(3, 50)))
def test_a_model_that_no_short_tree_tells_is_not_said_to_be_told(seed):
    """The sign of a product of three features: no step of a tree gains anything."""

    def rule(X):
        return np.sign(X["a"] * X["b"] * X["c"]) + 0.0

    found = surrogate(valued(normal(600, "abc", seed), rule, seed))
    assert found.measure("fidelity").high < 0.5
    assert found.measure("rules_needed").value is None


def test_fidelity_is_of_people_held_back():
    """Answers that are noise: a tree of all people fits some of it, held back it gives back nothing."""
    noise = iter(np.random.default_rng(0).normal(size=(4, 400)))
    found = surrogate(valued(normal(400, "abcd"), lambda X: next(noise)[: len(X)]))
    assert found.measure("fidelity").value < 0


def test_rules_have_no_persons_own_value_and_ten_people_each():
    table = normal(300, "ab")
    found = surrogate(valued(table, lambda X: X["a"] + 0.5 * X["b"]))
    own = set(table["a"]) | set(table["b"])
    assert not {row[3] for row in conditions(found)} & own
    assert all(row[1] >= 10 for row in answers(found))
    assert sum(row[1] for row in answers(found)) == 300


def test_the_answers_of_a_rule_by_hand():
    table = pd.DataFrame({"kind": ["x", "y", "z"] * 60, "pay": np.arange(180) % 7.0})
    found = surrogate(valued(table, lambda X: np.where(X["kind"] == "y", 3.0, 1.0)))
    assert found.measure("fidelity").value == pytest.approx(1)
    assert found.measure("rules_needed").value == 2
    assert answers(found) == ((1, 60, 3, 0), (2, 120, 1, 0))
    assert conditions(found)[0] == (1, "kind", IS, None, "y")


def test_what_is_missing_can_be_a_rule():
    table = normal(300, "ab")
    table.loc[::3, "a"] = np.nan
    found = surrogate(valued(table, lambda X: np.where(X["a"].isna(), 5.0, 0.0)))
    assert (1, "a", MISSING, None, None) in conditions(found)


def test_a_number_of_two_values_is_one_of_them():
    table = normal(300, "ab").assign(a=lambda t: (t["a"] > 0) * 1.0)
    found = surrogate(valued(table, lambda X: 3 * X["a"]))
    assert conditions(found)[0] == (1, "a", IS, 1.0, None)


def test_bounds_of_a_feature_are_told_once():
    found = surrogate(valued(normal(800, "a"), lambda X: X["a"] ** 2))
    for number in {row[0] for row in conditions(found)}:
        mine = [row[2] for row in conditions(found) if row[0] == number]
        assert len(mine) == len(set(mine)) <= 2
        assert set(mine) <= {AT_MOST, ABOVE}


def test_decisions_are_held_against_the_commonest():
    found = surrogate(PEOPLE)
    alike, common = (found.measure(f"{name}_agreement") for name in ("decision", "commonest"))
    assert alike.low > common.high
    turned = dataclasses.replace(PEOPLE, roles=dataclasses.replace(PEOPLE.roles, favourable="0"))
    assert surrogate(turned).measure("decision_agreement").value == pytest.approx(alike.value, abs=0.01)


def test_what_the_file_says_is_told_as_its_own_word():
    silent = surrogate(dataclasses.replace(PEOPLE, inside=None)).measure("numbers_learnt")
    assert silent.note.startswith("the file, or the model that was supplied, does not tell")
    found = surrogate(dataclasses.replace(PEOPLE, inside=OpenFile()))
    assert found.measure("numbers_learnt").value == 3
    assert found.measure("trees_in_file").value == 2


def test_odd_input_is_told_in_a_sentence():
    constant = surrogate(dataclasses.replace(PEOPLE, model=LogisticModel({"income": 0.0})))
    assert constant.outcome is Outcome.INCONCLUSIVE
    assert constant.reason.startswith("the model gives everybody asked about the same answer")
    few = surrogate(valued(normal(20, "ab"), lambda X: X["a"]))
    assert few.reason.startswith("20 rows")
    assert str(FEWEST) in few.reason
    still = surrogate(valued(normal(100, "ab").assign(a=1.0, b=2.0), lambda X: np.arange(len(X))))
    assert still.outcome is Outcome.INCONCLUSIVE


def test_of_two_thousand_features_the_one_that_matters_is_found_with_few_questions():
    wide = normal(400, [f"x{i}" for i in range(2000)])
    whole = valued(wide, lambda X: np.where(X["x7"] > 0, 1.0, 0.0))
    found = surrogate(whole)
    assert found.measure("fidelity").low > 0.5
    assert sum(whole.model.asked) <= 400
    assert conditions(found)[0][1] == "x7"


@pytest.mark.parametrize("task", [Task.SCORING, Task.MULTICLASS])
def test_other_tasks_are_measured(task):
    found = surrogate(dataclasses.replace(PEOPLE, task=task))
    assert found.measure("fidelity").value > 0.5
    assert not [m for m in found.measures if m.name.endswith("_agreement")]


# The scorecard


def points(found):
    (table,) = (t for t in found.tables if t.name == "scorecard")
    return table.rows


@planted("interpretability.surrogate", "speaks")
@pytest.mark.parametrize("seed", range(budget(2, 50)))
def test_a_model_that_adds_up_is_told_by_points_and_one_that_crosses_is_not(seed):
    """Steps of a and b that are added, against the sign of their product."""
    table = normal(600, "abcde", seed)

    def steps(X):
        return 2.0 * (X["a"] > 0) + 1.0 * (X["b"] > 0)

    adds = surrogate(valued(table, steps, seed))
    crosses = surrogate(valued(table, lambda X: np.sign(X["a"] * X["b"]), seed))
    assert adds.measure("scorecard_fidelity").low > 0.75
    assert {row[0] for row in points(adds)} >= {"a", "b"}
    assert points(adds)[0][0] == "a", "the feature whose points are furthest apart stands first"
    assert crosses.measure("scorecard_fidelity").high < 0.3


def test_the_points_of_two_texts_by_hand():
    """Half answer 1 and half 3: a point less and a point more than the mean of 2, held back by one of 120."""
    table = pd.DataFrame({"kind": ["x", "y"] * 120, "noise": np.random.default_rng(0).normal(size=240)})
    found = surrogate(valued(table, lambda X: np.where(X["kind"] == "x", 1.0, 3.0)))
    said = {row[3]: (row[4], row[5]) for row in points(found) if row[0] == "kind"}
    assert said == {"x": (pytest.approx(-120 / 121), 120), "y": (pytest.approx(120 / 121), 120)}
    assert found.measure("scorecard_fidelity").value > 0.999


def test_points_hold_no_persons_own_value_and_bands_ten_people():
    table = normal(300, "ab").assign(c=[np.nan if i % 9 == 0 else i % 4 for i in range(300)])
    found = surrogate(valued(table, lambda X: X["a"] + 0.5 * X["b"] + X["c"].fillna(2)))
    own = set(table["a"]) | set(table["b"])
    assert not {row[1] for row in points(found)} & own
    assert all(row[5] >= 10 for row in points(found))
    assert ("missing", 34.0) in {(row[3], row[5]) for row in points(found) if row[0] == "c"}


def test_no_more_features_than_a_reader_adds_up():
    names = [f"x{i}" for i in range(12)]
    found = surrogate(valued(normal(500, names), lambda X: X[names].sum(axis=1)))
    assert found.measure("scorecard_features").value == 8
    assert found.measure("scorecard_fidelity").value > found.measure("fidelity").value

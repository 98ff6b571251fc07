"""Interactions and monotonicity: planted, by hand, and against the definition."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from checks.interpretability.interactions import interactions
from checks.interpretability.monotonicity import monotonicity
from checks.model import Outcome, Task
from tests.budgets import budget
from tests.checks.builders import LogisticModel, credit
from tests.checks.planted import planted
from tests.checks.test_interpretability_dependence import normal, valued

PEOPLE = credit()
UP = dataclasses.replace(PEOPLE, facts={"directions": {"income": "up", "debt": "down"}})


def fair(rows, names, seed=0):
    """People whose features are -1 and 1, each by itself and equally often."""
    return pd.DataFrame(
        np.random.default_rng(seed).choice([-1.0, 1.0], size=(rows, len(names))), columns=list(names)
    )


@planted("interpretability.interactions", "speaks")
def test_the_pair_that_interacts_is_found_with_its_share():
    """Of 2ab + c + d the pair makes 4 of 6 parts and no other pair anything, in 47 of 50 seeds."""

    def rule(X):
        return 2 * X["a"] * X["b"] + X["c"] + X["d"]

    right, runs = 0, budget(4, 50)
    for seed in range(runs):
        found = interactions(valued(fair(400, "abcd", seed), rule, seed))
        pairs = [m for m in found.measures if m.name == "pair_share" and m.low]
        near = [m.of["feature"] for m in pairs] == ["a*b"] and abs(pairs[0].value - 4 / 6) < 0.06
        alone = {m.of["feature"]: m for m in found.measures if m.name == "interaction_share"}
        right += near and min(alone["a"].low, alone["b"].low) > 0.5 and not alone["c"].high + alone["d"].high
    assert right >= 47 / 50 * runs


@planted("interpretability.interactions", "silent")
def test_a_sum_of_curves_has_none():
    def rule(X):
        return np.sin(X["a"]) + X["b"] ** 2 - X["c"]

    found = interactions(valued(normal(300, "abc"), rule))
    shares = [m for m in found.measures if m.name == "interaction_share"]
    assert [(m.value, m.low, m.high) for m in shares] == [(0, 0, 0)] * 3
    assert not [m for m in found.measures if m.name == "pair_share"]


def test_what_another_scale_removes_is_no_interaction():
    """A logistic rule is a sum on the scale of log-odds; a rule that is a sum of probabilities stays one."""
    found = interactions(PEOPLE)
    assert "log-odds of the probability of '1'" in found.measures[0].method
    assert {m.value for m in found.measures if m.name == "interaction_share"} == {0}

    class Sum(LogisticModel):
        def predict_proba(self, X):
            p = 0.5 + 0.2 * np.tanh(X["income"].to_numpy()) + 0.2 * np.tanh(X["debt"].to_numpy())
            return np.column_stack([1 - p, p])

    found = interactions(dataclasses.replace(PEOPLE, model=Sum({})))
    assert "log-odds" not in found.measures[0].method
    assert {m.value for m in found.measures if m.name == "interaction_share"} == {0}


def test_three_features_together_are_in_no_pair():
    found = interactions(valued(fair(400, "abc"), lambda X: X["a"] * X["b"] * X["c"]))
    assert all(m.low > 0.8 for m in found.measures if m.name == "interaction_share")
    for pair in ("a*b", "a*c", "b*c"):
        floor = found.measure("noise_floor", feature=pair).value
        assert 0 < floor < 0.1
        assert found.measure("pair_share", feature=pair).low == 0


def test_a_pairs_share_by_its_definition():
    """For everybody, by nested means, as the definition has it."""
    table = fair(60, "abc", 2)

    def rule(X):
        return X["a"] * X["b"] * (1 + 0.5 * X["c"]) + X["a"]

    found = interactions(valued(table, rule), pair_rows=60)
    values = np.array([-1.0, 1.0])
    share = {name: np.array([(table[name] == v).mean() for v in values]) for name in "ab"}
    cube = np.array([[[rule({"a": a, "b": b, "c": c}) for b in values] for a in values] for c in table["c"]])
    rows, columns = cube @ share["b"], np.einsum("iab,a->ib", cube, share["a"])
    own = rows @ share["a"]
    together = cube - rows[:, :, None] - columns[:, None, :] + own[:, None, None]
    pairs = np.einsum("iab,jab,a,b->ij", together, together, share["a"], share["b"])
    mean = (pairs.sum() - np.trace(pairs)) / (60 * 59)
    total = np.einsum("iab,a,b->", (cube - own.mean()) ** 2, share["a"], share["b"]) / 60
    assert found.measure("pair_share", feature="a*b").value == pytest.approx(mean / total)


def test_limits_of_a_pair_cover_it():
    """Nineteen of twenty is the promise; the truth here is by hand: 0.25 of 0.25 + 0.25 + 1 parts."""
    inside, runs = 0, budget(30, 200)
    for seed in range(runs):

        def rule(X):
            return 0.5 * X["a"] * X["b"] * (1 + X["c"]) + X["d"]

        found = interactions(valued(fair(300, "abcd", seed), rule, seed))
        pair = found.measure("pair_share", feature="a*b")
        inside += pair.low <= 0.25 / 1.5 <= pair.high
    assert inside >= 0.85 * runs


def test_a_model_that_answers_at_random_is_told_by_its_noise():
    rng = np.random.default_rng(0)
    found = interactions(valued(normal(200, "ab"), lambda X: X["a"] + rng.normal(size=len(X))))
    assert 0.2 < found.measure("answer_noise").value < 0.8
    assert interactions(PEOPLE).measure("answer_noise").value == 0


def test_a_constant_model_has_no_shares():
    found = interactions(dataclasses.replace(PEOPLE, model=LogisticModel({"income": 0.0})))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "same answer" in found.reason


def test_of_two_thousand_features_few_pairs_are_asked_about():
    wide = normal(120, [f"x{i}" for i in range(2000)])
    whole = valued(wide, lambda X: 5 * X["x7"] * X["x1500"])
    found = interactions(whole)
    assert found.measure("pair_share", feature="x1500*x7").low > 0.5
    assert sum(whole.model.asked) < 40_000


@planted("interpretability.monotonicity", "silent")
def test_a_rule_that_keeps_the_declared_way_harms_nobody():
    found = monotonicity(UP)
    for feature in ("income", "debt"):
        share = found.measure("violation_share", feature=feature)
        assert (share.value, share.low) == (0, 0)
        assert 0 < share.high < 0.02  # nobody of 200
        for name in ("harmed_share", "turned_share", "worst_violation"):
            assert found.measure(name, feature=feature).value == 0
    assert found.measure("features_violated").value == 0
    assert found.tables[0].rows == ()


class Dip(LogisticModel):
    """More income helps, but for a dip above 1 for those with debt."""

    def predict_proba(self, X):
        dip = (X["income"] > 1.0) & (X["debt"] > 0.0)
        p = super().predict_proba(X)[:, 1] - np.where(dip, 0.3, 0.0)
        p = np.clip(p, 0.01, 0.99)
        return np.column_stack([1 - p, p])


def _lose_from_their_own(model):
    """The share of all people who lose the decision by more income than they have, by a fine search."""
    table = PEOPLE.features
    has = model.predict_proba(table)[:, 1] >= 0.5
    loses = np.zeros(len(table), dtype=bool)
    for more in np.linspace(-2, 2, 80):
        moved = table.assign(income=np.maximum(table["income"], more))
        loses |= has & (model.predict_proba(moved)[:, 1] < 0.5)
    return loses.mean()


@planted("interpretability.monotonicity", "speaks")
def test_a_dip_is_found_with_its_size_and_place_and_whom_it_harms():
    found = monotonicity(dataclasses.replace(UP, model=Dip({"income": 0.5, "debt": -0.2})))
    share = found.measure("violation_share", feature="income")
    assert 0 < share.low <= share.value <= share.high < 0.3
    indebted = (PEOPLE.evaluation["debt"] > 0).mean()
    assert found.measure("harmed_share", feature="income").value == pytest.approx(indebted, abs=0.1)
    assert 0.15 < found.measure("worst_violation", feature="income").value < 0.3
    assert found.measure("turned_share", feature="income").low > 0.1
    own = found.measure("turned_from_own_share", feature="income")
    assert own.value == pytest.approx(_lose_from_their_own(Dip({"income": 0.5, "debt": -0.2})), abs=0.08)
    assert 0 < own.value < found.measure("turned_share", feature="income").value
    assert found.measure("harmed_share", feature="debt").value == 0
    assert found.measure("features_violated").value == 1
    (table,) = found.tables
    (place,) = [row for row in table.rows if row[0] == "income"]
    assert place[1] <= 1.0 < place[2]


def test_the_answer_that_people_want_may_be_the_other_class():
    """The score is the chance of default; income lowers it, and that is what people want."""
    roles = dataclasses.replace(PEOPLE.roles, favourable="0")
    model = LogisticModel({"income": -1.5, "debt": 1.0})
    found = monotonicity(dataclasses.replace(UP, roles=roles, model=model))
    assert found.measure("features_violated").value == 0
    against = monotonicity(dataclasses.replace(UP, model=model))
    assert against.measure("violation_share", feature="income").value == 1
    assert against.measure("violation_share", feature="income").low > 0.95
    model.has_probabilities = False
    found = monotonicity(dataclasses.replace(UP, roles=roles, model=model))
    assert found.measure("features_violated").value == 0


def test_predicted_values_have_a_way_as_well():
    facts = {"directions": {"a": "up", "b": "up", "c": "up", "label": "up"}}
    table = normal(200, "ab").assign(c=1.0)
    found = monotonicity(valued(table, lambda X: X["a"] - X["b"], facts=facts))
    assert found.measure("harmed_share", feature="a").value == 0
    assert found.measure("harmed_share", feature="b").value == 1
    assert not [m for m in found.measures if m.name == "turned_share"]
    assert found.measure("violation_share", feature="c").note == "no two of its values are shared by ten rows"
    assert found.measure("violation_share", feature="label").note == "it is not given to the model"


def test_without_a_direction_the_sentence_says_what_to_declare():
    found = monotonicity(PEOPLE)
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert found.reason.startswith("no direction was declared: say under `directions`")


@pytest.mark.parametrize("task", [Task.SCORING, Task.MULTICLASS])
def test_other_tasks_are_measured(task):
    found = monotonicity(dataclasses.replace(UP, task=task))
    assert found.outcome is Outcome.MEASURED
    assert found.measure("features_violated").value == 0
    assert interactions(dataclasses.replace(UP, task=task)).outcome is Outcome.MEASURED


@planted("interpretability.monotonicity", "speaks")
@planted("interpretability.monotonicity", "silent")
@pytest.mark.parametrize("seed", range(budget(3, 50)))
def test_a_monotone_feature_and_one_with_a_dip_are_told_apart(seed):
    """`a` only rises; `b` falls by 1 above 0.5 for those whose `kind` is 1; `c` does nothing."""

    def rule(X):
        return np.tanh(X["a"]) + X["b"] - 1.0 * ((X["b"] > 0.5) & (X["kind"] == 1))

    facts = {"directions": {"a": "up", "b": "up", "c": "up"}}
    table = normal(400, "abc", seed).assign(kind=np.arange(400) % 2.0)
    found = monotonicity(valued(table, rule, seed, facts=facts))
    assert found.measure("harmed_share", feature="b").low > 0.3
    assert 0.3 < found.measure("worst_violation", feature="b").value <= 1
    assert found.measure("harmed_share", feature="a").value == 0
    assert found.measure("harmed_share", feature="c").value == 0
    places = [row for row in found.tables[0].rows if row[0] == "b"]
    assert any(row[1] <= 0.5 < row[2] for row in places)
    assert found.measure("features_violated").value == 1

"""Minimisation names what a model was not shown to need, and nothing that it needs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from checks.model import Outcome, Roles, Subject, Task
from checks.privacy.alike import alike, closeness
from checks.privacy.minimisation import minimisation
from tests.checks.builders import LogisticModel, credit, take
from tests.checks.planted import planted

CREDIT = credit(1500, 100)
FOUND = minimisation(CREDIT)


class Rule:
    """A fixed rule of numbers, with or without classes."""

    def __init__(self, answer, classes=()):
        self._answer, self.classes, self.has_probabilities = answer, classes, bool(classes)

    def predict(self, X):
        answer = np.asarray(self._answer(X), dtype=np.float64)
        return answer.argmax(axis=1).astype(np.float64) if self.classes else answer

    def predict_proba(self, X):
        return np.asarray(self._answer(X), dtype=np.float64)


def listed(evidence):
    return {row[0]: row[1:] for row in evidence.tables[0].rows}


@planted("privacy.minimisation", "speaks")
def test_features_without_effect_are_named_and_those_with_effect_are_kept():
    """In the builder, income and debt decide; noise and job do nothing."""
    assert FOUND.outcome is Outcome.MEASURED
    share = FOUND.measure("idle_feature_share")
    assert (share.low, share.value, share.high) == (0.5, 0.5, 0.5)
    assert FOUND.measure("features_kept").value == 2
    assert share.note.startswith("2 of 4 features, each replaced alone; together within the margin: 2;")
    assert {name for name, row in listed(FOUND).items() if row[2] == "kept"} == {"income", "debt"}
    assert FOUND.measure("loss_rise", feature="noise").value == 0


@planted("privacy.minimisation", "silent")
def test_a_model_that_needs_all_it_is_given_is_not_accused():
    roles = dataclasses.replace(CREDIT.roles, features=("income", "debt"))
    share = minimisation(dataclasses.replace(CREDIT, roles=roles)).measure("idle_feature_share")
    assert share.low == share.value == share.high == 0


def test_few_rows_leave_it_open_and_never_show_a_feature_to_be_idle_that_has_an_effect():
    found = minimisation(take(CREDIT, range(60)))
    share = found.measure("idle_feature_share")
    assert share.low == 0.5
    assert share.high >= share.value >= share.low


def test_the_cost_of_a_feature_is_that_of_a_direct_computation():
    """A rule that answers x exactly: replaced by another row, the squared error is twice the variance."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"x": rng.normal(size=4000), "z": rng.normal(size=4000)})
    table["label"] = table["x"]
    whole = Subject(
        task=Task.REGRESSION,
        evaluation=table,
        roles=Roles(label="label", features=("x", "z")),
        model=Rule(lambda X: X["x"]),
    )
    found = minimisation(whole, rows=4000)
    rise = found.measure("loss_rise", feature="x")
    assert rise.low < 2 * table["x"].var() < rise.high
    assert found.measure("margin").value == pytest.approx(0.01 * table["x"].var(ddof=0))
    assert found.measure("features_kept").value == 1


def test_three_classes_and_scores_are_measured():
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"x": rng.normal(size=900), "z": rng.normal(size=900)})

    def chances(X):
        raw = np.exp(np.column_stack([2 * X["x"], -2 * X["x"], 0 * X["x"]]))
        return raw / raw.sum(axis=1, keepdims=True)

    model = Rule(chances, ("a", "b", "c"))
    table["label"] = np.array(model.classes)[model.predict(table).astype(int)]
    roles = Roles(label="label", positive="a", features=("x", "z"))
    classes = Subject(task=Task.MULTICLASS, evaluation=table, roles=roles, model=model)
    scores = Subject(
        task=Task.SCORING,
        evaluation=table,
        roles=Roles(features=("x", "z")),
        model=Rule(lambda X: 5 + 3 * X["x"]),
    )
    for whole in (classes, scores):
        found = minimisation(whole)
        assert found.outcome is Outcome.MEASURED, found.reason
        assert listed(found)["x"][1] == "needed by this model"
        assert listed(found)["z"][1] == "shown idle alone"


def test_a_pair_that_tells_the_same_is_replaced_together():
    rng = np.random.default_rng(5)
    income = rng.normal(size=1200)
    table = pd.DataFrame({"income": income, "wealth": income + 0.05 * rng.normal(size=1200)})
    model = LogisticModel({"income": 1.0, "wealth": 1.0})
    table["label"] = (rng.random(1200) < model.predict_proba(table)[:, 1]).astype(int)
    roles = Roles(label="label", positive="1", favourable="1", features=("income", "wealth"))
    found = minimisation(Subject(task=Task.BINARY, evaluation=table, roles=roles, model=model))
    both = found.measure("joint_rise", feature="income + wealth")
    alone = found.measure("loss_rise", feature="income")
    assert both.value > alone.value > 0
    assert found.measure("features_kept").value == 2


def test_declared_features_come_first():
    roles = dataclasses.replace(CREDIT.roles, sensitive=("debt",), quasi_identifiers=("job",))
    rows = minimisation(dataclasses.replace(CREDIT, roles=roles)).tables[0].rows
    assert [row[:2] for row in rows[:2]] == [("debt", "sensitive"), ("job", "quasi-identifier")]


def test_what_is_declared_personal_never_changes_the_share():
    """Leaving a declaration out must not improve a verdict."""
    roles = dataclasses.replace(CREDIT.roles, sensitive=("noise",), quasi_identifiers=())
    found = minimisation(dataclasses.replace(CREDIT, roles=roles))
    assert found.measure("idle_feature_share") == FOUND.measure("idle_feature_share")


def test_a_model_that_knows_nothing_is_told_so():
    evidence = minimisation(dataclasses.replace(CREDIT, model=LogisticModel({"noise": 3.0})))
    assert evidence.outcome is Outcome.INCONCLUSIVE
    assert "no better than one answer for everybody" in evidence.reason


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ({"model": None}, "supply the model file"),
        ({"roles": Roles(features=("income",), positive="1")}, "label"),
    ],
)
def test_what_is_missing_is_named(missing, words):
    evidence = minimisation(dataclasses.replace(CREDIT, **missing))
    assert evidence.outcome is Outcome.NOT_APPLICABLE
    assert words in evidence.reason


def test_columns_that_tell_each_other_are_grouped():
    rng = np.random.default_rng(6)
    town = rng.choice(["a", "b", "c", "d"], size=500)
    table = pd.DataFrame({"town": town, "code": pd.Series(town).str.upper(), "other": rng.normal(size=500)})
    assert alike(table) == [("town", "code")]
    assert closeness(table["town"], table["code"]) == pytest.approx(1.0)
    assert closeness(table["town"], table["other"]) < 0.3

"""What a model adds to guessing a sensitive fact is told apart from what anybody could guess."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from benchmarks.membership import InProcess
from checks.model import Outcome, Roles, Subject, Task
from checks.privacy.anonymity import anonymity
from checks.privacy.attribute_inference import Guesses, attribute_inference, told
from tests.checks.builders import credit
from tests.checks.planted import planted

PEOPLE = credit()
SENSITIVE = {"sensitive": ("job",), "quasi_identifiers": ()}


def patients(rng, rows, effect):
    """An illness that nothing else tells of, and an outcome that it moves by *effect*."""
    table = pd.DataFrame(rng.normal(size=(rows, 3)), columns=["a", "b", "c"])
    table["illness"] = rng.integers(0, 2, rows)
    pull = table["a"] + effect * (table["illness"] - 0.5)
    table["label"] = (rng.random(rows) < 1 / (1 + np.exp(-pull))).astype(int)
    return table


FEATURES = ("a", "b", "c", "illness")


def attacked(estimator, effect, rows=600, task=Task.BINARY):
    rng = np.random.default_rng([17, rows])
    training, evaluation = patients(rng, rows, effect), patients(rng, rows, effect)
    if task is Task.REGRESSION:
        for table in (training, evaluation):
            table["label"] = table["label"] + rng.normal(size=rows)
    estimator.fit(training[list(FEATURES)], training["label"])
    model = Numbers(estimator) if task is Task.REGRESSION else InProcess(estimator)
    roles = Roles(label="label", positive="1", features=FEATURES, sensitive=("illness",))
    return Subject(task=task, evaluation=evaluation, training=training, roles=roles, model=model)


class Numbers:
    classes = ()
    has_probabilities = False

    def __init__(self, estimator):
        self.estimator = estimator

    def predict(self, X):
        return self.estimator.predict(X)


@planted("privacy.attribute_inference", "speaks")
def test_a_model_that_remembers_gives_its_members_away_more():
    """The nearest neighbour of a member is itself, under the true value only; the illness does nothing."""
    found = attribute_inference(attacked(KNeighborsClassifier(1), 0.0))
    assert found.measure("gain", attribute="illness").low > 0.05
    assert found.measure("gain_over_others", attribute="illness").low > 0.03
    areas = {
        name: found.measure(name, attribute="illness", case="members")
        for name in ("attack_auc", "imputation_auc")
    }
    assert areas["attack_auc"].low > areas["imputation_auc"].high


@planted("privacy.attribute_inference", "silent")
def test_a_rule_that_statistics_tell_too_adds_nothing():
    """The illness moves the outcome strongly: it can be guessed, but as well without the model."""
    found = attribute_inference(attacked(LogisticRegression(), 3.0))
    accuracy = found.measure("imputation_accuracy", attribute="illness", case="members")
    assert accuracy.low > 0.6
    gain = found.measure("gain", attribute="illness")
    assert gain.low < 0.03
    assert (
        found.measure("gain_over_others", attribute="illness").low
        < 0
        < (found.measure("gain_over_others", attribute="illness").high)
    )


def test_the_gain_is_the_difference_of_both_accuracies():
    found = attribute_inference(attacked(KNeighborsClassifier(5), 1.0))
    for case in ("members", "others"):
        of = {"attribute": "illness", "case": case}
        attack, guess, gain = (
            found.measure(name, **of).value for name in ("attack_accuracy", "imputation_accuracy", "gain_of")
        )
        commonest = found.measure("majority_accuracy", **of).value
        assert gain == pytest.approx(attack - max(guess, commonest))
    members = found.measure("gain_of", attribute="illness", case="members")
    assert found.measure("gain", attribute="illness").value == members.value


def test_a_regression_that_remembers_gives_away_too():
    subject = attacked(KNeighborsRegressor(1), 0.0, task=Task.REGRESSION)
    assert attribute_inference(subject).measure("gain_over_others", attribute="illness").low > 0


def test_without_training_rows_the_gain_is_that_of_anybody():
    subject = dataclasses.replace(attacked(LogisticRegression(), 1.0), training=None)
    found = attribute_inference(subject)
    gain = found.measure("gain", attribute="illness")
    assert gain.note == "of evaluation rows: no training rows were supplied"
    over = found.measure("gain_over_others", attribute="illness")
    assert over.note == "supply data.training, the rows that the model learnt from"


def test_numbers_are_guessed_by_fifths():
    roles = dataclasses.replace(PEOPLE.roles, sensitive=("income",))
    found = attribute_inference(dataclasses.replace(PEOPLE, roles=roles))
    assert 0.15 < found.measure("imputation_accuracy", attribute="income", case="others").value < 0.45


def test_a_column_of_too_many_values_has_its_sentence():
    names = [f"p{i}" for i in range(600)]
    roles = dataclasses.replace(PEOPLE.roles, sensitive=("job",), quasi_identifiers=())
    people = dataclasses.replace(
        PEOPLE,
        evaluation=PEOPLE.evaluation.assign(job=names),
        training=PEOPLE.training.assign(job=names),
        roles=roles,
    )
    note = attribute_inference(people).measure("gain", attribute="job").note
    assert note == (
        "job has 600 different values, and 20 can be guessed among:"
        " merge rare ones, or cut numbers stored as text into ranges"
    )
    one = dataclasses.replace(people, evaluation=PEOPLE.evaluation.assign(job="x"), training=None)
    assert "nothing to guess" in attribute_inference(one).measure("gain", attribute="job").note


@pytest.mark.parametrize(
    ("roles", "change", "sentence"),
    [
        ({"sensitive": (), "groups": ()}, {}, "no sensitive column was declared"),
        ({"sensitive": ("race",)}, {}, "the model does not take `race`, `sex`; see `data.proxies`"),
        ({}, {}, "no sensitive column was declared, and the model does not take `race`, `sex`: set columns"),
        ({"sensitive": ("job",)}, {}, "`job` is a quasi-identifier too, so attackers are taken to know it"),
        (SENSITIVE, {"model": None}, "no model was submitted"),
        ({**SENSITIVE, "label": None}, {}, "no outcome that the attacker could know"),
    ],
)
def test_each_gap_has_its_sentence(roles, change, sentence):
    people = dataclasses.replace(PEOPLE, roles=dataclasses.replace(PEOPLE.roles, **roles), **change)
    found = attribute_inference(people)
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert found.reason.startswith(sentence)


def test_where_the_model_moves_no_guess_the_gain_says_so():
    right, never = np.arange(60) % 3 > 0, np.zeros(60, dtype=bool)

    def gain(with_model):
        guesses = Guesses(with_model, right, None, never, never)
        (found,) = (m for m in told("job", [guesses, guesses], "what is shared") if m.name == "gain")
        return found

    assert gain(right).value == 0
    assert "no guess is righter or wronger with the model than without" in gain(right).note
    assert "no guess is" not in gain(~right).note
    assert gain(right).note.endswith("what is shared")


def test_a_guess_worse_than_the_commonest_value_is_no_baseline():
    """49 of 100 by imputation, 54 with the model, but 60 of 100 have the commonest value."""
    at, never = np.arange(100), np.zeros(100, dtype=bool)
    guesses = Guesses(at < 54, at < 49, None, never, at < 60)
    found = {m.name: m for m in told("job", [guesses, guesses], None)}
    assert found["gain"].value == pytest.approx(-0.06)
    assert found["gain"].low < found["gain"].value < found["gain"].high < 0
    assert found["majority_accuracy"].value == 0.6


def test_files_that_differ_without_the_model_are_told_beside_the_gain():
    whole = attacked(LogisticRegression(), 1.0, rows=200)
    moved = dataclasses.replace(whole, evaluation=whole.evaluation.assign(a=whole.evaluation["a"] + 5))
    note = attribute_inference(moved).measure("gain", attribute="illness").note
    assert "can be told apart without the model" in note


def test_evaluation_rows_that_the_model_learnt_are_told_beside_the_gain():
    """100 of 700 evaluation rows were taken from training."""
    rows = pd.concat([PEOPLE.evaluation, PEOPLE.training[:100]], ignore_index=True)
    roles = dataclasses.replace(PEOPLE.roles, **SENSITIVE)
    found = attribute_inference(dataclasses.replace(PEOPLE, evaluation=rows, roles=roles))
    for name in ("gain", "gain_over_others"):
        assert "100 of 700 evaluation rows stand in the training data too" in (
            found.measure(name, attribute="job").note
        )


def test_a_column_that_attackers_are_taken_to_know_is_refused_as_for_diversity():
    subject = attacked(LogisticRegression(), 1.0, rows=200)
    roles = dataclasses.replace(subject.roles, sensitive=("illness", "a"), quasi_identifiers=("a",))
    known = dataclasses.replace(subject, roles=roles)
    why = attribute_inference(known).measure("gain", attribute="a").note
    assert why == anonymity(known).measure("t", column="a").note
    assert "take it out of columns.quasi_identifiers" in why
    grouped = dataclasses.replace(roles, groups=("elsewhere",), quasi_identifiers=("a", "elsewhere"))
    told_of = attribute_inference(dataclasses.replace(known, roles=grouped)).measures
    assert {m.of["attribute"] for m in told_of} == {"illness", "a"}  # nobody called the other one sensitive
    inferred = dataclasses.replace(roles, quasi_identifiers_inferred=True)
    found = attribute_inference(dataclasses.replace(known, roles=inferred))
    assert found.measure("gain", attribute="a").value is not None


def test_a_sensitive_column_that_the_model_does_not_take_is_not_left_out_in_silence():
    subject = attacked(LogisticRegression(), 1.0, rows=200)
    roles = dataclasses.replace(subject.roles, sensitive=("illness", "elsewhere"))
    found = attribute_inference(dataclasses.replace(subject, roles=roles))
    gain = found.measure("gain", attribute="elsewhere")
    assert gain.value is None
    assert "does not take this column" in gain.note

"""Systems of several classes: against scikit-learn, by hand, and where the answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from checks.model import Outcome, Roles, Task
from checks.performance.classification import classification
from checks.performance.sanity import sanity
from tests.checks.builders import subject
from tests.checks.planted import planted

NAMES = ("high", "low", "mid")


def system(rows=600, skill=2.0, seed=1, weights=None):
    """Return a system of three classes; *skill* 0 knows nothing."""
    rng = np.random.default_rng([14, seed])
    x = rng.normal(size=(rows, 3))
    actual = (x + rng.normal(scale=0.7, size=x.shape)).argmax(axis=1)
    raw = np.exp(skill * x + rng.normal(scale=0.3, size=x.shape))
    chances = raw / raw.sum(axis=1, keepdims=True)
    table = pd.DataFrame(x, columns=["a", "b", "c"]).assign(label=np.array(NAMES, object)[actual])
    roles = Roles(label="label", features=("a", "b", "c"))
    if weights is not None:
        table["w"] = weights
        roles = dataclasses.replace(roles, weight="w", weight_kind="sampling")
    whole = subject(decision=np.array(NAMES)[chances.argmax(axis=1)], task=Task.MULTICLASS)
    return dataclasses.replace(whole, evaluation=table, roles=roles, probabilities=chances, classes=NAMES)


@pytest.mark.parametrize("weighted", [False, True])
def test_numbers_equal_scikit_learn(weighted):
    weights = np.random.default_rng(0).uniform(0.2, 3, 600) if weighted else None
    whole = system(weights=weights)
    found = classification(whole)
    actual, decided = whole.evaluation["label"].to_numpy(str), whole.decision.astype(str)
    macro = {"average": "macro"}
    oracles = {
        ("accuracy", ()): metrics.accuracy_score(actual, decided, sample_weight=weights),
        ("balanced_accuracy", ()): metrics.balanced_accuracy_score(actual, decided, sample_weight=weights),
        ("matthews_correlation", ()): metrics.matthews_corrcoef(actual, decided, sample_weight=weights),
        ("f1", tuple(macro.items())): metrics.f1_score(
            actual, decided, average="macro", sample_weight=weights
        ),
        ("log_loss", ()): metrics.log_loss(
            actual, whole.probabilities, sample_weight=weights, labels=list(NAMES)
        ),
        ("roc_auc", tuple(macro.items())): np.mean(
            [
                metrics.roc_auc_score(actual == n, p, sample_weight=weights)
                for n, p in zip(NAMES, whole.probabilities.T, strict=True)
            ]
        ),
    }
    for (name, of), value in oracles.items():
        assert found.measure(name, **dict(of)).value == pytest.approx(value, abs=1e-12), name
    recalls = metrics.recall_score(actual, decided, average=None, labels=list(NAMES), sample_weight=weights)
    precisions = metrics.precision_score(
        actual, decided, average=None, labels=list(NAMES), sample_weight=weights
    )
    for label, recall, precision in zip(NAMES, recalls, precisions, strict=True):
        assert found.measure("true_positive_rate", **{"class": label}).value == pytest.approx(recall)
        assert found.measure("positive_predictive_value", **{"class": label}).value == pytest.approx(
            precision
        )


def test_two_classes_have_the_numbers_of_a_binary_system():
    rng = np.random.default_rng([14, 2])
    actual = rng.integers(0, 2, 300)
    decided = np.where(rng.random(300) < 0.8, actual, 1 - actual)
    two = classification(subject(decision=decided, actual=actual, task=Task.MULTICLASS))
    binary = classification(subject(decision=decided, actual=actual))
    for name in ("accuracy", "balanced_accuracy", "matthews_correlation", "accuracy_over_baseline"):
        one, other = two.measure(name), binary.measure(name)
        assert (one.value, one.low, one.high) == pytest.approx(
            (other.value, other.low, other.high), abs=1e-9
        ), name


def test_intervals_cover_the_truth_of_a_larger_sample():
    """In 200 samples of 150 rows the numbers of 60,000 rows lie outside in at most 8 of 100."""
    truth = classification(system(60_000, seed=99))
    asked = [
        ("accuracy", {}),
        ("balanced_accuracy", {}),
        ("matthews_correlation", {}),
        ("f1", {"average": "macro"}),
        ("roc_auc", {"average": "macro"}),
    ]
    missed = dict.fromkeys((name for name, _ in asked), 0)
    for seed in range(200):
        found = classification(dataclasses.replace(system(150, seed=seed), roles=Roles(label="label")))
        for name, of in asked:
            one = found.measure(name, **of)
            missed[name] += not one.low <= truth.measure(name, **of).value <= one.high
    assert max(missed.values()) <= 16, missed


def test_a_system_with_skill_is_ahead_of_the_commonest_class():
    found = classification(system())
    assert found.measure("accuracy_over_baseline").low > 0
    assert found.measure("accuracy", model="logistic").value > 0.6
    assert "cross-validated" in found.measure("accuracy", model="logistic").note
    assert sanity(system()).measure("better_than_chance").low > 0


def test_a_system_without_skill_is_not():
    whole = system()
    shuffled = np.random.default_rng(5).permutation(600)
    found = sanity(dataclasses.replace(whole, decision=whole.decision[shuffled]))
    assert found.measure("better_than_chance").low < 0.02


def test_a_training_table_may_hold_a_class_that_no_row_has():
    whole = system()
    training = whole.evaluation.copy()
    training.loc[:20, "label"] = "another"
    found = classification(dataclasses.replace(whole, training=training))
    assert found.outcome is Outcome.MEASURED
    assert "training table" in found.measure("accuracy", model="logistic").note


def test_a_class_of_one_person_leaves_no_baseline_and_says_so():
    whole = system(90)
    table = whole.evaluation.copy()
    table.loc[0, "label"] = "rare"
    found = classification(dataclasses.replace(whole, evaluation=table))
    assert (
        found.measure("accuracy", model="logistic").note
        == "needs two rows or more of every class to fit a baseline"
    )
    assert found.measure("true_positive_rate", **{"class": "rare"}).value == 0


def test_one_class_is_nothing_to_tell_apart():
    found = classification(subject(decision=["a"] * 40, actual=["a"] * 40, task=Task.MULTICLASS))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.measure("balanced_accuracy").value is None


def test_missing_labels_and_decisions_are_counted():
    whole = system(100)
    table = whole.evaluation.copy()
    table.loc[:9, "label"] = None
    assert classification(dataclasses.replace(whole, evaluation=table)).measure(
        "unusable_share"
    ).value == pytest.approx(0.1)


@planted("performance.sanity", "silent")
def test_numbers_near_the_truth_are_better_than_chance():
    rng = np.random.default_rng([14, 3])
    actual = rng.normal(size=200)
    near = subject(actual=actual, score=actual + rng.normal(scale=0.3, size=200), task=Task.REGRESSION)
    assert sanity(near).measure("better_than_chance").low > 0.8
    far = subject(actual=actual, score=rng.normal(size=200), task=Task.REGRESSION)
    assert sanity(far).measure("better_than_chance").high < 0


def test_scores_without_decisions_are_ranked():
    rng = np.random.default_rng([14, 4])
    actual = rng.integers(0, 2, 200)
    whole = subject(actual=actual, score=actual + rng.normal(size=200), task=Task.SCORING)
    assert classification(whole).measure("roc_auc").low > 0.6
    assert sanity(whole).measure("better_than_chance").low > 0.1

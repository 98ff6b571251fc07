"""A model that remembers its rows is found out; one that does not is not accused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp, mannwhitneyu

from checks.model import Outcome, Task
from checks.privacy import membership_inference as module
from checks.privacy.membership_inference import membership_inference
from tests.checks.builders import credit
from tests.checks.planted import planted

PEOPLE = credit()


def remembered(share=1.0, people=PEOPLE):
    """A model that is sure and right about *share* of its training rows, and honest elsewhere."""
    label = people.training["label"].to_numpy()
    known = np.random.default_rng(4).random(len(label)) < share
    return dataclasses.replace(
        people, training_score=np.where(known, np.where(label == 1, 0.999, 0.001), people.training_score)
    )


@planted("privacy.membership_inference", "speaks")
def test_a_model_that_remembers_is_found_out():
    found = membership_inference(remembered(0.5))
    assert found.measure("auc", attack="loss").low > 0.6
    assert found.measure("tpr_at_fpr_1pct", attack="loss").low > 0.3
    assert found.measure("advantage", attack="loss").low > 0.3
    assert found.measure("ppv", attack="loss").low > 0.2


@planted("privacy.membership_inference", "silent")
def test_a_model_that_does_not_know_the_rows_is_not_accused():
    """The score is the rule that made the labels in both files alike."""
    found = membership_inference(PEOPLE)
    auc, rate = (found.measure(name, attack="loss") for name in ("auc", "tpr_at_fpr_1pct"))
    assert auc.low < 0.5 < auc.high
    assert rate.low < 0.02
    assert found.measure("advantage", attack="loss").low == 0
    assert found.measure("drift_auc").low <= 0.5


def test_numbers_equal_those_of_scipy():
    people = remembered(0.3)
    found = membership_inference(people)
    members, others = losses(people)
    u = mannwhitneyu(members, others).statistic / (len(members) * len(others))
    assert found.measure("auc", attack="loss").value == pytest.approx(u, abs=1e-12)
    ks = ks_2samp(members, others, alternative="less").statistic
    assert found.measure("advantage", attack="loss").value == pytest.approx(ks, abs=1e-12)


def losses(people):
    both = ((people.training, people.training_score), (people.evaluation, people.score))
    return [np.log(np.where(table["label"] == 1, score, 1 - score)) for table, score in both]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=50, max_size=300), st.lists(st.integers(0, 30), min_size=50))
def test_the_threshold_never_accuses_more_than_its_share(others, members):
    """With many ties too; and one step lower would accuse more."""
    guesses = module.Guesses(np.array(members, float), np.array(others, float), 0)
    measure = module._found("tpr_at_fpr_1pct", guesses, 0.05)
    allowed = int(0.05 * len(others))
    accused = int(measure.note.split()[0])
    assert accused <= allowed
    threshold = max(o for o in others if sum(p > o for p in others) == accused)
    assert sum(o >= threshold for o in others) > allowed
    assert measure.value == sum(m > threshold for m in members) / len(members)


def test_one_in_a_thousand_needs_ten_thousand_rows():
    few = membership_inference(PEOPLE).measure("tpr_at_fpr_0_1pct", attack="loss")
    assert (few.value, few.note) == (None, "not measurable with 600 evaluation rows; 10,000 are needed")
    many = credit(rows=10_000, training_rows=2000)
    measure = membership_inference(many).measure("tpr_at_fpr_0_1pct", attack="loss")
    assert measure.low < 0.001 < measure.high


def test_the_share_of_right_accusations_follows_bayes():
    found = membership_inference(remembered(0.5), prior=0.1)
    rate, ppv = (found.measure(name, attack="loss").value for name in ("tpr_at_fpr_1pct", "ppv"))
    assert ppv == pytest.approx(0.1 * rate / (0.1 * rate + 0.9 * 0.01))


def test_rows_in_both_files_are_dropped_and_counted():
    both = pd.concat([PEOPLE.evaluation, PEOPLE.training.iloc[:200]], ignore_index=True)
    shared = dataclasses.replace(
        PEOPLE, evaluation=both, score=np.concatenate([PEOPLE.score, PEOPLE.training_score[:200]])
    )
    found, clean = membership_inference(shared), membership_inference(PEOPLE)
    assert found.measure("shared_rows_dropped", attack="loss").value == 200
    assert found.measure("auc", attack="loss").value == clean.measure("auc", attack="loss").value


def test_files_that_differ_anyway_are_no_comparison():
    """The gate: people of another income would be told apart without any memory."""
    other = PEOPLE.evaluation.assign(income=PEOPLE.evaluation["income"] + 1)
    found = membership_inference(dataclasses.replace(PEOPLE, evaluation=other))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reason == (
        "invalid comparison: training and evaluation rows can be told apart by their features alone;"
        " supply evaluation rows drawn from the same source as the training rows"
    )
    assert found.measure("drift_auc").low > 0.5
    assert not found.select("auc", attack="loss")


def test_the_gate_sees_text_too():
    other = PEOPLE.evaluation.assign(job="diver")
    assert membership_inference(dataclasses.replace(PEOPLE, evaluation=other)).outcome is Outcome.INCONCLUSIVE


def test_rows_without_a_label_are_left_out():
    label = PEOPLE.training["label"].astype(float).mask(np.arange(600) < 100)
    found = membership_inference(dataclasses.replace(PEOPLE, training=PEOPLE.training.assign(label=label)))
    assert found.measure("tpr_at_fpr_1pct", attack="loss").n == 500


def test_a_regression_that_remembers_is_found_out():
    rng = np.random.default_rng(8)
    income = rng.normal(size=1000)
    both = pd.DataFrame({"income": income, "label": income + rng.normal(size=1000)})
    train, test = both[:500], both[500:].reset_index(drop=True)
    people = dataclasses.replace(
        PEOPLE,
        task=Task.REGRESSION,
        roles=dataclasses.replace(PEOPLE.roles, features=("income",)),
        training=train,
        evaluation=test,
        training_score=train["label"].to_numpy() + 0.01,
        score=test["income"].to_numpy(),
    )
    assert membership_inference(people).measure("auc", attack="loss").low > 0.9


def test_two_runs_are_equal():
    assert membership_inference(PEOPLE) == membership_inference(PEOPLE)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"training": None},
            "no training data: supply data.training, the rows that the model learnt from",
        ),
        (
            {"roles": dataclasses.replace(PEOPLE.roles, label=None)},
            "no label in both files: set columns.label to a column that training data have too",
        ),
        (
            {"training_score": None},
            "no score for the training rows: supply the model, so that it can be asked about them",
        ),
        ({"task": Task.MULTICLASS}, "losses are not compared for the task multiclass yet"),
    ],
)
def test_each_gap_has_its_sentence(change, sentence):
    found = membership_inference(dataclasses.replace(PEOPLE, **change))
    assert (found.outcome, found.reason) == (Outcome.NOT_APPLICABLE, sentence)


def test_few_rows_say_nothing():
    few = dataclasses.replace(
        PEOPLE, training=PEOPLE.training[:40], training_score=PEOPLE.training_score[:40]
    )
    found = membership_inference(few)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reason == "40 training rows and 600 other evaluation rows: 50 of each are needed"

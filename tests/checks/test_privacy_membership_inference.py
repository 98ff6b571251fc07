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
from checks.privacy.attacks import rates
from checks.privacy.attacks.compared import Compared
from checks.privacy.attacks.gate import Gate, drift, judged
from checks.privacy.membership_inference import membership_inference
from checks.statistics import estimate
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
    assert found.measure("empirical_epsilon", attack="loss").value > 1
    assert found.measure("high_risk_share", attack="loss").low > 0.3
    assert found.measure("tpr_at_fpr_1pct", attack="loss").low > 0.3
    assert found.measure("advantage", attack="loss").low > 0.3
    assert found.measure("ppv", attack="loss").low > 0.2


@planted("privacy.membership_inference", "silent")
def test_a_model_that_does_not_know_the_rows_is_not_accused():
    """The score is the rule that made the labels in both files alike."""
    found = membership_inference(PEOPLE)
    for attack in ("gap", "loss", "qmia", "rmia_2"):
        auc, rate = (found.measure(name, attack=attack) for name in ("auc", "tpr_at_fpr_1pct"))
        assert auc.low < 0.5 < auc.high
        assert rate.low < 0.02
        assert found.measure("advantage", attack=attack).low == 0
        assert found.measure("empirical_epsilon", attack=attack).value == 0
        assert found.measure("high_risk_share", attack=attack).low < 0.002
    assert found.measure("drift_auc").low <= 0.5


def test_numbers_equal_those_of_scipy():
    people = remembered(0.3)
    found = membership_inference(people)
    members, others = losses(people)
    u = mannwhitneyu(members, others).statistic / (len(members) * len(others))
    assert found.measure("raw_auc", attack="loss").value == pytest.approx(u, abs=1e-12)
    ks = ks_2samp(members, others, alternative="less").statistic
    assert found.measure("advantage", attack="loss").value == pytest.approx(ks, abs=1e-12)


def losses(people):
    both = ((people.training, people.training_score), (people.evaluation, people.score))
    return [np.log(np.where(table["label"] == 1, score, 1 - score)) for table, score in both]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=50, max_size=300), st.lists(st.integers(0, 30), min_size=50))
def test_the_threshold_never_accuses_more_than_its_share(others, members):
    """With many ties too; and one step lower would accuse more."""
    measure = rates.found("tpr", np.array(members, float), np.array(others, float), 0.05, {})
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


def test_rows_in_both_files_are_left_out_on_both_sides_and_counted():
    both = pd.concat([PEOPLE.evaluation, PEOPLE.training.iloc[:200]], ignore_index=True)
    shared = dataclasses.replace(
        PEOPLE,
        evaluation=both,
        score=np.concatenate([PEOPLE.score, PEOPLE.training_score[:200]]),
        decision=np.concatenate([PEOPLE.decision, PEOPLE.training_decision[:200]]),
    )
    found = membership_inference(shared)
    for table in ("training", "evaluation"):
        assert found.measure("shared_rows_dropped", table=table).value == 200
    assert found.measure("tpr_at_fpr_1pct", attack="loss").n == 400
    clean = membership_inference(
        dataclasses.replace(
            PEOPLE,
            training=PEOPLE.training.iloc[200:].reset_index(drop=True),
            training_score=PEOPLE.training_score[200:],
            training_decision=PEOPLE.training_decision[200:],
        )
    )
    for name in ("auc", "tpr_at_fpr_1pct"):
        assert found.measure(name, attack="rmia_2") == clean.measure(name, attack="rmia_2")


def test_a_training_file_that_holds_the_evaluation_rows_is_told():
    training = pd.concat([PEOPLE.training, PEOPLE.evaluation], ignore_index=True)
    found = membership_inference(
        dataclasses.replace(
            PEOPLE, training=training, training_score=np.tile(PEOPLE.score, 2), training_decision=None
        )
    )
    assert (found.outcome, found.reason) == (
        Outcome.INCONCLUSIVE,
        (
            "600 of 600 evaluation rows stand in the training file too: supply evaluation rows that were"
            " never used in training"
        ),
    )


def test_files_that_differ_anyway_are_no_comparison():
    """The gate: people of another income would be told apart without any memory."""
    other = PEOPLE.evaluation.assign(income=PEOPLE.evaluation["income"] + 1)
    found = membership_inference(dataclasses.replace(PEOPLE, evaluation=other))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reason == (
        "invalid comparison: training and evaluation rows can be told apart without the model; supply"
        " evaluation rows drawn from the same source as the training rows"
    )
    assert found.measure("drift_auc").low > 0.55
    assert not found.select("auc", attack="loss")


def test_a_difference_that_may_be_there_is_taken_off():
    """Between the two ends of the gate; the limits are Newcombe's hybrid of both."""
    raw = estimate("auc", 0.70, 0.66, 0.74, 900, method="m")
    less = rates.less_drift(raw, estimate("drift_auc", 0.53, 0.50, 0.56, 900, method="m"))
    assert (less.value, less.low, less.high) == pytest.approx((0.67, 0.62, 0.72))
    none = rates.less_drift(raw, estimate("drift_auc", 0.47, 0.44, 0.50, 900, method="m"))
    assert none.value == 0.70
    found = membership_inference(PEOPLE)
    gate = found.measure("drift_auc")
    assert gate.low < 0.55 < gate.high
    assert found.measure("raw_auc", attack="loss").value - found.measure("auc", attack="loss").value == (
        pytest.approx(gate.value - 0.5)
    )
    assert "nothing is taken off here" in found.measure("advantage", attack="loss").note
    many = membership_inference(credit(4000, 4000))
    assert many.measure("drift_auc").high < 0.55
    assert not many.select("raw_auc", attack="loss")
    assert many.measure("advantage", attack="loss").note is None


def test_an_area_reliably_under_a_half_is_told_with_where_it_comes_from():
    """Each row has its twin in the other file: what is learnt of one file is wrong of what is held back."""
    rng = np.random.default_rng(4)
    table = pd.DataFrame(rng.integers(0, 12, (400, 2)).astype(float), columns=["a", "b"])
    people = Compared(
        pd.concat([table, table], ignore_index=True), np.repeat("1", 800), np.arange(800) < 400,
        np.arange(800), None, None, None, None, 1.0, (0, 0), (400, 400), (0, 0),
    )  # fmt: skip
    found = drift(people, 1)
    assert found.high < 0.5
    assert found.note.startswith("reliably under 0.5: rows of one file have their like in the other")
    assert "with 800 rows, cross-validation leans there by itself" in found.note
    assert judged(found) is Gate.COMPARABLE
    apart = dataclasses.replace(people, table=people.table.assign(c=people.member * 1.0))
    assert drift(apart, 1).note is None


def test_the_gate_sees_text_too():
    other = PEOPLE.evaluation.assign(job="diver")
    assert membership_inference(dataclasses.replace(PEOPLE, evaluation=other)).outcome is Outcome.INCONCLUSIVE


def test_rows_without_a_label_are_left_out():
    label = PEOPLE.training["label"].astype(float).mask(np.arange(600) < 100)
    found = membership_inference(dataclasses.replace(PEOPLE, training=PEOPLE.training.assign(label=label)))
    assert found.measure("tpr_at_fpr_1pct", attack="loss").n == 500
    assert found.measure("unusable_rows", table="training").value == 100
    assert found.measure("unusable_rows", table="evaluation").value == 0


def test_rows_without_an_answer_are_left_out_and_counted():
    score = np.where(np.arange(600) < 70, np.nan, PEOPLE.score)
    found = membership_inference(dataclasses.replace(PEOPLE, score=score))
    assert found.measure("unusable_rows", table="evaluation").value == 70
    assert found.measure("auc", attack="rmia_2").n == 1130
    assert found.measure("auc", attack="rmia_2").note.startswith("uncertain")


def test_numbers_that_are_remembered_are_found_out():
    rng = np.random.default_rng(8)
    income = rng.normal(size=1000)
    both = pd.DataFrame({"income": income, "label": income + rng.normal(size=1000)})
    train, test = both[:500], both[500:].reset_index(drop=True)
    people = dataclasses.replace(
        PEOPLE,
        task=Task.REGRESSION,
        roles=dataclasses.replace(PEOPLE.roles, features=("income",), groups=()),
        training=train,
        evaluation=test,
        training_score=train["label"].to_numpy() + 0.01,
        score=test["income"].to_numpy(),
    )
    found = membership_inference(people)
    for attack in ("loss", "qmia", "rmia_2"):
        assert found.measure("auc", attack=attack).low > 0.9
    gap = found.measure("generalisation_gap")
    assert gap.unit == "label units"
    assert gap.low > 0.5
    honest = membership_inference(dataclasses.replace(people, training_score=train["income"].to_numpy()))
    for attack in ("loss", "qmia", "rmia_2"):
        auc = honest.measure("auc", attack=attack)
        assert auc.low < 0.5 < auc.high


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
            {"training_score": None, "training_decision": None},
            "no answers for the training rows: supply the model, so that it can be asked about them",
        ),
        (
            {"task": Task.SCORING},
            "a score that no label shares a scale with has no loss: submit a binary task",
        ),
        (
            {"task": Task.REGRESSION, "training_score": None},
            "no numbers for the training rows: supply the model, so that it can be asked",
        ),
    ],
)
def test_each_gap_has_its_sentence(change, sentence):
    found = membership_inference(dataclasses.replace(PEOPLE, **change))
    assert (found.outcome, found.reason) == (Outcome.NOT_APPLICABLE, sentence)


def test_few_rows_say_nothing():
    few = dataclasses.replace(
        PEOPLE,
        training=PEOPLE.training[:40],
        training_score=PEOPLE.training_score[:40],
        training_decision=PEOPLE.training_decision[:40],
    )
    found = membership_inference(few)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reason == (
        "40 training rows and 600 other evaluation rows with a label and an answer: 50 of each are needed"
    )


def test_two_hundred_rows_are_measured_with_wide_intervals():
    found = membership_inference(credit(100, 100))
    auc = found.measure("auc", attack="loss")
    assert found.outcome is Outcome.MEASURED
    assert auc.high - auc.low > 0.1


def test_labels_of_one_class_are_an_answer():
    one = {name: getattr(PEOPLE, name).assign(label=1) for name in ("training", "evaluation")}
    found = membership_inference(dataclasses.replace(PEOPLE, **one))
    assert found.outcome is Outcome.MEASURED
    assert found.measure("auc", attack="rmia_2").value is not None


def test_decisions_alone_leave_the_attacks_on_labels():
    """What could not be tried is named, with what to supply."""
    blind = dataclasses.replace(PEOPLE, score=None, training_score=None)
    found = membership_inference(blind)
    assert {m.of["attack"] for m in found.measures if m.name == "auc"} == {"gap", "noise"}
    (table,) = found.tables
    told = {row[0]: row[1:] for row in table.rows}
    need = (False, "supply probabilities for the rows of both files, or a model that gives them")
    assert told["rmia_2"] == told["loss"] == need
    without = membership_inference(dataclasses.replace(blind, model=None))
    told = {row[0]: row[1:] for row in without.tables[0].rows}
    assert told["noise"] == (False, "supply the model, so that it can be asked again")


def test_the_claim_of_an_epsilon_is_set_against_the_attack():
    claims = {"claimed_epsilon": 0.5}
    found = membership_inference(dataclasses.replace(remembered(0.5), facts=claims))
    most = max(m.value for m in found.measures if m.name == "empirical_epsilon")
    over = found.measure("epsilon_over_claim")
    assert over.value == most - 0.5
    assert "contradicts" in over.note
    under = membership_inference(dataclasses.replace(PEOPLE, facts=claims))
    assert "do not confirm" in under.measure("epsilon_over_claim").note
    undeclared = membership_inference(dataclasses.replace(PEOPLE, facts={})).measure("epsilon_over_claim")
    assert (undeclared.value, undeclared.note) == (None, "no claimed_epsilon was declared")


def test_rows_over_the_most_are_drawn_and_it_is_said():
    found = membership_inference(PEOPLE, most_rows=200)
    assert found.measure("tpr_at_fpr_1pct", attack="loss").n == 200
    assert "200 of 600 training and 200 of 600 evaluation rows, drawn at random" in (
        found.measure("auc", attack="loss").note
    )

"""How well the system does, against scikit-learn and against what is trivial."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn import metrics as oracle

from checks.model import Inconclusive, ModelError, Outcome, Task
from checks.performance import plain
from checks.performance.calibration import calibration
from checks.performance.classification import classification
from checks.performance.metrics import matthews_correlation
from checks.performance.sanity import sanity
from checks.sample import labelled
from tests.checks.builders import LogisticModel, credit, subject
from tests.checks.planted import planted

HONEST = credit(500, 500)


def noise(whole, seed=0):
    """Return *whole* with scores and decisions that know nothing."""
    score = np.random.default_rng(seed).random(whole.rows)
    return dataclasses.replace(whole, score=score, decision=np.where(score >= 0.5, "1", "0").astype(object))


# Classification


@pytest.mark.parametrize("weighted", [False, True])
def test_every_number_equals_scikit_learns(weighted):
    times = np.random.default_rng(0).integers(1, 4, size=500)
    whole, weights = HONEST, None
    if weighted:
        roles = dataclasses.replace(HONEST.roles, weight="times", weight_kind="frequency")
        table = HONEST.evaluation.assign(times=times)
        whole, weights = dataclasses.replace(HONEST, evaluation=table, roles=roles), times
    found = classification(whole)
    y, s, p = HONEST.evaluation["label"].to_numpy(), HONEST.score, (HONEST.score >= 0.5).astype(int)
    weight = {"sample_weight": weights}
    expected = {
        "accuracy": oracle.accuracy_score(y, p, **weight),
        "balanced_accuracy": oracle.balanced_accuracy_score(y, p, **weight),
        "f1": oracle.f1_score(y, p, **weight),
        "matthews_correlation": oracle.matthews_corrcoef(y, p, **weight),
        "roc_auc": oracle.roc_auc_score(y, s, **weight),
        "average_precision": oracle.average_precision_score(y, s, **weight),
        "brier_score": oracle.brier_score_loss(y, s, **weight),
        "log_loss": oracle.log_loss(y, s, **weight),
    }
    for name, value in expected.items():
        measure = found.measure(name)
        assert measure.value == pytest.approx(value, abs=1e-12), name
        assert measure.low < value < measure.high, name
        assert measure.n == (times.sum() if weighted else 500)


def test_intervals_agree_with_a_seeded_bootstrap():
    """Half-widths within a fifth of those of 400 resamples."""
    found, rng = classification(HONEST), np.random.default_rng(1)
    y, s = HONEST.evaluation["label"].to_numpy(), HONEST.score
    drawn = [rng.integers(0, 500, 500) for _ in range(400)]
    for name, score in {
        "balanced_accuracy": lambda i: oracle.balanced_accuracy_score(y[i], s[i] >= 0.5),
        "f1": lambda i: oracle.f1_score(y[i], s[i] >= 0.5),
        "matthews_correlation": lambda i: oracle.matthews_corrcoef(y[i], s[i] >= 0.5),
        "roc_auc": lambda i: oracle.roc_auc_score(y[i], s[i]),
        "brier_score": lambda i: oracle.brier_score_loss(y[i], s[i]),
        "log_loss": lambda i: oracle.log_loss(y[i], s[i]),
    }.items():
        low, high = np.quantile([score(i) for i in drawn], [0.025, 0.975])
        measure = found.measure(name)
        assert measure.high - measure.low == pytest.approx(high - low, rel=0.2), name


@planted("performance.classification", "speaks")
def test_noise_is_not_ahead_of_the_baselines():
    found = classification(noise(HONEST))
    assert found.measure("accuracy_over_baseline").low < 0
    assert found.measure("accuracy_over_baseline", model="logistic").high < 0
    assert found.measure("roc_auc_over_baseline", model="logistic").high < 0
    assert found.measure("roc_auc").low < 0.5 < found.measure("roc_auc").high


@planted("performance.classification", "silent")
def test_a_model_that_knows_the_truth_is_ahead_of_the_majority():
    found = classification(HONEST)
    assert found.measure("accuracy_over_baseline").low > 0.1
    assert found.measure("roc_auc_over_baseline").low > 0.2
    # the rule itself is logistic: the regression comes near it and is not clearly behind
    assert abs(found.measure("roc_auc_over_baseline", model="logistic").value) < 0.02


def test_the_majority_by_hand():
    """70 of 100 are positive: naming them all is right in 70, and ranks like a coin."""
    whole = subject(decision=[1] * 90 + [0] * 10, score=np.linspace(1, 0, 100), actual=[1] * 70 + [0] * 30)
    found = classification(whole)
    assert found.measure("accuracy", model="majority").value == 0.7
    assert found.measure("roc_auc", model="majority").value == 0.5
    assert found.measure("accuracy").value == 0.8
    assert found.measure("accuracy_over_baseline").value == pytest.approx(0.1)
    assert (
        found.measure("accuracy", model="majority").note
        == "always the commonest class of the evaluation rows"
    )


def test_without_features_there_is_no_regression_and_the_measure_says_so():
    found = classification(subject(decision=[1, 0] * 30, actual=[1, 0, 1] * 20))
    why = "no feature columns were supplied, so no baseline can be fitted"
    assert found.measure("accuracy", model="logistic").note == why
    assert found.measure("accuracy_over_baseline", model="logistic").value is None


def test_without_a_training_table_the_regression_is_cross_validated():
    alone = dataclasses.replace(HONEST, training=None)
    measure = classification(alone).measure("roc_auc", model="logistic")
    assert measure.value > 0.75
    assert "5-fold cross-validated" in measure.note
    blind = dataclasses.replace(HONEST, training=HONEST.training.drop(columns="label"))
    assert "cross-validated" in classification(blind).measure("roc_auc", model="logistic").note


def test_cross_validation_does_not_see_the_rows_it_answers():
    """Features of pure noise: a fit that saw its rows would beat a coin by far."""
    rng = np.random.default_rng(5)
    features = {f"x{i}": rng.normal(size=120) for i in range(60)}
    whole = subject(score=rng.random(120), actual=[0, 1] * 60, features=features)
    assert classification(whole).measure("roc_auc", model="logistic").value < 0.65


def test_two_rows_of_a_class_are_needed_to_fit():
    whole = subject(decision=[1] * 40, actual=[1] + [0] * 39, features={"x": np.arange(40)})
    note = classification(whole).measure("accuracy", model="logistic").note
    assert note == "needs two rows or more of every class to fit a baseline"


def test_the_regression_takes_gaps_text_new_categories_and_infinities():
    table = HONEST.evaluation.copy()
    table.loc[:50, "income"] = np.nan
    table.loc[51:60, "debt"] = np.inf
    table.loc[:5, "job"] = "pilot"
    table["noise"] = table["noise"].astype(str)  # text here, numbers in training
    found = classification(dataclasses.replace(HONEST, evaluation=table))
    assert found.measure("roc_auc", model="logistic").value > 0.7


def test_large_training_tables_are_sampled(monkeypatch):
    monkeypatch.setattr(plain, "MOST_ROWS", 100)
    first, second = (classification(HONEST).measure("roc_auc", model="logistic") for _ in range(2))
    assert "fitted on 100 rows" in first.note
    assert first == second
    other = dataclasses.replace(HONEST, seed=9)
    assert classification(other).measure("roc_auc", model="logistic") != first


def test_scores_alone_or_decisions_alone_are_enough():
    scores = classification(dataclasses.replace(HONEST, decision=None))
    assert not scores.select("accuracy")
    assert scores.measure("roc_auc").value > 0.7
    decisions = classification(dataclasses.replace(HONEST, score=None))
    assert not decisions.select("roc_auc")
    assert decisions.measure("accuracy").value > 0.6
    assert classification(subject(actual=[1])).reason.startswith("no decision and no score was supplied")


def test_scores_that_are_no_probabilities_keep_their_ranking():
    found = classification(dataclasses.replace(HONEST, score=HONEST.score * 100))
    assert found.measure("roc_auc").value == classification(HONEST).measure("roc_auc").value
    assert found.measure("brier_score").note == "scores lie outside [0, 1], so they are no probabilities"
    assert found.measure("log_loss").value is None


def test_one_class_is_inconclusive_and_keeps_its_accuracy():
    found = classification(subject(decision=[1, 1, 0, 1], actual=[1, 1, 1, 1]))
    assert (found.outcome, found.reason) == (
        Outcome.INCONCLUSIVE,
        "all labels are of one class, so nothing can be told apart",
    )
    assert found.measure("accuracy").value == 0.75
    assert found.measure("balanced_accuracy").value is None


def test_a_perfect_model_is_not_certain():
    actual = [0, 1] * 30
    found = classification(subject(decision=actual, score=np.array(actual, float), actual=actual))
    for name in (
        "accuracy",
        "balanced_accuracy",
        "f1",
        "roc_auc",
        "average_precision",
        "matthews_correlation",
    ):
        measure = found.measure(name)
        assert measure.value == 1
        assert measure.low < 0.99
        assert measure.high == 1


def test_a_prediction_of_nobody_has_no_f1_and_no_correlation():
    found = classification(subject(decision=[0] * 4, actual=[0] * 4))
    assert found.measure("f1").note == "nobody is positive or predicted positive"
    never = subject(decision=[0, 0, 0], actual=[0, 1, 0])
    assert matthews_correlation(labelled(never, decided=True)).value is None


# Calibration


def stretched(factor):
    logit = np.log(HONEST.score / (1 - HONEST.score))
    return dataclasses.replace(HONEST, score=1 / (1 + np.exp(-factor * logit)))


@planted("performance.calibration", "speaks")
def test_scores_that_are_too_sure_are_seen():
    found = calibration(stretched(4))
    assert found.measure("calibration_error").low > 0.05
    assert found.measure("calibration_slope").high < 0.5


@planted("performance.calibration", "silent")
def test_calibrated_scores_are_not_accused():
    found = calibration(HONEST)
    assert found.measure("calibration_error").low == 0
    slope, level = (found.measure(f"calibration_{name}") for name in ("slope", "intercept"))
    assert slope.low < 1 < slope.high
    assert level.low < 0 < level.high


def test_the_table_holds_every_row_once():
    (table,) = calibration(HONEST).tables
    assert table.name == "reliability"
    assert sum(row[table.columns.index("rows")] for row in table.rows) == 500
    promised = [row[2] for row in table.rows]
    assert promised == sorted(promised)


def test_the_plain_error_is_printed_without_an_interval():
    plain = calibration(HONEST).measure("expected_calibration_error")
    assert plain.value > 0
    assert (plain.low, plain.high) == (None, None)
    assert "includes what chance alone adds" in plain.note


# Sanity


@planted("performance.sanity", "speaks")
def test_noise_constants_and_batch_dependence_are_seen():
    class Moody(LogisticModel):
        """Answers by the mean of whoever is in the batch."""

        def predict_proba(self, X):
            return super().predict_proba(X - X.mean())

    roles = dataclasses.replace(HONEST.roles, features=("income", "debt"))
    moody = dataclasses.replace(noise(HONEST), model=Moody({"income": 2.0}), roles=roles)
    found = sanity(moody)
    assert found.measure("better_than_chance").low < 0 < found.measure("better_than_chance").high
    agreement = found.measure("single_row_agreement")
    assert agreement.value < 0.1
    assert agreement.note.startswith("largest difference 0.")
    constant = sanity(dataclasses.replace(HONEST, score=np.full(500, 0.3)))
    assert constant.measure("constant_output").value == 1


@planted("performance.sanity", "silent")
def test_a_sound_model_passes_unremarked():
    found = sanity(HONEST)
    assert found.measure("better_than_chance").low > 0.2
    assert found.measure("constant_output").value == 0
    agreement = found.measure("single_row_agreement")
    assert (agreement.value, agreement.n, agreement.note) == (1, 50, None)
    rest = found.measure("single_row_disagreement")
    assert (rest.value, rest.low, rest.high) == (0, 0, pytest.approx(1 - 0.025 ** (1 / 50)))  # none of 50


def test_rows_are_drawn_by_the_seed_and_not_from_the_top():
    asked = []

    class Watched(LogisticModel):
        def predict_proba(self, X):
            asked.append(tuple(X["income"]))
            return super().predict_proba(X)

    for seed in (0, 0, 1):
        sanity(dataclasses.replace(HONEST, model=Watched({"income": 1.0}), seed=seed), rows=5)
    batches = [rows for rows in asked if len(rows) == 5]
    assert batches[0] == batches[1] != batches[2]
    assert batches[0] != tuple(HONEST.evaluation["income"][:5])


def test_a_model_without_probabilities_is_asked_for_classes():
    class Classes(LogisticModel):
        has_probabilities = False

    whole = dataclasses.replace(HONEST, model=Classes({"income": 1.0}))
    assert sanity(whole).measure("single_row_agreement").value == 1


def test_a_model_without_features_is_not_asked():
    roles = dataclasses.replace(HONEST.roles, features=())
    assert not sanity(dataclasses.replace(HONEST, roles=roles)).select("single_row_agreement")


def test_a_model_that_dies_is_a_failed_check_with_its_reason():
    class Dead(LogisticModel):
        def predict_proba(self, X):
            raise ModelError("asked for 50 rows, got none")

    found = sanity(dataclasses.replace(HONEST, model=Dead({"income": 1.0})))
    assert (found.outcome, found.reason) == (
        Outcome.FAILED,
        "the model could not answer: asked for 50 rows, got none",
    )


def test_decisions_alone_are_held_against_the_majority():
    """80 right of 100 where naming the commonest class is right in 70."""
    found = sanity(subject(decision=[1] * 90 + [0] * 10, actual=[1] * 70 + [0] * 30))
    assert found.measure("better_than_chance").value == pytest.approx(0.1)
    assert found.measure("constant_output").method == "1 where all decisions are one"


def test_without_a_label_chance_is_unknown_and_the_rest_is_measured():
    found = sanity(subject(decision=[1, 1]))
    assert found.measure("better_than_chance").note.startswith("no label column was supplied")
    assert found.measure("constant_output").value == 1
    assert sanity(subject(actual=[1])).reason.startswith("no decision and no score was supplied")
    other = subject(decision=[1], task=Task.MULTICLASS)
    assert sanity(other).measure("better_than_chance").note.startswith("no label column was supplied")


def test_usable_rows_need_all_that_is_asked():
    whole = subject(decision=["1", "0", "not stated"], score=[0.5, np.nan, 0.1], actual=[1, 0, 1])
    sample = labelled(whole, decided=True, scored=True)
    assert list(sample.rows) == [0]
    with pytest.raises(Inconclusive, match="no row has all that is needed"):
        labelled(dataclasses.replace(whole, score=np.full(3, np.nan)), scored=True)

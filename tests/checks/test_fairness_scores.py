"""AUC and calibration between groups."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from checks.fairness.auc import auc
from checks.fairness.calibration import calibration
from checks.model import Outcome, Task
from tests.checks.builders import credit, subject
from tests.checks.planted import planted

HONEST = credit(900, 10, seed=3)


def with_score(change, group="B"):
    """Return HONEST with the scores of one group changed."""
    there = (HONEST.evaluation["race"] == group).to_numpy()
    return dataclasses.replace(HONEST, score=np.where(there, change(HONEST.score), HONEST.score))


def test_each_groups_auc_equals_scikit_learns():
    found = auc(HONEST)
    for attribute in ("race", "sex"):
        for group, part in HONEST.evaluation.assign(score=HONEST.score).groupby(attribute):
            measure = found.measure("roc_auc", attribute=attribute, group=group)
            assert measure.value == pytest.approx(roc_auc_score(part.label, part.score), abs=1e-12)
            assert measure.n == len(part)


@planted("fairness.auc", "speaks")
def test_a_group_ranked_at_random_is_seen():
    shuffled = np.random.default_rng(0).random(900)
    found = auc(with_score(lambda _: shuffled))
    assert found.measure("roc_auc_gap", attribute="race").low > 0.1
    assert found.measure("roc_auc", attribute="race", group="B").low < 0.5


@planted("fairness.auc", "silent")
def test_groups_ranked_alike_are_not_accused():
    assert auc(HONEST).measure("roc_auc_gap", attribute="race").low == 0


def test_a_shift_of_a_whole_group_is_beyond_what_auc_sees():
    plain, shifted = auc(HONEST), auc(with_score(lambda score: score / 2))
    for group in "ABC":
        of = {"attribute": "race", "group": group}
        assert shifted.measure("roc_auc", **of).value == plain.measure("roc_auc", **of).value


def test_a_group_of_one_class_has_no_auc_and_says_so():
    whole = subject(
        score=np.linspace(0, 1, 120), actual=[1] * 40 + [0, 1] * 40, groups=["a"] * 40 + ["b"] * 80
    )
    found = auc(whole)
    alone = found.measure("roc_auc", attribute="group", group="a")
    assert (alone.value, alone.note) == (None, "needs rows of both classes")
    assert found.measure("uncompared_share", attribute="group").value == pytest.approx(1 / 3)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reason == "no attribute has two groups of 30 rows or more, with 10 of both classes each"


@planted("fairness.calibration", "speaks")
def test_a_group_whose_scores_promise_too_much_is_seen():
    """The log-odds of group B are raised by 1.5: its intercept is about -1.5, and the gap is clear."""
    found = calibration(with_score(lambda p: 1 / (1 + np.exp(-np.log(p / (1 - p)) - 1.5))))
    assert found.measure("calibration_error_gap", attribute="race").low > 0.05
    line = found.measure("calibration_intercept", attribute="race", group="B")
    assert line.low < -1.5 < line.high < 0
    assert found.measure("calibration_intercept_gap", attribute="race").low > 0.5


@planted("fairness.calibration", "silent")
def test_scores_that_mean_the_same_for_everybody_are_not_accused():
    found = calibration(HONEST)
    for attribute in ("race", "sex"):
        for name in ("calibration_error_gap", "calibration_slope_gap", "calibration_intercept_gap"):
            assert found.measure(name, attribute=attribute).low == 0


def test_a_line_that_cannot_be_drawn_leaves_the_error_measured():
    """Group a has one score: an error, no slope."""
    score = [0.5] * 60 + list(np.linspace(0.1, 0.9, 60))
    found = calibration(subject(score=score, actual=[0, 1] * 60, groups=["a"] * 60 + ["b"] * 60))
    assert found.measure("calibration_error", attribute="group", group="a").value is not None
    slope = found.measure("calibration_slope", attribute="group", group="a")
    assert slope.note.startswith("the fit has no finite answer")
    assert found.measure("calibration_slope_gap", attribute="group").value is None
    assert found.measure("calibration_error_gap", attribute="group").value is not None


def test_scores_outside_0_and_1_are_no_probabilities():
    found = calibration(subject(score=[2.0, 0.1], actual=[0, 1], groups="ab"))
    assert (found.outcome, found.reason) == (
        Outcome.INCONCLUSIVE,
        "scores lie outside [0, 1]; calibration needs probabilities",
    )


def test_groups_too_small_to_compare_end_inconclusive_with_what_was_measured():
    found = calibration(subject(score=[0.2, 0.8] * 10, actual=[0, 1] * 10, groups="ab" * 10))
    assert found.reason == "no attribute has two groups of 30 rows or more with a label and a score"
    assert found.measure("calibration_error", attribute="group", group="a").n == 10


@pytest.mark.parametrize("check", [auc, calibration])
def test_a_label_and_a_score_are_needed(check):
    assert check(subject(score=[0.5], groups="a")).reason.startswith("no label column was supplied")
    assert check(subject(actual=[1], groups="a")).reason.startswith("no score was supplied")


# Several classes, and scores without decisions


def ternary(rows=600, seed=2):
    """Return people of three classes whose probabilities are right, in three groups."""
    rng = np.random.default_rng([17, seed])
    probabilities = rng.dirichlet([1, 1, 2], rows)
    actual = (rng.random(rows)[:, None] > probabilities.cumsum(axis=1)).sum(axis=1)
    return subject(
        decision=probabilities.argmax(axis=1),
        actual=actual,
        groups={"race": rng.choice(["a", "b", "c"], rows), "sex": rng.choice(["F", "M"], rows)},
        task=Task.MULTICLASS,
        roles={"positive": None, "favourable": None},
        probabilities=probabilities,
        classes=("0", "1", "2"),
    )


TERNARY = ternary()


def test_each_classes_auc_and_the_mean_equal_scikit_learns():
    found = auc(TERNARY)
    for group in "abc":
        there = (TERNARY.evaluation["race"] == group).to_numpy()
        truth, p = TERNARY.evaluation["label"].to_numpy()[there], TERNARY.probabilities[there]
        for i in range(3):
            one = found.measure("roc_auc", attribute="race", group=group, **{"class": str(i)})
            assert one.value == pytest.approx(roc_auc_score(truth == i, p[:, i]), abs=1e-12)
        mean = found.measure("roc_auc", attribute="race", group=group, average="macro")
        expected = roc_auc_score(truth, p, multi_class="ovr", average="macro")
        assert mean.value == pytest.approx(expected, abs=1e-12)
        assert mean.low < mean.value < mean.high
    gap = found.measure("roc_auc_gap", attribute="race", average="macro")
    assert (gap.low, found.outcome) == (0, Outcome.MEASURED)


def test_a_group_whose_probabilities_are_shuffled_is_seen_in_the_means():
    there = (TERNARY.evaluation["race"] == "b").to_numpy()
    shuffled = TERNARY.probabilities.copy()
    shuffled[there] = np.random.default_rng(3).permutation(shuffled[there])
    worse = dataclasses.replace(TERNARY, probabilities=shuffled)
    assert auc(worse).measure("roc_auc_gap", attribute="race", average="macro").low > 0.05
    assert calibration(worse).measure("calibration_error_gap", attribute="race", average="macro").low > 0
    honest = calibration(TERNARY)
    assert honest.measure("calibration_error_gap", attribute="race", average="macro").low == 0
    each = [honest.measure("calibration_error", attribute="race", group="a", **{"class": c}) for c in "012"]
    mean = honest.measure("calibration_error", attribute="race", group="a", average="macro")
    assert mean.value == pytest.approx(np.mean([one.value for one in each]))
    assert mean.high >= np.mean([one.high for one in each])


@pytest.mark.parametrize("check", [auc, calibration])
def test_classes_without_probabilities_are_told_in_a_sentence(check):
    without = dataclasses.replace(TERNARY, probabilities=None, classes=())
    assert check(without).reason == (
        "no probabilities of the classes were supplied; submit a model that gives them"
    )
    unlabelled = dataclasses.replace(TERNARY, roles=dataclasses.replace(TERNARY.roles, label=None))
    assert check(unlabelled).reason.startswith("no label column was supplied")


def test_one_class_missing_in_a_group_leaves_its_mean_undefined():
    table = TERNARY.evaluation.copy()
    table.loc[(table["race"] == "a") & (table["label"] == 2), "label"] = 1
    found = auc(dataclasses.replace(TERNARY, evaluation=table))
    mean = found.measure("roc_auc", attribute="race", group="a", average="macro")
    assert (mean.value, mean.note) == (None, "needs rows of both classes, for every class")
    assert (
        found.measure("roc_auc_gap", attribute="race", average="macro").note == "1 of 3 groups not compared"
    )


@pytest.mark.parametrize("check", [auc, calibration])
def test_scores_without_decisions_are_ranked_and_calibrated_too(check):
    scoring = dataclasses.replace(HONEST, task=Task.SCORING, decision=None)
    assert check(scoring).measures == check(HONEST).measures
    unknown = dataclasses.replace(scoring, roles=dataclasses.replace(scoring.roles, positive=None))
    assert "under `positive`" in check(unknown).reason

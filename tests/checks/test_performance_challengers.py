"""Other systems on the same rows: every number against its oracle, and planted truths."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp
from sklearn.metrics import accuracy_score, roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import cohens_kappa

from checks.model import Challenger, Outcome, Task
from checks.performance.challengers import challengers
from tests.checks.builders import credit, subject
from tests.checks.planted import planted

PEOPLE = credit(800, 0)
RIVAL = PEOPLE.challengers["rival"]
LABEL = PEOPLE.evaluation["label"].to_numpy()


def against(other, whole=PEOPLE, **changes):
    found = challengers(dataclasses.replace(whole, challengers={"other": other}, **changes))
    assert found.outcome is Outcome.MEASURED, found.reason
    return found


def test_every_number_equals_its_oracle():
    found = against(RIVAL)
    ours, theirs = PEOPLE.decision.astype(int), RIVAL.decision.astype(int)
    expected = {
        "decision_agreement": (ours == theirs).mean(),
        "accuracy_difference": accuracy_score(LABEL, ours) - accuracy_score(LABEL, theirs),
        "roc_auc_difference": roc_auc_score(LABEL, PEOPLE.score) - roc_auc_score(LABEL, RIVAL.score),
        "selection_rate_difference": ours.mean() - theirs.mean(),
    }
    for name, value in expected.items():
        measure = found.measure(name, model="other")
        assert measure.value == pytest.approx(value, abs=1e-12), name
        assert measure.low < value < measure.high, name
        assert measure.n == 800
    women = (PEOPLE.evaluation["sex"] == "F").to_numpy()
    of = {"model": "other", "attribute": "sex", "group": "F"}
    measure = found.measure("selection_rate_difference", **of)
    assert measure.value == pytest.approx(ours[women].mean() - theirs[women].mean(), abs=1e-12)
    assert measure.n == women.sum()


def test_kappa_and_its_interval_equal_those_of_statsmodels():
    found = against(RIVAL).measure("cohen_kappa", model="other")
    table = pd.crosstab(PEOPLE.decision, RIVAL.decision).to_numpy()
    oracle = cohens_kappa(table)
    assert found.value == pytest.approx(oracle.kappa, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((oracle.kappa_low, oracle.kappa_upp), abs=1e-4)


@pytest.mark.parametrize("worse", [0.02, 0.1, 0.3])
def test_the_interval_of_the_accuracies_says_what_mcnemars_test_says(worse):
    """It leaves out 0 where the test rejects, and keeps 0 where it does not."""
    rng = np.random.default_rng([5, 1])
    flipped = rng.random(800) < worse
    decision = np.where(flipped, np.where(PEOPLE.decision == "1", "0", "1"), PEOPLE.decision).astype(object)
    found = against(Challenger(decision, None)).measure("accuracy_difference", model="other")
    ours, theirs = PEOPLE.decision == LABEL.astype(str), decision == LABEL.astype(str)
    table = [
        [(ours & theirs).sum(), (ours & ~theirs).sum()],
        [(~ours & theirs).sum(), (~ours & ~theirs).sum()],
    ]
    p = mcnemar(table, exact=False, correction=False).pvalue
    assert not 0.03 < p < 0.08, "too close to the level to tell two methods apart"
    assert (found.low > 0 or found.high < 0) == (p < 0.05)


@planted("performance.challengers", "speaks")
def test_a_better_challenger_is_seen():
    rng = np.random.default_rng([5, 2])
    truth = Challenger(LABEL.astype(str).astype(object), LABEL + rng.normal(0, 0.3, 800))
    found = against(truth)
    assert found.measure("accuracy_difference", model="other").high < 0
    assert found.measure("roc_auc_difference", model="other").high < 0


@planted("performance.challengers", "silent")
def test_an_equal_challenger_is_not_called_better_or_worse():
    """The same decisions but for forty people, drawn whatever their label is."""
    rng = np.random.default_rng([5, 3])
    wrong = rng.permutation(800)[:40]
    decision = PEOPLE.decision.copy()
    right = np.where(LABEL[wrong] == 1, "1", "0")
    decision[wrong] = np.where(np.arange(40) % 2, right, np.where(right == "1", "0", "1"))
    ours = PEOPLE.decision.copy()
    ours[wrong] = np.where(np.arange(40) % 2, np.where(right == "1", "0", "1"), right)
    scores = PEOPLE.score + rng.normal(0, 0.1, (2, 800))
    found = against(Challenger(decision, scores[0]), decision=ours, score=scores[1])
    for name in ("accuracy_difference", "roc_auc_difference"):
        measure = found.measure(name, model="other")
        assert measure.low <= 0 <= measure.high
    assert found.measure("decision_agreement", model="other").value == pytest.approx(0.95)


def test_frequency_weights_stand_for_repeated_people():
    rng = np.random.default_rng([5, 4])
    times = rng.integers(1, 4, 800)
    roles = dataclasses.replace(PEOPLE.roles, weight="times", weight_kind="frequency")
    table = PEOPLE.evaluation.assign(times=times)
    weighted = against(RIVAL, evaluation=table, roles=roles)
    at = np.repeat(np.arange(800), times)
    again = dataclasses.replace(
        PEOPLE,
        evaluation=PEOPLE.evaluation.iloc[at].reset_index(drop=True),
        decision=PEOPLE.decision[at],
        score=PEOPLE.score[at],
    )
    repeated = against(Challenger(RIVAL.decision[at], RIVAL.score[at]), whole=again)
    for one in weighted.measures:
        other = repeated.measure(one.name, **one.of)
        assert (one.value, one.n) == pytest.approx((other.value, other.n), abs=1e-9)
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-6)


def test_numbers_are_compared_by_their_distance_from_the_truth():
    rng = np.random.default_rng([5, 5])
    truth = rng.normal(0, 1, 300)
    near, far = truth + rng.normal(0, 0.1, 300), truth + rng.normal(0, 0.5, 300)
    whole = subject(actual=truth, score=near, task=Task.REGRESSION)
    found = against(Challenger(None, far), whole).measure("mean_absolute_error_difference", model="other")
    gap = np.abs(near - truth) - np.abs(far - truth)
    assert found.value == pytest.approx(gap.mean())
    assert found.high < 0
    interval = ttest_1samp(gap, 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx(tuple(interval))


def test_scores_alone_agree_about_who_is_above_the_median():
    rng = np.random.default_rng([5, 6])
    score = rng.normal(0, 1, 400)
    whole = subject(score=score, groups=["a"] * 400, task=Task.SCORING)
    assert (
        against(Challenger(None, 3 * score + 7), whole).measure("decision_agreement", model="other").value
        == 1
    )
    upside_down = against(Challenger(None, -score), whole)
    assert upside_down.measure("decision_agreement", model="other").value == 0


def test_systems_that_answer_in_different_kinds_are_not_compared():
    whole = subject(decision=[0, 1] * 20, task=Task.SCORING)
    evidence = challengers(
        dataclasses.replace(whole, challengers={"other": Challenger(None, np.arange(40.0))})
    )
    assert evidence.outcome is Outcome.INCONCLUSIVE
    assert "decisions for all, or scores for all" in evidence.reason

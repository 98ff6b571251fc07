"""Finer answers than needed are counted, and what rounding takes from an attacker is measured."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks.membership import OVERFIT, fitted
from checks.model import Outcome, Task
from checks.privacy.differential_privacy import differential_privacy
from checks.privacy.outputs import outputs
from checks.statistics import roc_auc
from tests.checks.builders import credit, subject
from tests.checks.planted import planted

PEOPLE = credit()
CASES = ("as given", "3 digits", "2 digits", "1 digit")


def test_answers_are_counted_by_hand():
    """Of eight answers, at two digits: one alone, seven in a cell of five and one of two."""
    found = outputs(subject(score=[0.101, 0.102, 0.103, 0.104, 0.1, 0.203, 0.204, 0.9]))
    unique = [found.measure("unique_output_share", case=case).value for case in CASES]
    small = [found.measure("small_output_share", case=case).value for case in CASES]
    assert unique == [1, 1, 1 / 8, 1 / 8]
    assert small == [1, 1, 3 / 8, 3 / 8]


def test_decisions_that_rounding_turns_are_counted():
    found = outputs(subject(score=[0.46, 0.44, 0.495, 0.3], decision=[0, 0, 0, 0]))
    changed = [found.measure("decisions_changed", case=case).value for case in CASES[1:]]
    assert changed == [0, 1 / 4, 2 / 4]
    assert found.measure("digits_enough").value == 3
    coarse = outputs(subject(score=[0.9, 0.1, 0.7], decision=[1, 0, 1]))
    assert coarse.measure("digits_enough").value == 1
    fine = outputs(subject(score=[0.4999, 0.9], decision=[0, 1]))
    assert fine.measure("digits_enough").note == "even 3 digits change a decision"
    assert not outputs(subject(score=[0.4999, 0.9])).select("digits_enough")


def test_a_ranking_by_rounded_scores_is_that_of_the_definition():
    found = outputs(PEOPLE)
    actual = (PEOPLE.evaluation["label"] == 1).to_numpy()
    for digits, case in ((3, "3 digits"), (1, "1 digit")):
        change = roc_auc(actual, np.round(PEOPLE.score, digits)) - roc_auc(actual, PEOPLE.score)
        assert found.measure("roc_auc_change", case=case).value == pytest.approx(change)


def overfit(kind="forest", rows=500):
    make, types = OVERFIT[kind]
    return fitted(make(), types, rows, 6, 8)


@planted("privacy.outputs", "speaks")
def test_rounding_takes_from_the_attack_what_two_attacks_on_rounded_answers_say():
    """A forest that remembers: one digit gives less away than sixteen, and decisions alone least."""
    found = outputs(overfit())
    given = found.measure("attack_auc", case="as given")
    assert given.low > 0.8
    for case in CASES[1:]:
        area, change = (found.measure(name, case=case) for name in ("attack_auc", "attack_auc_change"))
        assert change.value == pytest.approx(area.value - given.value)
    assert found.measure("attack_auc_change", case="1 digit").high < 0
    assert found.measure("attack_auc", case="decisions only").high < given.low


@planted("privacy.outputs", "silent")
def test_a_rule_that_remembers_nobody_gains_nothing_by_rounding():
    found = outputs(PEOPLE)
    for case in CASES:
        area = found.measure("attack_auc", case=case)
        assert area.low < 0.5 < area.high
    for case in CASES[1:]:
        assert abs(found.measure("attack_auc_change", case=case).value) < 0.02


def test_numbers_are_rounded_to_parts_of_their_range():
    """From 100 to 1100: two digits are steps of ten."""
    score = np.array([100.0, 101, 102, 109, 1096, 1100])
    found = outputs(subject(score=score, task=Task.REGRESSION))
    assert [found.measure("unique_output_share", case=case).value for case in CASES] == [1, 1, 1 / 6, 0]
    assert not found.select("decisions_changed", case="2 digits")


def test_without_training_rows_the_attack_says_what_to_supply():
    bare = dataclasses.replace(PEOPLE, training=None, training_score=None, training_decision=None)
    found = outputs(bare)
    assert found.outcome is Outcome.MEASURED
    attack = found.measure("attack_auc", case="1 digit")
    assert attack.value is None
    assert attack.note == "no training data: supply data.training, the rows that the model learnt from"


def test_decisions_alone_have_nothing_to_round():
    found = outputs(dataclasses.replace(PEOPLE, score=None))
    assert found.reason == "no scores are given out, only decisions: nothing finer to round"


@planted("privacy.differential_privacy", "speaks")
def test_a_claimed_budget_is_repeated_as_a_claim():
    claim = differential_privacy(PEOPLE).measure("claimed_epsilon")
    assert claim.value == 3.0
    assert claim.note.startswith("as declared")


@planted("privacy.differential_privacy", "silent")
def test_nothing_is_claimed_where_nothing_was_declared():
    found = differential_privacy(dataclasses.replace(PEOPLE, facts={}))
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert "claimed_epsilon" in found.reason

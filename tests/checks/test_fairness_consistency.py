"""Whether like people are decided alike, against the definition written out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.neighbors import NearestNeighbors

from checks.fairness.consistency import consistency
from checks.model import Outcome, Task
from tests.budgets import budget
from tests.checks.builders import credit, subject
from tests.checks.planted import planted


def numbers(rows: int, seed: int, *, random: bool = False, noise: float = 0.3):
    """Return people decided by a rule of two features with noise, or at random."""
    rng = np.random.default_rng([52, seed])
    x, z = rng.normal(size=rows), 10 * rng.normal(size=rows) + 5
    chance = rng.random(rows) < 0.5 if random else x + z / 10 + noise * rng.normal(size=rows) > 0.5
    return subject(decision=chance.astype(int), features={"x": x, "z": z})


@planted("fairness.consistency", "speaks")
def test_decisions_at_random_are_as_consistent_as_chance():
    found = consistency(numbers(1500, 1, random=True))
    measure, chance = found.measure("consistency"), found.measure("chance_consistency")
    assert chance.value == pytest.approx(0.5, abs=0.01)
    assert measure.low < chance.value < measure.high < 0.6


@planted("fairness.consistency", "silent")
def test_a_rule_without_noise_is_consistent():
    found = consistency(numbers(1500, 1, noise=0.0))
    assert found.measure("consistency").low > 0.94


def test_the_value_is_zemels_by_the_definition():
    """1 - mean |y - mean y of the k nearest|, the person not among them; neighbours by scikit-learn."""
    people = numbers(400, 2)
    X = people.features.to_numpy()
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    near = NearestNeighbors(n_neighbors=7).fit(X).kneighbors(return_distance=False)
    y = (people.decision == "1").astype(float)
    expected = 1 - np.abs(y - y[near].mean(axis=1)).mean()
    assert consistency(people, neighbours=7).measure("consistency").value == pytest.approx(
        expected, abs=1e-12
    )
    score = np.clip(np.random.default_rng(1).random(400), 0, 1)
    expected = 1 - np.abs(score - score[near].mean(axis=1)).mean()
    found = consistency(dataclasses.replace(people, score=score), neighbours=7)
    assert found.measure("score_consistency").value == pytest.approx(expected, abs=1e-12)


def test_equally_near_people_all_count():
    """Two villages of ten: nine neighbours each, whatever `neighbours` says; 3 of 10 are refused in one."""
    people = subject(decision=[1] * 10 + [1] * 7 + [0] * 3, features={"village": ["a"] * 10 + ["b"] * 10})
    expected = 1 - (7 * 3 / 9 + 3 * 7 / 9) / 20
    assert consistency(people, neighbours=2).measure("consistency").value == pytest.approx(expected)


def test_protected_attributes_do_not_make_people_unlike():
    """The rule is the group: with the group left out its people look alike and are decided differently."""
    rng = np.random.default_rng(3)
    group = rng.choice(["a", "b"], 600)
    decision = (group == "a").astype(int)
    x = rng.normal(size=600)
    hidden = subject(decision=decision, groups={"g": group}, columns={"x": x}, roles={"features": ("x", "g")})
    assert consistency(hidden).measure("consistency").high < 0.6
    open_ = subject(decision=decision, features={"x": x, "g": group})
    assert consistency(open_).measure("consistency").value > 0.95


def test_intervals_cover_what_more_people_show():
    """The truth of samples of 250 is the mean over 400 others of that size (nearness depends on size)."""
    truth = np.mean([consistency(numbers(250, 10_000 + i)).measure("consistency").value for i in range(200)])
    runs, outside = budget(120, 1000), 0
    for seed in range(runs):
        measure = consistency(numbers(250, seed)).measure("consistency")
        outside += not measure.low <= truth <= measure.high
    assert binomtest(outside, runs, 0.05, alternative="greater").pvalue > 0.001


def test_a_sample_is_drawn_and_stated():
    found = consistency(numbers(1000, 4), rows=200)
    measure = found.measure("consistency")
    assert measure.n == 200
    assert "200 of 1000 rows" in measure.method
    assert found == consistency(numbers(1000, 4), rows=200)


def test_missing_numbers_and_columns_of_names_are_told():
    people = credit(rows=300)
    table = people.evaluation.assign(
        income=people.evaluation["income"].mask(people.evaluation.index % 7 == 0),
        name=[f"p{i}" for i in range(300)],
    )
    roles = dataclasses.replace(people.roles, features=("income", "debt", "name"))
    measure = consistency(dataclasses.replace(people, evaluation=table, roles=roles)).measure("consistency")
    assert measure.note == "left out: name has over 50 different values"
    assert 0.5 < measure.low < measure.high < 1


def test_sampling_weights_move_the_mean_and_widen_the_interval():
    people = numbers(600, 5)
    weight = np.where(np.arange(600) % 4 == 0, 9.0, 1.0)
    roles = dataclasses.replace(people.roles, weight="w", weight_kind="sampling")
    weighted = dataclasses.replace(people, evaluation=people.evaluation.assign(w=weight), roles=roles)
    one, plain = (consistency(p).measure("consistency") for p in (weighted, people))
    assert one.n == 600
    assert one.value != plain.value
    assert one.high - one.low > plain.high - plain.low


def test_endings_have_a_sentence_somebody_can_act_on():
    people = numbers(300, 1)
    few = consistency(numbers(5, 1))
    assert few.outcome is Outcome.INCONCLUSIVE
    assert few.reason == "6 people with an answer are needed to have 5 neighbours"
    bare = dataclasses.replace(people, roles=dataclasses.replace(people.roles, features=()))
    assert consistency(bare).reason == "no feature columns beside the protected attributes were declared"
    silent = consistency(dataclasses.replace(people, decision=None))
    assert silent.reason == "neither decisions nor scores from 0 to 1 were supplied"
    assert consistency(dataclasses.replace(people, task=Task.REGRESSION)).outcome is Outcome.NOT_APPLICABLE
    all_alike = consistency(subject(decision=[1] * 50, features={"x": range(50)})).measure("consistency")
    assert (all_alike.value, all_alike.low) == (1, None)
    assert all_alike.note == "all are treated alike, so the spread cannot be estimated"

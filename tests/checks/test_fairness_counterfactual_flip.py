"""Decisions that turn on the protected attribute alone, against rules whose flips are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from checks.fairness.counterfactual_flip import counterfactual_flip
from checks.model import Outcome, Task
from checks.statistics import wilson_limits
from tests.checks.builders import subject
from tests.checks.planted import planted


class Rule:
    """A score of x with *bonus* for men, decided at a half."""

    classes = ("0", "1")
    has_probabilities = True

    def __init__(self, bonus: float) -> None:
        self.bonus = bonus

    def predict_proba(self, X):
        p = np.clip(X["x"].to_numpy(dtype=float) + self.bonus * (X["sex"] == "M"), 0, 1)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(float)


def people(bonus: float, rows: int = 800, **others):
    rng = np.random.default_rng(53)
    x, sex = 0.8 * rng.random(rows), rng.choice(["F", "M"], rows)
    score = np.clip(x + bonus * (sex == "M"), 0, 1)
    return subject(
        decision=(score >= 0.5).astype(int),
        score=score,
        groups={"sex": sex},
        columns={"x": x},
        roles={"features": ("x", "sex")} | others.pop("roles", {}),
        model=others.pop("model", Rule(bonus)),
        **others,
    )


@planted("fairness.counterfactual_flip", "speaks")
def test_flips_and_their_direction_are_those_of_the_rule():
    """With a bonus of 0.1 for men, exactly those with x from 0.4 to 0.5 flip; women gain, men lose."""
    whole = people(0.1)
    x, men = whole.evaluation["x"], whole.evaluation["sex"] == "M"
    near = (x >= 0.4) & (x < 0.5)
    found = counterfactual_flip(whole)
    share = found.measure("flip_share", attribute="sex")
    assert share.value == near.mean()
    assert (share.low, share.high) == pytest.approx(tuple(map(float, wilson_limits(near.mean(), 800))))
    to_men = found.measure("flip_share_to", attribute="sex", group="M")
    assert (to_men.value, to_men.n) == (near[~men].mean(), (~men).sum())
    assert found.measure("favourable_flip_share_to", attribute="sex", group="M").value == to_men.value
    assert found.measure("unfavourable_flip_share_to", attribute="sex", group="M").value == 0
    assert found.measure("unfavourable_flip_share_to", attribute="sex", group="F").value == near[men].mean()
    change = found.measure("score_change_to", attribute="sex", group="M")
    assert change.value == pytest.approx(0.1)
    assert change.unit == "probability"


@planted("fairness.counterfactual_flip", "silent")
def test_a_model_that_ignores_the_attribute_flips_nobody():
    found = counterfactual_flip(people(0.0))
    share = found.measure("flip_share", attribute="sex")
    assert (share.value, share.low) == (0, 0)
    assert 0 < share.high < 0.01
    assert found.measure("score_change_to", attribute="sex", group="F").value == 0


def test_flips_in_both_directions_do_not_cancel():
    class Turned(Rule):
        def predict_proba(self, X):
            x, man = X["x"].to_numpy(dtype=float), X["sex"] == "M"
            p = np.where(man, x, 0.8 - x)
            return np.column_stack([1 - p, p])

    found = counterfactual_flip(people(0.0, model=Turned(0.0)))
    x = people(0.0).evaluation["x"]
    assert found.measure("flip_share", attribute="sex").value == ((x >= 0.5) | (x <= 0.3)).mean()
    assert abs(found.measure("score_change_to", attribute="sex", group="M").value) < 0.1


def test_the_favourable_decision_may_be_the_negative_one():
    """Where a high score is a risk, a bonus of score for men is a loss."""
    found = counterfactual_flip(people(0.1, roles={"favourable": "0"}))
    assert found.measure("favourable_flip_share_to", attribute="sex", group="M").value == 0
    assert found.measure("unfavourable_flip_share_to", attribute="sex", group="M").value > 0


def test_bins_are_stood_for_by_their_middle_and_missing_groups_are_given_others():
    class Age:
        classes = ("0", "1")
        has_probabilities = False

        def __init__(self):
            self.seen = set()

        def predict(self, X):
            self.seen |= set(X["age"].dropna())
            return (X["age"].to_numpy(dtype=float) >= 40).astype(float)

    model = Age()
    age = np.array([20.0, 25.0, 30.0, 50.0, 55.0, 60.0, np.nan] * 20)
    whole = subject(
        decision=(age >= 40).astype(int),
        columns={"age": age},
        roles={"groups": ("age",), "features": ("age",), "bins": {"age": (40.0,)}},
        model=model,
    )
    found = counterfactual_flip(whole)
    assert found.measure("flip_share", attribute="age").value == 1
    assert found.measure("flip_share_to", attribute="age", group="under 40").n == 80
    assert found.measure("flip_share_to", attribute="age", group="40 and over").value == 1
    assert model.seen <= {20.0, 25.0, 30.0, 50.0, 55.0, 60.0}
    assert not found.select("score_change_to", attribute="age", group="under 40")


def test_a_regression_tells_the_change_of_its_value():
    class Line:
        classes = ()
        has_probabilities = False

        def predict(self, X):
            return 100 + 7.0 * (X["sex"] == "M").to_numpy(dtype=float)

    found = counterfactual_flip(people(0.0, model=Line(), task=Task.REGRESSION))
    change = found.measure("score_change_to", attribute="sex", group="F")
    assert change.value == pytest.approx(-7)
    assert not found.select("flip_share", attribute="sex")


def test_rare_values_beyond_twenty_are_counted_and_text_types_are_kept():
    rng = np.random.default_rng(1)
    town = pd.Categorical(rng.choice([f"t{i:02}" for i in range(25)], 1000))
    seen = []

    class Towns(Rule):
        def predict_proba(self, X):
            seen.append(X["sex"].dtype)
            return super().predict_proba(X)

    whole = people(0.0, rows=1000, model=Towns(0.0))
    table = whole.evaluation.assign(sex=town)
    found = counterfactual_flip(dataclasses.replace(whole, evaluation=table))
    assert found.measure("flip_share", attribute="sex").note == "5 rarer values were not tried"
    assert len([m for m in found.measures if m.name == "flip_share_to"]) == 20
    assert set(map(str, seen)) == {"category"}


def test_a_sample_is_drawn_and_stated():
    share = counterfactual_flip(people(0.1), rows=100).measure("flip_share", attribute="sex")
    assert share.n == 100
    assert share.method == "Wilson 95%; 100 of 800 rows"


def test_endings_have_a_sentence_somebody_can_act_on():
    whole = people(0.1)
    blind = dataclasses.replace(whole, roles=dataclasses.replace(whole.roles, features=("x",)))
    found = counterfactual_flip(blind)
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert found.reason == "no protected attribute is a feature of the model, so none can be changed: sex"
    assert counterfactual_flip(dataclasses.replace(whole, model=None)).reason == (
        "no model was submitted: supply the model file, so that it can be asked again"
    )
    two = dataclasses.replace(
        whole,
        evaluation=whole.evaluation.assign(race="A"),
        roles=dataclasses.replace(whole.roles, groups=("sex", "race")),
    )
    assert counterfactual_flip(two).measure("flip_share", attribute="race").note == (
        "it is no feature of the model, so there is nothing to change"
    )
    same = dataclasses.replace(whole, evaluation=whole.evaluation.assign(sex="M"))
    assert counterfactual_flip(same).measure("flip_share", attribute="sex").note == (
        "everybody has the same value, so there is no other"
    )

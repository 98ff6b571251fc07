"""Features whose part in a model is known are described rightly by both importances, in 47 of 50 seeds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from checks.interpretability.permutation_importance import permutation_importance
from checks.interpretability.shap import shap
from tests.budgets import budget
from tests.checks.test_interpretability_dependence import normal, valued

RUNS = budget(3, 50)


def shares(found):
    return {m.of["feature"]: m for m in found.measures if m.name == "importance_share"}


def describes(check, seed, function):
    """Whether *check* names a as the most important, then b and c, and x and y as irrelevant."""
    told = shares(check(valued(normal(300, "abcxy", seed), function, seed)))
    ranked = sorted(told, key=lambda name: -told[name].value)
    return (
        ranked[0] == "a"
        and set(ranked[1:3]) == {"b", "c"}
        and min(told[name].low for name in "abc") > 0.05
        and max(told[name].high for name in "xy") < 0.05
    )


@pytest.mark.parametrize("check", [shap, permutation_importance], ids=lambda check: check.id)
def test_a_known_rule(check):
    def rule(X):
        return 2 * X["a"] + X["b"] * X["c"] + 0.5 * (X["b"] + X["c"])

    assert sum(describes(check, seed, rule) for seed in range(RUNS)) >= 47 / 50 * RUNS


@pytest.mark.parametrize("check", [shap, permutation_importance], ids=lambda check: check.id)
def test_a_rule_that_was_learnt_from_noisy_answers(check):
    """What was learnt of x and y is noise: something, and never much."""
    right = 0
    for seed in range(RUNS):
        seen = normal(2_000, "abcxy", 1_000 + seed)
        noise = np.random.default_rng(seed).normal(size=len(seen))
        learnt = LinearRegression().fit(seen, 3 * seen["a"] + seen["b"] - seen["c"] + noise)
        right += describes(check, seed, learnt.predict)
    assert right >= 47 / 50 * RUNS

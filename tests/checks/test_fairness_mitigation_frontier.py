"""What it would take: rules that keep groups closer, chosen on some people and measured on others."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, selection_rate
from fairlearn.postprocessing import ThresholdOptimizer

from checks.fairness import frontier_rules as rules
from checks.fairness.mitigation_frontier import NOW, RATIOS, mitigation_frontier
from checks.model import Outcome
from tests.checks.builders import credit, subject
from tests.checks.planted import planted

FRONTIER = "fairness.mitigation_frontier"
AT_RATIO = "a cut-off a group, ratio 0.8"


def people(seed: int, rows: int = 60, *, groups: int = 2, favourable: bool = True) -> rules.People:
    rng = np.random.default_rng(seed)
    group = np.arange(rows) % groups
    score = np.round(rng.random(rows) * (1 - 0.3 * group / groups), 2)
    return rules.People(
        rng.integers(1, 4, rows).astype(float),
        sampling=False,
        actual=rng.random(rows) < score,
        now=score >= 0.5,
        score=score,
        group=group,
        groups=groups,
        fold=rng.integers(0, 3, rows),
        favourable=favourable,
    )


def shifted(rows: int = 1500, shift: float = 0.25):
    """Return people of two groups alike in truth, whose score is too low for group B."""
    rng = np.random.default_rng(4)
    group = rng.choice(["A", "B"], rows)
    chance = rng.random(rows)
    actual = (rng.random(rows) < 1 / (1 + np.exp(-12 * (chance - 0.5)))).astype(int)
    score = np.clip(chance - shift * (group == "B"), 0, 1)
    return subject(decision=(score >= 0.5).astype(int), actual=actual, score=score, groups=group)


@planted(FRONTIER, "speaks")
def test_a_gap_that_a_shifted_score_makes_goes_with_a_gain_in_accuracy():
    evidence = mitigation_frontier(shifted())
    now = evidence.measure("impact_ratio", attribute="group", model=NOW)
    then = evidence.measure("impact_ratio", attribute="group", model=AT_RATIO)
    change = evidence.measure("accuracy_change", attribute="group", model=AT_RATIO)
    cost = evidence.measure("accuracy_cost_at_ratio", attribute="group")
    assert now.high < 0.75
    assert then.low > now.high
    assert change.low > 0, "today's decisions are less accurate than the fairer rule"
    assert cost.value == pytest.approx(0, abs=0.01)


@planted(FRONTIER, "silent")
def test_where_groups_are_alike_nothing_has_to_be_paid():
    evidence = mitigation_frontier(credit(2000, 100))
    for name in ("accuracy_cost_at_ratio", "accuracy_cost_at_gap"):
        cost = evidence.measure(name, attribute="sex")
        assert cost.value == pytest.approx(0, abs=0.005)
        assert cost.low is None or cost.low <= 0 <= cost.high


def test_where_groups_truly_differ_equal_selection_has_its_price():
    """Half of A and a tenth of B are positive and the score knows: a ratio of 0.8 must cost about 0.17."""
    rng = np.random.default_rng(0)
    group = rng.choice(["A", "B"], 3000)
    actual = rng.random(3000) < np.where(group == "A", 0.5, 0.1)
    score = np.where(actual, 0.9, 0.1) + rng.random(3000) * 0.09
    whole = subject(decision=(score >= 0.5).astype(int), actual=actual.astype(int), score=score, groups=group)
    cost = mitigation_frontier(whole).measure("accuracy_cost_at_ratio", attribute="group")
    # raising the rate of B, half of the people, from 0.1 to 0.4 (0.8 of A's 0.5) wrongs 0.15 of all
    assert cost.low > 0.1
    assert cost.value == pytest.approx(0.15, abs=0.03)


@pytest.mark.parametrize("want", ["ratio", "gap"])
@pytest.mark.parametrize("favourable", [True, False])
def test_cut_offs_are_the_best_of_all_that_keep_the_bound(want, favourable):
    """Every pair of cut-offs is tried by hand."""
    for seed in range(8):
        some = people(seed, favourable=favourable)
        everybody = np.arange(len(some.actual))
        level = 0.8 if want == "ratio" else 0.1
        found = rules._cutoffs(some, some.score, everybody, want, level)
        assert right(some, found) == pytest.approx(
            max(
                right(some, (first, second))
                for first in (*np.unique(some.score), np.inf)
                for second in (*np.unique(some.score), np.inf)
                if kept(some, (first, second), want, level)
            )
        )
        assert kept(some, found, want, level)


def right(some: rules.People, cuts) -> float:
    return float(some.weights[(some.score >= np.asarray(cuts)[some.group]) == some.actual].sum())


def kept(some: rules.People, cuts, want: str, level: float) -> bool:
    yes = (some.score >= np.asarray(cuts)[some.group]).astype(float)
    among = some.actual if want == "gap" else np.ones(len(yes), dtype=bool)
    hits = yes if want == "gap" else some.favoured(yes)
    rates = [
        np.average(hits[among & (some.group == g)], weights=some.weights[among & (some.group == g)])
        for g in range(some.groups)
    ]
    if want == "gap":
        return max(rates) - min(rates) <= level + 1e-9 and max(rates) > 0
    return max(rates) > 0 and min(rates) / max(rates) >= level - 1e-9


@pytest.mark.parametrize("constraint", ["demographic_parity", "equalized_odds"])
def test_chances_are_those_of_fairlearns_optimizer(constraint):
    some = dataclasses.replace(people(3, rows=300), weights=np.ones(300))
    found = rules.optimised_thresholds(some, constraint)
    estimator = rules._given_scores()
    for k in range(3):
        known, asked = some.fold != k, some.fold == k
        optimizer = ThresholdOptimizer(
            estimator=estimator,
            constraints=constraint,
            objective="accuracy_score",
            grid_size=rules.CUTS,
            prefit=True,
            predict_method="predict",
        )
        optimizer.fit(
            some.score[known, None], some.actual[known].astype(int), sensitive_features=some.group[known]
        )
        theirs = optimizer._pmf_predict(some.score[asked, None], sensitive_features=some.group[asked])[:, 1]
        assert found[asked] == pytest.approx(theirs, abs=1e-12)


def test_the_names_and_the_order_of_groups_do_not_matter():
    whole = credit(400, 100)
    names = {"A": "zeta", "B": "a*b", "C": "back"}
    renamed = whole.evaluation.assign(race=whole.evaluation["race"].map(names))
    one, other = (mitigation_frontier(w) for w in (whole, dataclasses.replace(whole, evaluation=renamed)))
    assert len(one.measures) == len(other.measures)
    for first, second in zip(one.measures, other.measures, strict=True):
        assert dict(first.of) == dict(second.of)
        assert (first.value, first.low, first.high) == pytest.approx(
            (second.value, second.low, second.high), abs=1e-12
        )


def test_rates_of_a_rule_equal_fairlearns():
    whole = shifted()
    evidence = mitigation_frontier(whole)
    frame = MetricFrame(
        metrics=selection_rate,
        y_true=whole.evaluation["label"],
        y_pred=whole.decision.astype(int),
        sensitive_features=whole.evaluation["group"],
    )
    assert evidence.measure("impact_ratio", attribute="group", model=NOW).value == pytest.approx(
        frame.ratio(), abs=1e-12
    )


def test_nobody_is_judged_by_a_rule_that_was_chosen_on_them():
    """A score of noise with a label for each: chosen in sample it would win, held out it cannot."""
    rng = np.random.default_rng(1)
    whole = subject(
        decision=rng.integers(0, 2, 900),
        actual=rng.integers(0, 2, 900),
        score=rng.random(900),
        groups=rng.choice(["A", "B", "C"], 900),
    )
    accuracy = mitigation_frontier(whole).measure("accuracy", attribute="group", model=AT_RATIO)
    assert accuracy.low < 0.5 < accuracy.high


def test_the_table_has_the_curve_and_every_rule():
    evidence = mitigation_frontier(credit(600, 100))
    (table,) = evidence.tables
    rules_of_race = {row[1] for row in table.rows if row[0] == "race"}
    assert NOW in rules_of_race
    assert "stand-in, no bound" in rules_of_race
    asked = [row[2] for row in table.rows if row[0] == "race" and row[1] == "a cut-off a group, ratio"]
    assert set(asked) <= set(RATIOS)
    assert len(asked) >= 5


def test_groups_too_small_are_named_and_take_no_part():
    table = credit(600, 100)
    few = table.evaluation.assign(race=["Z"] * 12 + list(table.evaluation["race"][12:]))
    evidence = mitigation_frontier(dataclasses.replace(table, evaluation=few))
    assert evidence.measure("uncompared_share", attribute="race").value == pytest.approx(12 / 600)
    assert "of 4 groups not compared" in evidence.measure("accuracy_cost_at_ratio", attribute="race").note


def test_many_groups_are_an_answer():
    rng = np.random.default_rng(5)
    rows = 1800
    actual, noise = rng.integers(0, 2, rows), rng.normal(size=rows)
    score = np.clip(0.5 * actual + 0.5 * rng.random(rows), 0, 1)
    whole = subject(
        decision=(score >= 0.5).astype(int),
        actual=actual,
        score=score,
        groups=rng.integers(0, 12, rows).astype(str),
        features={"noise": noise, "hint": actual + noise},
    )
    evidence = mitigation_frontier(whole)
    assert evidence.outcome is Outcome.MEASURED
    assert evidence.measure("accuracy_cost_at_gap", attribute="group").value is not None
    few = mitigation_frontier(whole, rows=40)
    assert few.outcome is Outcome.MEASURED
    gap = few.measure("true_positive_rate_gap", attribute="group", model=NOW)
    assert gap.value is None
    assert "of 12 groups nobody with that outcome" in gap.note
    rule = few.measure("accuracy_cost_at_gap", attribute="group")
    assert rule.note == "40 rows were taken of 12 groups; a rule needs 30 a group"


def test_what_cannot_be_made_says_why():
    whole = credit(600, 100)
    constant = mitigation_frontier(dataclasses.replace(whole, score=np.full(600, 0.7)))
    assert constant.outcome is Outcome.MEASURED
    bare = mitigation_frontier(dataclasses.replace(whole, score=None))
    assert "no score" in bare.measure("accuracy_cost_at_ratio", attribute="race").note
    assert bare.measure("accuracy", attribute="race", model="stand-in, no bound").value > 0.6
    sampled = dataclasses.replace(
        whole,
        evaluation=whole.evaluation.assign(w=1.5),
        roles=dataclasses.replace(whole.roles, weight="w", weight_kind="sampling"),
    )
    note = mitigation_frontier(sampled).measure("accuracy", attribute="race", model="stand-in, no bound").note
    assert note == "fairlearn's methods take no sampling weights"


def test_without_a_favourable_outcome_there_is_nothing_to_bring_closer():
    whole = credit(200, 100)
    none = dataclasses.replace(whole, roles=dataclasses.replace(whole.roles, favourable=None))
    evidence = mitigation_frontier(none)
    assert evidence.outcome is Outcome.NOT_APPLICABLE
    assert "favourable" in evidence.reason


def test_a_constant_score_beside_a_word_of_many_values_is_measured():
    """Rare words are coded as a sparse array, which fairlearn takes none of."""
    rng = np.random.default_rng(4)
    rows = 300
    words = [f"w{number % 150}" for number in range(rows)]
    evidence = mitigation_frontier(
        subject(
            decision=np.ones(rows, dtype=int),
            actual=rng.integers(0, 2, rows),
            score=np.full(rows, 0.5),
            groups=rng.choice(["A", "B"], rows),
            features={"word": words},
        )
    )
    assert evidence.outcome is Outcome.MEASURED
    assert evidence.measure("accuracy", attribute="group", model="stand-in, no bound").value is not None

"""Multiclass systems: each class against the rest, and means over classes, against other libraries."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame
from sklearn.metrics import accuracy_score, precision_score, recall_score

from checks.fairness.error_rates import RATES, error_rates
from checks.fairness.selection_rate import selection_rate
from checks.model import Outcome, Subject, Task
from checks.multiclass import MeanTable, tables
from tests.checks.builders import subject, take

CLASSES = np.array(["bus", "car", "tram"])
TRUE_POSITIVE, FALSE_POSITIVE = RATES["true_positive_rate"], RATES["false_positive_rate"]


def drawn(rows: int = 900, wrong: float = 0.25, seed: int = 3) -> Subject:
    """Return travellers of three classes and two attributes; a share *wrong* of b is decided at random."""
    rng = np.random.default_rng([11, seed])
    actual = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    race = rng.choice(["a", "b", "c"], rows, p=[0.5, 0.3, 0.2])
    chance = np.where(race == "b", wrong, 0.25)
    decision = np.where(rng.random(rows) < chance, rng.choice(3, rows), actual)
    return subject(
        decision=CLASSES[decision],
        actual=CLASSES[actual],
        groups={"race": race, "sex": rng.choice(["F", "M"], rows)},
        task=Task.MULTICLASS,
        roles={"positive": None, "favourable": None},
    )


WHOLE = drawn()
RATES_FOUND, SELECTED = error_rates(WHOLE), selection_rate(WHOLE)


def by_fairlearn(metric, one: str | None = None):
    actual, decision = WHOLE.evaluation["label"].to_numpy(), WHOLE.decision
    if one is not None:
        actual, decision = actual == one, decision == one
    return MetricFrame(
        metrics=metric, y_true=actual, y_pred=decision, sensitive_features=WHOLE.evaluation[["race"]]
    )


@pytest.mark.parametrize("one", CLASSES)
def test_each_class_against_the_rest_equals_fairlearns(one):
    for name, metric in (
        ("true_positive_rate", recall_score),
        ("positive_predictive_value", precision_score),
    ):
        frame = by_fairlearn(metric, one)
        for group, value in frame.by_group.items():
            found = RATES_FOUND.measure(name, attribute="race", group=group, **{"class": one})
            assert found.value == pytest.approx(value, abs=1e-12)
        gap = RATES_FOUND.measure(f"{name}_gap", attribute="race", **{"class": one})
        ratio = RATES_FOUND.measure(f"{name}_ratio", attribute="race", **{"class": one})
        assert gap.value == pytest.approx(frame.difference(), abs=1e-12)
        assert ratio.value == pytest.approx(frame.ratio(), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "metric"), [("true_positive_rate", recall_score), ("positive_predictive_value", precision_score)]
)
def test_means_over_classes_equal_scikit_learns(name, metric):
    frame = by_fairlearn(lambda actual, decision: metric(actual, decision, average="macro"))
    for group, value in frame.by_group.items():
        found = RATES_FOUND.measure(name, attribute="race", group=group, average="macro")
        assert found.value == pytest.approx(value, abs=1e-12)
        assert found.low < found.value < found.high
        assert "delta" in found.method
    gap = RATES_FOUND.measure(f"{name}_gap", attribute="race", average="macro")
    assert gap.value == pytest.approx(frame.difference(), abs=1e-12)


def test_accuracy_without_a_class_is_the_share_of_right_answers():
    frame = by_fairlearn(accuracy_score)
    for group, value in frame.by_group.items():
        found = RATES_FOUND.measure("accuracy", attribute="race", group=group)
        assert found.value == pytest.approx(value, abs=1e-12)
    assert RATES_FOUND.measure("accuracy_gap", attribute="race").value == pytest.approx(frame.difference())


def test_selection_rates_of_the_classes_of_a_group_add_to_one():
    for group in "abc":
        found = [
            SELECTED.measure("selection_rate", attribute="race", group=group, **{"class": one}).value
            for one in CLASSES
        ]
        assert sum(found) == pytest.approx(1)
    gaps = [SELECTED.measure("selection_rate_gap", attribute="race", **{"class": one}) for one in CLASSES]
    mean = SELECTED.measure("selection_rate_gap", attribute="race", average="macro")
    assert mean.value == pytest.approx(np.mean([gap.value for gap in gaps]))
    assert mean.n == 900
    assert len(SELECTED.select("uncompared_share", attribute="race")) == 1


def test_two_classes_give_the_numbers_of_a_binary_task():
    rng = np.random.default_rng(5)
    actual = rng.integers(0, 2, 400)
    decision = np.where(rng.random(400) < 0.8, actual, 1 - actual)
    given = {"decision": decision, "actual": actual, "groups": rng.choice(["a", "b"], 400)}
    binary, many = (subject(**given, task=task) for task in (Task.BINARY, Task.MULTICLASS))
    for check in (selection_rate, error_rates):
        for one in check(binary).measures:
            if one.name in {
                "uncompared_share",
                "unusable_share",
                "groups_under_2_percent",
                "not_stated_count",
            }:
                continue
            found = check(many).measure(one.name, **dict(one.of), **{"class": "1"})
            assert (found.value, found.low, found.high) == (one.value, one.low, one.high)


@pytest.mark.parametrize("name", ["true_positive_rate", "false_positive_rate", "positive_predictive_value"])
def test_the_error_of_a_mean_over_classes_is_what_resampling_finds(name):
    """The classes are correlated; the delta method knows by how much."""
    table = dict(tables(WHOLE))["race"][-1]
    assert isinstance(table, MeanTable)
    hits, among = RATES[name]
    exact = table.shares(hits, among)
    error = np.sqrt(exact.value * (1 - exact.value) / exact.effective)
    rng = np.random.default_rng(8)
    for group in range(3):
        shares = table.rows[group] / table.rows[group].sum()
        again = rng.multinomial(int(table.rows[group].sum()), shares, size=4000).astype(float)
        groups = dataclasses.replace(table.groups, names=tuple(map(str, range(4000))))
        resampled = dataclasses.replace(table, groups=groups, rows=again, weight=again)
        assert error[group] == pytest.approx(resampled.shares(hits, among).value.std(), rel=0.08)


def test_a_mean_over_one_class_of_people_only_is_undefined_and_says_so():
    """Group c has no trams: its mean over classes would be of other classes than that of the others."""
    actual = WHOLE.evaluation["label"].where(WHOLE.evaluation["race"] != "c", "bus")
    whole = dataclasses.replace(WHOLE, evaluation=WHOLE.evaluation.assign(label=actual))
    found = error_rates(whole)
    mean = found.measure("true_positive_rate", attribute="race", group="c", average="macro")
    assert mean.value is None
    assert "denominator" in mean.note
    gap = found.measure("true_positive_rate_gap", attribute="race", average="macro")
    assert (gap.value is not None, gap.note) == (True, "1 of 3 groups not compared")


def test_planted_errors_in_one_group_are_seen_and_equal_groups_are_not_accused():
    bad, good = error_rates(drawn(3000, wrong=0.6)), error_rates(drawn(3000))
    for name in ("equal_opportunity_gap", "equalized_odds_gap", "accuracy_gap"):
        assert bad.measure(name, attribute="race", average="macro").low > 0.05
        assert good.measure(name, attribute="race", average="macro").low == 0


def test_weights_stand_for_repeated_rows():
    weighted = dataclasses.replace(
        WHOLE,
        evaluation=WHOLE.evaluation.assign(times=2),
        roles=dataclasses.replace(WHOLE.roles, weight="times", weight_kind="frequency"),
    )
    twice = take(WHOLE, np.repeat(np.arange(WHOLE.rows), 2))
    for check in (selection_rate, error_rates):
        assert check(weighted).measures == check(twice).measures


def test_sampling_weights_widen_a_mean_over_classes():
    rng = np.random.default_rng(2)
    even, uneven = (
        dataclasses.replace(
            WHOLE,
            evaluation=WHOLE.evaluation.assign(w=weights),
            roles=dataclasses.replace(WHOLE.roles, weight="w", weight_kind="sampling"),
        )
        for weights in (np.full(WHOLE.rows, 3.0), rng.exponential(size=WHOLE.rows))
    )
    plain, same, wide = (
        error_rates(whole).measure("true_positive_rate", attribute="race", group="a", average="macro")
        for whole in (WHOLE, even, uneven)
    )
    assert (same.value, same.low, same.high) == pytest.approx((plain.value, plain.low, plain.high), abs=1e-12)
    assert wide.high - wide.low > 1.2 * (plain.high - plain.low)


def test_rows_without_a_label_or_a_decision_are_counted():
    table = WHOLE.evaluation.astype({"label": object})
    table.loc[:89, "label"] = None
    found = error_rates(dataclasses.replace(WHOLE, evaluation=table))
    assert found.measure("unusable_share").value == pytest.approx(0.1)


def test_one_class_and_too_many_classes_are_told_in_a_sentence():
    alone = subject(decision=["x"] * 40, actual=["x"] * 40, groups="ab" * 20, task=Task.MULTICLASS)
    assert error_rates(alone).outcome is Outcome.INCONCLUSIVE
    assert "one class" in error_rates(alone).reason
    many = subject(decision=range(60), actual=range(60), groups="ab" * 30, task=Task.MULTICLASS)
    assert selection_rate(many).reason == (
        "the labels and decisions hold 60 classes, 50 are measured at most: merge some"
    )

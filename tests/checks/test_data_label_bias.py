"""Labels that differ between groups are told, and what remains among like people beside it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from checks.data.label_bias import label_bias
from checks.model import Outcome, Task
from tests.checks.builders import subject
from tests.checks.planted import planted


def labels(seed=0, rows=2000, effect=0.0, control=None):
    """Return people of two groups in two jobs: the job decides the label, group b is more often in job 1."""
    rng = np.random.default_rng([4, seed])
    group = rng.choice(["a", "b"], rows)
    job = (rng.random(rows) < np.where(group == "b", 0.7, 0.3)).astype(int)
    label = (rng.random(rows) < 0.2 + 0.4 * job + effect * (group == "b")).astype(int)
    facts = {} if control is None else {"control": control}
    return subject(actual=label, groups=group, columns={"job": job}, facts=facts)


@planted("data.label_bias", "speaks")
def test_labels_that_favour_a_group_are_told():
    found = label_bias(labels(effect=-0.15, control=["job"]))
    gap = found.measure("conditional_base_rate_gap", attribute="group")
    assert gap.low > 0.1
    assert gap.value == pytest.approx(0.15, abs=0.04)


@planted("data.label_bias", "silent")
def test_what_a_control_feature_explains_is_not_left_over():
    """0.32 and 0.48 of all, but equal in each job."""
    found = label_bias(labels(control=["job"]))
    assert found.measure("base_rate_gap", attribute="group").low > 0.1
    assert found.measure("conditional_base_rate_gap", attribute="group").low == 0
    assert found.measure("conditional_base_rate_ratio", attribute="group").high == 1
    assert found.measure("comparable_share", attribute="group").value == 1


def test_base_rates_by_hand():
    """Group a: 30 of 40 labels say the event; group b: 10 of 40."""
    found = label_bias(subject(actual=[1] * 30 + [0] * 10 + [1] * 10 + [0] * 30, groups="a" * 40 + "b" * 40))
    assert found.measure("base_rate", attribute="group", group="a").value == 0.75
    assert found.measure("base_rate_gap", attribute="group").value == 0.5
    assert found.measure("base_rate_ratio", attribute="group").value == pytest.approx(1 / 3)


def test_the_explaining_error_rate_by_hand():
    """20 of the 30 other labels of group b would have to be wrong for 30 of 40."""
    found = label_bias(subject(actual=[1] * 30 + [0] * 10 + [1] * 10 + [0] * 30, groups="a" * 40 + "b" * 40))
    measure = found.measure("explaining_error_rate", attribute="group")
    assert measure.value == pytest.approx(20 / 30)
    assert 0 < measure.low < measure.value < measure.high < 1


def test_equal_rates_need_no_wrong_label():
    measure = label_bias(subject(actual=[1, 0] * 40, groups="a" * 40 + "b" * 40)).measure(
        "explaining_error_rate", attribute="group"
    )
    assert (measure.value, measure.low) == (0, 0)


def test_labels_that_all_say_the_event_have_no_others():
    found = label_bias(subject(actual=[1] * 80, groups="a" * 40 + "b" * 40))
    measure = found.measure("explaining_error_rate", attribute="group")
    assert measure.value is None
    assert measure.note == "every label of every group says the event, so there are no others"


def test_the_conditional_gap_is_the_mantel_haenszel_difference_of_scipys_table_weights():
    """Weights n1 n0 / n of each stratum, written out."""
    whole = labels(seed=3, rows=400, effect=0.1, control=["job"])
    table = whole.evaluation
    top = below = 0.0
    for _, stratum in table.groupby("job"):
        by = stratum.groupby("group")["label"]
        sizes, means = by.size(), by.mean()
        weight = sizes["a"] * sizes["b"] / len(stratum)
        top, below = top + weight * (means["b"] - means["a"]), below + weight
    measure = label_bias(whole).measure("conditional_base_rate_gap", attribute="group")
    assert measure.value == pytest.approx(abs(top / below))


def test_every_class_is_set_against_the_rest():
    whole = subject(actual=["x", "y", "z", "x"] * 30, groups="a" * 60 + "b" * 60, task=Task.MULTICLASS)
    found = label_bias(whole)
    rates = [m for m in found.measures if m.name == "base_rate" and m.of["group"] == "a"]
    assert {m.of["class"]: m.value for m in rates} == {"x": 0.5, "y": 0.25, "z": 0.25}


def test_numbers_are_told_as_above_their_median():
    values = list(range(80))
    found = label_bias(subject(actual=values, groups="a" * 40 + "b" * 40, task=Task.REGRESSION))
    of = {"attribute": "group", "class": "above the median"}
    assert found.measure("base_rate", group="a", **of).value == 0
    assert found.measure("base_rate", group="b", **of).value == 1


def test_missing_labels_are_in_no_denominator():
    whole = subject(actual=[1.0, 0.0, None, None] * 30, groups="a" * 60 + "b" * 60)
    found = label_bias(dataclasses.replace(whole, roles=dataclasses.replace(whole.roles, positive="1")))
    measure = found.measure("base_rate", attribute="group", group="a")
    assert (measure.value, measure.n) == (0.5, 30)


def test_equal_groups_are_told_apart_as_seldom_as_stated():
    """Two groups of one rate: the gap's lower limit is above 0 in about 5 of 100 (two sides)."""
    rng = np.random.default_rng(6)
    accused = 0
    for _ in range(400):
        whole = subject(actual=(rng.random(200) < 0.3).astype(int), groups="ab" * 100)
        accused += label_bias(whole).measure("base_rate_gap", attribute="group").low > 0
    assert accused <= stats.binom(400, 0.05).ppf(0.999)


def test_too_many_strata_are_refused_in_words():
    whole = labels(rows=3000)
    many = whole.evaluation.assign(case=[f"c{i}" for i in range(3000)])
    found = label_bias(dataclasses.replace(whole, evaluation=many, facts={"control": ["case"]}))
    measure = found.measure("conditional_base_rate_gap", attribute="group")
    assert measure.value is None
    assert "control for fewer columns" in measure.note


@pytest.mark.parametrize(
    ("whole", "outcome", "said"),
    [
        (subject(decision=[1, 0], groups="ab"), Outcome.NOT_APPLICABLE, "no label column was supplied"),
        (subject(actual=[1, 0], groups="ab"), Outcome.INCONCLUSIVE, "no attribute has two groups of 30 rows"),
    ],
)
def test_what_cannot_be_told_gets_a_sentence(whole, outcome, said):
    found = label_bias(whole)
    assert found.outcome is outcome
    assert found.reason.startswith(said)

"""Bounds over people of unknown group, against every assignment tried one by one."""

from __future__ import annotations

import dataclasses
from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest

from checks.counts import FAVOURED, Truth
from checks.fairness.assignments import bounds
from checks.fairness.error_rates import RATES
from checks.fairness.missing_demographics import missing_demographics
from checks.fairness.selection_rate import selection_rate
from checks.model import Outcome, Task
from checks.statistics import wilson_limits
from tests.budgets import budget
from tests.checks.builders import credit, subject
from tests.checks.planted import planted

SELECTION = (FAVOURED == Truth.YES, FAVOURED != Truth.UNKNOWN)


def crowd(groups: dict, missing: tuple[int, int], *, label=None):
    """Return people: per group how many of how many are selected, and those of unknown group."""
    decision, group = [], []
    for name, (selected, n) in (groups | {None: missing}).items():
        decision += [1] * selected + [0] * (n - selected)
        group += [name] * n
    return subject(decision=decision, groups={"group": group}, actual=label)


@planted("fairness.missing_demographics", "speaks")
def test_a_fifth_of_unknown_people_reopens_a_ratio_that_looked_settled():
    """Stated: 60 of 100 and 55 of 100. Of 50 unknown, 25 selected: 55 / 125 against 85 / 125 is possible."""
    found = missing_demographics(crowd({"a": (60, 100), "b": (55, 100)}, (25, 50)))
    assert found.measure("not_stated_share", attribute="group").value == 0.2
    rate = found.measure("selection_rate_bounds", attribute="group", group="b")
    assert rate.value == 0.55
    assert rate.low == pytest.approx(wilson_limits(55 / 125, 125)[0])
    assert rate.high == pytest.approx(wilson_limits(80 / 125, 125)[1])
    ratio = found.measure("impact_ratio_bounds", attribute="group")
    assert ratio.value == pytest.approx(55 / 60)
    assert ratio.low < 55 / 85
    assert ratio.high == 1
    told = {row[1]: row[3:] for row in found.tables[0].rows}
    assert told["b"] == pytest.approx((0.55, 55 / 125, 80 / 125))
    assert told["lowest / highest"] == pytest.approx((55 / 60, 55 / 85, 1))
    assert told["highest - lowest"] == pytest.approx((0.05, 0, (85 - 55) / 125))


@planted("fairness.missing_demographics", "silent")
def test_where_everybody_states_a_group_there_is_nothing_to_bound():
    found = missing_demographics(crowd({"a": (60, 100), "b": (55, 100)}, (0, 0)))
    assert {m.name: m.value for m in found.measures} == {"not_stated_share": 0, "uncompared_share": 0}
    assert not found.tables


def every_assignment(groups, missing):
    """Yield the rates of the groups for every way to give the unknown people to them."""
    names = list(groups)
    selected, n = missing
    for given in product(range(len(names)), repeat=n):
        hits = [groups[name][0] for name in names]
        sizes = [groups[name][1] for name in names]
        for person, group in enumerate(given):
            hits[group] += person < selected
            sizes[group] += 1
        yield np.array(hits) / np.array(sizes)


@pytest.mark.parametrize("missing", [(2, 5), (0, 4), (4, 4)])
def test_the_bounds_of_two_groups_are_reached_and_never_left(missing):
    groups = {"a": (20, 40), "b": (15, 40)}
    tried = list(every_assignment(groups, missing))
    found = bounds(dict(crowd(groups, missing).counts.by_attribute())["group"], *SELECTION).take(
        np.array([0, 1])
    )
    rates = np.array(tried)
    assert found.lowest.value == pytest.approx(rates.min(axis=0))
    assert found.highest.value == pytest.approx(rates.max(axis=0))
    ratios, gaps = [r.min() / r.max() for r in tried], [r.max() - r.min() for r in tried]
    assert found.ratio() == pytest.approx((min(ratios), max(ratios)))
    assert found.gap() == pytest.approx((min(gaps), max(gaps)))


def test_the_bounds_of_three_groups_are_never_left_and_the_worst_is_reached():
    groups, missing = {"a": (20, 40), "b": (15, 40), "c": (30, 45)}, (3, 6)
    tried = list(every_assignment(groups, missing))
    table = dict(crowd(groups, missing).counts.by_attribute())["group"]
    found = bounds(table, *SELECTION).take(np.arange(3))
    ratios, gaps = [r.min() / r.max() for r in tried], [r.max() - r.min() for r in tried]
    assert found.ratio()[0] == pytest.approx(min(ratios))
    assert found.ratio()[1] >= max(ratios) - 1e-12
    assert found.gap()[0] <= min(gaps) + 1e-12
    assert found.gap()[1] == pytest.approx(max(gaps))


def test_in_a_crossing_people_go_only_where_what_they_state_allows():
    people = subject(
        decision=[1, 0] * 60,
        groups={
            "race": (["A"] * 20 + ["B"] * 20 + [None] * 20) * 2,
            "sex": ["F"] * 60 + ["M"] * 50 + [None] * 10,
        },
    )
    table = dict(people.counts.by_attribute())["race*sex"]
    found = bounds(table, *SELECTION)
    at = table.groups.names.index("A*F")
    assert found.stated.n[at] == 20
    assert found.lowest.n[at] == 20 + 10 + 5  # the refused of `not stated*F`, and of those who state nothing
    single = dict(people.counts.by_attribute())["race"]
    assert bounds(single, *SELECTION).lowest.n[0] == 40 + 20


def test_error_rates_are_bounded_among_those_they_are_rates_of():
    whole = credit(rows=400)
    table = whole.evaluation.assign(race=whole.evaluation["race"].where(whole.evaluation.index % 10 > 0))
    found = missing_demographics(dataclasses.replace(whole, evaluation=table))
    stated, label = table["race"] == "A", whole.evaluation["label"] == 1
    chosen = whole.decision == "1"
    unknown_missed = (table["race"].isna() & label & ~chosen).sum()
    n = (stated & label).sum() + unknown_missed
    low = wilson_limits((stated & label & chosen).sum() / n, n)[0]
    measure = found.measure("true_positive_rate_bounds", attribute="race", group="A")
    assert measure.low == pytest.approx(low)
    assert found.select("accuracy_gap_bounds", attribute="race")
    assert found.measure("not_stated_share", attribute="sex").value == 0
    assert not found.select("accuracy_gap_bounds", attribute="sex")
    counts = dict(dataclasses.replace(whole, evaluation=table).counts.by_attribute())["race"]
    assert (
        bounds(counts, *RATES["accuracy"]).lowest.value[:3]
        < bounds(counts, *RATES["accuracy"]).stated.value[:3]
    ).all()


def test_bounds_hold_the_truth_when_groups_are_hidden_for_the_worst_of_reasons():
    """Refused people of the favoured group hide: what is stated misleads, the bounds hold the true ratio."""
    runs, outside, misled = budget(150, 2000), 0, 0
    for seed in range(runs):
        rng = np.random.default_rng([9, seed])
        group = rng.choice(["a", "b"], 600)
        selected = rng.random(600) < np.where(group == "a", 0.6, 0.48)
        hidden = (group == "a") & ~selected & (rng.random(600) < 0.5)
        shown = subject(decision=selected.astype(int), groups={"group": np.where(hidden, None, group)})
        ratio = missing_demographics(shown).measure("impact_ratio_bounds", attribute="group")
        outside += not ratio.low <= 0.8 <= ratio.high
        plain = selection_rate(shown).measure("impact_ratio", attribute="group")
        misled += not plain.low <= 0.8 <= plain.high
    assert binomtest(outside, runs, 0.05, alternative="greater").pvalue > 0.001
    assert misled > runs / 2


def test_sampling_weights_give_people_as_many_as_they_stand_for():
    people = crowd({"a": (60, 100), "b": (55, 100)}, (25, 50))
    table = people.evaluation.assign(w=np.where(people.evaluation["group"].isna(), 2.0, 1.0))
    roles = dataclasses.replace(people.roles, weight="w", weight_kind="sampling")
    found = missing_demographics(dataclasses.replace(people, evaluation=table, roles=roles))
    told = {row[1]: row[3:] for row in found.tables[0].rows}
    assert told["b"] == pytest.approx((0.55, 55 / 150, 105 / 150))
    rate = found.measure("selection_rate_bounds", attribute="group", group="b")
    assert rate.low == pytest.approx(wilson_limits(55 / 150, 150**2 / (100 + 25 * 4))[0])


def test_endings_have_a_sentence_somebody_can_act_on():
    people = crowd({"a": (60, 100), "b": (55, 100)}, (25, 50))
    silent = missing_demographics(dataclasses.replace(people, decision=None))
    assert (silent.outcome, silent.reason) == (
        Outcome.NOT_APPLICABLE,
        "no decision was supplied, by a model or as a column",
    )
    nobody = dataclasses.replace(people, roles=dataclasses.replace(people.roles, favourable=None))
    assert missing_demographics(nobody).outcome is Outcome.NOT_APPLICABLE
    assert (
        missing_demographics(dataclasses.replace(people, task=Task.REGRESSION)).outcome
        is Outcome.NOT_APPLICABLE
    )
    one = missing_demographics(crowd({"a": (60, 100)}, (25, 50)))
    assert one.measure("impact_ratio_bounds", attribute="group").note == (
        "fewer than two groups are large enough to compare"
    )
    refused = missing_demographics(crowd({"a": (0, 50), "b": (0, 50)}, (5, 20)))
    assert refused.measure("impact_ratio_bounds", attribute="group").note == (
        "the rate is 0 in every group, so no ratio is defined"
    )


def test_a_group_without_anybody_in_the_denominator_has_no_number():
    """No actual negatives state their group as b, and none of unknown group is positive."""
    decision = [1, 0] * 100
    label = [1, 0] * 50 + [1] * 50 + [0] * 50
    groups = {"group": ["a"] * 100 + ["b"] * 50 + [None] * 50}
    found = missing_demographics(subject(decision=decision, actual=label, groups=groups))
    rate = found.measure("false_positive_rate_bounds", attribute="group", group="b")
    assert (rate.value, rate.note) == (None, "nobody of this group is in the denominator")
    assert found.measure("true_positive_rate_bounds", attribute="group", group="b").value == 0.5

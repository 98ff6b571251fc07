"""Who completes a service, who waits, who needs help, and who was asked."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from checks.inclusion.channels import channels
from checks.inclusion.participation import participation
from checks.inclusion.vulnerable_groups import vulnerable_groups
from checks.inclusion.waiting import waiting
from checks.model import NOT_STATED, Outcome
from checks.service_log import NONE
from checks.statistics.medians import Medians, one_median
from tests.checks.builders import service_log, subject
from tests.checks.planted import planted

ALL = (vulnerable_groups, waiting, channels)


def log(**columns):
    return dataclasses.replace(subject(decision=["1"]), service_log=pd.DataFrame(columns))


def drawn(**how):
    return dataclasses.replace(subject(decision=["1"]), service_log=service_log(1000, **how))


def by_hand():
    """Old: 30 of 40 completed, 20 helped of whom 10 completed. Young: 57 of 60, nobody helped."""
    return log(
        **{
            "group:age": ["old"] * 40 + ["young"] * 60,
            "completed": [1.0] * 30 + [0.0] * 10 + [1.0] * 57 + [0.0] * 3,
            "assisted": [1.0] * 10 + [0.0] * 20 + [1.0] * 10 + [0.0] * 60,
            "waited": [*range(1, 41), *range(11, 71)],
            "channel": ["counter"] * 40 + ["web"] * 60,
        }
    )


def test_completion_by_hand():
    found = vulnerable_groups(by_hand())
    assert found.measure("completion_rate", attribute="age", group="old").value == pytest.approx(0.75)
    assert found.measure("error_gap", attribute="age").value == pytest.approx(0.95 - 0.75)
    assert found.measure("error_gap", attribute="age").n == 100
    assert found.measure("uncompared_share", attribute="age").value == 0


def test_routes_by_hand():
    found = channels(by_hand())
    assert found.measure("assisted_share").value == pytest.approx(0.2)
    assert found.measure("group_assisted_share", attribute="age", group="old").value == pytest.approx(0.5)
    assert found.measure("assisted_share_gap", attribute="age").value == pytest.approx(0.5)
    assert found.measure("assisted_route").value == 1
    assert found.measure("route_completion_gap").value == pytest.approx(77 / 80 - 0.5)
    assert found.measure("route_completion_rate", case="counter").value == pytest.approx(0.75)


def test_waiting_by_hand():
    found = waiting(by_hand())
    assert found.measure("group_median_wait", attribute="age", group="old").value == 20.5
    assert found.measure("median_wait_gap", attribute="age").value == 20
    helped = [*range(1, 11), *range(31, 41)]
    others = [*range(11, 31), *range(11, 71)]
    ratio = found.measure("assisted_wait_ratio")
    assert ratio.value == pytest.approx(np.median(helped) / np.median(others))
    assert ratio.low < ratio.value < ratio.high


@planted("inclusion.vulnerable_groups", "speaks")
@planted("inclusion.waiting", "speaks")
@planted("inclusion.channels", "speaks")
def test_the_elderly_who_give_up_and_the_slow_counter_are_seen():
    whole = drawn(lost=0.2, slow=3.0)
    gap = vulnerable_groups(whole).measure("error_gap", attribute="age")
    assert gap.low > 0.1
    assert gap.high < 0.3
    assert waiting(whole).measure("assisted_wait_ratio").low > 2
    assert waiting(whole).measure("median_wait_gap", attribute="age").low > 0
    assert channels(whole).measure("assisted_share_gap", attribute="age").low > 0.2


@planted("inclusion.vulnerable_groups", "silent")
@planted("inclusion.waiting", "silent")
@planted("inclusion.channels", "silent")
def test_town_and_village_that_are_served_alike_are_accused_no_more_often_than_by_chance():
    """Of 40 logs one in twenty may have an interval off equality; seven or more have a chance under 1 %."""
    accused = np.zeros(4)
    for seed in range(40):
        whole = drawn(seed=seed)
        gaps = (
            vulnerable_groups(whole).measure("error_gap", attribute="age"),
            waiting(whole).measure("median_wait_gap", attribute="residence"),
            channels(whole).measure("assisted_share_gap", attribute="residence"),
        )
        ratio = waiting(whole).measure("assisted_wait_ratio")
        accused += [*(gap.low > 0 for gap in gaps), not ratio.low <= 1 <= ratio.high]
    assert accused.max() <= 6, accused


@pytest.mark.parametrize("check", ALL, ids=lambda c: c.id)
def test_small_groups_and_people_not_stated_are_told_and_not_compared(check):
    age = ["old"] * 50 + ["young"] * 50 + ["child"] * 29 + [NOT_STATED] * 31
    rng = np.random.default_rng(0)
    n = len(age)
    whole = log(
        **{
            "group:age": age,
            "completed": (rng.random(n) < 0.8).astype(float),
            "assisted": (rng.random(n) < 0.5).astype(float),
            "waited": rng.random(n) + 1,
        }
    )
    found = check(whole)
    notes = {m.of["group"]: m.note for m in found.measures if "group" in m.of}
    assert notes["old"] is None
    assert notes["child"] == "under 30 rows: not compared"
    assert notes[NOT_STATED] == "never compared"
    assert found.measure("uncompared_share", attribute="age").value == pytest.approx(60 / 160)
    assert "2 of 4 groups not compared" in {m.note for m in found.measures}


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        (vulnerable_groups, "the service log names no `completed` column, or it is empty"),
        (waiting, "the service log names no `waited` column, or it is empty"),
        (channels, "the service log names no `assisted` column, or it is empty"),
    ],
)
def test_what_the_log_lacks_is_named(check, reason):
    assert check(subject(decision=["1"])).reason == NONE
    found = check(log(**{"group:age": ["old"] * 40}))
    assert (found.outcome, found.reason) == (Outcome.NOT_APPLICABLE, reason)


def test_missing_cells_are_counted_and_left_out():
    nan = np.nan
    whole = log(
        **{"group:age": ["old", "old", "young"], "completed": [1.0, nan, 0.0], "waited": [3.0, nan, nan]}
    )
    found = vulnerable_groups(whole)
    assert found.measure("unusable_share").value == pytest.approx(1 / 3)
    assert found.measure("completion_rate", attribute="age", group="old").n == 1
    assert found.outcome is Outcome.INCONCLUSIVE
    assert waiting(whole).measure("untimed_share").value == pytest.approx(2 / 3)
    assert waiting(whole).measure("group_median_wait", attribute="age", group="young").value is None


@pytest.mark.parametrize("n", [6, 7, 30, 101])
def test_the_limits_of_a_median_have_their_level(n):
    """The k-th smallest and largest hold the median with 1 - 2 P(B < k) of fair coins: at least 95 %."""
    numbers = np.arange(1.0, n + 1)
    found = one_median("m", numbers, of={}, unit="time")
    k = int(found.low)
    assert found.high == n + 1 - k
    assert 1 - 2 * binom.cdf(k - 1, n, 0.5) >= 0.95
    assert 1 - 2 * binom.cdf(k, n, 0.5) < 0.95, "the next narrower interval would not"
    low, high = Medians([numbers]).limits(3.0)
    assert (low[0], high[0]) <= (found.low, n)


def consulted(**keys):
    facts = {"participation": keys} if keys else {}
    return participation(dataclasses.replace(subject(decision=["1"]), facts=facts))


@planted("inclusion.participation", "speaks")
def test_a_group_that_nobody_asked_is_named():
    held = [
        {
            "group": "the elderly",
            "date": "2026-01-01",
            "how": "two evenings",
            "answer": "In writing.",
            "changed": "X",
        },
        {"group": "carers", "answer": "  "},
    ]
    found = consulted(affected=["the elderly", "carers", "rural residents"], consultations=held)
    assert found.measure("asked_share").value == pytest.approx(2 / 3)
    assert found.measure("answered_share").value == pytest.approx(1 / 3)
    assert found.measure("changes").value == 1
    told = {table.name: table.rows for table in found.tables}
    assert told["affected groups that nobody asked"] == (("rural residents",),)
    assert told["consultations"][1] == ("carers", *("not told",) * 5)


@planted("inclusion.participation", "silent")
def test_everybody_asked_and_answered_is_whole():
    held = [{"group": "the elderly", "answer": "Yes."}, {"group": "carers", "answer": "No."}]
    found = consulted(affected=["the elderly", "carers"], consultations=held)
    assert found.measure("answered_share").value == 1
    assert [table.name for table in found.tables] == ["consultations"]
    assert consulted().outcome is Outcome.NOT_APPLICABLE

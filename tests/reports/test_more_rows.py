"""An undecided finding says how many rows would decide it."""

from __future__ import annotations

import dataclasses
import re

import pytest

from checks.statistics import Proportions, ratio_limits, wilson_limits
from frameworks.model import Finding, State, Verdict
from reports.compose.explain import more_rows
from reports.document import compose
from tests.reports.sample import audit

UNDECIDED = Finding(
    framework="law",
    requirement="R-1",
    criterion="c",
    verdict=Verdict.UNDECIDED,
    state=State.IN_FORCE,
    severity="major",
    principle="fairness",
    title="Parity",
    of={"attribute": "race"},
    measure="fairness.selection_rate.selection_rate_gap",
    value=0.05,
    low=0.0,
    high=0.15,
    n=1000,
    kind="estimate",
    unit="proportion",
    bound={"at_most": 0.1},
)


def rows_told(finding: Finding) -> float:
    (found,) = re.findall(r"about ([\d,]+) rows", more_rows(finding))
    return float(found.replace(",", ""))


def changed(**fields) -> str:
    return more_rows(dataclasses.replace(UNDECIDED, **fields))


def test_by_hand():
    """The end is 0.1 from the value, the limit 0.05: four times the rows."""
    assert more_rows(UNDECIDED) == (
        "If the number stays as it is, about 4,000 rows like these would decide it."
    )


@pytest.mark.parametrize(("rate", "limit"), [(0.75, 0.8), (0.85, 0.8), (0.3, 0.25)])
def test_with_the_rows_told_the_interval_of_a_rate_ends_at_the_limit(rate, limit):
    low, high = map(float, wilson_limits(rate, 100))
    found = dataclasses.replace(UNDECIDED, value=rate, low=low, high=high, n=100, bound={"at_least": limit})
    low, high = map(float, wilson_limits(rate, rows_told(found)))
    assert (low if rate > limit else high) == pytest.approx(limit, abs=0.01)


def test_ratios_go_by_the_logarithm():
    def limits(n):
        groups = Proportions.of_counts([0.45 * n, 0.5 * n], [n, n])
        return (float(end.min()) for end in ratio_limits(groups))

    low, high = limits(200)
    found = dataclasses.replace(
        UNDECIDED, value=0.9, low=low, high=high, n=400, unit="ratio", bound={"at_least": 0.8}
    )
    low, _ = limits(rows_told(found) / 2)
    assert low == pytest.approx(0.8, abs=0.01)


def test_nothing_is_promised_where_rows_decide_nothing():
    assert changed(verdict=Verdict.MET) == ""
    assert changed(low=None, high=None) == ""
    assert changed(kind="exact") == ""
    assert changed(low=0.11, high=0.2, value=0.15) == ""  # outside, but not after Holm
    assert changed(bound={"reported": True}) == ""
    assert "too near its limit" in changed(value=0.0999)
    assert "too near its limit" in changed(value=0.1)


def test_a_report_says_it_beside_the_reason():
    words = " ".join(compose(audit()).words())
    assert "more data could decide it. If the number stays as it is, about" in words

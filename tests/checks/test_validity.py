"""Intervals cover, verdicts err as seldom as they claim: small cells of benchmarks/validity.py, exactly."""

from __future__ import annotations

import pytest

from benchmarks.validity import cells, measured, outcomes, single
from benchmarks.validity_page import LEAST, LEVEL, error, missing, written
from tests.budgets import budget

SIZES = budget({"30"}, {"30", "100", "40 and 1000"})


@pytest.fixture(scope="module")
def rows():
    found = [row for row in single() if row["method"] == "ours"]
    for statistic in ("gap", "ratio"):
        for cell in cells(statistic):
            if cell.k == 2 and cell.size in SIZES:
                hits, chance, exact = outcomes(cell, 0)
                found.append(measured(cell, hits, chance).row(cell, "ours", exact))
    return found


def test_every_interval_covers_its_truth_in_at_least_92_of_100_samples(rows):
    assert min(row["coverage"] for row in rows) >= LEAST
    assert not any(map(missing, rows))


def test_intervals_cover_as_they_say_on_average(rows):
    for statistic in ("share", "gap", "ratio"):
        covers = [row["coverage"] for row in rows if row["statistic"] == statistic]
        assert sum(covers) / len(covers) >= 0.945


def test_equal_groups_are_accused_in_at_most_2_5_of_100_samples(rows):
    equal = [row for row in rows if row["shape"] == "equal" and row["k"] == 2]
    assert len(equal) >= 12
    for row in equal:
        assert row["not_met"] <= LEVEL + 3 * error(row, LEVEL), row


def test_a_system_at_the_bound_is_seldom_judged_either_way(rows):
    bound = {"gap": 0.1, "ratio": 0.8}
    there = [r for r in rows if r["truth"] == bound.get(r["statistic"])]
    assert len(there) >= 9
    for row in there:
        assert row["met"] <= LEVEL + 3 * error(row, LEVEL), row
        assert row["not_met"] <= LEVEL + 3 * error(row, LEVEL), row


def test_a_cell_that_misses_stays_in_the_page(rows):
    low = {**rows[0], "coverage": 0.5, "size": "a size of its own"}
    text = written([*rows, low], 100, 1)
    assert "| a size of its own |" in text.split("## Our cells that cover under 92 %")[1].split("##")[0]

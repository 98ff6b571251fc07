"""The slice search against counting by hand, and what it promises where nothing is wrong."""

from __future__ import annotations

import dataclasses
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, hypergeom
from statsmodels.stats.multitest import multipletests

from checks.fairness.slice_columns import Coded, People, describe, quantile_cuts
from checks.fairness.slice_confirm import Side, holm
from checks.fairness.slice_people import Half, halves
from checks.fairness.slice_search import search
from checks.fairness.worst_subgroup import worst_subgroup
from checks.model import Outcome, Roles, Subject, Task
from checks.statistics import Proportions, gap_limits
from checks.statistics.means import Means
from tests.budgets import budget
from tests.checks.builders import credit, subject, take
from tests.checks.planted import planted

COLOURS = np.array(["red", "green", "blue", "grey"], dtype=object)


def people(rows: int, seed: int, *, extra: float = 0.0, columns: int = 5) -> Subject:
    """Return people with a fifth of wrong decisions, *extra* of them for blue c0 with a low c1."""
    rng = np.random.default_rng([31, seed])
    features = {
        f"c{i}": rng.choice(COLOURS, rows) if i % 2 == 0 else rng.normal(size=rows) for i in range(columns)
    }
    table = pd.DataFrame(features)
    bad = (table["c0"] == "blue") & (table["c1"] < -0.84)
    wrong = rng.random(rows) < 0.2 + extra * bad
    label = rng.integers(0, 2, rows)
    table["label"] = label
    decision = np.where(wrong, 1 - label, label).astype(str).astype(object)
    roles = Roles(label="label", positive="1", favourable="1", groups=("c0",), features=tuple(features))
    return Subject(task=Task.BINARY, evaluation=table, roles=roles, decision=decision, seed=seed)


@planted("fairness.worst_subgroup", "speaks")
def test_a_planted_slice_is_found_and_confirmed():
    """Blue people with a low c1 are wrong half the time: nobody listed them."""
    found = worst_subgroup(people(6000, 1, extra=0.3))
    (slice_gap,) = [m for m in found.measures if m.name == "slice_gap"]
    assert slice_gap.of["case"].startswith("c0 = blue*c1 = under -0.8")
    assert 0.1 < slice_gap.low < slice_gap.high < 0.5
    worst = found.measure("worst_gap")
    assert worst.low > 0.1
    assert worst.note.endswith("; shown to be worse than everybody")
    assert found.measure("confirmed_slices").value == 1
    assert found.measure("worst_share").low < 0.05 < found.measure("worst_share").high
    ratio = found.measure("performance_ratio")
    assert ratio.high < 0.9
    assert ratio.note == worst.note
    assert f", {slice_gap.n:,.0f} people; shown" in ratio.note


@planted("fairness.worst_subgroup", "silent")
def test_where_nothing_differs_at_most_one_audit_in_twenty_confirms_a_slice():
    runs = budget(100, 1000)
    alarms = sum(
        worst_subgroup(people(1200, seed)).measure("confirmed_slices").value > 0 for seed in range(runs)
    )
    assert binomtest(alarms, runs, 0.05, alternative="greater").pvalue > 0.001


def test_the_intervals_of_the_worst_hold_where_nothing_differs():
    """The true worst gap is 0 and the true ratio 1, whatever the search picked."""
    runs, outside = budget(100, 1000), 0
    for seed in range(runs):
        found = worst_subgroup(people(1200, seed))
        gap, ratio = found.measure("worst_gap"), found.measure("performance_ratio")
        outside += not (gap.low <= 0 <= gap.high and ratio.low <= 1 <= ratio.high)
    assert binomtest(outside, runs, 0.05, alternative="greater").pvalue > 0.001


def who(table: pd.DataFrame, told: str) -> np.ndarray:
    """Return who is in a slice as the table tells it."""
    inside = np.ones(len(table), dtype=bool)
    for condition in told.split(" × "):
        column, value = condition.split(" = ")
        values = table[column]
        if value.startswith("under"):
            inside &= values < float(value.removeprefix("under "))
        elif value.endswith("and over"):
            inside &= values >= float(value.removesuffix(" and over"))
        elif value.startswith("["):
            low, high = map(float, value[1:-1].split(", "))
            inside &= (values >= low) & (values < high)
        else:
            inside &= values == value
    return inside


def test_the_intervals_of_the_worst_hold_where_a_slice_is_worse():
    """The truth is the worst of the slices taken over, by the rates that their people were drawn from."""
    runs, outside = budget(60, 1000), 0
    for seed in range(runs):
        whole = people(3000, seed, extra=0.3)
        found = worst_subgroup(whole)
        table = whole.evaluation
        rate = np.where((table["c0"] == "blue") & (table["c1"] < -0.84), 0.5, 0.2)
        slices = [rate[who(table, row[0])].mean() for row in found.tables[0].rows]
        gap, ratio = found.measure("worst_gap"), found.measure("performance_ratio")
        outside += not (
            gap.low <= max(slices) - rate.mean() <= gap.high
            and ratio.low <= (1 - max(slices)) / (1 - rate.mean()) <= ratio.high
        )
    assert binomtest(outside, runs, 0.05, alternative="greater").pvalue > 0.001


def counted_by_hand(table: pd.DataFrame, loss: np.ndarray, least: int) -> dict[tuple, tuple[int, float]]:
    """Return people and loss of every slice of up to three columns, by filtering the table."""
    found = {}
    for size in (1, 2, 3):
        for names in combinations(table.columns, size):
            for values in product(*(sorted(set(table[name])) for name in names)):
                inside = np.logical_and.reduce([table[n] == v for n, v in zip(names, values, strict=True)])
                if inside.sum() >= least:
                    found[names, values] = (int(inside.sum()), float(loss[inside].sum()))
    return found


@pytest.mark.parametrize("kind", ["yes or no", "distance", "weighted"])
def test_every_slice_is_counted_as_by_filtering_the_table(kind):
    """All 4-column slices fit the pool, so every one comes back with its people, its loss and its score."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        {name: rng.integers(0, size, 500) for name, size in zip("abcd", (2, 3, 3, 4), strict=True)}
    )
    loss = (rng.random(500) < 0.3).astype(float) if kind != "distance" else rng.exponential(size=500)
    weight = rng.integers(1, 4, 500).astype(float) if kind == "weighted" else None
    repeated = np.arange(500) if weight is None else np.repeat(np.arange(500), weight.astype(int))
    expected = counted_by_hand(table.iloc[repeated], loss[repeated], 20)
    columns = [
        Coded(name, table[name].to_numpy(), tuple("0123"[: table[name].max() + 1]), None) for name in table
    ]
    half = Half([column.codes for column in columns], loss, weight, 1.0)
    found = search(half, columns, least=20, depth=3)

    told = {
        (tuple("abcd"[c] for c, _ in s.conditions), tuple(v for _, v in s.conditions)): s for s in found.best
    }
    assert told.keys() == expected.keys()
    assert found.slices == len(expected)
    mean, spread = loss[repeated].mean(), loss[repeated].std()
    for (names, values), one in told.items():
        n, lost = expected[names, values]
        assert (one.n, one.loss) == (n, pytest.approx(lost))
        parents = [
            expected[tuple(names[i] for i in keep), tuple(values[i] for i in keep)]
            for size in range(1, len(names))
            for keep in combinations(range(len(names)), size)
            if size == len(names) - 1
        ]
        worst = max([mean, *(pl / pn for pn, pl in parents)])
        assert one.score == pytest.approx((lost - n * worst) / (spread * np.sqrt(n)))


def test_the_bound_leaves_out_no_slice_that_belongs_in_the_list():
    """The optimistic bound leaves pairs out, and the best slices are those of counting everything."""
    rng = np.random.default_rng(4)
    columns = [Coded(f"c{i}", rng.integers(0, 6, 4000), tuple("abcdef"), None) for i in range(9)]
    loss = (rng.random(4000) < 0.03).astype(float)
    half = Half([c.codes for c in columns], loss, None, 1.0)
    bounded = search(half, columns, least=30, depth=3)
    assert bounded.hopeless > 50
    scores = []
    for names in combinations(range(9), 3):
        key = sum(columns[i].codes * 6**p for p, i in enumerate(names))
        n, lost = np.bincount(key, minlength=216), np.bincount(key, loss, 216)
        for at in np.flatnonzero(n >= 30):
            values = [at // 6**p % 6 for p in range(3)]
            masks = [columns[i].codes == v for i, v in zip(names, values, strict=True)]
            parents = [loss[masks[a] & masks[b]].mean() for a, b in ((0, 1), (0, 2), (1, 2))]
            worst = max(loss.mean(), *parents)
            scores.append((lost[at] - n[at] * worst) / (loss.std() * np.sqrt(n[at])))
    mine = sorted((s.score for s in bounded.best if len(s.conditions) == 3), reverse=True)
    assert mine == pytest.approx(sorted(scores, reverse=True)[: len(mine)])


def test_the_halves_hold_everybody_once_with_equal_losses():
    whole = people(1001, 5)
    loss = (whole.decision != whole.evaluation["label"].astype(str)).to_numpy().astype(float)
    codes = pd.factorize(whole.evaluation["c0"])[0]
    column = Coded("c0", codes, tuple("abcd"), None)
    crowd = People(np.arange(1001), loss, np.ones(1001, dtype=np.int64), np.ones(1001))
    first, second = halves(crowd, [column], np.random.default_rng(0))
    assert abs(first.n - second.n) <= 2
    assert abs(float(np.dot(first.loss, first.weight)) - float(np.dot(second.loss, second.weight))) <= 1
    for code in range(4):
        both = sum(half.weighs(half.codes[0] == code) for half in (first, second))
        assert both == (codes == code).sum()


def test_names_of_values_do_not_matter():
    """Blue becomes a word that sorts first and needs escaping; only the names change."""
    whole = people(3000, 2, extra=0.3)
    renamed = whole.evaluation.assign(c0=whole.evaluation["c0"].replace({"blue": "*a\\"}))
    before, after = worst_subgroup(whole), worst_subgroup(dataclasses.replace(whole, evaluation=renamed))
    told = [[(m.name, m.value, m.low, m.high) for m in e.measures] for e in (before, after)]
    assert told[0] == told[1]
    cases = [m.of["case"] for m in after.measures if m.name == "slice_gap"]
    assert any(case.startswith(r"c0 = \*a\\*c1 = under") for case in cases)


def test_a_slice_is_spelt_with_its_stars_escaped():
    assert describe([("a*b", "1"), ("c", "x\\")]) == r"a\*b = 1*c = x\\"


def test_holm_is_that_of_statsmodels():
    p = [0.001, 0.2, 0.013, 0.04, 0.9]
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_the_p_value_is_the_exact_one_of_the_held_back_half():
    """One yes/no column: the table's p-value is the hypergeometric tail of the counts that it shows."""
    rng = np.random.default_rng(8)
    site = rng.choice(["north", "south"], 800, p=[0.2, 0.8])
    label = np.zeros(800, dtype=int)
    decision = (rng.random(800) < np.where(site == "north", 0.4, 0.2)).astype(int)
    found = worst_subgroup(subject(decision=decision, actual=label, groups={"site": site}))
    (row,) = found.tables[0].rows
    name, n, rate, *_, p, _ = row
    assert name == "site = north"
    lost, total, all_lost = round(n * rate), found.measure("worst_gap").n, decision.sum() / 2
    tails = [hypergeom.sf(lost - 1, total, k, n) for k in {int(all_lost), int(all_lost + 0.5)}]
    assert min(abs(p - tail) for tail in tails) < 1e-12


def test_the_gap_against_everybody_is_newcombes_against_the_others_scaled():
    rng = np.random.default_rng(9)
    site = rng.choice(["north", "south"], 800, p=[0.2, 0.8])
    decision = (rng.random(800) < np.where(site == "north", 0.4, 0.2)).astype(int)
    found = worst_subgroup(subject(decision=decision, actual=np.zeros(800, dtype=int), groups={"site": site}))
    n, rate = found.tables[0].rows[0][1:3]
    gap = found.measure("worst_gap")
    share = n / gap.n
    others = (gap.n - n) * (rate - gap.value / (1 - share))
    pair = Proportions.of_counts([round(n * rate), round(others)], [n, gap.n - n])
    low, high = gap_limits([pair])
    assert (gap.low, gap.high) == pytest.approx(((1 - share) * low, (1 - share) * high))


def test_without_a_label_the_slice_with_the_lowest_selection_rate_is_told():
    whole = people(4000, 3)
    refused = (whole.evaluation["c2"] == "grey") & (np.arange(4000) % 2 == 0)
    decision = np.where(refused, "0", "1").astype(object)
    roles = dataclasses.replace(whole.roles, label=None)
    found = worst_subgroup(dataclasses.replace(whole, roles=roles, decision=decision))
    assert found.measure("worst_gap").note.startswith("slice c2 = grey, ")
    ratio = found.measure("selection_ratio")
    assert ratio.low < 0.5 / 0.875 < ratio.high < 0.75
    assert not found.select("performance_ratio")


def test_regression_compares_mean_absolute_errors():
    rng = np.random.default_rng(6)
    site = rng.choice(["a", "b", "c"], 3000)
    error = rng.normal(size=3000) * np.where(site == "b", 2.0, 1.0)
    truth = rng.normal(size=3000)
    found = worst_subgroup(
        subject(score=truth + error, actual=truth, groups={"site": site}, task=Task.REGRESSION)
    )
    scale = np.sqrt(2 / np.pi)
    gap, ratio = found.measure("worst_gap"), found.measure("performance_ratio")
    assert gap.unit == "prediction"
    assert gap.low < scale * (2 - 4 / 3) < gap.high
    assert ratio.low < 2 / 3 < ratio.high < 0.8
    assert found.measure("confirmed_slices").value == 1


def test_regression_confirms_no_slice_of_heavy_tailed_errors_by_chance():
    runs, alarms = budget(80, 1000), 0
    for seed in range(runs):
        rng = np.random.default_rng([5, seed])
        site = rng.choice(list("abcdefgh"), 800)
        error = rng.exponential(size=800)
        found = worst_subgroup(
            subject(score=error, actual=np.zeros(800), groups={"site": site}, task=Task.REGRESSION, seed=seed)
        )
        alarms += found.measure("confirmed_slices").value > 0
    assert binomtest(alarms, runs, 0.05, alternative="greater").pvalue > 0.001


def test_multiclass_counts_wrong_classes_and_scoring_the_worse_side_of_the_median():
    rng = np.random.default_rng(7)
    label = rng.choice(["x", "y", "z"], 3000)
    site = rng.choice(["a", "b", "c"], 3000)
    decision = np.where((site == "c") & (rng.random(3000) < 0.5), "w", label)
    found = worst_subgroup(
        subject(decision=decision, actual=label, groups={"site": site}, task=Task.MULTICLASS)
    )
    assert found.measure("worst_gap").note.startswith("slice site = c, ")
    score = rng.random(3000) - 0.3 * (site == "a")
    found = worst_subgroup(subject(score=score, groups={"site": site}, task=Task.SCORING))
    assert found.measure("worst_gap").note.startswith("slice site = a, ")
    assert found.measure("selection_ratio").high < 0.9


def test_sampling_weights_count_everybody_as_their_weight_says_and_widen_the_interval():
    """Half the people of the bad slice stand for three others each."""
    whole = people(6000, 1, extra=0.3)
    weight = np.where(np.arange(6000) % 2 == 0, 3.0, 1.0)
    roles = dataclasses.replace(whole.roles, weight="w", weight_kind="sampling")
    weighted = dataclasses.replace(whole, evaluation=whole.evaluation.assign(w=weight), roles=roles)
    found, plain = worst_subgroup(weighted), worst_subgroup(whole)
    assert found.measure("confirmed_slices").value == 1
    one, other = (e.measure("worst_share") for e in (found, plain))
    assert "Kish" in one.method
    assert one.high - one.low > other.high - other.low


def test_what_is_not_searched_is_listed_with_its_reason():
    whole = people(400, 1)
    table = whole.evaluation.assign(
        name=[f"p{i}" for i in range(400)], same="x", day=pd.date_range("2024-01-01", periods=400)
    )
    features = (*whole.roles.features, "name", "same", "day", "also", "last")
    table["also"] = table["last"] = table["c0"]
    roles = dataclasses.replace(whole.roles, features=features)
    found = worst_subgroup(dataclasses.replace(whole, evaluation=table, roles=roles), columns=6)
    why = {row[0]: row[2] for row in found.tables[-1].rows if row[2]}
    assert why["name"] == "no value is shared by 30 people"
    assert why["same"] == "all but fewer than 30 people share one value"
    assert why["day"] == "dates are not cut into bins"
    assert why["last"] == "only the first 6 columns are searched: attributes, then features"
    assert found.measure("columns_searched").note == "4 left out; the table says why"


def test_cuts_are_quantiles_told_in_few_digits():
    numbers = np.random.default_rng(1).normal(size=10_000)
    cuts = quantile_cuts(numbers, np.ones(10_000), 5)
    assert cuts == pytest.approx(np.quantile(numbers, [0.2, 0.4, 0.6, 0.8]), abs=0.002)
    assert all(len(str(cut)) <= 7 for cut in cuts)
    doubled = quantile_cuts(np.repeat(numbers, 2), np.ones(20_000), 5)
    assert np.array_equal(doubled, quantile_cuts(numbers, np.full(10_000, 2.0), 5))


def test_a_column_with_gaps_has_a_value_for_them():
    whole = people(3000, 4)
    table = whole.evaluation.assign(c1=whole.evaluation["c1"].mask(np.arange(3000) % 5 == 0))
    label = table["label"].where(np.arange(3000) % 5 != 0, 1 - whole.decision.astype(int))
    found = worst_subgroup(dataclasses.replace(whole, evaluation=table.assign(label=label)))
    assert found.measure("worst_gap").note.startswith("slice c1 = not stated, ")


def test_endings_have_a_sentence_somebody_can_act_on():
    handful = worst_subgroup(take(people(400, 1), range(50)))
    assert handful.outcome is Outcome.INCONCLUSIVE
    assert handful.reason == "no column has a value that 30 people share and others do not"
    few = worst_subgroup(people(100, 1))
    assert few.reason == "no slice has 30 people in both halves; supply more evaluation rows"
    whole = people(400, 1)
    right = dataclasses.replace(whole, decision=whole.evaluation["label"].astype(str).to_numpy(object))
    assert worst_subgroup(right).reason == "everybody has the same error rate, so no slice can be worse"
    bare = dataclasses.replace(whole, roles=dataclasses.replace(whole.roles, groups=(), features=()))
    assert worst_subgroup(bare).outcome is Outcome.NOT_APPLICABLE
    assert worst_subgroup(dataclasses.replace(whole, decision=None)).outcome is Outcome.NOT_APPLICABLE


def test_more_people_than_can_be_drawn_from_are_refused():
    whole = credit(rows=200)
    roles = dataclasses.replace(whole.roles, weight="w", weight_kind="frequency")
    table = whole.evaluation.assign(w=10_000_000)
    found = worst_subgroup(dataclasses.replace(whole, evaluation=table, roles=roles))
    assert (
        found.reason == "the weights sum to 2,000,000,000 people; the search draws from under 1,000,000,000"
    )


def test_limits_stay_finite_where_nothing_is_kept_and_where_nobody_differs():
    """Everybody of north is wrong; all distances of south are the same."""
    for loss in (
        Proportions.of_counts([40], [40]),
        Means.of_rows([(np.ones(9), np.ones(9), 9, 9)], edge=0.0),
    ):
        assert np.isfinite(Side(loss).logs(1.96)).all()

"""Selection, scoring and error rates: by hand, against fairlearn, and the published examples of the law."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import (
    MetricFrame,
    count,
    equalized_odds_difference,
    false_negative_rate,
    false_positive_rate,
    true_negative_rate,
    true_positive_rate,
)
from fairlearn.metrics import (
    selection_rate as fairlearn_selection_rate,
)
from sklearn.metrics import accuracy_score, precision_score

from checks.comparison import compared, notes
from checks.fairness.error_rates import RATES, error_rates
from checks.fairness.scoring_rate import pooled_median, scoring_rate
from checks.fairness.selection_rate import selection_rate
from checks.model import Kind, Outcome, Task
from tests.checks.builders import credit, subject
from tests.checks.planted import planted

MORTGAGE = Path(__file__).parents[2] / "examples" / "predictions_only" / "applications.csv"


def decided(*groups):
    """Return a subject of groups given as (name, favoured, people)."""
    decision = [d for _, hits, n in groups for d in [1] * hits + [0] * (n - hits)]
    return subject(decision=decision, groups=[name for name, _, n in groups for _ in range(n)])


# Selection rates


def test_ratio_by_hand():
    """Group a: 30 of 40 favoured. Group b: 10 of 40. The ratio is 0.25 / 0.75, the gap 0.5."""
    found = selection_rate(decided(("a", 30, 40), ("b", 10, 40)))
    assert found.measure("selection_rate", attribute="group", group="a").value == 0.75
    assert found.measure("impact_ratio", attribute="group").value == pytest.approx(1 / 3)
    assert found.measure("impact_ratio", attribute="group", group="a").value == 1
    assert found.measure("impact_ratio", attribute="group", group="b").value == pytest.approx(1 / 3)
    assert found.measure("selection_rate_gap", attribute="group").value == 0.5
    assert found.measure("selection_rate_gap", attribute="group").n == 80


@pytest.mark.parametrize(
    ("groups", "ratio", "p"),
    [
        ((("male", 943, 1250), ("female", 295, 395)), 0.99, 0.76),
        ((("above_40", 97, 121), ("below_40", 1995, 2759)), 0.902, 0.058),
    ],
    ids=["sex", "age"],
)
def test_published_four_fifths_examples(groups, ratio, p):
    """Two tables of a published bias audit, with the ratios and pooled z tests worked out there."""
    found = selection_rate(decided(*groups))
    assert found.measure("impact_ratio", attribute="group").value == pytest.approx(ratio, abs=5e-4)
    assert found.measure("difference_p_value", attribute="group").value == pytest.approx(p, abs=5e-3)


@planted("fairness.selection_rate", "speaks")
def test_a_planted_disparity_is_seen():
    """Half as many of b are favoured: the whole interval of the ratio is below four fifths."""
    found = selection_rate(decided(("a", 160, 200), ("b", 80, 200)))
    ratio = found.measure("impact_ratio", attribute="group")
    assert ratio.high < 0.8
    assert found.measure("selection_rate_gap", attribute="group").low > 0.1
    assert found.measure("difference_p_value", attribute="group").value < 1e-9


@planted("fairness.selection_rate", "silent")
def test_equal_groups_are_not_accused():
    found = selection_rate(decided(("a", 120, 200), ("b", 118, 200), ("c", 61, 100)))
    ratio, gap = (found.measure(n, attribute="group") for n in ("impact_ratio", "selection_rate_gap"))
    assert ratio.high == 1
    assert gap.low == 0
    assert found.measure("difference_p_value", attribute="group").value > 0.5
    assert found.measure("uncompared_share", attribute="group").value == 0


def test_a_small_group_is_measured_and_not_compared():
    """c has 29 people, none favoured: its rate is shown, the ratio is that of a and b."""
    found = selection_rate(decided(("a", 50, 100), ("b", 40, 100), ("c", 0, 29)))
    small = found.measure("selection_rate", attribute="group", group="c")
    assert (small.value, small.n, small.note) == (0, 29, "under 30 rows: not compared")
    ratio = found.measure("impact_ratio", attribute="group")
    assert (ratio.value, ratio.note) == (pytest.approx(0.8), "1 of 3 groups not compared")
    assert found.measure("uncompared_share", attribute="group").value == pytest.approx(29 / 229)
    assert not found.select("impact_ratio", attribute="group", group="c")


def test_people_whose_group_is_missing_are_counted_and_never_compared():
    found = selection_rate(
        subject(decision=[1] * 60 + [0] * 100, groups=["a"] * 60 + ["b"] * 60 + [None] * 40)
    )
    missing = found.measure("selection_rate", attribute="group", group="not stated")
    assert (missing.value, missing.note) == (0, "never compared")
    assert found.measure("not_stated_count", attribute="group").value == 40
    assert found.measure("uncompared_share", attribute="group").value == 0.25
    assert found.measure("impact_ratio", attribute="group").value == 0  # a against b only


def test_categories_under_two_percent_are_counted_and_listed():
    found = selection_rate(decided(("a", 300, 600), ("b", 190, 390), ("c", 5, 10)))
    assert found.measure("groups_under_2_percent", attribute="group").value == 1
    assert found.measure("selection_rate", attribute="group", group="c").n == 10


def test_a_denominator_of_its_own_may_be_too_small():
    why = notes(credit(100).counts.groups["sex"], np.array([50, 50]), 30, own=np.array([9, 10]))
    assert why == ["under 10 rows in this number's own denominator: not compared", None]
    assert list(compared(why)) == [1]


def test_favourable_may_differ_from_positive():
    """The score predicts default; people want to be told 0."""
    whole = decided(("a", 10, 40), ("b", 30, 40))
    flipped = dataclasses.replace(whole, roles=dataclasses.replace(whole.roles, favourable="0"))
    assert selection_rate(flipped).measure("selection_rate", attribute="group", group="a").value == 0.75


def test_declared_references_are_compared_beside_the_rest():
    def asked(reference):
        whole = decided(("a", 60, 100), ("b", 30, 100), ("c", 45, 100))
        roles = dataclasses.replace(whole.roles, references={"group": reference})
        return selection_rate(dataclasses.replace(whole, roles=roles))

    named = asked("b").measure("impact_ratio_to_reference", attribute="group", group="a", reference="b")
    assert named.value == pytest.approx(2)
    rest = asked("rest").measure("impact_ratio_to_reference", attribute="group", group="a", reference="rest")
    assert rest.value == pytest.approx(0.6 / 0.375)
    absent = asked("z").measure("impact_ratio_to_reference", attribute="group", reference="z")
    assert absent.note == "the reference group 'z' is not among the groups that are compared"
    assert not [m for m in asked("best").measures if "reference" in m.of]


def test_reasons_when_nothing_can_be_compared():
    alone = selection_rate(decided(("a", 20, 40)))
    assert alone.outcome is Outcome.INCONCLUSIVE
    assert alone.reason == "no attribute has two groups of 30 rows or more"
    assert alone.measure("selection_rate", attribute="group", group="a").value == 0.5
    assert alone.measure("impact_ratio", attribute="group").value is None
    assert selection_rate(subject(decision=[1, 0])).reason.startswith("no group column was supplied")
    assert selection_rate(subject(score=[0.1], groups="a")).reason.startswith("no decision was supplied")
    other = subject(decision=[1], groups="a", task=Task.REGRESSION)
    assert selection_rate(other).reason.startswith("a regression predicts numbers and decides nobody")


# Scoring rates

RULE = {
    "sex": (("Male", 92, 50, 1.0), ("Female", 76, 34, 0.82)),
    "race": (
        ("Hispanic or Latino", 28, 18, 1.0),
        ("White", 40, 15, 0.58),
        ("Black or African American", 32, 16, 0.78),
        ("Native Hawaiian or Pacific Islander", 8, 5, 0.97),
        ("Asian", 24, 10, 0.65),
    ),
}
"""The worked example of 6 RCNY 5-301(c): category, applicants, above the median, impact ratio as printed."""
RULE_RATES = {"Male": 0.543, "Female": 0.447, "Hispanic or Latino": 0.642, "White": 0.375, "Asian": 0.417}
RULE_RATES |= {"Black or African American": 0.5, "Native Hawaiian or Pacific Islander": 0.625}


@pytest.mark.parametrize("attribute", RULE)
def test_the_worked_example_of_new_york_citys_rule(attribute):
    """Scores of 1 are above the median 0.5, scores of 0 below; rates are printed to 0.001, ratios to 0.01.

    The race table of the rule lists 132 of 168 applicants; the others are given so that 84 are above.
    """
    rows = list(RULE[attribute])
    listed, above = sum(n for _, n, _, _ in rows), sum(hits for _, _, hits, _ in rows)
    rows.append((None, 168 - listed, 84 - above, None))
    score = [s for _, n, hits, _ in rows for s in [1.0] * hits + [0.0] * (n - hits)]
    names = [name for name, n, _, _ in rows for _ in range(n)]
    found = scoring_rate(subject(score=score, groups=names), min_group=1)
    assert found.measure("median_score").value == 0.5
    for name, n, _, printed in RULE[attribute]:
        rate = found.measure("scoring_rate", attribute="group", group=name)
        assert rate.n == n
        assert rate.value == pytest.approx(RULE_RATES[name], abs=1e-3)
        ratio = found.measure("impact_ratio", attribute="group", group=name)
        assert round(ratio.value, 2) == printed
    whole = found.measure("impact_ratio", attribute="group")
    assert round(whole.value, 2) == min(printed for _, _, _, printed in RULE[attribute])


@planted("fairness.scoring_rate", "speaks")
def test_a_group_scored_lower_is_seen():
    rng = np.random.default_rng(0)
    score = np.concatenate([rng.normal(1, 1, 200), rng.normal(0, 1, 200)])
    found = scoring_rate(subject(score=score, groups=["a"] * 200 + ["b"] * 200, task=Task.SCORING))
    assert found.measure("impact_ratio", attribute="group").high < 0.8


@planted("fairness.scoring_rate", "silent")
def test_groups_scored_alike_are_not_accused():
    score = np.random.default_rng(1).normal(size=400)
    found = scoring_rate(subject(score=score, groups=["a", "b"] * 200, task=Task.SCORING))
    assert found.measure("impact_ratio", attribute="group").high == 1
    assert found.measure("scoring_rate_gap", attribute="group").low == 0


def test_a_low_score_is_the_better_one_where_the_event_is_unwanted():
    """The score predicts default: group a, with low risk, has the higher scoring rate."""
    score, groups = [0.1] * 40 + [0.9] * 40, ["a"] * 40 + ["b"] * 40
    found = scoring_rate(subject(score=score, groups=groups, roles={"favourable": "0"}))
    assert found.measure("scoring_rate", attribute="group", group="a").value == 1


def test_missing_scores_are_left_out_of_median_and_rates():
    score = [0.0] * 40 + [1.0] * 40 + [np.nan] * 20
    found = scoring_rate(subject(score=score, groups=["a", "b"] * 50))
    assert found.measure("median_score").n == 80
    assert found.measure("scoring_rate", attribute="group", group="a").n == 40
    assert scoring_rate(subject(score=[np.nan], groups="a")).reason == "no row has a score"
    assert scoring_rate(subject(decision=[1], groups="a")).reason.startswith("no score was supplied")


@pytest.mark.parametrize("score", [[3.0, 1.0, 2.0], [4.0, 1.0, 2.0, 3.0], [1.0, 1.0, 5.0, 5.0]])
def test_the_weighted_median_is_that_of_the_repeated_rows(score):
    times = np.arange(1, len(score) + 1)
    assert pooled_median(np.array(score), times.astype(float)) == np.median(np.repeat(score, times))
    assert pooled_median(np.array(score), None) == np.median(score)


# Error rates


def negative_predictive_value(y_true, y_pred):
    return precision_score(1 - y_true, 1 - y_pred, zero_division=0)


ORACLES = {
    "true_positive_rate": true_positive_rate,
    "false_positive_rate": false_positive_rate,
    "false_negative_rate": false_negative_rate,
    "true_negative_rate": true_negative_rate,
    "positive_predictive_value": lambda y, p: precision_score(y, p, zero_division=0),
    "negative_predictive_value": negative_predictive_value,
    "false_discovery_rate": lambda y, p: 1 - precision_score(y, p, zero_division=0),
    "false_omission_rate": lambda y, p: 1 - negative_predictive_value(y, p),
    "accuracy": accuracy_score,
    "base_rate": lambda y, p: y.mean(),
}


def random_people(seed):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "race": rng.choice(list("ABC"), 900),
            "sex": rng.choice(list("FM"), 900),
            "y": rng.integers(0, 2, 900),
        }
    )
    return table.assign(p=np.where(rng.random(900) < 0.7, table.y, 1 - table.y))


def mortgage_people():
    table = pd.read_csv(MORTGAGE).rename(columns={"approve": "y"})
    table = table.assign(p=(table["probability"] >= 0.5).astype(int))
    return table.dropna(subset=["race", "sex"])[["race", "sex", "y", "p"]].reset_index(drop=True)


@pytest.mark.parametrize(
    "people", [random_people(0), random_people(1), mortgage_people()], ids=["1", "2", "mortgage"]
)
def test_rates_equal_fairlearns(people):
    """Every rate, gap and ratio, for single attributes and their crossing, to 1e-12."""
    assert set(ORACLES) == set(RATES)
    whole = subject(
        decision=people.p, actual=people.y, groups={"race": people.race.tolist(), "sex": people.sex.tolist()}
    )
    found, selected = error_rates(whole, min_group=1), selection_rate(whole, min_group=1)
    for attribute, columns in {"race": ["race"], "sex": ["sex"], "race*sex": ["race", "sex"]}.items():
        metrics = {**ORACLES, "selection_rate": fairlearn_selection_rate, "count": count}
        frame = MetricFrame(
            metrics=metrics, y_true=people.y, y_pred=people.p, sensitive_features=people[columns]
        )
        for name in (*ORACLES, "selection_rate"):
            evidence = selected if name == "selection_rate" else found
            for key, value in frame.by_group[name].items():
                group = key if isinstance(key, str) else "*".join(key)
                measure = evidence.measure(name, attribute=attribute, group=group)
                assert measure.value == pytest.approx(value, abs=1e-12)
            gap = evidence.measure(f"{name}_gap", attribute=attribute)
            if gap.note is None:  # otherwise a group was too small to be compared here
                assert gap.value == pytest.approx(frame.difference()[name], abs=1e-12)
        ratio = selected.measure("impact_ratio", attribute=attribute)
        assert ratio.value == pytest.approx(frame.ratio()["selection_rate"], abs=1e-12)
        for name, agg in (("equalized_odds_gap", "worst_case"), ("average_odds_gap", "mean")):
            odds = found.measure(name, attribute=attribute)
            expected = equalized_odds_difference(
                people.y, people.p, sensitive_features=people[columns], agg=agg
            )
            if odds.note is None:
                assert odds.value == pytest.approx(expected, abs=1e-12)


def confused(*groups):
    """Return a subject of groups given as (name, true +, false -, false +, true -)."""
    columns = ([], [], [])
    for name, *cells in groups:
        for (decision, actual), n in zip(((1, 1), (0, 1), (1, 0), (0, 0)), cells, strict=True):
            for column, value in zip(columns, (decision, actual, name), strict=True):
                column.extend([value] * n)
    return subject(decision=columns[0], actual=columns[1], groups=columns[2])


@planted("fairness.error_rates", "speaks")
def test_planted_errors_on_one_group_are_seen():
    """Of the deserving, a is found in 90 of 100 and b in 60: the gap 0.3, all of it above 0.1."""
    found = error_rates(confused(("a", 90, 10, 10, 90), ("b", 60, 40, 10, 90)))
    gap = found.measure("equal_opportunity_gap", attribute="group")
    assert gap.value == pytest.approx(0.3)
    assert gap.low > 0.1
    assert found.measure("equalized_odds_gap", attribute="group").low > 0.1
    assert found.measure("average_odds_gap", attribute="group").value == pytest.approx(0.15)
    assert found.measure("false_positive_rate_gap", attribute="group").low == 0
    rate = found.measure("false_negative_rate", attribute="group", group="b")
    assert (rate.value, rate.n) == (0.4, 100)


@planted("fairness.error_rates", "silent")
def test_equal_errors_are_not_accused():
    found = error_rates(confused(("a", 90, 10, 20, 180), ("b", 45, 5, 10, 90)))
    for name in ("equal_opportunity_gap", "equalized_odds_gap", "average_odds_gap", "accuracy_gap"):
        gap = found.measure(name, attribute="group")
        assert (gap.value, gap.low) == (pytest.approx(0, abs=1e-12), 0)


def test_a_group_with_few_positives_is_left_out_of_that_rate_only():
    """b has 9 positives and 91 negatives: compared for false positives, not for true ones."""
    found = error_rates(confused(("a", 90, 10, 10, 90), ("b", 5, 4, 10, 81)))
    assert found.measure("true_positive_rate_gap", attribute="group").value is None
    assert found.measure("false_positive_rate_gap", attribute="group").value is not None
    assert found.measure("equalized_odds_gap", attribute="group").value is None
    assert found.measure("uncompared_share", attribute="group").value == pytest.approx(100 / 300)


def test_rows_without_label_are_left_out_and_counted():
    whole = subject(decision=[1, 0] * 50, actual=[1, 0] * 45 + [None] * 10, groups=["a", "b"] * 50)
    found = error_rates(whole)
    assert found.measure("unusable_share").value == pytest.approx(0.1)
    assert found.measure("accuracy", attribute="group", group="a").n == 45


def test_error_rates_need_a_label_and_a_decision():
    assert error_rates(subject(decision=[1], groups="a")).reason == (
        "no label column was supplied; name the column that holds what really happened"
    )
    assert error_rates(subject(actual=[1], groups="a")).reason.startswith("no decision was supplied")
    nothing = subject(decision=["1"], actual=[None], groups="a")
    assert error_rates(nothing).reason.startswith("no row has all that is needed")
    weightless = subject(
        decision=[1],
        actual=[1],
        groups="a",
        columns={"w": [0]},
        roles={"weight": "w", "weight_kind": "frequency"},
    )
    assert error_rates(weightless).reason == "the weights of the usable rows are all 0"


def test_counts_are_exact_and_rates_are_estimates():
    found = selection_rate(decided(("a", 30, 40), ("b", 10, 40)))
    kinds = {m.name: m.kind for m in found.measures}
    assert kinds["selection_rate"] is Kind.ESTIMATE
    assert kinds["uncompared_share"] is kinds["not_stated_count"] is Kind.EXACT

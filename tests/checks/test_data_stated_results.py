"""Published figures: what follows from the counts, what rounding explains, and what does neither."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from checks.data.figures import Verdict, column, compare
from checks.data.stated_results import stated_results
from checks.model import Outcome
from tests.checks.builders import counted, credit, subject
from tests.checks.planted import planted

RULE = {
    "sex": [("Male", 92, 50, "0.543", "1.00"), ("Female", 76, 34, "0.447", "0.82")],
    "race": [
        ("Hispanic or Latino", 28, 18, "0.642", "1.00"),
        ("White", 40, 15, "0.375", "0.58"),
        ("Black or African American", 32, 16, "0.500", "0.78"),
        ("Native Hawaiian or Pacific Islander", 8, 5, "0.625", "0.97"),
        ("Asian", 24, 10, "0.417", "0.65"),
    ],
}
"""The worked example of 6 RCNY 5-301(c): people, above the median, rate and ratio as the rule prints them."""


def shares(evidence):
    names = ("following_share", "rounding_share", "contradicted_share")
    return tuple(evidence.measure(name).value for name in names)


def line(evidence, figure, group):
    """Return published, recomputed, verdict and how of one figure."""
    (table,) = evidence.tables
    (row,) = [row for row in table.rows if row[0] == figure and row[2] == group]
    return row[5:]


@planted("data.stated_results", "silent")
def test_the_worked_example_of_new_york_citys_rule_follows_but_for_one_rate_that_it_cuts_off():
    """18 of 28 is 0.6428..., printed as 0.642."""
    evidence = stated_results(counted(RULE))
    assert shares(evidence) == (13 / 14, 1 / 14, 0)
    assert evidence.measure("contradicted_figures").value == 0
    printed, computed, verdict, how = line(evidence, "rate", "Hispanic or Latino")
    assert (printed, verdict) == ("0.642", "explained by rounding")
    assert "cut off" in how
    assert computed == 18 / 28


@planted("data.stated_results", "speaks")
def test_figures_that_the_counts_contradict_are_named():
    """A rate too high by one hundredth and the ratio made of it; the difference says by how much."""
    tables = {"sex": [("f", 200, 80, "0.41", "0.82"), ("m", 200, 100, "0.50", "1.00")]}
    evidence = stated_results(counted(tables))
    assert shares(evidence) == (0.5, 0.25, 0.25)
    assert evidence.measure("contradicted_figures").value == 1
    difference = evidence.measure("rate_difference", attribute="sex", group="f")
    assert difference.value == pytest.approx(-0.01)
    assert difference.note.startswith("does not follow")
    assert "ratio of the rates as published" in line(evidence, "ratio", "f")[-1]


def test_a_ratio_that_neither_counts_nor_rates_give_does_not_follow():
    tables = {"sex": [("f", 200, 80, "0.40", "0.90"), ("m", 200, 100, "0.50", "1.00")]}
    assert line(stated_results(counted(tables)), "ratio", "f")[2] == "does not follow"


def test_ratios_of_rates_rounded_before_dividing_are_explained_even_where_no_rates_are_printed():
    """1 of 7 is 0.14 and 2 of 9 is 0.22: 0.14 / 0.22 is 0.636, while the counts give 0.643."""
    tables = {"sex": [("f", 7, 1, None, "0.636"), ("m", 9, 2, None, "1.000")]}
    published, computed, verdict, how = line(stated_results(counted(tables)), "ratio", "f")
    assert (published, verdict) == ("0.636", "explained by rounding")
    assert computed == pytest.approx(9 / 14)
    assert "rates of 2 places" in how


@pytest.mark.parametrize(
    ("texts", "percent", "how"),
    [
        (["40%", "50%"], True, "percent sign"),
        (["40", "50.0"], True, "over 1"),
        (["0.4", "0.5"], False, "shares"),
        (["0.9%", "0.5"], True, "percent sign"),
    ],
)
def test_how_a_column_is_written_is_settled_once_and_said(texts, percent, how):
    written = column(texts, (), most=1)
    assert written.percent is percent
    assert how in written.how


def test_small_percentages_without_a_sign_are_read_by_what_fits():
    """0.8 and 0.5 could be shares; of 8 in 1,000 and 5 in 1,000 they are percent."""
    tables = {"sex": [("f", 1000, 8, "0.8", None), ("m", 1000, 5, "0.5", None)]}
    evidence = stated_results(counted(tables))
    assert shares(evidence) == (1, 0, 0)
    assert "fits the counts" in line(evidence, "rate", "f")[-1]


@pytest.mark.parametrize("spelt", [("40%", "50%"), ("40", "50"), ("0.40", "0.50"), ("40.0%", "50.0%")])
def test_a_figure_follows_however_it_is_spelt(spelt):
    tables = {"sex": [("f", 10, 4, spelt[0], "80%"), ("m", 10, 5, spelt[1], "100%")]}
    assert shares(stated_results(counted(tables))) == (1, 0, 0)


def test_a_reference_without_categories_under_two_percent_is_tried_and_named():
    """c is 1 % of the people and has the highest rate; the publisher left it out of the ratios."""
    rows = [("a", 600, 300, None, "1.00"), ("b", 390, 117, None, "0.60"), ("c", 10, 9, None, None)]
    evidence = stated_results(counted({"race": rows}))
    assert shares(evidence) == (1, 0, 0)
    assert "2 % of the people or more (`a`)" in line(evidence, "ratio", "b")[-1]
    with_all = [("a", 600, 300, None, "0.56"), ("b", 390, 117, None, "0.33"), ("c", 10, 9, None, "1.00")]
    evidence = stated_results(counted({"race": with_all}))
    assert shares(evidence) == (1, 0, 0)
    assert "the highest rate (`c`)" in line(evidence, "ratio", "b")[-1]


def test_a_declared_reference_is_tried_too():
    rows = [("a", 100, 50, None, "2.0"), ("b", 100, 25, None, "1.0")]
    assert shares(stated_results(counted({"race": rows})))[2] > 0
    evidence = stated_results(counted({"race": rows}, references={"race": "b"}))
    assert shares(evidence) == (1, 0, 0)
    assert "declared reference (`b`)" in line(evidence, "ratio", "a")[-1]


def test_one_reference_is_taken_for_all_ratios_of_an_attribute():
    """Each ratio fits some reference, but no reference fits both: one of them must not follow."""
    rows = [("a", 600, 300, None, "0.56"), ("b", 390, 117, None, "0.60"), ("c", 10, 9, None, None)]
    assert shares(stated_results(counted({"race": rows}))) == (0.5, 0, 0.5)


def test_not_stated_is_no_reference():
    rows = [("a", 100, 50, None, "1.0"), ("not stated", 100, 90, None, None)]
    assert shares(stated_results(counted({"race": rows}))) == (1, 0, 0)


def test_figures_beside_suppressed_or_empty_counts_are_listed_and_not_judged():
    rows = [("a", 100, 50, "0.5", "1"), ("b", None, None, "0.4", "0.8"), ("c", 0, 0, "0", None)]
    evidence = stated_results(counted({"race": rows}))
    assert evidence.outcome is Outcome.MEASURED
    assert evidence.measure("checked_figures").value == 2
    assert evidence.measure("checked_figures").n == 5
    assert line(evidence, "rate", "b")[1:3] == (None, "cannot be checked")
    assert "nobody" in line(evidence, "rate", "c")[-1]
    assert shares(evidence) == (1, 0, 0)


def test_what_cannot_be_answered_says_why():
    assert stated_results(credit(50, 50)).outcome is Outcome.NOT_APPLICABLE
    bare = stated_results(counted({"race": [("a", 10, 5)]}))
    assert bare.outcome is Outcome.NOT_APPLICABLE
    assert "rate" in bare.reason
    hidden = stated_results(counted({"race": [("a", None, None, "0.5", None)]}))
    assert hidden.outcome is Outcome.INCONCLUSIVE
    zero = stated_results(counted({"race": [("a", 10, 0, None, "1"), ("b", 10, 0, None, "1")]}))
    assert zero.outcome is Outcome.INCONCLUSIVE
    assert stated_results(subject(decision=[1, 0], groups="ab")).outcome is Outcome.NOT_APPLICABLE


def test_figures_of_one_column_may_drop_zeros_but_not_places():
    """0.5 beside 0.375 is 0.500; where 0.5 stands for 0.54 it has fewer places than the others."""
    written = column(["0.5", "0.375"], (), most=1)
    assert compare("0.5", written, Fraction(1, 2))[0] is Verdict.FOLLOWS
    verdict, how = compare("0.5", written, Fraction(54, 100))
    assert verdict is Verdict.ROUNDING
    assert "fewer places" in how
    assert compare("0.5", written, Fraction(61, 100))[0] is Verdict.CONTRADICTED


def test_printed_figures_follow_by_either_rule_of_half():
    """0.125 is 0.13 by the one and 0.12 by the other, exactly and never by binary chance."""
    written = column(["0.12"], (), most=1)
    assert {compare(text, written, Fraction(1, 8))[0] for text in ("0.12", "0.13")} == {Verdict.FOLLOWS}
    assert compare("0.14", written, Fraction(1, 8))[0] is Verdict.CONTRADICTED


def test_whatever_is_printed_by_rounding_follows():
    """Random counts, figures printed to 0 to 4 places as shares or percent: nothing is ever accused."""
    rng = np.random.default_rng([5, 144])
    for _ in range(60):
        n = rng.integers(1, 400, 4)
        chosen = np.maximum(rng.binomial(n, 0.5), [1, 0, 0, 0])
        percent, places = rng.random() < 0.5, int(rng.integers(1, 5))
        sign, scale = ("%", 100) if percent else ("", 1)
        rates = [Fraction(int(h), int(m)) for h, m in zip(chosen, n, strict=True)]
        rows = [
            (
                name,
                int(m),
                int(h),
                f"{float(rate) * scale:.{places}f}{sign}",
                f"{float(rate / max(rates)):.3f}",
            )
            for name, m, h, rate in zip("abcd", n, chosen, rates, strict=True)
        ]
        assert shares(stated_results(counted({"race": rows})))[2] == 0, rows

"""Numbers, names and verdicts read the same everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.model import Kind, Measure
from checks.names import crossed, split
from frameworks.model import Basis, State, Verdict
from reports import terms, wording
from reports.characters import shown
from reports.language import LANGUAGES, speaking


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.78437, "0.784"),
        (1.0, "1.000"),
        (0, "0.000"),
        (-0.0, "0.000"),
        (0.00041, "0.00041"),
        (-0.25, "−0.250"),
        (1e-9, "under 0.000001"),
        (-1e-9, "a little under 0"),
        (123.456, "123.46"),
        (65432.1, "65,432.1"),
        (None, "undefined"),
    ],
)
def test_a_number(value, text):
    assert wording.number(value) == text


def test_a_number_never_looks_equal_to_the_limit_that_it_misses():
    assert wording.number(0.79996, beside=0.8) == "0.79996"
    assert wording.number(0.8, beside=0.8) == "0.800"


@given(st.floats(-1e6, 1e6, allow_nan=False))
def test_every_finite_number_has_a_spelling_near_its_value(value):
    text = wording.number(value)
    if not text.startswith(("under", "a little")):
        read = float(text.replace(",", "").replace("−", "-"))
        assert read == pytest.approx(value, rel=0.06, abs=1e-6)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", [0.784, -0.03, 65432.1, 0.00041, 0.0, 1e-9, -1e-9, -1234.5])
def test_a_text_says_by_which_number_it_sorts(language, value):
    with speaking(language):
        assert wording.leading(wording.number(value)) == pytest.approx(value, rel=0.06, abs=1e-6)
        assert wording.leading(f"{wording.count(1_234_567)} ({wording.interval(3, 4)})") == 1_234_567
        assert wording.leading(wording.undefined()) is None


@pytest.mark.parametrize(
    ("value", "text"), [(1989, "1,989"), (12.5, "12.5"), (0, "0"), (None, "not stated"), (1e6, "1,000,000")]
)
def test_a_count(value, text):
    assert wording.count(value) == text


def test_an_interval_or_its_absence():
    assert wording.interval(0.712, 0.8531) == "0.712 to 0.853"
    assert wording.interval(None, 0.9) == "not estimated"


def test_a_measure_reads_with_its_interval():
    measure = Measure("impact_ratio", 0.784, 0.712, 0.853, 1989)
    assert wording.measured(measure).replace("\u00a0", " ") == "0.784 (0.712 to 0.853)"
    assert wording.measured(Measure("k", 5, n=10, kind=Kind.EXACT, unit="rows")) == "5"
    assert wording.measured(Measure("constant_output", 1.0, kind=Kind.EXACT, unit="flag")) == "yes"


def test_exact_shares_keep_their_places():
    assert wording.quantity(1.0, kind="exact", unit="proportion") == "1.000"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.784, "78 of every 100"),
        (0.001, "fewer than 1 of every 100"),
        (0.999, "more than 99 of every 100"),
        (0.0, "0 of every 100"),
        (1.0, "100 of every 100"),
    ],
)
def test_a_rate_for_people_who_do_not_read_decimals(share, text):
    assert wording.per_hundred(share) == text


def test_p_values():
    assert wording.p_value(0.0004) == "p < 0.001"
    assert wording.p_value(0.0324) == "p = 0.032"


@pytest.mark.parametrize(
    ("bound", "text"),
    [
        ({"at_least": 0.8}, "at least 0.8"),
        ({"at_most": 365.0}, "at most 365"),
        ({"equals": 1}, "exactly 1"),
        ({"reported": True}, "reported for all groups; no limit"),
        ({}, "no limit"),
    ],
)
def test_a_bound_reads_as_it_was_written(bound, text):
    assert wording.limit(bound) == text


def test_every_verdict_state_and_basis_has_words():
    for verdict in Verdict:
        assert verdict.value in terms.VERDICTS
        assert verdict.value in wording.verdict_meanings()
    assert {s.value for s in State} == terms.STATES.keys()
    assert {b.value for b in Basis} == terms.BASES.keys()


def test_words_assess_and_never_absolve():
    said = " ".join([*terms.VERDICTS.values(), *terms.VERDICT_MEANINGS.values(), *terms.BASES.values()])
    assert not {"unbiased", "safe", "compliant", "fair"} & set(said.lower().split())


def test_a_name_that_would_fill_pages_is_cut_and_told_from_others_alike():
    alike = ["m" * 9_999 + end for end in "ab"]
    told = [wording.group(name) for name in alike]
    assert len(set(told)) == 2
    assert all(one.startswith("m" * 120 + "… (10,000 characters, SHA-256 ") for one in told)
    assert all(len(one) < 200 for one in told)
    assert wording.group("m" * 400) == "m" * 400
    assert wording.where({"feature": alike[0]}) == told[0]
    assert wording.where({"attribute": "a*b", "group": f"{alike[0]}*x"}) == f"a × b: {told[0]} × x"


def test_intersections_read_with_a_cross():
    assert crossed("race*sex") == "race × sex"
    assert crossed(r"a\*b*c\\") == "a*b × c\\"
    assert wording.where({"attribute": "race*sex", "group": "B*F"}) == "race × sex: B × F"
    assert wording.where({}) == ""


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_crossing_is_undone_by_splitting(parts):
    joined = "*".join(part.replace("\\", "\\\\").replace("*", "\\*") for part in parts)
    assert split(joined) == tuple(parts)


def test_a_grade_is_of_texts_whether_reasons_or_notices():
    assert wording.measure("documentation.plain_language.reading_grade") == "school grade of English texts"


@pytest.mark.parametrize(
    ("share", "spelt"), [(0.021, "2.1"), (0.33, "33"), (1.5, "150"), (0.1, "10"), (0.08, "8")]
)
def test_per_cent_without_digits_that_nobody_needs(share, spelt):
    assert wording.percent(share) == f"{spelt}\u00a0%"


def test_a_name_that_begins_a_sentence_stays_as_it_was_given():
    assert wording.stopped("meets_credit_guidelines, by 0.571") == "meets_credit_guidelines, by 0.571."
    assert wording.sentence("nothing was measured") == "Nothing was measured."


def test_a_unit_names_a_class_as_it_is_spelt():
    assert wording.unit("probability of 'pre-paid_2'") == "probability of 'pre-paid_2'"
    assert wording.unit("log-odds") == "log odds"


def test_measures_read_as_words():
    assert wording.measure("fairness.error_rates.true_positive_rate_gap") == "gap in true positive rate"
    assert wording.measure("roc_auc") == "AUC"


@pytest.mark.parametrize("char", ["\u202e", "\u2066", "\u200f", "\x00", "\x1b", "\x07", "\u2028", "\ud800"])
def test_characters_that_hide_are_shown(char):
    assert shown(f"a{char}b") == f"a\u2039U+{ord(char):04X}\u203ab"


def test_other_scripts_stay_as_they_are():
    for text in ("漢字", "עברית", "naïve", "😀", "a\u200db"):
        assert shown(text) == text
    assert shown("two\nlines") == "two lines"


def test_a_recorded_sentence_cuts_a_name_that_would_fill_pages():
    told = wording.recorded(
        f"For race, where {'x' * 9000} stands worst: the interval reaches across the limit."
    )
    assert len(told) < 300
    assert "9,000 characters, SHA-256" in told
    assert told.endswith(" stands worst: the interval reaches across the limit.")

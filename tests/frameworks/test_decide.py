"""One number against one bound."""

from __future__ import annotations

import math

import pytest
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from checks.model import Kind, Measure
from frameworks.decide import LEVEL, decide, errors_outside, holm, is_tested, p_outside
from frameworks.model import Bound, Decide, Verdict

MET, NOT_MET, UNDECIDED = Verdict.MET, Verdict.NOT_MET, Verdict.UNDECIDED


def estimate(low, value, high):
    return Measure("rate", value, low, high, note="undefined" if value is None else None)


HIGH = {
    "inside": (0.6, 0.7, 0.8),
    "touching": (0.5, 0.6, 0.7),
    "across": (0.4, 0.6, 0.7),
    "touching outside": (0.3, 0.4, 0.5),
    "outside": (0.2, 0.3, 0.4),
}
LOW = {where: tuple(1 - number for number in reversed(interval)) for where, interval in HIGH.items()}
STRICT = {
    "inside": MET,
    "touching": UNDECIDED,
    "across": UNDECIDED,
    "touching outside": NOT_MET,
    "outside": NOT_MET,
}
LENIENT = STRICT | {"touching": MET, "touching outside": UNDECIDED}


@pytest.mark.parametrize("where", HIGH)
@pytest.mark.parametrize(
    ("operator", "intervals", "verdicts"),
    [("at_least", HIGH, LENIENT), ("at_most", LOW, LENIENT), ("above", HIGH, STRICT), ("below", LOW, STRICT)],
)
def test_an_interval_decides_only_as_a_whole(operator, intervals, verdicts, where):
    """Wholly inside is met, wholly outside not met; a limit that is touched counts as the operator says."""
    assert decide(Bound(operator, 0.5), estimate(*intervals[where])) is verdicts[where]


@pytest.mark.parametrize(
    ("operator", "at", "over", "under"),
    [
        ("at_least", MET, MET, NOT_MET),
        ("at_most", MET, NOT_MET, MET),
        ("above", NOT_MET, MET, NOT_MET),
        ("below", NOT_MET, NOT_MET, MET),
        ("equals", MET, NOT_MET, NOT_MET),
    ],
)
def test_an_exact_number_decides_alone(operator, at, over, under):
    measured = [Measure("k", value, kind=Kind.EXACT) for value in (5, 6, 4)]
    assert [decide(Bound(operator, 5), one) for one in measured] == [at, over, under]


@pytest.mark.parametrize(("value", "verdict"), [(0.81, MET), (0.79, NOT_MET)])
def test_a_point_decides_alone_where_the_source_says_so(value, verdict):
    assert decide(Bound("at_least", 0.8, Decide.POINT), estimate(0.5, value, 0.95)) is verdict


def test_an_estimate_without_interval_is_undecided():
    assert decide(Bound("at_least", 0.8), Measure("ratio", 0.99)) is UNDECIDED
    assert decide(Bound("at_least", 0.8), Measure("ratio", 0.99, low=0.9)) is UNDECIDED


@pytest.mark.parametrize("decided", list(Decide))
def test_an_undefined_number_is_undecided(decided):
    assert decide(Bound("at_least", 0.8, decided), Measure("ratio", None, note="no rows")) is UNDECIDED


def test_an_estimate_never_equals_a_number():
    assert decide(Bound("equals", 1.0), estimate(1.0, 1.0, 1.0)) is UNDECIDED


@pytest.mark.parametrize("operator", ["at_least", "at_most"])
@pytest.mark.parametrize("ratio", [False, True])
def test_the_p_value_is_0_025_where_the_interval_touches_the_limit(operator, ratio):
    measured = estimate(0.4, 0.55, 0.7)
    touched = 0.7 if operator == "at_least" else 0.4
    p = p_outside(Bound(operator, touched), measured, ratio=ratio)
    assert p == pytest.approx(LEVEL, rel=1e-12)


def test_the_p_value_by_hand():
    """A gap of 0.3, four standard errors of 0.05 over its limit of 0.1."""
    half = 0.05 * norm.isf(0.025)
    p = p_outside(Bound("at_most", 0.1), estimate(0.3 - half, 0.3, 0.3 + half), ratio=False)
    assert p == pytest.approx(norm.sf(4), rel=1e-9)


def test_a_ratio_is_tested_on_its_logarithm():
    error = 0.1
    z = norm.isf(0.025)
    measured = estimate(0.5 * math.exp(-z * error), 0.5, 0.5 * math.exp(z * error))
    p = p_outside(Bound("at_least", 0.8), measured, ratio=True)
    assert p == pytest.approx(norm.sf(math.log(0.8 / 0.5) / error), rel=1e-9)


def test_a_ratio_of_zero_has_no_logarithm_but_a_p_value():
    assert p_outside(Bound("at_least", 0.8), estimate(0.0, 0.0, 0.2), ratio=True) < 1e-6


def test_a_number_without_error_is_infinitely_far_from_its_limit():
    assert errors_outside(Bound("at_most", 0.1), 0.2, 0.2, 0.2, ratio=False) == math.inf
    assert errors_outside(Bound("at_most", 0.1), 0.0, 0.0, 0.1, ratio=False) == -math.inf
    assert errors_outside(Bound("equals", 0), 3, None, None, ratio=False) == math.inf
    assert errors_outside(Bound("at_least", 5), 9, None, None, ratio=False) == -math.inf


def test_only_estimates_held_against_a_limit_by_their_interval_are_tested():
    inside = estimate(0.6, 0.7, 0.8)
    assert is_tested(Bound("at_least", 0.5), inside)
    assert not is_tested(Bound("at_least", 0.5, Decide.POINT), inside)
    assert not is_tested(Bound("reported", None), inside)
    assert not is_tested(Bound("at_least", 0.5), Measure("k", 3, kind=Kind.EXACT))
    assert not is_tested(Bound("at_least", 0.5), Measure("rate", 0.7))


@pytest.mark.parametrize("p_values", [[0.01], [0.04, 0.01, 0.03], [0.5, 0.001, 0.02, 0.02, 0.9], []])
def test_holm_equals_statsmodels(p_values):
    expected = multipletests(p_values, method="holm")[1] if p_values else []
    assert holm(p_values) == pytest.approx(list(expected))

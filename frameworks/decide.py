"""Hold one number against one bound: met, not met or undecided, and how surely."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from checks.model import Kind, Measure
from frameworks.model import Bound, Decide, Verdict

LEVEL = 0.025
"""One-sided level of *not met*: that of the outer bound of a 95 % interval."""

_SAME = 1e-12
"""Numbers this close are the same: 0.6 / 0.75 is 0.8 but for its last bit."""

_Z = NormalDist().inv_cdf(1 - LEVEL)


def holds(bound: Bound, number: float) -> bool:
    """Return whether *number* lies inside *bound*. Four fifths by division are four fifths."""
    if bound.limit is None:
        return True
    if math.isclose(number, bound.limit, rel_tol=_SAME, abs_tol=_SAME):
        return bound.operator in ("at_least", "at_most", "equals")
    match bound.operator:
        case "at_least" | "above":
            return number > bound.limit
        case "at_most" | "below":
            return number < bound.limit
        case _:
            return False


def decide(bound: Bound, measured: Measure) -> Verdict:
    """Met only when the whole interval is inside the bound; not met only when all of it is outside."""
    if measured.value is None:
        return Verdict.UNDECIDED
    if measured.kind is Kind.EXACT or bound.decide is Decide.POINT:
        return Verdict.MET if holds(bound, measured.value) else Verdict.NOT_MET
    if measured.low is None or measured.high is None or bound.operator == "equals":
        return Verdict.UNDECIDED
    inside = {holds(bound, measured.low), holds(bound, measured.high), holds(bound, measured.value)}
    if len(inside) == 2:
        return Verdict.UNDECIDED
    return Verdict.MET if inside == {True} else Verdict.NOT_MET


def is_tested(bound: Bound, measured: Measure) -> bool:
    """Return whether *measured* is an estimate whose interval is held against a one-sided limit."""
    return (
        bound.limit is not None
        and bound.operator != "equals"
        and bound.decide is Decide.INTERVAL
        and measured.kind is Kind.ESTIMATE
        and None not in (measured.value, measured.low, measured.high)
    )


def errors_outside(
    bound: Bound, value: float, low: float | None, high: float | None, *, ratio: bool
) -> float:
    """Return how many standard errors *value* lies outside *bound* (inside: negative).

    The standard error is that of the interval's side that faces the limit, on the logarithm for a ratio,
    so that a bound that touches the limit is exactly 1.96 errors away. A number without an interval is
    infinitely far from its limit.
    """
    assert bound.limit is not None
    if bound.operator == "equals":
        return -math.inf if value == bound.limit else math.inf
    upward = bound.operator in ("at_least", "above")
    facing = high if upward else low
    limit = bound.limit
    if facing is None:
        return -math.inf if holds(bound, value) else math.inf
    if ratio and min(value, facing, limit) > 0:
        value, facing, limit = math.log(value), math.log(facing), math.log(limit)
    error = abs(facing - value) / _Z
    outside = limit - value if upward else value - limit
    if error == 0:
        return -math.inf if holds(bound, value) else math.inf
    return outside / error


def p_outside(bound: Bound, measured: Measure, *, ratio: bool) -> float:
    """Return the one-sided p-value of the claim that the number lies inside *bound*.

    It inverts the reported interval by a normal approximation: 0.025 exactly where the interval's bound
    that faces the limit touches it.
    """
    assert measured.value is not None
    errors = errors_outside(bound, measured.value, measured.low, measured.high, ratio=ratio)
    return math.erfc(errors / math.sqrt(2)) / 2  # keeps its digits far out, where 1 - cdf has none


def holm(p_values: Sequence[float]) -> list[float]:
    """Return *p_values* adjusted for their number by Holm's method, in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for step, i in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - step) * p_values[i]))
        adjusted[i] = running
    return adjusted

"""How well an attack worked: areas, rates at few false alarms, and what an accusation is worth.

Every function takes the attacker's certainty of the members and of the others; higher accuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from checks.model import Array, Measure
from checks.statistics import (
    LEVEL,
    clopper_pearson,
    clopper_pearson_limits,
    estimate,
    hanley_mcneil,
    roc_auc,
    undefined,
    wilson_limits,
)

ONE_IN_A_THOUSAND = 10_000
"""Others that a rate at 0.1 % false alarms needs: ten false alarms."""
THRESHOLDS = 5
"""Cut-offs at which the empirical epsilon is looked for."""


def auc(members: Array, others: Array, of: Mapping[str, str]) -> Measure:
    """Return the chance that a member is accused before another."""
    member = np.repeat([True, False], [len(members), len(others)])
    area = roc_auc(member, np.concatenate([members, others]))
    return hanley_mcneil("auc", area, len(members), len(others), of=of)


def less_drift(raw: Measure, drift: Measure) -> Measure:
    """Return *raw* minus what the files differ by anyway, with Newcombe's hybrid of both intervals."""
    area, low, high = _known(raw)
    other, other_low, other_high = _known(drift)
    value = area - max(other - 0.5, 0.0)
    low, high = np.hypot(area - low, other_high - other), np.hypot(high - area, other - other_low)
    return replace(
        raw,
        value=value,
        low=float(max(value - low, 0)),
        high=float(min(value + high, 1)),
        method=f"{raw.method}, less the excess of drift_auc over 0.5 (hybrid of both intervals)",
        note="uncertain comparison: the files may differ without the model, and that difference is taken off",
    )


def _known(measure: Measure) -> tuple[float, float, float]:
    """Return value and limits of an area that has them, as every area of both sides has."""
    assert measure.value is not None
    assert measure.low is not None
    assert measure.high is not None
    return measure.value, measure.low, measure.high


def threshold(others: Array, share: float) -> float:
    """Return the lowest score above which at most *share* of the others stand."""
    return float(np.sort(others)[::-1][int(np.floor(share * len(others)))])


def found(name: str, members: Array, others: Array, share: float, of: Mapping[str, str]) -> Measure:
    """Return the share of members above the threshold that accuses at most *share* of the others."""
    above = threshold(others, share)
    accused = int((others > above).sum())
    note = f"{accused} of {len(others)} other rows accused; the interval takes the threshold as given"
    return clopper_pearson(name, int((members > above).sum()), len(members), of=of, note=note)


def at_one_in_a_thousand(members: Array, others: Array, of: Mapping[str, str]) -> Measure:
    """Return the share found at 0.1 % false alarms, or that so few rows cannot tell."""
    name = "tpr_at_fpr_0_1pct"
    if len(others) >= ONE_IN_A_THOUSAND:
        return found(name, members, others, 0.001, of)
    why = f"not measurable with {len(others)} evaluation rows; {ONE_IN_A_THOUSAND:,} are needed"
    return undefined(name, why, n=len(members), of=of)


def advantage(members: Array, others: Array, of: Mapping[str, str]) -> Measure:
    """Return the largest true minus false positive rate over all thresholds."""
    points = np.unique(np.concatenate([members, others]))
    above = [1 - np.searchsorted(np.sort(s), points, side="left") / len(s) for s in (members, others)]
    value = float(max((above[0] - above[1]).max(), 0.0))
    tail = np.log(4 / (1 - LEVEL))
    half = float(sum(np.sqrt(tail / (2 * len(s))) for s in (members, others)))
    method = f"largest difference, Dvoretzky-Kiefer-Wolfowitz {LEVEL:.0%}"
    low, high = max(value - half, 0.0), min(value + half, 1.0)
    return estimate("advantage", value, low, high, len(members), of=of, method=method)


def ppv(rate: Measure, prior: float) -> Measure:
    """Return the share of right accusations at a false positive rate of 1 %, from the share found."""

    def right(value: float | None) -> float:
        hits = prior * (value or 0.0)
        return hits / (hits + (1 - prior) * 0.01)

    method = f"Bayes' rule, prior {prior}, false positive rate 0.01, limits of tpr_at_fpr_1pct"
    limits = right(rate.value), right(rate.low), right(rate.high)
    return estimate("ppv", *limits, rate.n or 0, of=rate.of, method=method)


def high_risk(members: Array, others: Array, of: Mapping[str, str]) -> Measure:
    """Return the share of members whose score stands above (nearly) every other's."""
    above = threshold(others, 0.001)
    chance = (int((others > above).sum()) + 1) / (len(others) + 1)
    note = f"above the 99.9 % quantile of the others; about {chance:.2g} would be so by chance"
    return clopper_pearson("high_risk_share", int((members > above).sum()), len(members), of=of, note=note)


def empirical_epsilon(
    members: Array, others: Array, of: Mapping[str, str], rng: np.random.Generator
) -> Measure:
    """Return a lower bound of the epsilon that this attack allows, from cut-offs chosen on half of the rows.

    A mechanism with (epsilon, 0)-differential privacy keeps ln(TPR / FPR) and ln(TNR / FNR) under epsilon.
    """
    halves = [rng.permutation(len(side)) % 2 == 0 for side in (members, others)]
    first = members[halves[0]], others[halves[1]]
    second = members[~halves[0]], others[~halves[1]]
    cuts = np.unique(np.quantile(np.concatenate(first), np.linspace(0, 1, 401)))
    rates = [_above(side, cuts) / len(side) for side in first]
    low, high = wilson_limits(rates[0], len(first[0]))[0], wilson_limits(rates[1], len(first[1]))[1]
    gains = np.maximum(_ratio(low, high), _ratio(1 - high, 1 - low))
    best = cuts[np.argsort(-gains, kind="stable")[:THRESHOLDS]]
    level = 1 - (1 - LEVEL) / len(best)  # one limit of either rate at every cut-off, all together at 95 %
    value = 0.0
    for cut in best:
        tpr_low, fpr_high = (
            clopper_pearson_limits(int((side > cut).sum()), len(side), level)[end]
            for end, side in enumerate(second)
        )
        for top, bottom in ((tpr_low, fpr_high), (1 - fpr_high, 1 - tpr_low)):
            if top > bottom:
                value = max(value, float(np.log(top / bottom)))
    method = f"largest of {len(best)} log ratios on held-out halves, Clopper-Pearson {LEVEL:.0%}, Bonferroni"
    note = "a lower bound, shown by this attack on this one model; no certificate of differential privacy"
    return estimate(
        "empirical_epsilon", value, value, None, len(members), of=of, unit="epsilon", method=method, note=note
    )


def _above(side: Array, cuts: Array) -> Array:
    return np.asarray(len(side) - np.searchsorted(np.sort(side), cuts, side="right"))


def _ratio(top: Array, bottom: Array) -> Array:
    """Return top over bottom; 0 where the bottom is 0, as everybody is then on one side."""
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)

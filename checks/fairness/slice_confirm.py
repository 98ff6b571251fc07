"""Hold what the search found against the half that it never saw.

Everything here reads the held-back half only. The tests are one-sided, of a slice against everybody, and
Holm's correction over all that were tested bounds the chance that any slice at all is confirmed where no
slice differs. The worst of several slices has the limits of design: towards equality joint over them (Sidak),
away from it the plain ones, for the slice that is truly worst is one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr
from scipy.stats import hypergeom

from checks.fairness.slice_people import Half, Meaning
from checks.fairness.slice_search import Slice
from checks.model import Array
from checks.statistics import Proportions, Z
from checks.statistics.disparities import sidak_z
from checks.statistics.means import Means

FALSE_ALARM = 0.05
"""The chance that any slice is confirmed where no slice differs."""
DRAWS = 1999
MOST_DRAWN = 500
"""Larger slices have a mean that is near enough to normal, with its skewness corrected."""
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Side:
    """The loss of the slice, or of everybody else: a share of losses, or a mean."""

    loss: Proportions | Means

    @property
    def mean(self) -> float:
        """The mean loss."""
        return float(self.loss.value[0])

    def limits(self, z: float) -> tuple[float, float]:
        """Return limits of the mean at *z* standard errors."""
        low, high = self.loss.limits(z)
        return float(low[0]), float(high[0])

    def logs(self, z: float) -> tuple[float, float, float]:
        """Return the logarithm of what is kept (of no share: of the loss) and the distances to its limits."""
        if isinstance(self.loss, Means):
            value, floor = self.mean, TINY
            low, high = self.limits(z)
        else:
            kept = replace(self.loss, hits=self.loss.weight - self.loss.hits)
            value, floor = float(kept.value[0]), 0.5 / (float(kept.effective[0]) + 0.5)
            low, high = (float(limit[0]) for limit in kept.cautious_limits(z))
        told = float(np.log(max(value, floor)))
        below = told - float(np.log(low if value > 0 else floor * TINY))
        return told, max(below, 0.0), max(float(np.log(max(high, floor))) - told, 0.0)


@dataclass(frozen=True, slots=True)
class Held:
    """One slice in the held-back half."""

    slice: Slice
    people: float
    share: float
    """Part of everybody."""
    inside: Side
    others: Side
    p: float
    meaning: Meaning

    @property
    def gap(self) -> float:
        """Loss of the slice minus everybody's."""
        return (1 - self.share) * (self.inside.mean - self.others.mean)

    def gap_limits(self, z: float) -> tuple[float, float]:
        """Return limits of `gap`: Newcombe's hybrid against everybody else, scaled by their share."""
        (low, high), (under, over) = self.inside.limits(z), self.others.limits(z)
        mine, theirs = self.inside.mean, self.others.mean
        below, above = (
            float(np.hypot(mine - low, over - theirs)),
            float(np.hypot(high - mine, theirs - under)),
        )
        return self.gap - (1 - self.share) * below, self.gap + (1 - self.share) * above

    @property
    def ratio(self) -> float | None:
        """What the slice keeps over what all keep; where loss is no share, the loss of all over its."""
        mine, everybody = self.inside.mean, self.inside.mean - self.gap
        above, below = (1 - mine, 1 - everybody) if self.meaning.kept else (everybody, mine)
        return above / below if below > 0 else None

    def ratio_limits(self, z: float) -> tuple[float, float]:
        """Return limits of `ratio`: the hybrid on the logarithm against the others, made one over all."""
        kept = self.meaning.kept is not None
        mine, below, above = self.inside.logs(z)
        theirs, under, over = self.others.logs(z)
        low = float(np.exp(mine - theirs - np.hypot(below, over)))
        high = float(np.exp(mine - theirs + np.hypot(above, under)))
        part, rest = self.share, 1 - self.share
        if kept:
            return low / (part * low + rest), high / (part * high + rest)
        return part + rest / high, part + rest / low


def holds(found: Sequence[Slice], half: Half, meaning: Meaning, rng: np.random.Generator) -> tuple[Held, ...]:
    """Measure each slice in the held-back half and test whether it loses more than everybody."""
    weight = np.ones(len(half.loss)) if half.weight is None else half.weight
    drawn_from = np.cumsum(weight)
    held = []
    for one in found:
        inside = half.inside(one.conditions)
        people = float(weight[inside].sum())
        sides = [_side(half, weight, which, meaning) for which in (inside, ~inside)]
        p = _p_value(half, weight, inside, drawn_from, rng)
        held.append(Held(one, people, people / half.n, sides[0], sides[1], p, meaning))
    return tuple(held)


def _side(half: Half, weight: Array, which: Array, meaning: Meaning) -> Side:
    mine, own = half.loss[which], weight[which]
    people = float(own.sum())
    effective = people * half.effective_share
    if meaning.kept is None:
        return Side(Means.of_rows([(mine, own, people, effective)], edge=0.0))
    lost, sizes = np.array([float((own * mine).sum())]), np.array([people])
    return Side(Proportions(lost, sizes, sizes, np.array([effective])))


def _p_value(half: Half, weight: Array, inside: Array, drawn_from: Array, rng: np.random.Generator) -> float:
    """Test one-sided: exactly where people lose all or nothing, else against draws from everybody."""
    people, lost = float(weight[inside].sum()), float((weight * half.loss)[inside].sum())
    everybody = float(drawn_from[-1])
    share = bool(np.isin(half.loss, (0.0, 1.0)).all())
    if share and half.effective_share == 1:
        all_lost = round(float((weight * half.loss).sum()))
        return float(hypergeom.sf(round(lost) - 1, round(everybody), all_lost, round(people)))
    mean = float(np.average(half.loss, weights=weight))
    away = half.loss - mean
    variance = float(np.average(away**2, weights=weight))
    size = people * half.effective_share
    if half.effective_share == 1 and people <= MOST_DRAWN:
        at = np.searchsorted(drawn_from, rng.random((DRAWS, round(people))) * everybody, side="right")
        means = half.loss[np.minimum(at, len(half.loss) - 1)].mean(axis=1)
        return float((1 + (means >= lost / people).sum()) / (1 + DRAWS))
    z = (lost / people - mean) / float(np.sqrt(variance / size))
    skew = float(np.average(away**3, weights=weight)) / variance**1.5
    density = float(np.exp(-z * z / 2) / np.sqrt(2 * np.pi))
    return float(np.clip(ndtr(-z) + density * skew * (z * z - 1) / (6 * np.sqrt(size)), 0, 1))


def holm(p: Sequence[float]) -> list[float]:
    """Return the p-values after Holm's correction over all of them."""
    order = np.argsort(p, kind="stable")
    corrected, largest = np.empty(len(order)), 0.0
    for rank, at in enumerate(order):
        largest = max(largest, min((len(order) - rank) * p[at], 1.0))
        corrected[at] = largest
    return [float(value) for value in corrected]


def worst_gap(held: Sequence[Held]) -> tuple[float, float, float]:
    """Return the largest gap with limits."""
    together = sidak_z(len(held))
    return (
        max(one.gap for one in held),
        max(one.gap_limits(together)[0] for one in held),
        max(one.gap_limits(Z)[1] for one in held),
    )


def worst_ratio(held: Sequence[Held]) -> tuple[float | None, float, float]:
    """Return the lowest ratio with limits; no value where a slice has no ratio."""
    together = sidak_z(len(held))
    ratios = [one.ratio for one in held]
    known = [ratio for ratio in ratios if ratio is not None]
    return (
        min(known) if len(known) == len(ratios) else None,
        min(one.ratio_limits(Z)[0] for one in held),
        min(one.ratio_limits(together)[1] for one in held),
    )

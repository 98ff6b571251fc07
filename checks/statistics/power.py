"""How many rows a difference takes to be shown, and what comparing many groups costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from checks.statistics.disparities import Proportions, pair_count, sidak_z
from checks.statistics.intervals import Z

POWER = 0.8
"""The chance with which a planned comparison should show a difference that is there."""
_REACH = float(ndtri(POWER))


@dataclass(frozen=True, slots=True)
class Power:
    """What the sizes of these groups can show; normal approximations, at Sidak's level over all pairs."""

    detectable_gap: float
    """The gap that is shown with this power between the two groups that tell least of each other."""
    rows_needed: float | None
    """Rows of the same mix at which a gap as large as the one found is shown; None where there is none."""
    groups_cost: float
    """How many times as many rows these groups need as two of them would."""


def planned(groups: Proportions) -> Power:
    """Return what *groups*, two or more, can show."""
    size, rate = groups.effective, (groups.value * groups.effective + 0.5) / (groups.effective + 1)
    reach = sidak_z(pair_count(groups)) + _REACH
    pooled = float(np.average(rate, weights=size))
    first, second = np.sort(size)[:2]
    gap = reach * float(np.sqrt(pooled * (1 - pooled) * (1 / first + 1 / second)))
    least, most = int(groups.value.argmin()), int(groups.value.argmax())
    found = float(groups.value[most] - groups.value[least])
    variance = sum(rate[i] * (1 - rate[i]) / size[i] for i in (least, most))
    rows = float(groups.n.sum() * variance * (reach / found) ** 2) if found > 0 else None
    return Power(min(gap, 1.0), rows, (reach / (Z + _REACH)) ** 2)

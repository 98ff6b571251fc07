"""The highest and the lowest of many estimates, with limits that allow for having looked for it.

The largest of many numbers is pulled up by chance. As for gaps (`disparities`), two arguments give limits of
the true highest: it is above every lower limit, once these hold together (Sidak); and it is below the largest
of the plain upper limits, since the one that truly is highest is among them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from checks.model import Measure
from checks.statistics.disparities import Estimates, sidak_z
from checks.statistics.intervals import LEVEL, Z, estimate


def highest(
    name: str,
    estimates: Estimates,
    *,
    of: Mapping[str, str],
    n: float,
    unit: str = "proportion",
    method: str,
    note: str | None = None,
) -> Measure:
    """Return the highest of the *estimates*."""
    count = len(estimates.value)
    low = float(np.max(estimates.limits(sidak_z(count))[0]))
    high = float(np.max(estimates.limits(Z)[1]))
    how = f"{method} {LEVEL:.0%}, highest of {count}"
    return estimate(name, estimates.value.max(), low, high, n, of=of, unit=unit, method=how, note=note)


def lowest(
    name: str,
    estimates: Estimates,
    *,
    of: Mapping[str, str],
    n: float,
    unit: str = "proportion",
    method: str,
    note: str | None = None,
    among: int | None = None,
) -> Measure:
    """Return the lowest of the *estimates*; *among* how many they were picked, where that was by looking."""
    count = len(estimates.value) if among is None else among
    low = float(np.min(estimates.limits(Z)[0]))
    high = float(np.min(estimates.limits(sidak_z(count))[1]))
    how = f"{method} {LEVEL:.0%}, lowest of {count}"
    return estimate(name, estimates.value.min(), low, high, n, of=of, unit=unit, method=how, note=note)

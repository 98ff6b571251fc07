"""How far a curve goes from its lowest to its highest point, with limits that allow for having looked.

The same two arguments as for gaps between groups (`checks.statistics.disparities`): the true range is above
every lower limit of a difference of two points, once these hold together (Sidak), and below the largest of
their plain upper limits, since the two points that truly differ most are among them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checks.model import Array
from checks.statistics import LEVEL, Z
from checks.statistics.disparities import sidak_z

METHOD = f"highest less lowest point, normal {LEVEL:.0%} over all pairs of points"

ROUNDING = 1e-12
"""Movements this small, in parts of the answer (and of 1), are of the arithmetic."""


@dataclass(frozen=True, eq=False)
class Curve:
    """The points of a curve, and the covariance of their errors."""

    values: Array
    covariance: Array

    @property
    def errors(self) -> Array:
        """The standard error of each point."""
        return np.asarray(np.sqrt(np.clip(np.diag(self.covariance), 0, None)))

    def range(self) -> tuple[float, float, float]:
        """Return the highest point less the lowest, with its limits."""
        if len(self.values) < 2:
            return 0.0, 0.0, 0.0
        first, second = np.triu_indices(len(self.values), 1)
        apart = np.abs(self.values[first] - self.values[second])
        own = np.diag(self.covariance)
        variance = own[first] + own[second] - 2 * self.covariance[first, second]
        error = np.sqrt(np.clip(variance, 0, None))
        low = float(np.max(apart - sidak_z(len(apart)) * error))
        return float(apart.max()), max(low, 0.0), float(np.max(apart + Z * error))


def of_people(answers: Array) -> Curve:
    """Return the mean of curves of shape (people, points), as far as each moves from its own mean."""
    own = answers.mean(axis=1, keepdims=True)
    moved = answers - own
    centred = np.where(np.abs(moved) > ROUNDING * (1 + np.abs(own)), moved, 0.0)
    covariance = np.atleast_2d(np.cov(centred, rowvar=False)) / len(answers)
    return Curve(answers.mean() + centred.mean(axis=0), covariance)

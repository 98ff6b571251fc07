"""What was true of somebody whose answer was wrong, as far as at least ten people share it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.interpretability.bands import Bands
from checks.interpretability.moves import SHARED
from checks.model import Array, Subject, Task
from checks.values import as_text


@dataclass(frozen=True, eq=False)
class Observed:
    """The observed labels, or the fifths of everybody that observed values lie in, and the errors."""

    codes: Array
    """Of each row; -1 where nothing may be said."""
    names: tuple[str, ...]
    errors: Array | None
    """How far off each answer is, in the unit of the label; None where labels are no amounts."""

    @classmethod
    def of(cls, subject: Subject, positions: Array, errors: Array) -> Observed | None:
        """Return what was true of the rows at *positions*; None where nobody knows."""
        if subject.roles.label is None:
            return None
        label = subject.evaluation[subject.roles.label].iloc[positions].reset_index(drop=True)
        if subject.task is Task.REGRESSION:
            bands = Bands.of(pd.to_numeric(label, errors="coerce").to_frame())
            return cls(bands.codes[:, 0], bands.names[0], errors)
        codes, names = pd.factorize(as_text(label), sort=True)
        return cls(np.where(label.notna(), codes, -1), tuple(map(str, names)), None)

    def describe(self, row: int, among: Array) -> tuple[str | None, Array]:
        """Return what was true of *row*, and of whom of *among*; None where these are under ten."""
        code = self.codes[row]
        alike = among & (self.codes == code)
        if code < 0 or alike.sum() < SHARED:
            return None, among
        return self.names[code], alike

    def least(self, row: int, among: Array) -> tuple[float | None, Array]:
        """Return an error that *row* and ten of *among* reach, in two digits, and who reaches it."""
        if self.errors is None:
            return None, among
        bound = _down(min(self.errors[row], np.sort(self.errors[among])[-SHARED]))
        return (bound, among & (self.errors >= bound)) if bound > 0 else (None, among)


def _down(value: float) -> float:
    """Return the first two digits of a number from 0."""
    if not value > 0 or not math.isfinite(value):
        return 0.0
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return min(float(f"{math.floor(value / step) * step:.2g}"), value)

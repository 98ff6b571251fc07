"""What weighed against people, by the model, set beside what they were told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from checks.draw import sample_rows
from checks.interpretability.answered import answered, beside, told_without
from checks.interpretability.attribution import attribute
from checks.interpretability.changes import WIDE
from checks.interpretability.goal import goal
from checks.interpretability.letters import Letter, named
from checks.interpretability.moves import support_of
from checks.model import Array, Subject, Task

BACKGROUND = 100
FEWEST = 3
"""People explained, and background rows, however many features there are."""
SURE = 2.0
"""Sampling errors that a contribution must be from another to be told apart from it."""


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """The sampled people, with one row each and one column a feature."""

    sample: tuple[Letter, ...]
    among_top: Array
    """Which features are among the heaviest against the person, or cannot be told from those."""
    heaviest: Array
    """Which features are the heaviest, or cannot be told from it."""
    contradicted: Array
    """Which features spoke for the person, beyond their sampling error."""
    undecided: Array
    """Which features may have spoken for the person or against them, within their sampling error."""
    weight: Array
    """How heavily each feature came out against the person; below 0 it spoke for them."""
    how: str

    @property
    def named(self) -> Array:
        """Which features each person was told of."""
        return named(self.sample, self.among_top.shape[1])

    def of(self, people: Array) -> Weighed:
        """Return the same of those *people* alone, given as one truth value each."""
        kept = tuple(letter for letter, stays in zip(self.sample, people, strict=True) if stays)
        return Weighed(
            sample=kept,
            among_top=self.among_top[people],
            heaviest=self.heaviest[people],
            contradicted=self.contradicted[people],
            undecided=self.undecided[people],
            weight=self.weight[people],
            how=self.how,
        )


def weigh(
    subject: Subject,
    told: Sequence[Letter],
    rng: np.random.Generator,
    *,
    top: int,
    rows: int,
    evaluations: int,
) -> Weighed:
    """Explain a sample of *told*; raise NotApplicable where no model can be asked."""
    wanted = goal(subject, rng).where_answered()
    features = len(subject.roles.features)
    support, origin = support_of(subject, rng)
    steps = 2 * max(1, features - 1)
    budget = int(evaluations * min(1, WIDE / features)) // steps
    size = min(BACKGROUND, max(FEWEST, budget // FEWEST))
    background = support.iloc[sample_rows(len(support), size, None, rng)].reset_index(drop=True)
    most = max(FEWEST, budget // len(background))
    sample = tuple(told[i] for i in sample_rows(len(told), min(rows, most), None, rng))
    people = subject.features.iloc[[letter.row for letter in sample]].reset_index(drop=True)
    found = attribute(wanted.margin, people, background, rng)
    known = answered(found.values)
    decided = subject.task in (Task.BINARY, Task.MULTICLASS)
    weight = -found.values if decided else np.abs(found.values)
    among, heaviest = _leading(weight, found.errors, top), _leading(weight, found.errors, 1)
    how = (
        f"{known.sum()} of {len(told)} people told of a feature, explained as interventional Shapley values"
        f" of {wanted.margin.scale}, {len(background)} background rows from {origin}"
    )
    how = beside(how, told_without(int((~known).sum())))
    whole = Weighed(
        sample=sample,
        among_top=among,
        heaviest=heaviest,
        contradicted=(weight + SURE * found.errors < -ROUNDING) & decided,
        undecided=(np.abs(weight) <= SURE * found.errors) & (found.errors > ROUNDING) & decided,
        weight=weight,
        how=how,
    )
    return whole.of(known)


ROUNDING = 1e-9
"""Contributions below this are rounding."""


def _leading(weight: Array, errors: Array, top: int) -> Array:
    """Return which weights are among the *top* of their row, or within the error of the least of those."""
    top = min(top, weight.shape[1])
    order = np.argsort(-weight, axis=1, kind="stable")
    at = order[:, top - 1 : top]
    least, error = np.take_along_axis(weight, at, axis=1), np.take_along_axis(errors, at, axis=1)
    far = np.hypot(errors, error)
    return np.asarray((weight + SURE * far >= least - ROUNDING) & (weight + SURE * errors > ROUNDING))

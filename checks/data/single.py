"""How well one column alone foretells a class: shares of held-out bins, each class against the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from checks.data.folds import Parts, auc_within_folds
from checks.model import Array, Measure
from checks.sample import Weighed
from checks.statistics import Aucs, undefined
from checks.statistics.extremes import highest

FEWEST = 10
"""People of a class, and outside it, below which it is not told from the rest."""

METHOD = "out of fold, Hanley-McNeil score form"


def told_apart(scores: Array, target: Array, parts: Parts, weighed: Weighed, classes: Sequence[int]) -> Aucs:
    """Return the AUC of each of *classes* against the rest, from one column of *scores* a class."""
    values, sizes = [], []
    for one in classes:
        actual = target == one
        area = auc_within_folds(actual, scores[:, one], parts.fold, weighed.weights)
        values.append(0.5 if area is None else area)
        sizes.append(
            [Weighed(weighed.weights[side], weighed.sampling).effective for side in (actual, ~actual)]
        )
    both = np.array(sizes, dtype=np.float64).reshape(-1, 2)
    return Aucs(np.array(values), both[:, 0], both[:, 1], np.full(len(values), weighed.n))


def questions(target: Array, count: int, weighed: Weighed) -> list[int]:
    """Return the classes to tell from the rest: neither too rare nor nearly everybody; of two, the last."""
    mass = np.bincount(target, weighed.weights, minlength=count) * weighed.effective_share
    found = [i for i in range(count) if mass[i] >= FEWEST and mass.sum() - mass[i] >= FEWEST]
    return found[-1:] if count == 2 else found  # a class and its only rival are one question


def best_told(
    name: str, aucs: Aucs, weighed: Weighed, *, of: Mapping[str, str], how: str = METHOD, note: str | None
) -> Measure:
    """Return the AUC of the class that is told best."""
    if not len(aucs.value):
        why = f"needs two classes of {FEWEST} rows or more"
        return undefined(name, why, n=weighed.n, of=of, method=how)
    return highest(name, aucs, of=of, n=weighed.n, method=how, note=note)

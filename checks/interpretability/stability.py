"""Stability: do people who are nearly alike, or asked about twice, get the same explanation?

A sample of people is explained twice more. Once every number of theirs is moved a little (by a normal error
of `noise` of the feature's spread; texts stay), with the same background: `rank_correlation` is how alike
the orders of features by contribution then are, `top_kept_share` how often the heaviest feature stays, and
`output_change` how far the answers themselves moved. Once nothing is changed but what is drawn, the
background and the orders: `reseeded_rank_correlation` and `reseeded_top_kept_share`.

Why it matters
    A reason that changes with a rounding error, or with the seed of a program, is no reason that somebody
    can rely on.

How to read it
    1 means the same order. Read `rank_correlation` beside `output_change`: where the model itself jumps, its
    explanation has to. A low `reseeded_rank_correlation` says that more background rows are needed, not
    that the model is unstable. Features that do nothing are in the order too, by chance; the heaviest
    feature is the plainer number.

Limits
    How small a change is small is a convention: `noise` is a parameter. Whole numbers stay whole. Moved rows
    may describe nobody. An explanation can be stable and wrong; see `interpretability.faithfulness`.

References
    Alvarez-Melis and Jaakkola, On the Robustness of Interpretability Methods, WHI 2018.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from checks.interpretability.explained import explained, mean_correlation, rank_correlations
from checks.interpretability.moves import is_number
from checks.model import Array, Inconclusive, Measure, Subject, check
from checks.statistics import mean_of, wilson

STREAM = 83  # keeps this check's random numbers apart from every other's
ALIKE = "their contributions are all the same"
STILL = 1e-12


@check(asks_model=True)
def stability(
    subject: Subject,
    *,
    rows: int = 100,
    background: int = 50,
    noise: float = 0.05,
    evaluations: int = 500_000,
) -> Iterator[Measure]:
    """Explain people again after a little noise, and again with other draws."""
    rng = np.random.default_rng([subject.seed, STREAM])
    found = explained(subject, rng, rows=rows, background=background, evaluations=evaluations)
    same = [subject.seed, STREAM, 1]
    first = found.explain(found.people, found.background, same)
    if np.abs(first).max() <= STILL:
        raise Inconclusive("no feature moves the answers, so there is no explanation to compare")
    near = _moved(found.people, subject.features, noise, rng)
    moved = found.explain(near, found.background, same)
    again = found.explain(found.people, found.other_background, [subject.seed, STREAM, 2])
    how = f"every number moved by {noise:g} standard deviations; {found.how}"
    yield mean_correlation("rank_correlation", rank_correlations(first, moved), how, ALIKE)
    yield _kept("top_kept_share", first, moved)
    change = np.abs(found.output(near) - found.output(found.people))
    ones, n = np.ones(len(change)), float(len(change))
    yield mean_of("output_change", change, ones, n, rows=n, bounds=(0, np.inf), unit="output")
    how = f"other background rows and orders; {found.how}"
    yield mean_correlation("reseeded_rank_correlation", rank_correlations(first, again), how, ALIKE)
    yield _kept("reseeded_top_kept_share", first, again)


def _kept(name: str, one: Array, other: Array) -> Measure:
    """Return the share of people whose heaviest feature is the same, or as heavy."""
    at = np.abs(one).argmax(axis=1)
    size = np.abs(other)
    stays = np.take_along_axis(size, at[:, None], axis=1)[:, 0] >= size.max(axis=1) - STILL
    return wilson(name, float(stays.sum()), float(len(at)))


def _moved(
    people: pd.DataFrame, everybody: pd.DataFrame, noise: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Return *people* with every number moved a little; what is missing stays missing."""
    near = people.copy()
    for name in people.columns:
        values: pd.Series[Any] = people[name]
        if not is_number(values):
            continue
        numbers = values.to_numpy(np.float64, na_value=np.nan)
        spread = float(np.nanstd(everybody[name].to_numpy(np.float64, na_value=np.nan)))
        to = numbers + rng.normal(scale=noise * spread, size=len(numbers)) if spread > 0 else numbers
        if values.dtype.kind in "iu":
            near[name] = np.rint(to).astype(values.dtype)
        else:
            near[name] = pd.Series(to, index=near.index).astype(values.dtype)
    return near

"""Stability: do people who are nearly alike, or asked about twice, get the same explanation?

A sample of people is explained twice more, in the way of `interpretability.shap`. Once every number of
theirs is moved a little (by a normal error of `noise` of the feature's spread; texts stay, codes and whole
numbers stay such), with the same background: `rank_correlation` is how alike the orders of features by
contribution then are, `top_kept_share` how often the heaviest feature stays, and `output_change` how far the
answers themselves moved. Once nothing is changed but what is drawn, the background and the orders:
`reseeded_rank_correlation` and `reseeded_top_kept_share`. Both are 1 where nothing is drawn, as with the
credits of a model's own trees.

Why it matters
    A reason that changes with a rounding error, or with the seed of a program, is no reason that somebody
    can rely on.

How to read it
    1 means the same order. Read `rank_correlation` beside `output_change`: where the model itself jumps, its
    explanation has to. A low `reseeded_rank_correlation` says that more background rows are needed, not
    that the model is unstable. Features that do nothing are in the order too, by chance; the heaviest
    feature is the plainer number.

Limits
    How small a change is small is a convention: `noise` is a parameter. Whole numbers stay whole, and of a
    feature with at most ten different values a moved one becomes the nearest of them, so that codes hardly
    ever change. Moved rows may describe nobody. An explanation can be stable and wrong; see
    `interpretability.faithfulness`.

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
NOTHING_DRAWN = "nothing is drawn: explained again by the same trees"
FEW = 10
"""Different values from which a number that is moved need not become one that people have."""


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
    drawn = "other background rows and orders" if found.draws else NOTHING_DRAWN
    how = f"every number moved by {noise:g} standard deviations; {found.how}"
    yield mean_correlation("rank_correlation", rank_correlations(first, moved), how, ALIKE)
    yield _kept("top_kept_share", first, moved)
    change = np.abs(found.output(near) - found.output(found.people))
    ones, n = np.ones(len(change)), float(len(change))
    yield mean_of("output_change", change, ones, n, rows=n, bounds=(0, np.inf), unit=found.output.scale)
    how = f"{drawn}; {found.how}"
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
        known = np.unique(everybody[name].dropna().to_numpy(np.float64, na_value=np.nan))
        spread = float(np.nanstd(everybody[name].to_numpy(np.float64, na_value=np.nan)))
        to = numbers + rng.normal(scale=noise * spread, size=len(numbers)) if spread > 0 else numbers
        near[name] = pd.Series(_such(to, known), index=near.index).astype(values.dtype)
    return near


def _such(to: Array, known: Array) -> Array:
    """Return moved numbers as such as people have: of few values one of them, whole where all are whole."""
    if 0 < len(known) <= FEW:
        nearest = np.abs(to[:, None] - known[None, :]).argmin(axis=1)
        return np.where(np.isnan(to), np.nan, known[nearest])
    return np.rint(to) if (known == np.rint(known)).all() else to

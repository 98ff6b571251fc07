"""Stability: do people who are nearly alike, or asked about twice, get the same explanation?

A sample of people is explained again, in the way of `interpretability.shap`. Once every number of theirs is
moved a little (by a normal error of `noise` of the feature's spread; texts stay, codes and whole
numbers stay such), with the same background: `rank_correlation` is how alike the orders of features by
contribution then are, `top_kept_share` how often the heaviest feature stays, and `output_change` how far the
answers themselves moved. Then nothing is changed but what is drawn, the background and the orders, up to
`redraws` times: `reseeded_rank_correlation` and `reseeded_top_kept_share` are the means over every pair of
draws. Both are 1 where nothing is drawn, as with the credits of a model's own trees.

Why it matters
    A reason that changes with a rounding error, or with the seed of a program, is no reason that somebody
    can rely on.

How to read it
    1 means the same order. Read `rank_correlation` beside `output_change`: where the model itself jumps, its
    explanation has to. A low `reseeded_rank_correlation` says that more background rows are needed, not
    that the model is unstable. Features that do nothing are in the order too, by chance; the heaviest
    feature is the plainer number. The interval of a mean over draws is of the people (Wilson) and of the
    draws (jackknife, Student's t) together; the note says how far single pairs of draws lie apart. Where
    sampling is dear there are fewer draws; of two it is not known how far draws differ, and a note says so.

Limits
    How small a change is small is a convention: `noise` is a parameter. Whole numbers stay whole, and of a
    feature with at most ten different values a moved one becomes the nearest of them, so that codes hardly
    ever change. Moved rows may describe nobody. An explanation can be stable and wrong; see
    `interpretability.faithfulness`.

References
    Alvarez-Melis and Jaakkola, On the Robustness of Interpretability Methods, WHI 2018; Efron and Stein, The
    Jackknife Estimate of Variance, Annals of Statistics 9, 1981.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from checks.interpretability.answered import answered, beside, told_without, without
from checks.interpretability.asking import one_of_many
from checks.interpretability.explained import Explained, explained, mean_correlation, rank_correlations
from checks.interpretability.moves import is_number
from checks.model import Array, Inconclusive, Measure, Subject, Table, check
from checks.statistics import LEVEL, estimate, mean_of, undefined, wilson, wilson_limits

STREAM = 83  # keeps this check's random numbers apart from every other's
ALIKE = "their contributions are all the same"
BOTH = f"{LEVEL:.0%} of people (Wilson) and draws (jackknife)"
ONE_PAIR = "of two draws alone: the interval is of the people, not of the draws"
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
    redraws: int = 9,
) -> Iterator[Measure | Table]:
    """Explain people again after a little noise, and again with other draws."""
    rng = np.random.default_rng([subject.seed, STREAM])
    found = explained(
        subject, rng, rows=rows, background=background, evaluations=evaluations, redraws=redraws
    )
    same = [subject.seed, STREAM, 1]
    first = found.explain(found.people, found.background, same)
    if np.abs(first).max() <= STILL:
        raise Inconclusive("no feature moves the answers, so there is no explanation to compare")
    near = _moved(found.people, subject.features, noise, rng)
    moved = found.explain(near, found.background, same)
    change = np.abs(found.output(near) - found.output(found.people))
    others = found.other_backgrounds if found.draws else found.other_backgrounds[:1]
    again = [
        found.explain(found.people, table, [subject.seed, STREAM, 2 + i]) for i, table in enumerate(others)
    ]
    known = answered(first, moved, change, *again)
    first, moved, change, again = first[known], moved[known], change[known], [one[known] for one in again]
    lost = int((~known).sum())
    yield from without(lost, len(known), found.way.pairs, (found.people, known))
    found = replace(found, how=beside(found.how, found.way.pairs.told, told_without(lost)))
    how = f"every number moved by {noise:g} standard deviations; {found.how}"
    near_alike = mean_correlation("rank_correlation", rank_correlations(first, moved), how, ALIKE)
    yield near_alike if near_alike.note else replace(near_alike, note=one_of_many(subject))
    kept = _kept(first, moved)
    yield wilson("top_kept_share", float(kept.sum()), float(len(kept)))
    ones, n = np.ones(len(change)), float(len(change))
    yield mean_of("output_change", change, ones, n, rows=n, bounds=(0, np.inf), unit=found.output.scale)
    yield from _reseeded(found, [first, *again])


def _reseeded(found: Explained, draws: list[Array]) -> Iterator[Measure]:
    """Yield how alike explanations are that differ in what is drawn alone, over every pair of draws."""
    drawn = (
        f"every pair of {len(draws)} draws of background rows and orders" if found.draws else NOTHING_DRAWN
    )
    how = f"{drawn}; {found.how}"
    pairs = tuple(combinations(range(len(draws)), 2))
    alike = np.stack([rank_correlations(draws[i], draws[j]) for i, j in pairs])
    unit = "rank correlation"
    known = np.isfinite(alike).all(axis=0)
    if known.any():
        note = None if known.all() else f"left out: {int((~known).sum())} people, {ALIKE}"
        told = over_draws((1 + alike[:, known]) / 2, pairs)
        value, low, high = (2 * end - 1 for end in told[:3])
        yield estimate(
            "reseeded_rank_correlation", value, low, high, int(known.sum()),
            unit=unit, method=f"mean, {BOTH}; {how}", note=note or _few(found, draws),
        )  # fmt: skip
    else:
        yield undefined("reseeded_rank_correlation", ALIKE, unit=unit, method=how)
    kept = np.stack([(_kept(draws[i], draws[j]) + _kept(draws[j], draws[i])) / 2 for i, j in pairs])
    value, low, high = over_draws(kept, pairs)
    note = _few(found, draws)
    if found.draws and note is None:
        shares = kept.mean(axis=1)
        note = (
            f"two draws alone agree for a share of people between {shares.min():.2f} and {shares.max():.2f}"
        )
    yield estimate(
        "reseeded_top_kept_share", value, low, high, kept.shape[1], method=f"mean, {BOTH}; {how}", note=note
    )


def _few(found: Explained, draws: list[Array]) -> str | None:
    return ONE_PAIR if found.draws and len(draws) < 3 else None


def over_draws(alike: Array, pairs: tuple[tuple[int, int], ...]) -> tuple[float, float, float]:
    """Return the mean of *alike*, of shape (pairs, people) from 0 to 1, and limits for people and draws.

    The distance of each limit is the root of the summed squares of two: of Wilson's limit for the people,
    and of Student's t times the jackknife error over the draws (Efron and Stein, 1981).
    """
    value, draws = float(alike.mean()), max(max(pair) for pair in pairs) + 1
    low, high = map(float, wilson_limits(value, alike.shape[1]))
    spread = 0.0
    if draws > 2:
        each = alike.mean(axis=1)
        without = np.array([each[[d not in pair for pair in pairs]].mean() for d in range(draws)])
        variance = (draws - 1) / draws * float(((without - without.mean()) ** 2).sum())
        spread = float(student_t.ppf((1 + LEVEL) / 2, draws - 1)) * variance**0.5
    below, above = float(np.hypot(value - low, spread)), float(np.hypot(high - value, spread))
    return value, max(value - below, 0.0), min(value + above, 1.0)


def _kept(one: Array, other: Array) -> Array:
    """Return whose heaviest feature is the same, or as heavy."""
    at = np.abs(one).argmax(axis=1)
    size = np.abs(other)
    stays = np.take_along_axis(size, at[:, None], axis=1)[:, 0] >= size.max(axis=1) - STILL
    return np.asarray(stays, dtype=np.float64)


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

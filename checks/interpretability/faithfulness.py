"""Faithfulness: do the features that an explanation names move the answer more than any others would?

For a sample of people the features are taken away in the order of their contributions, those that pushed the
answer most first: each is replaced by the values of background people, and the answer moves towards their
mean. `deletion_ratio` is how far it moves on the way, over all steps, divided by how far it moves when
features are taken away in random orders. `insertion_ratio` begins at background people and gives the
features back instead. `deletion_won_share` is the share of people of whom the named order moved the answer
more than the random ones did.

Why it matters
    An explanation can be plausible and wrong. If taking away what it names does no more than taking away
    anything, it does not tell what the model does.

How to read it
    1 is no better than naming features at random. The most that can be reached depends on the model: about
    2 where one feature does everything, hardly more than 1 where all features do alike. The intervals
    resample people; the background that features are replaced from is another one than that of the
    explanation.

Limits
    Features are taken away one by one from rows that may then describe nobody. Where features only work
    together, any order moves the answer late. People whose answer is the mean of the background anyway
    count little. It says how good the explanations are, not whether the model is.

References
    Samek et al., IEEE TNNLS 28(11), 2017; Petsiuk, Das and Saenko, RISE, BMVC 2018 (deletion and insertion).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from checks.interpretability.answered import answered, beside, told_without, without
from checks.interpretability.asking import MOST_LOST, one_of_many, resampled_means
from checks.interpretability.attribution import mixed
from checks.interpretability.explained import Explained, explained
from checks.model import Array, Inconclusive, Measure, Subject, Table, check
from checks.statistics import LEVEL, estimate, wilson

STREAM = 82  # keeps this check's random numbers apart from every other's
STEPS = 20
"""Most steps on the way from nothing to everything; more features are taken away several at once."""
REPLACED = 20
"""Background people whose values stand in."""
STILL = 1e-12


@check(asks_model=True)
def faithfulness(
    subject: Subject, *, rows: int = 100, background: int = 50, orders: int = 5, evaluations: int = 500_000
) -> Iterator[Measure | Table]:
    """Take features away, and give them back, in the named order and in random ones."""
    rng = np.random.default_rng([subject.seed, STREAM])
    found = explained(subject, rng, rows=rows, background=background, evaluations=evaluations)
    parts = found.explain(found.people, found.background, [subject.seed, STREAM, 1])
    stand_in = found.other_backgrounds[0].iloc[:REPLACED].reset_index(drop=True)
    ends = found.output(pd.concat([found.people, stand_in], ignore_index=True))
    away = ends[: len(parts)] - ends[len(parts) :].mean()
    if np.abs(away).max() <= STILL:
        raise Inconclusive("the answer is the same for everybody sampled, so nothing moves it")
    sign = np.where(away >= 0, 1.0, -1.0)
    named = np.argsort(-sign[:, None] * parts, axis=1, kind="stable")
    shuffled = [np.argsort(rng.random(parts.shape), axis=1) for _ in range(orders)]
    taken = np.stack([_walk(found, stand_in, order) for order in (named, *shuffled)])
    given = np.stack([_walk(found, stand_in, order[:, ::-1]) for order in (named, *shuffled)])
    able = np.isfinite(taken).all(axis=0) & np.isfinite(given).all(axis=0)
    found.way.pairs.add(able.size, int((~able).sum()))
    moved = sign * (ends[: len(parts)] - _means(taken, able))
    kept = sign * (_means(given, able) - _means(ends[None, None, len(parts) :], able))
    known = answered(parts, moved.T, kept.T)
    moved, kept, lost = moved[:, known], kept[:, known], int((~known).sum())
    yield from without(lost, len(known), found.way.pairs, (found.people, known))
    how = f"{orders} random orders, percentile {LEVEL:.0%} of resampled people; {found.how}"
    how = beside(how, found.way.pairs.told, told_without(lost))
    ratio = _ratio("deletion_ratio", moved, how, rng)
    yield ratio if ratio.note else replace(ratio, note=one_of_many(subject))
    yield _ratio("insertion_ratio", kept, how, rng)
    won = moved[0] > moved[1:].mean(axis=0) + STILL
    yield wilson("deletion_won_share", float(won.sum()), float(len(won)))


def _steps(features: int) -> Array:
    """Return after how many features the answer is asked."""
    return np.unique(np.linspace(1, features - 1, min(STEPS, features - 1)).round().astype(np.int64))


def _walk(found: Explained, stand_in: pd.DataFrame, order: Array) -> Array:
    """Return the answers on the way of taking features away, of shape (people, people who stand in).

    They are means over the steps; NaN where a step has no answer.
    """
    people, features = order.shape
    steps, size = _steps(features), len(stand_in)
    source = pd.concat([found.people, stand_in], ignore_index=True)
    rank = np.argsort(order, axis=1)
    gone = rank[:, None, None, :] < steps[None, :, None, None]
    mine = np.arange(people)[:, None, None, None]
    theirs = people + np.arange(size)[None, None, :, None]
    asked = np.where(gone, theirs, mine).reshape(-1, features)
    answers = found.output(mixed(source, asked))
    return np.asarray(answers.reshape(people, len(steps), size).mean(axis=1))


def _means(answers: Array, able: Array) -> Array:
    """Return means over those who can stand in for each person, of shape (orders, people).

    NaN where these are fewer than half.
    """
    counted = able.sum(axis=1)
    enough = counted >= MOST_LOST * able.shape[1]
    total = np.where(able, answers, 0.0).sum(axis=-1)
    return np.asarray(np.where(enough, total / np.maximum(counted, 1), np.nan))


def _ratio(name: str, moved: Array, how: str, rng: np.random.Generator) -> Measure:
    """Return the movement in the named order over that in random ones; the first row is the named one."""
    pairs = np.column_stack([moved[0], moved[1:].mean(axis=0)])
    named, chance = pairs.mean(axis=0)
    if chance <= STILL:
        note = "taking features away at random moves the answers nowhere, so no ratio is defined"
        return Measure(name, None, n=float(len(pairs)), unit="ratio", method=how, note=note)
    drawn = resampled_means(pairs, rng)
    usable = drawn[drawn[:, 1] > STILL]
    edge = (1 - LEVEL) / 2
    low, high = np.quantile(usable[:, 0] / usable[:, 1], [edge, 1 - edge])
    return estimate(
        name, float(named / chance), float(low), float(high), len(pairs), unit="ratio", method=how
    )

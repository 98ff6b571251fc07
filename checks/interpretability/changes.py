"""What would have to change for sampled people to get another answer: the search, made ready and afforded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.goal import Goal
from checks.interpretability.moves import CATEGORY_SHIFT, Moves, support_of
from checks.interpretability.search import BEAM, BEST, LENT, Asked, Found, cost, search
from checks.model import Array, Subject

TRIED = 40
"""Most features that are tried; where more may change, those that move the answer most."""
PROBES = 5
"""People who show which features move the answer."""
HELPED = 500
"""Rows among which people with the wanted answer are looked for."""
WIDE = 50
"""Columns from which a question costs more in proportion."""


@dataclass(frozen=True, eq=False)
class Changes:
    """The changes found for some people, and what they cost."""

    found: Found
    shifts: Array
    """Of shape (people, features): the share of everybody that a change passes; 0 where nothing changes."""
    after: Array
    """The place of each changed value; NaN where nothing changes."""
    likely: Array
    """Whether the changed person is as near to a real row as 95 of 100 real rows are to another."""
    tried: Array
    """Which features were tried."""


def affordable(features: int, allowed: int, evaluations: int, most: int) -> int:
    """Return for how many people about *evaluations* questions are enough; never fewer than 20."""
    tried = min(allowed, TRIED)
    each = tried * 15 + BEAM * BEST * tried * max(most - 1, 0)
    return max(20, int(evaluations * min(1, WIDE / max(features, 1))) // max(each, 1))


def changes(
    subject: Subject, goal: Goal, people: pd.DataFrame, moves: Moves, *, most: int, rng: np.random.Generator
) -> Changes:
    """Search for each of *people* the fewest changes, of *most* features at most, that reach *goal*."""
    asked = Asked(goal, people, moves.grid)
    allowed = moves.allowed(people)
    tried = _moving(asked, allowed)
    allowed &= tried[None, :, None]
    shifts = np.nan_to_num(moves.shifts(people))
    own = moves.places(people)
    rows = support_of(subject, rng)[0]
    rows = rows.iloc[sample_rows(len(rows), HELPED, None, rng)].reset_index(drop=True)
    real = moves.places(rows)
    helped = real[goal.reached(goal.margin(rows))]
    lenders = _lenders(own, helped, allowed, moves)
    found = search(asked, allowed, shifts, most, lenders)
    at = np.clip(found.states, 0, None).astype(np.int64)
    taken = np.take_along_axis(moves.place.T[None], at[:, :, None], axis=2)[:, :, 0]
    after = np.where(found.states >= 0, taken, np.nan)
    changed = np.where(found.states >= 0, taken, own)
    likely = _near(changed, real, moves.ordered)
    return Changes(found, cost(found.states, np.arange(len(people)), shifts), after, likely, tried)


def _moving(asked: Asked, allowed: Array) -> Array:
    """Return which features to try: all that may change or, of many, those that move the answer most."""
    able: Array = np.array(allowed.any(axis=(0, 2)))
    if able.sum() <= TRIED:
        return able
    count = min(PROBES, len(allowed))
    some: Array = np.array(allowed[:count])
    first, last = some.argmax(axis=2), some.shape[2] - 1 - some[:, :, ::-1].argmax(axis=2)
    ends: Array = np.stack([first, last], axis=2)
    able_each = np.asarray(some.any(axis=2), dtype=np.bool_).reshape(count, -1, 1)
    who, feature, end = np.nonzero(np.repeat(able_each, 2, axis=2))
    states = np.full((len(who), allowed.shape[1]), -1, dtype=np.int8)
    states[np.arange(len(who)), feature] = ends[who, feature, end]
    whole = np.arange(count)
    before = asked.margins(whole, np.full((count, allowed.shape[1]), -1, dtype=np.int8))
    moved = np.abs(asked.margins(who, states) - before[who])
    most = np.zeros(allowed.shape[1])
    np.fmax.at(most, feature, moved)  # what could not be answered shows nothing
    chosen: Array = np.zeros(len(able), dtype=np.bool_)
    chosen[np.argsort(-np.where(able, most, -1), kind="stable")[:TRIED]] = True
    return chosen


def apart(one: Array, others: Array, ordered: Array) -> Array:
    """Return the mean difference of places over the features, of shape (one, others)."""
    total = np.zeros((len(one), len(others)))
    for j, numbers in enumerate(ordered):
        left, right = one[:, j, None], others[None, :, j]
        if numbers:
            each = np.abs(left - right)
            missing = np.isnan(left) != np.isnan(right)
            total += np.where(missing, CATEGORY_SHIFT, np.nan_to_num(each))
        else:
            total += CATEGORY_SHIFT * (np.nan_to_num(left, nan=-1) != np.nan_to_num(right, nan=-1))
    return total / max(len(ordered), 1)


def _near(changed: Array, real: Array, ordered: Array) -> Array:
    between = apart(real, real, ordered)
    np.fill_diagonal(between, np.inf)
    usual = between.min(axis=1, initial=np.inf)
    if not np.isfinite(usual).any():
        return np.zeros(len(changed), dtype=bool)
    return np.asarray(apart(changed, real, ordered).min(axis=1) <= np.quantile(usual, 0.95) + 1e-12)


def _lenders(own: Array, helped: Array, allowed: Array, moves: Moves) -> Array:
    """Return states that come as near as is allowed to the nearest people who have what is wanted."""
    count, features, _ = allowed.shape
    states = np.full((count, LENT if len(helped) else 0, features), -1, dtype=np.int8)
    if not len(helped):
        return states
    near = np.argsort(apart(own, helped, moves.ordered), axis=1, kind="stable")[:, :LENT]
    for i in range(count):
        for k, row in enumerate(near[i]):
            target = helped[row]
            away = np.abs(moves.place - target[None, :])
            away = np.where(moves.ordered[None, :] | (away == 0), away, np.inf).T
            away = np.where(allowed[i] & np.isfinite(away), away, np.inf)
            best = away.argmin(axis=1)
            nearer = away.min(axis=1) < np.where(moves.ordered, np.abs(own[i] - target), np.inf)
            states[i, k] = np.where(nearer, best, -1)
    return states

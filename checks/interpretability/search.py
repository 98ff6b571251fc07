"""Look for the fewest changes that turn an answer, by asking the model only.

Every change of one feature is tried for everybody. Of those who are not helped, all changes of two features
are tried where these are few, and so on; where they are many, the best changes so far are taken further (a
beam), and, for those who are still not helped, the values of people who have what is wanted are taken over
and given back one at a time while the answer holds. What is found is made smaller, and asked once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from checks.interpretability.attribution import mixed
from checks.interpretability.goal import Goal
from checks.model import Array

CELLS = 4_000_000
"""Values in one question, so that a wide table does not fill the memory."""
ALL_TRIED = 1500
"""Most changes of one size that are all tried for one person."""
BEAM, BEST = 6, 2
"""Changes taken further, and values of each further feature that are tried with them."""
LENT = 5
"""People whose values are taken over, nearest first."""


class Asked:
    """Questions about changed people; a state names the value of each feature: -1 is their own.

    A state for which the model gives no number reaches nothing, and is counted.
    """

    def __init__(self, goal: Goal, people: pd.DataFrame, grid: pd.DataFrame) -> None:
        self.goal, self.count, self.questions, self.lost = goal, len(people), 0, 0
        self.source = pd.concat([people, grid], ignore_index=True)
        self.known_below = np.full(len(people), people.shape[1] + 1)
        """By person: of every state asked about with fewer changes than this there is a number."""

    def margins(self, who: Array, states: Array) -> Array:
        """Return how far beyond the limit each state brings its person."""
        self.questions += len(states)
        step = max(1, CELLS // max(1, states.shape[1]))
        parts = [np.empty(0)]
        for start in range(0, len(states), step):
            part = states[start : start + step].astype(np.int64)
            taken = np.where(part < 0, who[start : start + step, None], self.count + part)
            parts.append(self.goal.margin(mixed(self.source, taken)))
        margins = np.concatenate(parts)
        lost = np.flatnonzero(np.isnan(margins))
        self.lost += len(lost)
        np.minimum.at(self.known_below, who[lost], (states[lost] >= 0).sum(axis=1))
        return margins


@dataclass(frozen=True, eq=False)
class Found:
    """The change of each person, if one was found."""

    states: Array
    """Of shape (people, features): the value taken, -1 where nothing changes."""
    solved: Array
    minimal: Array
    """Whether every change of fewer features was tried, and failed."""
    questions: int
    lost: int
    """Questions to which the model gave no number."""

    @property
    def sizes(self) -> Array:
        """How many features change."""
        return np.asarray((self.states >= 0).sum(axis=1))


class _Person:
    """One person's search: the states of the present size, and the moves that may be added to them."""

    def __init__(self, moves: Array, margins: Array, features: int) -> None:
        self.moves, self.exact = moves, True
        self.states = np.full((len(moves), features), -1, dtype=np.int8)
        self.states[np.arange(len(moves)), moves[:, 0]] = moves[:, 1]
        self.margins = margins
        order = np.lexsort((-margins, moves[:, 0]))
        start = np.searchsorted(moves[order, 0], np.arange(features))
        rank = np.arange(len(moves)) - start[moves[order, 0]]
        self.best = moves[order[rank < BEST]]

    def further(self) -> Array:
        """Return the states with one more change: all of them, or what is made of the best."""
        if self.exact:
            last = self.states.shape[1] - 1 - np.argmax(self.states[:, ::-1] >= 0, axis=1)
            if self._few(last):
                state, move = np.nonzero(last[:, None] < self.moves[None, :, 0])
                return self._with(self.states[state], self.moves[move])
            self.exact = False
        leading = self.states[np.argsort(-self.margins, kind="stable")[:BEAM]]
        state, move = np.nonzero(leading[:, self.best[:, 0]] < 0)
        return np.unique(self._with(leading[state], self.best[move]), axis=0)

    def _few(self, last: Array) -> bool:
        later = len(self.moves) - np.searchsorted(np.sort(self.moves[:, 0]), last, side="right")
        return int(later.sum()) <= ALL_TRIED

    @staticmethod
    def _with(states: Array, moves: Array) -> Array:
        states = states.copy()
        states[np.arange(len(states)), moves[:, 0]] = moves[:, 1]
        return states


def search(asked: Asked, allowed: Array, shifts: Array, most: int, lenders: Array) -> Found:
    """Return the smallest changes, of *most* features at most, that reach the goal.

    *allowed* and *shifts* are of shape (people, features, values); *lenders* of shape (people, `LENT`,
    features) are states that have what is wanted, or are close to those who have it.
    """
    count, features, _ = allowed.shape
    found = Found(
        np.full((count, features), -1, dtype=np.int8), np.zeros(count, bool), np.zeros(count, bool), 0, 0
    )
    who, feature, value = np.nonzero(allowed)
    singles = np.full((len(who), features), -1, dtype=np.int8)
    singles[np.arange(len(who)), feature] = value
    margins = asked.margins(who, singles)
    _keep(found, who, singles, asked.goal.reached(margins), shifts, exact=np.ones(count, bool))
    ends = np.searchsorted(who, np.arange(count + 1))
    people = {
        i: _Person(np.column_stack([feature, value])[a:b], margins[a:b], features)
        for i, (a, b) in enumerate(pairwise(ends))
        if b > a and not found.solved[i]
    }
    for _ in range(1, most):
        people = {i: person for i, person in people.items() if not found.solved[i]}
        before = np.array([i in people and people[i].exact for i in range(count)])
        _level(asked, people, found, shifts, before)
    _borrow(asked, found, lenders, shifts, most)
    _smaller(asked, found, allowed, shifts)
    rows = np.flatnonzero(found.solved)
    found.solved[rows] = asked.goal.reached(asked.margins(rows, found.states[rows]))
    found.states[~found.solved] = -1
    minimal = found.minimal & found.solved & (found.sizes <= asked.known_below)
    return Found(found.states, found.solved, minimal, asked.questions, asked.lost)


def _level(asked: Asked, people: dict[int, _Person], found: Found, shifts: Array, before: Array) -> None:
    """Try one more change for everybody who is not helped yet."""
    built = {i: person.further() for i, person in people.items()}
    if not sum(map(len, built.values())):
        return
    who = np.repeat(list(built), [len(states) for states in built.values()])
    states = np.concatenate(list(built.values()))
    margins = asked.margins(who, states)
    _keep(found, who, states, asked.goal.reached(margins), shifts, exact=before)
    start = 0
    for i, mine in built.items():
        people[i].states, people[i].margins = mine, margins[start : start + len(mine)]
        start += len(mine)


def cost(states: Array, who: Array, shifts: Array) -> Array:
    """Return the shift of each change, of shape (states, features); 0 where nothing changes."""
    at = np.clip(states, 0, None)[:, :, None].astype(np.int64)
    each = np.take_along_axis(shifts[who], at, axis=2)[:, :, 0]
    return np.where(states >= 0, each, 0.0)


def _keep(found: Found, who: Array, states: Array, reached: Array, shifts: Array, *, exact: Array) -> None:
    """Keep each person's cheapest of the *states* that reach the goal."""
    at = np.flatnonzero(reached)
    if not len(at):
        return
    price = cost(states[at], who[at], shifts).sum(axis=1)
    at = at[np.lexsort((price, (states[at] >= 0).sum(axis=1), who[at]))]
    persons, first = np.unique(who[at], return_index=True)
    found.states[persons], found.solved[persons] = states[at[first]], True
    found.minimal[persons] = exact[persons]


def _borrow(asked: Asked, found: Found, lenders: Array, shifts: Array, most: int) -> None:
    """Take over values of people who have what is wanted, and give back all that are not needed."""
    left = np.flatnonzero(~found.solved)
    who = np.repeat(left, lenders.shape[1])
    states = lenders[left].reshape(len(who), lenders.shape[2]).copy()
    good = asked.goal.reached(asked.margins(who, states)) & (states >= 0).any(axis=1)
    who, states = who[good], states[good]
    order = np.argsort(cost(states, who, shifts), axis=1, kind="stable")
    for turn in range(order.shape[1] if len(who) else 0):
        feature = order[:, turn]
        rows = np.flatnonzero(states[np.arange(len(who)), feature] >= 0)
        trial = states[rows]
        trial[np.arange(len(rows)), feature[rows]] = -1
        holds = asked.goal.reached(asked.margins(who[rows], trial))
        states[rows[holds]] = trial[holds]
    sparse = (states >= 0).sum(axis=1) <= most
    _keep(found, who, states, sparse, shifts, exact=np.zeros(len(found.solved), bool))


def _smaller(asked: Asked, found: Found, allowed: Array, shifts: Array) -> None:
    """Take for each changed feature the least change that still does, the others staying as found."""
    for turn in range(int((found.states >= 0).sum(axis=1).max(initial=0))):
        rows = np.flatnonzero((found.states >= 0).sum(axis=1) > max(turn, 1))
        if not len(rows):
            return
        feature = np.argsort(found.states[rows] < 0, axis=1, kind="stable")[:, turn]
        own = shifts[rows, feature, found.states[rows, feature]]
        at, value = np.nonzero(allowed[rows, feature] & (shifts[rows, feature] < own[:, None]))
        states = found.states[rows[at]]
        states[np.arange(len(at)), feature[at]] = value
        _keep_smaller(found, rows[at], states, asked, shifts)


def _keep_smaller(found: Found, who: Array, states: Array, asked: Asked, shifts: Array) -> None:
    exact = found.minimal.copy()
    reached = asked.goal.reached(asked.margins(who, states)) if len(states) else np.empty(0, bool)
    _keep(found, who, states, reached, shifts, exact=exact)

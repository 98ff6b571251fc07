"""A table as yes-or-no questions that a short tree can ask, and a tree's leaves as rules in words.

Numbers are asked about at edges between which about equal numbers of people lie, rounded as curves are; text
where at least ten people share it. So no rule holds one person's own value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from checks.interpretability.grid import steps_of
from checks.interpretability.moves import SHARED, is_number
from checks.model import Array
from checks.values import as_text

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeRegressor

EDGES = 20
"""Places at which a number is asked about, at most."""
VALUES = 20
"""Texts of a feature that are asked about, the commonest first."""
AT_MOST, ABOVE, IS, IS_NOT, MISSING, KNOWN = "at most", "above", "is", "is not", "is missing", "is known"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a rule says of one feature; `value` is a number, a text, or nothing."""

    feature: str
    relation: str
    value: float | str | None


@dataclass(frozen=True, slots=True)
class _Question:
    """A column that the tree sees: the place of a number among its edges, or whether a text is there."""

    feature: str
    edges: tuple[float, ...] | None
    value: str | None
    two: bool = False
    """Whether the edges are the only values that the number has."""

    def sides(self, at: float) -> tuple[Condition, Condition]:
        """Return what holds at or below, and above, the split *at*."""
        if self.edges is not None and self.two:
            low, high = self.edges
            return Condition(self.feature, IS, low), Condition(self.feature, IS, high)
        if self.edges is not None:
            edge = self.edges[int(np.floor(at))]
            return Condition(self.feature, AT_MOST, edge), Condition(self.feature, ABOVE, edge)
        if self.value is None:
            return Condition(self.feature, KNOWN, None), Condition(self.feature, MISSING, None)
        return Condition(self.feature, IS_NOT, self.value), Condition(self.feature, IS, self.value)


@dataclass(frozen=True, eq=False)
class Asked:
    """A table as the tree sees it."""

    seen: Array
    """Of shape (rows, questions)."""
    questions: tuple[_Question, ...]


def questions_of(table: pd.DataFrame) -> Asked:
    """Return *table* as places of numbers, texts that are there or not, and what is missing."""
    seen: list[Array] = []
    asked: list[_Question] = []
    for j in range(table.shape[1]):
        column, name = table.iloc[:, j], str(table.columns[j])
        gone = column.isna().to_numpy()
        if is_number(column):
            edges = steps_of(column, EDGES)
            if len(edges):
                seen.append(_places(column, edges))
                two = len(edges) == 2 and bool(column.dropna().isin(edges).all())
                asked.append(_Question(name, tuple(map(float, edges)), None, two))
        else:
            text = as_text(column).astype(str)
            for value, people in zip(*_common(text[~gone]), strict=True):
                if people < len(column):
                    seen.append(((text == value) & ~gone).astype(np.float32))
                    asked.append(_Question(name, None, value))
        if SHARED <= gone.sum() < len(column):
            seen.append(gone.astype(np.float32))
            asked.append(_Question(name, None, None))
    whole = np.column_stack(seen) if seen else np.empty((len(table), 0))
    return Asked(whole.astype(np.float32), tuple(asked))


def _places(column: pd.Series[Any], edges: Array) -> Array:
    """Return how many edges lie below each number; what is missing stands in the middle."""
    known = column.to_numpy(np.float64, na_value=np.nan)
    places = np.searchsorted(edges, known, side="left").astype(np.float32)
    there = ~np.isnan(known)
    places[~there] = np.median(places[there]) if there.any() else 0
    return np.asarray(places)


def _common(text: Array) -> tuple[list[str], list[int]]:
    names, counts = np.unique(text, return_counts=True)
    order = [i for i in np.argsort(-counts, kind="stable") if counts[i] >= SHARED][:VALUES]
    return [str(names[i]) for i in order], [int(counts[i]) for i in order]


def rules_of(tree: DecisionTreeRegressor, asked: Asked) -> dict[int, tuple[Condition, ...]]:
    """Return the conditions of each leaf, by its number; of several bounds of a feature the tightest."""
    inner, found = tree.tree_, dict[int, tuple[Condition, ...]]()
    waiting: list[tuple[int, tuple[Condition, ...]]] = [(0, ())]
    while waiting:
        node, path = waiting.pop()
        if inner.children_left[node] < 0:
            found[node] = _tightest(path)
            continue
        below, above = asked.questions[inner.feature[node]].sides(float(inner.threshold[node]))
        waiting.append((int(inner.children_left[node]), (*path, below)))
        waiting.append((int(inner.children_right[node]), (*path, above)))
    return found


def _tightest(path: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Return *path* without what later conditions make needless: the later bound of two is the tighter."""
    kept: dict[tuple[str, str, str | None], Condition] = {}
    for one in path:
        text = one.value if isinstance(one.value, str) else None
        kept[one.feature, one.relation, text] = one
    sure = {one.feature for one in kept.values() if one.relation == IS}
    return tuple(one for one in kept.values() if one.relation != IS_NOT or one.feature not in sure)

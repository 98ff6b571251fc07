"""Inside the child: what the native formats of boosted trees have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.model import is_text, spread_over, text_for_number
from auditor.sandbox.limits import raise_it
from checks.model import spell

MOST_CATEGORIES = 1 << 24
"""A category is a float32 inside XGBoost: codes from here on are not exact."""


AGAINST_ALL = "log-ratio"
"""The scale on which the trees of one class of several add up, less what the trees of all have in common."""
MOST_CREDITED = 50
"""Classes that are credited one by one."""


def against_all(credited: Any) -> Any:
    """Return credits of shape (rows, classes, features + 1) less their mean over the classes.

    Then they sum to the logarithm of a class's probability over the geometric mean of all: what the sums of
    the trees have in common is lost in probabilities, and nobody could hold it against an answer.
    """
    return credited - credited.mean(axis=1, keepdims=True)


def damaged(kind: str = "decision tree") -> Refuse:
    """Return the refusal of a part that would make native code read outside it."""
    return Refuse(
        "damaged-model", f"a {kind} in the model points outside itself: the file is damaged or hostile"
    )


def integers(values: Any, length: int | None = None) -> Any:
    """Return *values* as whole numbers, of *length* where one is due; refuse anything else."""
    try:
        array = np.asarray(values, dtype=np.int64)
    except (TypeError, ValueError, OverflowError):
        raise damaged() from None
    if array.ndim != 1 or (length is not None and len(array) != length):
        raise damaged()
    return array


def check_tree(left: Any, right: Any, leaf: Any) -> Any:
    """Walk from the root, level by level; return the nodes that it reaches. None may be reached twice.

    *left* and *right* hold the children of each node, *leaf* says which nodes have none. What the root does
    not reach (nodes that pruning deleted) no prediction touches either.
    """
    n = len(left)
    if n < 1:
        raise damaged()
    seen = np.zeros(n, dtype=bool)
    seen[0] = True
    reached = [np.zeros(1, dtype=np.int64)]
    while len(split := reached[-1][~leaf[reached[-1]]]):
        level = np.concatenate([left[split], right[split]])
        if ((level < 0) | (level >= n)).any() or seen[level].any() or len(np.unique(level)) != len(level):
            raise damaged()
        seen[level] = True
        reached.append(level)
    return np.concatenate(reached)


def numbers(column: Any, name: str) -> Any:
    """Return one column as float64, missing values as NaN; text is refused by name."""
    if is_text(column.type):
        first = next((v for v in column.to_pylist() if v is not None), None)
        if first is not None:
            raise text_for_number(name, first)
        return np.full(len(column), np.nan)
    if pa.types.is_dictionary(column.type):
        return numbers(column.cast(column.type.value_type), name)
    return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def codes(
    column: Any, categories: Sequence[Any], written: Callable[[str], str] = str
) -> tuple[Any, str | None]:
    """Return each value's place in *categories* (NaN where missing or unseen), and the first unseen value.

    *written* says how the library that kept the categories spells a name in its file.
    """
    where = {spell(category): place for place, category in enumerate(categories)}
    encoded = column.combine_chunks().dictionary_encode()
    named = [spell(value) for value in encoded.dictionary.to_pylist()]
    values = [name if name in where else written(name) for name in named]
    unseen = next((name for name, value in zip(named, values, strict=True) if value not in where), None)
    places = np.array([where.get(value, np.nan) for value in values] + [np.nan], dtype=np.float64)
    held = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    return places[held.astype(np.int64)], unseen


class Boosted:
    """One model of boosted trees; the classes below it say how its library is asked."""

    library = ""

    def __init__(self) -> None:
        self.classes: list[str] = []
        self.names: list[str] | None = None
        self.width = 0
        self.has_probabilities = False
        self.scale: str | None = None
        self.facts: dict[str, str] = {}
        self.learnt: int | None = None
        self.trees = 0
        self.kept: Mapping[int, list[Any]] = {}

    def describe(self) -> Mapping[str, Any]:
        """Return what the parent is told once."""
        return {
            "kind": "classifier" if self.classes else "regressor",
            "classes": self.classes,
            "features": self.names,
            "n_features": self.width,
            "has_probabilities": self.has_probabilities,
            "types": [self.library],
            "versions": self.facts,
            "contributions": self.scale,
            "memory": {
                "numbers": self.learnt,
                "rows": "never",
                "lists": bool(self.kept),
                "trees": self.trees,
            },
        }

    def predict(self, rows: pa.Table) -> Any:
        """Return one number a row: the position of the class, or the value."""
        if self.has_probabilities:
            return np.argmax(self.predict_proba(rows), axis=1)
        return self._answers(rows)

    def predict_proba(self, rows: pa.Table) -> Any:
        """Return one number a row and class."""
        answer = np.asarray(self._answers(rows), dtype=np.float64)
        return np.column_stack([1 - answer, answer]) if answer.ndim == 1 else answer

    def contributions(self, rows: pa.Table) -> Any:
        """Return one number a row and feature, and the base: together the raw answer."""
        raise NotImplementedError

    def stored(self, rows: pa.Table) -> Any:
        """Return one number a row: 0, since a file of boosted trees has no place for rows."""
        return np.zeros(rows.num_rows)

    def listed(self, rows: pa.Table) -> Any:
        """Return one number a row and column: is the value in a list of the file? NaN where none is."""
        found = np.full((rows.num_rows, rows.num_columns), np.nan)
        for place, known in self.kept.items():
            told = codes(rows.column(place), known)[0]
            missing = rows.column(place).is_null().to_numpy()
            found[:, place] = np.where(missing, np.nan, np.isfinite(told))
        return found

    def leaves(self, rows: pa.Table) -> Any:
        """Return one number a row and tree: the leaf that the row falls in."""
        whole = np.asarray(self._leaves(rows), dtype=np.float64).reshape(rows.num_rows, -1)
        found = np.full((rows.num_rows, self.trees), np.nan)
        found[:, : whole.shape[1]] = whole[:, : self.trees]
        return found[:, spread_over(self.trees)]

    def _leaves(self, rows: pa.Table) -> Any:
        raise NotImplementedError

    def _answers(self, rows: pa.Table) -> Any:
        raise NotImplementedError


def counted(classes: int, limits: Mapping[str, Any]) -> list[str]:
    """Return the names of classes that a file only counts."""
    if not 2 <= classes <= limits["classes"]:
        raise Refuse(
            "too-many-classes",
            f"it knows {classes:,} classes; 2 to {limits['classes']:,} are allowed, {raise_it('classes')}",
        )
    return [str(number) for number in range(classes)]


def refuse_objective(library: str, objective: str, way: str = "") -> Refuse:
    """Return the refusal of an objective whose answers are neither classes nor values."""
    if "rank" in objective.lower():
        return Refuse(
            "ranker",
            f"its objective is `{objective}`: it orders rows within a query; submit its scores as a column "
            "with the task `scoring`",
        )
    way = way or "train it for classes or values, or submit its answers as columns"
    return Refuse("objective-not-supported", f"its {library} objective is `{objective}`; {way}")

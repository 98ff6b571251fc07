"""Inside the child: what a fitted scikit-learn model still holds of the data that it learnt from.

Parts of a pipeline see rows only after the parts before them. So the whole model is asked, and each part
notes what reached it: that is what its own matrices, categories and trees are held against.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree._tree import Tree

from auditor.sandbox.inside.as_trained import boosters
from auditor.sandbox.inside.model import spread_over
from auditor.sandbox.inside.prints import equal, is_sparse
from checks.model import spell

ASKED = ("predict", "predict_proba", "decision_function", "transform", "kneighbors", "radius_neighbors")
"""How one part asks another; the first argument is the rows."""
LEARNT = (
    *("coef_", "intercept_", "coefs_", "intercepts_", "dual_coef_", "support_vectors_", "theta_"),
    *("class_log_prior_", "feature_log_prob_", "_fit_X", "X_train_", "X_fit_", "alpha_", "encodings_"),
)
"""Attributes of scikit-learn that hold numbers learnt from the labels, or the rows themselves."""
MOST_PARTS = 200


class Kept:
    """The parts of one fitted model that could hold rows, lists of values, or leaves."""

    def __init__(self, model: Any, parts: list[Any], categories: Mapping[str, list[Any]]) -> None:
        self._model, self._categories = model, categories
        held = [part for part in parts if hasattr(part, "__dict__")]
        self._matrices = [(part, found) for part in held if (found := _matrices(part))][:MOST_PARTS]
        self._encoders = [part for part in held if isinstance(vars(part).get("categories_"), list)]
        self._forests = _forests(held)
        self._numbers = _numbers(held, parts)

    def told(self) -> Mapping[str, Any]:
        """Return what the parent is told once."""
        return {
            "numbers": self._numbers,
            "rows": "asked",
            "lists": bool(self._encoders or self._categories),
            "trees": sum(_count(forest) for forest in self._forests),
        }

    def stored(self, given: Any) -> Any:
        """Return 1 for each row that equals a row of a matrix in the part that it reached."""
        found = np.zeros(len(given))
        seen = self._reaching([part for part, _ in self._matrices], given)
        for (_, matrices), rows in zip(self._matrices, seen, strict=True):
            for matrix in matrices if rows is not None else ():
                if matrix.shape[1] == rows.shape[1]:
                    found = np.maximum(found, equal(matrix, rows))
        return found

    def listed(self, rows: pa.Table, given: Any) -> Any:
        """Return, per row and column, whether the value stands in a list of the model; NaN without one."""
        texts = [_texts(column.to_pylist()) for column in rows.columns]
        found = np.full((rows.num_rows, rows.num_columns), np.nan)
        for name, known in self._categories.items():
            if name in rows.column_names:
                _mark(found, rows.column_names.index(name), texts, known)
        for encoder, seen in zip(self._encoders, self._reaching(self._encoders, given), strict=True):
            for place, known in enumerate(encoder.categories_ if seen is not None else ()):
                at = _column_of(seen, place, rows.column_names, texts)
                if at is not None:
                    _mark(found, at, texts, known)
        return found

    def leaves(self, given: Any) -> Any:
        """Return the leaf of each row in each tree, or in as many trees as are told."""
        whole = sum(_count(forest) for forest in self._forests)
        found = np.full((len(given), whole), np.nan)
        start = 0
        for forest, rows in zip(self._forests, self._reaching(self._forests, given), strict=True):
            count = _count(forest)
            if rows is not None:
                told = _leaves(forest, rows).reshape(len(given), -1)[:, :count]  # up to its best iteration
                found[:, start : start + told.shape[1]] = told
            start += count
        return found[:, spread_over(whole)]

    def _reaching(self, parts: Sequence[Any], given: Any) -> list[Any]:
        """Ask the whole model, and return the rows that reached each of *parts*; None where none did."""
        with ExitStack() as stack:
            noted = [stack.enter_context(_noting(part)) for part in parts]
            if parts and len(given):
                self._model.predict(given)
        return [next((rows for rows in seen if len(given) == _height(rows)), None) for seen in noted]


@contextmanager
def _noting(part: Any) -> Iterator[list[Any]]:
    """Note what *part* is asked about, in the meantime."""
    seen: list[Any] = []
    own = [name for name in ASKED if callable(getattr(part, name, None)) and name not in vars(part)]

    def noting(method: Any) -> Any:
        def asked(*given: Any, **named: Any) -> Any:
            seen.append(given[0] if given else named.get("X"))
            return method(*given, **named)

        return asked

    for name in own:
        setattr(part, name, noting(getattr(part, name)))
    try:
        yield seen
    finally:
        for name in own:
            delattr(part, name)


def _height(rows: Any) -> int:
    shape = rows.shape if is_sparse(rows) else np.shape(rows)
    return shape[0] if len(shape) == 2 else -1


def _matrices(part: Any) -> list[Any]:
    """Return the matrices of numbers among the attributes of *part*."""
    return [
        value
        for value in vars(part).values()
        if (is_sparse(value) or (isinstance(value, np.ndarray) and value.ndim == 2))
        and value.dtype.kind in "fiub"
    ]


def _texts(values: Sequence[Any]) -> list[str | None]:
    return [None if value is None or value != value else spell(value) for value in values]  # noqa: PLR0124 - NaN


def _mark(found: Any, at: int, texts: list[list[str | None]], known: Sequence[Any]) -> None:
    names = {text for text in _texts(list(known)) if text is not None}
    here = np.array([np.nan if text is None else float(text in names) for text in texts[at]])
    found[:, at] = np.fmax(found[:, at], here)


def _column_of(seen: Any, place: int, names: list[str], texts: list[list[str | None]]) -> int | None:
    """Return which column of the table a column of *seen* is: by its name, else by what it holds."""
    name = seen.columns[place] if hasattr(seen, "columns") else None
    if name in names:
        return names.index(str(name))
    column = seen.iloc[:, place] if hasattr(seen, "iloc") else np.asarray(seen)[:, place]
    held = _texts(column.tolist())
    for at, text in enumerate(texts):
        if all(mine is None or mine == theirs for mine, theirs in zip(text, held, strict=True)):
            return at
    return None


def _forests(parts: Sequence[Any]) -> list[Any]:
    """Return the parts whose trees can say in which leaf a row falls, the outermost alone."""
    able = [
        part
        for part in parts
        if "_predictors" in vars(part)
        or "tree_" in vars(part)
        or hasattr(part, "calc_leaf_indexes")
        or "_Booster" in vars(part)
        or ("estimators_" in vars(part) and callable(getattr(part, "apply", None)))
    ]
    inner = {id(tree) for part in able for tree in np.ravel(vars(part).get("estimators_", []))}
    return [part for part in able if id(part) not in inner]


def _count(forest: Any) -> int:
    """Return how many trees *forest* has."""
    if "_predictors" in vars(forest):
        return sum(len(round_) for round_ in forest._predictors)  # noqa: SLF001 - nothing else holds them
    if "tree_" in vars(forest):
        return 1
    if hasattr(forest, "calc_leaf_indexes"):
        return int(forest.tree_count_ or 0)
    if hasattr(forest, "booster_"):
        return int(forest.booster_.num_trees())
    if hasattr(forest, "get_booster"):
        return len(forest.get_booster().get_dump())
    return int(np.size(forest.estimators_))


def _leaves(forest: Any, rows: Any) -> Any:
    if "_predictors" in vars(forest):
        return _histogram_leaves(forest, rows)
    if hasattr(forest, "calc_leaf_indexes"):
        return np.asarray(forest.calc_leaf_indexes(rows))
    if hasattr(forest, "booster_"):
        return np.asarray(forest.predict(rows, pred_leaf=True))
    return np.asarray(forest.apply(rows))


def _histogram_leaves(forest: Any, rows: Any) -> Any:
    """Return the leaves of scikit-learn's histogram boosting: its trees answer the places of their nodes."""
    ready = forest._preprocess_X(rows, reset=False)  # noqa: SLF001 - as its own `predict` does
    known, places = forest._bin_mapper.make_known_categories_bitsets()  # noqa: SLF001
    columns = []
    for predictor in (tree for round_ in forest._predictors for tree in round_):  # noqa: SLF001
        nodes = predictor.nodes.copy()
        nodes["value"] = np.arange(len(nodes))
        sets = predictor.binned_left_cat_bitsets, predictor.raw_left_cat_bitsets
        columns.append(TreePredictor(nodes, *sets).predict(ready, known, places, 1))
    return np.column_stack(columns)


def _numbers(held: Sequence[Any], parts: Sequence[Any]) -> int | None:
    """Return how many numbers the model learnt; None where no part tells."""
    whole = sum(_size(vars(part).get(name)) for part in held for name in LEARNT)
    whole += sum(_size(vars(part).get("var_")) for part in held if "theta_" in vars(part))  # naive Bayes
    for part in parts:
        if isinstance(part, Tree):
            leaves = int((part.children_left == -1).sum())
            answers = max(int(np.prod(part.value.shape[1:])) - part.n_outputs, part.n_outputs)
            whole += 2 * (part.node_count - leaves) + leaves * answers
        elif isinstance(part, TreePredictor):
            leaves = int(part.nodes["is_leaf"].sum())
            whole += 2 * (len(part.nodes) - leaves) + leaves
    whole += sum(_of_booster(library, booster) for library, booster in boosters(list(held)))
    return whole or None


def _size(value: Any) -> int:
    if isinstance(value, list | tuple):
        return sum(_size(one) for one in value)
    if is_sparse(value):
        return int(value.shape[0] * value.shape[1])
    return int(np.size(value)) if isinstance(value, np.ndarray) and value.dtype.kind in "fiu" else 0


def _of_booster(library: str, booster: Any) -> int:
    match library:
        case "xgboost":
            from auditor.sandbox.inside import xgboost_model, xgboost_trees

            return xgboost_trees.numbers(xgboost_model.check_booster(booster))
        case "lightgbm":
            from auditor.sandbox.inside import lightgbm_model

            return lightgbm_model.check_booster(booster).numbers
        case _ if booster.is_fitted():
            from auditor.sandbox.inside import catboost_trees

            return catboost_trees.check(booster._serialize_model()).numbers  # noqa: SLF001
    return 0

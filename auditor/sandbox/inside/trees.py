"""Inside the child: are the trees of a loaded model trees?

scikit-learn follows the child indices of a node without looking; one edited number reads foreign memory or
never ends. The lock bounds what that can do; this says it in a sentence instead of a crash.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.neighbors import KDTree
from sklearn.tree._tree import Tree

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.as_trained import boosters

MOST_OBJECTS = 5_000_000


def check_structures(model: Any) -> list[Any]:
    """Refuse a model with a tree or a sparse matrix that points outside itself; return all its parts."""
    found = list(parts(model))
    for part in found:
        if not _is_sound(part):
            raise Refuse(
                "damaged-model",
                f"a {_kind(part)} in the model points outside itself: the file is damaged or hostile",
            )
    check_boosters(found)
    return found


def _kind(part: Any) -> str:
    if scipy.sparse.issparse(part):
        return "sparse matrix"
    return "search tree of neighbours" if isinstance(part, KDTree) else "decision tree"


def _is_sound(part: Any) -> bool:
    if isinstance(part, Tree):
        return _tree_is_sound(part)
    if isinstance(part, TreePredictor):
        return _predictor_is_sound(part)
    if isinstance(part, KDTree):
        return _neighbours_are_sound(part)
    return not scipy.sparse.issparse(part) or _matrix_is_sound(part)


def check_boosters(parts: list[Any]) -> None:
    """Refuse boosters in memory whose trees point outside themselves."""
    for library, booster in boosters(parts):
        match library:
            case "xgboost":
                from auditor.sandbox.inside import xgboost_model

                xgboost_model.check_booster(booster)
            case "lightgbm":
                from auditor.sandbox.inside import lightgbm_model

                lightgbm_model.check_booster(booster)
            case _ if booster.is_fitted():
                from auditor.sandbox.inside import catboost_trees

                catboost_trees.check(booster._serialize_model())  # noqa: SLF001 - its only way to bytes


def parts(model: Any) -> Iterator[Any]:
    """Walk the model and yield what it is made of, once each."""
    waiting, seen = [model], set[int]()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or len(seen) > MOST_OBJECTS:
            continue
        seen.add(id(thing))
        if isinstance(thing, Tree | TreePredictor | KDTree) or scipy.sparse.issparse(thing):
            yield thing
        elif isinstance(thing, dict):
            waiting.extend(thing.values())
        elif isinstance(thing, list | tuple | set):
            waiting.extend(thing)
        elif isinstance(thing, np.ndarray):
            waiting.extend(thing.ravel().tolist() if thing.dtype == object else ())
        elif hasattr(thing, "__dict__") and not isinstance(thing, type):
            yield thing
            waiting.extend(vars(thing).values())


def _tree_is_sound(tree: Any) -> bool:
    n, left, right, feature = tree.node_count, tree.children_left, tree.children_right, tree.feature
    if n < 1 or not ((left == -1) == (right == -1)).all() or tree.value.shape[0] != n:
        return False
    split = left != -1
    return _children_are_sound(n, split, left, right) and bool(
        ((feature[split] >= 0) & (feature[split] < tree.n_features)).all()
    )


def _predictor_is_sound(predictor: Any) -> bool:
    nodes = predictor.nodes
    n = len(nodes)
    if n < 1:
        return False
    split = nodes["is_leaf"] == 0
    categorical = nodes[split & (nodes["is_categorical"] != 0)]["bitset_idx"]
    sets = min(len(predictor.raw_left_cat_bitsets), len(predictor.binned_left_cat_bitsets))
    return _children_are_sound(
        n, split, nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    ) and bool((nodes["feature_idx"][split] >= 0).all() and (categorical < sets).all())


def _neighbours_are_sound(tree: Any) -> bool:
    """Every node holds a span of the rows, its children exist, and every row is named once."""
    rows, order, nodes, bounds, _, levels, count = tree.__getstate__()[:7]
    n, leaf = len(rows), nodes["is_leaf"] != 0
    start, end = nodes["idx_start"], nodes["idx_end"]
    return bool(
        0 < levels < 64
        and count == len(nodes) == 2**levels - 1
        and bounds.shape == (2, count, rows.shape[1])
        and np.array_equal(np.sort(order), np.arange(n))
        and ((start >= 0) & (start <= end) & (end <= n)).all()
        and leaf[count // 2 :].all()
    )


def _children_are_sound(n: int, split: Any, left: Any, right: Any) -> bool:
    """Every child comes after its parent (so there is no cycle), exists, and has one parent."""
    own, l, r = np.flatnonzero(split), left[split], right[split]  # noqa: E741 - left and right
    if not ((l > own) & (r > own) & (l < n) & (r < n)).all():
        return False
    return bool(np.bincount(np.r_[l, r], minlength=n)[1:].max(initial=0) <= 1)


def _matrix_is_sound(matrix: Any) -> bool:
    try:
        if hasattr(matrix, "check_format"):
            matrix.check_format(full_check=True)
    except ValueError:
        return False
    return True

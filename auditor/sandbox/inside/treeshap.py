"""Inside the child: TreeSHAP of XGBoost's trees in 64 bit, from the file, by the compiled part of shap.

XGBoost's own credits are made in 32 bit: with hundreds of trees their error exceeds a millionth. Covers of
inner nodes are taken as the sum of those below them, so that the branches of a split weigh exactly one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from itertools import pairwise
from typing import Any

import numpy as np
import xgboost

from auditor.sandbox.inside import xgboost_trees
from auditor.sandbox.inside.boosters import check_tree

DEEPEST = 64
"""Deeper trees are left to XGBoost: what a walk keeps grows with the square of the depth."""
PATH_DEPENDENT, RAW = 1, 0
"""What the compiled part calls the value function, and answers that are not transformed."""


class Ensemble:
    """The trees of one sum, as the compiled part walks them."""

    def __init__(self, trees: Sequence[Mapping[str, Any]], width: int) -> None:
        size = max(len(tree["left_children"]) for tree in trees)
        shape = (len(trees), size)
        self._left, self._right, self._missing = (np.full(shape, -1, dtype=np.int32) for _ in range(3))
        self._feature, self._kind = (np.zeros(shape, dtype=np.int32) for _ in range(2))
        self._limit, self._cover = np.zeros(shape), np.ones(shape)
        self._value = np.zeros((*shape, 1))
        self._depth, self._width, self._sound = 0, width, True
        for place, tree in enumerate(trees):
            self._add(place, tree)

    def _add(self, place: int, tree: Mapping[str, Any]) -> None:
        left, right = (np.asarray(tree[f"{side}_children"], dtype=np.int32) for side in ("left", "right"))
        condition = np.asarray(tree["split_conditions"], dtype=np.float32).astype(np.float64)
        cover = np.asarray(tree["sum_hessian"], dtype=np.float64)
        leaf, count = left == -1, len(left)
        depth = np.zeros(count, dtype=np.int64)
        walked = check_tree(left, right, leaf)
        split = [int(node) for node in walked if not leaf[node]]
        for node in split:
            depth[left[node]] = depth[right[node]] = depth[node] + 1
        for node in reversed(split):
            cover[node] = cover[left[node]] + cover[right[node]]
        self._sound &= bool((cover[split] > 0).all()) and bool((cover[walked] >= 0).all())
        self._depth = max(self._depth, int(depth.max()))
        goes_left = np.asarray(tree["default_left"]) == 1
        self._left[place, :count], self._right[place, :count] = left, right
        self._missing[place, :count] = np.where(goes_left, left, right)
        self._feature[place, :count] = np.where(leaf, 0, np.asarray(tree["split_indices"]))
        self._limit[place, :count] = np.nextafter(
            condition, -np.inf
        )  # XGBoost asks for less, not for at most
        self._cover[place, :count], self._value[place, :count, 0] = cover, np.where(leaf, condition, 0.0)

    @property
    def sound(self) -> bool:
        """Whether it can be walked: not too deep, and every split was reached by somebody in training."""
        return self._depth <= DEEPEST and self._sound and bool(np.isfinite(self._value).all())

    def credits(self, rows: Any) -> Any:
        """Return float64 of the shape of *rows*: what each number adds; XGBoost compares in 32 bit."""
        given = np.ascontiguousarray(np.asarray(rows, dtype=np.float32), dtype=np.float64)
        found = np.zeros((len(given), self._width + 1, 1))
        _compiled().dense_tree_shap(
            *(self._left, self._right, self._missing, self._feature, self._limit, self._kind),
            *(self._value, self._cover, self._depth, given, np.isnan(given), None, None, None),
            *(len(self._left), np.zeros(1), found, PATH_DEPENDENT, RAW, False),
        )
        return found[:, :-1, 0]


def of_booster(booster: xgboost.Booster, iterations: tuple[int, int]) -> Callable[[Any], Any] | None:
    """Return what credits rows, with the base last; None where XGBoost has to be asked.

    The base is what a row of which nothing is known is answered, less what its numbers add.
    """
    learner = xgboost_trees.document(bytes(booster.save_raw("ubj")))["learner"]
    trees = ensemble(learner, iterations)
    if trees is None:
        return None
    base = float(_of_nothing(booster, iterations)[0]) - float(trees.credits(_nothing(booster)).sum())
    return lambda rows: np.column_stack([trees.credits(rows), np.full(len(rows), base)])


def of_classes(booster: xgboost.Booster, iterations: tuple[int, int]) -> Callable[[Any], Any] | None:
    """Return what credits rows with the sum of each class, as `of_booster` does, one class after another.

    Of shape (rows, classes, features + 1); None where a sum cannot be walked.
    """
    learner = xgboost_trees.document(bytes(booster.save_raw("ubj")))["learner"]
    count = int(learner["learner_model_param"]["num_class"])
    sums = [ensemble(learner, iterations, of=one) for one in range(count)]
    if any(one is None for one in sums):
        return None
    trees = [one for one in sums if one is not None]
    nothing, margins = _nothing(booster), _of_nothing(booster, iterations).ravel()
    bases = [float(m) - float(one.credits(nothing).sum()) for m, one in zip(margins, trees, strict=True)]

    def credited(rows: Any) -> Any:
        each = zip(trees, bases, strict=True)
        return np.stack(
            [np.column_stack([one.credits(rows), np.full(len(rows), base)]) for one, base in each], axis=1
        )

    return credited


def _nothing(booster: xgboost.Booster) -> Any:
    return np.full((1, booster.num_features()), np.nan)


def _of_nothing(booster: xgboost.Booster, iterations: tuple[int, int]) -> Any:
    """Return what a row of which nothing is known is answered, before it becomes a probability."""
    names, types = booster.feature_names, booster.feature_types
    asked = xgboost.DMatrix(_nothing(booster), feature_names=names, feature_types=types, nthread=1)
    return booster.predict(asked, output_margin=True, iteration_range=iterations)


def ensemble(
    learner: Mapping[str, Any], iterations: tuple[int, int], of: int | None = None
) -> Ensemble | None:
    """Return the trees that answer, of a checked model; None where XGBoost has to be asked.

    Of a model of several sums, those of the sum *of*.
    """
    booster = learner["gradient_booster"]
    if booster["name"] != "gbtree":
        return None
    model = booster["model"]
    trees = model["trees"]
    sums = [int(one) for one in model["tree_info"]]
    if iterations[1]:
        starts = [int(start) for start in model.get("iteration_indptr", ())]
        rounds = list(pairwise(starts))[iterations[0] : iterations[1]]
        if not rounds:
            return None
        trees, sums = (each[rounds[0][0] : rounds[-1][1]] for each in (trees, sums))
    if of is not None:
        trees = [tree for tree, one in zip(trees, sums, strict=True) if one == of]
    if not trees or any(np.asarray(tree.get("split_type", ())).any() for tree in trees):
        return None  # sets of categories are not known to the compiled part
    found = Ensemble(trees, int(learner["learner_model_param"]["num_feature"]))
    return found if found.sound else None


@cache
def _compiled() -> Any:
    """Load the compiled part alone: importing the whole package takes seconds, in every child."""
    package = find_spec("shap")
    spec = PathFinder.find_spec("_cext", package.submodule_search_locations) if package else None
    if spec is None or spec.loader is None:
        raise ImportError("the package shap has no compiled part here")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

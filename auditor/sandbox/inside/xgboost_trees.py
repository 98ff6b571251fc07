"""Inside the child: does what an XGBoost file says hold together? Asked before native code walks it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.boosters import MOST_CATEGORIES, check_tree, damaged, integers
from auditor.sandbox.inside.ubjson import decode

NOT_WHOLE = (
    "it begins like an XGBoost file but is cut short, damaged or of another format; "
    "save it again with `save_model`"
)


def read(raw: bytes) -> dict[str, Any]:
    """Return the JSON or UBJ object in *raw*; names that occur twice are refused."""
    binary = raw[1:2] in {b"L", b"i", b"U", b"I", b"l"} and raw[:1] == b"{"
    try:
        said = decode(raw) if binary else json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Refuse("truncated", NOT_WHOLE) from None
    if not isinstance(said, dict):
        raise Refuse("truncated", NOT_WHOLE)
    return said


def document(raw: bytes) -> dict[str, Any]:
    """Return what the model file in *raw* says."""
    said = read(raw)
    if not isinstance(said.get("learner"), dict):
        raise Refuse(
            "not-xgboost", "it is JSON but no XGBoost model; save the model with `save_model` and upload that"
        )
    return said


def trees(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the trees of a sound model; none of a linear one."""
    booster = said["learner"]["gradient_booster"]
    found: list[Mapping[str, Any]] = booster.get("gbtree", booster)["model"].get("trees", [])
    return found


def numbers(said: Mapping[str, Any]) -> int:
    """Return how many numbers were learnt: weights, or two a split and one a leaf."""
    weights = said["learner"]["gradient_booster"].get("model", {}).get("weights", [])
    leaves = [np.asarray(tree["left_children"]) == -1 for tree in trees(said)]
    return len(weights) + sum(int(2 * (~leaf).sum() + leaf.sum()) for leaf in leaves)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def check(said: Mapping[str, Any]) -> None:
    """Refuse a model whose trees, lists and counts do not fit each other."""
    try:
        _check_learner(said["learner"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise damaged() from None


def _check_learner(learner: Mapping[str, Any]) -> None:
    stated = learner["learner_model_param"]
    features, classes = int(stated["num_feature"]), int(stated["num_class"])
    outputs = max(1, classes, int(stated.get("num_target", 1)))
    if features < 1 or classes < 0:
        raise damaged()
    told = learner["objective"].get("softmax_multiclass_param")
    if told is not None and int(told["num_class"]) != classes:
        raise damaged()
    for names in ("feature_names", "feature_types"):
        if len(learner.get(names, [])) not in {0, features}:
            raise damaged()
    booster = learner["gradient_booster"]
    match booster["name"]:
        case "gblinear":
            if len(booster["model"]["weights"]) != (features + 1) * outputs:
                raise damaged("list of weights")
        case "dart":
            if len(booster["weight_drop"]) != len(booster["gbtree"]["model"]["trees"]):
                raise damaged()
            _check_model(booster["gbtree"]["model"], features, outputs)
        case "gbtree":
            _check_model(booster["model"], features, outputs)
        case other:
            raise Refuse("booster-not-supported", f"its booster is `{other}`; use gbtree, dart or gblinear")


def _check_model(model: Mapping[str, Any], features: int, outputs: int) -> None:
    trees = model["trees"]
    if int(model["gbtree_model_param"]["num_trees"]) != len(trees):
        raise damaged()
    group = integers(model["tree_info"], len(trees))
    if ((group < 0) | (group >= outputs)).any():
        raise damaged()
    if "iteration_indptr" in model:
        starts = integers(model["iteration_indptr"])
        if not len(starts) or starts[0] != 0 or starts[-1] != len(trees) or (np.diff(starts) < 0).any():
            raise damaged()
    if model.get("cats"):
        _check_categories(model["cats"], features)
    for tree in trees:
        _check_one(tree, features)


def _check_one(tree: Mapping[str, Any], features: int) -> None:
    stated = tree["tree_param"]
    n = int(stated["num_nodes"])
    if int(stated["num_feature"]) != features or int(stated.get("size_leaf_vector", 1)) > 1:
        raise damaged()
    left, right = integers(tree["left_children"], n), integers(tree["right_children"], n)
    feature, parents = integers(tree["split_indices"], n), integers(tree["parents"], n)
    for name in ("split_conditions", "default_left", "base_weights", "sum_hessian", "loss_changes"):
        if len(tree[name]) != n:
            raise damaged()
    leaf = left == -1
    reached = check_tree(left, right, leaf)
    split = reached[~leaf[reached]]
    sound = (
        (right[reached] == -1) == leaf[reached],
        (feature[split] >= 0) & (feature[split] < features),
        (parents[left[split]] == split) & (parents[right[split]] == split),
    )
    if not all(part.all() for part in sound):
        raise damaged()
    _check_sets(tree, n, split)


def _check_sets(tree: Mapping[str, Any], n: int, split: Any) -> None:
    """Check the sets of categories that some nodes split by."""
    if "split_type" not in tree:  # before XGBoost 1.5
        return
    kind = integers(tree["split_type"], n)
    nodes = integers(tree.get("categories_nodes", []))
    starts = integers(tree.get("categories_segments", []), len(nodes))
    sizes = integers(tree.get("categories_sizes", []), len(nodes))
    held = integers(tree.get("categories", []))
    sound = (
        ((kind == 0) | (kind == 1)).all(),
        (np.diff(nodes) > 0).all(),
        ((nodes >= 0) & (nodes < n)).all(),
        np.array_equal(nodes, np.flatnonzero(kind == 1)),
        ((starts >= 0) & (sizes >= 1) & (starts + sizes <= len(held))).all(),
        ((held >= 0) & (held < MOST_CATEGORIES)).all(),
        np.isin(np.flatnonzero(kind == 1), split).all(),
    )
    if not all(sound):
        raise damaged()


def _check_categories(kept: Mapping[str, Any], features: int) -> None:
    """Check the categories that the file keeps for each feature."""
    encoded = kept["enc"]
    segments = integers(kept["feature_segments"])
    if not len(encoded) and not len(segments):
        return
    counts = [len(categories(one)) for one in encoded]
    order = integers(kept["sorted_idx"], sum(counts))
    if len(encoded) != features or not np.array_equal(segments, np.cumsum([0, *counts])):
        raise damaged("list of categories")
    for start, count in zip(segments, counts, strict=False):
        if not np.array_equal(np.sort(order[start : start + count]), np.arange(count)):
            raise damaged("list of categories")


def categories(encoded: Mapping[str, Any]) -> list[Any]:
    """Return the categories of one feature, in the order of their codes; none for a number.

    XGBoost 3 cuts names that are not ASCII to as many bytes as they have characters; see `cut`.
    """
    if "offsets" not in encoded:
        return list(np.asarray(encoded["values"]).tolist())
    offsets = integers(encoded["offsets"])
    raw = bytes((integers(encoded["values"]) & 0xFF).astype(np.uint8))
    if not len(offsets):
        return []
    if offsets[0] != 0 or offsets[-1] != len(raw) or (np.diff(offsets) < 0).any():
        raise damaged("list of categories")
    return [raw[a:b].decode(errors="surrogateescape") for a, b in pairwise(offsets)]


def cut(name: str) -> str:
    """Return a category as XGBoost 3 writes it into its file."""
    return name.encode()[: len(name)].decode(errors="surrogateescape")

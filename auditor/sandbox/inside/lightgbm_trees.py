"""Inside the child: does what a LightGBM file says hold together? Asked before native code walks it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.boosters import check_tree, damaged

NOT_WHOLE = (
    "it begins like a LightGBM file but is cut short or damaged; save it again with "
    "`booster.save_model` and upload the whole file"
)
MAY_LACK_NODE = ("split_gain", "internal_value", "internal_weight", "internal_count")
MAY_LACK_LEAF = ("leaf_weight", "leaf_count")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A LightGBM file in parts."""

    header: Mapping[str, str]
    trees: tuple[Mapping[str, str], ...]
    parameters: Mapping[str, str]
    pandas_categorical: list[list[Any]] | None

    @property
    def features(self) -> int:
        """How many columns the model takes."""
        return int(self.header["max_feature_idx"]) + 1

    @property
    def outputs(self) -> int:
        """How many numbers one row gets."""
        return int(self.header["num_tree_per_iteration"])

    @property
    def numbers(self) -> int:
        """How many numbers were learnt: feature and threshold of every split, value of every leaf."""
        leaves = [int(tree["num_leaves"]) for tree in self.trees]
        return sum(2 * (count - 1) + count for count in leaves)


def parse(text: str) -> Parsed:
    """Return the parts of a model file; names that occur twice in one part are refused."""
    lines = iter(text.splitlines())
    if next(lines, "") != "tree":
        raise Refuse("not-lightgbm", "it is no LightGBM model; save it with `booster.save_model`")
    if "\nend of trees" not in text:
        raise Refuse("truncated", NOT_WHOLE)
    header: dict[str, str] = {}
    trees: list[dict[str, str]] = []
    part = header
    for line in lines:
        if line == "end of trees":
            break
        name, given, value = line.partition("=")
        if name == "Tree" and value == str(len(trees)):
            part = {}
            trees.append(part)
        elif line:
            if name in part or not (given or name == "average_output"):
                raise damaged()
            part[name] = value
    rest = list(lines)
    parameters = dict(_pair(line) for line in rest if line.startswith("[") and line.endswith("]"))
    return Parsed(header, tuple(trees), parameters, _pandas(rest))


def without_sizes(text: str) -> str:
    """Return the file without its table of tree sizes, by which LightGBM would jump unchecked."""
    head, first, rest = text.partition("\nTree=")
    kept = [line for line in head.split("\n") if not line.startswith("tree_sizes=")]
    return "\n".join(kept) + first + rest


def check_sizes(text: str) -> None:
    """Refuse a table of tree sizes by which LightGBM would jump elsewhere than to the trees."""
    head, first, rest = text.encode().partition(b"\nTree=")
    line = next((one for one in head.split(b"\n") if one.startswith(b"tree_sizes=")), None)
    if line is None:
        return
    trees, place = b"Tree=" + rest if first else b"", 0
    for number, size in enumerate(line.partition(b"=")[2].split()):
        if not size.isdigit() or not trees.startswith(b"Tree=%d\n" % number, place):
            raise damaged()
        place += int(size)
    if not trees.startswith(b"end of trees", place):
        raise damaged()


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line[1:-1].partition(":")
    return name.strip(), value.strip()


def _pandas(rest: list[str]) -> list[list[Any]] | None:
    line = next((one for one in reversed(rest) if one.startswith("pandas_categorical:")), None)
    try:
        found = None if line is None else json.loads(line.partition(":")[2])
    except (ValueError, RecursionError):
        raise Refuse("truncated", NOT_WHOLE) from None
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(one, list) for one in found):
        raise damaged("list of categories")
    return found


def check(parsed: Parsed) -> None:
    """Refuse a model whose trees, lists and counts do not fit each other."""
    try:
        header, features, outputs = parsed.header, parsed.features, parsed.outputs
        sound = (
            features >= 1,
            outputs == int(header["num_class"]) >= 1,
            outputs <= max(1, len(parsed.trees)),
            len(parsed.trees) % outputs == 0,
            len(header["feature_names"].split(" ")) == features,
            len(header["feature_infos"].split(" ")) == features,
            all(classes == outputs for classes in _told(header.get("objective", ""))),
        )
        if not all(sound):
            raise damaged()
        for tree in parsed.trees:
            _check_one(tree, features)
    except (KeyError, ValueError, OverflowError, IndexError):
        raise damaged() from None


def _told(objective: str) -> Iterator[int]:
    """Return the number of classes that the objective states for itself."""
    for word in objective.split():
        name, _, value = word.partition(":")
        if name == "num_class":
            yield int(value)


def _array(tree: Mapping[str, str], name: str, length: int, kind: Any = np.int64) -> Any:
    found = np.array(tree[name].split(), dtype=kind)
    if len(found) != length:
        raise damaged()
    return found


def _check_one(tree: Mapping[str, str], features: int) -> None:
    leaves, sets = int(tree["num_leaves"]), int(tree["num_cat"])
    if leaves < 1 or sets < 0:
        raise damaged()
    _array(tree, "leaf_value", leaves, np.float64)
    if tree.get("is_linear", "0") != "0":
        _check_linear(tree, leaves, features)
    for names, length in ((MAY_LACK_NODE, leaves - 1), (MAY_LACK_LEAF, leaves)):
        for name in names:
            if tree.get(name, "").strip() and leaves > 1:
                _array(tree, name, length, np.float64)
    if leaves == 1:
        return
    nodes = leaves - 1
    feature = _array(tree, "split_feature", nodes)
    if ((feature < 0) | (feature >= features)).any():
        raise damaged()
    _check_shape(_array(tree, "left_child", nodes), _array(tree, "right_child", nodes), nodes)
    _check_sets(tree, nodes, sets)


def _check_sets(tree: Mapping[str, str], nodes: int, sets: int) -> None:
    """Check the sets of categories that some nodes split by."""
    threshold = _array(tree, "threshold", nodes, np.float64)
    which = threshold[(_array(tree, "decision_type", nodes) & 1) == 1]
    if not ((which >= 0) & (which < sets) & (which == np.floor(which))).all():
        raise damaged()
    if sets:
        bounds = _array(tree, "cat_boundaries", sets + 1)
        words = len(tree["cat_threshold"].split())
        if bounds[0] != 0 or bounds[-1] != words or (np.diff(bounds) < 1).any():
            raise damaged()


def _check_shape(left: Any, right: Any, nodes: int) -> None:
    """Lay leaves (negative codes) behind the nodes, and walk: every node and leaf is reached once."""
    for side in (left, right):
        if ((side < -nodes - 1) | (side >= nodes)).any():
            raise damaged()
    beyond = np.full(nodes + 1, -1)
    left = np.concatenate([np.where(left < 0, nodes + ~left, left), beyond])
    right = np.concatenate([np.where(right < 0, nodes + ~right, right), beyond])
    if len(check_tree(left, right, left == -1)) != 2 * nodes + 1:
        raise damaged()


def _check_linear(tree: Mapping[str, str], leaves: int, features: int) -> None:
    """Check the straight lines in the leaves of a linear tree."""
    _array(tree, "leaf_const", leaves, np.float64)
    count = _array(tree, "num_features", leaves)
    total = int(count.sum())
    used = _array(tree, "leaf_features", total)
    _array(tree, "leaf_coeff", total, np.float64)
    if (count < 0).any() or ((used < 0) | (used >= features)).any():
        raise damaged()

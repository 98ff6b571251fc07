"""Inside the child: what each column added to the answers of trees in a skops file (TreeSHAP).

Trees may stand behind steps that code columns. What codes are credited with is summed back to the column
that they come from, as far as the steps say which that is; a step that mixes columns ends the offer. The
parent believes nothing of this before it held it against answers (`checks.interpretability.contributions`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from sklearn import ensemble, preprocessing, tree
from sklearn.base import OneToOneFeatureMixin
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline

from auditor.sandbox.inside.prints import is_sparse

MOST_STEPS = 5_000_000
"""Leaves times the squared depth, over all trees: about what one row costs.

Of larger trees few rows could be explained; they are asked like any other model."""

MOST_CLASSES = 50
"""Classes that are credited one by one."""

FORESTS = (
    *(ensemble.RandomForestClassifier, ensemble.ExtraTreesClassifier),
    *(tree.DecisionTreeClassifier, tree.ExtraTreeClassifier),
    *(ensemble.RandomForestRegressor, ensemble.ExtraTreesRegressor),
    *(tree.DecisionTreeRegressor, tree.ExtraTreeRegressor),
)
BOOSTED = (
    *(ensemble.GradientBoostingClassifier, ensemble.HistGradientBoostingClassifier),
    *(ensemble.GradientBoostingRegressor, ensemble.HistGradientBoostingRegressor),
)
LOGARITHMIC = frozenset({"poisson", "gamma"})
"""Losses whose trees add up to the logarithm of the value."""

LOG_ODDS = dict.fromkeys(("binary:logistic", "binary", "Logloss"), "log-odds")
VALUES = dict.fromkeys(("reg:squarederror", "regression", "RMSE"), "value")
"""Objectives of boosters for two classes, and for values -> the scale on which their trees add up."""


class Forest:
    """Trees that credit the columns of the rows that the whole model is given."""

    def __init__(self, steps: Any, trees: Any, origin: Any, width: int, scale: str) -> None:
        self._steps, self._trees = steps, trees
        self._origin, self._width = origin, width
        self.scale = scale
        """The scale on which credits and base add up to the answer of the last class, or to the value."""

    @cached_property
    def _explainer(self) -> Any:
        os.environ.setdefault("NUMBA_DISABLE_JIT", "1")  # nothing here is compiled by it
        import shap

        return shap.TreeExplainer(self._trees, feature_perturbation="tree_path_dependent")

    @cached_property
    def _boosted(self) -> Any:
        """What credits rows in 64 bit, where the trees are XGBoost's."""
        if type(self._trees).__module__.partition(".")[0] != "xgboost":
            return None
        from auditor.sandbox.inside.treeshap import of_booster

        try:
            last = int(self._trees.best_iteration) + 1
        except AttributeError:  # nothing stopped early: all trees answer
            last = 0
        return of_booster(self._trees.get_booster(), (0, last))

    def _credited(self, ready: Any) -> tuple[Any, Any]:
        """Return credits of shape (rows, codes, classes), and the base of each class."""
        if self._boosted is not None:
            said = self._boosted(ready)
            return said[:, :-1, None], said[:1, -1]
        credits_ = np.asarray(self._explainer.shap_values(ready, check_additivity=False))
        credits_ = credits_ if credits_.ndim == 3 else credits_[:, :, None]
        return credits_, np.ravel(self._explainer.expected_value)

    def contributions(self, given: Any) -> Any:
        """Return one number a row and column of *given*, and the base last: together the raw answer.

        Of more than two classes each has such numbers, one class after another.
        """
        ready = given if self._steps is None else self._steps.transform(given)
        ready = ready.toarray() if is_sparse(ready) else np.asarray(ready, dtype=np.float64)
        credits_, bases = self._credited(ready)
        told = range(len(bases)) if len(bases) > 2 else (-1,)
        found = np.zeros((len(credits_), len(told), self._width + 1))
        for place, one in enumerate(told):
            np.add.at(found[:, place].T, self._origin, credits_[:, :, one].T)
            found[:, place, -1] = bases[one]
        return found.reshape(len(found), -1)


def forest(model: Any, width: int | None) -> Forest | None:
    """Return the trees of *model* if they can credit its *width* columns, else None."""
    steps, trees = (model[:-1], model[-1]) if isinstance(model, Pipeline) else (None, model)
    scale = _scale(trees)
    if width is None or scale is None or _cost(trees) > MOST_STEPS:
        return None
    steps = None if steps is None or len(steps) == 0 else steps
    origin = np.arange(width) if steps is None else origins(steps, width)
    taken = getattr(trees, "n_features_in_", None)
    if origin is None or (taken and len(origin) != taken):  # CatBoost forgets how many it takes
        return None
    return Forest(steps, trees, origin, width, scale)


def _scale(trees: Any) -> str | None:
    """Return the scale on which these trees add up, or None where they are not trees of one sum."""
    kind = type(trees)  # the very types: a class of another kind may answer differently
    if kind.__module__.partition(".")[0] in {"xgboost", "lightgbm", "catboost"}:
        return _scale_of_booster(trees)
    if kind not in FORESTS + BOOSTED or getattr(trees, "n_outputs_", 1) != 1:
        return None
    if getattr(trees, "_preprocessor", None) is not None:
        return None  # categories inside histogram boosting: the package does not read their splits
    classes = getattr(trees, "classes_", None)
    if classes is None:
        return "logarithm of the value" if getattr(trees, "loss", None) in LOGARITHMIC else "value"
    if kind in FORESTS:
        return "probability" if 2 <= len(classes) <= MOST_CLASSES else None
    two = len(classes) == 2 and getattr(trees, "loss", "log_loss") == "log_loss"
    return "log-odds" if two else None  # of more classes no sum of boosted trees is a probability


def _scale_of_booster(trees: Any) -> str | None:
    """Return the scale of the objectives that nearly all boosters have; others are asked like any model."""
    objectives = (getattr(trees, name, None) for name in ("objective_", "objective", "_loss_function"))
    named = next((found for found in objectives if isinstance(found, str)), None)
    classes = getattr(trees, "classes_", ())
    if named is None and type(trees).__module__.startswith("catboost"):
        named = trees.get_all_params().get("loss_function") if trees.is_fitted() else None
    return {0: VALUES, 2: LOG_ODDS}.get(len(classes), {}).get(str(named))


def _cost(trees: Any) -> float:
    """Return about how many steps one row takes: leaves times the squared depth, over all trees."""
    if type(trees) not in FORESTS + BOOSTED:
        return 0.0  # boosters limit the depth of their trees, and credit with compiled code of their own
    if hasattr(trees, "_predictors"):
        grown = [one for round_ in trees._predictors for one in round_]  # noqa: SLF001 - nothing else holds them
        sizes = [(one.get_n_leaf_nodes(), one.get_max_depth()) for one in grown]
    else:
        each = [trees] if hasattr(trees, "tree_") else np.ravel(trees.estimators_)
        sizes = [(int(one.tree_.n_leaves), int(one.tree_.max_depth)) for one in each]
    return float(sum(leaves * (depth + 1) ** 2 for leaves, depth in sizes))


def origins(step: Any, count: int) -> Any:
    """Return which of *count* columns each one that *step* makes comes from; None where it mixes them."""
    if step is None or step == "passthrough":
        return np.arange(count)
    found = next((trace for kind, trace in TRACED.items() if isinstance(step, kind)), None)
    return None if found is None else found(step, count)


def _through(steps: Pipeline, count: int) -> Any:
    origin = np.arange(count)
    for _, step in steps.steps:
        here = origins(step, len(origin))
        if here is None:
            return None
        origin = origin[here]
    return origin


def _side_by_side(step: ColumnTransformer, count: int) -> Any:
    del count
    origin = np.full(max((place.stop for place in step.output_indices_.values()), default=0), -1)
    for name, part, _ in step.transformers_:
        place = step.output_indices_[name]
        if place.stop == place.start:
            continue
        columns = np.asarray(step._transformer_to_input_indices[name])  # noqa: SLF001 - names resolved already
        here = origins(part, len(columns))
        if here is None or len(here) != place.stop - place.start:
            return None
        origin[place] = columns[here]
    return None if (origin < 0).any() else origin


def _one_hot(step: Any, count: int) -> Any:
    return np.repeat(np.arange(count), step._n_features_outs)  # noqa: SLF001 - the counts after `drop`


def _filled(step: SimpleImputer, count: int) -> Any:
    empty = np.array([value != value for value in step.statistics_], dtype=bool)  # noqa: PLR0124 - NaN
    kept = np.arange(count) if step.keep_empty_features else np.flatnonzero(~empty)
    return np.concatenate([kept, step.indicator_.features_]) if step.add_indicator else kept


def _called(step: preprocessing.FunctionTransformer, count: int) -> Any:
    return np.arange(count) if step.func is None or step.feature_names_out == "one-to-one" else None


TRACED: Mapping[type, Callable[[Any, int], Any]] = {
    Pipeline: _through,
    ColumnTransformer: _side_by_side,
    preprocessing.OneHotEncoder: _one_hot,
    SimpleImputer: _filled,
    preprocessing.FunctionTransformer: _called,
    SelectorMixin: lambda step, count: step.get_support(indices=True),  # noqa: ARG005 - one shape for all
    preprocessing.Normalizer: lambda step, count: None,  # noqa: ARG005 - divides by what the row sums to
    OneToOneFeatureMixin: lambda step, count: np.arange(count),  # noqa: ARG005
}
"""Kind of step -> where its columns come from; the first that fits counts."""

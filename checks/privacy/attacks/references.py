"""Reference models: trained by us on random halves, so that each row is learnt by one of every pair.

A submitted file is never copied or trained outside its locked process. What is trained is a model of the
same family from scikit-learn with its usual settings, as told by the types in the file; where the file does
not tell, gradient boosting stands in for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from checks.model import Array, ModelFile, Task
from checks.performance.plain import encoded
from checks.privacy.attacks.compared import STREAM, Compared, nearness, of_true_class
from checks.privacy.attacks.gate import coded
from checks.privacy.attacks.signals import Reference

NEIGHBOURS = 20
"""More than is usual: what strangers expect of a row is then less a matter of chance."""

TREES = 200
"""More than is usual, for the same reason: two forests of them expect nearly what sixteen do."""


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of model, how it is known in a file, and what is trained in its place."""

    name: str
    words: tuple[str, ...]
    make: Callable[[bool, int], Any]
    as_codes: bool
    """Whether it splits codes of texts, or needs them one-hot and numbers on one scale."""
    most_rows: int = 50_000
    """Rows a side that eight models of the kind learn and judge in a few minutes."""


def _boosting(numbers: bool, state: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingRegressor if numbers else HistGradientBoostingClassifier
    return kind(early_stopping=False, random_state=state)


def _forest(numbers: bool, state: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestRegressor if numbers else RandomForestClassifier
    return kind(TREES, random_state=state)


def _linear(numbers: bool, state: int) -> Any:  # noqa: ARG001 - nothing in it is drawn
    from sklearn.linear_model import LogisticRegression, Ridge

    return Ridge() if numbers else LogisticRegression(max_iter=500)


def _neighbours(numbers: bool, state: int) -> Any:  # noqa: ARG001 - nothing in it is drawn
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    kind = KNeighborsRegressor if numbers else KNeighborsClassifier
    return kind(NEIGHBOURS)


def _network(numbers: bool, state: int) -> Any:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    return (MLPRegressor if numbers else MLPClassifier)(random_state=state)


BOOSTING = Family(
    "gradient boosting",
    ("lightgbm", "xgboost", "catboost", "gradient_boosting", "gradientboosting", "treepredictor"),
    _boosting,
    as_codes=True,
)
FAMILIES = (
    BOOSTING,
    Family("nearest neighbours", ("neighbors",), _neighbours, as_codes=False, most_rows=10_000),
    Family(
        "random forest",
        ("forest", "_tree", "treeensemble", "bagging"),
        _forest,
        as_codes=True,
        most_rows=20_000,
    ),
    Family(
        "neural network",
        ("neural_network", "mlp", "_stochastic_optimizers", "relu"),
        _network,
        as_codes=False,
        most_rows=20_000,
    ),
    Family("linear model", ("linear", "logistic", "gemm", "ridge", "sgd"), _linear, as_codes=False),
)


def family(file: ModelFile | None) -> tuple[Family, str]:
    """Return what stands in for the model in *file*, and why it was chosen."""
    words = "" if file is None else " ".join((file.format, *file.types)).lower()
    for one in FAMILIES:
        if any(word in words for word in one.words):
            return one, "as the model file says"
    return BOOSTING, "as a stand-in, since the file does not tell the kind of model"


class Trainer:
    """Trains pairs of reference models on complementary random halves of all compared rows."""

    def __init__(self, people: Compared, task: Task, kind: Family, seed: int) -> None:
        """Encode the rows once for all models."""
        self._people, self._kind = people, kind
        self._numbers = task is Task.REGRESSION
        self._rng = np.random.default_rng([seed, STREAM, 3])
        if kind.as_codes:
            self._seen = coded(people.table)
        else:
            self._seen = encoded(people.table, people.table)[0]

    def pairs(self) -> Iterator[tuple[Reference, Reference]]:
        """Yield pairs without end: what one of a pair learnt, the other never saw."""
        while True:
            half = np.zeros(len(self._people.truth), dtype=bool)
            for side in (self._people.member, ~self._people.member):
                at = self._rng.permutation(np.flatnonzero(side))
                half[at[: len(at) // 2]] = True
            yield self._trained(half), self._trained(~half)

    def _trained(self, inside: Array) -> Reference:
        from sklearn.exceptions import ConvergenceWarning
        from threadpoolctl import threadpool_limits

        truth, seen = self._people.truth, self._seen
        if not self._numbers and len(np.unique(truth[inside])) < 2:
            only = truth[inside][0]
            return Reference(inside, np.where(truth == only, 1.0, 0.0))
        model = self._kind.make(self._numbers, int(self._rng.integers(2**31)))
        with warnings.catch_warnings(), threadpool_limits(1):  # one thread: sums in one order
            warnings.simplefilter("ignore", ConvergenceWarning)
            if self._numbers:
                middle, width = (
                    truth[inside].mean(),
                    truth[inside].std() or 1.0,
                )  # networks need plain numbers
                model.fit(seen[inside], (truth[inside] - middle) / width)
                error = np.abs(truth - (middle + width * model.predict(seen)))
                return Reference(inside, nearness(error, self._people.scale))
            model.fit(seen[inside], truth[inside].astype(str))
            chance = of_true_class(model.predict_proba(seen), [str(c) for c in model.classes_], truth)
            return Reference(inside, chance)

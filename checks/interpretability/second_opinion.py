"""The same rows attributed by another hand: the permutation explainer of the package shap.

Our engine is faster and closer at equal numbers of questions, but a reader should not have to believe in
it. The package sees positions of values instead of values, so that text, dates and gaps reach the model as
they stand in the file.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from checks.interpretability.asking import Output
from checks.interpretability.attribution import mixed
from checks.model import Array


def by_package(output: Output, explained: pd.DataFrame, background: pd.DataFrame, seed: int) -> Array:
    """Return credits of shape (rows, features) from the package, with the same value function."""
    shap = the_package()
    source = pd.concat([explained, background], ignore_index=True)
    features = source.shape[1]
    positions = np.repeat(np.arange(len(source), dtype=np.float64)[:, None], features, axis=1)

    def asked(taken: Array) -> Array:
        return output(mixed(source, taken.astype(np.int64)))

    state = np.random.get_state()  # noqa: NPY002 - the package seeds the global state: leave it as it was
    try:
        masker = shap.maskers.Independent(positions[len(explained) :], max_samples=len(background))
        explainer = shap.PermutationExplainer(asked, masker, seed=seed)
        found = explainer(positions[: len(explained)], max_evals=2 * features + 1, silent=True)
    finally:
        np.random.set_state(state)  # noqa: NPY002
    return np.asarray(found.values, dtype=np.float64)


def the_package() -> Any:
    """Import the package here: it takes seconds, and only this one check needs it.

    Its loops are compiled as they are first met, which takes longer than running a few rows of them in
    Python: where nothing else asked for the compiler, it stays off.
    """
    os.environ.setdefault("NUMBA_DISABLE_JIT", "1")
    return import_module("shap")


def package() -> str:
    """Name the package and its version."""
    return f"shap {version('shap')}"

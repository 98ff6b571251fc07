"""The scales on which parts add up to an answer: log-odds, probability, the value or its logarithm."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from checks.interpretability.asking import Output
from checks.model import Array, Model, ModelError
from checks.unanswered import given

SUMS = 1e-4
"""Allowed distance of a sum from the raw answer, in parts of it (and of 1)."""
LAST_DIGIT = 2e-7
"""What 32-bit arithmetic makes of a probability; its log-odds are less certain the nearer it is to 0 or 1."""

RAW: Mapping[str, Callable[[Array], Array]] = {
    "value": lambda answer: answer,
    "probability": lambda answer: answer,
    "log-odds": lambda answer: np.log(answer / (1 - answer)),
    "logarithm of the value": np.log,
}
"""How the raw answer, on the scale of the parts, follows from what the model predicts."""
AGAINST_ALL = "log-ratio"
"""A class's probability against the geometric mean of all: on it the trees of one class of several add up."""
OF_PROBABILITIES = frozenset({"log-odds", "probability"})


class OffScale(ModelError):
    """The model answered what has no number on the scale of the parts."""


def fits(output: Output, scale: str) -> bool:
    """Return whether *output* can be put on *scale*."""
    return scale in RAW and (scale in OF_PROBABILITIES) == output.is_probability


def on_scale(output: Output, scale: str) -> Output:
    """Return *output* on the scale of its parts; probabilities of 0 and 1 as the last before them."""

    def ask(X: pd.DataFrame) -> Array:
        answer = output.ask(X)
        if scale == "log-odds":
            answer = np.clip(answer, LAST_DIGIT, 1 - LAST_DIGIT)
        elif scale == "logarithm of the value" and (answer <= 0).any():
            raise OffScale("it predicted a value without a logarithm")
        return RAW[scale](answer)

    name = output.scale if scale in {"value", "probability"} else scale
    return Output(name, is_probability=scale == "probability", ask=ask, partly=output.partly)


def against_all(model: Model, position: int) -> Output:
    """Return the output of the class at *position* on the scale `AGAINST_ALL`, of more than two classes."""

    def ask(X: pd.DataFrame) -> Array:
        chance = given(model.predict_proba, X)
        if (chance <= 0).any():
            raise OffScale("it answered a probability of 0, which has no logarithm")
        logs = np.log(chance)
        return np.asarray(logs[:, position] - logs.mean(axis=1))

    name = f"logarithm of the probability of '{model.classes[position]}' over the geometric mean of all"
    return Output(name, is_probability=False, ask=ask)


def certain(answer: Array, scale: str) -> tuple[Array, Array, Array]:
    """Return *answer* on *scale*, where it is certain enough to tell, and its own error there."""
    known = np.full(len(answer), True)
    error = np.zeros(len(answer))
    if scale == "log-odds":
        known = (answer > 1e-4) & (answer < 1 - 1e-4)
        answer = np.clip(answer, 1e-4, 1 - 1e-4)
        error = LAST_DIGIT / (answer * (1 - answer))
    elif scale == "logarithm of the value":
        known = answer > 0
        answer = np.where(known, answer, 1.0)
    return RAW[scale](answer), known, error

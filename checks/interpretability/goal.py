"""What a person would want of the answer, and how far an answer is from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.asking import Output, decided, enough, explained_output
from checks.model import Array, Inconclusive, NotApplicable, Subject, Task
from checks.unanswered import given

ROUNDING = 1e-12
"""Answers this close to the limit are at it, as where the decisions were made."""
MEDIAN_OF = 2000
"""Rows asked for the median where no scores were supplied."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A side of a limit: the answers on it, and those that are not."""

    words: str
    """What is reached, as it reads after `to get`."""
    other: str
    """What is had without it."""
    margin: Output
    """How far beyond the limit an answer is; below 0 it falls short."""
    strict: bool
    """Whether an answer at the limit falls short."""
    limit: float = 0.0
    """The answer where the sides meet."""
    lower: bool = False
    """Whether answers below the limit are wanted."""

    def reached(self, margins: Array) -> Array:
        """Return which answers are on the side that is wanted."""
        return np.asarray(margins > ROUNDING if self.strict else margins >= -ROUNDING)

    def where_answered(self) -> Goal:
        """Return the same side, for who leaves rows without an answer out: they are on neither."""
        return replace(self, margin=self.margin.where_answered())

    def turned(self) -> Goal:
        """Return the other side."""
        ask = self.margin.ask
        away = replace(self.margin, ask=lambda X: -ask(X))
        return replace(self, words=self.other, other=self.words, margin=away, strict=not self.strict)


def goal(subject: Subject, rng: np.random.Generator) -> Goal:
    """Return the favourable outcome of *subject*, or the upper half where nothing is decided."""
    if subject.task is Task.MULTICLASS:
        return _class(subject)
    output = explained_output(subject)
    lower = wants_lower(subject)
    if subject.task is Task.BINARY:
        return _decision(subject, output, lower)
    middle = _median(subject, output, rng)
    beyond, behind = ("below", "above") if lower else ("above", "below")
    words = f"{beyond} the median of everybody ({middle:.3g})"
    other = f"at the median of everybody or {behind} it"
    return Goal(words, other, _beyond(output, middle, lower), True, middle, lower)


def wants_lower(subject: Subject) -> bool:
    """Return whether people want the explained answer to be low: it is of a class that is not favourable."""
    positive, favourable = subject.roles.positive, subject.roles.favourable
    if subject.task is Task.MULTICLASS or subject.model is None or not subject.model.classes:
        return False
    return favourable is not None and favourable != positive


def _decision(subject: Subject, output: Output, lower: bool) -> Goal:
    positive, favourable = subject.roles.positive, subject.roles.favourable
    threshold = subject.roles.threshold if output.scale.startswith("probability") else 0.5
    words, other = f"the decision '{positive}'", f"a decision other than '{positive}'"
    if lower:
        words, other = f"the decision '{favourable}'", f"the decision '{positive}'"
    return Goal(words, other, _beyond(output, threshold, lower), lower, threshold, lower)


def _beyond(output: Output, limit: float, lower: bool) -> Output:
    if lower:
        return replace(output, ask=lambda X: limit - output.ask(X))
    return replace(output, ask=lambda X: output.ask(X) - limit)


def _median(subject: Subject, output: Output, rng: np.random.Generator) -> float:
    known = np.empty(0) if subject.score is None else subject.score[np.isfinite(subject.score)]
    if not len(known):
        chosen = sample_rows(subject.rows, MEDIAN_OF, None, rng)
        answers = output.where_answered()(subject.features.iloc[chosen].reset_index(drop=True))
        known = answers[np.isfinite(answers)]
        enough(len(answers) - len(known), len(answers))
    return float(np.median(known))


def _class(subject: Subject) -> Goal:
    model, favourable = subject.model, subject.roles.favourable
    if model is None:
        raise NotApplicable("no model was submitted: supply the model file, so that it can be asked again")
    if not subject.roles.features:
        raise NotApplicable("no feature columns were supplied: declare columns.features")
    if not subject.rows:
        raise Inconclusive("the evaluation table has no rows")
    if favourable is None:
        raise NotApplicable("no class that people want was declared: set columns.favourable")
    if favourable not in model.classes or len(model.classes) < 2:
        raise Inconclusive(f"the model has no class '{favourable}': it has {', '.join(model.classes)}")
    at = model.classes.index(favourable)

    def ask(X: pd.DataFrame) -> Array:
        if not model.has_probabilities:
            return decided(model, X, at) - 0.5
        answer = given(model.predict_proba, X)
        rest = np.delete(answer, at, axis=1).max(axis=1)
        tied = (answer[:, at] == rest) & (answer.argmax(axis=1) != at)
        return np.where(tied, -2 * ROUNDING, answer[:, at] - rest)

    scale = f"probability of '{favourable}' less that of the likeliest other class"
    margin = Output(scale, is_probability=False, ask=ask)
    words, other = f"the decision '{favourable}'", f"a decision other than '{favourable}'"
    return Goal(words, other, margin, strict=False)

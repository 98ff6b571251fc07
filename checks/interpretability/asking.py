"""Ask a model about rows that were never in the file: which output, which rows, and how.

What is explained is the probability of the positive class where the model gives one, else whether it
decides for that class, else its value. Of many classes it is the favourable one; where none was declared, the
one decided for most often, and the scale says so. What shuffling costs is asked of all classes at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from checks.model import Array, Inconclusive, Kind, Measure, Model, ModelError, NotApplicable, Subject, Task
from checks.unanswered import given

BATCH = 20_000
"""Rows in one question: large enough that asking costs little, small enough for a locked process."""
MOST_LOST = 0.5
"""Share of the rows asked about that may go without an answer where such rows are left out and counted."""


@dataclass(frozen=True, slots=True)
class Output:
    """The one number a row that is explained (or one a class), and its scale in words."""

    scale: str
    is_probability: bool
    ask: Callable[[pd.DataFrame], Array]
    classes: int | None = None
    """How many numbers a row has; None where it has one, and answers are of shape (rows,)."""
    partly: bool = False
    """Whether rows without a finite number are answered with NaN; else one such row ends the question."""

    def where_answered(self) -> Output:
        """Return the same, for who leaves rows without an answer out and counts them."""
        return replace(self, partly=True)

    def __call__(self, rows: pd.DataFrame) -> Array:
        """Return numbers of shape (rows,) or (rows, classes), asking in batches."""
        shape = (len(rows),) if self.classes is None else (len(rows), self.classes)
        parts = [self.ask(rows.iloc[start : start + BATCH]) for start in range(0, len(rows), BATCH)]
        answer = np.concatenate(parts) if parts else np.empty(shape)
        wanted = int(np.prod(shape))
        if answer.shape != shape:
            raise ModelError(f"asked for {wanted:,} finite numbers, {answer.size:,} came back")
        if not self.partly:
            enough(int((~np.isfinite(answer)).sum()), wanted, most=0.0)
        return answer


def enough(lost: int, asked: int, most: float = MOST_LOST) -> None:
    """Raise the sentence for a model that gave no number for more than a share *most* of what was asked."""
    if lost > most * asked:
        raise ModelError(
            f"asked for {asked:,} finite numbers, {lost:,} were missing or not finite; it must answer for"
            " every combination of values that the columns hold"
        )


def unanswered(lost: int, asked: int) -> Measure:
    """Return how many of the rows *asked* about got no number and were left out."""
    note = "left out, and nothing put in their place" if lost else None
    return Measure(
        "questions_unanswered", float(lost), n=float(asked), kind=Kind.EXACT, unit="count",
        method="counted", note=note,
    )  # fmt: skip


class Counted:
    """An output, with a count of the rows that it was asked about and of those that got no number."""

    def __init__(self, output: Output) -> None:
        self._output, self.asked, self.lost = output, 0, 0

    def __call__(self, rows: pd.DataFrame) -> Array:
        """Return the answers, of shape (rows,)."""
        answers = self._output(rows)
        self.asked += len(answers)
        self.lost += int((~np.isfinite(answers)).sum())
        return answers


def explained_output(subject: Subject) -> Output:
    """Return what the model of *subject* is asked; raise what a submitter can act on."""
    model = able_model(subject)
    if not model.classes:
        return Output("the predicted value", is_probability=False, ask=lambda X: given(model.predict, X))
    return _of_class(model, subject)


def able_model(subject: Subject) -> Model:
    """Return the model of *subject*, if it can be asked about rows that were never in the file."""
    model = subject.model
    if model is None:
        raise NotApplicable("no model was submitted: supply the model file, so that it can be asked again")
    if not subject.roles.features:
        raise NotApplicable("no feature columns were supplied: declare columns.features")
    if not subject.rows:
        raise Inconclusive("the evaluation table has no rows")
    return model


def explained_class(subject: Subject) -> str | None:
    """Return the class whose answer is explained, or None where nothing says which."""
    roles = subject.roles
    if subject.task is not Task.MULTICLASS:
        return roles.positive
    declared = roles.favourable or roles.positive
    if declared is not None or subject.decision is None or not len(subject.decision):
        return declared
    names, counts = np.unique(subject.decision.astype(str), return_counts=True)
    return str(names[counts.argmax()])


def whole_output(subject: Subject) -> Output:
    """Return what shuffling is measured on: of many classes all of them, else what is explained."""
    model = able_model(subject)
    if subject.task is not Task.MULTICLASS or not model.classes:
        return explained_output(subject)
    count = len(model.classes)
    if model.has_probabilities:
        scale = "probabilities of all classes"
        return Output(scale, is_probability=True, ask=lambda X: given(model.predict_proba, X), classes=count)
    scale = "decision among all classes"
    return Output(
        scale, is_probability=True, ask=lambda X: decided(model, X, np.arange(count)), classes=count
    )


def decided(model: Model, X: pd.DataFrame, positions: Array | int) -> Array:
    """Return 1 where the decision is the class at one of *positions*, else 0; NaN where there is none."""
    chosen = given(model.predict, X)
    if np.ndim(positions):
        chosen = chosen[:, None]
    return np.where(np.isfinite(chosen), chosen == positions, np.nan)


def class_by_default(subject: Subject) -> bool:
    """Return whether one of many classes is explained only because none was declared to be favourable."""
    roles = subject.roles
    return subject.task is Task.MULTICLASS and roles.favourable is None and roles.positive is None


def one_of_many(subject: Subject) -> str | None:
    """Return the note that what is explained is one class of many; None where it is the whole answer."""
    several = subject.task is Task.MULTICLASS and subject.model is not None and subject.model.classes
    if not several:
        return None
    if class_by_default(subject):
        return (
            f"of '{explained_class(subject)}' alone, the class decided for most often: set columns.favourable"
        )
    return f"of '{explained_class(subject)}' alone, the favourable class"


def _of_class(model: Model, subject: Subject) -> Output:
    explained = explained_class(subject)
    if explained is None:
        role = "favourable" if subject.task is Task.MULTICLASS else "positive"
        raise NotApplicable(f"no class to explain was declared: set columns.{role}")
    if explained not in model.classes:
        raise Inconclusive(f"the model has no class '{explained}': it has {', '.join(model.classes)}")
    position = model.classes.index(explained)
    by_default = class_by_default(subject)
    if model.has_probabilities:
        scale = f"probability of '{explained}'"
        if by_default:
            scale = f"probability of '{explained}' alone"
        return Output(scale, is_probability=True, ask=lambda X: given(model.predict_proba, X)[:, position])
    scale = f"decision for '{explained}' (0 or 1)"
    if by_default:
        scale = f"decision for '{explained}' alone (0 or 1)"
    return Output(scale, is_probability=True, ask=lambda X: decided(model, X, position))


def shares(importances: Array) -> Array:
    """Return each number's part of the positive sum along the last axis; NaN where that sum is 0."""
    positive = np.clip(importances, 0, None)
    total = positive.sum(axis=-1, keepdims=True)
    parts: Array = np.divide(positive, total, out=np.full_like(positive, np.nan), where=total > 0)
    return parts


def resampled_means(values: Array, rng: np.random.Generator, draws: int = 1000) -> Array:
    """Return the column means of *draws* resamples of the rows, with replacement."""
    weights = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), size=draws)
    # einsum, not `@`: its sums do not depend on how many threads the host gives to linear algebra
    return np.asarray(np.einsum("dr,rf->df", weights, values) / len(values))

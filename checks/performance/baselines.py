"""What a binary system is held against: naming the commonest class, and a plain logistic regression."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.model import NOT_STATED, Array, Subject
from checks.performance import plain
from checks.sample import Sample
from checks.values import as_text


@dataclass(frozen=True, eq=False)
class Baseline:
    """A baseline's answers for the rows of a sample, and how it was made."""

    model: str
    answers: Sample
    how: str


def majority(subject: Subject, sample: Sample) -> Baseline:
    """Answer the commonest class, and its share as score."""
    training = _training(subject)
    if training is None:
        base, where = float(np.average(sample.actual, weights=sample.weights)), "evaluation rows"
    else:
        base, where = float(training[1].mean()), "training table"
    answers = dataclasses.replace(
        sample, predicted=np.full(len(sample.rows), base >= 0.5), score=np.full(len(sample.rows), base)
    )
    return Baseline("majority", answers, f"always the commonest class of the {where}")


def logistic(subject: Subject, sample: Sample) -> Baseline:
    """Answer by a logistic regression on the model's own features, standardised and one-hot."""
    score, how = plain.answers(subject, sample.rows, sample.actual, plain.chance_of_yes, _training(subject))
    answers = dataclasses.replace(sample, predicted=score >= 0.5, score=score)
    return Baseline("logistic", answers, f"logistic regression, {how}")


def _training(subject: Subject) -> tuple[pd.DataFrame, Array] | None:
    """Return training features and labels; None where there are none, or of one class only."""
    found = training_labels(subject)
    if found is None:
        return None
    table, text = found
    actual = text == subject.roles.positive
    if not actual.any() or actual.all():
        return None
    return table, actual


def training_labels(subject: Subject) -> tuple[pd.DataFrame, Array] | None:
    """Return features and labels (as text) of training rows that have a label; None where there are none."""
    table, label = subject.training, subject.roles.label
    needed = {label, *subject.roles.features}
    if table is None or label is None or not needed <= set(table.columns):
        return None
    text = as_text(table[label])
    known = text != NOT_STATED
    return (table.loc[known, list(subject.roles.features)], text[known]) if known.any() else None

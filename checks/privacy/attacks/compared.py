"""The rows that an attack must tell apart: training rows (members) and rows the model never saw (others)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from checks.data.numbering import without_numbering
from checks.data.rows import row_keys
from checks.draw import sample_rows
from checks.model import NOT_STATED, Array, Inconclusive, Model, NotApplicable, Subject, Task
from checks.performance.plain import plain
from checks.values import as_text

STREAM = 13  # keeps these random numbers apart from every other part's
FEWEST = 50  # rows a side under which neither a rate nor the gate says anything
BATCH = 20_000


@dataclass(frozen=True, eq=False)
class Compared:
    """Members first, then others; every array has one entry a row."""

    table: pd.DataFrame
    """The features, numbers as float64 and everything else as text."""
    truth: Array
    """The label: text of a class, or a number."""
    member: Array
    position: Array
    """Where the row stands in its own file."""
    chance: Array | None
    """What the model gives the true class, or how near its number came (1 is exact); None by labels alone."""
    answer: Array | None
    """The model's number, for a regression."""
    error: Array | None
    """Distance to the true number, for a regression."""
    right: Array | None
    """Whether the decision was the true class; None for a regression."""
    scale: float
    """Spread of the errors among the others, for a regression; it turns distances into chances."""
    shared: tuple[int, int]
    """Training and evaluation rows that stand in both files and were left out."""
    usable: tuple[int, int]
    """Rows a side before sampling."""
    unusable: tuple[int, int]
    """Rows a side without a label, or without an answer where there are answers to compare."""

    @property
    def confidence(self) -> Array | None:
        """How sure the model is of the truth: the plain signal of membership."""
        return -self.error if self.error is not None else self.chance

    def split(self, signal: Array) -> tuple[Array, Array]:
        """Return *signal* of the members and of the others."""
        return signal[self.member], signal[~self.member]

    @property
    def sampled(self) -> str | None:
        """Say that not all rows were attacked, where that is so."""
        mine, theirs = int(self.member.sum()), int((~self.member).sum())
        if (mine, theirs) == self.usable:
            return None
        rows = f"{mine} of {self.usable[0]} training and {theirs} of {self.usable[1]} evaluation rows"
        return f"{rows}, drawn at random"


def compared(subject: Subject, most: int) -> Compared:
    """Return at most *most* rows a side; raise what a submitter can act on."""
    training, label = _tables(subject)
    features, _ = without_numbering(subject.evaluation, subject.roles.features, subject.roles)
    mine, theirs = row_keys([training, subject.evaluation], [*features, label])
    twice = np.isin(mine, theirs), np.isin(theirs, mine)
    rng = np.random.default_rng([subject.seed, STREAM])
    rows, usable, unusable = [], [], []
    for table, known, said in zip((training, subject.evaluation), twice, _said(subject), strict=True):
        there = _labelled(subject, table) & said
        at = np.flatnonzero(~known & there)
        usable.append(len(at))
        unusable.append(int((~known & ~there).sum()))
        rows.append(at[sample_rows(len(at), most, None, rng)])
    shared = int(twice[0].sum()), int(twice[1].sum())
    _enough(usable, shared, (len(training), subject.rows))
    found = _answered(subject, rows, shared)
    return replace(found, usable=(usable[0], usable[1]), unusable=(unusable[0], unusable[1]))


def _tables(subject: Subject) -> tuple[pd.DataFrame, str]:
    training, label = subject.training, subject.roles.label
    if training is None or not len(training):
        raise NotApplicable("no training data: supply data.training, the rows that the model learnt from")
    if label is None or not {label, *subject.roles.features} <= set(training.columns):
        raise NotApplicable(
            "no label in both files: set columns.label to a column that training data have too"
        )
    if subject.task is Task.SCORING:
        raise NotApplicable("a score that no label shares a scale with has no loss: submit a binary task")
    if not subject.roles.features:
        raise NotApplicable("no feature columns were supplied: declare columns.features")
    if not subject.rows:
        raise Inconclusive("the evaluation table has no rows")
    return training, label


def _labelled(subject: Subject, table: pd.DataFrame) -> Array:
    label = table[subject.roles.label]
    if subject.task is Task.REGRESSION:
        return np.asarray(np.isfinite(_numbers(label)))
    return label.notna().to_numpy()


def _said(subject: Subject) -> tuple[Array, Array]:
    """Return, per file, for which rows there is an answer; all where the model is yet to be asked."""
    scores, decisions = (
        (subject.training_score, subject.score),
        (subject.training_decision, subject.decision),
    )
    assert subject.training is not None
    everybody = np.ones(len(subject.training), dtype=bool), np.ones(subject.rows, dtype=bool)
    if subject.task is Task.MULTICLASS and subject.model is not None and subject.model.has_probabilities:
        return everybody
    if scores[0] is not None and scores[1] is not None:
        return np.isfinite(scores[0]), np.isfinite(scores[1])
    if decisions[0] is not None and decisions[1] is not None:
        return decisions[0] != NOT_STATED, decisions[1] != NOT_STATED
    return everybody


def _numbers(column: pd.Series[float]) -> Array:
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _enough(usable: Sequence[int], shared: tuple[int, int], rows: tuple[int, int]) -> None:
    if min(usable) >= FEWEST:
        return
    if shared[1] > rows[1] / 2:
        raise Inconclusive(
            f"{shared[1]} of {rows[1]} evaluation rows stand in the training file too: supply evaluation"
            " rows that were never used in training"
        )
    raise Inconclusive(
        f"{usable[0]} training rows and {usable[1]} other evaluation rows with a label and an answer:"
        f" {FEWEST} of each are needed"
    )


def _answered(subject: Subject, rows: list[Array], shared: tuple[int, int]) -> Compared:
    assert subject.training is not None
    sides = (subject.training, subject.evaluation)
    parts = [table.iloc[at] for table, at in zip(sides, rows, strict=True)]
    member = np.repeat([True, False], [len(at) for at in rows])
    whole = pd.concat([part[list(subject.roles.features)] for part in parts], ignore_index=True)
    labels = [part[subject.roles.label] for part in parts]
    error = chance = right = answer = None
    scale = 1.0
    if subject.task is Task.REGRESSION:
        truth = np.concatenate([_numbers(label) for label in labels])
        answer = _joined((subject.training_score, subject.score), rows)
        if answer is None:
            raise NotApplicable("no numbers for the training rows: supply the model, so that it can be asked")
        error = np.abs(truth - answer)
        scale = spread(error[~member])
        chance = nearness(error, scale)
    else:
        truth = np.concatenate([as_text(label) for label in labels])
        decision = _joined((subject.training_decision, subject.decision), rows)
        right = None if decision is None else decision == truth
        chance = _chance(subject, rows, truth, parts)
        if right is None and chance is None:
            raise NotApplicable(
                "no answers for the training rows: supply the model, so that it can be asked about them"
            )
    return Compared(
        table=plain(whole),
        truth=truth,
        member=member,
        position=np.concatenate(rows),
        chance=chance,
        answer=answer,
        error=error,
        right=right,
        scale=scale,
        shared=shared,
        usable=(0, 0),
        unusable=(0, 0),
    )


def _joined(answers: tuple[Array | None, Array | None], rows: list[Array]) -> Array | None:
    mine, theirs = answers
    return None if mine is None or theirs is None else np.concatenate([mine[rows[0]], theirs[rows[1]]])


def _chance(subject: Subject, rows: list[Array], truth: Array, parts: list[pd.DataFrame]) -> Array | None:
    """Return what the model gives the true class of each row; None where it gives no probabilities."""
    if subject.task is Task.BINARY:
        score = _joined((subject.training_score, subject.score), rows)
        if score is None or not ((score >= 0) & (score <= 1) | np.isnan(score)).all():
            return None
        return np.where(truth == subject.roles.positive, score, 1 - score)
    if subject.model is None or not subject.model.has_probabilities:
        return None
    features = list(subject.roles.features)
    answers = [asked(subject.model, part[features]) for part in parts]  # each file in its own types
    return of_true_class(np.concatenate(answers), subject.model.classes, truth)


def asked(model: Model, rows: pd.DataFrame) -> Array:
    """Return the model's probabilities, asking in batches."""
    return np.concatenate(
        [model.predict_proba(rows.iloc[at : at + BATCH]) for at in range(0, len(rows), BATCH)]
    )


def of_true_class(probabilities: Array, classes: Sequence[str], truth: Array) -> Array:
    """Return each row's probability of its *truth*; 0 for a class that is not among *classes*."""
    place = {name: i for i, name in enumerate(classes)}
    at = np.array([place.get(name, -1) for name in truth])
    return np.where(at < 0, 0.0, probabilities[np.arange(len(truth)), np.maximum(at, 0)])


def spread(error: Array) -> float:
    """Return the root mean square of the known errors; 1 where all are exact."""
    known = error[np.isfinite(error)]
    found = float(np.sqrt(np.mean(known**2))) if len(known) else 0.0
    return found or 1.0


def nearness(error: Array, scale: float) -> Array:
    """Turn a distance into a number between 0 and 1, as a normal error of that *scale* would."""
    return np.asarray(np.exp(-((error / scale) ** 2) / 2))

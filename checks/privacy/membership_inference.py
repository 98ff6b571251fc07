"""Membership inference: does the model betray who was in its training data?

An attacker who knows a person's row and outcome guesses "was in the training data" when the model is right
with confidence (a small loss). Training rows are the members, evaluation rows the others. `auc` is the
chance that a member scores above another row; 0.5 is guessing. `tpr_at_fpr_1pct` is the share of members
found while at most one other row in a hundred is accused; `tpr_at_fpr_0_1pct` the same for one in a
thousand. `advantage` is the largest true positive rate minus false positive rate; `ppv` the share of
accusations that are right at a false positive rate of 1 % where one person in a hundred was a member
(`prior`).

Why it matters
    To have been in some data (of a clinic, of a debt collector) is itself personal. A model that remembers
    its rows also gives away more about them.

How to read it
    AUC 0.5 hides nothing from this attack; the rates at few false alarms matter more than the AUC, because
    one certain guess harms one person. Intervals: Hanley-McNeil for the AUC, Clopper-Pearson for the rates.
    The threshold is set on the other rows: the lowest score that accuses at most the stated share of them.
    The interval of the advantage is a Dvoretzky-Kiefer-Wolfowitz band, which is wide on purpose.
    `drift_auc` is the gate: a classifier that sees the features only tries to tell the two files apart.
    If it can, the files differ anyway, and the comparison would measure that difference, not memory.

Limits
    This is the weakest attack: it finds gross overfitting only. Stronger ones (reference models) find much
    more at few false alarms, so a low number is no proof. Needs evaluation rows from the same source that
    were never used in training; rows in both files are dropped and counted (`shared_rows_dropped`).

References
    Yeom et al., CSF 2018; Carlini et al., Membership Inference Attacks From First Principles, S&P 2022.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.data.rows import codes, row_keys
from checks.draw import sample_rows
from checks.model import Array, Inconclusive, Kind, Measure, NotApplicable, Subject, Task, check
from checks.statistics import LEVEL, clopper_pearson, estimate, hanley_mcneil, roc_auc, undefined
from checks.values import as_text

STREAM = 13  # keeps this check's random numbers apart from every other's
OF = {"attack": "loss"}
FEWEST = 50  # rows a side under which neither a rate nor the gate says anything
GATE_ROWS = 4000  # a side: enough to see a shift that could matter


@dataclass(frozen=True, slots=True)
class Guesses:
    """How sure the attacker is of each row: minus the loss; members are training rows."""

    members: Array
    others: Array
    dropped: int


@check
def membership_inference(subject: Subject, *, prior: float = 0.01) -> Iterator[Measure]:
    """Attack the model with its own losses."""
    guesses = _guesses(subject)
    members, others = guesses.members, guesses.others
    dropped, kind = float(guesses.dropped), Kind.EXACT
    yield Measure(
        "shared_rows_dropped", dropped, n=subject.rows, kind=kind, unit="rows", method="count", of=OF
    )
    if min(len(members), len(others)) < FEWEST:
        raise Inconclusive(
            f"{len(members)} training rows and {len(others)} other evaluation rows:"
            f" {FEWEST} of each are needed"
        )
    gate = _drift(subject)
    yield gate
    if gate.low is not None and gate.low > 0.5:
        raise Inconclusive(
            "invalid comparison: training and evaluation rows can be told apart by their features alone;"
            " supply evaluation rows drawn from the same source as the training rows"
        )
    member = np.repeat([True, False], [len(members), len(others)])
    auc = roc_auc(member, np.concatenate([members, others]))
    yield hanley_mcneil("auc", auc, len(members), len(others), of=OF)
    yield _advantage(members, others)
    found = _found("tpr_at_fpr_1pct", guesses, 0.01)
    yield found
    if len(others) >= 10_000:
        yield _found("tpr_at_fpr_0_1pct", guesses, 0.001)
    else:
        why = f"not measurable with {len(others)} evaluation rows; 10,000 are needed"
        yield undefined("tpr_at_fpr_0_1pct", why, n=len(members), of=OF)
    yield _ppv(found, prior)


def _guesses(subject: Subject) -> Guesses:
    roles, training = subject.roles, subject.training
    if training is None or not len(training):
        raise NotApplicable("no training data: supply data.training, the rows that the model learnt from")
    if roles.label is None or roles.label not in training.columns:
        raise NotApplicable(
            "no label in both files: set columns.label to a column that training data have too"
        )
    if subject.task not in {Task.BINARY, Task.REGRESSION}:
        raise NotApplicable(f"losses are not compared for the task {subject.task.value} yet")
    if subject.score is None or subject.training_score is None:
        raise NotApplicable(
            "no score for the training rows: supply the model, so that it can be asked about them"
        )

    compared = [*roles.features, roles.label]
    mine, theirs = row_keys([subject.evaluation, training], compared)
    fresh = ~np.isin(mine, theirs)
    members = _minus_loss(subject, training, subject.training_score)
    others = _minus_loss(subject, subject.evaluation, subject.score)[fresh]
    return Guesses(members[np.isfinite(members)], others[np.isfinite(others)], int((~fresh).sum()))


def _minus_loss(subject: Subject, table: pd.DataFrame, score: Array) -> Array:
    """Return minus the loss of each row, NaN where the label is missing."""
    label = table[subject.roles.label]
    if subject.task is Task.REGRESSION:
        truth = pd.to_numeric(label, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(-np.abs(truth - score))
    right = np.where(as_text(label) == subject.roles.positive, score, 1 - score)
    return np.where(label.isna(), np.nan, np.log(np.maximum(right, 1e-15)))


def _drift(subject: Subject) -> Measure:
    """Return how well the two files are told apart by features alone, out of fold."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from threadpoolctl import threadpool_limits

    assert subject.training is not None
    seeds = np.random.default_rng([subject.seed, STREAM])
    parts = [
        table[list(subject.roles.features)].iloc[sample_rows(len(table), GATE_ROWS, None, seeds)]
        for table in (subject.training, subject.evaluation)
    ]
    if not subject.roles.features:
        return undefined("drift_auc", "no feature columns were supplied")
    seen = np.column_stack([_numbers([part.iloc[:, i] for part in parts]) for i in range(parts[0].shape[1])])
    trained = np.repeat([1, 0], [len(part) for part in parts])
    state = int(seeds.integers(2**31))
    judge = HistGradientBoostingClassifier(max_iter=40, early_stopping=False, random_state=state)
    folds = StratifiedKFold(5, shuffle=True, random_state=state)
    with threadpool_limits(1):  # threads that wait for each other cost more than this small task
        told = cross_val_predict(judge, seen, trained, cv=folds, method="predict_proba", n_jobs=1)[:, 1]
    auc = roc_auc(trained == 1, told)
    return hanley_mcneil("drift_auc", auc, int(trained.sum()), int((1 - trained).sum()))


def _numbers(columns: list[pd.Series[float]]) -> Array:
    """Return both files' values of one feature as numbers; text becomes codes."""
    if all(pd.api.types.is_numeric_dtype(column) for column in columns):
        return np.concatenate([c.to_numpy(dtype=np.float64, na_value=np.nan) for c in columns])
    return codes(columns)[0].astype(np.float64)


def _advantage(members: Array, others: Array) -> Measure:
    points = np.unique(np.concatenate([members, others]))
    above = [1 - np.searchsorted(np.sort(s), points, side="left") / len(s) for s in (members, others)]
    value = float(max((above[0] - above[1]).max(), 0.0))
    tail = np.log(4 / (1 - LEVEL))
    half = float(sum(np.sqrt(tail / (2 * len(s))) for s in (members, others)))
    method = f"largest difference, Dvoretzky-Kiefer-Wolfowitz {LEVEL:.0%}"
    low, high = max(value - half, 0.0), min(value + half, 1.0)
    return estimate("advantage", value, low, high, len(members), of=OF, method=method)


def _found(name: str, guesses: Guesses, share: float) -> Measure:
    """Return the share of members above the lowest threshold that accuses at most *share* of the others."""
    allowed = int(np.floor(share * len(guesses.others)))
    threshold = np.sort(guesses.others)[::-1][allowed]  # accuse strictly above it: at most *allowed* others
    found = int((guesses.members > threshold).sum())
    accused = int((guesses.others > threshold).sum())
    note = f"{accused} of {len(guesses.others)} other rows accused; the interval takes the threshold as given"
    return clopper_pearson(name, found, len(guesses.members), of=OF, note=note)


def _ppv(found: Measure, prior: float) -> Measure:
    """Return the share of right accusations at a false positive rate of 1 %, from the share found."""

    def right(rate: float | None) -> float:
        hits = prior * (rate or 0.0)
        return hits / (hits + (1 - prior) * 0.01)

    method = f"Bayes' rule, prior {prior}, false positive rate 0.01, limits of tpr_at_fpr_1pct"
    limits = right(found.value), right(found.low), right(found.high)
    return estimate("ppv", *limits, found.n or 0, of=OF, method=method)

"""Sanity: is the output better than chance, does it vary, and is it the same alone and in a batch?

Three questions to ask before any other. `better_than_chance` is the AUC less 0.5, or, where there are only
decisions or several classes, accuracy less that of naming the commonest class; for predicted numbers it is
R², which is 0 for the mean of the labels. `constant_output` is 1 where everybody gets the
same answer. `single_row_agreement` is the share of sampled rows for which the model, asked about that row
alone, answers what it answers when asked about all of them together.

Why it matters
    Explaining, or comparing between groups, the answers of a model that is no better than chance tells a
    story about noise. A model whose answer for a person depends on who else is in the batch decides by
    accident.

How to read it
    If the interval of `better_than_chance` reaches 0, treat every other finding about this model with care.
    An agreement below 1 is a defect (batch statistics, leaking state, randomness), however small the
    difference: 1e-6 in a score is the tolerance, for arithmetic in single precision.
    `single_row_disagreement` says, with its interval, what the rows asked allow for all rows: where 50 of 50
    agree, up to 7 % of all rows might still not.

Limits
    Better than chance is a low bar; see `performance.classification` for a better one. Agreement is measured
    on up to 50 rows drawn with the audit's seed; before anything is measured, an audit compares more rows, in
    fresh processes, and is refused where they disagree. Without a model file only the first two questions are
    asked.

References
    Breck et al., The ML Test Score, IEEE Big Data 2017. Newcombe, Statistics in Medicine 25, 2006 (AUC).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from checks.model import Array, Kind, Measure, Model, NotApplicable, Subject, Task, check
from checks.performance import classes, regression
from checks.performance.baselines import majority
from checks.performance.classification import auc_over_chance
from checks.sample import labelled
from checks.statistics import clopper_pearson, paired_difference, undefined

NAME = "better_than_chance"
TOLERANCE = 1e-6
STREAM = 102
"""The fixed part of the seed of this check."""


@check(asks_model=True)
def sanity(subject: Subject, *, rows: int = 50) -> Iterator[Measure]:
    """Ask the three questions; the last one only where there is a model."""
    if subject.decision is None and subject.score is None:
        raise NotApplicable("no decision and no score was supplied, by a model or as a column")
    if subject.rows:
        yield _constant(subject)
        if subject.model is not None and subject.roles.features:
            yield from _agreement(subject, subject.model, rows)
    yield _better_than_chance(subject)


def _constant(subject: Subject) -> Measure:
    answers = subject.decision if subject.score is None else subject.score[~np.isnan(subject.score)]
    assert answers is not None
    constant = len(answers) > 0 and bool((answers == answers[0]).all())
    return Measure(
        name="constant_output",
        value=float(constant),
        n=float(len(answers)),
        kind=Kind.EXACT,
        unit="flag",
        method="1 where all decisions are one" if subject.score is None else "1 where all scores are equal",
    )


def _better_than_chance(subject: Subject) -> Measure:
    try:
        if subject.task is Task.REGRESSION:
            return replace(regression.r2(regression.known_numbers(subject)), name=NAME)
        if subject.task is Task.MULTICLASS:
            several = classes.known_classes(subject)
            return classes.over(several, classes.majority(subject, several), name=NAME)
        scored = subject.score is not None
        sample = labelled(subject, decided=not scored, scored=scored, scores_alone=True)
    except NotApplicable as why:
        return undefined(NAME, str(why))
    if scored:
        return auc_over_chance(NAME, sample)
    trivial = majority(subject, sample)
    right = (sample.predicted == sample.actual, trivial.answers.predicted == sample.actual)
    return paired_difference(NAME, *right, sample.weights, sample.effective, note=f"against {trivial.how}")


def _agreement(subject: Subject, model: Model, rows: int) -> Iterator[Measure]:
    rng = np.random.default_rng([subject.seed, STREAM])
    which = np.sort(rng.choice(subject.rows, size=min(rows, subject.rows), replace=False))
    table = subject.features.iloc[which].reset_index(drop=True)

    def ask(start: int, stop: int) -> Array:
        part = table.iloc[start:stop].reset_index(drop=True)
        return np.asarray(model.predict_proba(part) if model.has_probabilities else model.predict(part))

    together = ask(0, len(table)).reshape(len(table), -1)
    alone = np.concatenate([ask(i, i + 1) for i in range(len(table))]).reshape(len(table), -1)
    alike = (np.abs(together - alone) <= TOLERANCE).all(axis=1)
    yield Measure(
        name="single_row_agreement",
        value=float(alike.mean()),
        n=float(len(table)),
        kind=Kind.EXACT,
        method=f"{len(table)} rows drawn with seed {subject.seed}, alone and together, within {TOLERANCE}",
        note=None if alike.all() else f"largest difference {float(np.abs(together - alone).max()):.3g}",
    )
    yield clopper_pearson("single_row_disagreement", int((~alike).sum()), len(table))

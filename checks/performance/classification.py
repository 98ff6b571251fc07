"""Classification: how often is the system right, and is it better than something trivial?

Accuracy, balanced accuracy, F1 and Matthews correlation of the decisions; AUC, average precision, Brier
score and log loss of the scores; each with its interval. The same numbers for two baselines
(`model: majority` names the commonest class for everybody, `model: logistic` is a plain logistic regression
on the model's own features), and how far the system is ahead of them on the same rows
(`accuracy_over_baseline` and `roc_auc_over_baseline`: against the majority, and with `model: logistic`
against the regression). With several classes F1 and AUC are means over classes (`average: macro`), balanced
accuracy is the mean share recognised, and each class has its true positive rate and positive predictive
value.

Why it matters
    A system that is no better than a rule on one line has nothing to set against the harm that it may do.
    95 % accuracy is no achievement where 95 % of people are alike.

How to read it
    Look at the baselines first, then at the difference with its interval: it is paired, so it is sharper than
    the two intervals side by side. Where classes are uneven, read balanced accuracy and average precision
    rather than accuracy. The logistic baseline is fitted on the training table, or cross-validated on the
    evaluation rows where there is none; each of its numbers says which.

Limits
    Evaluation rows that the model was trained on make every number too good; this check cannot see that.
    Labels count as the truth. Baselines are fitted without weights. The Matthews interval is approximate for
    few rows.

References
    Newcombe, Statistics in Medicine 25, 2006 (AUC). DeLong et al., Biometrics 44, 1988 (difference of AUCs).
    Bonett and Price, Journal of Educational and Behavioral Statistics 37, 2012 (difference of accuracies).
    Boyd, Eng and Page, ECML 2013 (average precision). Gorodkin, Computational Biology and Chemistry 28, 2004
    (correlation of several classes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from checks.model import Inconclusive, Measure, NotApplicable, Subject, Task, check
from checks.performance import classes
from checks.performance.baselines import Baseline, logistic, majority
from checks.performance.metrics import of_decisions, of_scores
from checks.performance.plain import NoBaseline
from checks.sample import Sample, labelled, left_out, unusable
from checks.statistics import auc_difference, hanley_mcneil_limits, paired_difference, roc_auc, undefined


@check
def classification(subject: Subject) -> Iterator[Measure]:
    """Measure the submitted system, the baselines, and the difference."""
    if subject.task is Task.MULTICLASS:
        yield from _of_several(subject)
        return
    if subject.task is Task.REGRESSION:
        raise NotApplicable("measured for classes; see `performance.regression` for numbers")
    scored = subject.score is not None
    decided = subject.decision is not None and subject.task is Task.BINARY
    if not decided and not scored:
        raise NotApplicable("no decision and no score was supplied, by a model or as a column")
    sample = labelled(subject, decided=decided, scored=scored, scores_alone=True)
    yield left_out(subject, sample)
    if decided:
        yield from of_decisions(sample)
    if scored:
        yield from of_scores(sample)

    for make in (majority, logistic):
        try:
            baseline = make(subject, sample)
        except NoBaseline as why:
            yield from _without(str(why), decided=decided, scored=scored)
            continue
        yield from _of_baseline(baseline)
        yield from _over(sample, baseline, decided=decided, scored=scored)

    if sample.actual.all() or not sample.actual.any():
        raise Inconclusive("all labels are of one class, so nothing can be told apart")


def _of_several(subject: Subject) -> Iterator[Measure]:
    sample = classes.known_classes(subject)
    yield unusable(subject, sample.rows)
    yield from classes.of_classes(sample)
    yield from classes.baselines(subject, sample)
    if len(np.unique(sample.actual)) < 2:
        raise Inconclusive("all labels are of one class, so nothing can be told apart")


def _of_baseline(baseline: Baseline) -> Iterator[Measure]:
    for numbers in (of_decisions, of_scores):
        for measure in numbers(baseline.answers, model=baseline.model):
            note = baseline.how if measure.note is None else f"{measure.note}; {baseline.how}"
            yield replace(measure, note=note)


def _without(why: str, *, decided: bool, scored: bool) -> Iterator[Measure]:
    of = {"model": "logistic"}
    for name, given in (("accuracy", decided), ("roc_auc", scored)):
        yield undefined(name, why, of=of)
        if given:
            yield undefined(f"{name}_over_baseline", why, of=of)


def _over(sample: Sample, baseline: Baseline, *, decided: bool, scored: bool) -> Iterator[Measure]:
    """Set the system against one baseline; the plain name, without `model`, is against the majority."""
    trivial = baseline.model == "majority"
    of = {} if trivial else {"model": baseline.model}
    if decided:
        right = [s.predicted == s.actual for s in (sample, baseline.answers)]
        yield paired_difference(
            "accuracy_over_baseline",
            right[0],
            right[1],
            sample.weights,
            sample.effective,
            of=of,
            note=baseline.how,
        )
    if scored and not trivial:
        scores = (sample.score, baseline.answers.score)
        found = auc_difference(
            "roc_auc_over_baseline", sample.actual, scores, sample.weights, sample.sizes, of=of
        )
        yield found if found.note else replace(found, note=baseline.how)
    elif scored:
        yield auc_over_chance("roc_auc_over_baseline", sample)


def auc_over_chance(name: str, sample: Sample) -> Measure:
    """Return AUC less 0.5, which is what any constant score has."""
    method = "Hanley-McNeil 95%, score form, less 0.5"
    auc = roc_auc(sample.actual, sample.score, sample.weights)
    if auc is None:
        return undefined(name, "needs rows of both classes", n=sample.n, method=method)
    low, high = (float(limit) - 0.5 for limit in hanley_mcneil_limits(auc, *np.array(sample.sizes)))
    return Measure(name, auc - 0.5, low, high, n=sample.n, method=method)

"""The numbers that say how well a binary model does on one sample of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from checks.model import Array, Measure
from checks.sample import Sample
from checks.statistics import (
    LEVEL,
    Z,
    estimate,
    hanley_mcneil,
    mean_of,
    roc_auc,
    undefined,
    wilson_limits,
)

TINY = float(np.finfo(np.float64).eps)
"""Scores are kept this far from 0 and 1 before taking logarithms, as scikit-learn does."""


def of_decisions(sample: Sample, **of: str) -> Iterator[Measure]:
    """Return accuracy, balanced accuracy, F1 and Matthews correlation."""
    yield sample.share("accuracy", sample.predicted == sample.actual, of=of)
    yield balanced_accuracy(sample, **of)
    yield f1(sample, **of)
    yield matthews_correlation(sample, **of)


def of_scores(sample: Sample, **of: str) -> Iterator[Measure]:
    """Return AUC, average precision, Brier score and log loss."""
    auc = roc_auc(sample.actual, sample.score, sample.weights)
    yield hanley_mcneil("roc_auc", auc, *sample.sizes, of=of, rows=sample.n)
    yield average_precision(sample, **of)
    if sample.score.min() < 0 or sample.score.max() > 1:
        why = "scores lie outside [0, 1], so they are no probabilities"
        yield undefined("brier_score", why, n=sample.n, of=of)
        yield undefined("log_loss", why, n=sample.n, of=of, unit="nats")
        return
    p = np.clip(sample.score, TINY, 1 - TINY)
    surprise = -np.log(np.where(sample.actual, p, 1 - p))
    for name, loss, bounds, unit in (
        ("brier_score", (sample.score - sample.actual) ** 2, (0.0, 1.0), "proportion"),
        ("log_loss", surprise, (0.0, np.inf), "nats"),
    ):
        yield mean_of(
            name, loss, sample.weights, sample.effective, rows=sample.n, bounds=bounds, unit=unit, of=of
        )


def confusion(sample: Sample) -> tuple[float, float, float, float]:
    """Return weights of true positives, false positives, false negatives and true negatives."""
    predicted, actual, weights = sample.predicted, sample.actual, sample.weights
    cells = (predicted & actual, predicted & ~actual, ~predicted & actual, ~predicted & ~actual)
    tp, fp, fn, tn = (float(weights[cell].sum()) for cell in cells)
    return tp, fp, fn, tn


def balanced_accuracy(sample: Sample, **of: str) -> Measure:
    """Return the mean of the true positive and true negative rates."""
    tp, fp, fn, tn = confusion(sample)
    method = f"hybrid of two Wilson intervals {LEVEL:.0%}"
    if tp + fn <= 0 or fp + tn <= 0:
        return undefined("balanced_accuracy", "needs rows of both classes", n=sample.n, of=of, method=method)
    parts = np.array([tp / (tp + fn), tn / (fp + tn)])
    low, high = wilson_limits(parts, np.array(sample.sizes))
    value = float(parts.mean())
    below, above = np.hypot(*(parts - low)) / 2, np.hypot(*(high - parts)) / 2
    return estimate("balanced_accuracy", value, value - below, value + above, sample.n, of=of, method=method)


def f1(sample: Sample, **of: str) -> Measure:
    """Return F1 with the Wilson interval of the Jaccard share, of which it is a rising function."""
    tp, fp, fn, _ = confusion(sample)
    method = f"Wilson {LEVEL:.0%} on the Jaccard share, transformed"
    union = tp + fp + fn
    if union <= 0:
        return undefined("f1", "nobody is positive or predicted positive", n=sample.n, of=of, method=method)
    jaccard = tp / union
    limits = wilson_limits(jaccard, sample.take(sample.actual | sample.predicted).effective)
    low, high = (float(2 * limit / (1 + limit)) for limit in limits)
    return estimate("f1", 2 * jaccard / (1 + jaccard), low, high, sample.n, of=of, method=method)


def _phi(cells: Array) -> float | None:
    tp, fp, fn, tn = cells
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return float((tp * tn - fp * fn) / np.sqrt(product)) if product > 0 else None


def matthews_correlation(sample: Sample, **of: str) -> Measure:
    """Return the Matthews correlation; delta method on its Fisher transform."""
    cells = np.array(confusion(sample))
    value, low, high, method = delta_method(_phi, cells, sample.effective_share)
    if value is None:
        why = "needs both classes, in the labels and in the predictions"
        return undefined("matthews_correlation", why, n=sample.n, of=of, unit="correlation", method=method)
    return estimate(
        "matthews_correlation", value, low, high, sample.n, of=of, unit="correlation", method=method
    )


def delta_method(
    number: Callable[[Array], float | None], cells: Array, effective_share: float
) -> tuple[float | None, float, float, str]:
    """Return *number* of a table of counts, its limits, and their method.

    *number* lies within -1 and 1. Its Fisher transform has the variance that a multinomial with one over the
    number of classes added to each cell gives it (half a success and half a failure for two).
    """
    classes = int(np.sqrt(cells.size))
    added = 1 / classes
    method = f"delta method {LEVEL:.0%} on the Fisher transform, {added:.3g} added to cells"
    value = number(cells)
    if value is None:
        return None, np.nan, np.nan, method
    filled = cells * effective_share + added
    total = float(filled.sum())
    shares = filled / total

    def transformed(at: Array) -> float:
        return float(np.arctanh(number(at) or 0.0))

    slopes = np.zeros(shares.shape)
    for cell in np.ndindex(shares.shape):
        step = np.zeros(shares.shape)
        step[cell] = 1e-6 * shares[cell]
        slopes[cell] = (transformed(shares + step) - transformed(shares - step)) / (2 * step[cell])
    variance = float((shares * slopes**2).sum() - (shares * slopes).sum() ** 2) / total
    middle, half = transformed(shares), Z * np.sqrt(max(variance, 0.0))
    return value, float(np.tanh(middle - half)), float(np.tanh(middle + half)), method


def average_precision(sample: Sample, **of: str) -> Measure:
    """Return average precision; Wilson on the number of positives (Boyd et al. 2013)."""
    method = f"Wilson {LEVEL:.0%} on the positives"
    positives = sample.sizes[0]
    if positives <= 0:
        return undefined("average_precision", "no positive row", n=sample.n, of=of, method=method)
    order = np.argsort(-sample.score, kind="stable")
    score, weights, actual = sample.score[order], sample.weights[order], sample.actual[order]
    last = np.flatnonzero(np.append(np.diff(score) != 0, True))  # ties count together
    found, taken = np.cumsum(weights * actual)[last], np.cumsum(weights)[last]
    precision = np.divide(found, taken, out=np.zeros_like(found), where=taken > 0)
    value = min(float(np.sum(np.diff(found, prepend=0.0) * precision) / found[-1]), 1.0)
    low, high = wilson_limits(value, positives)
    return estimate("average_precision", value, float(low), float(high), sample.n, of=of, method=method)

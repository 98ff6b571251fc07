"""The numbers that say how well a system of several classes does on one sample of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from checks.model import NOT_STATED, Array, Inconclusive, Measure, NotApplicable, Subject
from checks.multiclass import MOST_CLASSES, JointMeans
from checks.performance import plain
from checks.performance.baselines import training_labels
from checks.performance.metrics import TINY, delta_method
from checks.sample import Weighed
from checks.statistics import (
    LEVEL,
    Aucs,
    Proportions,
    Z,
    estimate,
    mean_of,
    paired_difference,
    roc_auc,
    undefined,
    wilson,
)
from checks.values import as_text

MACRO = {"average": "macro"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Classes(Weighed):
    """Rows whose true and decided classes are both known, as positions in `names`."""

    rows: Array
    names: tuple[str, ...]
    actual: Array
    predicted: Array
    chances: Array | None
    """Probabilities, of shape (rows, names); NaN rows where a model gave none."""

    @property
    def confusion(self) -> Array:
        """Weights by actual class (rows) and decided class (columns)."""
        size = len(self.names)
        cells = np.bincount(self.actual * size + self.predicted, self.weights, minlength=size * size)
        return np.asarray(cells.reshape(size, size))


def known_classes(subject: Subject) -> Classes:
    """Return the rows with a label and a decision."""
    if subject.roles.label is None:
        raise NotApplicable("no label column was supplied; name the column that holds what really happened")
    if subject.decision is None:
        raise NotApplicable("no decision was supplied, by a model or as a column")
    label = as_text(subject.evaluation[subject.roles.label])
    rows = np.flatnonzero((label != NOT_STATED) & (subject.decision != NOT_STATED))
    weights = np.ones(len(rows)) if subject.weights is None else subject.weights[rows]
    if not len(rows) or weights.sum() <= 0:
        raise Inconclusive("no row has all that is needed: a label, a decision, a weight above 0")
    actual, predicted = label[rows].astype(str), subject.decision[rows].astype(str)
    names = tuple(map(str, np.unique([*np.unique(actual), *np.unique(predicted), *subject.classes])))
    if len(names) > MOST_CLASSES:
        raise Inconclusive(
            f"labels and decisions hold {len(names)} classes, {MOST_CLASSES} are measured at most: merge some"
        )
    return Classes(
        weights,
        subject.roles.weight_kind == "sampling",
        rows=rows,
        names=names,
        actual=np.searchsorted(names, actual),
        predicted=np.searchsorted(names, predicted),
        chances=_aligned(subject.probabilities, subject.classes, names, rows),
    )


def _aligned(
    chances: Array | None, classes: tuple[str, ...], names: tuple[str, ...], rows: Array
) -> Array | None:
    """Return the probabilities of *rows* by the order of *names*; a class that the model lacks has none."""
    if chances is None:
        return None
    whole = np.zeros((len(rows), len(names)))
    whole[:, np.searchsorted(names, classes)] = chances[rows]
    return whole


def of_classes(sample: Classes, **of: str) -> Iterator[Measure]:
    """Return every number of decisions and, where there are some, of probabilities."""
    cells, total = sample.confusion, float(sample.weights.sum())
    yield wilson("accuracy", float(np.trace(cells)), total, of=of, rows=sample.n, effective=sample.effective)
    yield _balanced_accuracy(sample, cells, of)
    yield _of_cells(sample, "f1", _macro_f1, {**of, **MACRO}, "proportion")
    yield _of_cells(sample, "matthews_correlation", _matthews, of, "correlation")
    if not of:
        yield from _by_class(sample)
    if sample.chances is not None:
        yield from _of_chances(sample, sample.chances, of)


def _balanced_accuracy(sample: Classes, cells: Array, of: dict[str, str]) -> Measure:
    """Return the mean of the classes' shares recognised; classes are made of different people."""
    size, method = cells.sum(axis=1), f"hybrid of Wilson intervals {LEVEL:.0%}"
    there = size > 0
    if there.sum() < 2:
        return undefined(
            "balanced_accuracy", "needs rows of two classes or more", n=sample.n, of=of, method=method
        )
    effective = size[there] * sample.effective_share
    shares = Proportions(np.diag(cells)[there], size[there], size[there], effective)
    low, high = shares.limits(Z)
    value = float(shares.value.mean())
    below, above = (
        float(np.linalg.norm(side)) / there.sum() for side in (shares.value - low, high - shares.value)
    )
    return estimate("balanced_accuracy", value, value - below, value + above, sample.n, of=of, method=method)


def _of_cells(
    sample: Classes, name: str, number: Callable[[Array], float | None], of: dict[str, str], unit: str
) -> Measure:
    value, low, high, method = delta_method(number, sample.confusion, sample.effective_share)
    if value is None:
        why = "needs two classes or more, in the labels and in the decisions"
        return undefined(name, why, n=sample.n, of=of, unit=unit, method=method)
    return estimate(name, value, low, high, sample.n, of=of, unit=unit, method=method)


def _macro_f1(cells: Array) -> float | None:
    """Return the mean over the classes that occur of the harmonic mean of precision and recall."""
    whole = cells.sum(axis=0) + cells.sum(axis=1)
    there = whole > 0
    return float((2 * np.diag(cells)[there] / whole[there]).mean()) if there.sum() > 1 else None


def _matthews(cells: Array) -> float | None:
    """Return the correlation of Gorodkin (Computational Biology and Chemistry 28, 2004)."""
    total = cells.sum()
    actual, decided = cells.sum(axis=1) / total, cells.sum(axis=0) / total
    spread = (1 - (actual**2).sum()) * (1 - (decided**2).sum())
    if spread <= 0:
        return None
    return float((np.trace(cells) / total - actual @ decided) / np.sqrt(spread))


def _by_class(sample: Classes) -> Iterator[Measure]:
    """Return, per class, the share recognised and the share of decisions for it that are right."""
    right = sample.actual == sample.predicted
    for name, sides, empty in (
        ("true_positive_rate", sample.actual, "nobody is of this class"),
        ("positive_predictive_value", sample.predicted, "nobody is decided to be of this class"),
    ):
        for position, label in enumerate(sample.names):
            mine = sides == position
            part = Weighed(sample.weights[mine], sample.sampling)
            hits, total = (float(sample.weights[which].sum()) for which in (mine & right, mine))
            note, of = None if total > 0 else empty, {"class": label}
            yield wilson(name, hits, total, of=of, note=note, rows=part.n, effective=part.effective)


def _of_chances(sample: Classes, chances: Array, of: dict[str, str]) -> Iterator[Measure]:
    known = ~np.isnan(chances).any(axis=1)
    if not known.any():
        return
    p, actual, weights = chances[known], sample.actual[known], sample.weights[known]
    part = Weighed(weights, sample.sampling)
    truth = np.eye(len(sample.names))[actual]
    surprise = -np.log(np.clip(p[np.arange(len(p)), actual], TINY, 1))
    for name, loss, bounds, unit in (
        ("brier_score", ((p - truth) ** 2).sum(axis=1), (0.0, 2.0), "proportion"),
        ("log_loss", surprise, (0.0, np.inf), "nats"),
    ):
        yield mean_of(name, loss, weights, part.effective, rows=part.n, bounds=bounds, unit=unit, of=of)
    yield _macro_auc(p, truth.astype(bool), part, {**of, **MACRO})


def _macro_auc(p: Array, truth: Array, part: Weighed, of: dict[str, str]) -> Measure:
    """Return the mean over classes of how well each class's probability ranks it above the rest."""
    found = [(c, roc_auc(truth[:, c], p[:, c], part.weights)) for c in range(p.shape[1])]
    there = [(c, auc) for c, auc in found if auc is not None]
    if len(there) < 2:
        return undefined("roc_auc", "needs rows of two classes or more", n=part.n, of=of)
    aucs = []
    for c, auc in there:
        sides = (truth[:, c], ~truth[:, c])
        sizes = [np.array([Weighed(part.weights[side], part.sampling).effective]) for side in sides]
        aucs.append(Aucs(np.array([auc]), sizes[0], sizes[1], np.array([part.n])))
    mean = JointMeans(aucs)
    low, high = mean.limits(Z)
    method = f"each class against the rest; {mean.pairs_method} {LEVEL:.0%}"
    return estimate(
        "roc_auc", float(mean.value[0]), float(low[0]), float(high[0]), part.n, of=of, method=method
    )


@dataclass(frozen=True, eq=False)
class Baseline:
    """A baseline's answers for the rows of a sample, and how it was made."""

    model: str
    answers: Classes
    how: str


def baselines(subject: Subject, sample: Classes) -> Iterator[Measure]:
    """Return the numbers of the two baselines, and how far the system is ahead of each."""
    for make in (majority, _logistic):
        try:
            baseline = make(subject, sample)
        except plain.NoBaseline as why:
            for name in ("accuracy", "accuracy_over_baseline"):
                yield undefined(name, str(why), of={"model": "logistic"})
            continue
        for measure in of_classes(baseline.answers, model=baseline.model):
            note = baseline.how if measure.note is None else f"{measure.note}; {baseline.how}"
            yield replace(measure, note=note)
        yield over(sample, baseline)


def over(sample: Classes, baseline: Baseline, name: str = "accuracy_over_baseline") -> Measure:
    """Return accuracy less that of *baseline* on the same rows."""
    of = {} if baseline.model == "majority" else {"model": baseline.model}
    ours, theirs = (s.predicted == s.actual for s in (sample, baseline.answers))
    note = f"against {baseline.how}" if name != "accuracy_over_baseline" else baseline.how
    return paired_difference(name, ours, theirs, sample.weights, sample.effective, of=of, note=note)


def majority(subject: Subject, sample: Classes) -> Baseline:
    """Answer the commonest class."""
    training = training_labels(subject)
    if training is None:
        shares, where = np.bincount(sample.actual, sample.weights, len(sample.names)), "evaluation rows"
    else:
        shares = np.array([(training[1] == name).sum() for name in sample.names], dtype=np.float64)
        where = "training table"
    most = np.full(len(sample.rows), int(shares.argmax()))
    answers = replace(sample, predicted=most, chances=None)
    return Baseline("majority", answers, f"always the commonest class of the {where}")


def _logistic(subject: Subject, sample: Classes) -> Baseline:
    """Answer by a logistic regression on the model's own features."""
    actual, training = np.asarray(sample.names)[sample.actual], training_labels(subject)
    texts = None if training is None else (training[0], training[1].astype(str))
    if texts is not None and len(np.unique(texts[1])) < 2:
        texts = None
    chances, how = plain.answers(subject, sample.rows, actual, plain.chances, texts)
    known = tuple(map(str, np.unique(actual if texts is None else texts[1])))
    names = np.unique([*sample.names, *known])  # the training table may hold classes that nobody here has
    answers = replace(
        sample,
        names=tuple(map(str, names)),
        actual=np.searchsorted(names, actual),
        predicted=np.searchsorted(names, np.asarray(known)[chances.argmax(axis=1)]),
        chances=_aligned(chances, known, tuple(names), np.arange(len(chances))),
    )
    return Baseline("logistic", answers, f"logistic regression, {how}")

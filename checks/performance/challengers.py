"""Challengers: do other systems do better on the very same rows?

Each further model or vendor is set against the audited system, row by row: how often both decide alike
(`decision_agreement`, and `cohen_kappa`, which takes away what chance would give), and how much better or
worse the audited system is (`accuracy_difference`, `roc_auc_difference`; for numbers
`mean_absolute_error_difference`), and how many more people of each group it favours
(`selection_rate_difference`). Every difference is the audited system minus the other, named by `model`.

Why it matters
    Where another system does the job as well and treats a group better, the choice of the first one needs a
    reason: in several laws a less harmful alternative that serves the purpose decides the case.

How to read it
    Above 0, the audited system is ahead in accuracy and AUC, and behind in mean absolute error. The intervals
    are paired: both systems saw the same rows, so they are sharper than two intervals side by side. Two
    systems of equal accuracy may still disagree about many people: read the agreement too. For scores without
    decisions, agreement is about who stands above the median of each system's own scores.

Limits
    The audited system's threshold applies to the scores of all. Nothing is corrected for the number of
    challengers: of twenty equal ones, one will seem to differ. Rows that one of the systems was trained on
    favour it, and this check cannot see that.

References
    Bonett and Price, Journal of Educational and Behavioral Statistics 37, 2012 (paired proportions).
    DeLong et al., Biometrics 44, 1988. Fleiss, Cohen and Everitt, Psychological Bulletin 72, 1969 (kappa).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from checks.comparison import MIN_GROUP, notes
from checks.model import (
    NOT_STATED,
    Array,
    Challenger,
    Inconclusive,
    Measure,
    NotApplicable,
    Subject,
    Task,
    check,
)
from checks.sample import Weighed
from checks.statistics import (
    auc_difference,
    cohen_kappa,
    mean_of,
    paired_difference,
    undefined,
    wilson,
)
from checks.values import as_text


@check
def challengers(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure]:
    """Set every further system against the audited one."""
    if not subject.challengers:
        raise NotApplicable("no further model was supplied to compare with; name it under `models`")
    if not subject.rows:
        raise Inconclusive("the evaluation table has no rows")
    compared = False
    for name, other in subject.challengers.items():
        for measure in _against(_Pair(subject, name, other), min_group):
            compared = True
            yield measure
    if not compared:
        raise Inconclusive("the systems answer in different kinds: give decisions for all, or scores for all")


@dataclass(frozen=True, eq=False)
class _Pair:
    """The audited system and one other."""

    subject: Subject
    name: str
    other: Challenger

    @property
    def of(self) -> dict[str, str]:
        """The key of every number."""
        return {"model": self.name}

    @property
    def decisions(self) -> tuple[Array, Array] | None:
        """Both decisions, where both decide."""
        first, second = self.subject.decision, self.other.decision
        return None if first is None or second is None else (first, second)

    @property
    def scores(self) -> tuple[Array, Array] | None:
        """Both scores, where both score."""
        first, second = self.subject.score, self.other.score
        return None if first is None or second is None else (first, second)

    @property
    def label(self) -> Array:
        """What really happened, as text; not stated where nobody says."""
        name = self.subject.roles.label
        if name is None:
            return np.full(self.subject.rows, NOT_STATED, dtype=object)
        return as_text(self.subject.evaluation[name])

    def rows(self, which: Array) -> Weighed:
        """Return the weights of the rows at *which*."""
        weights = np.ones(self.subject.rows) if self.subject.weights is None else self.subject.weights
        return Weighed(weights[which], self.subject.roles.weight_kind == "sampling")


def _against(pair: _Pair, min_group: int) -> Iterator[Measure]:
    if pair.subject.task is Task.REGRESSION:
        yield from _errors(pair)
        return
    if pair.decisions is not None:
        yield from _agreement(pair, *pair.decisions)
        yield from _accuracy(pair, *pair.decisions)
        if pair.subject.roles.favourable is not None:
            yield from _selection(pair, *pair.decisions, min_group)
    elif pair.scores is not None and pair.subject.task is Task.SCORING:
        yield from _agreement(pair, *(_above_the_median(score) for score in pair.scores))
    if pair.scores is not None and pair.subject.roles.positive is not None:
        yield from _ranking(pair, *pair.scores)


def _agreement(pair: _Pair, first: Array, second: Array) -> Iterator[Measure]:
    which = np.flatnonzero((first != NOT_STATED) & (second != NOT_STATED))
    first, second = _same_words(pair, first[which]), _same_words(pair, second[which])
    rows = pair.rows(which)
    yield wilson(
        "decision_agreement",
        float(rows.weights[first == second].sum()),
        float(rows.weights.sum()),
        of=pair.of,
        rows=rows.n,
        effective=rows.effective,
    )
    kappa = cohen_kappa("cohen_kappa", first, second, rows.weights, rows.effective, of=pair.of)
    yield replace(kappa, n=rows.n)


def _same_words(pair: _Pair, decision: Array) -> Array:
    """Return a yes or no where there are only two answers, however the other one is called."""
    if pair.subject.task is Task.BINARY:
        return np.asarray(decision == pair.subject.roles.positive)
    return decision.astype(str)


def _above_the_median(score: Array) -> Array:
    known = ~np.isnan(score)
    side = np.full(len(score), NOT_STATED, dtype=object)
    if known.any():
        side[known] = np.where(score[known] > np.median(score[known]), "above", "not above")
    return side


def _accuracy(pair: _Pair, first: Array, second: Array) -> Iterator[Measure]:
    label = pair.label
    which = np.flatnonzero((label != NOT_STATED) & (first != NOT_STATED) & (second != NOT_STATED))
    if not len(which):
        return
    rows, truth = pair.rows(which), _same_words(pair, label[which])
    right = [_same_words(pair, decision[which]) == truth for decision in (first, second)]
    yield _paired("accuracy_difference", right[0], right[1], rows, pair.of)


def _selection(pair: _Pair, first: Array, second: Array, min_group: int) -> Iterator[Measure]:
    """Return how many more the audited system favours, of everybody and of each group."""
    known = (first != NOT_STATED) & (second != NOT_STATED)
    ours, theirs = (decision == pair.subject.roles.favourable for decision in (first, second))

    def difference(which: Array, of: dict[str, str]) -> Measure:
        return _paired("selection_rate_difference", ours[which], theirs[which], pair.rows(which), of)

    yield difference(np.flatnonzero(known), pair.of)
    counts = pair.subject.counts
    for attribute, table in counts.by_attribute():
        codes = counts.codes(attribute)
        members = [np.flatnonzero(known & (codes == i)) for i in range(len(table.groups.names))]
        why = notes(table.groups, np.array([pair.rows(which).n for which in members]), min_group)
        for i, which in enumerate(members):
            found = difference(which, {**table.groups.of(i), **pair.of})
            yield found if why[i] is None else replace(found, note=why[i])


def _ranking(pair: _Pair, first: Array, second: Array) -> Iterator[Measure]:
    label = pair.label
    which = np.flatnonzero((label != NOT_STATED) & ~np.isnan(first) & ~np.isnan(second))
    if not len(which):
        return
    actual, rows = label[which] == pair.subject.roles.positive, pair.rows(which)
    sizes = (pair.rows(which[actual]).effective, pair.rows(which[~actual]).effective)
    found = auc_difference(
        "roc_auc_difference", actual, (first[which], second[which]), rows.weights, sizes, of=pair.of
    )
    yield replace(found, n=rows.n)


def _errors(pair: _Pair) -> Iterator[Measure]:
    """Return how much further from the truth the audited system's numbers lie."""
    name = "mean_absolute_error_difference"
    if pair.scores is None or pair.subject.roles.label is None:
        yield undefined(
            name, "needs the numbers of both systems, and a label", of=pair.of, unit="label units"
        )
        return
    truth = pair.subject.evaluation[pair.subject.roles.label].to_numpy(dtype=np.float64, na_value=np.nan)
    gap = np.abs(pair.scores[0] - truth) - np.abs(pair.scores[1] - truth)
    which = np.flatnonzero(~np.isnan(gap))
    rows, bounds = pair.rows(which), (-np.inf, np.inf)
    found = mean_of(
        name,
        gap[which],
        rows.weights,
        rows.effective,
        rows=rows.n,
        bounds=bounds,
        unit="label units",
        of=pair.of,
    )
    yield replace(found, method=f"{found.method}, paired")


def _paired(name: str, first: Array, second: Array, rows: Weighed, of: dict[str, str]) -> Measure:
    found = paired_difference(name, first, second, rows.weights, rows.effective, of=of)
    return replace(found, n=rows.n)

"""Permutation importance: what does shuffling one feature cost the model?

Each feature's values are shuffled among the rows, all else unchanged, and the model is asked again.
`importance` is the mean rise of the squared error (of the probability: the Brier score; of a value: the
squared error). Of many classes it is that of all their probabilities: half the sum over the classes, which
for two is the same. `accuracy_drop` is the mean loss of right decisions. Without a label, `importance` is the
mean absolute change of the output (half the sum over the classes). `importance_share` is a feature's part of
all positive importance.

Why it matters
    What drives decisions about people must be known before anybody can say whether it may.

How to read it
    An interval that holds 0 means that the model was not shown to need this feature. The interval comes
    from the rows: for each row the change is averaged over the shuffles, and the spread of these averages
    over the rows gives a normal 95 % interval; the interval of a share resamples the rows.

    Features that carry the same information hide each other: shuffling one leaves the other. So columns that
    go together (an average association of `together` or more: rank correlation of numbers, correlation ratio
    of numbers and categories, Cramer's V of categories) are also shuffled as one: `group_importance` names
    them, joined by +. `groups` counts them. Where it is far above what its features cost one by one, these
    stand in for each other.

Limits
    Features that go together less closely than `together`, or three at a time only, still share their
    importance. Shuffled rows may describe nobody who could exist. Importance is not a cause and not a
    direction; see `interpretability.shap` for single rows. At most `rows` rows are asked about, drawn at
    random in the proportions of the label (without one: of the decision); row weights are not used.

References
    Breiman, Random Forests, 2001; Fisher, Rudin and Dominici, JMLR 20 (177), 2019; Gregorutti, Michel and
    Saint-Pierre, Grouped variable importance with random forests, CSDA 90, 2015.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.answered import answered, beside, told_without, without
from checks.interpretability.asking import (
    Output,
    explained_class,
    resampled_means,
    shares,
    whole_output,
)
from checks.interpretability.clusters import clusters
from checks.model import Array, Inconclusive, Kind, Measure, Subject, Table, Task, check
from checks.statistics import LEVEL, Z, estimate, undefined
from checks.values import as_text

STREAM = 11  # keeps this check's random numbers apart from every other's


@check(asks_model=True)
def permutation_importance(
    subject: Subject, *, rows: int = 1000, repeats: int = 5, together: float = 0.7
) -> Iterator[Measure | Table]:
    """Shuffle each feature among the rows, ask again, and tell what it cost."""
    output = whole_output(subject).where_answered()
    truth = _truth(subject, output)
    rng = np.random.default_rng([subject.seed, STREAM])
    strata = subject.decision if truth is None or subject.task is Task.REGRESSION else _classes(truth)
    chosen = sample_rows(subject.rows, rows, strata, rng)
    if len(chosen) < 2:
        raise Inconclusive("one row cannot be shuffled; supply more evaluation rows")

    asked = subject.features.iloc[chosen].reset_index(drop=True)
    singles = [[place] for place in range(asked.shape[1])]
    base = output(asked)
    actual = None if truth is None else truth[chosen]
    unit = _unit(output, actual)
    threshold = subject.roles.threshold
    costs, drops = [], []
    for answers in _shuffled(output, asked, singles, repeats, rng):
        costs.append(_cost(answers, base, actual))
        if actual is not None and subject.task in (Task.BINARY, Task.MULTICLASS):
            wrong = _wrong(answers, actual, threshold).astype(np.float64)
            drops.append((wrong - _wrong(base, actual, threshold)).mean(axis=0))
    known = answered(np.stack(costs, axis=1))
    cost, lost = np.stack(costs)[:, known], int((~known).sum())
    how = f"{cost.shape[1]} of {subject.rows} rows, {repeats} shuffles, {output.scale}"
    how = beside(how, told_without(lost))
    yield from without(lost, len(known), among=(asked, known))
    names = tuple(asked.columns)
    yield from _importances("importance", names, cost.T, unit=unit, how=how)
    yield from _shares(names, cost.T, rng, how)
    yield from _groups(output, asked, (base, actual), together=together, repeats=repeats, rng=rng, how=how)
    if drops:
        yield from _importances(
            "accuracy_drop", names, np.stack(drops)[:, known].T, unit="drop of accuracy", how=how
        )


def _truth(subject: Subject, output: Output) -> Array | None:
    """Return what the answers should have been, in their shape, or None where a row does not say."""
    if subject.task is Task.REGRESSION:
        if subject.roles.label is None:
            return None
        values = pd.to_numeric(subject.evaluation[subject.roles.label], errors="coerce")
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        return numbers if np.isfinite(numbers).all() else None
    if subject.roles.label is None or subject.evaluation[subject.roles.label].isna().any():
        return None
    named = np.asarray(as_text(subject.evaluation[subject.roles.label]), dtype=object)
    if output.classes is not None and subject.model is not None:
        return np.asarray(named[:, None] == np.array(subject.model.classes, dtype=object), dtype=np.float64)
    return np.asarray(named == explained_class(subject), dtype=np.float64)


def _classes(truth: Array) -> Array:
    """Return one number a row that tells the classes apart."""
    return truth if truth.ndim == 1 else truth @ np.arange(1, truth.shape[1] + 1)


def _wrong(answers: Array, actual: Array, threshold: float) -> Array:
    """Return which decisions are wrong: the likeliest of many classes, else what the threshold decides."""
    if actual.ndim == 1:
        return np.asarray((answers >= threshold) != (actual >= 0.5))
    right = np.take_along_axis(np.broadcast_to(actual, answers.shape), answers.argmax(-1)[..., None], -1)
    return np.asarray(right[..., 0] < 0.5)


def _cost(answers: Array, base: Array, actual: Array | None) -> Array:
    """Return what shuffles cost each row, a mean over the repeats; over many classes half their sum."""
    change = np.abs(answers - base) if actual is None else (answers - actual) ** 2 - (base - actual) ** 2
    if change.ndim == 3:
        change = change.sum(axis=-1) / 2
    return np.asarray(change.mean(axis=0))


def _unit(output: Output, actual: Array | None) -> str:
    if actual is None:
        return "mean absolute change of output"
    if output.classes is not None:
        return "rise of Brier score over all classes"
    return "rise of Brier score" if output.is_probability else "rise of squared error"


def _groups(
    output: Output,
    asked: pd.DataFrame,
    known: tuple[Array, Array | None],
    *,
    together: float,
    repeats: int,
    rng: np.random.Generator,
    how: str,
) -> Iterator[Measure]:
    """Yield how many groups of features go together, and what shuffling each as one costs."""
    base, actual = known
    found = clusters(asked, together)
    method = f"average linkage, association of {together:.2g} or more; {len(asked)} rows"
    note = None if found else "no two features go together so closely"
    yield Measure("groups", len(found), n=len(asked), kind=Kind.EXACT, unit="count", method=method, note=note)
    if not found:
        return
    cost = np.stack(
        [_cost(answers, base, actual) for answers in _shuffled(output, asked, found, repeats, rng)]
    )
    cost = cost[:, answered(cost.T)]
    names = tuple(" + ".join(str(asked.columns[place]) for place in places) for places in found)
    told = f"{how}, features that go together shuffled as one ({method})"
    yield from _importances("group_importance", names, cost.T, unit=_unit(output, actual), how=told)


def _shuffled(
    output: Output, asked: pd.DataFrame, blocks: list[list[int]], repeats: int, rng: np.random.Generator
) -> Iterator[Array]:
    """Yield answers of shape (repeats, rows, ...), each with the columns of one block shuffled."""
    count = len(asked)
    everywhere = np.tile(np.arange(count), repeats)
    whole = asked.iloc[everywhere].reset_index(drop=True)
    for block in blocks:
        mixed = np.concatenate([rng.permutation(count) for _ in range(repeats)])
        taken = {asked.columns[at]: asked.iloc[mixed, at].reset_index(drop=True) for at in block}
        answers = output(whole.assign(**taken))
        yield answers.reshape(repeats, count, *answers.shape[1:])


def _importances(
    name: str, features: tuple[str, ...], cost: Array, *, unit: str, how: str
) -> Iterator[Measure]:
    """Yield the mean of each column of *cost* (rows, features) with its interval from the rows."""
    count = len(cost)
    means, errors = cost.mean(axis=0), cost.std(axis=0, ddof=1) / np.sqrt(count)
    method = f"mean over rows, normal {LEVEL:.0%}; {how}"
    for feature, mean, error in zip(features, means, errors, strict=True):
        low, high = mean - Z * error, mean + Z * error
        yield estimate(name, mean, low, high, count, of={"feature": feature}, unit=unit, method=method)


def _shares(features: tuple[str, ...], cost: Array, rng: np.random.Generator, how: str) -> Iterator[Measure]:
    """Yield each feature's part of all positive importance, with an interval from resampled rows."""
    method = f"resampled rows, percentile {LEVEL:.0%}; {how}"
    parts = shares(cost.mean(axis=0))
    drawn = shares(resampled_means(cost, rng))
    for position, feature in enumerate(features):
        of = {"feature": feature}
        if not np.isfinite(parts[position]):
            why = "shuffling no feature costs the model anything"
            yield undefined("importance_share", why, n=len(cost), of=of, method=method)
            continue
        low, high = np.nanpercentile(drawn[:, position], [2.5, 97.5])
        yield estimate("importance_share", parts[position], low, high, len(cost), of=of, method=method)

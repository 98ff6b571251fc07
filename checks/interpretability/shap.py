"""Shapley attribution: how much does each feature move single answers?

For a sample of rows, the output of the model is split among the features so that the parts sum to the
output minus the mean output of a background (Shapley values). `importance` of a feature is the mean
absolute part over the rows; `importance_share` its part of all of them. `protected_share` is the share of
protected attributes that are themselves features.

Why it matters
    A decision about a person needs reasons. Parts that sum to the answer show what a reason would have to
    name, and whether a protected attribute is one.

How to read it
    The scale is that of the output, named in the method: for a probability, 0.02 means two points.
    The interval resamples the explained rows. `sampling_error` is the typical (root mean square) standard
    error of one part, from the background rows; parts below it are noise. `additivity_error` is the largest
    difference between the sum of the parts and the output when the model is asked again: far above 1e-6, the
    model is not a function of the row. `second_opinion_difference` is how far the package shap comes out from
    these parts on a few of the rows; it should be about as small as `sampling_error`. `rank_stability` is the
    rank correlation of the importances of two
    random halves of the rows. `contributions_accepted` says whether credits that the model gives itself
    (TreeSHAP, where the format has it) agree with its answers and with these parts; nothing here uses
    them. The table shows where in the range of the sample each value lies (0 lowest, 1
    highest), never the value itself, and each feature on its own, so that no row can be read from it.

Limits
    Values are interventional: a feature is replaced by values of background rows whatever the others say, so
    impossible rows are asked about, and a feature that only stands in for another may get nothing. The parts
    describe the model, not the world. Noise makes a mean absolute part too large, most of all for features
    that do little. Fewer rows are explained where there are many features (`evaluations` limits the
    questions). Row weights are not used.

References
    Lundberg and Lee, NeurIPS 2017; Janzing, Minorics and Bloebaum, AISTATS 2020 (interventional);
    Mitchell et al., Sampling Permutations for Shapley Value Estimation, JMLR 23, 2022.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from checks.draw import sample_rows
from checks.interpretability.asking import Output, explained_output, resampled_means, shares
from checks.interpretability.attribution import Attributions, attribute
from checks.interpretability.contributions import Explaining, NotAccepted, accept
from checks.interpretability.second_opinion import by_package, package
from checks.model import Array, Inconclusive, Kind, Measure, ModelError, Subject, Table, check
from checks.statistics import LEVEL, estimate, undefined

STREAM = 12  # keeps this check's random numbers apart from every other's
SHOWN = 12  # features in the table of single parts: what a reader can take in
POINTS = 120  # rows in it
SECOND = 5  # rows attributed again by the package shap


@check(asks_model=True)
def shap(
    subject: Subject, *, rows: int = 200, background: int = 50, evaluations: int = 1_000_000
) -> Iterator[Measure | Table]:
    """Split the output of sampled rows among the features."""
    output = explained_output(subject)
    rng = np.random.default_rng([subject.seed, STREAM])
    features = list(subject.roles.features)
    against, origin = _background(subject, background, rng)
    affordable = max(20, evaluations // (2 * len(against) * max(1, len(features) - 1)))
    chosen = sample_rows(subject.rows, min(rows, affordable), subject.decision, rng)
    if len(chosen) < 2:
        raise Inconclusive("one row says nothing about others; supply more evaluation rows")

    explained = subject.features.iloc[chosen].reset_index(drop=True)
    found = attribute(output, explained, against, rng)
    how = (
        f"interventional, {output.scale}, {len(chosen)} of {subject.rows} rows,"
        f" {len(against)} background rows from {origin}, antithetic orders"
    )
    size, drawn = np.abs(found.values), resampled_means(np.abs(found.values), rng)
    yield from _importances(features, size, drawn, how)
    yield _protected(subject, size, drawn, how)
    again = output(explained) - float(output(against).mean())
    error = float(np.abs(found.values.sum(axis=1) - again).max())
    yield Measure(
        "additivity_error", error, n=len(chosen), kind=Kind.EXACT, unit="output", method=f"largest; {how}"
    )
    noise, method = float(np.sqrt((found.errors**2).mean())), f"root mean square; {how}"
    why = "itself a standard error: no interval is made"
    yield estimate(
        "sampling_error", noise, None, None, found.errors.size, unit="output", method=method, note=why
    )
    yield _second_opinion(subject, output, explained, against, found)
    yield _own_credits(subject, output, explained, against)
    yield _rank_stability(size, rng, how)
    yield _importance_table(features, size, drawn, found)
    yield _points(explained, found.values, size, rng)


def _background(subject: Subject, most: int, rng: np.random.Generator) -> tuple[pd.DataFrame, str]:
    """Return the rows that stand for everybody, and where they come from."""
    trained = subject.training is not None and len(subject.training) > 0
    table = subject.training if trained and subject.training is not None else subject.evaluation
    chosen = sample_rows(len(table), most, None, rng)
    rows = table[list(subject.roles.features)].iloc[chosen].reset_index(drop=True)
    return rows, "training" if trained else "evaluation"


def _importances(features: list[str], size: Array, drawn: Array, how: str) -> Iterator[Measure]:
    method = f"resampled rows, percentile {LEVEL:.0%}; {how}"
    means, parts = size.mean(axis=0), shares(size.mean(axis=0))
    limits, part_limits = _percentiles(drawn), _percentiles(shares(drawn))
    for i, feature in enumerate(features):
        of = {"feature": feature}
        low, high = limits[:, i]
        yield estimate("importance", means[i], low, high, len(size), of=of, unit="output", method=method)
    for i, feature in enumerate(features):
        of = {"feature": feature}
        if np.isfinite(parts[i]):
            low, high = part_limits[:, i]
            yield estimate("importance_share", parts[i], low, high, len(size), of=of, method=method)
        else:
            why = "no feature moves the output"
            yield undefined("importance_share", why, n=len(size), of=of, method=method)


def _percentiles(drawn: Array) -> Array:
    edge = 100 * (1 - LEVEL) / 2
    return np.asarray(np.nanpercentile(np.nan_to_num(drawn), [edge, 100 - edge], axis=0))


def _protected(subject: Subject, size: Array, drawn: Array, how: str) -> Measure:
    """Return the share of attribution that rests on protected attributes given to the model."""
    inside = np.array([name in subject.attributes for name in subject.roles.features])
    name, method = "protected_share", f"resampled rows, percentile {LEVEL:.0%}; {how}"
    if not subject.attributes:
        return undefined(name, "no group column was supplied", n=len(size), method=method)
    if not inside.any():
        note = "no protected attribute is given to the model; others may stand in for it"
        return Measure(name, 0.0, n=len(size), kind=Kind.EXACT, method="no such feature", note=note)
    value = float(shares(size.mean(axis=0))[inside].sum())
    if not np.isfinite(value):
        return undefined(name, "no feature moves the output", n=len(size), method=method)
    low, high = _percentiles(shares(drawn)[:, inside].sum(axis=1))
    return estimate(name, value, float(low), float(high), len(size), method=method)


def _second_opinion(
    subject: Subject, output: Output, explained: pd.DataFrame, against: pd.DataFrame, found: Attributions
) -> Measure:
    """Return how far the package shap is from our parts, on the first rows of the random sample."""
    name, unit = "second_opinion_difference", "output"
    if len(subject.roles.features) < 2 or len(against) < 2:
        why = "needs two features and two background rows"
        return undefined(name, why, n=0, unit=unit, method=package())
    few = explained.iloc[:SECOND]
    theirs = by_package(output, few, against, subject.seed)
    difference = float(np.sqrt(((theirs - found.values[: len(few)]) ** 2).mean()))
    method = f"root mean square, {len(few)} rows; {package()}, permutation explainer, same background"
    return Measure(name, difference, n=theirs.size, kind=Kind.EXACT, unit=unit, method=method)


def _own_credits(subject: Subject, output: Output, explained: pd.DataFrame, against: pd.DataFrame) -> Measure:
    """Say whether the model's own credits, where it gives any, can be believed."""
    name, unit, n = "contributions_accepted", "flag", float(len(explained))
    model = subject.model
    if not isinstance(model, Explaining):
        why = "the model gives no credits of its own"
        return Measure(name, None, n=0, kind=Kind.EXACT, unit=unit, method="not asked", note=why)
    note, rng = None, np.random.default_rng([subject.seed, STREAM, 1])
    try:
        said = model.contributions(explained)
        if output.is_probability and subject.roles.positive == subject.model.classes[0]:
            said = -said  # a file credits its last class; the log-odds of the first are the opposite
        accept(said, output, explained, against, scale=model.scale, rng=rng)
    except (NotAccepted, ModelError) as no:
        note = f"not accepted: {no}"
    method = (
        f"credits of the model itself, path-dependent, {model.scale}: sums, features credited nothing,"
        " and a bound to sampled Shapley values"
    )
    return Measure(name, float(note is None), n=n, kind=Kind.EXACT, unit=unit, method=method, note=note)


def _rank_stability(size: Array, rng: np.random.Generator, how: str) -> Measure:
    """Return the rank correlation of the importances of two random halves of the rows."""
    name, method = "rank_stability", f"Spearman, two random halves; {how}"
    order = rng.permutation(len(size))
    halves = (order[: len(order) // 2], order[len(order) // 2 :])
    first, second = (rankdata(size[half].mean(axis=0)) for half in halves)
    if size.shape[1] < 3 or first.std() == 0 or second.std() == 0:
        why = "needs three features or more that differ in importance"
        return undefined(name, why, n=len(size), unit="rank correlation", method=method)
    value = float(np.corrcoef(first, second)[0, 1])
    note = "one split into halves: no interval is made"
    return estimate(name, value, None, None, len(size), unit="rank correlation", method=method, note=note)


def _importance_table(features: list[str], size: Array, drawn: Array, found: Attributions) -> Table:
    columns = ("feature", "importance", "standard error", "mean attribution")
    numbers = zip(size.mean(axis=0), drawn.std(axis=0), found.values.mean(axis=0), strict=True)
    listed = [(f, float(a), float(b), float(c)) for f, (a, b, c) in zip(features, numbers, strict=True)]
    leading = np.argsort(-size.mean(axis=0), kind="stable")
    return Table("importances", columns, tuple(listed[position] for position in leading))


def _points(explained: pd.DataFrame, values: Array, size: Array, rng: np.random.Generator) -> Table:
    """Return points for the leading features: where in its range a row's value lies, and its part."""
    leading = np.argsort(-size.mean(axis=0), kind="stable")[:SHOWN]
    drawn = sample_rows(len(values), POINTS, None, rng)
    points: list[tuple[str, float | None, float]] = []
    for position in leading:
        name, place = str(explained.columns[position]), _places(explained.iloc[:, position])
        parts = values[drawn, position].round(6)  # finer than any picture; keeps the record small
        order = np.argsort(parts, kind="stable")  # by part, so that no row can be put together again
        points += [(name, place[drawn[at]], float(parts[at])) for at in order]
    note = "rank: 0 is the lowest of the sample, 1 the highest; empty for text and for missing values"
    return Table("contributions", ("feature", "rank", "contribution"), tuple(points), note)


def _places(column: pd.Series[float]) -> list[float | None]:
    """Return where in the sample each number lies, from 0 to 1; None for text and for what is missing."""
    if not pd.api.types.is_numeric_dtype(column):
        return [None] * len(column)
    ranks = column.astype("float64").rank(method="average")
    top, low = ranks.max(), ranks.min()
    if not top > low:
        return [0.5 if np.isfinite(rank) else None for rank in ranks]
    return [round(float((r - low) / (top - low)), 3) if np.isfinite(r) else None for r in ranks]

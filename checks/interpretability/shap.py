"""Shapley attribution: how much does each feature move single answers?

For a sample of rows, the output of the model is split among the features so that the parts sum to the
output less one base (Shapley values). `importance` of a feature is the mean absolute part over the rows;
`importance_share` its part of all of them. `protected_share` is the share of protected attributes that are
themselves features.

Why it matters
    A decision about a person needs reasons. Parts that sum to the answer show what a reason would have to
    name, and whether a protected attribute is one.

How to read it
    The method names the output scale, the value function and the background. Three ways are tried, best
    first. The trees of a model in a data-only format credit features exactly (TreeSHAP), on the scale where
    trees add up; the credits are used only if `contributions_accepted` is 1: every row sums to its answer,
    what is credited nothing moves nothing, and they follow sampled parts. A model that only adds up what each
    feature gives, such as a logistic regression on log-odds, has a closed form, found by asking. For any
    other, orders of the features are sampled on the scale of the output: for a probability, 0.02 means two
    points. Codes of one column (one-hot, ordinal) are always credited to the column.

    `sampling_error` is the typical (root mean square) standard error of one part: 0 where parts are exact.
    The interval of an importance resamples the explained rows; one that begins at 0 belongs to a feature
    whose parts may be sampling error alone. `rank_stability` is the rank correlation of the importances of
    two random halves of the rows, over features shown to move the output; rows are added until it is 0.95 or
    their limit is reached. `additivity_error` is the largest difference between the sum of the parts and the
    output when the model is asked again: far above 1e-6, the model is not a function of the row.
    `second_opinion_difference` is how far the package shap comes out from these parts on a few rows.
    `unseen_category_share` is the share of rows with a category that the model's file does not list, and
    `feature_unseen_category_share` that of one column: an encoder that ignores it answers as for none, and
    what is credited there is of none. The table shows where in the range of the sample each value lies
    (0 lowest, 1 highest), never the value itself, and each feature on its own, so that no row can be read
    from it.

Limits
    Interventional parts replace a feature by values of background rows whatever the others say, so impossible
    rows are asked about, and a feature that only stands in for another may get nothing; path-dependent
    parts follow how the training rows ran through the trees, and may credit a stand-in. The parts
    describe the model, not the world. Noise makes a mean absolute part too large, most of all for features
    that do little. Fewer rows are explained where there are many features (`evaluations` limits the
    questions). Of many classes the favourable one is explained; boosted trees of many classes (XGBoost,
    LightGBM) add up on the logarithm of its probability over the geometric mean of all, since what the trees
    of all classes have in common is in no answer. Row weights are not used.

References
    Lundberg and Lee, NeurIPS 2017; Lundberg et al., Nature Machine Intelligence 2, 2020 (TreeSHAP); Janzing,
    Minorics and Bloebaum, AISTATS 2020 (interventional); Mitchell et al., Sampling Permutations for Shapley
    Value Estimation, JMLR 23, 2022.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from checks.interpretability.answered import beside, told_without, without
from checks.interpretability.asking import explained_output, shares
from checks.interpretability.contributions import Explaining
from checks.interpretability.engines import Engine, background_of
from checks.interpretability.growing import SPLITS, STEADY, Explained, explain, in_proportion, percentiles
from checks.interpretability.second_opinion import by_package, package
from checks.interpretability.unseen import unseen
from checks.model import Inconclusive, Kind, Measure, Subject, Table, check
from checks.statistics import LEVEL, estimate, undefined

STREAM = 12  # keeps this check's random numbers apart from every other's
FIRST = 200  # rows explained before the ranking is looked at
SHOWN = 12  # features in the table of single parts: what a reader can take in
POINTS = 120  # rows in it
SECOND = 5  # rows attributed again by the package shap
DEAR = 200_000  # questions that a second opinion may cost


@check(asks_model=True)
def shap(
    subject: Subject, *, rows: int = 2000, background: int = 200, evaluations: int = 1_000_000
) -> Iterator[Measure | Table]:
    """Split the output of sampled rows among the features."""
    output = explained_output(subject).where_answered()
    rng = np.random.default_rng([subject.seed, STREAM])
    features = list(subject.roles.features)
    against = background_of(subject, background, rng)
    chosen = in_proportion(subject.rows, rows, subject.decision, rng)
    if len(chosen) < 2:
        raise Inconclusive("one row says nothing about others; supply more evaluation rows")

    sample = subject.features.iloc[chosen].reset_index(drop=True)
    way, found, refused = explain(
        subject, output, sample, against, first=FIRST, evaluations=evaluations, rng=rng
    )
    how = f"{way.words}; {len(found.rows)} of {subject.rows} rows"
    how = beside(how, way.pairs.told, told_without(found.lost))
    yield from _importances(features, found, way.unit, how)
    yield _protected(subject, found, how)
    yield from _errors(way, found, how)
    yield _second_opinion(subject, way, found, evaluations)
    yield _own_credits(subject, refused, len(found.rows))
    yield _rank_stability(found, subject.rows, how)
    yield from unseen(subject, np.random.default_rng([subject.seed, STREAM, 1]))
    yield from without(found.lost, len(found.rows) + found.lost, way.pairs)
    yield _importance_table(features, found)
    yield _points(found, rng)


def _importances(features: list[str], found: Explained, unit: str, how: str) -> Iterator[Measure]:
    method = f"resampled rows, percentile {LEVEL:.0%}; {how}"
    size, limits, shown = found.size, found.limits, found.shown
    means, parts = size.mean(axis=0), shares(size.mean(axis=0))
    part_limits = percentiles(shares(found.drawn))
    note = "not told from sampling error"
    for i, feature in enumerate(features):
        of, unsure = {"feature": feature}, means[i] > 0 and not shown[i]
        low, high = 0.0 if unsure else limits[0, i], limits[1, i]
        yield estimate(
            "importance",
            means[i],
            low,
            high,
            len(size),
            of=of,
            unit=unit,
            method=method,
            note=note if unsure else None,
        )
    for i, feature in enumerate(features):
        of = {"feature": feature}
        if np.isfinite(parts[i]):
            low, high = part_limits[:, i]
            low = low if shown[i] else 0.0
            yield estimate("importance_share", parts[i], low, high, len(size), of=of, method=method)
        else:
            why = "no feature moves the output"
            yield undefined("importance_share", why, n=len(size), of=of, method=method)


def _protected(subject: Subject, found: Explained, how: str) -> Measure:
    """Return the share of attribution that rests on protected attributes given to the model."""
    inside = np.array([name in subject.attributes for name in subject.roles.features])
    name, method, n = "protected_share", f"resampled rows, percentile {LEVEL:.0%}; {how}", len(found.rows)
    if not subject.attributes:
        return undefined(name, "no group column was supplied", n=n, method=method)
    if not inside.any():
        note = "no protected attribute is given to the model; others may stand in for it"
        return Measure(name, 0.0, n=n, kind=Kind.EXACT, method="no such feature", note=note)
    value = float(shares(found.size.mean(axis=0))[inside].sum())
    if not np.isfinite(value):
        return undefined(name, "no feature moves the output", n=n, method=method)
    low, high = percentiles(shares(found.drawn)[:, inside].sum(axis=1))
    return estimate(name, value, float(low), float(high), n, method=method)


def _errors(way: Engine, found: Explained, how: str) -> Iterator[Measure]:
    """Yield how far sums are from answers asked again, and the typical error of a part."""
    apart = float(np.abs(found.values.sum(axis=1) + way.base - way.output(found.rows)).max())
    n, unit = len(found.rows), way.unit
    note = (
        "parts of rows that some pairs were left out of start at a mean of their own"
        if way.pairs.lost
        else None
    )
    yield Measure(
        "additivity_error", apart, n=n, kind=Kind.EXACT, unit=unit, method=f"largest; {how}", note=note
    )
    if way.exact:
        note = "parts are computed exactly: nothing is sampled but the rows"
        yield estimate("sampling_error", 0.0, 0.0, 0.0, found.values.size, unit=unit, method=how, note=note)
        return
    noise, method = float(np.sqrt((found.errors**2).mean())), f"root mean square; {how}"
    why = "itself a standard error: no interval is made"
    yield estimate("sampling_error", noise, None, None, found.errors.size, unit=unit, method=method, note=why)


def _second_opinion(subject: Subject, way: Engine, found: Explained, evaluations: int) -> Measure:
    """Return how far the package shap is from our parts, on the first rows of the random sample."""
    name, unit, features = "second_opinion_difference", way.unit, found.values.shape[1]
    questions = SECOND * len(way.background) * (2 * features + 1)
    why = None
    if not way.follows:
        why = "the package, asking only, has another value function; see contributions_accepted"
    elif features < 2 or len(way.background) < 2:
        why = "needs two features and two background rows"
    elif questions > min(DEAR, evaluations):
        why = f"it would ask {questions:,} questions, more than the budget has left"
    if why is not None:
        return undefined(name, why, n=0, unit=unit, method=package())
    few = found.rows.iloc[:SECOND]
    theirs = by_package(way.output, few, way.background, subject.seed)
    if not np.isfinite(theirs).all():
        why = "the model gave no number for a row that the package asked about"
        return undefined(name, why, n=0, unit=unit, method=package())
    difference = float(np.sqrt(((theirs - found.values[: len(few)]) ** 2).mean()))
    method = f"root mean square, {len(few)} rows; {package()}, permutation explainer, same background"
    return Measure(name, difference, n=theirs.size, kind=Kind.EXACT, unit=unit, method=method)


def _own_credits(subject: Subject, refused: str | None, n: int) -> Measure:
    """Say whether the model's own credits, where it gives any, were believed."""
    name, unit = "contributions_accepted", "flag"
    if not isinstance(subject.model, Explaining):
        return Measure(name, None, n=0, kind=Kind.EXACT, unit=unit, method="not asked", note=refused)
    method = (
        f"credits of the model itself, path-dependent, {subject.model.scale}: sums,"
        " features credited nothing, and a bound to sampled Shapley values"
    )
    note = None if refused is None else f"not accepted: {refused}"
    return Measure(name, float(note is None), n=n, kind=Kind.EXACT, unit=unit, method=method, note=note)


def _rank_stability(found: Explained, everybody: int, how: str) -> Measure:
    """Return the rank correlation of the importances of two random halves of the rows."""
    name, n, unit = "rank_stability", len(found.rows), "rank correlation"
    shown = int(found.shown.sum())
    method = f"Spearman, two random halves, median of {SPLITS} splits, {shown} features; {how}"
    if found.stability is None:
        why = "needs three features or more that are shown to move the output, and differ"
        return undefined(name, why, n=n, unit=unit, method=method)
    note = "median of splits of the same rows: no interval is made"
    if found.stability < STEADY:
        limit = "all rows" if n == everybody else f"the limit of {n:,} rows"
        note = f"{STEADY} was not reached with {limit}; {note}"
    return estimate(name, found.stability, None, None, n, unit=unit, method=method, note=note)


def _importance_table(features: list[str], found: Explained) -> Table:
    columns = ("feature", "importance", "standard error", "mean attribution")
    size = found.size.mean(axis=0)
    numbers = zip(size, found.drawn.std(axis=0), found.values.mean(axis=0), strict=True)
    listed = [(f, float(a), float(b), float(c)) for f, (a, b, c) in zip(features, numbers, strict=True)]
    return Table("importances", columns, tuple(listed[i] for i in np.argsort(-size, kind="stable")))


def _points(found: Explained, rng: np.random.Generator) -> Table:
    """Return points for the leading features: where in its range a row's value lies, and its part."""
    leading = np.argsort(-found.size.mean(axis=0), kind="stable")[:SHOWN]
    drawn = rng.permutation(len(found.rows))[:POINTS]
    points: list[tuple[str, float | None, float]] = []
    for position in leading:
        column = found.rows.iloc[:, position]
        name, place = str(found.rows.columns[position]), _places(column)
        parts = found.values[drawn, position].round(6)  # finer than any picture; keeps the record small
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

"""Interactions: does what one feature does depend on the others?

`interaction_share` of a feature is the part of the spread of the answers that comes from the feature moving
some people otherwise than others: of the answers along the feature (as in
`interpretability.partial_dependence`) what is left once the people's own level and the common curve are taken
off. `pair_share` is the part that two features make together and neither makes alone; the pairs are those of
the features with the largest shares. A sum of one curve a feature has no interactions: 0.

Why it matters
    Without interactions a model can be told feature by feature, and a table of points says all of it. With
    them no list of features does: the same debt may cost one person the loan and another nothing.

How to read it
    Where the answers are probabilities, the share is taken on the scale, of probability and log-odds, that
    has less of it: what another scale removes is no interaction of the features. The scale stands in the
    method. Intervals come from the sampled people; that of a pair takes its values as given. Both numbers are
    corrected for the size of the sample, so that where nothing interacts they are 0 on average.
    `noise_floor` of a pair is what chance alone would exceed once in forty times; `answer_noise` is the part
    of the spread that comes back when the same people are asked again: 0 for a model that answers alike.

Limits
    Shares are of people put together from the values that there are, whatever goes together in the file.
    Pairs are searched among few features, with four values each; interactions of three features are in
    `interaction_share` and in no pair. Rounded answers look like interactions as large as their steps. Row
    weights are not used.

References
    Friedman and Popescu, Annals of Applied Statistics 2, 2008 (the H statistic, here by the spread of the
    answers); Sobol, Mathematics and Computers in Simulation 55, 2001; Hoeffding, Annals of Mathematical
    Statistics 19, 1948 (the error of a mean over pairs of people).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import numpy as np
import pandas as pd

from checks.interpretability.answered import answered, beside, told_without, without
from checks.interpretability.asked_curves import CELLS, Curves, curves, left_out
from checks.interpretability.grid import Grid, grid_of
from checks.model import Array, Inconclusive, Kind, Measure, Subject, Table, check
from checks.names import intersection_key
from checks.statistics import LEVEL, Z, estimate, undefined

STREAM = 84  # keeps this check's random numbers apart from every other's
SURE = 1e-6
"""Probabilities nearer to 0 or 1 are taken as this far off; where they are many, log-odds are not used."""
FEW_SURE = 0.01
VALUES = 4
"""Values of each feature of a pair."""
DRAWS = 400
"""Resamples for an interval."""
ROUNDING = 1e-10
"""Shares this small are of the arithmetic."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """The scale on which shares are taken."""

    name: str
    of: Callable[[Array], Array]


@check(asks_model=True)
def interactions(
    subject: Subject,
    *,
    rows: int = 200,
    points: int = 12,
    evaluations: int = 100_000,
    pairs: int = 15,
    pair_rows: int = 80,
) -> Iterator[Measure | Table]:
    """Split the spread of the answers into what features do alone and what they do together."""
    asked = curves(subject, rows=rows, points=points, evaluations=evaluations)
    rng = np.random.default_rng([subject.seed, STREAM])
    scale = _scale(asked)
    how = f"{scale.name}, {len(asked.people)} people drawn at random"
    how = beside(how, told_without(asked.lost))
    yield from without(asked.lost, len(asked.people) + asked.lost)
    found = [_share(grid, scale.of(answers[:, grid.stated]), how, rng) for grid, answers in asked]
    if all(measure.value is None for measure in found):
        raise Inconclusive(
            "the model gives everybody asked about the same answer, so features do nothing together"
        )
    yield from found
    for feature in asked.constant:
        why = "no two of its values are shared by ten rows"
        yield undefined("interaction_share", why, of={"feature": feature}, method="not asked")
    yield left_out(asked.left_out, len(subject.roles.features))
    yield _answer_noise(subject, asked, scale)
    affordable = max(1, min(evaluations, CELLS // len(subject.roles.features)) // (VALUES**2 * pair_rows))
    names = _leading(found, min(pairs, affordable))
    yield from _pairs(subject, asked, names, scale, np.sort(rng.permutation(asked.people)[:pair_rows]))


def _scale(asked: Curves) -> _Scale:
    """Return the scale with less interaction: what another one removes is none of the features."""
    plain = _Scale(asked.output.scale, lambda answers: answers)
    if not asked.output.is_probability:
        return plain
    every = np.concatenate([answers.ravel() for answers in asked.answers])
    if np.mean((every < SURE) | (every > 1 - SURE)) > FEW_SURE:
        return plain
    logs = _Scale(f"log-odds of the {asked.output.scale}", _log_odds)
    sums = [
        sum(_parts(grid, one.of(answers[:, grid.stated]))[0] for grid, answers in asked)
        for one in (plain, logs)
    ]
    return logs if sums[1] < sums[0] else plain


def _log_odds(answers: Array) -> Array:
    inside = np.clip(answers, SURE, 1 - SURE)
    return np.asarray(np.log(inside / (1 - inside)))


def _parts(grid: Grid, answers: Array) -> tuple[float, float]:
    """Return the shares of the spread that people do not and do have in common along a feature."""
    weights = _weights(grid)
    own = answers @ weights
    each = (answers - own[:, None]) ** 2 @ weights
    common = float((answers.mean(axis=0) - own.mean()) ** 2 @ weights)
    return _shares(float(each.mean()), common, float(own.var(ddof=1)), len(answers))


def _shares(along: float, common: float, level: float, n: float) -> tuple[float, float]:
    apart = (along - common) * n / (n - 1)
    total = apart + max(common - apart / n, 0.0) + level
    return (apart / total, common / total) if total > 0 else (0.0, 0.0)


def _weights(grid: Grid) -> Array:
    weights = grid.weights[grid.stated]
    return np.asarray(weights / weights.sum())


def _share(grid: Grid, answers: Array, how: str, rng: np.random.Generator) -> Measure:
    """Return the part of the spread that comes from the feature moving people differently."""
    name, of = "interaction_share", {"feature": grid.feature}
    method, n = f"resampled people and values, percentile {LEVEL:.0%}; {how}", len(answers)
    weights = _weights(grid)
    own = answers @ weights
    centred = answers - own[:, None]
    each = centred**2 @ weights
    if not each.mean() + own.var() > ROUNDING * (1 + float((answers**2).mean())):
        return undefined(name, "the model gives everybody the same answer", n=n, of=of, method=method)
    value = _parts(grid, answers)[0]
    if value < ROUNDING:
        return estimate(name, 0.0, 0.0, 0.0, n, of=of, method=method)
    parts = _resampled(grid, answers, rng)
    parts += value - parts.mean()  # a resample has fewer different people, and so less that is apart
    low, high = np.clip(np.percentile(parts, [2.5, 97.5]), 0, 1)
    return estimate(name, value, float(low), float(high), n, of=of, method=method)


def _resampled(grid: Grid, answers: Array, rng: np.random.Generator) -> Array:
    """Return the share in resamples of the people and, apart from them, of how many have each value."""
    n, weights = len(answers), _weights(grid)
    people = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS) / n
    whole = int(grid.people[grid.stated].sum())
    values = rng.multinomial(whole, weights, size=DRAWS) / whole
    own = np.einsum("ig,dg->di", answers, values)
    along = np.einsum("di,di->d", people, np.einsum("ig,dg->di", answers**2, values) - own**2)
    curve = np.einsum("di,ig->dg", people, answers)
    level = np.einsum("di,di->d", people, own)
    common = np.einsum("dg,dg->d", values, curve**2) - level**2
    between = np.clip(np.einsum("di,di->d", people, own**2) - level**2, 0, None)
    return np.array([_shares(*one, n)[0] for one in zip(along, common, between, strict=True)])


def _answer_noise(subject: Subject, asked: Curves, scale: _Scale) -> Measure:
    """Return the part of the spread of answers that differs when the same people are asked again."""
    again = asked.output(subject.features.iloc[asked.people].reset_index(drop=True))
    first, second = scale.of(asked.base), scale.of(again)
    spread = float(first.var(ddof=1))
    noise = float(((first - second) ** 2).mean() / 2)
    name, method = "answer_noise", f"asked twice; {scale.name}"
    if spread <= 0:
        why = "the model gives everybody the same answer"
        return Measure(name, None, n=len(first), kind=Kind.EXACT, method=method, note=why)
    return Measure(name, min(noise / spread, 1.0), n=len(first), kind=Kind.EXACT, method=method)


def _leading(found: list[Measure], pairs: int) -> list[str]:
    """Return the features that interact most, as many as make no more than so many *pairs*."""
    leading = sorted((m for m in found if m.value), key=lambda m: (-(m.value or 0.0), m.of["feature"]))
    size = 1
    while size * (size + 1) // 2 <= pairs and size < len(leading):
        size += 1
    return [m.of["feature"] for m in leading[:size]]


def _pairs(
    subject: Subject, asked: Curves, names: list[str], scale: _Scale, chosen: Array
) -> Iterator[Measure]:
    """Yield what each pair of the features at *names* makes together, the largest part first."""
    people = subject.features.iloc[chosen].reset_index(drop=True)
    grids = {name: grid_of(subject.features[name], VALUES) for name in names}
    how = f"{scale.name}, {len(people)} people, {VALUES} values each"
    measured: list[tuple[Measure, Measure]] = []
    for one, two in combinations(sorted(names), 2):
        answers = _crossed(asked, people, grids[one], grids[two])
        known = answered(answers)
        told = beside(how, told_without(int((~known).sum())))
        measured += _pair(grids[one], grids[two], scale.of(answers[known]), told)
    measured.sort(key=lambda both: (-(both[0].value or 0.0), both[0].of["feature"]))
    yield from (share for share, _ in measured)
    yield from (floor for _, floor in measured)


def _crossed(asked: Curves, people: pd.DataFrame, one: Grid, two: Grid) -> Array:
    """Return the answers of shape (people, values, values) where both features are set."""
    first, second = one.values[one.stated], two.values[two.stated]
    count, a, b = len(people), len(first), len(second)
    everywhere = people.iloc[np.repeat(np.arange(count), a * b)].reset_index(drop=True)
    at = np.tile(np.repeat(np.arange(a), b), count), np.tile(np.arange(b), count * a)
    given = {
        one.feature: first.iloc[at[0]].reset_index(drop=True),
        two.feature: second.iloc[at[1]].reset_index(drop=True),
    }
    return asked.output(everywhere.assign(**given)).reshape(count, a, b)


def _pair(one: Grid, two: Grid, answers: Array, how: str) -> Iterator[tuple[Measure, Measure]]:
    """Yield the part of the spread that both features make together, with what chance would make of it."""
    first, second, n = _weights(one), _weights(two), len(answers)
    rows, columns = answers @ second, np.einsum("iab,a->ib", answers, first)
    own = rows @ first
    together = answers - rows[:, :, None] - columns[:, None, :] + own[:, None, None]
    flat = together * np.sqrt(first[:, None] * second[None, :])
    flat = flat.reshape(n, -1)
    weighed = np.einsum("iab,a,b->i", (answers - own.mean()) ** 2, first, second)
    total = float(weighed.mean())
    of = {"feature": intersection_key([one.feature, two.feature])}
    if not total > 0 or n < 3:
        return
    mean = _MeanOfPairs.of(flat @ flat.T)
    share = mean.value / total
    each = 2 * (mean.mine - mean.value) - share * (weighed - total)  # a ratio: both parts have an error
    error = float(np.sqrt(each.var(ddof=1) / n + mean.chance**2)) / total
    method = f"mean over pairs of people, normal {LEVEL:.0%}; {how}"
    share = share if share > ROUNDING else 0.0
    low, high = max(share - Z * error, 0.0), min(share + Z * error, 1.0)
    if mean.chance == 0 and share == 0:
        high = 0.0  # nobody's answers move together at all
    floor = Z * mean.chance / total
    noise = f"{Z:.2f} standard errors where nothing interacts; {how}"
    yield (
        estimate("pair_share", share, low, high, n, of=of, method=method),
        Measure("noise_floor", floor if floor > ROUNDING else 0.0, n=n, of=of, kind=Kind.EXACT, method=noise),
    )


@dataclass(frozen=True, eq=False)
class _MeanOfPairs:
    """The mean of a symmetric table over pairs of different people."""

    value: float
    mine: Array
    """The mean over everybody's pairs with one person."""
    chance: float
    """The standard error where the truth is 0."""

    @classmethod
    def of(cls, alike: Array) -> Self:
        """Return the mean over pairs of *alike*, of shape (people, people)."""
        n = len(alike)
        off = alike - np.diag(np.diag(alike))
        value = float(off.sum() / (n * (n - 1)))
        mine = off.sum(axis=1) / (n - 1)
        rest = off - mine[:, None] - mine[None, :] + value
        np.fill_diagonal(rest, 0.0)
        second = float((rest**2).sum() / (n * (n - 1)))
        return cls(value, mine, float(np.sqrt(2 * second / (n * (n - 1)))))

"""Accumulated local effects: what does a step of one feature do to the people who are near it?

The values of a feature are cut into steps that hold about equal numbers of people. Each person is moved to
both edges of their own step, everything else as it stands, and the difference of the answers is averaged
over the people of the step; the averages are added up from the lowest value and set to a mean of 0 over
the people, each at their own value (between two edges: on the line between them).
`effect_range` is the highest point of that curve less its lowest. Categories are put in an order in which
neighbours are people who are alike in the other features, and moved to the category before and after.

Why it matters
    Features go together. A curve that is made of people who could not exist shows what a model would say of
    them, and nothing of the people it is used on. Here everybody moves only as far as their neighbours are.

How to read it
    The scale is that of the output, named in the method. The table has each point with the limits of its
    distance from the mean effect, and how many people the step before it rests on. An interval of
    `effect_range` that holds 0 means that the feature was not shown to move the answers of real people.
    Where `interpretability.partial_dependence` shows more, the model reacts to combinations that nobody has.
    `outside_share` is the share of people whose value the curve does not reach: it is missing or rare.

Limits
    The effects of features that go together are taken apart, not added: the curve is that of one feature with
    the others held near where they are. The order of categories is a choice, and with it what lies between
    two of them that are not neighbours. The effect of a step that few people are in is uncertain, and its
    limits say so. Steps are cut at values rounded to a hundredth of the range. Of wide tables the features
    that move the answer most are asked about. Row weights are not used.

References
    Apley and Zhu, Visualizing the effects of predictor variables in black box supervised learning models,
    Journal of the Royal Statistical Society B 82, 2020.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.alike import order_of_likes
from checks.interpretability.answered import without
from checks.interpretability.asked_curves import AT_ONCE, CELLS, FEWEST_PEOPLE, PROBES, left_out, moving
from checks.interpretability.asking import Output, enough, explained_output
from checks.interpretability.curve_limits import METHOD, ROUNDING, Curve
from checks.interpretability.grid import MISSING, grid_of, steps_of
from checks.interpretability.moves import is_number
from checks.model import Array, Inconclusive, Kind, Measure, Subject, Table, check
from checks.statistics import Z, estimate, undefined
from checks.values import as_text

STREAM = 83  # keeps this check's random numbers apart from every other's


@dataclass(frozen=True, eq=False)
class _Steps:
    """One feature cut into steps: the edges, and who is moved between which."""

    position: int
    values: pd.Series[float]
    """The edges as they stand in the file, in their own type."""
    labels: tuple[str | float, ...]
    people: Array
    """Who is moved, by position among those sampled; somebody between two categories is moved twice."""
    step: Array
    """The step of each move: from edge `step` to edge `step + 1`."""
    asked: int
    """How many people were sampled."""
    outside: float
    """The share of them who are not moved."""
    weights: Array
    """The share of the others who stand at each edge; somebody between two counts in part for both."""

    @property
    def count(self) -> int:
        """How many steps there are."""
        return len(self.labels) - 1


@check(asks_model=True)
def ale(
    subject: Subject, *, rows: int = 500, steps: int = 10, evaluations: int = 100_000
) -> Iterator[Measure | Table]:
    """Move sampled people within their own step of each feature, and add up what it does."""
    output = explained_output(subject).where_answered()
    rng = np.random.default_rng([subject.seed, STREAM])
    chosen = sample_rows(subject.rows, rows, subject.decision, rng)
    if len(chosen) < 2:
        raise Inconclusive("one row says nothing about others; supply more evaluation rows")
    features = subject.features
    able = [j for j in range(features.shape[1]) if _varies(features.iloc[:, j])]
    if not able:
        raise Inconclusive("no feature has two values that ten rows share, so none can be moved")
    budget = min(evaluations, CELLS // features.shape[1])
    size = min(len(chosen), max(FEWEST_PEOPLE, budget // (2 * len(able))))
    open_ = able
    if 2 * size * len(able) > budget:
        moved = moving(output, features, chosen[:PROBES], able, rng)
        kept = max(1, budget // (2 * size))
        open_ = sorted(able[at] for at in np.argsort(-moved, kind="stable")[:kept])
    if size < len(chosen):
        chosen = np.sort(rng.permutation(chosen)[:size])
    people = features.iloc[chosen].reset_index(drop=True)
    cut = [_steps(features, people, j, steps) for j in open_]
    asked = [_answered(one, _differences(output, people, one)) for one in cut]
    found = [(one, _curve(one, differences)) for one, differences, _ in asked]
    lost = len(np.unique(np.concatenate([who for *_, who in asked])))
    yield from without(lost, len(people))
    yield from _measures(features, found, output.scale, len(people))
    for j in sorted(set(range(features.shape[1])) - set(able)):
        of, why = {"feature": str(features.columns[j])}, "no two of its values are shared by ten rows"
        yield undefined("effect_range", why, of=of, unit=output.scale, method="not asked")
    yield left_out([str(features.columns[j]) for j in able if j not in open_], features.shape[1])
    yield _table(features, found)


def _varies(column: pd.Series[float]) -> bool:
    if is_number(column):
        return len(steps_of(column, 2)) > 1
    return int(grid_of(column, 2).stated.sum()) > 1


def _steps(features: pd.DataFrame, people: pd.DataFrame, position: int, most: int) -> _Steps:
    whole, mine = features.iloc[:, position], people.iloc[:, position]
    if not is_number(whole):
        return _categories(features, people, position, most)
    edges = steps_of(whole, most)
    numbers = mine.to_numpy(np.float64, na_value=np.nan)
    known = np.flatnonzero(np.isfinite(numbers))
    step = np.clip(np.searchsorted(edges, numbers[known], side="left") - 1, 0, len(edges) - 2)
    values = pd.Series(edges).astype(whole.dtype)
    outside = 1 - len(known) / len(people)
    place = np.interp(numbers[known], edges, np.arange(len(edges)))
    weights = _shares_at(place, len(edges))
    return _Steps(position, values, tuple(map(float, edges)), known, step, len(people), outside, weights)


def _shares_at(place: Array, edges: int) -> Array:
    """Return the share of people at each edge, from where each stands in steps above the lowest."""
    below = np.minimum(place.astype(np.int64), edges - 1)
    above, part = np.minimum(below + 1, edges - 1), place - below
    counted = np.bincount(below, 1 - part, edges) + np.bincount(above, part, edges)
    return np.asarray(counted / max(len(place), 1))


def _categories(features: pd.DataFrame, people: pd.DataFrame, position: int, most: int) -> _Steps:
    """Put the commonest categories in an order of likes, and move people to the ones beside their own."""
    grid = grid_of(features.iloc[:, position], most + 1)
    names = [label for label in grid.labels if label != MISSING]
    text = as_text(people.iloc[:, position]).astype(str)
    order = order_of_likes(people, position, [np.flatnonzero(text == name) for name in names])
    named = [names[at] for at in order]
    place = np.array([named.index(one) if one in named else -1 for one in text])
    known = np.flatnonzero(place >= 0)
    up, down = known[place[known] < len(named) - 1], known[place[known] > 0]
    who, step = np.concatenate([up, down]), np.concatenate([place[up], place[down] - 1])
    values = grid.values.iloc[list(order)].reset_index(drop=True)
    outside = 1 - len(known) / len(people)
    weights = _shares_at(place[known].astype(np.float64), len(named))
    return _Steps(position, values, tuple(named), who, step, len(people), outside, weights)


def _differences(output: Output, people: pd.DataFrame, cut: _Steps) -> Array:
    """Return what each move does to the answer, everything else as it stands."""
    name, found = str(people.columns[cut.position]), [np.empty(0)]
    size = max(1, AT_ONCE // (2 * people.shape[1]))
    for start in range(0, len(cut.people), size):
        who, step = cut.people[start : start + size], cut.step[start : start + size]
        moved = people.iloc[np.tile(who, 2)].reset_index(drop=True)
        edges = cut.values.iloc[np.concatenate([step, step + 1])].reset_index(drop=True)
        answers = output(moved.assign(**{name: edges}))
        found.append(answers[len(who) :] - answers[: len(who)])
    return np.concatenate(found)


def _answered(cut: _Steps, differences: Array) -> tuple[_Steps, Array, Array]:
    """Return the moves that both ends have an answer of, what they do, and whose others are left out."""
    known = np.isfinite(differences)
    enough(int((~known).sum()), len(known))
    kept = replace(cut, people=cut.people[known], step=cut.step[known])
    return kept, differences[known], cut.people[~known]


def _curve(cut: _Steps, differences: Array) -> tuple[Curve, Array]:
    """Return the accumulated effects at the edges, with how many people each step rests on."""
    differences = np.where(np.abs(differences) > ROUNDING, differences, 0.0)
    people = np.bincount(cut.step, minlength=cut.count).astype(np.float64)
    weights = np.maximum(people, 1)
    means = np.bincount(cut.step, differences, minlength=cut.count) / weights
    squares = np.bincount(cut.step, (differences - means[cut.step]) ** 2, minlength=cut.count)
    pooled = float(squares.sum() / max(len(differences) - cut.count, 1))
    variance = np.where(people > 1, squares / np.maximum(people - 1, 1), pooled) / weights
    added = np.tril(np.ones((cut.count + 1, cut.count)), -1)
    centred = added - (cut.weights @ added)[None, :]
    return Curve(centred @ means, (centred * variance) @ centred.T), people


def _measures(
    features: pd.DataFrame, found: list[tuple[_Steps, tuple[Curve, Array]]], scale: str, people: int
) -> Iterator[Measure]:
    for cut, (curve, _) in found:
        of, n = {"feature": str(features.columns[cut.position])}, len(np.unique(cut.people))
        value, low, high = curve.range()
        method = f"{METHOD}; {scale}, {cut.count} steps, {people} people drawn at random"
        yield estimate("effect_range", value, low, high, n, of=of, unit=scale, method=method)
    for cut, _ in found:
        of = {"feature": str(features.columns[cut.position])}
        method = "sampled people who were not moved"
        yield Measure("outside_share", cut.outside, n=cut.asked, of=of, kind=Kind.EXACT, method=method)


def _table(features: pd.DataFrame, found: list[tuple[_Steps, tuple[Curve, Array]]]) -> Table:
    """Return the points of every curve, the features first that move the answer most."""
    rows: list[tuple[str | float | None, ...]] = []
    for cut, (curve, people) in sorted(found, key=_flattest):
        half = Z * curve.errors
        for i, label in enumerate(cut.labels):
            number, spelt = (None, label) if isinstance(label, str) else (label, None)
            rests = None if i == 0 else float(people[i - 1])
            ends = (float(curve.values[i] + sign * half[i]) for sign in (-1, 1))
            name = str(features.columns[cut.position])
            rows.append((name, number, spelt, rests, float(curve.values[i]), *ends))
    columns = ("feature", "at", "value", "people", "effect", "low", "high")
    note = "people: those in the step that ends here, empty for the first; the mean effect over people is 0"
    return Table("effects", columns, tuple(rows), note)


def _flattest(one: tuple[_Steps, tuple[Curve, Array]]) -> float:
    return -one[1][0].range()[0]

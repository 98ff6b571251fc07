"""Partial dependence: what would the answers be if everybody had this value?

One feature of sampled people is set to the same value for all of them, everything else as it stands, and the
model is asked; the mean answer along the values is the partial dependence. `effect_range` is its highest
point less its lowest. `spread_share` is how differently single people react: the part of all movement along
the feature that is not common to everybody (0: all move alike). `rising_share` is the part of the curve's
ups and downs that goes up (1: it only rises, 0: it only falls), for numbers.

Why it matters
    How much a feature weighs says nothing about which way. Whoever answers for a model must be able to say
    what more of it does, and whether it does so evenly.

How to read it
    The scale is that of the output, named in the method: for a probability, 0.2 means twenty points. Values
    are the middles of equal shares of the people, or those that at least ten people share; nothing is asked
    where nobody is. The interval is that of the sampled people and of all pairs of values. Of each point the
    table has the mean, its limits, how many people have about that value, and between which ends the answers
    of eight of ten people lie. A curve beside `interpretability.ale` that goes elsewhere rests on people who
    could not exist.

Limits
    All else stays as it is, so that features which go together are taken apart: an income of 10 with a debt
    of 90 is asked about though nobody has both. The curve is of the model and not of the world: it does not
    say what would happen to somebody whose income rose. Values are rounded to a hundredth of their range, and
    nobody's own value is shown. Of wide tables the features that move the answer most are asked about
    (`evaluations` limits the questions), and the rest is counted in `features_left_out`. Row weights are not
    used.

References
    Friedman, Annals of Statistics 29, 2001 (partial dependence); Goldstein, Kapelner, Bleich and Pitkin,
    Journal of Computational and Graphical Statistics 24, 2015 (curves of single people).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from checks.interpretability.answered import without
from checks.interpretability.asked_curves import Curves, curves, left_out
from checks.interpretability.asking import resampled_means
from checks.interpretability.curve_limits import METHOD, Curve, of_people
from checks.interpretability.grid import MISSING, Grid
from checks.model import Array, Kind, Measure, Subject, Table, check
from checks.statistics import LEVEL, Z, estimate, undefined

STREAM = 82  # keeps this check's random numbers apart from every other's


@check(asks_model=True)
def partial_dependence(
    subject: Subject, *, rows: int = 200, points: int = 12, evaluations: int = 100_000
) -> Iterator[Measure | Table]:
    """Set each feature of sampled people to other values, and ask again."""
    asked = curves(subject, rows=rows, points=points, evaluations=evaluations)
    rng = np.random.default_rng([subject.seed, STREAM])
    found = [(grid, of_people(answers[:, grid.stated])) for grid, answers in asked]
    for grid, curve in found:
        value, low, high = curve.range()
        yield estimate(
            "effect_range", value, low, high, len(asked.people),
            of={"feature": grid.feature}, unit=asked.output.scale, method=f"{METHOD}; {asked.how}",
            note=_rare(grid),
        )  # fmt: skip
    for feature in asked.constant:
        why = "no two of its values are shared by ten rows"
        yield undefined(
            "effect_range", why, of={"feature": feature}, unit=asked.output.scale, method="not asked"
        )
    for grid, answers in asked:
        yield _spread_share(grid, answers[:, grid.stated], asked.how, rng)
    for grid, curve in found:
        if grid.numbers is not None:
            yield _rising_share(grid, curve, len(asked.people), asked.how)
    questions, people = float(asked.questions), len(asked.people)
    yield Measure("questions", questions, n=people, kind=Kind.EXACT, unit="count", method="counted")
    yield left_out(asked.left_out, len(subject.roles.features))
    yield from without(asked.lost, people + asked.lost)
    yield _table(asked)


def _rare(grid: Grid) -> str | None:
    if grid.numbers is not None or grid.beyond <= 0:
        return None
    return (
        "values that fewer than ten people share, or that are not among the commonest, were not asked about"
    )


def _spread_share(grid: Grid, answers: Array, how: str, rng: np.random.Generator) -> Measure:
    """Return the part of the movement along the feature that people do not have in common."""
    name, of = "spread_share", {"feature": grid.feature}
    method = f"resampled people, percentile {LEVEL:.0%}; {how}"
    weights = grid.weights[grid.stated] / grid.weights[grid.stated].sum()
    centred = answers - (answers @ weights)[:, None]
    each = (centred**2) @ weights
    whole = float(each.mean())
    if whole <= np.finfo(np.float64).eps * float((answers**2).mean()):
        return undefined(name, "it does not move the answer", n=len(answers), of=of, method=method)
    drawn = resampled_means(np.column_stack([each, centred]), rng, 400)
    common = (drawn[:, 1:] ** 2) @ weights
    parts = 1 - np.divide(common, drawn[:, 0], out=np.ones(len(drawn)), where=drawn[:, 0] > 0)
    value = float(np.clip(1 - (centred.mean(axis=0) ** 2) @ weights / whole, 0, 1))
    low, high = np.clip(np.percentile(parts, [2.5, 97.5]), 0, 1)
    return estimate(name, value, float(low), float(high), len(answers), of=of, method=method)


def _rising_share(grid: Grid, curve: Curve, n: int, how: str) -> Measure:
    """Return the part of a curve's ups and downs that goes up."""
    steps = np.diff(curve.values)
    ways = float(np.abs(steps).sum())
    of, method = {"feature": grid.feature}, f"ups over ups and downs of the mean curve; {how}"
    if ways <= 0:
        return undefined("rising_share", "it does not move the answer", n=n, of=of, method=method)
    up = float(np.clip(steps, 0, None).sum())
    note = "chance adds ups and downs to a curve that has none: no interval is made"
    return estimate("rising_share", up / ways, None, None, n, of=of, method=method, note=note)


def _table(asked: Curves) -> Table:
    """Return the points of every curve, the features first that move the answer most."""
    columns = ("feature", "at", "value", "people", "mean", "low", "high", "tenth", "ninetieth")
    ranges = [of_people(answers[:, grid.stated]).range()[0] for grid, answers in asked]
    rows: list[tuple[str | float | None, ...]] = []
    for place in np.argsort(-np.array(ranges), kind="stable"):
        rows += _points(asked.grids[place], asked.answers[place])
    note = "low and high: limits of the mean as it moves along the feature; between the last two numbers lie"
    return Table("dependence", columns, tuple(rows), f"{note} the answers of eight of ten people")


def _points(grid: Grid, answers: Array) -> list[tuple[str | float | None, ...]]:
    curve = of_people(answers)
    half = Z * curve.errors
    tenth, ninetieth = np.percentile(answers, [10, 90], axis=0)
    found: list[tuple[str | float | None, ...]] = []
    for i, label in enumerate(grid.labels):
        number = None if grid.numbers is None or label == MISSING else float(grid.numbers[i])
        spelt = label if number is None else None
        ends = (curve.values[i] - half[i], curve.values[i] + half[i], tenth[i], ninetieth[i])
        numbers = (float(grid.people[i]), float(curve.values[i]), *map(float, ends))
        found.append((grid.feature, number, spelt, *numbers))
    return found

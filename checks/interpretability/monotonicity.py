"""Monotonicity: does moving the declared way ever make the answer worse?

A submitter declares, under `directions`, which way a person can move a feature: income up, debt down. Of
sampled people each declared feature is set to every value in turn, everything else as it stands, and all
pairs of values are compared: `violation_share` is the share of pairs in which the value further along has the
worse answer, `harmed_share` the share of people with such a pair, `worst_violation` the largest loss found.
Where the task decides, `turned_share` is the share of people for whom a move the declared way, between two of
the values asked about, turns the answer that people want into another, and `turned_from_own_share` the share
for whom such a move from their own value does. `features_violated` counts the declared features with any
loss.

Why it matters
    Whoever is told to earn more or to owe less must not be worse off for having done it. A model that breaks
    this for some cannot be explained to them, and a score that falls as income rises is usually a flaw of
    the data.

How to read it
    Worse is less of what people want: a lower probability of the favourable class, a lower predicted value
    or score. The intervals are those of the sampled people. The losses are those that were found at the
    values asked about: a model may have larger ones between them. The table says between which values people
    lose, and how many of them.

Limits
    All else stays as it is. Only the submitter knows which way is the way up: for a price or a risk the
    declared way lowers the predicted value, and then this check has it the wrong way round and says so by
    large shares. Losses under a millionth of the answer are rounding. Row weights are not used.

References
    Gupta, Cotter, Pfeifer et al., Monotonic Calibrated Interpolated Look-Up Tables, JMLR 17, 2016;
    Federal Reserve, SR 11-7, 2011 (conceptual soundness).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from checks.interpretability.answered import without
from checks.interpretability.asked_curves import Curves, curves
from checks.interpretability.goal import goal, wants_lower
from checks.model import Array, Inconclusive, Kind, Measure, NotApplicable, Subject, Table, Task, check
from checks.statistics import LEVEL, estimate, undefined, wilson, wilson_limits

STREAM = 85  # keeps this check's random numbers apart from every other's
ROUNDING = 1e-6
"""Losses under this, in parts of the answer (and of 1), are of 32-bit arithmetic."""
STILL = "moving it changes nobody's answer, so the direction is not put to the test"


@dataclass(frozen=True, eq=False)
class _Way:
    """The answers along one declared feature, in the declared way: what is wanted must not fall."""

    feature: str
    numbers: Array
    gains: Array
    """Of shape (people, values): the answer, more is better."""
    own: Array
    """The answer of each of the people as they are."""
    further: Array
    """Of shape (people, values): whether the value lies the declared way from the person's own."""

    def losses(self) -> Array:
        """Return, of shape (people, values, values), what moving from the first value to the second loses."""
        apart = self.gains[:, :, None] - self.gains[:, None, :]
        later = np.triu(np.ones(apart.shape[1:], dtype=bool), 1)
        lost = later & (apart > ROUNDING * (1 + np.abs(self.gains[:, :, None])))
        return np.where(lost, apart, 0.0)


@check(asks_model=True)
def monotonicity(
    subject: Subject, *, rows: int = 200, points: int = 12, evaluations: int = 100_000
) -> Iterator[Measure | Table]:
    """Move sampled people the declared way, and see whether anybody loses by it."""
    declared = {str(name): str(way) for name, way in subject.facts.get("directions", {}).items()}
    if not declared:
        raise NotApplicable(
            "no direction was declared: say under `directions` which way a person can move a feature"
        )
    asked = curves(subject, rows=rows, points=points, evaluations=evaluations)
    ways = list(_ways(subject, asked, declared))
    how = f"{asked.how}, all pairs of values, all else as it stands"
    if all(np.ptp(answers) == 0 for _, answers in asked):
        raise Inconclusive(
            "the model gives everybody asked about the same answer, so no direction is put to the test"
        )
    lost = [(way, way.losses()) for way in ways]
    for way, losses in lost:
        yield _violation_share(way, losses, how)
        yield _people(way, "harmed_share", losses > 0)
        yield _worst(way, losses, how, asked.output.scale)
    yield from _turned(subject, ways)
    for name in declared:
        if name not in {way.feature for way in ways}:
            yield undefined("violation_share", _why_not(subject, asked, name), of={"feature": name})
    count = float(sum(bool((losses > 0).any()) for _, losses in lost))
    yield Measure("features_violated", count, n=len(ways), kind=Kind.EXACT, unit="count", method=how)
    yield from without(asked.lost, len(asked.people) + asked.lost)
    yield _table(lost)


def _ways(subject: Subject, asked: Curves, declared: dict[str, str]) -> Iterator[_Way]:
    sign = -1.0 if wants_lower(subject) else 1.0
    for grid, answers in asked:
        if grid.feature in declared and grid.numbers is not None:
            order = np.argsort(grid.numbers[grid.stated], kind="stable")
            if declared[grid.feature] == "down":
                order = order[::-1]
            stated = sign * answers[:, grid.stated]
            numbers, theirs = grid.numbers[grid.stated][order], _own(subject, asked, grid.feature)
            beyond = numbers[None] < theirs if declared[grid.feature] == "down" else numbers[None] > theirs
            yield _Way(grid.feature, numbers, stated[:, order], sign * asked.base, beyond)


def _own(subject: Subject, asked: Curves, feature: str) -> Array:
    """Return the people's own values, of shape (people, 1)."""
    values = subject.features[feature].iloc[asked.people]
    return values.to_numpy(dtype=np.float64, na_value=np.nan)[:, None]


def _why_not(subject: Subject, asked: Curves, name: str) -> str:
    if name not in subject.roles.features:
        return "it is not given to the model"
    if name in asked.constant:
        return "no two of its values are shared by ten rows"
    return "it does not hold numbers" if name not in asked.left_out else "too many features: not asked about"


def _violation_share(way: _Way, losses: Array, how: str) -> Measure:
    """Return the mean over people of the share of pairs that lose."""
    n, points = losses.shape[:2]
    each = (losses > 0).sum(axis=(1, 2)) / max(points * (points - 1) / 2, 1)
    value, of = float(each.mean()), {"feature": way.feature}
    top = float(wilson_limits(float((each > 0).mean()), n)[1])
    if each.std() == 0:
        method = f"Wilson {LEVEL:.0%} of people with any such pair; {how}"
        low, high = (0.0, top) if value == 0 else (float(wilson_limits(1.0, n)[0]) * value, value)
        return estimate("violation_share", value, low, high, n, of=of, method=method)
    half = float(stdtrit(n - 1, (1 + LEVEL) / 2)) * float(each.std(ddof=1)) / np.sqrt(n)
    method = f"mean over people, Student {LEVEL:.0%}; {how}"
    return estimate(
        "violation_share", value, max(value - half, 0.0), min(value + half, top), n, of=of, method=method
    )


def _people(way: _Way, name: str, pairs: Array) -> Measure:
    """Return the share of people with any of the *pairs* of values."""
    hit = float(np.count_nonzero(pairs.any(axis=(1, 2))))
    note = None if (np.ptp(way.gains, axis=1) > 0).any() else STILL
    return wilson(name, hit, float(len(pairs)), of={"feature": way.feature}, note=note)


def _worst(way: _Way, losses: Array, how: str, unit: str) -> Measure:
    at = np.unravel_index(int(losses.argmax()), losses.shape)
    value, of = float(losses[at]), {"feature": way.feature}
    note = "nobody asked about loses" if value == 0 else None
    n = len(losses)
    return Measure(
        "worst_violation",
        value,
        n=n,
        of=of,
        kind=Kind.EXACT,
        unit=unit,
        method=f"largest found; {how}",
        note=note,
    )


def _turned(subject: Subject, ways: list[_Way]) -> Iterator[Measure]:
    """Yield how many people lose the answer that they want by moving the declared way."""
    if subject.task is not Task.BINARY:
        return
    wanted = goal(subject, np.random.default_rng([subject.seed, STREAM]))
    sign = -1.0 if wanted.lower else 1.0
    for way in ways:
        reached = wanted.reached(way.gains - sign * wanted.limit)
        falls = reached[:, :, None] & ~reached[:, None, :]
        falls &= np.triu(np.ones(falls.shape[1:], dtype=bool), 1)
        yield _people(way, "turned_share", falls)
        had = wanted.reached(way.own - sign * wanted.limit)
        yield _people(way, "turned_from_own_share", (had[:, None] & way.further & ~reached)[:, :, None])


def _table(lost: list[tuple[_Way, Array]]) -> Table:
    """Return the neighbouring values between which people lose, the largest loss of a feature first."""
    rows: list[tuple[str | float, ...]] = []
    for way, losses in sorted(lost, key=_least):
        for at in range(len(way.numbers) - 1):
            step = losses[:, at, at + 1]
            if (step > 0).any():
                ends = float(way.numbers[at]), float(way.numbers[at + 1])
                rows.append(
                    (way.feature, *ends, float((step > 0).mean()), float(step.mean()), float(step.max()))
                )
    columns = ("feature", "from", "to", "share of people who lose", "mean loss", "largest loss")
    return Table("where people lose", columns, tuple(rows))


def _least(one: tuple[_Way, Array]) -> tuple[float, str]:
    return -float(one[1].max(initial=0.0)), one[0].feature

"""How a model answers the rows that it learnt, beside rows that it never saw: with certainty, and singly."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from checks.model import Array, Inconclusive, Measure, NotApplicable, Subject
from checks.privacy.attacks.compared import STREAM, Compared, compared
from checks.statistics import LEVEL, estimate, wilson_limits

ROWS = 20_000
DIGITS = 2
EXACT = 1e-6
"""Standard deviations of the label within which a number is held to be the label."""

Limits = Callable[[int, int], tuple[float, float]]


def both(subject: Subject) -> Compared | str:
    """Return rows of both tables with their answers, or the sentence that says what they need."""
    try:
        people = compared(subject, ROWS)
    except (NotApplicable, Inconclusive) as why:
        return str(why)
    if people.chance is None:
        return "supply probabilities for the rows of both files, or a model that gives them"
    return people


def certain(people: Compared) -> Iterator[Measure]:
    """Yield the share of rows that are answered with the truth itself, and the difference."""
    assert people.chance is not None
    if people.error is None:
        exact = np.round(people.chance, DIGITS) == 1
        how = f"chance of the true class, to {DIGITS} decimals"
    else:
        exact = people.error <= EXACT * (float(np.std(people.truth)) or 1.0)
        how = "number equal to the label"
    yield from _compared("certain_answer", people.split(exact), _wilson, f"{how}; Wilson", people.sampled)


def unique(people: Compared, seed: int) -> Iterator[Measure]:
    """Yield the share of rows whose rounded answer is theirs alone, among equally many of either table."""
    rng = np.random.default_rng([seed, STREAM, 10])
    sides = people.split(_rounded(people))
    most = min(map(len, sides))
    drawn = [side[rng.permutation(len(side))[:most]] for side in sides]
    alone = []
    for side in drawn:
        _, place, counts = np.unique(side, return_inverse=True, return_counts=True)
        alone.append(counts[place] == 1)
    how = f"answers to {DIGITS} decimals; Poisson"
    note = f"{most} rows of either table" if max(map(len, sides)) > most else people.sampled
    yield from _compared("unique_output", (alone[0], alone[1]), _poisson, how, note)


def _rounded(people: Compared) -> Array:
    """Return what is answered, to two decimals: of a chance, or of the range of the numbers."""
    if people.answer is None:
        assert people.chance is not None
        return np.asarray(np.round(people.chance, DIGITS))
    low, high = float(people.answer.min()), float(people.answer.max())
    return np.asarray(np.round((people.answer - low) / ((high - low) or 1.0), DIGITS))


def _wilson(count: int, n: int) -> tuple[float, float]:
    low, high = wilson_limits(count / n, n)
    return float(low), float(high)


def _poisson(count: int, n: int) -> tuple[float, float]:
    """Return limits of a share that is counted in cells: of nearly independent rare events."""
    from scipy.special import gammaincinv

    tail = (1 - LEVEL) / 2
    low = 0.0 if not count else float(gammaincinv(count, tail))
    return low / n, min(float(gammaincinv(count + 1, 1 - tail)) / n, 1.0)


def _compared(
    name: str, sides: tuple[Array, Array], limits: Limits, how: str, note: str | None
) -> Iterator[Measure]:
    """Yield one share a table, and the first less the second with the hybrid of both intervals."""
    shares, ends = [], []
    for table, side in zip(("training", "evaluation"), sides, strict=True):
        count, n = int(side.sum()), len(side)
        low, high = limits(count, n)
        shares.append(count / n)
        ends.append((min(low, count / n), max(high, count / n)))
        of, told = {"table": table}, f"{how} {LEVEL:.0%}"
        yield estimate(f"{name}_share", count / n, *ends[-1], n, of=of, method=told, note=note)
    value = shares[0] - shares[1]
    low = value - float(np.hypot(shares[0] - ends[0][0], ends[1][1] - shares[1]))
    high = value + float(np.hypot(ends[0][1] - shares[0], shares[1] - ends[1][0]))
    n = sum(map(len, sides))
    yield estimate(f"{name}_gap", value, low, high, n, method=f"{how} {LEVEL:.0%}, hybrid", note=note)

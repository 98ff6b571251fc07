"""What a model answers when one feature of sampled people is set to other values, all else as it stands.

Every curve of the family is read off these answers, so they are asked once for a subject and kept as long as
it is. How many there are is limited: of wide tables fewer people, then fewer values, and in the end only the
features that move the answer most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.answered import answered, beside, told_without
from checks.interpretability.asking import Output, explained_output
from checks.interpretability.attribution import mixed
from checks.interpretability.grid import Grid, grid_of
from checks.model import Array, Inconclusive, Kind, Measure, Subject

STREAM = 81  # keeps these random numbers apart from every other's
CELLS = 20_000_000
"""Values of features in all questions: of a wide table fewer rows are asked about."""
AT_ONCE = 4_000_000
"""Values in one question, so that a wide table does not fill the memory."""
FEWEST_PEOPLE, FEWEST_POINTS = 50, 5
PROBES = 3
"""People who show which of many features move the answer."""

NAMED = 5
"""Features named in a note: more would hide the sentence."""

_kept: WeakKeyDictionary[Subject, dict[tuple[int, ...], Curves]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Curves:
    """Answers by feature, each of shape (people, values)."""

    output: Output
    people: Array
    """Positions in the evaluation table."""
    base: Array
    """What each of the people is answered as they are."""
    grids: tuple[Grid, ...]
    """Of every feature that could be asked about; those of one value have no answers to compare."""
    answers: tuple[Array, ...]
    constant: tuple[str, ...]
    """Features without two values that ten people share."""
    left_out: tuple[str, ...]
    """Features that were not asked about, because the questions would have been too many."""
    questions: int
    lost: int
    """People who were left out: the model gave no number for one of their changed rows."""

    def __iter__(self) -> Iterator[tuple[Grid, Array]]:
        return zip(self.grids, self.answers, strict=True)

    @property
    def how(self) -> str:
        """How the answers were made, for the method of a measure."""
        how = f"{self.output.scale}, {len(self.people)} people drawn at random"
        return beside(how, told_without(self.lost))


def curves(subject: Subject, *, rows: int, points: int, evaluations: int) -> Curves:
    """Return the answers along every feature of *subject*, asked once."""
    mine, key = _kept.setdefault(subject, {}), (rows, points, evaluations)
    if key not in mine:
        mine[key] = _asked(subject, rows, points, evaluations)
    return mine[key]


def _asked(subject: Subject, rows: int, points: int, evaluations: int) -> Curves:
    output = explained_output(subject).where_answered()
    rng = np.random.default_rng([subject.seed, STREAM])
    features = subject.features
    chosen = sample_rows(subject.rows, rows, subject.decision, rng)
    if len(chosen) < 2:
        raise Inconclusive("one row says nothing about others; supply more evaluation rows")
    found = [grid_of(features.iloc[:, j], points) for j in range(features.shape[1])]
    open_ = [j for j, grid in enumerate(found) if grid.stated.sum() > 1]
    constant = tuple(grid.feature for grid in found if grid.stated.sum() < 2)
    if not open_:
        raise Inconclusive("no feature has two values that ten rows share, so none can be moved")
    budget = min(evaluations, CELLS // features.shape[1])
    size, most = _afforded(budget, len(open_), len(chosen), max(len(found[j]) for j in open_))
    probes = 0
    if size * most * len(open_) > budget:
        moved = moving(output, features, chosen[:PROBES], open_, rng)
        probes = PROBES * len(open_)
        kept = max(1, budget // (size * most))
        open_ = sorted(open_[at] for at in np.argsort(-moved, kind="stable")[:kept])
    if size < len(chosen):
        chosen = np.sort(rng.permutation(chosen)[:size])
    grids = [found[j] if len(found[j]) <= most else grid_of(features.iloc[:, j], most) for j in open_]
    people = features.iloc[chosen].reset_index(drop=True)
    answers = tuple(set_to(output, people, j, g.values) for j, g in zip(open_, grids, strict=True))
    asked_of = {grid.feature for grid in grids} | set(constant)
    left_out = tuple(name for name in map(str, features.columns) if name not in asked_of)
    questions = probes + len(chosen) + sum(each.size for each in answers)
    base = output(people)
    known = answered(base, *answers)
    return Curves(
        output, chosen[known], base[known], tuple(grids), tuple(each[known] for each in answers),
        constant, left_out, questions, int((~known).sum()),
    )  # fmt: skip


def _afforded(budget: int, features: int, people: int, points: int) -> tuple[int, int]:
    """Return how many people and values a feature the *budget* is enough for."""
    size = min(people, max(FEWEST_PEOPLE, budget // (features * points)))
    most = min(points, max(FEWEST_POINTS, budget // (features * size)))
    return size, most


def moving(
    output: Output, features: pd.DataFrame, chosen: Array, open_: Sequence[int], rng: np.random.Generator
) -> Array:
    """Return, for each of the features at *open_*, how far another person's value moves a few answers."""
    others = rng.integers(len(features), size=(len(open_), len(chosen)))
    source = features.iloc[np.concatenate([chosen, others.ravel()])].reset_index(drop=True)
    before = output(source.iloc[: len(chosen)])
    moved = np.zeros(len(open_))
    step = max(1, AT_ONCE // (features.shape[1] * len(chosen)))
    for start in range(0, len(open_), step):
        part = np.arange(start, min(start + step, len(open_)))
        taken = np.tile(np.arange(len(chosen))[None, :, None], (len(part), 1, features.shape[1]))
        theirs = len(chosen) + part[:, None] * len(chosen) + np.arange(len(chosen))[None, :]
        for at, place in enumerate(part):
            taken[at, :, open_[int(place)]] = theirs[at]
        answer = output(mixed(source, taken.reshape(-1, features.shape[1])))
        moved[part] = np.nan_to_num(np.abs(answer.reshape(len(part), -1) - before)).mean(axis=1)
    return moved


def set_to(output: Output, people: pd.DataFrame, feature: int, values: pd.Series[Any]) -> Array:
    """Return the answers of shape (people, values) where everybody has each of the *values*."""
    count, points = len(people), len(values)
    step = max(1, AT_ONCE // (people.shape[1] * max(points, 1)))
    parts = [np.empty((0, points))]
    name = people.columns[feature]
    for start in range(0, count, step):
        some = people.iloc[start : start + step]
        everywhere = np.repeat(np.arange(len(some)), points)
        given = values.iloc[np.tile(np.arange(points), len(some))].reset_index(drop=True)
        asked = some.iloc[everywhere].reset_index(drop=True).assign(**{str(name): given})
        parts.append(output(asked).reshape(len(some), points))
    return np.concatenate(parts)


def left_out(names: Sequence[str], features: int) -> Measure:
    """Return how many of the *features* were not asked about; some of their *names* stand in the note."""
    note = None
    if names:
        some = ", ".join(f"`{name}`" for name in names[:NAMED])
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        note = f"they move the answers of a few people less than the others: {some}{more}"
    count, unit = float(len(names)), "count"
    return Measure(
        "features_left_out", count, n=features, kind=Kind.EXACT, unit=unit, method="counted", note=note
    )

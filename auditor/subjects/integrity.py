"""Is the model a function of one row? Asked of fresh copies of it, alone and in other company.

Whatever a number in a report says of a person, it says of the answer that this person gets. If that
answer depends on who else is in the batch, on the order of the file or on earlier questions, there is no
such number. So rows are asked again in a fresh process: one by one, grouped with rows of like answers, and
in small groups at random; and one batch is asked twice. Where the answers differ, a second fresh process is
asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from auditor.problems import refuse
from auditor.subjects.answers import Answers, Question, question
from auditor.subjects.asking import Asked, once
from auditor.subjects.classes import Outcomes
from auditor.subjects.opened import Opened
from checks.model import Array, Model, ModelError, Subject

STREAM = 702
"""The fixed part of the seed."""
ALONE = 64
"""Rows asked one by one."""
ROWS = 768
"""Rows asked again in all."""
SMALL = 64
"""Most rows of a batch at random: a model that is fair in large batches is asked for each row in none."""
CHANGED = 0.001
"""Share of changed decisions at which the results are void after one fresh process."""
CHANGED_WITHIN = 0.01
"""The same, where the numbers behind the decisions differ by no more than the tolerance."""

DOUBLE, SINGLE = 1e-8, 1e-5
SINGLE_PRECISION = ("endpoint", "onnx", "xgboost", "torch", "keras", "tensorflow")
"""Formats and libraries that compute in 32 bits: sums in another order differ in the seventh digit."""


class _Silent(Exception):
    """A fresh process could not answer what the first one answered."""


@dataclass(frozen=True, slots=True)
class _Found:
    """How the answers of one fresh process differ from the first."""

    difference: Array
    changed: Array
    repeats: bool

    def disagreeing(self, tolerance: float) -> int:
        """Return the number of rows beyond the tolerance."""
        return int((self.difference > tolerance).sum())

    def overturned(self, tolerance: float) -> bool:
        """Say whether enough decisions changed to void the results at once."""
        beyond = (self.changed & (self.difference > tolerance)).mean()
        return bool(beyond >= CHANGED or self.changed.mean() >= CHANGED_WITHIN)


def tolerance(model: Opened) -> float:
    """Return how far two answers about one row may differ, by the precision in which the model computes."""
    said = model.inspection
    words = " ".join((said.format, *said.types, *said.versions)).lower()
    return SINGLE if any(name in words for name in SINGLE_PRECISION) else DOUBLE


def check(
    subject: Subject,
    settled: Outcomes,
    said: Answers,
    model: Opened,
    again: Callable[[], AbstractContextManager[Model]],
    *,
    seed: int,
) -> dict[str, Any]:
    """Probe *model*, which *said* all this of the evaluation rows of *subject*; see `probe`."""
    assert said.asked is not None
    return probe(
        question(subject.task, subject.roles, settled, model),
        subject.features,
        said.asked,
        again,
        within=tolerance(model),
        strata=[subject.groups(attribute) for attribute in subject.attributes],
        seed=seed,
    )


def probe(
    wanted: Question,
    X: pd.DataFrame,
    first: Asked,
    again: Callable[[], AbstractContextManager[Model]],
    *,
    within: float,
    strata: Sequence[Array] = (),
    seed: int = 0,
    where: str = "model",
) -> dict[str, Any]:
    """Compare fresh processes with what was answered *first*; raise `Refused` where the results are void.

    *again* opens the model in a fresh process; *strata* are the groups of each row, by attribute.
    """
    chosen, alone = _chosen(wanted, first.values, strata, np.random.default_rng([seed, STREAM, 0]))
    rows, expected = X.iloc[chosen].reset_index(drop=True), first.values[chosen]
    asking = _Asking(wanted, rows, expected, _scale(wanted, expected, first.values), alone)
    found: list[_Found] = []
    for turn in (1, 2):
        try:
            with again() as model:
                found.append(asking.compared(model, np.random.default_rng([seed, STREAM, turn])))
        except (ModelError, _Silent) as why:
            said = str(why).rstrip(".")
            sentence = f"the model answered the table, but not some of its rows when asked again: {said}."
            raise refuse(where, "no-answer", sentence) from None
        beyond = found[-1].disagreeing(within) > 0
        if found[-1].overturned(within) or (beyond and turn == 2):
            raise refuse(where, "not-a-function", _void(found, within, relative=wanted.is_number))
        if not beyond:
            break
    facts = {"decoys": first.decoys, "batches": first.batches, "note": first.note, "alone": alone}
    return facts | _numbers(found, within, relative=wanted.is_number)


@dataclass(frozen=True, slots=True)
class _Asking:
    """The rows that are asked again, the first *alone* of them one by one too."""

    wanted: Question
    rows: pd.DataFrame
    expected: Array
    scale: Array
    alone: int

    def compared(self, model: Model, rng: np.random.Generator) -> _Found:
        """Ask a fresh *model* in every company."""
        alike = np.argsort(self.expected[:, self.wanted.score or 0], kind="stable")
        groups = [*_parts(alike, rng), *_small(rng.permutation(len(self.rows)), rng)]
        single = [np.array([row]) for row in range(self.alone)]
        asked = [*single, *groups, groups[0]]
        answers = [self._answer(model, which) for which in asked]
        difference, changed = np.zeros(len(self.rows)), np.zeros(len(self.rows), dtype=np.bool_)
        decided = self.wanted.decisions(self.expected)
        for which, answer in zip(asked, answers, strict=True):
            difference[which] = np.maximum(
                difference[which], self._apart(which, answer, self.expected[which])
            )
            if decided is not None:
                changed[which] |= self.wanted.decisions(answer) != decided[which]
        again = self._apart(groups[0], answers[-1], answers[len(single)])
        return _Found(difference, changed, repeats=bool((again <= SINGLE).all()))

    def _answer(self, model: Model, which: Array) -> Array:
        part = self.rows.iloc[which].reset_index(drop=True)
        answer = once(model, part, probabilities=self.wanted.probabilities)
        if answer.shape != (len(which), self.expected.shape[1]):
            raise _Silent("it gave another number of numbers")
        return answer

    def _apart(self, which: Array, one: Array, other: Array) -> Array:
        return np.asarray(np.abs(one - other).max(axis=1) / self.scale[which])


def _chosen(
    wanted: Question, values: Array, strata: Sequence[Array], rng: np.random.Generator
) -> tuple[Array, int]:
    """Return the rows asked again, and how many of them, the first, are asked alone too.

    Half of those lie nearest the threshold and half anywhere. All are dealt evenly over the groups: turning
    the decisions of a small one takes few rows.
    """
    drawn = rng.permutation(len(values))
    key = pd.Series(0, index=range(len(values)))
    if strata:
        key = pd.DataFrame(dict(enumerate(strata))).groupby(list(range(len(strata))), dropna=False).ngroup()
    near = drawn
    if wanted.score is not None and wanted.threshold is not None:
        near = drawn[np.argsort(np.abs(values[drawn, wanted.score] - wanted.threshold), kind="stable")]
    close = _dealt(near, key, ALONE // 2)
    rest = drawn[~np.isin(drawn, close)]
    alone = np.concatenate([close, _dealt(rest, key, ALONE - len(close))])
    others = _dealt(drawn[~np.isin(drawn, alone)], key, ROWS - len(alone))
    return np.concatenate([alone, others]), len(alone)


def _dealt(order: Array, key: pd.Series[int], most: int) -> Array:
    """Return the first of *order*, taking the groups of *key* in turns."""
    of = key.iloc[order]
    turn = of.groupby(of.to_numpy()).cumcount().to_numpy()
    return np.asarray(order[np.argsort(turn, kind="stable")][:most])


def _parts(order: Array, rng: np.random.Generator) -> list[Array]:
    """Cut *order* into four batches of irregular size."""
    if len(order) < 2:
        return [order]
    cuts = np.sort(rng.choice(np.arange(1, len(order)), size=min(3, len(order) - 1), replace=False))
    return np.split(order, cuts)


def _small(order: Array, rng: np.random.Generator) -> list[Array]:
    """Cut *order* into batches of 1 to SMALL rows, as many small ones as large ones."""
    sizes = np.exp(rng.uniform(0.0, np.log(SMALL + 1), len(order))).astype(np.int64)
    ends = np.cumsum(sizes)
    return np.split(order, ends[ends < len(order)])


def _scale(wanted: Question, expected: Array, values: Array) -> Array:
    """Return what a difference of each row is measured by: 1 for probabilities and classes, else its size."""
    if not wanted.is_number:
        return np.ones(len(expected))
    size = np.maximum(np.abs(expected[:, 0]), np.abs(values[:, 0]).mean())
    return np.asarray(np.where(size > 0, size, 1.0))


def _void(found: Sequence[_Found], within: float, *, relative: bool) -> str:
    last = found[-1]
    changed = int(last.changed.sum())
    processes = "a fresh process" if len(found) == 1 else "two fresh processes"
    numbers = (
        f"asked again in {processes}, {last.disagreeing(within):,} of {len(last.difference):,} rows get "
        f"another answer, by up to {last.difference.max():.3g}{' of its size' if relative else ''}"
        f"{f', and {changed:,} decisions change' if changed else ''}"
    )
    cause = (
        "take out what looks at the other rows of a batch (mean, ranks, size, order) and export it again"
        if all(one.repeats for one in found)
        else "the same batch asked twice got two answers: the model draws at random or remembers earlier "
        "questions; take that out and export it again"
    )
    return f"the model is not a function of one row: results void ({numbers}); {cause}."


def _numbers(found: Sequence[_Found], within: float, *, relative: bool) -> dict[str, Any]:
    """Return what was found, for the record; differences as rounded as they are meaningful."""
    largest = max(float(one.difference.max(initial=0.0)) for one in found)
    return {
        "outcome": "agrees" if len(found) == 1 else "warning",
        "rows": len(found[0].difference),
        "processes": len(found),
        "tolerance": within,
        "relative": relative,
        "largest_difference": float(f"{largest:.1e}"),
        "disagreeing": found[0].disagreeing(within),
        "changed_decisions": max(int(one.changed.sum()) for one in found),
    }

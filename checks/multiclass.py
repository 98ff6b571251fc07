"""Multiclass systems as binary questions: each class against the rest, and the mean over classes.

One tensor of cells by decided and actual class answers every question: a class against the rest is a sum of
its columns, and the error of a mean over classes follows from the same columns (delta method), because the
rates of several classes are made of the same people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy.special import ndtr, ndtri

from checks.counts import OUTCOMES, Counts, GroupTable, Truth
from checks.model import NOT_STATED, Array, Inconclusive, NotApplicable, Subject, Task
from checks.sample import Sample, labelled
from checks.statistics import LEVEL, Estimates, Proportions
from checks.values import as_text

MOST_CLASSES = 50
"""Above this, so many numbers would be told that nobody could read them."""


def tables(subject: Subject) -> Iterator[tuple[str, Sequence[GroupTable]]]:
    """Return per attribute the tables to measure: one for a binary task, else one a class and their mean."""
    counts = subject.counts
    if subject.task is not Task.MULTICLASS:
        for attribute, table in counts.by_attribute():
            yield attribute, (table,)
        return
    codes = one_against_rest(counts)
    assert counts.confusion is not None
    for attribute, table in counts.count(counts.confusion, codes.shape[1]).items():
        against = [
            _binary(table, {"class": name}, code) for name, code in zip(counts.classes, codes, strict=True)
        ]
        groups = replace(table.groups, also={"average": "macro"})
        mean = MeanTable(groups, table.rows, table.weight, table.squares, codes=codes)
        yield attribute, (*against, mean)


def questions(subject: Subject) -> Iterator[tuple[Mapping[str, str], Array]]:
    """Return the outcome of each row for every binary question: the one there is, or one a class."""
    counts = subject.counts
    if subject.task is not Task.MULTICLASS:
        yield {}, counts.outcome
        return
    for name, code in zip(counts.classes, one_against_rest(counts), strict=True):
        yield {"class": name}, code[counts.confusion]


def accuracy_tables(subject: Subject) -> Iterator[GroupTable]:
    """Return per attribute a table of who is given their own class, whichever it is."""
    counts = subject.counts
    assert counts.confusion is not None
    codes = one_against_rest(counts)
    size = len(counts.classes)
    decided, actual = np.divmod(np.arange((size + 1) ** 2), size + 1)
    known, right = (decided < size) & (actual < size), decided == actual
    unknown = 12 * Truth.UNKNOWN + Truth.UNKNOWN  # a right answer stands as a yes that is a yes
    code = np.where(known, np.where(right, 12 * Truth.YES + Truth.YES, 12 * Truth.NO + Truth.YES), unknown)
    for table in counts.count(counts.confusion, codes.shape[1]).values():
        yield _binary(table, {}, code)


def one_against_rest(counts: Counts) -> Array:
    """Return, per class and outcome of the confusion, the outcome that the binary question has."""
    size = len(counts.classes)
    if size < 2:
        raise Inconclusive("all decisions and labels are of one class, so no class can be set against others")
    if size > MOST_CLASSES:
        raise Inconclusive(
            f"the labels and decisions hold {size} classes, {MOST_CLASSES} are measured at most: merge some"
        )
    decided, actual = np.divmod(np.arange((size + 1) ** 2), size + 1)

    def asked(values: Array, one: int) -> Array:
        return np.where(values == size, Truth.UNKNOWN, np.where(values == one, Truth.YES, Truth.NO))

    return np.array([12 * asked(decided, c) + asked(actual, c) for c in range(size)], dtype=np.int64)


def _binary(table: GroupTable, also: Mapping[str, str], code: Array) -> GroupTable:
    """Return the counts of one binary question, whose outcome *code* gives for each confusion."""
    into = np.zeros((len(code), OUTCOMES))
    into[np.arange(len(code)), code] = 1
    return GroupTable(
        replace(table.groups, also=also),
        table.rows @ into,
        table.weight @ into,
        None if table.squares is None else table.squares @ into,
    )


def scored(subject: Subject) -> list[tuple[Mapping[str, str], Sample]]:
    """Return what to rank or calibrate: the score of the one event, or the probability of each class."""
    if subject.task is Task.REGRESSION:
        raise NotApplicable(
            "a regression predicts numbers, not chances of an event; see `fairness.regression`"
        )
    if subject.task is not Task.MULTICLASS:
        return [({}, labelled(subject, scored=True, scores_alone=True))]
    if subject.roles.label is None:
        raise NotApplicable("no label column was supplied; name the column that holds what really happened")
    if subject.probabilities is None:
        raise NotApplicable("no probabilities of the classes were supplied; submit a model that gives them")
    label = as_text(subject.evaluation[subject.roles.label])
    rows = np.flatnonzero((label != NOT_STATED) & ~np.isnan(subject.probabilities).any(axis=1))
    weights = np.ones(len(rows)) if subject.weights is None else subject.weights[rows]
    if not len(rows) or weights.sum() <= 0:
        raise Inconclusive("no row has all that is needed: a label with probabilities, and a weight above 0")
    sampling = subject.roles.weight_kind == "sampling"
    found: list[tuple[Mapping[str, str], Sample]] = []
    for name, score in zip(subject.classes, subject.probabilities[rows].T, strict=True):
        actual = label[rows] == name
        sample = Sample(
            rows=rows,
            actual=actual,
            predicted=score == subject.probabilities[rows].max(axis=1),
            score=score,
            weights=weights,
            sampling=sampling,
        )
        found.append(({"class": name}, sample))
    return found


@dataclass(frozen=True, eq=False)
class JointMeans:
    """Means over classes of estimates that are made of the same people.

    Their limits are means of limits that hold together (Bonferroni), however the classes go together.
    """

    parts: Sequence[Estimates]

    @property
    def value(self) -> Array:
        """The means."""
        return np.asarray(np.mean([part.value for part in self.parts], axis=0))

    @property
    def n(self) -> Array:
        """The people, who are the same for every class."""
        return self.parts[0].n

    @property
    def pairs_method(self) -> str:
        """Newcombe's hybrid, of means."""
        return f"mean of {len(self.parts)} joint limits, {self.parts[0].pairs_method}"

    def limits(self, z: float) -> tuple[Array, Array]:
        """Return means of joint limits."""
        together = float(-ndtri(ndtr(-z) / len(self.parts)))
        low, high = np.mean([part.limits(together) for part in self.parts], axis=0)
        return low, high


@dataclass(frozen=True, slots=True)
class MeanProportions(Proportions):
    """Means over classes of shares; `effective` gives them the delta method's error."""

    METHOD: ClassVar[str] = f"mean over classes, Wilson {LEVEL:.0%} with the size of the delta method"

    @property
    def pairs_method(self) -> str:
        """Newcombe's hybrid, of means."""
        return "mean over classes, Newcombe"


@dataclass(frozen=True, eq=False)
class MeanTable(GroupTable):
    """Counts of groups by confusion, of which every share is a mean over classes."""

    codes: Array
    """Classes by outcomes of the confusion: the outcome that each class's binary question has."""

    def people(self, among: Array) -> Array:
        """Return the people per group in the denominator of any class."""
        return np.asarray(self.rows[:, among[self.codes].any(axis=0)].sum(axis=1))

    def smallest(self, among: Array) -> Array:
        """Return the people per group in the smallest denominator of a class."""
        return np.asarray((self.rows @ among[self.codes].T.astype(np.float64)).min(axis=1))

    def shares(self, hits: Array, among: Array) -> MeanProportions:
        """Return the mean over classes of each group's shares; NaN where a class has an empty denominator."""
        below = among[self.codes].astype(np.float64)
        above = below * hits[self.codes]
        any_class = below.any(axis=0)
        weight = self.weight[:, any_class].sum(axis=1)
        size, all_there = weight.copy(), (self.weight @ below.T > 0).all(axis=1)
        if self.squares is not None:
            squares = self.squares[:, any_class].sum(axis=1)
            size = np.divide(weight**2, squares, out=np.zeros_like(weight), where=squares > 0)
        told = np.where(all_there, weight, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = ((self.weight @ above.T) / (self.weight @ below.T)).mean(axis=1)
        return MeanProportions(
            hits=np.where(all_there, mean, 0.0) * told,
            weight=told,
            n=self.people(among),
            effective=self._effective(above, below, size, weight),
        )

    def _effective(self, above: Array, below: Array, size: Array, weight: Array) -> Array:
        """Return the size at which a plain share would have the error of the mean.

        Each cell is given one over the number of classes more, so that no variance vanishes where every
        share is 0 or 1; for two classes that is half a success and half a failure.
        """
        classes, inside = len(below), below.any(axis=0)
        scale = np.divide(size, weight, out=np.zeros_like(weight), where=weight > 0)
        filled = (self.weight * scale[:, None] + 1 / classes) * inside
        sizes = filled @ below.T
        rates = (filled @ above.T) / sizes
        pull = ((1 / sizes) @ above - (rates / sizes) @ below) / classes
        variance = (filled * pull**2).sum(axis=1)
        middle = rates.mean(axis=1)
        added = inside.sum() / classes
        return np.asarray(middle * (1 - middle) / variance * size / (size + added))

"""Mitigation frontier: what would it take to bring groups closer together?

For each attribute the decisions are made again by rules that keep groups closer: one cut-off a group on the
score that there is, fairlearn's ThresholdOptimizer on the same score, and a plain logistic regression held to
a bound by fairlearn's reductions. Each rule (`model`) is chosen on two thirds of the people and measured on
the third held back, in turn: `accuracy`, `accuracy_change` against the decisions of today, `impact_ratio`,
`true_positive_rate_gap`, and `changed_share`, the decisions it would turn. `accuracy_cost_at_ratio` is the
accuracy that cut-offs lose by having to keep the impact ratio at 0.8 or more, `accuracy_cost_at_gap` by
having to keep true positive rates within 0.1: both against cut-offs a group that were chosen alike without a
bound. The table `frontier` has the whole curve.

Why it matters
    "Fairer would be far less accurate" is often said and seldom measured. Where a disparity can go at little
    cost, keeping it is a choice that somebody has to answer for.

How to read it
    A cost whose interval lies near 0 says that accuracy is no reason to keep the gap. `accuracy_change` sets
    a rule against today's decisions instead: above 0, today's threshold is not the most accurate; a little
    below 0 may be the price of choosing a rule on few people. `impact_ratio` of the rule says what was
    reached among people it was not chosen on, which may fall short of what was asked. These are measurements,
    **not advice to deploy**: treating groups by different cut-offs may be unlawful, and those named fairlearn
    thresholds decide at random between two cut-offs, so two like people may be decided differently. The
    stand-in is not the system that was submitted; set it beside `stand-in, no bound`.

Limits
    Labels are taken as the truth. People of groups that are too small to compare have no part in it
    (`uncompared_share`). Intervals take the rules as given: that a rule was itself chosen from data is not
    in them. Of more than 5,000 rows (`rows`) a seeded sample is used, of 1,500 for the stand-in. Rules that
    decide by chance are measured by their expectation. Attributes are taken one at a time. The stand-in is
    searched among 20 fits: with many groups none of them may keep the bound.

References
    Hardt, Price and Srebro, NeurIPS 2016. Agarwal et al., A Reductions Approach to Fair Classification, ICML
    2018. Corbett-Davies et al., Algorithmic Decision Making and the Cost of Fairness, KDD 2017. Bird et al.,
    Fairlearn, 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from checks.comparison import (
    MIN_GROUP,
    compared,
    decided,
    grouped,
    notes,
    uncompared_share,
)
from checks.counts import ACTUAL, PREDICTED, GroupTable, Truth
from checks.data.folds import FOLDS, parts
from checks.fairness.frontier_rules import (
    NoRule,
    People,
    Want,
    by_group,
    canonical,
    one_for_all,
    optimised_thresholds,
    reduced,
)
from checks.model import Array, Inconclusive, Measure, NotApplicable, Subject, Table, check
from checks.sample import Sample, labelled
from checks.statistics import (
    Proportions,
    highest_minus_lowest,
    lowest_over_highest,
    mean_of,
    undefined,
    wilson,
)
from checks.statistics.intervals import estimate

STREAM = 54
RATIOS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
GAPS = (0.3, 0.2, 0.15, 0.1, 0.05, 0.02, 0.01)
BOUNDS = (0.1, 0.05)
"""Gaps of selection rates that the stand-in is held to."""
STANDING_IN = 1_500
"""Rows that the stand-in is fitted on at most: it is fitted many times."""
HELD_OUT = f"chosen on {FOLDS - 1} of {FOLDS} parts, measured on the one held back"
STAND_IN = "stand-in, no bound"
NOW = "today's decisions"
SCORE = "\0score"
"""A name that no column of a file has."""

Point = tuple[str | float | None, ...]


@check
def mitigation_frontier(
    subject: Subject, *, ratio: float = 0.8, gap: float = 0.1, rows: int = 5_000, min_group: int = MIN_GROUP
) -> Iterator[Measure | Table]:
    """Measure rules that keep groups closer together, and what they cost."""
    decided(subject)
    sample = labelled(subject, decided=True)
    grouped(subject)
    if subject.roles.favourable is None:
        raise NotApplicable("the favourable outcome is not known; name its value under `favourable`")
    if subject.score is None and not subject.roles.features:
        raise NotApplicable("there is neither a score to cut elsewhere nor a feature to fit another model on")
    points: list[Point] = []
    compared_any = False
    for attribute, table in subject.counts.by_attribute():
        if attribute not in subject.attributes:
            continue
        people, features, left = _people(subject, sample, table, rows, min_group)
        yield uncompared_share(table, left)
        if people.groups < 2:
            continue
        compared_any = True
        of = {"attribute": attribute}
        yield from _Told(people, of, _note(people, left, len(sample.rows))).all(features, ratio, gap, points)
    if not compared_any:
        raise Inconclusive(
            f"no attribute has two groups of {min_group} rows or more, with 10 of each true outcome"
        )
    columns = ("attribute", "rule", "asked", "accuracy", "impact ratio", "gap in true positive rate", "n")
    yield Table("frontier", columns, tuple(points), "Each point was measured on people held back.")


def _people(
    subject: Subject, sample: Sample, table: GroupTable, rows: int, min_group: int
) -> tuple[People, pd.DataFrame, Array]:
    """Return those who are compared, what the model is given of them, and which groups are left out."""
    known = (ACTUAL != Truth.UNKNOWN) & (PREDICTED != Truth.UNKNOWN)
    own = np.minimum(*(table.smallest(known & (truth == ACTUAL)) for truth in (Truth.YES, Truth.NO)))
    why = notes(table.groups, table.people(known), min_group, own)
    left = np.array([reason is not None for reason in why])
    codes = subject.counts.codes(table.groups.attribute)
    usable = np.zeros(subject.rows, dtype=bool)
    usable[sample.rows] = sample.weights > 0
    if subject.score is not None:
        usable &= ~np.isnan(subject.score)
    usable &= np.isin(codes, compared(why))
    content = subject.features.assign(**{SCORE: 0.0 if subject.score is None else subject.score})
    names = [*subject.roles.features, SCORE]
    chosen = parts(content, names, usable, rows, [subject.seed, STREAM])
    group, _ = canonical(codes[chosen.rows])
    weights = np.ones(subject.rows) if subject.weights is None else subject.weights
    outcome = subject.counts.outcome[chosen.rows]
    people = People(
        weights[chosen.rows],
        sample.sampling,
        actual=ACTUAL[outcome] == Truth.YES,
        now=PREDICTED[outcome] == Truth.YES,
        score=None if subject.score is None else subject.score[chosen.rows],
        group=group,
        groups=len(np.unique(group)),
        fold=chosen.fold,
        favourable=subject.roles.favourable == subject.roles.positive,
    )
    return people, subject.features.iloc[chosen.rows].reset_index(drop=True), left


def _note(people: People, left: Array, rows: int) -> str | None:
    said = [f"{int(left.sum())} of {len(left)} groups not compared"] if left.any() else []
    if len(people.actual) < rows:
        said.append(f"{len(people.actual):,} of {rows:,} rows")
    return "; ".join(said) or None


@dataclass(frozen=True, eq=False)
class _Told:
    """The rules of one attribute and what they come to."""

    people: People
    of: Mapping[str, str]
    note: str | None

    def all(
        self,
        features: pd.DataFrame,
        ratio: float,
        gap: float,
        points: list[Point],
    ) -> Iterator[Measure]:
        """Yield the numbers of every rule; add the points of the curve."""
        people = self.people
        yield from self._numbers(NOW, people.now.astype(np.float64), exactly=True)
        points.append(self._point(NOW, None, people.now.astype(np.float64)))
        if people.score is None:
            for name in ("accuracy_cost_at_ratio", "accuracy_cost_at_gap"):
                why = "no score was supplied, so there is no threshold to move"
                yield undefined(name, why, n=people.n, of=self.of, method=HELD_OUT)
        else:
            yield from self._rule("one cut-off for all", partial(one_for_all, people), points)
            bounds: tuple[tuple[str, Want, float], ...] = (
                ("accuracy_cost_at_ratio", "ratio", ratio),
                ("accuracy_cost_at_gap", "gap", gap),
            )
            for name, want, level in bounds:
                model, made = f"a cut-off a group, {want} {level:g}", partial(by_group, people, want, level)
                yield from self._rule(model, made, points, cost=name)
            for constraint in ("demographic_parity", "equalized_odds"):
                model = f"fairlearn thresholds, {constraint.replace('_', ' ')}"
                made = partial(optimised_thresholds, people, constraint)
                yield from self._rule(model, made, points, exactly=False)
            self._curve(points)
        yield from self._stand_in(features, points)

    def _stand_in(self, features: pd.DataFrame, points: list[Point]) -> Iterator[Measure]:
        if not len(features.columns):
            return
        few, some = _first(self.people, STANDING_IN), features.iloc[:STANDING_IN]
        told = _Told(few, self.of, _note(few, np.zeros(0), len(self.people.actual)) or self.note)
        try:
            _enough(few)
            chances = reduced(few, some, (np.inf, *BOUNDS))
        except NoRule as why:
            of = {**self.of, "model": STAND_IN}
            yield undefined("accuracy", str(why), n=few.n, of=of, method=HELD_OUT)
            return
        models = (STAND_IN, *(f"stand-in, fairlearn reductions, gap {bound:g}" for bound in BOUNDS))
        for model, chance in zip(models, chances.T, strict=True):
            yield from told._rule(model, partial(_possible, chance), points)

    def _rule(
        self,
        model: str,
        made: Callable[[], Array],
        points: list[Point],
        *,
        exactly: bool = True,
        cost: str | None = None,
    ) -> Iterator[Measure]:
        """Yield the numbers of a rule, or why there is none; and under *cost* the accuracy that it loses."""
        try:
            _enough(self.people)
            chance = made()
        except NoRule as why:
            of = {**self.of, "model": model}
            for name, key in (("accuracy", of), *([(cost, self.of)] if cost else [])):
                yield undefined(name, str(why), n=self.people.n, of=key, method=HELD_OUT)
            return
        yield from self._numbers(model, chance, exactly=exactly)
        points.append(self._point(model, None, chance))
        if cost:
            free = by_group(self.people, "ratio", 0.0)
            yield self._mean(cost, self._change(free) - self._change(chance), self.of, (-1.0, 1.0))

    def _change(self, chance: Array) -> Array:
        """Return by how much each person's chance to be decided rightly changes."""
        actual = self.people.actual
        return np.asarray(np.where(actual, chance, 1 - chance) - (actual == self.people.now))

    def _numbers(self, model: str, chance: Array, *, exactly: bool) -> Iterator[Measure]:
        people, of = self.people, {**self.of, "model": model}
        right = np.where(people.actual, chance, 1 - chance)
        if exactly:
            yield people_share("accuracy", people, right, of, self.note)
        else:
            yield self._mean("accuracy", right, of, (0.0, 1.0))
        yield lowest_over_highest("impact_ratio", self._selected(chance), of=of, note=self.note)
        yield self._gap(chance, of)
        if model != NOW:
            yield self._mean("accuracy_change", self._change(chance), of, (-1.0, 1.0))
            turned = np.where(people.now, 1 - chance, chance)
            yield people_share("changed_share", people, turned, of, self.note)

    def _gap(self, chance: Array, of: Mapping[str, str]) -> Measure:
        """Return the gap in true positive rates, unless the rows taken leave a group without any."""
        name, found = "true_positive_rate_gap", self._found(chance)
        empty, groups = int((found.weight <= 0).sum()), len(found.weight)
        if empty:
            why = f"of {empty} of {groups} groups nobody with that outcome is among the rows taken"
            return undefined(name, why, n=self.people.n, of=of, method=HELD_OUT)
        return highest_minus_lowest(name, found, of=of, note=self.note)

    def _mean(self, name: str, values: Array, of: Mapping[str, str], bounds: tuple[float, float]) -> Measure:
        people = self.people
        if not np.ptp(values):
            why = "it is the same for every person, so the spread cannot be estimated"
            return estimate(
                name, float(values[0]), None, None, people.n, of=of, method=HELD_OUT, note=self.note or why
            )
        # bounds are clipped here: `mean_of` takes a lower bound of 0 for a loss with a long tail
        found = mean_of(
            name,
            values,
            people.weights,
            people.effective,
            rows=people.n,
            bounds=(-1.0, 1.0),
            of=of,
            note=self.note,
        )
        low = None if found.low is None else max(found.low, bounds[0])
        high = None if found.high is None else min(found.high, bounds[1])
        method = f"{found.method}; {HELD_OUT}"
        return Measure(name, found.value, low, high, found.n, of, method=method, note=found.note)

    def _selected(self, chance: Array) -> Proportions:
        return self._proportions(self.people.favoured(chance), np.ones(len(chance), dtype=bool))

    def _found(self, chance: Array) -> Proportions:
        return self._proportions(chance, self.people.actual)

    def _proportions(self, chance: Array, among: Array) -> Proportions:
        people = self.people
        columns = []
        for g in range(people.groups):
            mine = (people.group == g) & among
            part = people.part(mine)
            weight = float(part.weights.sum())
            columns.append([float((part.weights * chance[mine]).sum()), weight, part.n, part.effective])
        return Proportions(*np.array(columns, dtype=np.float64).T)

    def _curve(self, points: list[Point]) -> None:
        curves: tuple[tuple[Want, tuple[float, ...]], ...] = (("ratio", RATIOS), ("gap", GAPS))
        for want, levels in curves:
            for level in levels:
                try:
                    _enough(self.people)
                    chance = by_group(self.people, want, level)
                except NoRule:
                    continue
                points.append(self._point(f"a cut-off a group, {want}", level, chance))

    def _point(self, rule: str, asked: float | None, chance: Array) -> Point:
        people = self.people
        right = np.where(people.actual, chance, 1 - chance)
        ratio = lowest_over_highest("impact_ratio", self._selected(chance), of={}).value
        gap = self._gap(chance, {}).value
        accuracy = float(np.average(right, weights=people.weights))
        return (self.of["attribute"], rule, asked, accuracy, ratio, gap, people.n)


def people_share(
    name: str, people: People, values: Array, of: Mapping[str, str], note: str | None
) -> Measure:
    """Return the mean of values from 0 to 1 with Wilson's interval: too wide, if anything, for chances."""
    hits, total = float((people.weights * values).sum()), float(people.weights.sum())
    found = wilson(name, hits, total, of=of, rows=people.n, effective=people.effective)
    return replace(found, method=f"{found.method}; {HELD_OUT}", note=found.note or note)


def _possible(chance: Array) -> Array:
    if np.isnan(chance).any():
        raise NoRule("none of the fits kept the groups that close")
    return chance


def _enough(people: People) -> None:
    """Refuse where rules of their own would be chosen for groups of a handful, at great length."""
    rows, groups = len(people.actual), people.groups
    if rows < MIN_GROUP * groups:
        raise NoRule(f"{rows:,} rows were taken of {groups} groups; a rule needs {MIN_GROUP} a group")


def _first(people: People, most: int) -> People:
    """Return the first of people whose order is already one by chance."""
    if len(people.actual) <= most:
        return people
    group, _ = canonical(people.group[:most])
    return People(
        people.weights[:most],
        people.sampling,
        actual=people.actual[:most],
        now=people.now[:most],
        score=None if people.score is None else people.score[:most],
        group=group,
        groups=len(np.unique(group)),
        fold=people.fold[:most],
        favourable=people.favourable,
    )

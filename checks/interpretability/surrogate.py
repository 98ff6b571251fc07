"""Surrogate: can a few rules say what the model does?

A short tree is grown on the model's own answers. `fidelity` is the part of the spread of the answers that
the tree gives back for people who were held back when it was grown (R²: 1 all of it, 0 no more than their
mean does). Where the task decides, `decision_agreement` is the share of held-back people to whom the tree
gives the model's decision, and `commonest_agreement` that of giving everybody the commonest one.
`scorecard_fidelity` and `scorecard_agreement` are the same of a scorecard: at most eight features in bands
(`scorecard_features`), whose points are only added.

Why it matters
    A regulator, a clerk or a person affected can read eight rules. How far they are the model, and how much
    is lost by reading them instead, must be said beside them.

How to read it
    The rules stand in the table with the people whom each is about, and the mean and spread of the model's
    answers to them. They were grown on all sampled people; fidelity is of trees grown on two thirds of them.
    Low fidelity means that the rules are a sketch and must not be given as reasons. `rules_needed` is the
    smallest number of rules tried (2, 4, 8, up to 64) whose held-back fidelity reaches `enough`.
    `features_used` counts the features in the rules, `features_that_matter` the fewest that the tree of most
    rules tried owes `enough` of its fit to: read it beside `many_rules_fidelity`, how far that tree is the
    model, as what it does not find may rest on other features. `numbers_learnt` and `trees_in_file` are what
    the file itself says, read without running it; a file that does not tell has none. The table `scorecard`
    has the points of each band; where it tells much more than the rules do, the model mostly adds up.

Limits
    A tree is not the model: it may name a feature that merely goes together with one the model uses. Numbers
    are asked about at up to twenty rounded edges, texts where ten people share them; people whose number is
    missing stand at the middle of it, unless a rule asks for that. Many features do little each: no short
    tree tells them, though the scorecard might; it tells nothing of what features do together. Of many
    classes the favourable one's answers are told. In wide tables fewer people are asked about. Row weights
    are not used.

References
    Craven and Shavlik, Extracting Tree-Structured Representations of Trained Networks, NeurIPS 1996; Breiman
    et al., Classification and Regression Trees, 1984; Molnar, Interpretable Machine Learning, 2nd ed., 2022.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from checks.data.folds import FOLDS, parts
from checks.interpretability.asking import Output, explained_output, one_of_many, resampled_means
from checks.interpretability.goal import goal
from checks.interpretability.moves import SHARED
from checks.interpretability.ruled import Asked, Condition, questions_of, rules_of
from checks.interpretability.scorecard import Banded, Scorecard, banded, fitted, rows_of
from checks.model import Array, Inconclusive, Kind, Measure, Subject, Table, Task, check
from checks.statistics import LEVEL, estimate, wilson

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeRegressor

STREAM = 87  # keeps this check's random numbers apart from every other's
FEWEST = 60
"""People below whom no third can be held back."""
CELLS = 2_000_000
"""Values of features that trees are grown on: of a wide table fewer people."""
TRIED = (2, 4, 8, 16, 32, 64)
STILL = 1e-12
ALIKE = "the model gives everybody asked about the same answer, so there is nothing to tell"


@dataclass(frozen=True, eq=False)
class _People:
    """Whom the trees are grown on: what they see, what the model answers, and who is held back when."""

    output: Output
    asked: Asked
    answers: Array
    fold: Array
    seed: int
    how: str
    banded: Banded

    @cached_property
    def card(self) -> Scorecard:
        """The scorecard of everybody."""
        return fitted(self.banded, self.answers, np.full(len(self.answers), True))

    @property
    def spread(self) -> Array:
        """How far each answer is from the mean, squared."""
        return np.asarray((self.answers - self.answers.mean()) ** 2)

    def grown(self, leaves: int, depth: int | None, rows: Array) -> DecisionTreeRegressor:
        """Return a tree of the people at *rows*."""
        from sklearn.tree import DecisionTreeRegressor

        tree = DecisionTreeRegressor(
            max_leaf_nodes=leaves, max_depth=depth, min_samples_leaf=SHARED, random_state=self.seed
        )
        return tree.fit(self.asked.seen[rows], self.answers[rows])

    def held_back(self, leaves: int, depth: int | None = None) -> Array:
        """Return what trees say of people whom they were not grown on."""
        said = np.empty(len(self.answers))
        for one in np.unique(self.fold):
            inside = self.fold == one
            said[inside] = self.grown(leaves, depth, ~inside).predict(self.asked.seen[inside])
        return said


@check(asks_model=True)
def surrogate(
    subject: Subject, *, rows: int = 2000, depth: int = 3, enough: float = 0.9
) -> Iterator[Measure | Table]:
    """Grow a short tree on the model's answers, and hold it against people it has not seen."""
    people = _asked(subject, rows)
    said = people.held_back(2**depth, depth)
    rng = np.random.default_rng([subject.seed, STREAM])
    yield replace(_fidelity("fidelity", people, said, rng), note=one_of_many(subject))
    if subject.task is Task.BINARY:
        yield from _agreements(subject, people, said, ("decision_agreement", "commonest_agreement"))
    everybody = np.full(len(people.answers), True)
    tree = people.grown(2**depth, depth, everybody)
    rules = rules_of(tree, people.asked)
    n, used = len(people.answers), {one.feature for rule in rules.values() for one in rule}
    for name, count in (
        ("rules", len(rules)),
        ("depth", tree.get_depth()),
        ("features_used", len(used)),
    ):
        yield Measure(name, float(count), n=n, kind=Kind.EXACT, unit="count", method=f"counted; {people.how}")
    yield from _added_up(subject, people, rng)
    yield _needed(people, enough)
    yield _fidelity("many_rules_fidelity", people, people.held_back(TRIED[-1]), rng)
    yield _mattering(people, enough)
    yield from _of_the_file(subject)
    yield from _tables(people, tree, rules)
    yield _points(people)


def _asked(subject: Subject, rows: int) -> _People:
    output = explained_output(subject)
    names = list(subject.roles.features)
    most = min(rows, max(2 * FEWEST, CELLS // len(names) // 8))
    held = parts(subject.evaluation, names, np.full(subject.rows, True), most, [subject.seed, STREAM])
    if len(held.rows) < FEWEST or len(np.unique(held.fold)) < FOLDS:
        raise Inconclusive(
            f"{len(held.rows)} rows, of which too many may be alike; {FEWEST} that differ are needed, so that"
            " some can be held back"
        )
    table = subject.features.iloc[held.rows].reset_index(drop=True)
    answers = output(table)
    if np.ptp(answers) <= STILL * (1 + np.abs(answers).max()):
        raise Inconclusive(ALIKE)
    asked = questions_of(table)
    if not asked.questions:
        raise Inconclusive("no feature has two values that ten rows share, so no rule can be made")
    how = f"{output.scale}, {len(table)} of {subject.rows} rows"
    return _People(output, asked, answers, held.fold, subject.seed, how, banded(table))


def _part_told(people: _People, said: Array) -> float:
    return float(1 - ((people.answers - said) ** 2).mean() / people.spread.mean())


def _fidelity(name: str, people: _People, said: Array, rng: np.random.Generator) -> Measure:
    both = np.column_stack([(people.answers - said) ** 2, people.spread])
    drawn = resampled_means(both, rng)
    found = 1 - drawn[:, 0] / np.where(drawn[:, 1] > 0, drawn[:, 1], np.inf)
    edge = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(found, [edge, 100 - edge])
    method = (
        f"R² of people held back in turn ({FOLDS} parts), resampled, percentile {LEVEL:.0%}; {people.how}"
    )
    value = _part_told(people, said)
    return estimate(name, value, min(float(low), value), max(float(high), value), len(said), method=method)


def _agreements(
    subject: Subject, people: _People, said: Array, names: tuple[str, str | None]
) -> Iterator[Measure]:
    wanted = goal(subject, np.random.default_rng([subject.seed, STREAM]))
    sign = -1.0 if wanted.lower else 1.0
    model, tree = (wanted.reached(sign * (each - wanted.limit)) for each in (people.answers, said))
    share = max(model.mean(), 1 - model.mean())
    n = float(len(said))
    agreement, commonest = names
    yield wilson(agreement, float((model == tree).sum()), n)
    if commonest is not None:
        yield wilson(commonest, float(share * n), n)


def _added_up(subject: Subject, people: _People, rng: np.random.Generator) -> Iterator[Measure]:
    """Yield how far a scorecard is the model, of people whom its points were not fitted on."""
    said = np.empty(len(people.answers))
    for one in np.unique(people.fold):
        inside = people.fold == one
        card = fitted(people.banded, people.answers, ~inside)
        said[inside] = card.told(people.banded.codes[inside])
    yield _fidelity("scorecard_fidelity", people, said, rng)
    if subject.task is Task.BINARY:
        yield from _agreements(subject, people, said, ("scorecard_agreement", None))
    count = float(len(people.card.points))
    yield Measure(
        "scorecard_features",
        count,
        n=len(said),
        kind=Kind.EXACT,
        unit="count",
        method=f"counted; {people.how}",
    )


def _points(people: _People) -> Table:
    columns = ("feature", "above", "at most", "text", "points", "people")
    note = (
        f"points are added to {people.card.begin:.6g}, about the mean answer, on the scale of the answer;"
        " their mean over the people of a feature is 0"
    )
    return Table("scorecard", columns, tuple(rows_of(people.banded, people.card)), note)


def _needed(people: _People, enough: float) -> Measure:
    """Return the smallest number of rules tried that give back enough of the answers."""
    method = f"fewest of {', '.join(map(str, TRIED))} with R² of {enough:g} held back; {people.how}"
    n, name = len(people.answers), "rules_needed"
    best = -np.inf
    for leaves in TRIED:
        told = _part_told(people, people.held_back(leaves))
        if told >= enough:
            return Measure(name, float(leaves), n=n, kind=Kind.EXACT, unit="count", method=method)
        best = max(best, told)
    why = f"{TRIED[-1]} rules and fewer gave back {max(best, 0):.2f} of the spread of the answers at most"
    return Measure(name, None, n=n, kind=Kind.EXACT, unit="count", method=method, note=why)


def _mattering(people: _People, enough: float) -> Measure:
    """Return the fewest features to which a tree of many rules owes enough of its fit."""
    tree = people.grown(TRIED[-1], None, np.full(len(people.answers), True))
    own: dict[str, float] = {}
    for question, part in zip(people.asked.questions, tree.feature_importances_, strict=True):
        own[question.feature] = own.get(question.feature, 0.0) + float(part)
    sizes = np.sort(np.array(list(own.values())))[::-1]
    count = int(np.searchsorted(np.cumsum(sizes), enough * sizes.sum() - STILL) + 1)
    method = f"{enough:g} of the fit of a tree of {tree.get_n_leaves()} rules; {people.how}"
    n = len(people.answers)
    return Measure("features_that_matter", float(count), n=n, kind=Kind.EXACT, unit="count", method=method)


def _of_the_file(subject: Subject) -> Iterator[Measure]:
    """Yield how much the model file says that it holds."""
    memory = None if subject.inside is None else subject.inside.memory
    told = (
        ("numbers_learnt", None if memory is None else memory.numbers),
        ("trees_in_file", None if memory is None else memory.trees),
    )
    for name, number in told:
        method, unit = "read in the file, without running it", "count"
        if number is None:
            why = "the file, or the model that was supplied, does not tell"
            yield Measure(name, None, n=1, kind=Kind.EXACT, unit=unit, method=method, note=why)
            continue
        yield Measure(
            name, float(number), n=1, kind=Kind.EXACT, unit=unit, method=method, note="as the file says"
        )


def _tables(
    people: _People, tree: DecisionTreeRegressor, rules: dict[int, tuple[Condition, ...]]
) -> Iterator[Table]:
    """Yield the rules, those with the highest answers first, and what each says of whom."""
    leaf = tree.apply(people.asked.seen)
    order = sorted(rules, key=lambda node: (-float(people.answers[leaf == node].mean()), node))
    answers: list[tuple[str | float | None, ...]] = []
    conditions: list[tuple[str | float | None, ...]] = []
    for number, node in enumerate(order, 1):
        mine = people.answers[leaf == node]
        answers.append((number, float(len(mine)), float(mine.mean()), float(mine.std())))
        for one in rules[node]:
            value, text = (None, one.value) if isinstance(one.value, str) else (one.value, None)
            conditions.append((number, one.feature, one.relation, value, text))
    yield Table("answers of rules", ("rule", "people", "mean answer", "spread of answers"), tuple(answers))
    columns = ("rule", "feature", "relation", "number", "text")
    note = "all conditions of a rule hold together; every person is in exactly one rule"
    yield Table("conditions of rules", columns, tuple(conditions), note)

"""Surrogate: can a few rules say what the model does?

A short tree is grown on the model's own answers. `fidelity` is the part of the spread of the answers that
the tree gives back for people who were held back when it was grown (R²: 1 all of it, 0 no more than their
mean does). Where the task decides, `decision_agreement` is the share of held-back people to whom the tree
gives the model's decision, and `commonest_agreement` that of giving everybody the commonest one.

Why it matters
    A regulator, a clerk or a person affected can read eight rules. How far they are the model, and how much
    is lost by reading them instead, must be said beside them.

How to read it
    The rules stand in the table with the people whom each is about, and the mean and spread of the model's
    answers to them. They were grown on all sampled people; fidelity is of trees grown on two thirds of them.
    Low fidelity means that the rules are a sketch and must not be given as reasons. `rules_needed` is the
    smallest number of rules tried (2, 4, 8, up to 64) whose held-back fidelity reaches `enough`.
    `features_used` counts the features in the rules, `features_that_matter` the fewest that the tree of most
    rules tried owes `enough` of its fit to. `numbers_learnt` and `trees_in_file` are what the file itself
    says, read without running it; a file that does not tell has none.

Limits
    A tree is not the model: it may name a feature that merely goes together with one the model uses. Numbers
    are asked about at up to twenty rounded edges, texts where ten people share them; people whose number is
    missing stand at the middle of it, unless a rule asks for that. Many features do little each: no short
    tree tells them, though a table of points might. Of many classes the favourable one's answers are told.
    In wide tables fewer people are asked about. Row weights are not used.

References
    Craven and Shavlik, Extracting Tree-Structured Representations of Trained Networks, NeurIPS 1996; Breiman
    et al., Classification and Regression Trees, 1984; Molnar, Interpretable Machine Learning, 2nd ed., 2022.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from checks.data.folds import FOLDS, parts
from checks.interpretability.asking import Output, explained_output, resampled_means
from checks.interpretability.goal import goal
from checks.interpretability.moves import SHARED
from checks.interpretability.ruled import Asked, Condition, questions_of, rules_of
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
    yield _fidelity(people, said, rng)
    if subject.task is Task.BINARY:
        yield from _agreements(subject, people, said)
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
    yield _needed(people, enough)
    yield _mattering(people, enough)
    yield from _of_the_file(subject)
    yield from _tables(people, tree, rules)


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
    return _People(output, asked, answers, held.fold, subject.seed, how)


def _part_told(people: _People, said: Array) -> float:
    return float(1 - ((people.answers - said) ** 2).mean() / people.spread.mean())


def _fidelity(people: _People, said: Array, rng: np.random.Generator) -> Measure:
    both = np.column_stack([(people.answers - said) ** 2, people.spread])
    drawn = resampled_means(both, rng)
    found = 1 - drawn[:, 0] / np.where(drawn[:, 1] > 0, drawn[:, 1], np.inf)
    edge = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(found, [edge, 100 - edge])
    method = (
        f"R² of people held back in turn ({FOLDS} parts), resampled, percentile {LEVEL:.0%}; {people.how}"
    )
    value = _part_told(people, said)
    return estimate(
        "fidelity", value, min(float(low), value), max(float(high), value), len(said), method=method
    )


def _agreements(subject: Subject, people: _People, said: Array) -> Iterator[Measure]:
    wanted = goal(subject, np.random.default_rng([subject.seed, STREAM]))
    sign = -1.0 if wanted.lower else 1.0
    model, tree = (wanted.reached(sign * (each - wanted.limit)) for each in (people.answers, said))
    share = max(model.mean(), 1 - model.mean())
    n = float(len(said))
    yield wilson("decision_agreement", float((model == tree).sum()), n)
    yield wilson("commonest_agreement", float(share * n), n)


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

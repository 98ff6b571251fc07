"""Proxies: how well do the features give a protected attribute away?

For each attribute, how well its groups can be told apart by the features that the model is given: jointly,
by gradient-boosted trees, and by each feature alone, by the make-up of its values. `roc_auc` is the chance
that a member of a group scores above somebody else (with several groups: of the group that is told best).
`accuracy` is the share of people whose group is guessed right, `majority_share` that of always naming the
largest group, and `accuracy_over_chance` what the guess gains on it.

Why it matters
    A model that never sees race can still treat races differently through a feature that stands in for it.
    Removing the attribute then hides the discrimination and does not end it.

How to read it
    0.5 is chance, 1 is giving the attribute away entirely. Every guess is about rows that were held back when
    it was learnt, and rows with equal features are held back together. The interval is that of the rows, the
    fit taken as given; that of the best-told group allows for having looked for it. A feature with a high AUC
    is a possible stand-in: say why the system needs it, or what happens without it. An attribute that is
    itself given to the model is left out of its own prediction, and the note says so.

Limits
    A stronger learner, or other data, could tell more: the number is what *can* be found here, not a proof
    that nothing else can. Single numbers are cut at tenths, which costs 0.01 to 0.03 of an AUC of 0.76; the
    interval does not add that back. That features tell a group does not mean that the model uses it so; see
    `fairness.counterfactual_flip` and `interpretability.permutation_importance`. At most `rows` rows are
    used, drawn by a seeded hash of their content. People whose group is not stated, or is smaller than 10,
    are not told.

References
    Feldman et al., Certifying and Removing Disparate Impact, KDD 2015. Barocas and Selbst, California Law
    Review 104, 2016. Hanley and McNeil, Radiology 143, 1982.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.comparison import grouped
from checks.data.bins import as_numbers, binned, numeric
from checks.data.folds import FOLDS, Parts, held_out_shares, parts
from checks.data.single import METHOD, best_told, questions, told_apart
from checks.model import NOT_STATED, Array, Inconclusive, Measure, NotApplicable, Subject, check
from checks.sample import Weighed
from checks.statistics import LEVEL, estimate, paired_difference, undefined, wilson_limits

STREAM = 31  # keeps this check's random numbers apart from every other's
MOST_CATEGORIES = 200
FEWEST_ROWS = 60
TOO_FEW = f"needs a feature beside it, {FEWEST_ROWS} rows, and two groups of 10 rows or more"
RANGES = 64
"""Numbers of many values are cut into so many for the trees."""

JOINT = "gradient-boosted trees"


@dataclass(frozen=True, eq=False)
class _Asked:
    """One attribute, and the rows that tell of it."""

    attribute: str
    target: Array
    """The group of each row, by number."""
    classes: int
    told: Sequence[int]
    """The groups that are large enough to be told from the rest."""
    parts: Parts
    people: Weighed
    table: pd.DataFrame
    note: str | None


@check
def proxies(subject: Subject, *, rows: int = 5000) -> Iterator[Measure]:
    """Predict each protected attribute from the features, jointly and one by one."""
    grouped(subject)
    if not subject.roles.features:
        raise NotApplicable("no feature columns were supplied; name what the model is given under `features`")
    alone: list[Measure] = []
    for position, attribute in enumerate(subject.attributes):
        asked = _asked(subject, attribute, rows, position)
        if asked is None:
            n = float(subject.rows)
            yield undefined("roc_auc", TOO_FEW, n=n, of={"attribute": attribute}, method="not predicted")
            continue
        yield from _jointly(asked, subject.seed)
        alone += _alone(asked)
    yield from sorted(alone, key=lambda one: -(one.value or 0.0))  # a reader looks for the strongest
    if not alone:
        raise Inconclusive(f"no attribute was predicted; each {TOO_FEW}")


def _asked(subject: Subject, attribute: str, rows: int, position: int) -> _Asked | None:
    names = [name for name in subject.roles.features if name != attribute]
    if not names:
        return None
    groups = subject.groups(attribute)
    stated = groups != NOT_STATED
    weights = np.ones(subject.rows) if subject.weights is None else subject.weights
    usable = stated & (weights > 0)
    chosen = parts(subject.evaluation, names, usable, rows, [subject.seed, STREAM, position])
    people = Weighed(weights[chosen.rows], subject.roles.weight_kind == "sampling")
    found, target = np.unique(groups[chosen.rows].astype(str), return_inverse=True)
    told = questions(target, len(found), people)
    if not told or len(chosen.rows) < FEWEST_ROWS:
        return None
    said = [f"{len(chosen.rows)} of {int(usable.sum())} rows"] if len(chosen.rows) < usable.sum() else []
    if attribute in subject.roles.features:
        said.append("the attribute itself is a feature, left out here")
    if len(found) > 2 and len(told) < len(found):
        said.append(f"{len(found) - len(told)} of {len(found)} groups too small to be told")
    table = subject.evaluation.iloc[chosen.rows][names]
    return _Asked(attribute, target, len(found), told, chosen, people, table, "; ".join(said) or None)


def _jointly(asked: _Asked, seed: int) -> Iterator[Measure]:
    """Yield how well all features together tell the attribute."""
    of, people = {"attribute": asked.attribute}, asked.people
    chances = _trees(asked, seed)
    aucs = told_apart(chances, asked.target, asked.parts, people, asked.told)
    yield best_told("roc_auc", aucs, people, of=of, how=f"gradient-boosted trees, {METHOD}", note=asked.note)
    mass = np.bincount(asked.target, people.weights, minlength=asked.classes)
    right = chances.argmax(axis=1) == asked.target
    commonest = asked.target == int(mass.argmax())
    how = f"{JOINT}, {FOLDS} folds"
    for name, hits, by in (("accuracy", right, how), ("majority_share", commonest, "largest group")):
        share = float(people.weights[hits].sum() / people.weights.sum())
        low, high = wilson_limits(share, people.effective)
        method = f"{by}, Wilson {LEVEL:.0%}"
        yield estimate(name, share, float(low), float(high), people.n, of=of, method=method, note=asked.note)
    yield paired_difference(
        "accuracy_over_chance", right, commonest, people.weights, people.effective, of=of, note=asked.note
    )


def _trees(asked: _Asked, seed: int) -> Array:
    """Return each row's chance of each group, from trees that were grown on the other folds."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    columns = [asked.table.iloc[:, i] for i in range(asked.table.shape[1])]
    named = [not numeric(column) for column in columns]
    X = np.column_stack([_numbers(column) for column in columns])
    chances, weights = np.zeros((len(X), asked.classes)), asked.people.weights
    plain = bool((weights == 1).all())
    for one in range(FOLDS):
        held = asked.parts.fold == one
        seen = np.unique(asked.target[~held])
        if not held.any() or not len(seen):
            continue
        if len(seen) == 1:
            chances[held, seen[0]] = 1.0
            continue
        trees = HistGradientBoostingClassifier(
            max_iter=20,
            learning_rate=0.2,
            max_leaf_nodes=15,
            categorical_features=named,
            early_stopping=False,
            random_state=seed,
        )
        with threadpool_limits(1):  # threads that wait for each other cost more than this small task
            trees.fit(X[~held], asked.target[~held], sample_weight=None if plain else weights[~held])
            chances[np.ix_(held, seen)] = trees.predict_proba(X[held])
    return chances


def _numbers(column: pd.Series[float]) -> Array:
    """Return a feature for the trees: numbers in their order, the values of text by number."""
    if not numeric(column):
        return binned([column], most=MOST_CATEGORIES).of_row[0].astype(np.float64)
    values, bins = as_numbers(column), binned([column], ranges=RANGES)
    if not bins.cut:
        return values
    return np.where(np.isnan(values), np.nan, bins.of_row[0])  # the trees take long to cut it themselves


def _alone(asked: _Asked) -> Iterator[Measure]:
    """Yield how well each feature by itself tells the attribute."""
    for name in asked.table.columns:
        bins = binned([asked.table[name]], most=MOST_CATEGORIES, weights=asked.people.weights)
        shares = held_out_shares(bins, asked.target, asked.classes, asked.parts, asked.people.weights)
        aucs = told_apart(shares, asked.target, asked.parts, asked.people, asked.told)
        of = {"attribute": asked.attribute, "feature": str(name)}
        yield best_told(
            "roc_auc", aucs, asked.people, of=of, how=f"shares of values, {METHOD}", note=asked.note
        )

"""Protected attribution: how much of the answers rests on protected attributes and their stand-ins?

The answers of sampled people are split among the features (Shapley values, as in `interpretability.shap`).
`direct_share` is the part of all contributions that the protected attribute itself makes, where it is given
to the model. `proxy_share` is what other features make as far as they stand in for it: each feature's share
of all contributions, times the part of the attribute that the feature tells (0: nothing, 1: everything).
`attribution_gap` is how far the mean contributions of a feature to the answers of two groups are apart.

Why it matters
    A model can be told to leave race out and use what tells race instead. An explanation that lists only
    what is called race then washes the model clean: the attribute has no share, and its stand-in has all.

How to read it
    What a feature tells is measured on rows that were held back: how much closer the shares of groups among
    people with such a value are to the truth than the shares among everybody (Brier skill; for a yes-or-no
    attribute the R² of the guess). A proxy that is right for 95 of 100 people in two equal groups tells 0.81.
    The interval resamples the explained people and those held back. The gaps of all features add up to the
    gap of the answers where there are two groups, so the largest ones say which features make it; a gap of a
    feature that tells nothing of the group is chance. The table has share, what is told, and their product.

Limits
    Each feature is held against the attribute alone: an attribute hidden in several features that tell
    little each has small shares here, and large gaps. A feature with its own good reason counts as far as it
    tells the attribute: the number says where to look, not why. Stated by the data at hand: numbers are cut
    at tenths. Of wide tables the 50 heaviest features are held against each attribute; the others are counted
    in `features_left_out`. Gaps are measured for the 8 heaviest. Row weights are not used.

References
    Lundberg et al., Nature Machine Intelligence 2, 2020; Feldman et al., Certifying and Removing Disparate
    Impact, KDD 2015; Brier, Monthly Weather Review 78, 1950; Aivodji et al., Fairwashing, ICML 2019.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from checks.comparison import MIN_GROUP, grouped
from checks.data.bins import Bins, binned
from checks.data.folds import FOLDS, held_out_shares, parts
from checks.data.single import FEWEST
from checks.interpretability.answered import Pairs, beside, told_without, without
from checks.interpretability.asking import explained_output, resampled_means, shares
from checks.interpretability.engines import background_of
from checks.interpretability.growing import Explained, explain, in_proportion, percentiles
from checks.model import NOT_STATED, Array, Inconclusive, Kind, Measure, Subject, Table, check
from checks.statistics import LEVEL, estimate, highest_minus_lowest, undefined
from checks.statistics.means import ALIKE, Means

STREAM = 86  # keeps this check's random numbers apart from every other's
HELD = 50
"""Features held against each attribute, the heaviest first."""
SHOWN = 8
"""Features whose gaps are measured, the heaviest first."""
TOLD_BY = 2000
"""Rows that what a feature tells is measured on."""
DRAWS = 400
NOTHING = "the model gives everybody asked about the same answer, so nothing is attributed"


@dataclass(frozen=True, eq=False)
class _Asked:
    """Contributions, what is sampled of them, and the heaviest features by position."""

    found: Explained
    people: Array
    """Positions of the explained people in the evaluation table."""
    heavy: Array
    names: tuple[str, ...]
    unit: str
    how: str
    pairs: Pairs

    @property
    def share(self) -> Array:
        """Each feature's part of all contributions."""
        return shares(self.found.size.mean(axis=0))


@dataclass(frozen=True, eq=False)
class _Told:
    """What each of the heavy features tells of one attribute, and resamples of it."""

    part: Array
    drawn: Array
    n: int


@check(asks_model=True)
def protected_attribution(
    subject: Subject,
    *,
    rows: int = 500,
    background: int = 100,
    evaluations: int = 300_000,
    min_group: int = MIN_GROUP,
) -> Iterator[Measure | Table]:
    """Split answers among the features, and hold the features against each protected attribute."""
    explained_output(subject)
    grouped(subject)
    asked = _explained(subject, rows, background, evaluations)
    rng = np.random.default_rng([subject.seed, STREAM, 1])
    gaps: list[Measure] = []
    listed: list[tuple[str | float | None, ...]] = []
    for position, attribute in enumerate(subject.attributes):
        told = _told(subject, attribute, position, asked, rng)
        yield _direct(asked, attribute)
        yield _by_proxy(asked, attribute, told)
        mine = list(_gaps(subject, attribute, asked, min_group))
        gaps += mine
        listed += _listed(asked, attribute, told, mine)
    yield from gaps
    yield _left_out(asked)
    yield from without(asked.found.lost, len(asked.found.rows) + asked.found.lost, asked.pairs)
    columns = ("attribute", "feature", "share of attribution", "part of the attribute told", "as a stand-in")
    note = "the last number is the largest difference of mean contributions between two groups"
    yield Table("stand-ins", (*columns, "gap between groups"), tuple(listed), note)


def _explained(subject: Subject, rows: int, background: int, evaluations: int) -> _Asked:
    rng = np.random.default_rng([subject.seed, STREAM])
    chosen = in_proportion(subject.rows, rows, subject.decision, rng)
    if len(chosen) < 2:
        raise Inconclusive("one row says nothing about others; supply more evaluation rows")
    sample = subject.features.iloc[chosen].reset_index(drop=True)
    against = background_of(subject, background, rng)
    way, found, _ = explain(
        subject, explained_output(subject).where_answered(), sample, against,
        first=len(sample), evaluations=evaluations, rng=rng,
    )  # fmt: skip
    size = found.size.mean(axis=0)
    if not size.sum() > 0:
        raise Inconclusive(NOTHING)
    moving = np.argsort(-size, kind="stable")[: np.count_nonzero(size)]
    how = f"{way.words}; {len(found.rows)} of {subject.rows} rows"
    how = beside(how, way.pairs.told, told_without(found.lost))
    return _Asked(found, chosen[found.at], moving, tuple(subject.roles.features), way.unit, how, way.pairs)


def _told(
    subject: Subject, attribute: str, position: int, asked: _Asked, rng: np.random.Generator
) -> _Told | None:
    """Return what features tell of *attribute*; None where no two groups can be told apart."""
    groups = subject.groups(attribute)
    names, heavy = list(subject.roles.features), asked.heavy[:HELD]
    held = parts(subject.evaluation, names, groups != NOT_STATED, TOLD_BY, [subject.seed, STREAM, position])
    found, target = np.unique(groups[held.rows].astype(str), return_inverse=True)
    if np.count_nonzero(np.bincount(target) >= FEWEST) < 2 or len(np.unique(held.fold)) < FOLDS:
        return None
    truth, even = np.eye(len(found))[target], np.ones(len(target))

    def lost(bins: Bins) -> Array:
        return np.asarray(((truth - held_out_shares(bins, target, len(found), held, even)) ** 2).sum(axis=1))

    table = subject.evaluation.iloc[held.rows]
    losses = [lost(Bins((np.zeros(len(target), dtype=np.int64),), 1, cut=False))]
    losses += [lost(binned([table[names[j]]])) for j in heavy]
    every = np.column_stack(losses)
    return _Told(_skill(every.mean(axis=0)), _skill(resampled_means(every, rng, DRAWS)), len(target))


def _skill(losses: Array) -> Array:
    """Return how far losses fall below the first, as a part of it; what is no better tells nothing."""
    whole = losses[..., :1]
    return np.asarray(np.clip(1 - losses[..., 1:] / np.where(whole > 0, whole, 1), 0, 1))


def _direct(asked: _Asked, attribute: str) -> Measure:
    name, of, n = "direct_share", {"attribute": attribute}, len(asked.people)
    method = f"resampled rows, percentile {LEVEL:.0%}; {asked.how}"
    if attribute not in asked.names:
        note = "it is not given to the model; see proxy_share for what stands in for it"
        return estimate(name, 0.0, 0.0, 0.0, n, of=of, method=method, note=note)
    at = asked.names.index(attribute)
    low, high = percentiles(shares(asked.found.drawn)[:, at])
    return estimate(name, float(asked.share[at]), float(low), float(high), n, of=of, method=method)


def _by_proxy(asked: _Asked, attribute: str, told: _Told | None) -> Measure:
    """Return the share of contributions of other features, as far as they tell the attribute."""
    name, of, n = "proxy_share", {"attribute": attribute}, len(asked.people)
    method = f"share times held-back Brier skill, resampled people, percentile {LEVEL:.0%}; {asked.how}"
    if told is None:
        why = f"needs two groups of {FEWEST} people or more, in {FOLDS} parts to hold back"
        return undefined(name, why, n=n, of=of, method=method)
    heavy = asked.heavy[:HELD]
    others = np.array([asked.names[j] != attribute for j in heavy])
    value = float((asked.share[heavy] * told.part)[others].sum())
    drawn = (shares(asked.found.drawn[:DRAWS])[:, heavy] * told.drawn)[:, others].sum(axis=1)
    low, high = percentiles(drawn)
    method = f"{method}; held back in turn: {told.n} rows"
    return estimate(name, value, min(float(low), value), max(float(high), value), n, of=of, method=method)


def _gaps(subject: Subject, attribute: str, asked: _Asked, min_group: int) -> Iterator[Measure]:
    """Yield how far groups are apart in what each of the heaviest features contributes."""
    groups = subject.groups(attribute)[asked.people]
    names, sizes = np.unique(groups[groups != NOT_STATED].astype(str), return_counts=True)
    members = [groups == name for name in names[sizes >= min_group]]
    left = np.count_nonzero(sizes < min_group)
    note = f"groups under {min_group} explained people left out: {left}" if left else None
    for j in asked.heavy[:SHOWN]:
        of = {"attribute": attribute, "feature": asked.names[j]}
        values = [asked.found.values[mine, j] for mine in members]
        means = Means.of_rows([(one, np.ones(len(one)), len(one), len(one)) for one in values])
        if len(members) > 1 and not means.usable.all():
            gap, n = float(np.ptp(means.value)), float(means.n.sum())
            yield estimate(
                "attribution_gap", gap, None, None, n,
                of=of, unit=asked.unit, method=f"highest less lowest; {asked.how}", note=ALIKE,
            )  # fmt: skip
            continue
        yield highest_minus_lowest(
            "attribution_gap", means, of=of, note=note, unit=asked.unit, bound=None
        )  # fmt: skip


def _listed(
    asked: _Asked, attribute: str, told: _Told | None, gaps: list[Measure]
) -> list[tuple[str | float | None, ...]]:
    """Return a row for each of the heaviest features, the strongest stand-ins first."""
    found: list[tuple[str | float | None, ...]] = []
    for at, (j, gap) in enumerate(zip(asked.heavy, gaps, strict=False)):
        share, part = float(asked.share[j]), None if told is None else float(told.part[at])
        stands = None if part is None or asked.names[j] == attribute else share * part
        found.append((attribute, asked.names[j], share, part, stands, gap.value))
    return sorted(found, key=lambda row: -float(row[4] or 0.0))


def _left_out(asked: _Asked) -> Measure:
    left = asked.heavy[HELD:]
    note = None
    if len(left):
        share = float(asked.share[left].sum())
        note = f"they make {share:.2%} of all contributions, and were not held against the attributes"
    return Measure(
        "features_left_out", float(len(left)), n=len(asked.names),
        kind=Kind.EXACT, unit="count", method="counted", note=note,
    )  # fmt: skip

"""Recourse: what could people who were decided against change, to be decided for?

Of the people with the unfavourable answer a random sample is taken, and for each the fewest changes are
searched that turn the answer: of features that may change, in declared directions, to values that at least
ten others have. `recourse_share` is the share of them for whom a change of at most `most` features was
found; `changes_needed` the mean number of features that must change; `percentile_shift` the mean of the
largest change, as the share of all people that is passed on the way; each by group too, with the gaps.
`change_share` is how often a feature is among the changes. `likely_share` is the share of the found changes
that end as near to a real row as 95 of 100 real rows are to another. `fewest_proven_share` is the share of
them for which every change of fewer features was tried. `questions_unanswered` is how many of the changed
rows asked about (`questions`) the model gave no number for: such a change is left out, and counts as tried
nowhere.

Why it matters
    Who cannot change the answer by anything in their hands has no way to act on a reason given to them. If
    one group has to move further than another for the same outcome, equal rates hide an unequal burden.

How to read it
    Every change was asked of the model and turned the answer there. Shares have Wilson intervals, means
    Student's. The share is a lower limit: a search that fails does not prove that nothing would help. A gap
    in cost compares only people for whom a change was found, so read it beside the gap in shares. For
    scores and predicted values nothing is decided: people at the median or below it are asked what would
    bring them above.

Limits
    Only the submitter knows what people can change. Protected attributes stay; further features stay if
    they are declared `immutable`, and go one way if `directions` say so. Without these the changes may be
    such as nobody can make, and the number is too good. Changes are of columns, not of lives: what one
    change brings with it is not known. Missing values stay missing. Of over 40 features that may change,
    those that move the answers of five people most are tried. A category counts as a shift of one half. Row
    weights are not used.

References
    Ustun, Spangher and Liu, Actionable Recourse in Linear Classification, FAT* 2019 (the cost is their
    largest percentile shift); Wachter, Mittelstadt and Russell, Harvard Journal of Law and Technology 31,
    2018.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from checks.comparison import MIN_GROUP, compared, left_out_note, notes
from checks.counts import Groups
from checks.draw import sample_rows
from checks.interpretability.asking import enough, unanswered
from checks.interpretability.changes import Changes, affordable, changes
from checks.interpretability.goal import goal
from checks.interpretability.moves import Moves, moves
from checks.model import Array, Inconclusive, Kind, Measure, Subject, check
from checks.statistics import Proportions, Z, highest_minus_lowest, wilson
from checks.statistics.means import ALIKE, Means, one_mean

STREAM = 71  # keeps this check's random numbers apart from every other's
POOL = 20_000
"""Rows among which people with the unfavourable answer are looked for."""
COSTS = {"changes_needed": "features", "percentile_shift": "proportion"}


@check(asks_model=True)
def recourse(
    subject: Subject,
    *,
    rows: int = 200,
    most: int = 4,
    evaluations: int = 250_000,
    min_group: int = MIN_GROUP,
) -> Iterator[Measure]:
    """Search the fewest changes that turn unfavourable answers, and compare them between groups."""
    rng = np.random.default_rng([subject.seed, STREAM])
    wanted = goal(subject, rng).where_answered()
    pool = sample_rows(subject.rows, POOL, None, rng)
    answers = wanted.margin(subject.features.iloc[pool].reset_index(drop=True))
    known = np.isfinite(answers)
    enough(int((~known).sum()), len(known))
    pool, answers = pool[known], answers[known]
    if np.ptp(answers) == 0:
        raise Inconclusive(
            "the model gives everybody the same answer, so no change of a person shows another"
        )
    against = pool[~wanted.reached(answers)]
    if not len(against):
        raise Inconclusive(f"nobody sampled has {wanted.other}, so nobody needs another answer")
    open_ = moves(subject, rng)
    able = int((np.isfinite(open_.place).any(axis=0) & ~np.isin(subject.roles.features, open_.fixed)).sum())
    if not able:
        raise Inconclusive(
            "no feature may change: each is immutable, or no other value of it is shared by ten rows"
        )
    most_people = min(rows, affordable(len(subject.roles.features), able, evaluations, most))
    chosen = against[sample_rows(len(against), most_people, _strata(subject, against), rng)]
    people = subject.features.iloc[chosen].reset_index(drop=True)
    found = changes(subject, wanted, people, open_, most=most, rng=rng)
    enough(found.found.lost, found.found.questions)
    how = (
        f"to get {wanted.words}, {len(chosen)} of {len(against)} people with another answer,"
        f" at most {most} features, values from {open_.origin}"
    )
    for measure in _measures(subject, chosen, found, open_, min_group):
        yield replace(measure, method=f"{measure.method}; {how}")


def _strata(subject: Subject, rows: Array) -> Array | None:
    return subject.groups(subject.attributes[0])[rows] if subject.attributes else None


def _measures(
    subject: Subject, chosen: Array, found: Changes, open_: Moves, min_group: int
) -> Iterator[Measure]:
    solved, sizes = found.found.solved, found.found.sizes
    helped, count = float(solved.sum()), float(len(solved))
    note = None
    if not subject.facts.get("immutable"):
        note = "no feature was declared immutable: changes may be such as nobody can make"
    yield wilson("recourse_share", helped, count, note=note)
    costs = {
        "changes_needed": sizes[solved].astype(float),
        "percentile_shift": found.shifts[solved].max(axis=1),
    }
    for name, values in costs.items():
        whole = Means.of_rows([(values, np.ones(len(values)), helped, helped)])
        none = None if helped else "no change was found for anybody"
        yield one_mean(name, whole, 0, Z, of={}, unit=COSTS[name], note=none)
    for attribute in subject.attributes:
        yield from _by_group(subject, attribute, _Helped(chosen, solved, costs), min_group)
    yield wilson("likely_share", float((found.likely & solved).sum()), helped)
    yield wilson("fewest_proven_share", float((found.found.minimal & solved).sum()), helped)
    yield from _features(subject, found, helped)
    yield _count("features_open", float(found.tried.sum()), count, _fixed(open_))
    yield _count("questions", float(found.found.questions), count, None)
    yield unanswered(found.found.lost, found.found.questions)


def _count(name: str, value: float, n: float, note: str | None) -> Measure:
    return Measure(name, value, n=n, kind=Kind.EXACT, unit="count", method="counted", note=note)


def _fixed(open_: Moves) -> str | None:
    names = ", ".join(f"`{name}`" for name in open_.fixed[:10])
    more = f" and {len(open_.fixed) - 10} more" if len(open_.fixed) > 10 else ""
    return f"these stay: {names}{more}" if names else None


def _features(subject: Subject, found: Changes, helped: float) -> Iterator[Measure]:
    """Return how often each feature that was tried is among the changes."""
    used = (found.found.states >= 0).sum(axis=0)
    for j in np.flatnonzero(found.tried):
        yield wilson("change_share", float(used[j]), helped, of={"feature": subject.roles.features[j]})


@dataclass(frozen=True, eq=False)
class _Helped:
    """The people asked about: who was helped, and what it cost those who were."""

    chosen: Array
    solved: Array
    costs: Mapping[str, Array]


def _by_group(subject: Subject, attribute: str, asked: _Helped, min_group: int) -> Iterator[Measure]:
    """Yield each group's share and costs, and how far groups are apart."""
    groups = subject.counts.groups[attribute]
    codes = subject.counts.codes(attribute)[asked.chosen]
    mine = codes[asked.solved]
    people, helped = (np.bincount(c, minlength=len(groups.names)).astype(float) for c in (codes, mine))
    why = notes(groups, people, min_group)
    shares = Proportions.of_counts(helped, people)
    for i in range(len(groups.names)):
        yield wilson("group_recourse_share", helped[i], people[i], of=groups.of(i), note=why[i])
    large = shares.take(compared(why))
    yield highest_minus_lowest("group_recourse_share_gap", large, of=groups.key, note=left_out_note(why))
    why = notes(groups, people, min_group, helped)
    for name, values in asked.costs.items():
        means = Means.of_rows([(values[mine == i], np.ones(int(n)), n, n) for i, n in enumerate(helped)])
        yield from _cost(name, means, groups, why)


def _cost(name: str, means: Means, groups: Groups, why: list[str | None]) -> Iterator[Measure]:
    known = means.usable & np.isfinite(means.value)
    why = [
        reason or (None if fine else f"{ALIKE}: not compared")
        for reason, fine in zip(why, known, strict=True)
    ]
    unit = COSTS[name]
    for i in range(len(groups.names)):
        yield one_mean(f"group_{name}", means, i, Z, of=groups.of(i), unit=unit, note=why[i])
    large, note = means.take(compared(why)), left_out_note(why)
    yield highest_minus_lowest(f"group_{name}_gap", large, of=groups.key, note=note, unit=unit, bound=None)

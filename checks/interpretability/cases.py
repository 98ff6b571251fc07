"""Single cases: what spoke for and against the answer, and what would change it?

Some people are picked by a rule: the one in the middle of all answers, those nearest to the limit on both
sides and, where the label is known, the worst error in each group. For each, Shapley values say what spoke
for and against the answer that people want, a search says the fewest changes that would turn it (as in
`interpretability.recourse`), and the person most alike who got another answer is set beside them.

Why it matters
    A person who is decided about is owed the reasons of that decision, not those of the average. And
    whoever reviews a system understands single cases better than sums.

How to read it
    `answer` is what the model said, in two digits; where these would say the other side of the limit, or 1
    for less than 1, it is that number, and the note says on which side of it the answer is. `alike` is how
    many people fit what is told of the case. `changes_needed` and `percentile_shift` belong to the change
    in the table `changes`: its features, which way, and how far, in steps of 5 of 100 people that are
    passed, or in per cent of the person's own value. `differences` counts the features in which the person
    most alike with another answer lies in another fifth or category; `nearest_other` names those of them
    that may be told. `compared_with` is how many other people the contributions are made against, `start`
    their mean answer, to which the contributions are added, and `others_together` what features give that
    are not listed. The other people are drawn several times: `reseeded_top_kept_share` is how often the
    heaviest feature listed is the heaviest of a draw, `reseeded_direction_share` how often a listed feature
    speaks the same way in one. What is told is the mean of the draws, and moves less than they do.
    `questions_unanswered` is how many changed rows the model gave no number for: they are left out, and
    nothing is put in their place. The table `how those left out differ` names, of each case, the feature in
    which the people left out of those that it is compared with differ most from the others.

    In the table `reasons` a contribution above 0 spoke for the answer that is wanted; only those beyond twice
    their sampling error are listed. The table `observed` has what was true of each worst error: the label,
    or the fifth of everybody that the value lies in, and an error that this answer and those of nine people
    alike reach. `without_case` names the groups that have no case of their own, and why.

Limits
    No row is shown. Values are told as the fifth of everybody that they lie in, or as a category, and only
    as far as at least ten people fit all that is told of them; of the rest the contribution alone is given,
    and of a change the way alone, where ten people alike are on that side of it.
    Contributions, answers and changes are rounded, not withheld: somebody who has both the model and the
    data may know a row again. Cases are examples: nothing follows from them for others. The rules for
    changes, and their limits, are those of `interpretability.recourse`; only what would lose an answer is
    searched in both directions, whichever were declared. Row weights are not used.

References
    Wachter, Mittelstadt and Russell, Counterfactual Explanations without Opening the Black Box, Harvard
    Journal of Law and Technology 31, 2018; Sweeney, k-anonymity, IJUFKS 10, 2002.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.asking import enough, unanswered
from checks.interpretability.bands import FEW, Bands, Said
from checks.interpretability.changes import Changes, apart, changes
from checks.interpretability.credited import REASONS, Credited, credited
from checks.interpretability.goal import ROUNDING, Goal, goal
from checks.interpretability.moves import SHARED, Moves, moves
from checks.interpretability.observed import Observed
from checks.interpretability.picked import Case, Picked, errors_of, pick
from checks.interpretability.rounded import Told, rounded
from checks.interpretability.rounded import told as tell
from checks.interpretability.unlike import differences
from checks.model import Array, Inconclusive, Kind, Measure, Subject, Table, Task, check, spell

STREAM = 72  # keeps this check's random numbers apart from every other's
POOL = 5000
"""Rows among which cases are picked and described."""
MOST_TIMES = 3
"""Changes of more than so many times the own value are told by the people they pass only."""
WITHHELD = ("withheld", None, None, None)
STEP = 0.05
"""Shifts are told in steps of this share of all people."""


@dataclass(frozen=True, eq=False)
class _Told:
    """The cases, and everything that is said of them."""

    subject: Subject
    wanted: Goal
    picked: tuple[Case, ...]
    pool: pd.DataFrame
    margins: Array
    reached: Array

    @property
    def rows(self) -> Array:
        """Where the cases stand in the pool."""
        return np.array([case.row for case in self.picked])

    @property
    def people(self) -> pd.DataFrame:
        """The cases themselves, which are never shown."""
        return self.pool.iloc[self.rows].reset_index(drop=True)


@check(asks_model=True)
def cases(
    subject: Subject, *, groups: int = 5, most: int = 4, evaluations: int = 100_000
) -> Iterator[Measure | Table]:
    """Tell single cases: their reasons, what would change the answer, and a person alike."""
    rng = np.random.default_rng([subject.seed, STREAM])
    wanted = goal(subject, rng).where_answered()
    positions = sample_rows(subject.rows, POOL, None, rng)
    margins = wanted.margin(subject.features.iloc[positions].reset_index(drop=True))
    known = np.isfinite(margins)
    enough(int((~known).sum()), len(known))
    positions, margins = positions[known], margins[known]
    pool = subject.features.iloc[positions].reset_index(drop=True)
    if np.ptp(margins) == 0:
        raise Inconclusive("the model gives everybody the same answer, so no case has reasons of its own")
    reached = wanted.reached(margins)
    found = pick(subject, positions, margins, reached, groups)
    picked = tuple(found.told)
    if not picked:
        raise Inconclusive(
            "too few rows to tell of one without showing it: supply ten evaluation rows or more"
        )
    how = f"to get {wanted.words}; picked among {len(pool)} of {subject.rows} rows"
    told = _Told(subject, wanted, picked, pool, margins, reached)
    yield Table(
        "goal", ("wanted", "otherwise", "scale"), ((wanted.words, wanted.other, wanted.margin.scale),)
    )
    open_ = moves(subject, rng)
    turned, asked = _turned(told, open_, most, rng)
    spoke = credited(subject, wanted, told.people, evaluations, rng)
    lost, questions = asked[0] + spoke.found.lost, asked[1] + spoke.found.asked
    enough(lost, questions)
    errors = errors_of(subject, positions, margins, reached)
    truth = Observed.of(subject, positions, errors)
    named = [[*one.features, *leading] for one, leading in zip(turned, spoke.leading, strict=True)]
    said, observed = _said(told, named, truth)
    said, ways = _sided(said, turned, open_.places(pool), open_.ordered)
    parts = (_reasons(told, spoke, said), _changes(told, turned, said, ways), _others(told, open_, said))
    unlike = differences(spoke.unlike([case.name for case in picked]))
    rest: tuple[Measure | Table, ...] = (observed, _without(found), *unlike, unanswered(lost, questions))
    for item in chain(*parts, map(_withheld, found.withheld), rest):
        if isinstance(item, Measure):
            yield replace(item, method=f"{item.method}; {how}" if item.method else how)
        else:
            yield item


def _said(told: _Told, named: list[list[int]], truth: Observed | None) -> tuple[list[Said], Table]:
    """Return what is said of each case, and what was true of those that are errors."""
    bands, said = Bands.of(told.pool), []
    listed: list[tuple[str, str | None, float | None]] = []
    for case, features in zip(told.picked, named, strict=True):
        if truth is None or not case.wrong:
            said.append(bands.describe(case.row, features, case.among))
            continue
        was, among = truth.describe(case.row, case.among)
        known, among = bands.describe(case.row, features, among)
        least, among = truth.least(case.row, among)
        said.append((known, among))
        listed.append((case.name, was, least))
    return said, Table("observed", ("case", "observed", "error_at_least"), tuple(listed))


def _sided(
    said: list[Said], turned: list[_Turned], places: Array, ordered: Array
) -> tuple[list[Said], list[set[int]]]:
    """Return which way changes go that may not be told whole, where ten people alike are on that side too."""
    sided: list[Said] = []
    ways: list[set[int]] = []
    for (bands, alike), one in zip(said, turned, strict=True):
        among, mine = alike, set[int]()
        for j, change in one.changes.items():
            if j in bands or not ordered[j]:
                continue
            own, target = places[:, j], one.after[j]
            both = among & (own < target if change[0] == "higher" else own > target)
            if both.sum() >= SHARED:
                among = both
                mine.add(j)
        sided.append((bands, among))
        ways.append(mine)
    return sided, ways


def _without(found: Picked) -> Table:
    rows = tuple((one.attribute, one.group, one.why, one.case) for one in found.without)
    return Table("without_case", ("attribute", "group", "why", "case"), rows)


def _exact(case: Case, name: str, value: float | None, unit: str, note: str | None = None) -> Measure:
    of = {"case": case.name}
    return Measure(name, value, n=1.0, of=of, kind=Kind.EXACT, unit=unit, note=note)


def _withheld(case: Case) -> Measure:
    why = f"fewer than {SHARED} people share the group and the answer: the case is not told"
    return _exact(case, "alike", None, "people", why)


def _reasons(told: _Told, found: Credited, said: list[Said]) -> Iterator[Measure | Table]:
    """Yield what each case is like, its answer, and what spoke for and against it."""
    sign, names = -1.0 if told.wanted.lower else 1.0, [str(name) for name in told.pool.columns]
    listed: list[tuple[str, str, str | None, float]] = []
    for i, (case, (bands, alike)) in enumerate(zip(told.picked, said, strict=True)):
        answer = _answer(told, sign * float(told.margins[case.row]))
        yield _exact(case, "answer", answer.number, told.wanted.margin.scale, answer.lies)
        yield _exact(case, "reached", float(told.reached[case.row]), "flag")
        yield _exact(case, "alike", float(alike.sum()), "people")
        yield from found.told(i, case.name, told.wanted)
        listed += [(case.name, names[j], bands.get(j), part) for j, part in found.parts(i)]
    yield Table("reasons", ("case", "feature", "band", "contribution"), tuple(listed), found.note)


def _answer(told: _Told, beyond: float) -> Told:
    """Return what may be told of an answer that is so far above the limit."""
    limit, decided = told.wanted.limit, told.subject.task in (Task.BINARY, Task.MULTICLASS)
    beyond = 0.0 if abs(beyond) <= ROUNDING else beyond
    share = told.wanted.margin.scale.startswith("probability")
    return tell(limit + beyond, limit, exact=decided, share=share)


Change = tuple[str, float | None, float | None, str | None]
"""Which way one feature changes, by how many people, in parts of the own value, and to which value."""


@dataclass(frozen=True, eq=False)
class _Turned:
    """What would turn one case's answer."""

    solved: bool
    shift: float
    changes: dict[int, Change]
    after: Array
    """Where each changed value lies among everybody's; NaN where nothing changes."""

    @property
    def features(self) -> list[int]:
        """The features that change."""
        return list(self.changes)


def _turned(
    told: _Told, open_: Moves, most: int, rng: np.random.Generator
) -> tuple[list[_Turned], tuple[int, int]]:
    """Return the fewest changes that turn each case's answer, towards what is wanted or away from it.

    Beside them: how many questions had no answer, and how many there were.
    """
    people, has = told.people, told.reached[told.rows]
    turned: dict[int, _Turned] = {}
    lost = questions = 0
    anyway = replace(open_, direction=np.zeros_like(open_.direction))  # what is lost needs no declared way
    for side, wanted, ways in ((False, told.wanted, open_), (True, told.wanted.turned(), anyway)):
        at = np.flatnonzero(has == side)
        if not len(at):
            continue
        mine = people.iloc[at].reset_index(drop=True)
        found = changes(told.subject, wanted, mine, ways, most=most, rng=rng)
        lost, questions = lost + found.found.lost, questions + found.found.questions
        for i, k in enumerate(at.tolist()):
            changed = np.flatnonzero(found.found.states[i] >= 0).tolist()
            each = {j: _change(open_, mine, found, i, j) for j in changed}
            solved, shift = bool(found.found.solved[i]), float(found.shifts[i].max())
            turned[k] = _Turned(solved, shift, each, found.after[i])
    return [turned[k] for k in range(len(told.picked))], (lost, questions)


def _changes(
    told: _Told, turned: list[_Turned], said: list[Said], ways: list[set[int]]
) -> Iterator[Measure | Table]:
    names = [str(name) for name in told.pool.columns]
    listed: list[tuple[str, str, str, float | None, float | None, str | None]] = []
    for case, one, (bands, _), sided in zip(told.picked, turned, said, ways, strict=True):
        note = None if one.solved else "no change of so few features was found that turns the answer"
        shift = round(_steps(one.shift), 2)
        yield _exact(case, "changes_needed", len(one.changes) if one.solved else None, "features", note)
        yield _exact(case, "percentile_shift", shift if one.solved else None, "proportion", note)
        for j, change in one.changes.items():
            way = (change[0], None, None, None) if j in sided else WITHHELD
            listed.append((case.name, names[j], *(change if j in bands else way)))
    note = (
        "points: share of all people that the change passes; relative: change in parts of the own value;"
        f" withheld, or without a size: it would tell of fewer than {SHARED} people"
    )
    yield Table("changes", ("case", "feature", "way", "points", "relative", "new value"), tuple(listed), note)


def _steps(shift: float) -> float:
    """Return a shift in whole steps: a change passes somebody, so at least one."""
    return round(max(shift / STEP, 1)) * STEP


def _change(open_: Moves, people: pd.DataFrame, found: Changes, i: int, j: int) -> Change:
    value: Any = open_.grid.iloc[:, j].iloc[found.found.states[i, j]]
    if not open_.ordered[j]:
        return "other", None, None, spell(value)
    few = len(open_.columns[j].distinct) <= FEW
    before: Any = people.iloc[i, j]
    own, target = float(before), float(value)
    way = "higher" if target > own else "lower"
    points = _steps(float(found.shifts[i, j]))
    known = open_.columns[j].known
    amounts = known[0] >= 0 and own > 0 and not few
    relative = rounded(abs(target / own - 1)) if amounts else None
    relative = relative if relative is not None and relative < MOST_TIMES else None
    return way, round(points, 2), relative, spell(value) if few else None


def _others(told: _Told, open_: Moves, said: list[Said]) -> Iterator[Measure | Table]:
    """Yield in what the person most alike with another answer differs from each case."""
    places, bands = open_.places(told.pool), Bands.of(told.pool)
    between = apart(places[told.rows], places, open_.ordered)
    listed: list[tuple[str, str, str]] = []
    for case, distance, (known_of, _) in zip(told.picked, between, said, strict=True):
        other = told.reached != told.reached[case.row]
        if not other.any():
            why = "nobody among these rows has another answer"
            yield _exact(case, "differences", None, "features", why)
            continue
        near = int(np.argmin(np.where(other, distance, np.inf)))
        away = np.flatnonzero(bands.codes[near] != bands.codes[case.row])
        yield _exact(case, "differences", float(len(away)), "features")
        away = np.array([j for j in away if j in known_of], dtype=np.intp)
        apart_by = np.abs(places[near] - places[case.row])
        for j in away[np.argsort(-np.nan_to_num(apart_by[away], nan=1.0), kind="stable")][:REASONS]:
            one, two = places[near, j], places[case.row, j]
            known = open_.ordered[j] and np.isfinite(one) and np.isfinite(two)
            way = "other" if not known or one == two else "higher" if one > two else "lower"
            listed.append((case.name, str(told.pool.columns[j]), way))
    yield Table("nearest_other", ("case", "feature", "way"), tuple(listed))

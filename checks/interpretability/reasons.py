"""Reasons given to people: did all who were owed one get one, and is it the model's own?

A table of what people were shown is set beside the rows that it is about. `coverage` is the share of people
decided against who were given a reason; where nothing is decided (scores, values) it is of everybody.
`reasons_given` is the mean number of reasons, of those who got any. `named_share` is the part of a person's
reasons that name a feature of the model, on average.

Of those whose reasons name a feature a random sample is explained by Shapley values. `main_reason_share` is
the share of them whose heaviest contribution against them is among the reasons, `heaviest_named_share` the
same of the one that came out heaviest, however near others are. `among_top_share` is the part of the named
features that are among the `top` heaviest, `chance_top_share` what features named at random would reach, and
`contradicted_share` the part that spoke *for* the person; of the part `undecided_share` the sampling error
leaves open whether it spoke for or against them. `actionable_share` is the share of people with a
reason that names a feature which may change. For each feature, `named` and `among_top` say how often it is
told and how often it should be. The table `reasons by language` has the same by the language that people were
told in.

`reading_grade` is the school grade of English reasons, `common_character_share` the share of frequently used
characters in Chinese ones. `contact_share`, `appeal_share` and `human_review_share` are the shares of people
whose text tells an address or a number, a way to object, and that a person reviews. `group_...` and
`group_..._gap` compare the shares between groups.

Why it matters
    A reason is owed for many decisions (12 CFR 1002.9; GDPR Art. 13-15 and 22). One that is not the model's
    hides what was decided; one that nobody understands, or can act on, explains nothing.

How to read it
    Shares of people have Wilson intervals; so have means of parts of a person's reasons, with people as n:
    that is too wide rather than too narrow. A contribution is taken to be among the heaviest, or to speak
    for the person, only beyond twice its sampling error, in favour of who gave the reasons: so
    `among_top_share` is the most it can be and `contradicted_share` the least. The lower limit of the latter
    counts none of the undecided as false, the upper one all of them, in `reasons by language` too. Set
    `among_top_share` against `chance_top_share`: with few features anything named is among the top.

Limits
    A reason is found to be about a feature by its column of features, else by words (the name of the feature
    and words declared for it): what is said otherwise is not seen, and `named_share` shows how much. What a
    text tells is found by words too, not by meaning, in English and Chinese only; people with texts in other
    languages are left out of these shares, and `unread_share` counts them. A grade of a few words is rough.
    Which features may change is what the submitter declares as `immutable`. Contributions are against the
    mean of a background; other explanations of the same decision exist. At most 5,000 people's texts are
    read, drawn at random. Row weights are not used.

References
    12 CFR 1002.9 and its Official Interpretation (four reasons, those that most weighed); Smith and Senter,
    Automated Readability Index, 1967; GB 2312-1980 and Big5 (levels of characters by use).
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd

from checks.comparison import MIN_GROUP, compared, left_out_note, notes
from checks.counts import Groups
from checks.draw import sample_rows
from checks.interpretability.letters import Letter, letters, named, with_text, without_text
from checks.interpretability.moves import fixed
from checks.interpretability.stated import Vocabulary
from checks.interpretability.told_by import at_least, by_language, false_parts
from checks.interpretability.weighed import Weighed, weigh
from checks.model import (
    Array,
    Inconclusive,
    Kind,
    Measure,
    ModelError,
    NotApplicable,
    Subject,
    Table,
    Task,
    check,
)
from checks.statistics import Proportions, Z, highest_minus_lowest, mean_of, undefined, wilson
from checks.statistics.means import ALIKE, Means, one_mean

STREAM = 81  # keeps this check's random numbers apart from every other's
READ = 5000
"""People whose texts are read."""
SHORT = 30
"""Words from which a grade is more than rough."""
NAMED = ("among_top_share", "contradicted_share", "undecided_share", "chance_top_share")
CHANNELS = 20
"""Channels and languages that are listed."""


@check(asks_model=True)
def reasons(
    subject: Subject,
    *,
    top: int = 4,
    rows: int = 200,
    evaluations: int = 500_000,
    min_group: int = MIN_GROUP,
) -> Iterator[Measure | Table]:
    """Set the reasons that people were given beside the decisions, and beside the model."""
    table = subject.reasons
    if table is None:
        raise NotApplicable("no reasons given to people were supplied: add their table as `reasons`")
    if not subject.rows:
        raise Inconclusive("the evaluation table has no rows")
    rng = np.random.default_rng([subject.seed, STREAM])
    due = _due(subject)
    there = with_text(table)
    given = np.isin(np.arange(subject.rows), table["row"][there])
    yield from _of_people(subject, "coverage", given[due], due, min_group=min_group)
    yield from _of_the_table(table, there, np.isin(table["row"], due))
    told = due[given[due]]
    if not len(told):
        unknown = int((table["row"] < 0).sum())
        strange = f"; {unknown} of its {len(table)} rows name a case that no evaluation row has"
        raise Inconclusive(
            "nobody who was decided against is in the table of reasons with a text"
            + (strange if unknown else "")
        )
    read = told[sample_rows(len(told), READ, None, rng)]
    words = subject.facts.get("reasons", {}).get("words", {})
    vocabulary = Vocabulary.of(subject.roles.features, words)
    found = letters(table[there], read, vocabulary)
    yield from _numbers_of_reasons(found)
    yield from _texts(subject, found, min_group)
    yield from _actionable(subject, found, min_group)
    yield from _beside_the_model(
        subject, found, rng, min_group=min_group, top=top, rows=rows, evaluations=evaluations
    )
    yield _channels(table[there & table["row"].isin(told).to_numpy()])


def _due(subject: Subject) -> Array:
    """Return the rows of people who are owed reasons: those decided against, else everybody."""
    favourable = subject.roles.favourable
    if subject.task not in (Task.BINARY, Task.MULTICLASS):
        return np.arange(subject.rows)
    if subject.decision is None:
        raise NotApplicable("no decision was supplied, so nobody can tell who was decided against")
    if favourable is None:
        raise NotApplicable("no outcome that people want was declared: set columns.favourable")
    against = np.flatnonzero(subject.decision != favourable)
    if not len(against):
        raise Inconclusive("nobody was decided against, so no reasons are due")
    return against


def _of_people(
    subject: Subject, name: str, flags: Array, rows: Array, *, min_group: int, note: str | None = None
) -> Iterator[Measure]:
    """Yield the share of the people at *rows* whose flag is set, by group too, and the gap."""
    yield wilson(name, float(flags.sum()), float(len(flags)), note=note)
    for attribute in subject.attributes:
        groups, codes = subject.counts.groups[attribute], subject.counts.codes(attribute)[rows]
        people, set_ = (
            np.bincount(c, minlength=len(groups.names)).astype(float) for c in (codes, codes[flags])
        )
        why = notes(groups, people, min_group)
        for i in range(len(groups.names)):
            yield wilson(f"group_{name}", set_[i], people[i], of=groups.of(i), note=why[i])
        large = Proportions.of_counts(set_, people).take(compared(why))
        yield highest_minus_lowest(f"group_{name}_gap", large, of=groups.key, note=left_out_note(why))


def _of_the_table(table: pd.DataFrame, there: Array, due: Array) -> Iterator[Measure]:
    """Yield what of the table could not be used."""
    n = float(len(table))
    unknown = table["row"].to_numpy() < 0
    yield _exact("unknown_case_share", float(unknown.mean()), n, "rows whose id no evaluation row has")
    blank = without_text(table)
    named_only = int((blank & there).sum())
    spoken = f"; {named_only} of them name a feature and count as reasons" if named_only else ""
    yield _exact("empty_text_share", float(blank.mean()), n, f"rows without a text{spoken}")
    told = ~unknown & ~due
    yield _exact("not_due_share", float(told.mean()), n, "rows about people who were not decided against")


def _exact(name: str, value: float, n: float, method: str, **of: str) -> Measure:
    return Measure(name, value, n=n, of=of, kind=Kind.EXACT, method=method)


def _numbers_of_reasons(found: list[Letter]) -> Iterator[Measure]:
    each = np.array([letter.reasons for letter in found], dtype=float)
    parts = np.array([letter.named / letter.reasons for letter in found])
    ones, n = np.ones(len(each)), float(len(each))
    yield mean_of("reasons_given", each, ones, n, rows=n, bounds=(0, np.inf), unit="reasons")
    note = None if parts.any() else "no reason has the words of a feature: declare `words` for the features"
    yield wilson("named_share", float(parts.sum()), n, note=note)


def _texts(subject: Subject, found: list[Letter], min_group: int) -> Iterator[Measure]:
    """Yield how hard the texts read, and what they tell people to do next."""
    n = float(len(found))
    read = [letter for letter in found if letter.is_read]
    yield _exact("unread_share", 1 - len(read) / n, n, "people with a text in a language that is not read")
    mixed = sum(len(letter.languages) > 1 for letter in found)
    yield _exact("mixed_language_share", mixed / n, n, "people told in more than one language")
    other = sum(letter.other_letters for letter in found)
    yield _exact(
        "other_script_share", other / n, n, "people whose text is not in the letters of its language"
    )
    yield from _graded(subject, found, min_group)
    common = np.array([letter.common for letter in found if letter.common is not None])
    why = None if len(common) else "no text is Chinese"
    yield wilson("common_character_share", float(common.sum()), float(len(common)), note=why)
    rows = np.array([letter.row for letter in read], dtype=np.intp)
    for name in ("contact", "appeal", "human"):
        flags = np.array([getattr(letter, name) for letter in read], dtype=bool)
        title = "human_review_share" if name == "human" else f"{name}_share"
        why = _left_out(len(found) - len(read))
        yield from _of_people(subject, title, flags, rows, min_group=min_group, note=why)


def _left_out(people: int) -> str | None:
    return f"{people} people with texts in other languages are left out" if people else None


def _graded(subject: Subject, found: list[Letter], min_group: int) -> Iterator[Measure]:
    mine = [letter for letter in found if letter.grade is not None]
    if not mine:
        yield undefined("reading_grade", "no text is English", unit="school grade")
        return
    grades = np.array([letter.grade for letter in mine], dtype=float)
    rows = np.array([letter.row for letter in mine], dtype=np.intp)
    short = np.median([letter.words for letter in mine]) < SHORT
    note = f"most texts have under {SHORT} words, of which a grade is rough" if short else None
    whole = Means.of_rows([(grades, np.ones(len(grades)), len(grades), len(grades))])
    yield one_mean("reading_grade", whole, 0, Z, of={}, unit="school grade", note=note)
    for attribute in subject.attributes:
        groups, codes = subject.counts.groups[attribute], subject.counts.codes(attribute)[rows]
        people = np.bincount(codes, minlength=len(groups.names)).astype(float)
        parts = [(grades[codes == i], np.ones(int(n)), n, n) for i, n in enumerate(people)]
        yield from _grades_of(groups, Means.of_rows(parts), notes(groups, people, min_group))


def _grades_of(groups: Groups, means: Means, why: list[str | None]) -> Iterator[Measure]:
    unit = "school grade"
    known = means.usable & np.isfinite(means.value)
    why = [
        reason or (None if fine else f"{ALIKE}: not compared")
        for reason, fine in zip(why, known, strict=True)
    ]
    for i in range(len(groups.names)):
        yield one_mean("group_reading_grade", means, i, Z, of=groups.of(i), unit=unit, note=why[i])
    large, note = means.take(compared(why)), left_out_note(why)
    yield highest_minus_lowest(
        "group_reading_grade_gap", large, of=groups.key, note=note, unit=unit, bound=None
    )


def _actionable(subject: Subject, found: list[Letter], min_group: int) -> Iterator[Measure]:
    """Yield the share of people who were told of something that they can change."""
    about = [letter for letter in found if letter.features]
    rows = np.array([letter.row for letter in about], dtype=np.intp)
    never = np.isin(subject.roles.features, fixed(subject))
    flags: Array = np.asarray((named(about, len(never)) & ~never).any(axis=1))
    note = None
    if not subject.facts.get("immutable"):
        note = "no feature was declared immutable: reasons may name what nobody can change"
    yield from _of_people(subject, "actionable_share", flags, rows, min_group=min_group, note=note)


def _beside_the_model(
    subject: Subject, found: list[Letter], rng: np.random.Generator, *, min_group: int, **sizes: int
) -> Iterator[Measure | Table]:
    """Yield how far the reasons are those that weighed most in the model."""
    about = [letter for letter in found if letter.features]
    names = ("main_reason_share", "heaviest_named_share", *NAMED)
    if not about:
        yield from (undefined(name, "no reason names a feature of the model") for name in names)
        return
    try:
        weighed = weigh(subject, about, rng, **sizes)
    except (NotApplicable, Inconclusive) as why:
        yield from (undefined(name, str(why)) for name in names)
        return
    except ModelError as why:  # what people were told is measured all the same
        yield from (undefined(name, f"the model could not answer: {why}") for name in names)
        return
    against: Array = np.asarray(weighed.heaviest.any(axis=1))
    if not against.any():
        why_not = "nothing weighed against anybody of them in the model, so no reason can be right or wrong"
        yield from (undefined(name, why_not) for name in names)
        return
    without = int((~against).sum())
    note = f"{without} more left out: nothing weighed against them in the model" if without else None
    blamed = weighed.of(against)
    for measure in _weighed(subject, blamed, min_group, note):
        yield dataclasses.replace(measure, method=f"{measure.method}; {weighed.how}")
    yield by_language(blamed)


def _weighed(subject: Subject, weighed: Weighed, min_group: int, note: str | None) -> Iterator[Measure]:
    told, n = weighed.named, float(len(weighed.sample))
    rows = np.array([letter.row for letter in weighed.sample], dtype=np.intp)
    main: Array = np.asarray((told & weighed.heaviest).any(axis=1))
    yield from _of_people(subject, "main_reason_share", main, rows, min_group=min_group, note=note)
    first = told[np.arange(len(told)), weighed.weight.argmax(axis=1)]
    yield wilson("heaviest_named_share", float(first.sum()), n, note=note)
    each = told.sum(axis=1)
    yield wilson(
        "among_top_share", float(((told & weighed.among_top).sum(axis=1) / each).sum()), n, note=note
    )
    false, unsure = false_parts(weighed)
    yield at_least("contradicted_share", false, unsure, note)
    yield wilson("undecided_share", float(unsure.sum()), n, note=note)
    chance = float(weighed.among_top.mean())
    yield _exact("chance_top_share", chance, n, "features among the heaviest, of all features")
    for j, feature in enumerate(subject.roles.features):
        of = {"feature": feature}
        yield wilson("named", float(told[:, j].sum()), n, of=of)
        yield wilson("among_top", float(weighed.among_top[:, j].sum()), n, of=of)


def _channels(table: pd.DataFrame) -> Table:
    """Return how many reasons of those who were owed one came by each channel, in each declared language."""
    pairs = zip(*(table[c].astype(object) for c in ("channel", "language")), strict=True)
    counted = Counter((None if pd.isna(a) else str(a), None if pd.isna(b) else str(b)) for a, b in pairs)
    listed = sorted(counted.items(), key=lambda each: (-each[1], str(each[0])))
    rest = len(listed) - CHANNELS
    note = f"{rest} more are not listed" if rest > 0 else None
    rows = tuple((channel, language, n) for (channel, language), n in listed[:CHANNELS])
    return Table("channels", ("channel", "language", "reasons"), rows, note)

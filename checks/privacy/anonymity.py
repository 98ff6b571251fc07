"""Anonymity: could a person be singled out in the evaluation data?

Rows that agree in every *quasi-identifier* (what a neighbour might know: sex, age, district) form a class.
`k` is the size of the smallest class, `uniqueness` the share of people alone in theirs, `small_class_share`
the share of people in classes under five. `prosecutor_risk` is the chance to name the right row of a person
known to be in the data, in the worst class: 1 / k. `marketer_risk` is the share of people an attacker would
name rightly on average: classes / people.

Against a table of the population that has the quasi-identifiers: `k_map` is the smallest number of people
of the population who look like somebody in the data, `journalist_risk` its inverse,
`population_marketer_risk` the share named rightly on average, and `population_uniqueness` the share of
people whom nobody else in the population looks like.

A row is taken for one person, unless an identifier that several rows share is declared: then its values are
the people. `rows_a_person` is how many rows each has; `k_without_repeats` is `k` where rows that agree in
every column but running numbers count as one person.

`combination_uniqueness` is the share of people alone in the one, two or three columns that single out most.

For each declared sensitive column, the worst class of each: `distinct_l`, the fewest different values;
`one_valued_people` and `one_valued_share`, people in classes of two or more who all have one value;
`entropy_l`, the smallest exponential of a class's entropy; `recursive_l`, the largest l of recursive
(c, l)-diversity with c = 3, and `recursive_c`, what c must exceed at the distinct l; `t`, the total
variation distance between class and everybody, and for numbers `ordered_t`, the earth mover's distance over
their ranks; `beta_likeness`, the largest relative gain of a value, and `enhanced_beta`, the same where no
gain passes -ln of the value's share; `delta_disclosure`, the largest |ln| of the ratio of a share in a class
and among everybody, and `delta_present`, the same over the values that a class has.

Why it matters
    Removing names does not make data anonymous. Whoever is unique in a few known facts can be found, and
    with the row everything else in it. A class of ten whose members share one diagnosis hides nothing.

How to read it
    Every number is a count of these very rows. The tables show how many people lie in classes of which size,
    how many would stay alone if one column were left out (the column to coarsen first), and which few
    columns single out most. Where `k_without_repeats` is below `k`, find out whether rows repeat people
    before you rely on either. A `k` of 5 to 11 is asked for in practice, `t` under 0.2 or so.

Limits
    Prosecutor figures assume that an attacker knows that the person is in the data, and every
    quasi-identifier exactly; only a table of the population tells how many others look alike elsewhere. One
    with a row a person is taken to be everybody. Which columns are quasi-identifiers is declared or inferred;
    a column left out counts as unknown to all. A person whose quasi-identifiers change from row to row counts
    once for each. Missing values are a value of their own (left out of `ordered_t`).
    Small classes differ from everybody by chance too: `t`, beta and delta say what can be learnt, not that
    anybody meant it. Sampling weights are not used.

References
    Sweeney, k-anonymity, 2002; Machanavajjhala et al., l-diversity, 2007; Li et al., t-closeness, 2007;
    Cao and Karras, beta-likeness, PVLDB 5 (11), 2012; Brickell and Shmatikov, KDD 2008 (delta-disclosure);
    El Emam and Dankar, JAMIA 15 (5), 2008 (prosecutor, journalist and marketer).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from checks.data.quality import listed
from checks.model import (
    Array,
    Inconclusive,
    Kind,
    Measure,
    NotApplicable,
    Roles,
    Subject,
    Table,
    check,
)
from checks.privacy.classes import Coded, coded
from checks.privacy.combinations import search
from checks.privacy.crowd import crowd
from checks.privacy.persons import DO, Persons, Repeats, persons, repeats_of, told
from checks.privacy.sensitive import sensitive

SMALL = 5
FEW = 1000
"""People under whom those alone in the data say little of whether they are alone elsewhere."""
BANDS = ((1, 1), (2, 4), (5, 9), (10, 49), (50, None))
"""Class sizes of the table, from and to."""


@check
def anonymity(subject: Subject) -> Iterator[Measure | Table]:
    """Group the rows by their quasi-identifiers, and tell how small the classes are."""
    rows, weights = _rows(subject)
    known = tuple(dict.fromkeys(subject.roles.quasi_identifiers))
    if not known:
        yield from _undeclared(subject, rows, weights)
    who = persons(rows, weights, subject.roles)
    rows = who.each(known)
    people = coded(rows, known, weights)
    classes = people.classes(known)
    sizes = people.summed(classes)
    count, smallest = people.count, float(sizes.min())
    doubt = repeats_of(who, classes, smallest, subject.roles)
    inferred = _inferred(subject.roles)
    said = _joined(_less(smallest, doubt), inferred)
    yield _exact("k", smallest, count, unit="people", note=said, how=who.how)
    said = _joined(_few(subject, count), _some(doubt), inferred)
    yield _exact("uniqueness", sizes[sizes == 1].sum() / count, count, note=said, how=who.how)
    yield from told(who, doubt, subject.roles)
    yield _exact("small_class_share", sizes[sizes < SMALL].sum() / count, count)
    yield _exact("prosecutor_risk", 1 / smallest, count)
    yield _exact("marketer_risk", len(sizes) / count, count)
    yield from crowd(subject, rows, weights)
    yield from search(people, known)
    for name in subject.roles.sensitive:
        yield from _of_sensitive(who, name, people, classes)
    yield Table(
        "classes by size", ("smallest size", "largest size", "classes", "people"), tuple(_bands(sizes))
    )
    if len(known) > 1:
        rest = tuple(_without_one(people, known))
        yield Table("one column left out", ("column", "k", "uniqueness"), rest)


def _of_sensitive(who: Persons, name: str, people: Coded, classes: Array) -> Iterator[Measure]:
    """Yield what classes give away of one column; who has several values of it counts once for each."""
    known, rows = tuple(people.columns), who.rows
    if who.column is not None:
        rows = who.each((*known, name))
        people = coded(rows, known)
        classes = people.classes(known)
    yield from sensitive(rows[name], name, None if name in known else classes, people)


def _rows(subject: Subject) -> tuple[pd.DataFrame, Array | None]:
    """Return the rows that stand for somebody, and for how many where weights count people."""
    rows, weights = subject.evaluation, None
    if subject.weights is not None and subject.roles.weight_kind == "frequency":
        there = subject.weights > 0
        rows, weights = rows[there], subject.weights[there]
    if not len(rows):
        raise Inconclusive("the evaluation table has no rows")
    return rows, weights


def _undeclared(subject: Subject, rows: pd.DataFrame, weights: Array | None) -> Iterator[Measure | Table]:
    """Search the columns that others may know, where none was declared, and end the check."""
    roles = subject.roles
    plausible = dict.fromkeys([*roles.groups, *(name for name in roles.features if name in rows)])
    people = coded(rows, [name for name in plausible if name not in roles.identifiers], weights)
    names = [name for name in people.columns if people.levels(name) > 1]
    if not names:
        raise NotApplicable("no quasi-identifiers were declared: set columns.quasi_identifiers")
    yield from search(people, names)
    raise NotApplicable(
        "no quasi-identifiers were declared: set columns.quasi_identifiers; until then only the few features"
        " and groups that single out most people are told, as if others knew any of them"
    )


def _joined(*said: str | None) -> str | None:
    return "; ".join(filter(None, said)) or None


def _inferred(roles: Roles) -> str | None:
    """Say that nobody declared what others may know, where it was inferred."""
    if not roles.quasi_identifiers_inferred:
        return None
    return (
        f"nobody declared quasi-identifiers: {listed(roles.quasi_identifiers)} were inferred, from groups and"
        " from names of features; declare columns.quasi_identifiers"
    )


def _less(k: float, doubt: Repeats | None) -> str | None:
    """Say what k is where rows that repeat are the same people."""
    if doubt is None or doubt.k >= k:
        return None
    return f"{doubt.said}: if these are the same people, k is {doubt.k:.0f}, not {k:.0f}; {DO}"


def _some(doubt: Repeats | None) -> str | None:
    if doubt is None or not doubt.many:
        return None
    return f"{doubt.said}: who stands in several rows is not seen to be alone; {DO}"


def _few(subject: Subject, count: float) -> str | None:
    if count >= FEW or subject.reference is not None or subject.population is not None:
        return None
    return (
        f"{count:.0f} people are few: who is alone here need not be alone among more; a table of the"
        " population as `data.reference` tells"
    )


def _bands(sizes: Array) -> Iterator[tuple[int, int | None, int, float]]:
    for low, high in BANDS:
        inside = sizes[(sizes >= low) & (sizes < (np.inf if high is None else high + 1))]
        yield low, high, len(inside), float(inside.sum())


def _without_one(people: Coded, known: tuple[str, ...]) -> Iterator[tuple[str, float, float]]:
    for left_out in known:
        sizes = people.sizes([name for name in known if name != left_out])
        yield left_out, float(sizes.min()), float(sizes[sizes == 1].sum() / people.count)


def _exact(
    name: str,
    value: float,
    n: float,
    *,
    of: Mapping[str, str] | None = None,
    unit: str = "proportion",
    note: str | None = None,
    how: str | None = None,
) -> Measure:
    return Measure(
        name,
        float(value),
        n=n,
        of=dict(of or {}),
        kind=Kind.EXACT,
        unit=unit,
        method="; ".join(filter(None, ("count of classes", how))),
        note=note,
    )

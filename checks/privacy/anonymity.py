"""Anonymity: could a person be singled out in the evaluation data?

Rows that agree in every *quasi-identifier* (what a neighbour might know: sex, age, district) form a class.
`k` is the size of the smallest class, `uniqueness` the share of rows alone in theirs, `small_class_share`
the share of rows in classes under five. `prosecutor_risk` is the chance to name the right row of a person
known to be in the data, in the worst class: 1 / k. `marketer_risk` is the share of rows an attacker would
name rightly on average: classes / rows. For each declared sensitive column: `distinct_l`, the fewest
different values in a class; `entropy_l`, the smallest exponential of a class's entropy; `t`, the largest
distance (half the sum of absolute differences of shares) between a class and everybody.

Why it matters
    Removing names does not make data anonymous. Whoever is unique in a few known facts can be found, and
    with the row everything else in it. A class of ten whose members share one diagnosis hides nothing.

How to read it
    Every number is a count of these very rows. The tables show how many rows lie in classes of which size,
    and how many rows would stay unique if one column were left out: the column to coarsen first.

Limits
    Assumes that an attacker knows that the person is in the data, and every quasi-identifier exactly: a
    person unique in the sample need not be unique in the population. Which columns are quasi-identifiers is
    declared or inferred; a column left out counts as unknown to everybody. Missing values are treated as a
    value of their own. `t` does not use the order of values.

References
    Sweeney, k-anonymity, 2002; Machanavajjhala et al., l-diversity, 2007; Li et al., t-closeness, 2007;
    El Emam and Dankar, JAMIA 15 (5), 2008.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from checks.data.rows import row_keys
from checks.model import Array, Inconclusive, Kind, Measure, NotApplicable, Subject, Table, check

SMALL = 5
BANDS = ((1, 1), (2, 4), (5, 9), (10, 49), (50, None))
"""Class sizes of the table, from and to."""


@check
def anonymity(subject: Subject) -> Iterator[Measure | Table]:
    """Group the rows by their quasi-identifiers, and tell how small the classes are."""
    known = subject.roles.quasi_identifiers
    if not known:
        raise NotApplicable("no quasi-identifiers were declared: set columns.quasi_identifiers")
    if not subject.rows:
        raise Inconclusive("the evaluation table has no rows")

    rows = subject.evaluation
    (classes,) = row_keys([rows], known)
    sizes = np.bincount(classes)
    smallest, count = int(sizes.min()), len(rows)
    yield _exact("k", smallest, count, unit="rows")
    yield _exact("uniqueness", (sizes == 1).sum() / count, count)
    yield _exact("small_class_share", sizes[sizes < SMALL].sum() / count, count)
    yield _exact("prosecutor_risk", 1 / smallest, count)
    yield _exact("marketer_risk", len(sizes) / count, count)
    for name in subject.roles.sensitive:
        if name in known:
            continue
        (values,) = row_keys([rows], [name])
        yield from _diversity(classes, values, {"column": name})

    yield Table("classes by size", ("smallest size", "largest size", "classes", "rows"), tuple(_bands(sizes)))
    if len(known) > 1:
        yield Table("one column left out", ("column", "k", "uniqueness"), tuple(_without_one(subject)))


def _diversity(classes: Array, values: Array, of: Mapping[str, str]) -> Iterator[Measure]:
    """Yield l-diversity and t-closeness from the pairs (class, value) that occur."""
    count, kinds = len(classes), int(values.max()) + 1
    pairs, together = np.unique(classes * kinds + values, return_counts=True)
    owner, value = pairs // kinds, pairs % kinds
    sizes = np.bincount(classes)
    share = together / sizes[owner]
    everybody = np.bincount(values) / count
    distinct = np.bincount(owner)
    entropy = -np.bincount(owner, weights=share * np.log(share))
    # shares sum to 1 on both sides, so half the absolute differences are the excesses alone
    distance = np.bincount(owner, weights=np.maximum(share - everybody[value], 0))
    yield _exact("distinct_l", distinct.min(), count, of=of, unit="values")
    yield _exact("entropy_l", np.exp(max(entropy.min(), 0.0)), count, of=of, unit="values")
    yield _exact("t", distance.max(), count, of=of, unit="distance")


def _bands(sizes: Array) -> Iterator[tuple[int, int | None, int, int]]:
    for low, high in BANDS:
        inside = sizes[(sizes >= low) & (sizes <= (high or np.inf))]
        yield low, high, len(inside), int(inside.sum())


def _without_one(subject: Subject) -> Iterator[tuple[str, int, float]]:
    known = subject.roles.quasi_identifiers
    for left_out in known:
        (classes,) = row_keys([subject.evaluation], [name for name in known if name != left_out])
        sizes = np.bincount(classes)
        yield left_out, int(sizes.min()), float((sizes == 1).sum() / subject.rows)


def _exact(
    name: str, value: float, n: int, *, of: Mapping[str, str] | None = None, unit: str = "proportion"
) -> Measure:
    return Measure(
        name, float(value), n=n, of=dict(of or {}), kind=Kind.EXACT, unit=unit, method="count of classes"
    )

"""Missing values by group: is more left unsaid about some people than about others?

Per group of each attribute, the share of its people without a value in each column that has gaps
(`missing_share`, `of.column`) and the share with any feature missing (`incomplete_row_share`); for both the
gap between the highest and the lowest group. `largest_missing_share_gap` is the widest gap of any column, and
`complete_columns` counts the columns without one missing value.

Why it matters
    What is missing is guessed, by an imputed mean or by a branch of a tree. If it is missing for one group
    more than for others, that group is judged by a guess more often. A label that is missing unevenly makes
    every error rate one about those whose outcome somebody cared to record.

How to read it
    0 is evenly complete. Intervals of gaps cover the worst pair of all groups, that of the largest gap also
    all columns. Groups under 30 rows are measured and not compared. Only columns with a declared role are
    looked at.

Limits
    Values that stand for "unknown", such as 999 or an empty category, are not recognised. That gaps are even
    does not make them harmless: they may be about different people within each group.

References
    Rubin, Inference and Missing Data, Biometrika 63, 1976. Newcombe, Statistics in Medicine 17, 1998.
    Fernando et al., Missing the Missing Values, International Journal of Intelligent Systems 36, 2021.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace

import numpy as np

from checks.comparison import MIN_GROUP, compared, grouped, left_out_note, notes, rates, uncompared_share
from checks.counts import GroupTable
from checks.data.quality import described_columns
from checks.model import Inconclusive, Kind, Measure, NotApplicable, Subject, check
from checks.statistics import Proportions, highest_minus_lowest, largest_gap

_ALL, _GONE = np.array([True, True]), np.array([False, True])


@check
def missingness(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure]:
    """Measure how much is missing of each column and of any feature, by attribute."""
    grouped(subject)
    columns = [name for name in described_columns(subject.roles) if name not in subject.attributes]
    if not columns:
        raise NotApplicable("no column but the groups has a role; name the features or the label")
    gone = {name: subject.evaluation[name].isna().to_numpy() for name in columns}
    yield Measure(
        "complete_columns",
        float(sum(not missing.any() for missing in gone.values())),
        n=float(len(columns)),
        kind=Kind.EXACT,
        unit="columns",
        method="columns with a role and without one missing value",
    )
    counted = {name: subject.counts.count(missing.astype(np.int64), 2) for name, missing in gone.items()}
    incomplete = _incomplete(subject)
    compared_any = False
    for attribute in subject.counts.groups:
        if incomplete is not None:
            large, why = yield from _of_one("incomplete_row_share", incomplete[attribute], {}, min_group)
            left = np.array([reason is not None for reason in why])
            yield uncompared_share(incomplete[attribute], left, min_group)
            compared_any |= len(large.value) > 1
        if attribute in subject.attributes:
            tables = {name: table[attribute] for name, table in counted.items()}
            compared_any |= yield from _of_columns(attribute, tables, min_group)
    if not compared_any:
        raise Inconclusive(f"no attribute has two groups of {min_group} rows or more")


def _incomplete(subject: Subject) -> Mapping[str, GroupTable] | None:
    """Count the rows with any feature missing; None where there are no features but groups."""
    names = [name for name in subject.roles.features if name not in subject.attributes]
    if not names:
        return None
    gone = subject.evaluation[names].isna().any(axis=1).to_numpy()
    return subject.counts.count(gone.astype(np.int64), 2)


def _of_one(
    name: str, table: GroupTable, also: Mapping[str, str], min_group: int
) -> Generator[Measure, None, tuple[Proportions, list[str | None]]]:
    """Yield one share of each group and its gap; return what is compared, and why others are not."""
    groups = replace(table.groups, also=also)
    shares, why = table.shares(_GONE, _ALL), notes(groups, table.n, min_group)
    yield from rates(name, groups, shares, why)
    large = shares.take(compared(why))
    yield highest_minus_lowest(f"{name}_gap", large, of=groups.key, note=left_out_note(why))
    return large, why


def _of_columns(
    attribute: str, tables: Mapping[str, GroupTable], min_group: int
) -> Generator[Measure, None, bool]:
    """Yield the shares of each column that has gaps, and the widest gap; return whether any was compared."""
    every: list[Proportions] = []
    said: str | None = None
    for column, table in tables.items():
        shares, why = table.shares(_GONE, _ALL), notes(table.groups, table.n, min_group)
        said = left_out_note(why)
        every.append(shares.take(compared(why)))
        if shares.hits.any():
            yield from _of_one("missing_share", table, {"column": column}, min_group)
    yield largest_gap("largest_missing_share_gap", every, of={"attribute": attribute}, note=said)
    return len(every[0].value) > 1

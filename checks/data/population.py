"""The people whom the data should stand for: how many of them are in each group.

A reference table is read in one of three shapes, told by its columns:

- `attribute`, `group` and a count: stated margins, also of crossings (`race*sex`);
- the attributes and a count: cells, which are summed;
- the attributes alone: a row a person, and then a sample with an error of its own.

The count is the column of row weights where the table has it, else `n`, `count`, `people` or `population`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.counts import Counts, count
from checks.data.bins import as_numbers, numeric
from checks.model import NOT_STATED, Array, NotApplicable, Subject
from checks.names import split
from checks.values import as_text

COUNTS = ("n", "count", "people", "population")


@dataclass(frozen=True, slots=True)
class Population:
    """People by group, for each attribute and crossing that the table tells of."""

    people: Mapping[str, Mapping[str, float]]
    """Without those whose group is not stated."""
    sampled: bool
    """Whether they are a sample, a row a person, and no count of everybody."""


def population(subject: Subject) -> Population:
    """Return the people of the reference table; raise NotApplicable where there is none that fits."""
    table = subject.reference if subject.reference is not None else subject.population
    if table is None or not len(table):
        raise NotApplicable("no reference population was supplied; add its table as `data.reference`")
    column = count_column(subject, table)
    if column is not None and {"attribute", "group"} <= set(table.columns):
        found = _margins(subject, table, column)
    else:
        found = _summed(subject, table, column)
    if not found:
        names = ", ".join(f"`{name}`" for name in subject.attributes)
        raise NotApplicable(
            f"the reference table has no column that is a group of the data; call them {names}, with a column"
            " `n` of people or a row a person, or give it the columns `attribute`, `group` and `n`"
        )
    return Population(found, sampled=column is None)


def count_column(subject: Subject, table: pd.DataFrame) -> str | None:
    """Return the column that says how many people a row of *table* stands for; None where it is one."""
    for name in (subject.roles.weight, *COUNTS):
        if name is not None and name in table.columns and name not in subject.attributes:
            if not numeric(table[name]) or (as_numbers(table[name]) < 0).any():
                raise NotApplicable(
                    f"`{name}` of the reference table counts people, but is no number of them"
                )
            empty = int(np.isnan(as_numbers(table[name])).sum())
            if empty:
                raise NotApplicable(
                    f"`{name}` of the reference table is empty in {empty} rows; fill them or leave them out"
                )
            return name
    return None


def _margins(subject: Subject, table: pd.DataFrame, column: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    named = zip(as_text(table["attribute"]), as_text(table["group"]), as_numbers(table[column]), strict=True)
    for attribute, group, people in named:
        parts = split(str(attribute))
        if set(parts) <= set(subject.attributes) and NOT_STATED not in split(str(group)) and people >= 0:
            mine = found.setdefault(str(attribute), {})
            name = _merged(subject, parts, str(group))
            mine[name] = mine.get(name, 0.0) + float(people)
    return {attribute: groups for attribute, groups in found.items() if sum(groups.values()) > 0}


def _merged(subject: Subject, parts: tuple[str, ...], group: str) -> str:
    """Return the declared name of a group of one attribute."""
    return subject.roles.merge.get(parts[0], {}).get(group, group) if len(parts) == 1 else group


def _summed(subject: Subject, table: pd.DataFrame, column: str | None) -> dict[str, dict[str, float]]:
    told = tuple(name for name in subject.attributes if name in table.columns)
    if not told:
        return {}
    if column is not None:
        table = table.loc[as_numbers(table[column]) > 0]
    counts = counted(subject, table, told, column)
    found = {}
    for attribute, each in counts.by_attribute():
        people = {
            name: float(n)
            for name, n, stated in zip(
                each.groups.names, each.weight.sum(axis=1), each.groups.stated, strict=True
            )
            if stated and n > 0
        }
        if people:
            found[attribute] = people
    return found


def counted(subject: Subject, table: pd.DataFrame, attributes: tuple[str, ...], weight: str | None) -> Counts:
    """Count the groups of another table as those of the evaluation table are counted."""
    kind = subject.roles.weight_kind if weight == subject.roles.weight else "frequency"
    roles = dataclasses.replace(
        subject.roles,
        groups=attributes,
        label=None,
        weight=weight,
        weight_kind=None if weight is None else kind,
    )
    other = dataclasses.replace(
        subject, evaluation=table, roles=roles, decision=None, score=None, probabilities=None, challengers={}
    )
    return count(other)


def expected(people: Mapping[str, float], names: tuple[str, ...]) -> tuple[tuple[str, ...], Array]:
    """Return all groups, those of the data first, and the share that each has of the population."""
    every = (*names, *(name for name in sorted(people) if name not in names))
    sizes = np.array([people.get(name, 0.0) for name in every])
    return every, sizes / sizes.sum()

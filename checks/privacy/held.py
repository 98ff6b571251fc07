"""What a model file keeps of the training table: rows, rare values, leaves of few people, learnt numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.model import NOT_STATED, Array, Inside, Kind, Measure, Rows, Subject, Task
from checks.privacy.attacks.compared import STREAM
from checks.statistics import estimate, undefined, wilson
from checks.values import as_text

ROWS = 5_000
"""Rows of each table that the file is searched for; neighbours are slow to ask."""
VALUES = 20_000
"""Rare values of a column that are looked for."""
PROBE = 500
"""Rows that show which columns have a list at all."""
CHUNK = 50_000
CELLS = 20_000_000
"""Leaves kept in memory: rows by trees."""


def rows(subject: Subject, inside: Inside, training: pd.DataFrame) -> Iterator[Measure]:
    """Yield the share of rows of either table that stand in the file."""
    rng = np.random.default_rng([subject.seed, STREAM, 8])
    never = "no row can stand in a file of this format"
    for name, table in (("training", training), ("evaluation", subject.evaluation)):
        if inside.memory.rows is Rows.NEVER:
            of = {"table": name}
            yield estimate("stored_row_share", 0.0, 0.0, 0.0, len(table), of=of, method=never)
            continue
        at = sample_rows(len(table), ROWS, None, rng)
        stand = inside.stored(table[list(subject.roles.features)].iloc[at].reset_index(drop=True))
        yield _share("stored_row_share", int(stand.sum()), len(at), len(table), {"table": name})


def _share(name: str, count: int, asked: int, whole: int, of: dict[str, str]) -> Measure:
    """Return a share of rows: without error where every row was asked."""
    if asked < whole:
        return wilson(name, count, asked, of=of, note=f"{asked} of {whole} rows asked, drawn at random")
    share = count / asked
    return estimate(name, share, share, share, asked, of=of, method="every row asked")


def rare_values(subject: Subject, inside: Inside, training: pd.DataFrame, few: int) -> Iterator[Measure]:
    """Yield, per column of which the file has a list, the rare values in it and the people who have them."""
    table = training[list(subject.roles.features)]
    rng = np.random.default_rng([subject.seed, STREAM, 9])
    some = table.iloc[sample_rows(len(table), PROBE, None, rng)].reset_index(drop=True)
    there: Array = np.isfinite(inside.listed(some)).sum(axis=0)
    listed = [name for name, count in zip(table.columns, there, strict=True) if count]
    exposed, total = np.zeros(len(table), dtype=bool), 0
    for name in listed:
        text = as_text(table[name])
        values, first, counts = np.unique(text.astype(str), return_index=True, return_counts=True)
        rare = np.flatnonzero((counts < few) & (values != NOT_STATED))
        asked = rare[sample_rows(len(rare), VALUES, None, rng)]
        known = _known(inside, table, name, first[asked])
        total += int(known.sum())
        exposed |= np.isin(text.astype(str), values[asked[known]])
        some_only = f"{len(asked)} of {len(rare)} rare values were looked for"
        note = None if len(asked) == len(rare) else some_only
        yield _values(int(known.sum()), len(values), few, {"feature": str(name)}, note)
    yield _values(
        total, len(table), few, {}, None if listed else "no list of a feature was found in the file"
    )
    yield Measure(
        "listed_rare_share",
        float(exposed.mean()),
        n=len(table),
        kind=Kind.EXACT,
        method="people with a listed rare value",
    )


def _known(inside: Inside, table: pd.DataFrame, name: str, at: Array) -> Array:
    """Return which of the values of column *name* in the rows *at* the file lists."""
    if not len(at):
        return np.zeros(0, dtype=bool)
    told = inside.listed(table.iloc[at].reset_index(drop=True))
    return np.asarray(told[:, list(table.columns).index(name)] == 1)


def _values(count: int, n: int, few: int, of: dict[str, str], note: str | None) -> Measure:
    how = f"values of under {few} training people, looked for in the lists of the file"
    return Measure(
        "listed_rare_values", float(count), n=n, of=of, kind=Kind.EXACT, unit="values", method=how, note=note
    )


def leaf_support(subject: Subject, inside: Inside, training: pd.DataFrame, few: int) -> Iterator[Measure]:
    """Yield how many training people share a leaf, and how often they have one outcome."""
    leaves = _leaves(inside, training[list(subject.roles.features)])
    if leaves is None:
        yield undefined("small_leaf_share", "the file used none of its trees for these rows")
        return
    label = subject.roles.label
    outcome = None
    if subject.task is not Task.REGRESSION and label in training.columns:
        outcome = pd.factorize(as_text(training[label]))[0]
    smallest, small, single, alone = len(training), 0.0, 0.0, 0.0
    ever = np.zeros(len(training), dtype=bool)
    for column in leaves.T:
        place = np.unique(column, return_inverse=True)[1]
        sizes = np.bincount(place)
        smallest = min(smallest, int(sizes.min()))
        here = sizes[place] < few
        small += float(here.mean())
        alone += float((sizes[place] == 1).mean())
        ever |= here
        if outcome is not None:
            pairs = np.unique(place * np.int64(outcome.max() + 1) + outcome, return_index=True)[1]
            single += float((here & (np.bincount(place[pairs])[place] == 1)).mean())
    n, trees = len(training), leaves.shape[1]
    how = f"training rows counted in the leaves of {trees} of {inside.memory.trees} trees"
    yield Measure("smallest_leaf", float(smallest), n=n, kind=Kind.EXACT, unit="people", method=how)
    under = f"{how}; leaves of under {few} people"
    average = f"in a leaf of under {few} training people in an average tree"
    yield Measure("small_leaf_share", small / trees, n=n, kind=Kind.EXACT, method=under, note=average)
    limit = f"a small leaf holds under {few} training people, and one tree is enough to count"
    yield Measure(
        "small_leaf_people_share", float(ever.mean()), n=n, kind=Kind.EXACT, method=under, note=limit
    )
    repeats = "alone in a leaf in an average tree; such a leaf can repeat that person's label"
    yield Measure("lone_leaf_share", alone / trees, n=n, kind=Kind.EXACT, method=how, note=repeats)
    yield Measure(
        "single_outcome_share",
        None if outcome is None else single / trees,
        n=n,
        kind=Kind.EXACT,
        method=f"{under}, all of one outcome",
        note="numbers, or no label in the training table: no outcome to share" if outcome is None else None,
    )


def _leaves(inside: Inside, table: pd.DataFrame) -> Array | None:
    """Return the leaf of every row in as many trees as memory allows; None where no tree answers."""
    parts: list[Array] = []
    for start in range(0, len(table), CHUNK):
        told = inside.leaves(table.iloc[start : start + CHUNK].reset_index(drop=True))
        most = max(CELLS // len(table), 1)
        places = np.unique(
            np.linspace(0, told.shape[1] - 1, min(most, told.shape[1])).round().astype(np.int64)
        )
        parts.append(np.nan_to_num(told[:, places], nan=-1).astype(np.int32))
    leaves = np.concatenate(parts)
    used = (leaves >= 0).all(axis=0)
    return leaves[:, used] if used.any() else None


def freedom(inside: Inside, training: pd.DataFrame) -> Iterator[Measure]:
    """Yield how many numbers the model learnt, and how many rows it had beyond them."""
    numbers, rows = inside.memory.numbers, len(training)
    assert numbers is not None
    how = "weights, or one or two numbers a split and one a leaf, or the stored rows themselves"
    yield Measure(
        "learnt_numbers", float(numbers), n=rows, kind=Kind.EXACT, unit="numbers", method=f"count of {how}"
    )
    yield Measure(
        "degrees_of_freedom",
        float(rows - numbers),
        n=rows,
        kind=Kind.EXACT,
        unit="rows",
        method="training rows less the numbers learnt",
    )

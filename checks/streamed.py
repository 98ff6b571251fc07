"""Count a Parquet file that is larger than memory: one batch at a time, and only the columns that matter.

What comes back is a subject with one row per *cell* (one value of every group column, one decision, one
label) and the people in it as a frequency weight. Checks that count give the numbers of the whole file, to
the last bit; the memory that it takes goes by the size of a batch and the number of cells, not by the rows.

For files of one's own: what somebody else submitted is read in the locked child, never here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from checks.counts import DENSE
from checks.model import NOT_STATED, Array, Roles, Subject, Task
from checks.values import as_text

PEOPLE, DECISION = "people in this cell", "decided by the score"
"""Columns of the table of cells that the file does not have."""

BATCH = 1 << 18
"""Rows that are held at a time."""
SPAN = 4096
"""Whole numbers that lie closer together than this are their own codes."""


class NotCountable(Exception):
    """The file cannot be counted this way; the sentence says what would help."""


def aggregated(path: Path | str, task: Task, roles: Roles) -> Subject:
    """Return the cells of a Parquet file as a subject; raise `NotCountable` where cells cannot say it."""
    columns = _columns(path, task, roles)
    found: dict[tuple[Any, ...], float] = {}
    seen: list[dict[Any, int]] = [{} for _ in columns]
    with pq.ParquetFile(path, read_dictionary=[name for name in columns if name != DECISION]) as file:
        weight = [] if roles.weight is None else [roles.weight]
        wanted = [roles.score if name == DECISION else name for name in columns]
        for part in file.iter_batches(BATCH, columns=[*wanted, *weight]):
            coded = [
                _coded(_decided(part, roles) if name == DECISION else part[name], known)
                for name, known in zip(columns, seen, strict=True)
            ]
            weights = None if roles.weight is None else part[roles.weight].to_numpy(zero_copy_only=False)
            _add(found, coded, weights)
    values = [list(known) for known in seen]
    table = pd.DataFrame(
        {
            name: pd.Series([words[cell[i]] for cell in found], dtype=_dtype(words))
            for i, (name, words) in enumerate(zip(columns, values, strict=True))
        }
    )
    table[PEOPLE] = np.array(list(found.values()), dtype=np.float64)
    decision = DECISION if roles.prediction is None else roles.prediction
    return Subject(
        task=task,
        evaluation=table,
        roles=replace(roles, weight=PEOPLE, weight_kind="frequency"),
        decision=as_text(table[decision]),
    )


def cross_table(subject: Subject) -> pd.DataFrame:
    """Return an aggregated subject's people (`n`) and favoured people (`selected`) per cell of its groups.

    It can be submitted as `counts`. A cell of few people may still point to one of them.
    """
    groups, cells = list(subject.roles.groups), subject.evaluation
    favoured = subject.decision == subject.roles.favourable
    decided = cells.loc[subject.decision != NOT_STATED, groups]
    table = decided.assign(n=cells[PEOPLE], selected=np.where(favoured, cells[PEOPLE], 0.0)[decided.index])
    return table.groupby(groups, dropna=False, sort=True).sum().astype(np.int64).reset_index()


def _columns(path: Path | str, task: Task, roles: Roles) -> tuple[str, ...]:
    """Return the columns that make a cell."""
    if task not in (Task.BINARY, Task.MULTICLASS):
        raise NotCountable("only decisions can be counted; a score or a number of each person needs its row")
    if roles.weight is not None and roles.weight_kind != "frequency":
        raise NotCountable("sampling weights differ within a cell; audit the records, or a sample of them")
    if roles.prediction is None and (roles.score is None or task is not Task.BINARY):
        raise NotCountable("name the column of decisions, or of scores with a threshold")
    decided = DECISION if roles.prediction is None else roles.prediction
    columns = tuple(dict.fromkeys([*roles.groups, decided, *([roles.label] if roles.label else [])]))
    there = pq.read_schema(path).names
    needed = {*columns, *filter(None, (roles.weight, roles.score if roles.prediction is None else None))}
    if missing := sorted(needed - {DECISION} - set(there)):
        raise NotCountable(f"the file has no column {', '.join(map(repr, missing))}")
    return columns


def _decided(part: pa.RecordBatch, roles: Roles) -> pa.Array:
    """Return whether each score reaches the threshold, in the words of the positive class."""
    yes, score = str(roles.positive), part[roles.score]
    no = {"1": "0", "true": "false"}.get(yes, f"not {yes}")
    said = pc.if_else(pc.greater_equal(score, roles.threshold), yes, no)
    return pc.if_else(pc.is_null(score, nan_is_null=True), None, said)


def _coded(column: pa.Array, known: dict[Any, int]) -> tuple[Array, Array]:
    """Return small codes of the rows, and the number in *known* that each code stands for."""
    if pa.types.is_integer(column.type) and not column.null_count:
        ends = pc.min_max(column)
        least, most = ends["min"].as_py(), ends["max"].as_py()
        if len(column) and most - least < SPAN:
            codes = (column.to_numpy() - least).astype(np.int16)
            return codes, _numbered(range(least, most + 1), known)
    whole = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    words = whole.dictionary.to_pylist()
    indices = whole.indices
    if indices.null_count:
        indices, words = indices.fill_null(len(words)), [*words, None]
    return indices.to_numpy(zero_copy_only=False), _numbered(words, known)


def _numbered(words: Sequence[Any] | range, known: dict[Any, int]) -> Array:
    """Return the number of each word, giving the next one to those that are new; NaN is None."""
    plain = [None if isinstance(word, float) and math.isnan(word) else word for word in words]
    return np.array([known.setdefault(word, len(known)) for word in plain], dtype=np.int64)


def _add(
    found: dict[tuple[Any, ...], float], coded: Sequence[tuple[Array, Array]], weights: Array | None
) -> None:
    """Add the people of one batch to the cells found so far."""
    sizes = [max(len(numbers), 1) for _, numbers in coded]
    cells = int(np.prod(sizes, dtype=np.float64))
    key: Array = np.zeros(len(coded[0][0]), dtype=np.int32 if cells <= DENSE else np.int64)
    for (codes, _), size in zip(coded, sizes, strict=True):
        key *= size
        key += codes.astype(key.dtype, copy=False)
    if cells <= DENSE:
        people = np.bincount(key, weights, minlength=cells)
        occur = np.flatnonzero(np.bincount(key, minlength=cells) if weights is not None else people)
        people = people[occur]
    else:
        occur, at = np.unique(key, return_inverse=True)
        people = np.bincount(at, weights)
    parts = np.unravel_index(occur, sizes)
    numbers = [numbers[part].tolist() for (_, numbers), part in zip(coded, parts, strict=True)]
    for cell, count in zip(zip(*numbers, strict=True), people.tolist(), strict=True):
        found[cell] = found.get(cell, 0.0) + count


def _dtype(words: Sequence[Any]) -> str | None:
    """Keep whole numbers whole beside missing ones, so that they are spelt as in the file."""
    whole = all(word is None or (isinstance(word, int) and not isinstance(word, bool)) for word in words)
    return "Int64" if whole and None in words else None

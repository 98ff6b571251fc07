"""Tables that were kept apart, such as demographics, put beside the rows that they belong to by an id.

A column of the joined table `demographics` is then called `demographics:race`. Rows are never dropped or
repeated: who is not found keeps missing values, and is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from auditor.problems import Problem, Refused
from auditor.subjects.columns import listed, unknown
from auditor.submission import Joined, Submission
from checks.model import NOT_STATED, Array
from checks.values import as_text

SEPARATOR = ":"
EXAMPLES = 3
SHAPED = 1000
"""Ids whose shapes are looked at."""
"""Ids that one sentence shows."""


@dataclass(frozen=True, eq=False)
class Together:
    """The tables with the columns of joined tables, and what was found on the way."""

    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...]


def join(
    submission: Submission, tables: Mapping[str, pd.DataFrame], others: Mapping[str, pd.DataFrame]
) -> Together:
    """Return *tables* joined with *others* (name -> table); raise `Refused` with all problems."""
    found = [problem for name in others for problem in _problems(submission, name, tables, others[name])]
    if found:
        raise Refused(found)
    out = dict(tables)
    facts: dict[str, Mapping[str, Any]] = {}
    notes: list[str] = []
    for name, other in others.items():
        asked = submission.join[name]
        ids = _ids(other, asked.to or asked.on)
        facts[name] = {"rows": len(other)}
        for which, table in tables.items():
            if asked.on not in table.columns:
                continue
            at = _places(_ids(table, asked.on), ids)
            out[which] = _beside(out[which], name, other.drop(columns=asked.to or asked.on), at)
            counted = _counted(at, len(other))
            facts[name] = {**facts[name], which: counted}
            if which == "evaluation":
                notes += _said(name, asked, counted, len(table), len(other))
    return Together(out, facts, tuple(notes))


def _problems(
    submission: Submission, name: str, tables: Mapping[str, pd.DataFrame], other: pd.DataFrame
) -> Iterator[Problem]:
    asked, table = submission.join[name], tables["evaluation"]
    to = asked.to or asked.on
    if asked.on not in table.columns:
        yield unknown(f"join.{name}.on", asked.on, table)
    if to not in other.columns:
        yield unknown(f"join.{name}.{'to' if asked.to else 'on'}", to, other, f"the joined table `{name}`")
    if asked.on not in table.columns or to not in other.columns:
        return
    if asked.on in (submission.columns.features or ()):
        sentence = f"`{asked.on}` is the id that joins `{name}`, so it is no feature; remove it there."
        yield Problem("columns.features", "id-as-feature", sentence)
    taken = [f"{name}{SEPARATOR}{column}" for column in other.columns if column != to]
    if both := [column for column in taken if column in table.columns]:
        sentence = f"the evaluation table has {listed(both)} already; call the joined table otherwise."
        yield Problem(f"join.{name}", "column-twice", sentence)
    yield from _about_ids(asked, name, _ids(table, asked.on), _ids(other, to))


def _about_ids(asked: Joined, name: str, mine: Array, theirs: Array) -> Iterator[Problem]:
    """Find ids that stand twice in the joined table, or in neither table at once."""
    to, stated = asked.to or asked.on, theirs[theirs != NOT_STATED]
    distinct, times = np.unique(stated.astype(str), return_counts=True)
    if len(twice := distinct[times > 1]):
        ids = "id" if len(twice) == 1 else "ids"
        sentence = (
            f"`{to}` of the joined table `{name}` holds {len(twice):,} {ids} more than once, such as in "
            f"{rows_of(theirs, twice)}; keep one row an id."
        )
        yield Problem(f"join.{name}", "id-twice", sentence)
    elif not np.isin(mine[mine != NOT_STATED].astype(str), distinct).any():
        sentence = (
            f"no row of the evaluation table is found in `{name}`: `{asked.on}` holds {_shaped(mine)}, "
            f"but `{to}` of `{name}` holds {_shaped(theirs)}; name columns with the same ids."
        )
        yield Problem(f"join.{name}", "no-id-shared", sentence)


def rows_of(ids: Array, twice: Array) -> str:
    """Name the rows of some ids that stand *twice*, and never the ids: they are people's."""
    found = (np.flatnonzero(ids.astype(str) == one)[:2] + 1 for one in twice[:EXAMPLES])
    return "; ".join(f"rows {first:,} and {second:,}" for first, second in found)


def _shaped(ids: Array) -> str:
    """Say what ids look like, with every letter an `a` and every digit a `0`: they are people's."""
    shapes = (
        re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", str(one))) for one in ids[ids != NOT_STATED][:SHAPED]
    )
    some = list(dict.fromkeys(shapes))[:EXAMPLES]
    return f"ids shaped like {listed(some)}" if some else "no ids"


def _ids(table: pd.DataFrame, column: str) -> Array:
    """Return ids as text, so that 1 in one file and 1.0 in another are the same person."""
    return as_text(table[column])


def _places(mine: Array, theirs: Array) -> Array:
    """Return where each of *mine* stands in *theirs*; -1 for nowhere, and for rows without an id."""
    stated = np.flatnonzero(theirs != NOT_STATED)
    places = pd.Index(theirs[stated]).get_indexer(pd.Index(mine))
    return np.where((mine == NOT_STATED) | (places < 0), -1, stated[places])


def _beside(table: pd.DataFrame, name: str, other: pd.DataFrame, at: Array) -> pd.DataFrame:
    """Return *table* with the columns of *other*, row by row; missing where there is none."""
    found = other.reset_index(drop=True).reindex(at).reset_index(drop=True)
    for column in [name for name in found.columns if found[name].dtype.kind == "O"]:
        found[column] = found[column].where(found[column].notna(), None)
    names = {column: f"{name}{SEPARATOR}{column}" for column in found.columns}
    kinds = {names[c]: kind for c, kind in other.attrs.get("kinds", {}).items() if c in names}
    both = pd.concat([table, found.rename(columns=names)], axis=1)
    both.attrs = {**table.attrs, "kinds": {**table.attrs.get("kinds", {}), **kinds}}
    return both


def _counted(at: Array, rows: int) -> dict[str, int]:
    found = at[at >= 0]
    return {
        "found": len(found),
        "not_found": len(at) - len(found),
        "unused_rows": rows - len(np.unique(found)),
    }


def _said(name: str, asked: Joined, counted: Mapping[str, int], rows: int, others: int) -> Iterator[str]:
    if missing := counted["not_found"]:
        yield (
            f"{missing:,} of {rows:,} rows have no match by `{asked.on}` in the joined table `{name}`: its "
            "columns are missing for them, and their groups not stated."
        )
    if unused := counted["unused_rows"]:
        yield f"{unused:,} of {others:,} rows of the joined table `{name}` match no evaluation row."

"""Which columns does a model refuse? A model names the first one only; a submitter wants to know them all."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pandas as pd

from auditor.problems import Problem, Refused
from auditor.subjects.columns import MOST_NAMED
from auditor.subjects.opened import Opened

NAMED = re.compile(r"column `(?P<name>[^`]+)` (?:holds text such as|has [\d,]+ missing values).*")
"""How the locked child speaks of a column that a model cannot take."""


def all_mismatches(
    refused: Refused,
    table: pd.DataFrame,
    again: Callable[[], AbstractContextManager[Opened]],
    ask: Callable[[pd.DataFrame, Opened], object],
) -> Refused:
    """Return *refused* with a problem for every column that the model cannot take.

    Each column that it names is filled with zeros, and a fresh copy is asked again, until it names no more.
    """
    found: dict[str, Problem] = {}
    why = refused
    while (column := _named(why)) is not None and column[0] in table.columns and column[0] not in found:
        name, sentence = column
        found[name] = Problem("model", "column-mismatch", f"{sentence.rstrip('.')}.")
        if len(found) == MOST_NAMED:
            more = f"the model was asked no further after {MOST_NAMED} columns that do not fit; see to these."
            return Refused([*found.values(), Problem("model", "column-mismatch", more)])
        table = table.assign(**{name: 0.0})
        try:
            with again() as model:
                ask(table, model)
            break
        except Refused as next_one:
            why = next_one
    return Refused(list(found.values())) if found else refused


def _named(refused: Refused) -> tuple[str, str] | None:
    """Return the column that a refusal names, and what it says of it."""
    match = NAMED.search(refused.problems[0].sentence)
    return (match["name"], match[0]) if match else None

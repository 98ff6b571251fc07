"""The log of a service, read in the locked child and laid out as checks know it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from auditor.inclusion import ServiceLog
from auditor.problems import Problem, Refused
from auditor.sandbox import Limits, read_table
from auditor.subjects.columns import MOST_GROUPS, unknown
from auditor.submission import Submission
from checks.model import NOT_STATED, Array, Roles, spell
from checks.service_log import ASSISTED, CHANNEL, COMPLETED, GROUP, WAITED
from checks.values import group_values

YES = frozenset({"1", "true", "yes", "y", "是"})
NO = frozenset({"0", "false", "no", "n", "否"})


def service_log(
    submission: Submission, open_artifact: Callable[[str], Path], limits: Limits
) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return the prepared log and what was found in it; raise `Refused` with every problem at once."""
    asked = submission.service_log
    if asked is None:
        return None, {}
    path = open_artifact(asked.digest)
    table = read_table(path, asked.format, limits, where="service_log", declared=asked.declared)
    _raise(_columns(asked, table))
    _raise(_values(asked, table))
    started = _started(table, asked.started)
    kept = table[started].reset_index(drop=True)
    if kept.empty:
        raise Refused([Problem("service_log", "no-rows", "no row of the service log was started; add rows.")])
    roles = Roles(bins=dict(asked.bins))
    columns: dict[str, Any] = {
        f"{GROUP}{name}": group_values(kept[name], name, roles) for name in asked.groups
    }
    _raise(_too_many(columns))
    for role, name in ((COMPLETED, asked.completed), (ASSISTED, asked.assisted)):
        if name is not None:
            columns[role] = _flags(kept[name])
    if asked.waited is not None:
        columns[WAITED] = pd.to_numeric(kept[asked.waited]).astype(np.float64)
    if asked.channel is not None:
        columns[CHANNEL] = group_values(kept[asked.channel], asked.channel, Roles())
    found = {"rows": len(table), "not_started": int((~started).sum()), "cases": len(kept)}
    return pd.DataFrame(columns), {"service_log": found}


def _columns(asked: ServiceLog, table: pd.DataFrame) -> Iterator[Problem]:
    for position, name in enumerate(asked.groups):
        if name not in table.columns:
            yield unknown(f"service_log.groups.{position}", name, table)
    for role in ("started", "completed", "waited", "assisted", "channel"):
        name = getattr(asked, role)
        if name is not None and name not in table.columns:
            yield unknown(f"service_log.{role}", name, table)
    for name in asked.bins:
        if name not in asked.groups:
            sentence = f"`{name}` has cut points but is none of the `groups`; add it there or remove them."
            yield Problem(f"service_log.bins.{name}", "not-a-group", sentence)


def _values(asked: ServiceLog, table: pd.DataFrame) -> Iterator[Problem]:
    for role in ("completed", "assisted"):
        name = getattr(asked, role)
        if name is not None:
            odd = _odd(table[name])
            if odd is not None:
                sentence = f"`{name}` holds `{odd}`, which is neither yes nor no; write yes or no."
                yield Problem(f"service_log.{role}", "not-yes-or-no", sentence)
    if asked.waited is not None:
        yield from _times(asked.waited, table[asked.waited])
    for name in asked.bins:
        if not is_numeric_dtype(table[name]) or is_bool_dtype(table[name]):
            sentence = f"`{name}` does not hold numbers, so it has no cut points; remove them."
            yield Problem(f"service_log.bins.{name}", "not-a-number", sentence)


def _times(name: str, values: pd.Series[Any]) -> Iterator[Problem]:
    if not is_numeric_dtype(values) or is_bool_dtype(values):
        sentence = f"`{name}` does not hold numbers; write how long people waited, in one unit."
        yield Problem("service_log.waited", "not-a-number", sentence)
    elif (values < 0).any() or np.isinf(values.to_numpy(dtype=np.float64, na_value=np.nan)).any():
        sentence = f"`{name}` holds a time that is negative or infinite; correct it or leave it empty."
        yield Problem("service_log.waited", "not-a-time", sentence)


def _said(values: pd.Series[Any]) -> Array:
    """Return each value as small letters; missing ones are empty."""
    codes, uniques = pd.factorize(values, use_na_sentinel=True)
    spelt = np.array([*(spell(value).strip().lower() for value in uniques), ""], dtype=object)
    return np.asarray(spelt[codes])


def _odd(values: pd.Series[Any]) -> str | None:
    found = sorted(set(_said(values)) - YES - NO - {"", NOT_STATED})
    return str(found[0])[:40] if found else None


def _flags(values: pd.Series[Any]) -> Array:
    said = _said(values)
    return np.where(np.isin(said, list(YES)), 1.0, np.where(np.isin(said, list(NO)), 0.0, np.nan))


def _started(table: pd.DataFrame, name: str | None) -> Array:
    """Return which rows were started: those that do not say no; a time or any other text says when."""
    if name is None:
        return np.ones(len(table), dtype=bool)
    said = _said(table[name])
    return np.asarray(~np.isin(said, [*NO, ""]))


def _too_many(columns: dict[str, Any]) -> Iterator[Problem]:
    for column, values in columns.items():
        count = len(set(values))
        if count > MOST_GROUPS:
            name = column.removeprefix(GROUP)
            sentence = f"`{name}` has {count} groups, more than {MOST_GROUPS}; cut it with `bins`."
            yield Problem("service_log.groups", "too-many-groups", sentence)


def _raise(problems: Iterator[Problem]) -> None:
    found = list(problems)
    if found:
        raise Refused(found)

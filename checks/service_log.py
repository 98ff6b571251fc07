"""The log of a service, a row a case: who started it, by which route, with what help, and to what end.

It is another table than the rows that are decided about: people who gave up never became such a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.comparison import notes
from checks.counts import Groups
from checks.model import NOT_STATED, Array, Kind, Measure, NotApplicable, Subject
from checks.statistics.disparities import Proportions
from checks.values import as_text

MIN_GROUP = 30
NONE = "no log of the service was supplied: add its table as `service_log`"
GROUP = "group:"
"""How the column of an attribute begins in a prepared log."""
COMPLETED, WAITED, ASSISTED, CHANNEL = "completed", "waited", "assisted", "channel"
"""Columns of a prepared log: 1, 0 or missing; a time of at least 0; 1, 0 or missing; text."""


@dataclass(frozen=True, eq=False)
class LogGroups:
    """The groups of one attribute in the log."""

    groups: Groups
    of_row: Array
    """The position of each row's group."""

    @property
    def n(self) -> Array:
        """The cases of each group."""
        return np.bincount(self.of_row, minlength=len(self.groups.names)).astype(np.float64)

    def shares(self, hits: Array, there: Array) -> Proportions:
        """Return each group's share of *hits* among the rows that are *there*."""
        size = len(self.groups.names)
        n = np.bincount(self.of_row[there], minlength=size)
        found = np.bincount(self.of_row[there & hits], minlength=size)
        return Proportions.of_counts(found, n)

    def why(self, n: Array) -> list[str | None]:
        """Return, per group, why it is not compared; *n* is the number's own denominator."""
        return notes(self.groups, self.n, MIN_GROUP, n)

    def left_out(self, why: list[str | None]) -> Measure:
        """Return the share of cases in groups that are not compared."""
        left = np.array([reason is not None for reason in why])
        total = float(self.n.sum())
        return Measure(
            "uncompared_share",
            float(self.n[left].sum()) / total if total else 0.0,
            n=total,
            of=self.groups.key,
            kind=Kind.EXACT,
            method="cases of groups that were measured but not compared, over all",
        )


def log_of(subject: Subject, needed: Mapping[str, str]) -> pd.DataFrame:
    """Return the log; raise `NotApplicable` naming what it lacks of *needed* (column: its key)."""
    log = subject.service_log
    if log is None:
        raise NotApplicable(NONE)
    for column, key in needed.items():
        if column not in log.columns or log[column].isna().all():
            raise NotApplicable(f"the service log names no `{key}` column, or it is empty")
    return log


def by_attribute(log: pd.DataFrame) -> Iterator[LogGroups]:
    """Yield the groups of each attribute, in declared order; people whose group is missing are a row."""
    for column in (str(name) for name in log.columns if str(name).startswith(GROUP)):
        values = as_text(log[column])
        names, of_row = np.unique(values.astype(str), return_inverse=True)
        told = tuple(str(name) for name in names)
        attribute = column.removeprefix(GROUP)
        stated = np.array([name != NOT_STATED for name in told])
        yield LogGroups(Groups(attribute, (attribute,), told, stated, np.arange(len(told))), of_row)


def flag(log: pd.DataFrame, column: str) -> tuple[Array, Array]:
    """Return where a yes-or-no column says yes, and where it says anything."""
    values = log[column].to_numpy(dtype=np.float64)
    return values == 1, ~np.isnan(values)

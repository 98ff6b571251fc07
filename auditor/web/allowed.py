"""What rules allow of waivers and trials, and when a change of them is proposed, as rows of a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any

from frameworks.model import Framework
from frameworks.proposing import Policy
from reports.compose.allowed import LABELS, source, trigger, value
from reports.language import N_, _, own

TITLES = N_({"waivers": "Waivers", "sandbox": "Trials (sandboxes)"})
Row = tuple[str, str, str]
Shown = tuple[str, str, str, int]
"""A row, and over how many rows its source goes; 0 where the row above has it."""


def allows(framework: Framework) -> list[tuple[str, list[Shown]]]:
    """Return a title and rows of label, rule and source for each policy of *framework*."""
    found = [(own(title), _spanned(_rows(getattr(framework, name)))) for name, title in TITLES.items()]
    return [*found, (_("When a change is proposed"), _spanned(_proposals(framework.effectiveness)))]


def _spanned(rows: Iterator[Row]) -> list[Shown]:
    """Let one source stand once beside all the rows in turn that it is of."""
    shown: list[Shown] = []
    for _source, alike in groupby(rows, key=lambda row: row[2]):
        (label, rule, source_), *rest = alike
        shown.append((label, rule, source_, 1 + len(rest)))
        shown += [(*row, 0) for row in rest]
    return shown


def _rows(rules: Any) -> Iterator[Row]:
    policy = asdict(rules)
    for key in (key for key in policy if key != "grounds"):
        yield own(LABELS[key]), value(policy, key), source(policy["grounds"].get(key))


def _proposals(policy: Policy) -> Iterator[Row]:
    ground = policy.grounds.get("audits")
    yield own(LABELS["audits"]), f"{policy.audits}", source(asdict(ground) if ground else None)
    for one in policy.proposals:
        conditions = [(c.figure.value, c.operator, c.limit) for c in one.when]
        said = trigger(one.change.value, conditions)
        yield (
            _("Proposal"),
            f"{said[:1].upper()}{said[1:]}",
            source(asdict(one.ground) if one.ground else None),
        )

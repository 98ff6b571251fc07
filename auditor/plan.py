"""What one audit measures: every check once, and again with each parameter set that a framework names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from auditor.problems import Problem, Refused
from checks.registry import pages
from frameworks import load
from frameworks.model import Framework
from frameworks.plan import parameter_sets
from reports.record import canonical

RESULTS = ("audit.json", "report.html", "report.pdf")
"""What an audit leaves, by name."""


def frameworks_named(names: Sequence[str]) -> tuple[Framework, ...]:
    """Return the frameworks called *names*; refuse those that are not here, by name."""
    packs = load.packs()
    unknown = [
        Problem(
            "frameworks", "unknown-framework", f"there is no framework `{name}`; choose from {_list(packs)}."
        )
        for name in names
        if name not in packs
    ]
    if unknown:
        raise Refused(unknown)
    return tuple(packs[name] for name in dict.fromkeys(names))


def plan(frameworks: Sequence[Framework]) -> list[tuple[str, dict[str, Any]]]:
    """Return check ids with parameters, in the order of the record: by id, then by parameters."""
    sets = parameter_sets(frameworks)
    return [
        (check, dict(parameters))
        for check in sorted(pages())
        for parameters in sorted(sets.get(check, ({},)), key=canonical)
    ]


def _list(packs: Mapping[str, Framework]) -> str:
    return ", ".join(sorted(packs))

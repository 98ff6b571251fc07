"""The outcome of an audit as its page shows it, read from the body of the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.compose import asked
from reports.compose.summary import summary
from reports.compose.view import View
from reports.document import Remark, Remarks
from reports.record import Audit
from reports.wording import verdict_meanings


@dataclass(frozen=True, slots=True)
class Tally:
    """A verdict and the counts that it is the worst of."""

    name: str
    verdict: str
    counts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """How many items were judged."""
        return sum(count for _, count in self.counts)

    @property
    def bars(self) -> tuple[tuple[str, float, float], ...]:
        """Each verdict's start and width in a strip 100 wide."""
        bars, start = [], 0.0
        for verdict, count in self.counts:
            width = 100 * count / self.total
            bars.append((verdict, round(start, 3), round(width, 3)))
            start += width
        return tuple(bars)


@dataclass(frozen=True, slots=True)
class Judged:
    """What one framework says of an audit."""

    title: str
    whole: Tally
    principles: tuple[Tally, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the page of a completed audit shows; the report says all of it and more."""

    judged: tuple[Judged, ...]
    worst: tuple[Remark, ...]
    probed: str | None = None
    """What asking the model again in a fresh process has shown, where that was done."""


def outcome(record: bytes) -> Outcome:
    """Return the verdict of each framework with its principles, and the worst findings in plain words."""
    view = View.of(Audit.from_json(record))
    judged = (
        Judged(
            title=view.framework_title(framework),
            whole=_tally(framework, whole),
            principles=tuple(_tally(name, part) for name, part in whole["principles"].items()),
        )
        for framework, whole in view.verdicts.items()
    )
    remarks = (
        remark
        for section in summary(view).sections
        for block in section.blocks
        if isinstance(block, Remarks)
        for remark in block.items
    )
    facts = view.resolved.get("integrity")
    probed = asked.outcome(facts) if isinstance(facts, Mapping) else None
    return Outcome(tuple(judged), tuple(remarks), probed)


def _tally(name: str, judged: Mapping[str, Any]) -> Tally:
    counts = judged["counts"]
    return Tally(name, judged["verdict"], tuple((v, counts[v]) for v in verdict_meanings() if counts.get(v)))

"""The outcome of an audit as its page shows it, read from the body of the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
class Outcome:
    """What one framework says of an audit."""

    framework: str
    whole: Tally
    principles: tuple[Tally, ...]


def outcome(body: Mapping[str, Any]) -> tuple[Outcome, ...]:
    """Return the verdict of each framework, with its principles, from the *body* of a record."""
    return tuple(
        Outcome(
            framework=framework,
            whole=_tally(framework, judged),
            principles=tuple(_tally(name, part) for name, part in judged["principles"].items()),
        )
        for framework, judged in body["verdicts"].items()
    )


def _tally(name: str, judged: Mapping[str, Any]) -> Tally:
    counts = judged["counts"]
    return Tally(name, judged["verdict"], tuple((v, counts[v]) for v in verdict_meanings() if counts.get(v)))

"""Hold every number that was measured for a criterion against what the criterion asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from checks.model import Evidence, Kind, Measure
from checks.names import crossed
from frameworks.decide import decide, errors_outside, is_tested, p_outside
from frameworks.match import Match, label, left_out, worse_group
from frameworks.measures import Nameable, measures
from frameworks.model import Bound, Criterion, Decide, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """One number or one answer held against one part of a criterion."""

    part: Criterion
    verdict: Verdict
    reason: str
    measured: Measure | None = None
    people: float | None = None
    errors: float = 0.0
    """Standard errors outside the bound: what makes one number worse than another."""
    p_raw: float | None = None
    p_holm: float | None = None
    attestation: dict[str, Any] | None = None

    @property
    def order(self) -> tuple[int, float, str]:
        """Worst last; equally bad ones in the order of their names."""
        return self.verdict.rank, self.errors, label(self.measured.of) if self.measured else self.reason


def weigh(part: Criterion, matched: Match) -> Iterator[Judged]:
    """Judge each number of *matched*; what was not measured is undecided, with the reason."""
    if matched.missing is not None:
        yield Judged(part, Verdict.UNDECIDED, matched.missing)
        return
    for attribute in matched.absent:
        reason = f"Not measured: no two groups of {crossed(attribute)} could be compared."
        yield Judged(part, Verdict.UNDECIDED, reason)
    assert part.measure is not None
    assert part.bound is not None
    named = measures()[part.measure]
    for evidence, measured in matched.found:
        judged = _hold(part, part.bound, named, evidence, measured)
        yield _for_everybody(judged, named, evidence, _compared(measured, matched))


def _hold(part: Criterion, bound: Bound, named: Nameable, evidence: Evidence, measured: Measure) -> Judged:
    group, people = worse_group(named, evidence, measured)
    if bound.limit is None:
        verdict, reason = _reported(bound, measured)
        better = {"higher": -1, "lower": 1}.get(named.better or "", 0)
        errors = better * (measured.value or 0.0)
        if not better and "feature" in measured.of:
            errors = abs(measured.value or 0.0)  # of features the heaviest is told, not the first by name
        return Judged(part, verdict, reason, measured, people, errors)
    verdict = decide(bound, measured)
    reason = _sentence(measured, group, _limited(verdict, bound, measured))
    judged = Judged(part, verdict, reason, measured, people)
    if measured.value is None:
        return judged
    errors = errors_outside(bound, measured.value, measured.low, measured.high, ratio=named.ratio)
    p_raw = p_outside(bound, measured, ratio=named.ratio) if is_tested(bound, measured) else None
    return replace(judged, errors=errors, p_raw=p_raw)


def _limited(verdict: Verdict, bound: Bound, measured: Measure) -> str:
    """Say how a number stands to its limit; numbers themselves are told by reports."""
    if measured.value is None:
        return f"there is no number to judge: {measured.note}."
    side = "inside" if verdict is Verdict.MET else "outside"
    if measured.kind is Kind.EXACT:
        return f"the number lies {side} the limit."
    if bound.decide is Decide.POINT:
        return f"the number lies {side} the limit; its source asks for the number alone, without interval."
    if measured.low is None or measured.high is None:
        return "the number stands without an interval, so chance cannot be ruled out."
    if verdict is Verdict.UNDECIDED:
        return "the interval reaches across the limit; more data could decide it."
    return f"the whole interval lies {side} the limit."


def _reported(bound: Bound, measured: Measure) -> tuple[Verdict, str]:
    """Ask only that the number is there, with its interval where it is an estimate."""
    if measured.value is None:
        # A single group without a number is listed with its note. How many such people there are decides
        # whether the list still speaks for everybody.
        verdict = Verdict.MET if "group" in measured.of else Verdict.UNDECIDED
        return verdict, _sentence(measured, None, f"there is no number: {measured.note}.")
    without = measured.kind is Kind.ESTIMATE and None in (measured.low, measured.high)
    if without and bound.decide is Decide.INTERVAL:
        return Verdict.UNDECIDED, _sentence(measured, None, "the number stands without an interval.")
    return Verdict.MET, "Measured and reported; the source sets no limit."


def _sentence(measured: Measure, group: str | None, said: str) -> str:
    """Open a sentence with what the number is of."""
    of = label(measured.of)
    if not of:
        return said[:1].upper() + said[1:]
    if group and "group" not in measured.of:
        return f"For {of}, where {crossed(group)} stands worst: {said}"
    return f"For {of}: {said}"


def _compared(measured: Measure, matched: Match) -> str | None:
    """Return the attribute whose groups a number compares; None where each group has its own number."""
    attribute = measured.of.get("attribute")
    listed = "group" in measured.of and attribute not in matched.unlisted
    return None if listed else attribute


def _for_everybody(judged: Judged, named: Nameable, evidence: Evidence, attribute: str | None) -> Judged:
    """Keep what was found for some from passing as found for all."""
    if judged.verdict is not Verdict.MET:
        return judged
    gap = left_out(named, evidence, attribute)
    return judged if gap is None else replace(judged, verdict=Verdict.UNDECIDED, reason=gap)

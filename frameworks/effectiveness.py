"""How well rules work: what each did over many audits, and what that proposes. A person decides.

Everything is counted from records of audits and from what officers reported about them; nothing is measured
again. A proposal never changes a rule: it names one that is worth a look, with the numbers that say so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median, quantiles

from checks.model import Measure
from frameworks.history import Stood, repairs
from frameworks.model import Basis, Criterion, Finding, Framework, Requirement, State, Verdict, worst

VULNERABLE = "inclusion"
"""The principle whose items are not retired without hearing the people they are for."""
DECIDED = (Verdict.MET, Verdict.NOT_MET)


class Kind(StrEnum):
    """What an officer reports about a requirement of one audit."""

    HARM_AFTER_PASS = "harm_after_pass"  # noqa: S105 - no secret
    """Harm was confirmed although the requirement was met."""
    HARM_PREVENTED = "harm_prevented"
    """What was not met was a true fault, found before it did harm."""
    FALSE_ALARM = "false_alarm"
    """What was not met turned out to be no fault."""
    DISPUTE = "dispute"
    """Somebody objected to the verdict."""


class Change(StrEnum):
    """What may be worth doing to a rule."""

    TIGHTEN = "tighten"
    RECALIBRATE = "recalibrate"
    CLARIFY = "clarify"
    RETIRE = "merge or retire"


@dataclass(frozen=True, slots=True)
class Report:
    """What an officer reported."""

    requirement: str
    kind: Kind
    note: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One audit, judged by the rules in question."""

    system: str
    day: dt.date
    findings: Sequence[Finding]
    reports: Sequence[Report] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """From which numbers on a change is proposed. Shares are held against the near end of their interval."""

    minimum_audits: int = 20
    """Below this many audits nothing is proposed."""
    fail_rate: float = 0.4
    false_alarm_rate: float = 0.5
    waiver_rate: float = 0.25
    quiet_audits: int = 50
    """So many decided audits without one that was not met."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one requirement did."""

    requirement: str
    title: str
    runs: int
    """Audits in which it was in force and applied."""
    verdicts: Mapping[str, int]
    fail_rate: Measure
    undecided_rate: Measure
    waiver_rate: Measure
    false_alarm_rate: Measure
    """Of what was not met and then looked into by an officer."""
    spread: tuple[float, float, float] | None
    """Lower quartile, median and upper quartile of the number that decided it."""
    days_to_fix: float | None
    """Median days from not met to met, of systems that were audited again."""
    fixed: int
    still_open: int
    """Systems that were not met in their last audit."""
    reports: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule that is worth a look, and why."""

    requirement: str
    title: str
    change: Change
    why: str
    guards: tuple[str, ...]
    """What must be kept or done before it is changed."""


def figures(framework: Framework, audits: Sequence[Seen]) -> tuple[Figures, ...]:
    """Return what each requirement of *framework* did over *audits*, in its order."""
    return tuple(_figures(one, audits) for one in framework.requirements)


def proposals(
    framework: Framework, found: Sequence[Figures], policy: Policy | None = None
) -> tuple[Proposal, ...]:
    """Return what *found* proposes: nothing of a requirement that ran in too few audits."""
    policy = policy or Policy()
    asked = {one.id: one for one in framework.requirements}
    return tuple(
        proposal
        for one in found
        if one.runs >= policy.minimum_audits
        for proposal in _proposals(asked[one.requirement], one, policy)
    )


def _figures(asked: Requirement, audits: Sequence[Seen]) -> Figures:
    judged = [(seen, mine) for seen in audits if (mine := _mine(asked, seen)) is not None]
    verdicts = [(seen, worst([f.verdict for f in mine])) for seen, mine in judged]
    counts = {v.value: sum(one is v for _, one in verdicts) for v in Verdict}
    runs = len(verdicts)
    reports = [r.kind for seen, _ in judged for r in seen.reports if r.requirement == asked.id]
    told = {kind.value: reports.count(kind) for kind in Kind}
    days, still_open = _fixes(verdicts)
    alarms, hits = told[Kind.FALSE_ALARM], told[Kind.HARM_PREVENTED]
    return Figures(
        requirement=asked.id,
        title=asked.title,
        runs=runs,
        verdicts=counts,
        fail_rate=_share("fail_rate", counts["not_met"], counts["not_met"] + counts["met"]),
        undecided_rate=_share("undecided_rate", counts["undecided"], runs),
        waiver_rate=_share("waiver_rate", counts["waived"], runs),
        false_alarm_rate=_share("false_alarm_rate", alarms, alarms + hits),
        spread=_spread([value for _, mine in judged if (value := _value(mine)) is not None]),
        days_to_fix=median(days) if days else None,
        fixed=len(days),
        still_open=still_open,
        reports=told,
    )


def _mine(asked: Requirement, seen: Seen) -> list[Finding] | None:
    found = [f for f in seen.findings if f.requirement == asked.id and f.state is State.IN_FORCE]
    applies = [f for f in found if f.verdict is not Verdict.NOT_APPLICABLE]
    return found if applies else None


def _share(name: str, part: int, whole: int) -> Measure:
    from checks.statistics.intervals import wilson  # which loads scipy: the web process starts without it

    return wilson(name, part, whole, note="no audit is counted there")


def _value(findings: Sequence[Finding]) -> float | None:
    """Return the number of the criterion that gave the verdict."""
    measured = [f for f in findings if f.value is not None]
    return max(measured, key=lambda f: f.verdict.rank).value if measured else None


def _spread(values: Sequence[float]) -> tuple[float, float, float] | None:
    if len(values) < 2:
        return None
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high


def _fixes(verdicts: Sequence[tuple[Seen, Verdict]]) -> tuple[list[int], int]:
    """Return the days from not met to met of each repair, and how many systems stand open."""
    by_system: dict[str, list[Stood]] = {}
    for seen, verdict in verdicts:
        by_system.setdefault(seen.system, []).append(Stood(seen.day, {"": verdict}))
    days = [repair.days for history in by_system.values() for repair in repairs(history)]
    return [one for one in days if one is not None], days.count(None)


def _proposals(asked: Requirement, one: Figures, policy: Policy) -> Iterator[Proposal]:
    def propose(change: Change, why: str, *guards: str) -> Proposal:
        return Proposal(asked.id, asked.title, change, why, guards)

    harm = one.reports[Kind.HARM_AFTER_PASS]
    if harm:
        yield propose(Change.TIGHTEN, f"harm was confirmed {_times(harm)} although it was met")
    alarms = one.false_alarm_rate
    if (
        _over(one.fail_rate, policy.fail_rate)
        and not one.reports[Kind.HARM_PREVENTED]
        and _over(alarms, policy.false_alarm_rate)
    ):
        why = (
            f"it is not met in {_per_hundred(one.fail_rate)} of every hundred audits, no report says that "
            f"this prevented harm, and {one.reports[Kind.FALSE_ALARM]} say that it was a false alarm"
        )
        yield propose(Change.RECALIBRATE, why, *_legal(asked))
    decided = sum(one.verdicts[verdict] for verdict in DECIDED)
    if decided >= policy.quiet_audits and not one.verdicts["not_met"] and not harm:
        why = f"none of {decided} decided audits was not met"
        hear = ("hear the people whom it is for before it is retired",)
        guards = hear if asked.principle == VULNERABLE else ()
        yield propose(Change.RETIRE, why, *_legal(asked), *guards)
    if _over(one.waiver_rate, policy.waiver_rate):
        why = f"it is waived in {_per_hundred(one.waiver_rate)} of every hundred audits"
        yield propose(Change.CLARIFY, why)


def _over(share: Measure, limit: float) -> bool:
    """Return whether the whole interval of *share* lies over *limit*."""
    return share.low is not None and share.low > limit


def _per_hundred(share: Measure) -> int:
    return round(100 * (share.value or 0))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _legal(asked: Requirement) -> tuple[str, ...]:
    """Return what a law behind the requirement forbids."""
    if any(_of_law(criterion) for criterion in asked.criteria):
        return ("a number in it is of law and can only be made stricter",)
    return ()


def _of_law(criterion: Criterion) -> bool:
    return any(part.basis is Basis.LAW for part in criterion.parts)

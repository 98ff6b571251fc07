"""How well rules work: what each did over many audits, and what that proposes. A person decides.

Everything is counted from records of audits and from what officers reported about them; nothing is measured
again. A proposal never changes a rule: it names one that is worth a look, with the numbers that say so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median, quantiles

from checks.model import Measure
from frameworks.heard import Concern, Heard, heard
from frameworks.history import PASSED, Stood, repairs
from frameworks.model import Basis, Criterion, Finding, Framework, Requirement, State, Verdict, worst
from frameworks.proposing import GIVEN_UP, Change, Condition, Figure, Policy

VULNERABLE = "inclusion"
"""The principle whose items are not retired without hearing the people they are for."""
DECIDED = (*PASSED, Verdict.NOT_MET)
"""A requirement that also asks a person something is never met: at best a person attests the rest."""


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
    concerns: Sequence[Concern] = ()
    """What the public sent about the published audit, each with the id of the requirement that it names."""


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
    """Median days from not met to met or attested, of systems that were audited again."""
    fixed: int
    still_open: int
    """Systems that were not met in their last audit."""
    reports: Mapping[str, int]
    heard: Heard
    """Questions and objections of the public that name the requirement."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule that is worth a look, and why."""

    requirement: str
    title: str
    change: Change
    why: str
    guards: tuple[str, ...]
    """What must be kept or done before it is changed."""
    by: str
    """Whose rule proposes it: a rule file, or this project."""


def figures(framework: Framework, audits: Sequence[Seen]) -> tuple[Figures, ...]:
    """Return what each requirement of *framework* did over *audits*, in its order."""
    return tuple(_figures(one, audits) for one in framework.requirements)


def proposals(
    framework: Framework, found: Sequence[Figures], policy: Policy | None = None
) -> tuple[Proposal, ...]:
    """Return what *found* proposes: nothing of a requirement that ran in too few audits."""
    policy = policy or framework.effectiveness
    asked = {one.id: one for one in framework.requirements}
    return tuple(
        proposal
        for one in found
        if one.runs >= policy.audits
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
        fail_rate=_share("fail_rate", counts["not_met"], sum(counts[one] for one in DECIDED)),
        undecided_rate=_share("undecided_rate", counts["undecided"], runs),
        waiver_rate=_share("waiver_rate", counts["waived"], runs),
        false_alarm_rate=_share("false_alarm_rate", alarms, alarms + hits),
        spread=_spread([value for _, mine in judged if (value := _value(mine)) is not None]),
        days_to_fix=median(days) if days else None,
        fixed=len(days),
        still_open=still_open,
        reports=told,
        heard=heard([c for seen, _ in judged for c in seen.concerns if c.requirement == asked.id]),
    )


def _mine(asked: Requirement, seen: Seen) -> list[Finding] | None:
    found = [f for f in seen.findings if f.requirement == asked.id and f.state is State.IN_FORCE]
    applies = [f for f in found if f.verdict is not Verdict.NOT_APPLICABLE]
    return found if applies else None


def _share(name: str, part: int, whole: int) -> Measure:
    from checks.statistics.intervals import wilson  # which loads scipy: the web process starts without it

    return wilson(name, part, whole, note=None if whole else "no audit is counted there")


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
    """Propose each change once, with what the first trigger of it says."""
    seen = set()
    for trigger in policy.proposals:
        if trigger.change in seen or not all(_holds(condition, one) for condition in trigger.when):
            continue
        seen.add(trigger.change)
        why = joined(dict.fromkeys(_said(condition.figure, one) for condition in trigger.when))
        ground = trigger.ground
        by = f"{ground.framework} {ground.version}" if ground else SUGGESTION
        yield Proposal(asked.id, asked.title, trigger.change, why, _guards(asked, trigger.change), by)


def _holds(condition: Condition, one: Figures) -> bool:
    """Return whether the figure lies on the right side, a share with its whole interval."""
    figure = _figure(condition.figure, one)
    if isinstance(figure, Measure):
        return figure.low is not None and figure.high is not None and condition.holds(figure.low, figure.high)
    return figure is not None and condition.holds(figure, figure)


def _figure(name: Figure, one: Figures) -> Measure | float | None:
    match name:
        case Figure.DECIDED:
            return sum(one.verdicts[verdict] for verdict in DECIDED)
        case Figure.NOT_MET:
            return one.verdicts[Verdict.NOT_MET]
        case _:
            found: Measure | float | None = one.reports.get(name.value)
            return getattr(one, name.value) if found is None else found


def _said(name: Figure, one: Figures) -> str:
    """Tell a figure in words."""
    figure = _figure(name, one)
    if isinstance(figure, Measure):
        whole = round(figure.n or 0)
        return _SHARES[name].format(part=round((figure.value or 0) * whole), whole=whole)
    none, once, often = _COUNTS[name]
    count = figure or 0
    return none if not count else once if count == 1 else often.format(n=f"{count:g}")


SUGGESTION = "a suggestion of this project"
_SHARES: Mapping[Figure, str] = {
    Figure.FAIL_RATE: "it is not met in {part} of {whole} audits that decide it",
    Figure.UNDECIDED_RATE: "it is undecided in {part} of {whole} audits",
    Figure.WAIVER_RATE: "it is waived in {part} of {whole} audits",
    Figure.FALSE_ALARM_RATE: "{part} of {whole} that were looked into were false alarms",
}
_COUNTS: Mapping[Figure, tuple[str, str, str]] = {
    Figure.DECIDED: ("no audit decided it", "one audit decided it", "{n} audits decided it"),
    Figure.NOT_MET: ("it was never found not met", "it was not met once", "it was not met {n} times"),
    Figure.HARM_AFTER_PASS: (
        "no harm was confirmed after it was met",
        "harm was confirmed once although it was met",
        "harm was confirmed {n} times although it was met",
    ),
    Figure.HARM_PREVENTED: (
        "no report says that it prevented harm",
        "one report says that it prevented harm",
        "{n} reports say that it prevented harm",
    ),
    Figure.FALSE_ALARM: (
        "no report says that it was a false alarm",
        "one report says that it was a false alarm",
        "{n} reports say that it was a false alarm",
    ),
    Figure.DISPUTE: ("nobody objected", "one objection was made", "{n} objections were made"),
    Figure.DAYS_TO_FIX: (
        "repairs take no day",
        "half of the repairs take a day or more",
        "half of the repairs take {n} days or more",
    ),
    Figure.STILL_OPEN: ("it stands open nowhere", "it stands open in one system", "{n} systems stand open"),
}
"""Counts in words: of none, of one, of more."""


def joined(parts: Iterable[str]) -> str:
    """Join sentences: a, b and c."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _guards(asked: Requirement, change: Change) -> tuple[str, ...]:
    """Return what must be kept or done before *asked* is changed."""
    eases = change is Change.RECALIBRATE or change in GIVEN_UP
    hear = ("hear the people whom it is for before it is retired",)
    return (
        *(_legal(asked) if eases else ()),
        *(hear if change in GIVEN_UP and asked.principle == VULNERABLE else ()),
    )


def _legal(asked: Requirement) -> tuple[str, ...]:
    """Return what a law behind the requirement forbids."""
    if any(_of_law(criterion) for criterion in asked.criteria):
        return ("a number in it is of law and can only be made stricter",)
    return ()


def _of_law(criterion: Criterion) -> bool:
    return any(part.basis is Basis.LAW for part in criterion.parts)

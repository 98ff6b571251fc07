"""Judge evidence by a framework: a pure function of the framework, the evidence and the facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.model import Evidence
from frameworks.attest import attest
from frameworks.decide import LEVEL, holm
from frameworks.groups import uncompared, unseen
from frameworks.layers import on_day
from frameworks.match import Records, match
from frameworks.model import Criterion, Facts, Finding, Framework, Requirement, State, Verdict
from frameworks.resolve import out_of_force, out_of_scope, state
from frameworks.sandboxes import Standing, defer, may_defer, puts_off, standing
from frameworks.summary import summarise, worst_findings
from frameworks.waivers import waive
from frameworks.weigh import Judged, weigh

__all__ = ["judge", "summarise", "worst_findings"]

_ROUNDING = 1e-9
"""A p-value of exactly 0.025 must not tip over by the last bit of a logarithm."""


def judge(framework: Framework, evidence: Sequence[Evidence], facts: Facts) -> tuple[Finding, ...]:
    """Return one finding per criterion of *framework*, in its order.

    Nothing but the arguments enters, so an old audit can be judged again by a new rule or another day. An
    overlay is read as it stands on that day.
    """
    framework = on_day(framework, facts.as_of)
    records = Records(evidence)
    return tuple(
        finding
        for requirement in framework.requirements
        for finding in _requirement(framework, requirement, records, facts)
    )


def trial(framework: Framework, evidence: Sequence[Evidence], facts: Facts) -> Standing | None:
    """Return where the declared sandbox stands by *framework*; None without one."""
    return _trial(framework, Records(evidence), facts)


def _trial(framework: Framework, records: Records, facts: Facts) -> Standing | None:
    if facts.sandbox is None:
        return None
    return standing(facts.sandbox, framework.sandbox, records, facts.as_of)


def _requirement(
    framework: Framework, requirement: Requirement, records: Records, facts: Facts
) -> Iterator[Finding]:
    where = state(framework, requirement, facts.as_of)
    if where is State.IN_FORCE:
        excused = out_of_scope(requirement, facts)
    else:
        excused = out_of_force(framework, requirement, where)
    if excused is None:
        decided = _decided(framework, requirement, records, facts)
    else:
        decided = [Judged(c.parts[0], Verdict.NOT_APPLICABLE, excused) for c in requirement.criteria]
    trial_of_it = facts.sandbox if puts_off(facts.sandbox, framework, requirement) else None
    stands = _trial(framework, records, facts) if trial_of_it else None
    for criterion, judged in zip(requirement.criteria, decided, strict=True):
        finding = _finding(framework, requirement, criterion, where, judged)
        if trial_of_it is not None and stands is not None:
            finding = defer(finding, stands, allowed=may_defer(trial_of_it, framework, requirement))
        yield waive(finding, framework, requirement, facts.waivers, facts.as_of)


def _decided(framework: Framework, requirement: Requirement, records: Records, facts: Facts) -> list[Judged]:
    """Return what decides each criterion, after correction for how many numbers were looked at."""
    criteria = [
        [list(_part(framework, part, records, facts)) for part in criterion.parts]
        for criterion in requirement.criteria
    ]
    tested = [one for parts in criteria for part in parts for one in part if one.p_raw is not None]
    adjusted = holm([one.p_raw for one in tested if one.p_raw is not None])
    corrected = {id(one): _corrected(one, p) for one, p in zip(tested, adjusted, strict=True)}
    decided = []
    for criterion, parts in zip(requirement.criteria, criteria, strict=True):
        worst = [max((corrected.get(id(one), one) for one in part), key=lambda j: j.order) for part in parts]
        decided.append(_reviewed(requirement, _combined(criterion, worst)))
    return decided


def _part(framework: Framework, part: Criterion, records: Records, facts: Facts) -> Iterator[Judged]:
    """Judge every number that one part of a criterion asks for, or its attestation."""
    if part.tasks and facts.task not in part.tasks:
        tasks = " or ".join(sorted(part.tasks))
        yield Judged(part, Verdict.NOT_APPLICABLE, f"Asked only where the task is {tasks}.")
    elif part.attested is not None:
        verdict, reason, declared = attest(part, facts)
        yield Judged(part, verdict, reason, attestation=declared)
    else:
        matched = match(part, records)
        yield from weigh(part, matched)
        of_rules = unseen(framework.groups, part, matched)
        for reason in (*of_rules, *uncompared(facts.uncompared, part, matched)):
            yield Judged(part, Verdict.UNDECIDED, reason)


def _corrected(judged: Judged, p_holm: float) -> Judged:
    """Let *not met* stand only where it survives the number of comparisons in the requirement."""
    judged = replace(judged, p_holm=p_holm)
    if judged.verdict is Verdict.NOT_MET and p_holm > LEVEL * (1 + _ROUNDING):
        return replace(
            judged,
            verdict=Verdict.UNDECIDED,
            reason=f"{judged.reason.removesuffix('.')} when seen alone, but among all the numbers of this "
            "requirement it is not shown to: that may be chance; more data could decide it.",
        )
    return judged


def _combined(criterion: Criterion, worst: list[Judged]) -> Judged:
    """Return the part that decides a criterion; parts that do not apply are left out."""
    fitting = [one for one in worst if one.verdict is not Verdict.NOT_APPLICABLE]
    if not fitting:
        return worst[0]
    decides = min if criterion.any_of else max
    deciding = decides(fitting, key=lambda one: one.order)
    if len(worst) == 1:
        return deciding
    return replace(deciding, reason=f"Decided by `{deciding.part.id}`. {deciding.reason}")


def _reviewed(requirement: Requirement, judged: Judged) -> Judged:
    """Rest no verdict on a clause that nobody has read."""
    if requirement.review is None or judged.verdict not in (Verdict.MET, Verdict.NOT_MET):
        return judged
    reason = (
        "Source not verified: the clause is known from memory only, so nothing is met or not met by it "
        f"until somebody records having read it. {judged.reason}"
    )
    return replace(judged, verdict=Verdict.UNDECIDED, reason=reason)


def _finding(
    framework: Framework, requirement: Requirement, criterion: Criterion, where: State, judged: Judged
) -> Finding:
    part, measured = judged.part, judged.measured
    return Finding(
        framework=framework.id,
        requirement=requirement.id,
        criterion=criterion.id,
        verdict=judged.verdict,
        state=where,
        severity=requirement.severity.value,
        principle=requirement.principle,
        title=requirement.title,
        of=dict(measured.of) if measured else {},
        measure=part.measure,
        value=measured.value if measured else None,
        low=measured.low if measured else None,
        high=measured.high if measured else None,
        n=measured.n if measured else None,
        kind=measured.kind.value if measured else None,
        unit=measured.unit if measured else None,
        bound=part.bound.as_dict() if part.bound else {},
        decide=part.bound.decide.value if part.bound else None,
        basis=part.basis.value,
        basis_source=part.basis_source,
        reason=judged.reason,
        p_raw=judged.p_raw,
        p_holm=judged.p_holm,
        people=judged.people,
        attestation=judged.attestation,
        clause=requirement.source.clause,
        verified=requirement.source.verified,
    )

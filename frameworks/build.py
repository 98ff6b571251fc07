"""Turn the checked shape of a framework file into the nouns of judging."""

from __future__ import annotations

from types import MappingProxyType

from frameworks.model import Applies, Basis, Bound, Criterion, Decide, Framework, Requirement, Source, Verdict
from frameworks.shape import CriterionShape, FrameworkShape, RequirementShape


def criterion_id(shape: CriterionShape) -> str:
    """Return what a criterion is known by: its own id, else its measure or answer."""
    return shape.id or shape.measure or f"attested:{shape.attested}"


def framework(shape: FrameworkShape, digest: str) -> Framework:
    """Return the framework that a whole file says."""
    return Framework(
        id=shape.id,
        title=shape.title,
        version=shape.version,
        force=shape.force,
        jurisdiction=shape.jurisdiction,
        requirements=tuple(requirement(one, shape.id) for one in shape.requirements),
        digest=digest,
        issuer=shape.issuer,
        url=shape.url,
        scope=shape.scope,
        start=shape.start,
        end=shape.end,
        review_by=shape.review_by,
        notes=shape.notes,
        tiers=MappingProxyType({str(tier): rule for tier, rule in shape.tiers.items()}),
        conditions=MappingProxyType(dict(shape.conditions)),
        language=shape.language,
    )


def requirement(shape: RequirementShape, framework: str) -> Requirement:
    """Return one requirement, first written in *framework*."""
    applies = shape.applies
    return Requirement(
        id=shape.id,
        title=shape.title,
        text=shape.text,
        principle=shape.principle,
        severity=shape.severity,
        source=Source(shape.source.clause, shape.source.framework, shape.source.verified),
        applies=Applies(
            tiers=applies.tiers,
            tasks=frozenset(str(task) for task in applies.tasks),
            when=applies.when,
            start=applies.start,
            end=applies.end,
            superseded_by=applies.superseded_by,
        ),
        criteria=tuple(_criterion(criterion) for criterion in shape.criteria),
        review=shape.review,
        origin=f"{framework}:{shape.id}",
        controls=shape.controls,
        replaced_by=shape.replaced_by,
    )


def _criterion(shape: CriterionShape) -> Criterion:
    return Criterion(
        id=criterion_id(shape),
        measure=shape.measure,
        bound=_bound(shape),
        of=MappingProxyType({key: str(value) for key, value in shape.of.items()}),
        parameters=MappingProxyType(dict(shape.parameters)),
        attested=shape.attested,
        question=shape.question,
        missing=Verdict(shape.missing or Verdict.UNDECIDED),
        any_of=tuple(_criterion(part) for part in shape.any_of),
        all_of=tuple(_criterion(part) for part in shape.all_of),
        tasks=frozenset(str(task) for task in shape.tasks),
        basis=shape.basis or Basis.NONE,
        basis_source=shape.basis_source,
    )


def _bound(shape: CriterionShape) -> Bound | None:
    if not shape.operators:
        return None
    operator = shape.operators[0]
    limit = None if operator == "reported" else float(getattr(shape, operator))
    return Bound(operator, limit, shape.decide or Decide.INTERVAL)

"""Read framework files strictly: whatever is odd is refused with its file, its line and the fix."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import rfc8785
from pydantic import BaseModel, ValidationError

from frameworks.measures import HERE, Nameable, explain_unknown, measures
from frameworks.model import Applies, Basis, Bound, Criterion, Decide, Framework, Requirement, Source, Verdict
from frameworks.shape import (
    AppliesShape,
    CriterionShape,
    FrameworkShape,
    RequirementShape,
    SourceShape,
)
from frameworks.source import LoadError, Parsed, parse

__all__ = ["LoadError", "load", "packs"]

_OVERLAY = ("extends", "overrides", "combine", "floors", "adds", "waivers")
_OF_KEYS = ("attribute", "group", "feature", "class", "average", "model", "reference", "attack", "case",
            "column", "table", "depth")  # fmt: skip
_SHAPES: Mapping[str, type[BaseModel]] = {
    "requirements": RequirementShape,
    "criteria": CriterionShape,
    "any_of": CriterionShape,
    "all_of": CriterionShape,
    "source": SourceShape,
    "applies": AppliesShape,
}


@cache
def packs() -> Mapping[str, Framework]:
    """Return every bundled framework by id, in id order."""
    found = (load(path) for path in sorted((HERE / "packs").glob("*.yaml")))
    return MappingProxyType({framework.id: framework for framework in found})


def load(source: Path | str | bytes, name: str | None = None) -> Framework:
    """Read one framework from a path or its bytes; raise `LoadError` naming *name* or the path."""
    if isinstance(source, bytes):
        content, file = source, name or "framework.yaml"
    else:
        file = name or Path(source).name
        try:
            content = Path(source).read_bytes()
        except OSError as why:
            raise LoadError(file, 1, f"the file cannot be read ({why.strerror}); check its path.") from None
    parsed = parse(content, file)
    _refuse_other_kinds(parsed)
    try:
        shape = FrameworkShape.model_validate(parsed.data)
    except ValidationError as invalid:
        raise _first_refusal(parsed, [dict(error) for error in invalid.errors()]) from None
    _cross_check(shape, parsed)
    digest = hashlib.sha256(rfc8785.dumps(_plain(parsed.data))).hexdigest()
    return _framework(shape, digest)


def _refuse_other_kinds(parsed: Parsed) -> None:
    if not isinstance(parsed.data, dict):
        raise parsed.error((), "a framework is a mapping of keys; start from a bundled pack.")
    for key in (key for key in parsed.data if key in _OVERLAY):
        raise parsed.error(
            (key,),
            f"`{key}` makes this an overlay, which is not read yet; write a whole framework.",
        )


def _first_refusal(parsed: Parsed, errors: Sequence[Mapping[str, Any]]) -> LoadError:
    """Return the refusal of the topmost line; of a part and what it holds, that of what it holds."""
    paths = {tuple(error["loc"]) for error in errors}
    outer = {path[:size] for path in paths for size in range(len(path))}
    refusals = (_refusal(parsed, error) for error in errors if tuple(error["loc"]) not in outer)
    return min(refusals, key=lambda refusal: refusal.line)


def _refusal(parsed: Parsed, error: Mapping[str, Any]) -> LoadError:
    """Turn pydantic's first words into a sentence that names the key and the fix."""
    path = tuple(part for part in error["loc"] if part != "[key]")
    key = next((part for part in reversed(path) if isinstance(part, str)), "the file")
    message = re.sub(r"^(Value|Assertion) error, ", "", str(error["msg"]))
    match error["type"]:
        case "extra_forbidden":
            return parsed.error(path, _unknown_key(path))
        case "too_short":
            return parsed.error(path, f"`{key}` is empty; add at least one.")
        case "missing":
            return parsed.error(path, f"`{key}` is missing; add it.")
        case "value_error":
            return parsed.error(path, f"{message}.")
        case "string_type":
            return parsed.error(path, f"`{key}` is not text; put it in quotes.")
        case "literal_error" | "enum":
            return parsed.error(path, f"`{error['input']}` is not a value of `{key}`; {_lower(message)}.")
        case "string_pattern_mismatch":
            return parsed.error(
                path,
                f"`{error['input']}` is not a name; use letters, digits and `-`, as in `notice-text`.",
            )
        case _:
            return parsed.error(path, f"`{key}` is not accepted: {_lower(message)}; correct it.")


def _unknown_key(path: tuple[str | int, ...]) -> str:
    """Name an unknown key, and the nearest that would be read in its place."""
    parent = next((part for part in reversed(path[:-1]) if isinstance(part, str)), None)
    shape = _SHAPES.get(parent, FrameworkShape) if parent else FrameworkShape
    known = [field.alias or name for name, field in shape.model_fields.items()]
    near = get_close_matches(str(path[-1]), known, n=1)
    advice = f"did you mean `{near[0]}`?" if near else f"remove it, or use one of {', '.join(sorted(known))}."
    return f"`{path[-1]}` is not a key here; {advice}"


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _cross_check(shape: FrameworkShape, parsed: Parsed) -> None:
    """Check what one part of the file says about another, and about measures.yaml."""
    seen: set[str] = set()
    questions: dict[str, str] = {}
    for i, requirement in enumerate(shape.requirements):
        at: tuple[str | int, ...] = ("requirements", i)
        if requirement.id in seen:
            raise parsed.error((*at, "id"), f"the id `{requirement.id}` stands twice; give one another id.")
        seen.add(requirement.id)
        for j, condition in enumerate(requirement.applies.when):
            if condition not in shape.conditions:
                near = get_close_matches(condition, shape.conditions, n=1)
                advice = f"did you mean `{near[0]}`?" if near else "add it there with its sentence."
                raise parsed.error(
                    (*at, "applies", "when", j), f"`{condition}` is not among `conditions`; {advice}"
                )
        _refuse_twins(requirement, at, parsed)
        for path, part in _parts(requirement, at):
            if part.measure:
                _check_measure(part, path, parsed)
            elif part.attested and questions.setdefault(part.attested, part.question or "") != part.question:
                raise parsed.error(
                    (*path, "question"),
                    f"`{part.attested}` asks another question elsewhere in this file; choose another key.",
                )


def _refuse_twins(requirement: RequirementShape, at: tuple[str | int, ...], parsed: Parsed) -> None:
    ids = Counter(_criterion_id(criterion) for criterion in requirement.criteria)
    for j, criterion in enumerate(requirement.criteria):
        name = _criterion_id(criterion)
        if ids[name] > 1 and criterion.id is None:
            raise parsed.error(
                (*at, "criteria", j),
                f"two criteria of {requirement.id} are called `{name}`; give one an `id`.",
            )
    twice = [name for name, count in ids.items() if count > 1]
    if twice:
        raise parsed.error(
            (*at, "criteria"), f"two criteria of {requirement.id} are called `{twice[0]}`; rename one."
        )


def _parts(
    requirement: RequirementShape, at: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], CriterionShape]]:
    for j, criterion in enumerate(requirement.criteria):
        here = (*at, "criteria", j)
        for way in ("any_of", "all_of"):
            for n, part in enumerate(getattr(criterion, way)):
                yield (*here, way, n), part
        if not (criterion.any_of or criterion.all_of):
            yield here, criterion


def _check_measure(part: CriterionShape, path: tuple[str | int, ...], parsed: Parsed) -> None:
    assert part.measure
    measure: Nameable | None = measures().get(part.measure)
    if measure is None:
        raise parsed.error((*path, "measure"), explain_unknown(part.measure))
    if part.equals is not None and not measure.exact:
        raise parsed.error(
            (*path, "equals"),
            f"`{measure.path}` is an estimate, which never equals a number; use `at_least` or `at_most`.",
        )
    for key in part.of:
        if key not in _OF_KEYS:
            near = get_close_matches(key, _OF_KEYS, n=1)
            advice = f"did you mean `{near[0]}`?" if near else f"use one of {', '.join(_OF_KEYS)}."
            raise parsed.error((*path, "of", key), f"`{key}` is not a key of `of`; {advice}")
    depth = part.of.get("depth")
    if depth is not None and (depth not in (1, 2, 3) or "attribute" not in measure.of):
        raise parsed.error(
            (*path, "of", "depth"), "`depth` is 1, 2 or 3, for measures of attributes; correct or remove it."
        )
    for key in part.parameters:
        if key not in measure.parameters:
            allowed = ", ".join(sorted(measure.parameters)) or "none"
            raise parsed.error(
                (*path, "parameters", key),
                f"`{measure.check}` has no parameter `{key}` (it has: {allowed}); correct or remove it.",
            )


def _criterion_id(criterion: CriterionShape) -> str:
    return criterion.id or criterion.measure or f"attested:{criterion.attested}"


def _plain(value: Any) -> Any:
    """Return YAML values as JSON ones, so that equal content has one digest."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def _framework(shape: FrameworkShape, digest: str) -> Framework:
    return Framework(
        id=shape.id,
        title=shape.title,
        version=shape.version,
        force=shape.force,
        jurisdiction=shape.jurisdiction,
        requirements=tuple(_requirement(requirement) for requirement in shape.requirements),
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
    )


def _requirement(shape: RequirementShape) -> Requirement:
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
    )


def _criterion(shape: CriterionShape) -> Criterion:
    return Criterion(
        id=_criterion_id(shape),
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

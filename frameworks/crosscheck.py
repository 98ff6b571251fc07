"""Check what one part of a framework file says about another, and about measures.yaml."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches

from frameworks.build import criterion_id
from frameworks.crosswalk import crosswalk
from frameworks.measures import FRACTIONS, MOST_OF_A_PARAMETER, Nameable, explain_unknown, measures
from frameworks.ranges import empty
from frameworks.shape import CriterionShape, RequirementShape
from frameworks.source import Parsed

_OF_KEYS = ("attribute", "group", "feature", "class", "average", "model", "reference", "attack", "case",
            "column", "table", "depth")  # fmt: skip


def cross_check(
    requirements: Sequence[RequirementShape], conditions: Collection[str], parsed: Parsed
) -> None:
    """Refuse what is contradictory in *requirements*, which may name *conditions*."""
    seen: set[str] = set()
    questions: dict[str, str] = {}
    for i, requirement in enumerate(requirements):
        at: tuple[str | int, ...] = ("requirements", i)
        if requirement.id in seen:
            raise parsed.error((*at, "id"), f"the id `{requirement.id}` stands twice; give one another id.")
        seen.add(requirement.id)
        if requirement.replaced_by and requirement.replaced_by not in {r.id for r in requirements}:
            raise parsed.error(
                (*at, "replaced_by"),
                f"this file has no item `{requirement.replaced_by}`; name the one that stands in its place.",
            )
        _check_names(requirement, conditions, at, parsed)
        _refuse_twins(requirement, at, parsed)
        for path, part in _parts(requirement, at):
            if part.measure:
                _check_measure(part, path, parsed)
            elif part.attested and questions.setdefault(part.attested, part.question or "") != part.question:
                raise parsed.error(
                    (*path, "question"),
                    f"`{part.attested}` asks another question elsewhere in this file; choose another key.",
                )


def _check_names(
    requirement: RequirementShape, conditions: Collection[str], at: tuple[str | int, ...], parsed: Parsed
) -> None:
    """Refuse conditions and controls that nobody knows."""
    for j, condition in enumerate(requirement.applies.when):
        if condition not in conditions:
            near = get_close_matches(condition, conditions, n=1)
            advice = f"did you mean `{near[0]}`?" if near else "add it there with its sentence."
            raise parsed.error(
                (*at, "applies", "when", j), f"`{condition}` is not among `conditions`; {advice}"
            )
    for j, control in enumerate(requirement.controls):
        if control not in crosswalk():
            near = get_close_matches(control, crosswalk(), n=1)
            advice = f"did you mean `{near[0]}`?" if near else "name an item of the global baseline."
            raise parsed.error((*at, "controls", j), f"there is no control `{control}`; {advice}")


def _refuse_twins(requirement: RequirementShape, at: tuple[str | int, ...], parsed: Parsed) -> None:
    ids = Counter(criterion_id(criterion) for criterion in requirement.criteria)
    for j, criterion in enumerate(requirement.criteria):
        name = criterion_id(criterion)
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
    _check_numbers(part, measure, path, parsed)


def _check_numbers(
    part: CriterionShape, measure: Nameable, path: tuple[str | int, ...], parsed: Parsed
) -> None:
    """Refuse parameters that its check has not or cannot take, and limits that tell nothing apart."""
    for key in part.parameters:
        if key not in measure.parameters:
            allowed = ", ".join(sorted(measure.parameters)) or "none"
            raise parsed.error(
                (*path, "parameters", key),
                f"`{measure.check}` has no parameter `{key}` (it has: {allowed}); correct or remove it.",
            )
        if (sentence := _odd_parameter(key, part.parameters[key])) is not None:
            raise parsed.error((*path, "parameters", key), sentence)
    for operator in part.operators:
        limit = getattr(part, operator)
        if flaw := empty(measure.path, {operator: limit}):
            raise parsed.error((*path, operator), flaw)


def _odd_parameter(key: str, value: float | str) -> str | None:
    """Say what is wrong with the value of a parameter; all of them are numbers."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if key in FRACTIONS:
        fits = number and 0 <= float(value) <= MOST_OF_A_PARAMETER
        return None if fits else f"`{key}` is a number from 0 on; write one such as 0.5."
    fits = number and isinstance(value, int) and 1 <= value <= MOST_OF_A_PARAMETER
    return None if fits else f"`{key}` is a whole number from 1 on; write one such as 30."

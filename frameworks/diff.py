"""What one rule set asks that another does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from frameworks import policies
from frameworks.model import Applies, Criterion, Framework, Requirement
from frameworks.strict import spelt


@dataclass(frozen=True, slots=True)
class Difference:
    """One item, or one thing in it, that is not alike in both."""

    requirement: str
    title: str
    criterion: str | None
    """None where it is about the whole requirement."""
    old: str | None
    """As a file spells it; None where the first rule set has nothing there."""
    new: str | None
    """None where the second one has nothing there."""


def differences(old: Framework, new: Framework) -> tuple[Difference, ...]:
    """Return what must change in *old* to ask what *new* asks; texts and sources aside."""
    return tuple(_all(old, new))


def _all(old: Framework, new: Framework) -> Iterator[Difference]:
    before = {requirement.id: requirement for requirement in old.requirements}
    after = {requirement.id: requirement for requirement in new.requirements}
    for id_ in [*before, *(id_ for id_ in after if id_ not in before)]:
        one, other = before.get(id_), after.get(id_)
        if one is None or other is None:
            known = one or other
            assert known
            yield Difference(id_, known.title, None, "asked" if one else None, "asked" if other else None)
        else:
            yield from _of(one, other)
    yield from _policies(old, new)
    groups = ({g.id: g for g in old.groups}, {g.id: g for g in new.groups})
    for id_ in sorted({*groups[0], *groups[1]}):
        said = tuple(_group(side[id_]) if id_ in side else None for side in groups)
        if said[0] != said[1]:
            yield Difference(id_, "a named group", None, *said)


def _policies(old: Framework, new: Framework) -> Iterator[Difference]:
    """Compare what both allow of waivers and trials, and what they propose changes on."""
    for name, rules in policies.of(old).items():
        for key in (key for key in type(rules).__slots__ if key != "grounds"):
            said = tuple(
                policies.spelt(key, getattr(side[name], key)) for side in map(policies.of, (old, new))
            )
            if said[0] != said[1]:
                yield Difference(name, policies.TITLES[name], key, *said)


def _of(one: Requirement, other: Requirement) -> Iterator[Difference]:
    mine, theirs = _whole(one), _whole(other)
    for name in mine:
        if mine[name] != theirs[name]:
            yield Difference(one.id, one.title, None, mine[name], theirs[name])
    parts = (_parts(one), _parts(other))
    for id_ in [*parts[0], *(id_ for id_ in parts[1] if id_ not in parts[0])]:
        said = tuple(side.get(id_) for side in parts)
        if said[0] != said[1]:
            yield Difference(one.id, one.title, id_, *said)


def _whole(requirement: Requirement) -> Mapping[str, str]:
    applies: Applies = requirement.applies
    values: dict[str, Any] = {
        "severity": requirement.severity.value,
        "tiers": list(applies.tiers),
        "tasks": sorted(applies.tasks),
        "when": list(applies.when),
        "from": str(applies.start or "always"),
        "until": str(applies.end or "further notice"),
        "kept": requirement.locked,
    }
    return {name: spelt({name: value}).strip("`") for name, value in values.items()}


def _parts(requirement: Requirement) -> dict[str, str]:
    return {part.id: _asked(part) for criterion in requirement.criteria for part in criterion.parts}


def _asked(part: Criterion) -> str:
    if part.bound is None:
        return f"attested, without it {part.missing.value.replace('_', ' ')}"
    narrowed = "".join(f", {key} {value}" for key, value in {**part.of, **part.parameters}.items())
    return f"{spelt(part.bound.as_dict()).strip('`')} by {part.bound.decide.value}{narrowed}"


def _group(group: Any) -> str:
    limits = [f"at least {group.at_least:g}"] if group.at_least is not None else []
    limits += [f"below {group.below:g}"] if group.below is not None else []
    return f"{' or '.join(group.attributes)}: {', '.join(group.values) or ' and '.join(limits)}"

"""What an overlay asks on a day: its parents, changed while it is in force, and never nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from frameworks import policies
from frameworks.model import (
    OPERATORS,
    Bound,
    Change,
    Criterion,
    Framework,
    Layer,
    Override,
    Requirement,
    Severity,
    Verdict,
)
from frameworks.ranges import empty
from frameworks.strict import Differs, spelt, stricter, union

REPLACEABLE = ("project-suggestion", "accepted-practice", "local-choice", "none")
"""Bases of numbers that an overlay may replace; a law, a guideline or a standard is tightened or kept."""


class Unfit(Exception):
    """An override does not fit what its parents ask; `key` is the part of it that is wrong."""

    def __init__(self, key: str, sentence: str) -> None:
        self.key = key
        super().__init__(sentence)


def on_day(framework: Framework, day: dt.date) -> Framework:
    """Return what *framework* asks on *day*: before an overlay begins and past its sunset, as its parents do.

    The items are always the same, by id: what an overlay added stays, as not yet in force or sunset.
    """
    layer = framework.layer
    if layer is None:
        return framework
    parents = tuple(on_day(parent, day) for parent in layer.parents)
    lapsed = _lapsed(framework, day)
    overrides = () if lapsed else layer.overrides
    requirements = _changed(union(_dated(parents), strictly=layer.strictest), overrides, framework)
    return replace(
        framework,
        requirements=(*requirements, *_added(framework, layer.adds)),
        groups=_groups(parents, () if lapsed else _own_groups(framework)),
        lapsed=lapsed,
        **policies.laid(policies.inherited(parents), {} if lapsed else layer.policies),
    )


def resolved(framework: Framework, layer: Layer, refuse: Callable[[int, Unfit], None]) -> Framework:
    """Return an overlay as it stands while all of its layers are in force.

    *framework* carries its own texts, dates and groups. Each override that does not fit goes to *refuse* with
    its place. Raises `Differs` where the parents clash.
    """
    items = {r.id: r for r in union(_dated(layer.parents), strictly=layer.strictest)}
    for place, override in enumerate(layer.overrides):
        try:
            _check(items, override)
            items[override.target] = _applied(items[override.target], override, framework)
        except Unfit as unfit:
            refuse(place, unfit)
    conditions = {k: v for parent in reversed(layer.parents) for k, v in parent.conditions.items()}
    return replace(
        framework,
        requirements=(*items.values(), *_added(framework, layer.adds)),
        conditions=MappingProxyType({**conditions, **framework.conditions}),
        tiers=MappingProxyType({k: v for p in reversed(layer.parents) for k, v in p.tiers.items()}),
        groups=_groups(layer.parents, framework.groups),
        layer=layer,
        **policies.laid(policies.inherited(layer.parents), layer.policies),
    )


def _own_groups(framework: Framework) -> tuple[Any, ...]:
    assert framework.layer
    theirs = {group.id for parent in framework.layer.parents for group in parent.groups}
    return tuple(group for group in framework.groups if group.id not in theirs)


def _groups(parents: Sequence[Framework], own: tuple[Any, ...]) -> tuple[Any, ...]:
    inherited = {group.id: group for parent in parents for group in parent.groups}
    return (*inherited.values(), *own)


def _lapsed(framework: Framework, day: dt.date) -> str | None:
    if framework.begins is not None and day < framework.begins:
        return f"The overlay begins on {framework.begins.isoformat()}; until then its parents hold."
    if framework.sunset is not None and day >= framework.sunset:
        return f"The overlay had its sunset on {framework.sunset.isoformat()}; since then its parents hold."
    return None


def _dated(parents: Sequence[Framework]) -> tuple[Framework, ...]:
    """Let each item carry the dates of its whole framework, which its new home does not have."""
    return tuple(
        replace(parent, requirements=tuple(_within(r, parent.start, parent.end) for r in parent.requirements))
        if parent.layer is None and (parent.start or parent.end)
        else parent
        for parent in parents
    )


def _added(framework: Framework, adds: Sequence[Requirement]) -> tuple[Requirement, ...]:
    return tuple(_within(add, framework.begins, framework.sunset) for add in adds)


def _within(requirement: Requirement, start: dt.date | None, end: dt.date | None) -> Requirement:
    applies = requirement.applies
    starts = [day for day in (applies.start, start) if day]
    ends = [day for day in (applies.end, end) if day]
    last = min(ends, default=None)
    dated = replace(
        applies,
        start=max(starts, default=None),
        end=last,
        superseded_by=applies.superseded_by if last == applies.end else None,
    )
    return replace(requirement, applies=dated)


def _changed(
    requirements: Sequence[Requirement], overrides: Sequence[Override], by: Framework
) -> tuple[Requirement, ...]:
    """Apply overrides that were checked when the overlay was read; a parent may have lapsed since."""
    items = {requirement.id: requirement for requirement in requirements}
    for override in overrides:
        items[override.target] = _applied(items[override.target], override, by)
    return tuple(items.values())


def _check(items: Mapping[str, Requirement], override: Override) -> None:
    """Refuse an override that does not fit what stands there now."""
    requirement = items.get(override.target)
    if requirement is None:
        near = get_close_matches(override.target, items, n=1)
        advice = f"did you mean `{near[0]}`?" if near else "name an item that a parent has."
        raise Unfit("target", f"no parent has an item `{override.target}`; {advice}")
    if requirement.replaced_by:
        raise Unfit(
            "target", f"`{override.target}` was replaced; change `{requirement.replaced_by}` instead."
        )
    if requirement.locked:
        raise Unfit("target", f"`{override.target}` is kept as it is by a parent; remove this override.")
    stands = _stands(requirement, override)
    if override.old is not None and stands != override.old:
        raise Unfit(
            "from",
            f"`from` says {spelt(override.old)}, but {override.target} has {spelt(stands)} now; read it "
            "again and write what stands there.",
        )
    if override.mode == "tighten":
        _check_tighter(requirement, override, stands)
    elif override.mode == "widen":
        _check_wider(override, stands)
    elif override.mode == "replace":
        _check_replaced(_criterion(requirement, override), override)


def _stands(requirement: Requirement, override: Override) -> Mapping[str, Any]:
    """Return what stands now where *override* wants to change something, spelt as a file spells it."""
    name = next(iter(override.old or {}), "severity")
    applies = requirement.applies
    if name in OPERATORS:
        bound = _criterion(requirement, override).bound
        if bound is None:
            raise Unfit("criterion", f"`{override.criterion}` has no bound; name one that has a number.")
        return bound.as_dict()
    if name == "missing":
        return {"missing": _criterion(requirement, override).missing.value}
    return {
        name: {
            "severity": requirement.severity.value,
            "tiers": list(applies.tiers),
            "tasks": sorted(applies.tasks),
            "when": list(applies.when),
        }[name]
    }


def _criterion(requirement: Requirement, override: Override) -> Criterion:
    parts = {part.id: part for criterion in requirement.criteria for part in criterion.parts}
    found = parts.get(override.criterion or "")
    if found is None:
        near = get_close_matches(override.criterion or "", parts, n=1, cutoff=0.3)
        advice = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(sorted(parts))}."
        raise Unfit("criterion", f"`{override.target}` has no criterion `{override.criterion}`; {advice}")
    return found


def _check_tighter(requirement: Requirement, override: Override, stands: Mapping[str, Any]) -> None:
    assert override.new
    ((name, said),) = override.new.items()
    if name == "severity":
        order = [severity.value for severity in Severity]
        fits = order.index(said) < order.index(stands["severity"])
        advice = "write a heavier severity, or remove the override"
    elif name == "missing":
        fits = stands["missing"] == "undecided" and said == "not_met"
        advice = "only `undecided` becomes `not_met`"
    else:
        old = _criterion(requirement, override).bound
        assert old
        new = _bound(override.new, old)
        fits = stricter(new, old)
        advice = _advice(old)
        if fits:
            _check_reach(_criterion(requirement, override), new)
    if not fits:
        raise Unfit("to", f"{spelt(override.new)} is not stricter than {spelt(stands)}; {advice}.")


def _check_replaced(criterion: Criterion, override: Override) -> None:
    """Refuse to replace what rests on law, or to go under it where an overlay below made it stricter."""
    if criterion.basis not in REPLACEABLE:
        raise Unfit(
            "mode",
            f"the number rests on {criterion.basis.value} and is not replaced; `tighten` it, or add a local "
            "item.",
        )
    assert override.new
    if criterion.bound is None:
        return
    new = _bound(override.new, criterion.bound)
    _check_reach(criterion, new)
    if criterion.firm is None:
        return
    if new != criterion.firm and not stricter(new, criterion.firm):
        raise Unfit(
            "to",
            f"{spelt(override.new)} is under {spelt(criterion.firm.as_dict())}, which law, a guideline or a "
            "standard asked before an overlay made it stricter; write that at least.",
        )


def _check_reach(criterion: Criterion, new: Bound) -> None:
    """Refuse a limit that no number can keep, or that every number keeps."""
    if criterion.measure is None or new.limit is None:
        return
    if flaw := empty(criterion.measure, {new.operator: new.limit}):
        raise Unfit("to", flaw)


def _advice(old: Bound) -> str:
    if old.limit is None:
        return "there is no number to tighten: add an item of your own with a limit"
    if old.operator == "equals":
        return "what equals a number has no stricter side: keep it"
    way = "higher" if old.operator in ("at_least", "above") else "lower"
    return (
        f"write a {way} number under `{old.operator}`; nothing is relaxed here: that takes a waiver for one "
        "system, or a new version of the parent"
    )


def _check_wider(override: Override, stands: Mapping[str, Any]) -> None:
    assert override.new
    ((name, said),) = override.new.items()
    was = list(stands[name])
    match name:
        case "tiers":
            fits, advice = len(said) > len(was), "name more tiers"
        case "tasks":
            fits = bool(was) and (not said or set(said) > set(was))
            advice = "name more tasks; [] stands for all"
        case _:
            fits, advice = set(said) < set(was), "name fewer conditions"
    if not fits:
        raise Unfit("to", f"{spelt(override.new)} is not wider than {spelt(stands)}; {advice}.")


def _bound(value: Mapping[str, Any], old: Bound) -> Bound:
    ((operator, limit),) = value.items()
    return Bound(operator, None if operator == "reported" else float(limit), old.decide)


def _applied(requirement: Requirement, override: Override, by: Framework) -> Requirement:
    """Return *requirement* changed; a rule that a lapsed parent no longer holds is never made laxer."""
    change = Change(
        by.id, by.version, override.mode, override.criterion, override.old, override.new, override.reason
    )
    requirement = replace(requirement, changes=(*requirement.changes, change))
    if override.mode == "keep":
        return replace(requirement, locked=True)
    assert override.new
    ((name, said),) = override.new.items()
    applies = requirement.applies
    match name:
        case "severity":
            return replace(requirement, severity=Severity(said))
        case "tiers":
            return replace(requirement, applies=replace(applies, tiers=tuple(said)))
        case "tasks":
            return replace(requirement, applies=replace(applies, tasks=frozenset(said)))
        case "when":
            return replace(requirement, applies=replace(applies, when=tuple(said)))
    criteria = tuple(_with(criterion, override, by) for criterion in requirement.criteria)
    return replace(requirement, criteria=criteria)


def _with(criterion: Criterion, override: Override, by: Framework) -> Criterion:
    if criterion.any_of or criterion.all_of:
        return replace(
            criterion,
            any_of=tuple(_with(part, override, by) for part in criterion.any_of),
            all_of=tuple(_with(part, override, by) for part in criterion.all_of),
        )
    if criterion.id != override.criterion:
        return criterion
    assert override.new
    if "missing" in override.new:
        return replace(criterion, missing=Verdict(override.new["missing"]))
    assert criterion.bound
    source = override.basis_source or f"{by.title} {by.version}: {override.reason}"
    return replace(
        criterion,
        bound=_bound(override.new, criterion.bound),
        basis=override.basis,
        basis_source=source,
        firm=criterion.held_by_source,
    )


__all__ = ["REPLACEABLE", "Differs", "Unfit", "on_day", "resolved"]

"""Which of two rules is the stricter one, and what takes both together asks."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from frameworks.crosswalk import controls_of
from frameworks.model import Applies, Bound, Change, Criterion, Framework, Requirement, Severity, Verdict

_UP = ("at_least", "above")
_DOWN = ("at_most", "below")
_OPEN = ("above", "below")


class Differs(Exception):
    """Two rules about one item cannot be ordered; the sentence says in what they differ."""


def same_way(one: Bound, other: Bound) -> bool:
    """Return whether both bound a number from the same side."""
    return any(one.operator in way and other.operator in way for way in (_UP, _DOWN))


def stricter(new: Bound, old: Bound) -> bool:
    """Return whether *new* lets strictly fewer numbers pass than *old*, from the same side."""
    if not same_way(new, old) or new.limit is None or old.limit is None:
        return False
    if math.isclose(new.limit, old.limit, rel_tol=1e-12, abs_tol=1e-12):
        return new.operator in _OPEN and old.operator not in _OPEN
    return (new.limit > old.limit) == (new.operator in _UP)


def strictest(new: Bound, old: Bound) -> Bound:
    """Return the stricter of two bounds; raise `Differs` where neither is."""
    if new == old or stricter(old, new):
        return old
    if stricter(new, old):
        return new
    raise Differs(f"{spelt(old.as_dict())} and {spelt(new.as_dict())} cannot be ordered")


def spelt(value: Mapping[str, Any]) -> str:
    """Spell what an override names, as a file would: `at_least: 0.8`."""
    ((name, said),) = value.items()
    text = f"[{', '.join(said)}]" if isinstance(said, list | tuple) else _number(said)
    return f"`{name}: {text}`"


def _number(said: Any) -> str:
    return f"{said:g}" if isinstance(said, float) else str(said).lower() if said is True else str(said)


def union(frameworks: Sequence[Framework], *, strictly: bool) -> tuple[Requirement, ...]:
    """Return all that *frameworks* ask, each item once; raise `Differs` where two rules on one item clash.

    With *strictly*, the stricter rule on an item wins, and numbers on the same matter (the same measure, of
    requirements that the crosswalk puts under one control) take the strictest of them.
    """
    items: dict[str, Requirement] = {}
    for framework in frameworks:
        for requirement in framework.requirements:
            known = items.get(requirement.id)
            if known is None or known == requirement:
                items[requirement.id] = requirement
            elif known.origin != requirement.origin:
                first = known.origin.partition(":")[0]
                raise Differs(
                    f"`{requirement.id}` of {framework.id} is another item than that of {first}; extend one "
                    "of the two and judge by the other beside it"
                )
            elif not strictly:
                raise Differs(
                    f"the parents ask different things by `{requirement.id}`; add `combine: strictest`"
                )
            else:
                items[requirement.id] = _merged(known, requirement)
    merged = tuple(items.values())
    return _evened(merged) if strictly and len(frameworks) > 1 else merged


def _merged(one: Requirement, other: Requirement) -> Requirement:
    """Return the item that asks whatever either of two versions of it asks."""
    criteria = {criterion.id: criterion for criterion in one.criteria}
    for criterion in other.criteria:
        known = criteria.get(criterion.id)
        criteria[criterion.id] = criterion if known is None else _merged_criterion(known, criterion)
    heaviest = min(one.severity, other.severity, key=list(Severity).index)
    return replace(
        one,
        severity=heaviest,
        applies=_merged_applies(one.applies, other.applies),
        criteria=tuple(criteria.values()),
        review=one.review and other.review,
        locked=one.locked or other.locked,
        changes=tuple(sorted({repr(c): c for c in (*one.changes, *other.changes)}.values(), key=repr)),
    )


def _merged_criterion(one: Criterion, other: Criterion) -> Criterion:
    parts = {}
    for way in ("any_of", "all_of"):
        mine, theirs = getattr(one, way), getattr(other, way)
        if len(mine) != len(theirs):
            raise Differs(f"`{one.id}` has other parts in each parent")
        parts[way] = tuple(_merged_criterion(a, b) for a, b in zip(mine, theirs, strict=True))
    bound, source = one.bound, one
    if one.bound is not None and other.bound is not None:
        bound = strictest(other.bound, one.bound)
        source = one if bound == one.bound else other
    same = (one.measure, dict(one.of), dict(one.parameters), one.attested, one.tasks)
    if same != (other.measure, dict(other.of), dict(other.parameters), other.attested, other.tasks):
        raise Differs(f"`{one.id}` asks for another number in each parent")
    if one.bound and other.bound and one.bound.decide != other.bound.decide:
        raise Differs(f"`{one.id}` is decided by the interval in one parent and by the point in the other")
    return replace(
        one,
        bound=bound,
        basis=source.basis,
        basis_source=source.basis_source,
        firm=_firmest(one.held_by_source, other.held_by_source),
        missing=max(one.missing, other.missing, key=lambda v: Verdict(v).rank),
        any_of=parts["any_of"],
        all_of=parts["all_of"],
    )


def _firmest(one: Bound | None, other: Bound | None) -> Bound | None:
    return strictest(one, other) if one and other else one or other


def _merged_applies(one: Applies, other: Applies) -> Applies:
    """Return whom either version asks: more tiers, more tasks, fewer conditions, more days."""
    return Applies(
        tiers=max(one.tiers, other.tiers, key=len),
        tasks=one.tasks | other.tasks if one.tasks and other.tasks else frozenset(),
        when=tuple(name for name in one.when if name in other.when),
        start=_day(min, one.start, other.start),
        end=_day(max, one.end, other.end),
        superseded_by=one.superseded_by if one.end and other.end else None,
    )


def _day(
    pick: Callable[[dt.date, dt.date], dt.date], one: dt.date | None, other: dt.date | None
) -> dt.date | None:
    return pick(one, other) if one and other else None


def _evened(requirements: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
    """Let numbers on the same matter take the strictest of them."""
    return tuple(_raised(requirement, requirements) for requirement in requirements)


def _raised(requirement: Requirement, among: Sequence[Requirement]) -> Requirement:
    changes: list[Change] = []
    criteria = tuple(_raised_criterion(c, requirement, among, changes) for c in requirement.criteria)
    if not changes:
        return requirement
    return replace(requirement, criteria=criteria, changes=(*requirement.changes, *changes))


def _raised_criterion(
    criterion: Criterion, of: Requirement, among: Sequence[Requirement], changes: list[Change]
) -> Criterion:
    if criterion.any_of or criterion.all_of:
        return replace(
            criterion,
            any_of=tuple(_raised_criterion(part, of, among, changes) for part in criterion.any_of),
            all_of=tuple(_raised_criterion(part, of, among, changes) for part in criterion.all_of),
        )
    found = criterion
    for other, rival in same_matter(criterion, of, among):
        assert found.bound
        assert rival.bound
        covers = not rival.tasks or bool(found.tasks and rival.tasks >= found.tasks)
        if stricter(rival.bound, found.bound) and covers and not of.locked:
            source = other.origin.replace(":", " ")
            changes.append(
                Change(other.origin.partition(":")[0], "", "strictest", criterion.id,
                       found.bound.as_dict(), rival.bound.as_dict(), f"{source} sets the stricter number")
            )  # fmt: skip
            bound = replace(rival.bound, decide=found.bound.decide)
            told = f"{rival.basis_source or rival.basis} ({source})"
            firm = found.held_by_source
            found = replace(found, bound=bound, basis=rival.basis, basis_source=told, firm=firm)
    return found


def same_matter(
    criterion: Criterion, of: Requirement, among: Sequence[Requirement]
) -> Iterator[tuple[Requirement, Criterion]]:
    """Yield every other number on the measure of *criterion*, of items under one of its controls."""
    if criterion.bound is None or criterion.bound.limit is None:
        return
    mine = controls(of)
    for other in among:
        if other.id == of.id or not mine & controls(other):
            continue
        for rival in (part for one in other.criteria for part in one.parts):
            same = rival.measure == criterion.measure and rival.of == criterion.of
            fits = not (rival.tasks and criterion.tasks) or bool(rival.tasks & criterion.tasks)
            if same and fits and rival.bound is not None and same_way(rival.bound, criterion.bound):
                yield other, rival


def controls(requirement: Requirement) -> frozenset[str]:
    """Return the controls of the baseline that an item is about: its own word, and the crosswalk's."""
    framework, _, id_ = requirement.origin.partition(":")
    own = (id_,) if framework == "global-baseline" else ()
    return frozenset((*requirement.controls, *own, *controls_of(framework, id_)))

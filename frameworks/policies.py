"""What rule files say about waivers, sandboxes and proposals, laid over what their parents say.

An overlay may only be stricter than its parents; where it is laxer, it gives a reason under `widen`. What
rests on law, guideline or standard is never widened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from frameworks.measures import explain_unknown, measures
from frameworks.model import FIRM, Basis, Framework
from frameworks.policy_shape import PolicyShape, SandboxShape, TriggerShape
from frameworks.proposing import Condition, Policy, Trigger, kind, laxer, over
from frameworks.relief import Ground, Limit, SandboxRules, WaiverRules, among
from frameworks.shape import RuleFileShape

TITLES = {
    "waivers": "what waivers may do",
    "sandbox": "what trials may do",
    "effectiveness": "when a change is proposed",
}
BLOCKS = tuple(TITLES)
Rules = WaiverRules | SandboxRules | Policy
Refuse = Callable[[tuple[str | int, ...], str], None]


@dataclass(frozen=True, slots=True)
class Block:
    """What one file sets of one policy."""

    values: Mapping[str, Any]
    ground: Ground
    widened: Mapping[str, str]
    """Reasons, by key, why it is laxer than what it builds on."""

    def ground_of(self, key: str) -> Ground:
        """Return what the value of *key* rests on."""
        return replace(self.ground, source=self.widened[key]) if key in self.widened else self.ground


def blocks(shape: RuleFileShape, refuse: Refuse, *, overlay: bool) -> Mapping[str, Block]:
    """Return what a file sets; *refuse* takes the place and the sentence of what is missing or too much."""
    found = {}
    for name in BLOCKS:
        said: PolicyShape | None = getattr(shape, name)
        if said is None:
            continue
        if overlay and said.reason is None:
            refuse((name,), "an overlay says why; add `reason`.")
        elif not overlay and (said.basis is None or said.basis_source is None):
            refuse((name,), "a number says where it comes from; add `basis` and `basis_source`.")
        elif not overlay and said.widen:
            refuse((name, "widen"), "only an overlay widens what its parents allow; remove it.")
        else:
            found[name] = _block(said, shape)
    return found


def _block(said: PolicyShape, shape: RuleFileShape) -> Block:
    ground = Ground(
        framework=shape.id,
        version=shape.version,
        basis=(said.basis or Basis.LOCAL_CHOICE).value,
        source=said.basis_source or said.reason or "",
    )
    values = {key: _noun(key, value, ground) for key, value in said.stated.items()}
    return Block(values, ground, dict(said.widen))


def _noun(key: str, value: Any, ground: Ground) -> Any:
    if key == "stop_unless":
        return tuple(
            Limit(one.measure, _bound(one, ("at_least", "at_most")), {str(k): v for k, v in one.of.items()})
            for one in value
        )
    return tuple(_trigger(one, ground) for one in value) if key == "proposals" else value


def _bound(shape: Any, operators: Sequence[str]) -> dict[str, float]:
    return {name: getattr(shape, name) for name in operators if getattr(shape, name) is not None}


def _trigger(shape: TriggerShape, ground: Ground) -> Trigger:
    when = (
        Condition(one.figure, one.operators[0], float(getattr(one, one.operators[0]))) for one in shape.when
    )
    return Trigger(shape.propose, tuple(when), ground)


def of(framework: Framework) -> Mapping[str, Rules]:
    """Return the policies of *framework*, by block."""
    return {name: getattr(framework, name) for name in BLOCKS}


def inherited(parents: Sequence[Framework]) -> Mapping[str, Rules]:
    """Return the strictest of what *parents* allow, whatever their order."""
    held = dict(of(parents[0]))
    for parent in parents[1:]:
        held = {name: _strictest(held[name], rules) for name, rules in of(parent).items()}
    return held


def laid(held: Mapping[str, Rules], own: Mapping[str, Block], *, freely: bool = False) -> dict[str, Any]:
    """Return *held* under what a file sets; what it does not widen is never laxer, save *freely*."""
    return {name: _laid(rules, own[name], freely) if name in own else rules for name, rules in held.items()}


def _laid(held: Any, block: Block, freely: bool) -> Any:
    values: dict[str, Any] = {}
    grounds = dict(held.grounds)
    for key, value in block.values.items():
        old = getattr(held, key)
        if key == "proposals":
            values[key] = over(old, value)
        elif freely or key in block.widened or not_laxer(key, value, old):
            values[key] = value
        else:
            values[key] = _stricter_of(key, value, old)
        if key != "proposals" and (values[key] == value or key not in grounds):
            grounds[key] = block.ground_of(key)
    return replace(held, **values, grounds=grounds)


def _strictest(one: Any, other: Any) -> Any:
    values: dict[str, Any] = {}
    grounds = {}
    for key in (name for name in type(one).__slots__ if name != "grounds"):
        mine, theirs = getattr(one, key), getattr(other, key)
        values[key] = _stricter_of(key, mine, theirs)
        for rules, value in ((other, theirs), (one, mine)):
            if key in rules.grounds and values[key] == value:
                grounds[key] = rules.grounds[key]
        if values[key] not in (mine, theirs):  # made of both
            grounds |= {k: v for rules in (other, one) for k, v in rules.grounds.items() if k == key}
    return replace(one, **values, grounds=grounds)


def _stricter_of(key: str, one: Any, other: Any) -> Any:
    """Return what asks as much as both."""
    if key == "proposals":
        return tuple(dict.fromkeys((*one, *other)))
    if key == "may_not_touch":
        return tuple(sorted({*one, *other}))
    if key == "stop_unless":
        return _limits((*one, *other))
    if one is None or other is None:
        return other if one is None else one
    if key == "approvers":
        return tuple(name for name in one if among(name, other))
    if key == "may_defer":
        return tuple(name for name in one if name in other)
    return max(one, other) if key == "audits" else min(one, other)


def _limits(every: Sequence[Limit]) -> tuple[Limit, ...]:
    """Return the strictest limit on each number and side, in the order of their names."""
    held: dict[tuple[Any, ...], Limit] = {}
    for limit in every:
        ((operator, number),) = limit.bound.items()
        place = (limit.measure, operator, tuple(sorted(limit.of.items())))
        known = held.get(place)
        if known is None or (number > known.bound[operator]) == (operator == "at_least"):
            held[place] = limit
    return tuple(held[place] for place in sorted(held))


def not_laxer(key: str, new: Any, old: Any) -> bool:
    """Return whether *new* allows nothing that *old* does not."""
    match key:
        case "proposals":
            return laxer(new, old) is None
        case "may_not_touch":
            return set(new) >= set(old)
        case "stop_unless":
            return set(map(_frozen, _limits((*new, *old)))) == set(map(_frozen, _limits(new)))
        case "audits":
            return bool(new >= old)
        case "approvers":
            return old is None or (new is not None and all(among(name, old) for name in new))
        case "may_defer":
            return old is None or (new is not None and set(new) <= set(old))
        case _:
            return old is None or (new is not None and new <= old)


def _frozen(limit: Limit) -> tuple[Any, ...]:
    return limit.measure, tuple(limit.bound.items()), tuple(sorted(limit.of.items()))


def check(parents: Sequence[Framework], own: Mapping[str, Block], refuse: Refuse) -> None:
    """Refuse what an overlay sets laxer than its parents without a reason, or against law."""
    held = inherited(parents)
    for name, block in own.items():
        for key, new in block.values.items():
            old = getattr(held[name], key)
            if not_laxer(key, new, old):
                if key in block.widened:
                    refuse((name, "widen", key), f"`{key}` is no laxer than before; take it out of `widen`.")
                continue
            firm = next((f for f in _firm(parents, name, key) if not not_laxer(key, new, f[0])), None)
            shown, ground = firm or (old, None)
            if sentence := _too_lax(key, new, shown, ground, key in block.widened):
                refuse((name, key), sentence)


def _firm(parents: Sequence[Framework], name: str, key: str) -> Iterator[tuple[Any, Ground]]:
    """Yield what any rule underneath rests on law, a guideline or a standard, however far down it is."""
    for parent in parents:
        rules = getattr(parent, name)
        if key == "proposals":
            for trigger in rules.proposals:
                if trigger.ground and trigger.ground.basis in FIRM:
                    yield (trigger,), trigger.ground
        elif (ground := rules.grounds.get(key)) and ground.basis in FIRM:
            yield getattr(rules, key), ground
        if parent.layer is not None:
            yield from _firm(parent.layer.parents, name, key)


def _too_lax(key: str, new: Any, old: Any, ground: Ground | None, widened: bool) -> str | None:
    """Say why *new* is refused, which is laxer than *old*; None where a reason makes it fit."""
    if key == "proposals":
        one = laxer(new, old)
        assert one
        new, old = (one,), tuple(t for t in old if kind(t.change) is kind(one.change))
    if ground is not None:
        return (
            f"{_told(key, new)} allows more than {ground.framework} {ground.version} does, "
            f"{_told(key, old)}, which rests on {ground.basis} and is never widened; {_advice(key)}."
        )
    if widened:
        return None
    return (
        f"{_told(key, new)} allows more than what it builds on, {_told(key, old)}; "
        f'{_advice(key)}, or say why: `widen: {{{key}: "the reason"}}`.'
    )


def _told(key: str, value: Any) -> str:
    return f"`{key}: {spelt(key, value)}`"


def _advice(key: str) -> str:
    match key:
        case "approvers" | "may_defer":
            return "name only those that stand there"
        case "may_not_touch" | "stop_unless":
            return "keep all that stand there, and add to them"
        case "audits":
            return "write a higher number"
        case "proposals":
            return "ask more before a rule is relaxed, and no more before it is tightened"
        case _:
            return "write a lower number"


def check_names(shape: SandboxShape | None, framework: Framework, refuse: Refuse) -> None:
    """Refuse measures and items that are not there, and items that a trial can never put off."""
    if shape is None:
        return
    for place, limit in enumerate(shape.stop_unless or ()):
        if limit.measure not in measures():
            refuse(("sandbox", "stop_unless", place, "measure"), explain_unknown(limit.measure))
    known = {one.id: one for one in framework.requirements}
    for key in ("may_defer", "may_not_touch"):
        for place, name in enumerate(getattr(shape, key) or ()):
            if name not in known:
                refuse(("sandbox", key, place), f"there is no item `{name}` here; name one that there is.")
            elif key == "may_defer" and known[name].severity == "blocking":
                refuse(("sandbox", key, place), f"`{name}` is blocking and is never put off; take it out.")
            elif key == "may_defer" and name in (shape.may_not_touch or ()):
                refuse(
                    ("sandbox", key, place), f"`{name}` stands under `may_not_touch` too; keep one of them."
                )


def under(mine: Framework, floor: Framework, uses: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield block, key and sentence of what *mine* allows and *floor* does not."""
    for name in BLOCKS:
        for key, ground in getattr(floor, name).grounds.items():
            new, old = getattr(getattr(mine, name), key), getattr(getattr(floor, name), key)
            if ground.basis in uses and not not_laxer(key, new, old):
                yield (
                    name,
                    key,
                    (
                        f"{_told(key, new)} of `{name}` is under the floor {floor.id}, {_told(key, old)} "
                        f"({ground.source}); {_advice(key)}."
                    ),
                )


def spelt(key: str, value: Any) -> str:
    """Spell the value of a policy as a file would."""
    if value is None:
        return {"approvers": "anybody but the owner", "may_defer": "whatever is not blocking"}.get(
            key, "no cap"
        )
    if key == "proposals":
        return "; ".join(map(_rule, value)) or "none"
    if key == "stop_unless":
        return f"[{', '.join(map(_limit, value))}]"
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _rule(one: Trigger) -> str:
    when = " and ".join(f"{c.figure} {c.operator.replace('_', ' ')} {c.limit:g}" for c in one.when)
    return f"{one.change} where {when}"


def _limit(one: Limit) -> str:
    ((operator, number),) = one.bound.items()
    of_ = "".join(f", {key} {value}" for key, value in sorted(one.of.items()))
    return f"{one.measure} {operator.replace('_', ' ')} {number:g}{of_}"


def rows(framework: Framework) -> Iterator[tuple[str, str, str, Ground | None]]:
    """Yield block, key, value as spelt, and ground of each policy; without one it is our suggestion."""
    for name, rules in of(framework).items():
        for key in (key for key in type(rules).__slots__ if key not in ("grounds", "proposals")):
            yield name, key, spelt(key, getattr(rules, key)), rules.grounds.get(key)
    for trigger in framework.effectiveness.proposals:
        yield "effectiveness", "proposals", _rule(trigger), trigger.ground

"""Changes of what a rule file allows of waivers and trials, and of when it proposes a change of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from auditor.problems import refuse
from auditor.rule_edits import changed, filled, flow, listed, number_in, put
from frameworks import policies
from frameworks.model import Framework
from frameworks.proposing import OPERATORS, Change, Condition, Figure, Trigger

RELIEF = {
    "waiver_days": ("waivers", "days"),
    "trial_days": ("sandbox", "days"),
    "people": ("sandbox", "people"),
    "share_of_cases": ("sandbox", "share_of_cases"),
}
"""Fields of a form, and the policy and key that each sets."""
FIGURES = 3
"""So many figures that a proposal asks for the form takes; a file may name ten."""
Set = Mapping[str, Mapping[str, Any]]


def relief(text: str, sent: Mapping[str, str], parents: Sequence[Framework] = ()) -> str:
    """Set what is filled in of waivers and trials; what is empty stays as it is."""
    found: dict[str, dict[str, Any]] = {}
    for field, (block, key) in RELIEF.items():
        if sent.get(field, "").strip():
            found.setdefault(block, {})[key] = number_in(field, sent[field])
    if listed(sent.get("approvers", "")):
        found.setdefault("waivers", {})["approvers"] = listed(sent["approvers"])
        found.setdefault("sandbox", {})["approvers"] = listed(sent["approvers"])
    if not found:
        raise refuse("waiver_days", "missing", "Fill in what changes.")
    reason = filled(sent, "relief_reason", "say why; the reason stands in reports")
    return changed(text, _setting(found, reason, _optional(sent, "relief_widen"), parents))


def effectiveness(text: str, sent: Mapping[str, str], parents: Sequence[Framework] = ()) -> str:
    """Set in how many audits, and from which figures on, a change is proposed."""
    found: dict[str, Any] = {}
    if sent.get("audits", "").strip():
        found["audits"] = number_in("audits", sent["audits"])
    proposal = _proposal(sent) if sent.get("propose", "").strip() else None
    if not found and proposal is None:
        raise refuse("audits", "missing", "Fill in what changes.")
    reason = filled(sent, "effectiveness_reason", "say why; the reason stands beside the rule")
    widen = _optional(sent, "effectiveness_widen")

    def change(data: CommentedMap) -> None:
        if proposal is not None:
            held = data.get("effectiveness")
            kept = held.get("proposals") if isinstance(held, Mapping) else None
            others = kept if isinstance(kept, list) else []
            same = [one for one in others if not _is_of(one, proposal["propose"])]
            found["proposals"] = CommentedSeq([*same, proposal])
        _setting({"effectiveness": found}, reason, widen, parents)(data)

    return changed(text, change)


def _proposal(sent: Mapping[str, str]) -> CommentedMap:
    if sent["propose"] not in [*Change]:
        raise refuse("propose", "unknown", "Choose what is proposed.")
    when = CommentedSeq()
    for row in range(1, FIGURES + 1):
        figure, by = sent.get(f"figure_{row}", ""), sent.get(f"by_{row}", "")
        if not figure and not sent.get(f"limit_{row}", "").strip():
            continue
        if figure not in [*Figure]:
            raise refuse(f"figure_{row}", "unknown", "Choose a figure.")
        if by not in OPERATORS:
            raise refuse(f"by_{row}", "unknown", "Choose how the figure is held against the number.")
        limit = number_in(f"limit_{row}", filled(sent, f"limit_{row}", "write the number"))
        when.append(flow({"figure": figure, by: limit}))
    if not when:
        raise refuse("figure_1", "missing", "Choose at least one figure that says so.")
    when.fa.set_flow_style()
    return flow({"propose": sent["propose"], "when": when})


def _is_of(one: Any, change: str) -> bool:
    return isinstance(one, Mapping) and one.get("propose") == change


def _optional(sent: Mapping[str, str], field: str) -> str | None:
    return filled(sent, field, "") if sent.get(field, "").strip() else None


def _setting(
    found: Set, reason: str, widen: str | None, parents: Sequence[Framework]
) -> Callable[[CommentedMap], None]:
    """Return what sets *found*; *widen* is the reason of each key that is laxer than what it builds on."""

    def change(data: CommentedMap) -> None:
        for block, values in found.items():
            held = data.get(block)
            if not isinstance(held, CommentedMap):
                held = CommentedMap()
                put(data, block, held)
            for key, value in (*values.items(), ("reason", reason)):
                held[key] = value
            for key in values:
                _widened(held, key, widen if _laxer(block, key, held[key], parents) else None)

    return change


def _widened(held: CommentedMap, key: str, reason: str | None) -> None:
    """Keep the reason of a key that is laxer; of one that is not, or has none, no reason stays."""
    reasons = held.get("widen")
    reasons = reasons if isinstance(reasons, CommentedMap) else CommentedMap()
    if reason is None:
        reasons.pop(key, None)
    else:
        reasons[key] = reason
    if reasons:
        held["widen"] = reasons
    else:
        held.pop("widen", None)


def _laxer(block: str, key: str, value: Any, parents: Sequence[Framework]) -> bool:
    """Return whether a value allows what the parents do not; what no value is, the check of the file says."""
    if not parents:
        return False
    with suppress(KeyError, TypeError, ValueError, IndexError):
        old = getattr(policies.inherited(parents)[block], key)
        return not policies.not_laxer(key, _noun(key, value), old)
    return False


def _noun(key: str, value: Any) -> Any:
    if key == "proposals":
        return tuple(Trigger(Change(one["propose"]), tuple(map(_condition, one["when"]))) for one in value)
    return tuple(value) if isinstance(value, list) else value


def _condition(one: Mapping[str, Any]) -> Condition:
    by = next(name for name in OPERATORS if name in one)
    return Condition(Figure(one["figure"]), by, float(one[by]))

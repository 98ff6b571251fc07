"""Say what is wrong with a framework file in sentences that name the key and the fix."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel

from frameworks.overlay_shape import ExtendsShape, FloorShape, GroupShape, OverrideShape, ValueShape
from frameworks.policy_shape import (
    ConditionShape,
    EffectivenessShape,
    LimitShape,
    SandboxShape,
    TriggerShape,
    WaiversShape,
)
from frameworks.shape import AppliesShape, CriterionShape, RequirementShape, SourceShape
from frameworks.source import LoadError, Parsed

_SHAPES: Mapping[str, type[BaseModel]] = {
    "requirements": RequirementShape,
    "criteria": CriterionShape,
    "any_of": CriterionShape,
    "all_of": CriterionShape,
    "source": SourceShape,
    "applies": AppliesShape,
    "extends": ExtendsShape,
    "overrides": OverrideShape,
    "from": ValueShape,
    "to": ValueShape,
    "groups": GroupShape,
    "floors": FloorShape,
    "waivers": WaiversShape,
    "sandbox": SandboxShape,
    "stop_unless": LimitShape,
    "effectiveness": EffectivenessShape,
    "proposals": TriggerShape,
    "when": ConditionShape,
}


_DAY = "`{key}` is not a date; write it as 2027-12-31."
_PLAINLY = {
    "too_short": "`{key}` is empty; add at least one.",
    "missing": "`{key}` is missing; add it.",
    **dict.fromkeys(
        ("model_type", "dict_type"), "`{key}` is not a mapping; write its keys below it, each with its value."
    ),
    "tuple_type": "`{key}` is not a list; write each entry after a `-`, or all of them as [a, b].",
    "string_type": "`{key}` is not text; put it in quotes.",
    **dict.fromkeys(("blank", "string_too_short"), "`{key}` says nothing; write it in words."),
    **dict.fromkeys(("float_type", "finite_number"), "`{key}` is not a number; write one such as 0.85."),
    **dict.fromkeys(("int_type", "int_from_float"), "`{key}` is not a whole number; write one such as 90."),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), _DAY
    ),
}
"""What pydantic finds, by its type, in our words."""


def refusals(
    parsed: Parsed, whole: type[BaseModel], errors: Sequence[Mapping[str, Any]]
) -> tuple[LoadError, ...]:
    """Return every refusal, topmost line first; of a part and what it holds, that of what it holds."""
    paths = {tuple(error["loc"]) for error in errors}
    outer = {path[:size] for path in paths for size in range(len(path))}
    found = (_refusal(parsed, whole, error) for error in errors if tuple(error["loc"]) not in outer)
    return tuple(sorted(found, key=lambda refusal: refusal.line))


def _refusal(parsed: Parsed, whole: type[BaseModel], error: Mapping[str, Any]) -> LoadError:
    """Turn pydantic's first words into a sentence that names the key and the fix."""
    path = tuple(part for part in error["loc"] if part != "[key]")
    key = next((part for part in reversed(path) if isinstance(part, str)), "the file")
    message = re.sub(r"^(Value|Assertion) error, ", "", str(error["msg"]))
    match error["type"]:
        case kind if kind in _PLAINLY:
            sentence = _PLAINLY[kind].format(key=key)
        case "extra_forbidden":
            sentence = _unknown_key(path, whole)
        case "value_error":
            sentence = f"{message}."
        case "greater_than_equal" | "greater_than" | "less_than_equal":
            sentence = f"`{key}: {error['input']}` is refused; {_limit(error)}."
        case "literal_error" | "enum":
            sentence = f"`{error['input']}` is not a value of `{key}`; {_lower(message)}."
        case "string_pattern_mismatch":
            sentence = f"`{error['input']}` is not a name; use letters, digits and `-`, as in `notice-text`."
        case _:
            sentence = f"`{key}` is not accepted: {_lower(message)}; correct it."
    return parsed.error(path, sentence)


def _unknown_key(path: tuple[str | int, ...], whole: type[BaseModel]) -> str:
    """Name an unknown key, and the nearest that would be read in its place."""
    parent = next((part for part in reversed(path[:-1]) if isinstance(part, str)), None)
    shape = _SHAPES.get(parent, whole) if parent else whole
    known = [field.alias or name for name, field in shape.model_fields.items()]
    near = get_close_matches(str(path[-1]), known, n=1)
    advice = f"did you mean `{near[0]}`?" if near else f"remove it, or use one of {', '.join(sorted(known))}."
    return f"`{path[-1]}` is not a key here; {advice}"


def _limit(error: Mapping[str, Any]) -> str:
    ((kind, limit),) = error["ctx"].items()
    if kind == "gt":
        return f"write more than {limit:g}"
    return f"write {limit:g} or {'less' if kind == 'le' else 'more'}"


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]

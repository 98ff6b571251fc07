"""Read a rule set back from a record: the inverse of `record.framework_to_json`.

A record carries the rules that it was judged by, so it can be judged again without their file, by a copy of
Auditor that no longer has it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from frameworks.model import Framework


def framework_from_json(stored: Mapping[str, Any]) -> Framework:
    """Return the framework that a record keeps; raise ValueError where it is none."""
    try:
        framework: Framework = _read(Framework, stored)
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError):
        raise ValueError("not a rule set as a record keeps it") from None
    return framework


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: Any) -> Any:
    """Return *value*, which JSON carried, as what *kind* says it was."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        others = [one for one in get_args(kind) if one is not type(None)]
        return None if value is None else _read(others[0], value)
    if origin in (tuple, frozenset):
        return origin(_read(get_args(kind)[0], item) for item in value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _read(get_args(kind)[1], item) for key, item in value.items()}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        return kind(**{name: _read(hints[name], item) for name, item in value.items()})
    return _plain(kind, value)


def _plain(kind: Any, value: Any) -> Any:
    if kind is dt.date:
        return dt.date.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is float:
        return float(value)  # JSON spells 1.0 as 1
    if kind is str and not isinstance(value, str):
        raise ValueError("a text is missing")
    return value

r"""Names of crossed attributes and groups: `race*sex`, with `*` and `\` inside a part escaped by `\`."""

from __future__ import annotations

from collections.abc import Sequence

NOT_STATED = "not stated"
"""The group of people whose attribute is missing; always a row, never dropped."""


def intersection_key(parts: Sequence[str]) -> str:
    """Return the key of the crossing of *parts*."""
    return "*".join(part.replace("\\", "\\\\").replace("*", "\\*") for part in parts)


def split(name: str) -> tuple[str, ...]:
    """Return the parts of a key; of a name that is no crossing, the name alone."""
    parts, part, escaped = [], "", False
    for char in name:
        if escaped or char not in "\\*":
            part, escaped = part + char, False
        elif char == "\\":
            escaped = True
        else:
            parts.append(part)
            part = ""
    return (*parts, part)


def crossed(name: str) -> str:
    """Spell an attribute or a group for people, with a cross between the parts."""
    return " × ".join(split(name))

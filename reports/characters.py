"""Characters of submitted names that could hide or turn what is read."""

from __future__ import annotations

import re
import unicodedata

_DIRECTION = {
    "\u200e",
    "\u200f",
    "\u061c",
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
}
"""Characters that turn the reading direction of what follows."""


def shown(text: str) -> str:
    """Spell control and direction characters by their number, so that no name can rewrite a line.

    Two names that differ in such a character alone stay apart.
    """
    if text.isascii() and text.isprintable():
        return text
    flat = re.sub(r"[\t\n\r]+", " ", text)
    return "".join(f"\u2039U+{ord(char):04X}\u203a" if _hides(char) else char for char in flat)


def _hides(char: str) -> bool:
    return char in _DIRECTION or unicodedata.category(char) in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}

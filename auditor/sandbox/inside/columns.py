"""Inside the child: are the column names of a table names that people can read and tell apart?"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from auditor.sandbox.inside.answers import Refuse


def check_names(names: Sequence[str], limits: Mapping[str, Any]) -> None:
    """Refuse column names that are too many, too long, empty, repeated or unprintable."""
    most, longest = limits["columns"], limits["name_characters"]
    if len(names) > most:
        raise Refuse("too-many-columns", f"it has {len(names):,} columns; {most:,} are allowed")
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise Refuse("unnamed-column", f"column {number} has no name; name it in the header")
        if len(name) > longest:
            raise Refuse(
                "long-column-name",
                f"the name of column {number} is {len(name):,} characters long; {longest} are allowed",
            )
        if any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in name):
            raise Refuse(
                "unprintable-column-name",
                f"the name of column {number} holds control or text-direction characters; rename it",
            )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        named = ", ".join(f"`{name}`" for name in twice[:5])
        raise Refuse("duplicate-columns", f"two columns have the same name: {named}; give each its own name")


def check_size(rows: int, columns: int, limits: Mapping[str, Any]) -> None:
    """Refuse tables with more rows or cells than allowed."""
    if rows > limits["rows"]:
        raise Refuse("too-many-rows", f"it has {rows:,} rows; {limits['rows']:,} are allowed")
    if rows * columns > limits["cells"]:
        raise Refuse("too-many-cells", f"it has {rows * columns:,} cells; {limits['cells']:,} are allowed")


class Meter:
    """Counts what a table holds once unpacked, and refuses what no honest file holds."""

    def __init__(self, packed: int, limits: Mapping[str, Any]) -> None:
        self._packed, self._limits, self._seen = packed, limits, 0

    def add(self, size: int) -> None:
        """Count *size* more bytes."""
        self._seen += size
        if self._seen > self._limits["decoded_bytes"]:
            raise Refuse(
                "too-large",
                f"it decodes to more than {self._limits['decoded_bytes'] >> 20:,} MiB; submit fewer rows",
            )
        if self._seen > 64 << 20 and self._seen > self._limits["decoded_ratio"] * self._packed:
            raise Refuse(
                "zip-bomb",
                f"its {self._packed / 2**10:,.0f} KiB decode to more than {self._seen >> 20:,} MiB, as no "
                "table of people does; write it again from its source",
            )

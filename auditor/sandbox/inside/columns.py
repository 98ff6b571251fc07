"""Inside the child: what every format's reader holds a table to - names, kinds, size and honest packing."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.limits import raise_it


def check_names(names: Sequence[str], limits: Mapping[str, Any]) -> None:
    """Refuse column names that are too many, too long, empty, repeated or unprintable."""
    most, longest = limits["columns"], limits["name_characters"]
    if len(names) > most:
        raise Refuse(
            "too-many-columns",
            f"it has {len(names):,} columns; {most:,} are allowed: leave some out, {raise_it('columns')}",
        )
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise Refuse("unnamed-column", f"column {number} has no name; name it in the header")
        if len(name) > longest:
            raise Refuse(
                "long-column-name",
                f"the name of column {number} is {len(name):,} characters long; {longest} are allowed: "
                f"shorten it, {raise_it('name_characters')}",
            )
        for place, character in enumerate(name, 1):
            if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
                raise Refuse(
                    "unprintable-column-name",
                    f"the name of column {number} holds U+{ord(character):04X}, a control or text-direction "
                    f"character, at place {place}; rename it",
                )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        named = ", ".join(f"`{name}`" for name in twice[:5])
        raise Refuse("duplicate-columns", f"two columns have the same name: {named}; give each its own name")


def check_size(rows: int, columns: int, limits: Mapping[str, Any]) -> None:
    """Refuse tables with more rows or cells than allowed."""
    if rows > limits["rows"]:
        said = f"it has {rows:,} rows; {limits['rows']:,} are allowed: send fewer"
        raise Refuse("too-many-rows", f"{said}, {raise_it('rows')}")
    if rows * columns > limits["cells"]:
        said = f"it has {rows * columns:,} cells; {limits['cells']:,} are allowed: send fewer rows or columns"
        raise Refuse("too-many-cells", f"{said}, {raise_it('cells')}")


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
                f"it decodes to more than {self._limits['decoded_bytes'] / 2**20:,.0f} MiB: send fewer rows, "
                f"{raise_it('decoded_bytes')}",
            )
        if self._seen > 64 << 20 and self._seen > self._limits["decoded_ratio"] * self._packed:
            raise Refuse(
                "zip-bomb",
                f"its {self._packed / 2**10:,.0f} KiB decode to more than {self._seen >> 20:,} MiB, over "
                f"{self._limits['decoded_ratio']:,} times as much, as no table of people does: write it "
                f"again from its source, {raise_it('decoded_ratio')}",
            )


def folded(column: pa.Array) -> int:
    """Return how many bytes of text a dictionary stands for: one long text may be repeated for every row."""
    if not pa.types.is_dictionary(column.type) or pa.types.is_primitive(column.type.value_type):
        return 0
    lengths = pc.binary_length(column.dictionary.cast(pa.large_string()))
    return pc.sum(lengths.take(column.indices)).as_py() or 0


def first_line(error: BaseException) -> str:
    """Return the first line of what a library says, for a sentence."""
    return str(error).partition("\n")[0].rstrip(".")[:160]


def check_type(field: pa.Field) -> None:
    """Refuse a column whose cells are not one number, text, truth value or date."""
    kind = field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    plain = (
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_null(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_date(kind)
        or pa.types.is_timestamp(kind)
        or pa.types.is_time(kind)
    )
    if not plain:
        raise Refuse(
            "column-type",
            f"column `{field.name}` holds {kind}; give one number, text, boolean or date a cell",
        )

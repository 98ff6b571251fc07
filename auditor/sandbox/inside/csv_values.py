"""Inside the child: from the text of one column to missing values, numbers, truth values or text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from auditor.sandbox.inside.csv_dialect import COMMA, POINT, SEPARATORS

MISSING = ("", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "#N/A", "<NA>")
"""Spellings of a missing value, quoted or not. `None` is a value: the name of a group in many tables."""
WHOLE = r"^[+-]?\d+$"
PLAIN = "plain"
TRUTH = ("true", "false")
HEAD = 100
"""Values that are looked at before the whole column is."""
SHOWN = 4
NAMES = {
    ",": "comma",
    ".": "point",
    " ": "space",
    "\u00a0": "space",
    "\u202f": "space",
    "'": "apostrophe",
    "\u2019": "apostrophe",
}


@dataclass
class Read:
    """How numbers are written, and what was noticed over all columns, to be told."""

    decimal: str | None
    """comma or point, where it is known."""
    delimiter: str
    missing: dict[str, dict[str, int]] = field(default_factory=dict)
    """Column -> spelling -> cells that were read as missing."""
    commas: list[str] = field(default_factory=list)
    thousands: set[str] = field(default_factory=set)
    unsure: dict[str, str] = field(default_factory=dict)
    """Column -> the decimal sign it was read with, where its values allow another reading."""

    def facts(self) -> dict[str, str]:
        """Return what people are shown."""
        told = {"decimal": "comma" if self.commas else "point"}
        if self.thousands:
            told["thousands"] = " and ".join(sorted(self.thousands))
        if self.missing:
            told["missing"] = spelt_missing(self.missing)
        return told

    def notes(self) -> list[str]:
        """Return sentences on what could have been read otherwise."""
        if not self.unsure:
            return []
        signs = " and ".join(sorted(set(self.unsure.values())))
        said = f"Signs in {named(list(self.unsure))} may set off thousands or decimals: {signs} was read as"
        return [f"{said} the decimal sign; declare `decimal` if it is not."]


def named(columns: Sequence[str]) -> str:
    """Spell a few names of columns."""
    shown = ", ".join(f"`{name}`" for name in columns[:SHOWN])
    return shown if len(columns) <= SHOWN else f"{shown} and {len(columns) - SHOWN} more"


def spelt_missing(missing: Mapping[str, Mapping[str, int]]) -> str:
    """Say how many cells were read as missing, by their spelling; words are told with their columns."""
    by_word: dict[str, dict[str, int]] = {}
    for column, words in missing.items():
        for word, count in words.items():
            by_word.setdefault(word, {})[column] = count
    parts = []
    totals = {word: sum(columns.values()) for word, columns in by_word.items()}
    for word, total in sorted(totals.items(), key=lambda item: (-item[1], item[0])):
        columns = by_word[word]
        where = f" in {named(list(columns))}" if word else ""
        parts.append(f"{word or 'empty'}: {total:,}{where}")
    return "; ".join(parts)


def typed(name: str, values: pa.ChunkedArray, read: Read) -> pa.Array:
    """Return the column as integers, numbers, truth values or text; note in *read* what should be told."""
    values = _without_missing(name, values, read)
    if values.null_count == len(values):
        return values.cast(pa.float64())
    head = [text.strip() for text in values.slice(0, 20 * HEAD).drop_null().slice(0, HEAD).to_pylist()]
    if _all(WHOLE, head):
        trimmed = pc.utf8_trim_whitespace(values)
        if _matches(WHOLE, trimmed):
            try:
                return pc.utf8_ltrim(trimmed, characters="+").cast(pa.int64())
            except pa.ArrowInvalid:
                return values  # whole, but larger than 64 bits: an identifier
    if all(text.lower() in TRUTH for text in head):
        lower = pc.utf8_lower(pc.utf8_trim_whitespace(values))
        if pc.all(pc.is_in(lower, value_set=pa.array([*TRUTH, None]))).as_py():
            return pc.equal(lower, "true")
    numbers = _numbers(name, values, head, read)
    return values if numbers is None else numbers


def _without_missing(name: str, values: pa.ChunkedArray, read: Read) -> pa.ChunkedArray:
    spelling = pc.index_in(values, value_set=pa.array(MISSING))
    if spelling.null_count == len(values):
        return values
    counts = pc.value_counts(spelling.drop_null()).to_pylist()
    read.missing[name] = {MISSING[one["values"]]: one["counts"] for one in counts}
    return pc.if_else(pc.is_null(spelling), values, pa.scalar(None, values.type))


def _all(pattern: str, head: Sequence[str]) -> bool:
    return all(map(re.compile(pattern).match, head))


def _matches(pattern: str, values: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.match_substring_regex(values, pattern)).as_py())


def _numbers(name: str, values: pa.ChunkedArray, head: Sequence[str], read: Read) -> pa.Array | None:
    """Return the column as numbers, or None where one of its values is none."""
    plain, grouped = _floats(head), any(_all(pattern, head) for pattern in (POINT, COMMA))
    if not plain and not grouped:
        return None
    trimmed = pc.utf8_ltrim(pc.utf8_trim_whitespace(values), characters="+")
    known = {"comma": (COMMA,), "point": (POINT,)}.get(read.decimal or "")
    likely = [*(known or ((POINT, COMMA) if read.delimiter == "," else (COMMA, POINT)))] if grouped else []
    if plain:
        likely.insert(len(likely) if read.decimal == "comma" else 0, PLAIN)
    for pattern in likely:
        found = _cast(trimmed) if pattern == PLAIN else _ungrouped(name, trimmed, pattern, read)
        if found is not None:
            return found
    return None


def _cast(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    try:
        return values.cast(pa.float64())
    except pa.ArrowInvalid:
        return None


def _floats(head: Sequence[str]) -> bool:
    try:
        list(map(float, head))
    except ValueError:
        return False
    return True


def _ungrouped(name: str, trimmed: pa.ChunkedArray, pattern: str, read: Read) -> pa.ChunkedArray | None:
    """Return numbers without the signs between their thousands, and note which signs there were."""
    if not _matches(pattern, trimmed):
        return None
    group = "." if pattern == COMMA else ","
    signs = {sign for sign in (*SEPARATORS, group) if _any(trimmed, sign)}
    read.thousands |= {NAMES[sign] for sign in signs}
    if pattern == COMMA and _any(trimmed, ","):
        read.commas.append(name)
    if (group in signs or name in read.commas) and _matches(POINT if pattern == COMMA else COMMA, trimmed):
        read.unsure[name] = "comma" if pattern == COMMA else "point"
    bare = pc.replace_substring_regex(trimmed, f"[{SEPARATORS}{group}]", "") if signs else trimmed
    bare = pc.replace_substring(bare, ",", ".") if pattern == COMMA else bare
    return bare.cast(pa.int64() if _matches(r"^-?\d{1,18}$", bare) else pa.float64())


def _any(values: pa.ChunkedArray, sign: str) -> bool:
    return bool(pc.any(pc.match_substring(values, sign)).as_py())

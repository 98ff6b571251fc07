"""Inside the child: how a text table was written - its encoding, delimiter, header and decimal sign.

What the submitter declares is taken at its word. The rest is found from the bytes, and is told.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from auditor.sandbox.inside.answers import Refuse

BLOCK = 8 << 20
SAMPLE = 1 << 20
"""Bytes that are looked at to find delimiter and decimal sign; a header must end within them."""
SAMPLE_ROWS = 200
GUESSED_FROM = 128 << 10
"""Bytes beyond ASCII, with their lines, that the encoding is guessed from."""

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
GUESSED = (
    "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1252", "latin_1", "cp1250", "iso8859_2", "cp1251",
    "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp874",
)  # fmt: skip
"""Encodings that are tried where a text is not UTF-8; of two that fit alike, the first is taken."""
ENCODINGS = {
    codecs.lookup(name).name: name.replace("_", "-")
    for name in (
        *GUESSED, "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le",
        "utf-32-be", "ascii", "gbk", "gb2312", "hz", "big5hkscs", "cp950", "cp932", "cp949", "iso2022_jp",
        "johab", "cp437", "cp850", "cp852", "cp866", "cp1257", "cp1258", "koi8_u", "iso8859_3", "iso8859_4",
        "iso8859_5",
        "iso8859_6", "iso8859_7", "iso8859_8", "iso8859_9", "iso8859_10", "iso8859_13", "iso8859_14",
        "iso8859_15", "iso8859_16", "mac_roman", "mac_cyrillic",
    )
}  # fmt: skip
"""Encodings that may be declared, by the name that Python's codecs give them."""

SEPARATORS = " '\u2019\u00a0\u202f"
"""Signs that set off thousands in any language; point or comma come on top."""
POINT = rf"^[+-]?(\d{{1,3}}([,{SEPARATORS}]\d{{3}})+|\d+)(\.\d+)?([eE][+-]?\d+)?$"
COMMA = rf"^[+-]?(\d{{1,3}}([.{SEPARATORS}]\d{{3}})+|\d+)(,\d+)?([eE][+-]?\d+)?$"
SURELY_COMMA = re.compile(r",(\d{1,2}|\d{4,})$")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one text table is written."""

    encoding: str
    size: int
    delimiter: str
    names: list[str]
    decimal: str | None
    """comma or point, where it was declared or the first rows show it."""
    notes: tuple[str, ...] = ()


def sniff(file: BinaryIO, told: Mapping[str, Any]) -> Dialect:
    """Return how *file* is written; what is declared in *told* beats what its bytes suggest."""
    encoding, size, notes = _encoding(file, told.get("encoding"))
    file.seek(0)
    raw = file.read(SAMPLE)
    text = codecs.getincrementaldecoder(encoding)().decode(raw, final=len(raw) == size)
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
    first = lines[0].rstrip("\r\n") if lines else ""
    if len(lines) <= 1 and len(raw) < size:
        raise Refuse(
            "long-header", "its first line is longer than 1 MiB; the first line must hold the column names"
        )
    if not first.strip():
        raise Refuse("no-header", "its first line is empty; the first line must hold the column names")
    whole = lines if len(raw) == size else lines[:-1]
    delimiter, names = _delimiter(first, whole, _asked(told))
    decimal = told.get("decimal") or _decimal(islice(_records(whole[1:], delimiter), SAMPLE_ROWS), delimiter)
    return Dialect(encoding, size, delimiter, names, decimal, notes)


def _asked(told: Mapping[str, Any]) -> Sequence[str]:
    """Return the delimiters that may be."""
    if told.get("delimiter"):
        return [DELIMITERS[told["delimiter"]]]
    return ["\t"] if told["format"] == "tsv" else list(DELIMITERS.values())


# Encoding


def _encoding(file: BinaryIO, declared: str | None) -> tuple[str, int, tuple[str, ...]]:
    """Return the encoding, the size, and a note where it had to be guessed."""
    file.seek(0)
    head = file.read(4)
    marked = next((name for mark, name in BYTE_ORDER_MARKS if head.startswith(mark)), None)
    if declared is not None:
        return *_declared(file, declared, marked), ()
    if marked not in {None, "utf-8-sig"}:
        assert marked is not None
        try:
            return marked, _decoded(file, marked), ()
        except UnicodeDecodeError as error:
            raise _not_text(marked, "its first bytes say so", error) from None
    try:
        return marked or "utf-8", _decoded(file, "utf-8"), ()
    except UnicodeDecodeError:
        return _guessed(file)


def _declared(file: BinaryIO, declared: str, marked: str | None) -> tuple[str, int]:
    try:
        name = ENCODINGS[codecs.lookup(declared).name]
    except (LookupError, KeyError):
        raise Refuse(
            "unknown-encoding",
            f"`{declared}` is not an encoding known here; declare utf-8, cp1252 or gb18030",
        ) from None
    if marked is not None and marked.startswith(name[:6]):
        name = marked  # its byte-order mark is no part of the first name
    try:
        return name, _decoded(file, name)
    except UnicodeDecodeError as error:
        raise _not_text(name, "it was declared so", error) from None


def _not_text(encoding: str, why: str, error: UnicodeDecodeError) -> Refuse:
    return Refuse(
        "wrong-encoding", f"it is not text in {encoding}, though {why} ({error.reason}); save it as UTF-8"
    )


def _decoded(file: BinaryIO, encoding: str) -> int:
    """Decode the whole file and return its size; NUL is in no text of people."""
    decoder = codecs.getincrementaldecoder(encoding)()
    plain = not encoding.startswith(("utf-16", "utf-32"))
    size = 0
    file.seek(0)
    while block := file.read(BLOCK):
        text = decoder.decode(block)
        if plain and b"\0" in block:
            raise _nul(size + block.index(b"\0") + 1)
        if not plain and "\0" in text:
            raise _nul(size + 1)
        size += len(block)
    decoder.decode(b"", final=True)
    return size


def _nul(at: int) -> Refuse:
    return Refuse("nul-bytes", f"byte {at:,} is NUL: it is not a text file; export it as CSV in UTF-8")


def _guessed(file: BinaryIO) -> tuple[str, int, tuple[str, ...]]:
    """Guess the encoding of a text that is not UTF-8, and say how sure the guess is."""
    ranked = _ranked(_beyond_ascii(file))
    while True:  # ends with Latin-1 at the latest
        (name, score), *ranked = ranked
        try:
            size = _decoded(file, name)
        except UnicodeDecodeError:
            continue
        break
    near = [_spelt(other) for other, points in ranked if points > score - 10][:3]
    shown = _spelt(name)
    sure = f"it may also be {' or '.join(near)}" if near else "no other comes near"
    note = (
        f"The text is not UTF-8: it was read as {shown}, which fits it best ({score} of 100; {sure}). "
        "Where names look wrong, declare `encoding`."
    )
    return shown, size, (note,)


def _spelt(name: str) -> str:
    return ENCODINGS[codecs.lookup(name).name]


def _beyond_ascii(file: BinaryIO) -> bytes:
    """Return lines that hold more than ASCII, from all over the file."""
    found, room = [], GUESSED_FROM
    file.seek(0)
    while room > 0 and (block := file.read(BLOCK)):
        for match in re.finditer(rb"[^\r\n]{0,400}[\x80-\xff][^\r\n]{0,400}", block):
            found.append(match[0])
            room -= len(match[0])
            if room <= 0:
                break
    return b"\n".join(found)


def _ranked(sample: bytes) -> list[tuple[str, int]]:
    """Return the encodings that fit *sample*, best first, each with its points of 100."""
    from charset_normalizer import from_bytes

    points = {"latin_1": 1}  # in which anything is text: the last resort
    for match in from_bytes(sample, cp_isolation=list(GUESSED), threshold=0.6, preemptive_behaviour=False):
        for name in match.could_be_from_charset:
            points[name] = round(100 * max(0.0, 1 - match.chaos))
    if not re.search(rb"[\x80-\x9f]", sample) and "cp1252" in points:
        del points["cp1252"]  # the same as Latin-1 here, which is the plainer word
    order = {name: place for place, name in enumerate(GUESSED)}
    return sorted(points.items(), key=lambda item: (-item[1], order[item[0]]))


# Delimiter, header, decimal sign


def _delimiter(first: str, lines: Sequence[str], asked: Sequence[str]) -> tuple[str, list[str]]:
    """Return the delimiter that splits most of the first rows as it splits the header, and the names."""
    found = []
    for delimiter in asked:
        names = _header(first, delimiter)
        if names is None:
            continue
        widths = [len(row) for row in islice(_records(lines[1:], delimiter), SAMPLE_ROWS) if row]
        even = sum(width == len(names) for width in widths) / len(widths) if widths else 1.0
        found.append(((len(names) > 1, even, len(names)), delimiter, names))
    if not found:
        raise Refuse(
            "no-header",
            "the quotes of its first line do not close; the first line must hold the column names",
        )
    _, delimiter, names = max(found, key=lambda one: one[0])
    return delimiter, names


def _header(line: str, delimiter: str) -> list[str] | None:
    csv.field_size_limit(SAMPLE)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None


def _records(lines: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    """Return rows of the sample, up to the first that cannot be split."""
    csv.field_size_limit(SAMPLE)
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error:
        return


def _decimal(rows: Iterator[list[str]], delimiter: str) -> str | None:
    """Return comma where a column of the first rows can only hold decimal commas."""
    if delimiter == ",":
        return None
    comma, point = re.compile(COMMA), re.compile(POINT)
    kept = [row for row in rows if row]
    width = min(map(len, kept), default=0)
    for at in range(width):
        cells = [row[at].strip() for row in kept if re.search(r"\d", row[at])]
        only_comma = all(map(comma.match, cells)) and not all(map(point.match, cells))
        if only_comma and any(map(SURELY_COMMA.search, cells)):
            return "comma"
    return None

"""Inside the child: what a zipped workbook holds, before anything unpacks it for good.

The spreadsheet library lays a sheet out cell by cell, however far apart its cells stand; so the archive is
measured first, and each sheet's far corner is looked up in its text.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.columns import Meter, check_size
from auditor.sandbox.limits import raise_it

PIECE = 4 << 20
OVERLAP = 4_096
CELL_BYTES = 64
"""What one cell takes while a sheet is laid out."""
PLACE = re.compile(rb'<(?:\w+:)?c\b[^<>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')
FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
UNSTORED = re.compile(rb"</(?:\w+:)?f>(?:<v\s*/>|<v></v>)?</(?:\w+:)?c>")
ERROR = re.compile(rb'<(?:\w+:)?c\b[^<>]{0,200}?\bt="e"')


@dataclass
class Seen:
    """What the text of one sheet shows that its cells no longer do."""

    rows: int = 0
    columns: int = 0
    formulas: int = 0
    unstored: int = 0
    """Formulas whose result was never stored."""
    errors: int = 0


def check_archive(file: BinaryIO, size: int, limits: Mapping[str, Any]) -> None:
    """Refuse archives with too many members, or members that unpack beyond the limits or lie about it."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > limits["model_members"]:
                raise Refuse(
                    "too-many-members",
                    f"it holds {len(members):,} files; {limits['model_members']:,} are allowed: "
                    f"save it anew, {raise_it('model_members')}",
                )
            if any(member.flag_bits & 1 for member in members):
                raise Refuse("password", "it is protected by a password; save it without one")
            meter = Meter(size, limits)
            for member in members:
                meter.add(member.file_size)
            for member in members:
                _unpacked(archive, member)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError) as error:
        said = str(error).partition("\n")[0].rstrip(".")[:120]
        raise Refuse("unreadable", f"it is not a whole workbook ({said}); save it again") from None


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Unpack once, piece by piece: a member that holds more or other than it states ends here."""
    with archive.open(member) as unpacked:
        while unpacked.read(PIECE):
            continue


def look_at(file: BinaryIO, path: str, limits: Mapping[str, Any]) -> Seen:
    """Return what the sheet at *path* of an .xlsx archive shows; refuse one that is too wide or too long."""
    seen = Seen()
    last = b""
    with zipfile.ZipFile(file) as archive, archive.open(path) as sheet:
        while piece := sheet.read(PIECE):
            text = last + piece
            cut = max(text.rfind(b"<row"), text.rfind(b"</row>"), len(text) - (8 << 20), 0)
            last, text = (text[cut:], text[:cut]) if len(piece) == PIECE else (b"", text)
            _count(text, seen)
            _fits(seen, limits)
        _count(last, seen)
    _fits(seen, limits)
    return seen


def _count(text: bytes, seen: Seen) -> None:
    places = PLACE.findall(text)
    if places:
        letters, numbers = zip(*places, strict=True)
        seen.rows = max(seen.rows, *map(int, set(numbers)))
        seen.columns = max(seen.columns, *map(_position, set(letters)))
    seen.formulas += len(FORMULA.findall(text))
    seen.unstored += len(UNSTORED.findall(text))
    seen.errors += len(ERROR.findall(text))


def _position(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = 26 * place + letter - 64
    return place


def _fits(seen: Seen, limits: Mapping[str, Any]) -> None:
    check_size(seen.rows - 1, seen.columns, limits)
    if seen.rows * seen.columns * CELL_BYTES > limits["memory_bytes"]:
        raise Refuse(
            "too-large",
            f"its sheet reaches to row {seen.rows:,} and column {seen.columns:,}, more than fits "
            f"{limits['memory_bytes'] >> 20:,} MiB: clear stray cells, {raise_it('memory_bytes')}",
        )


def sheet_paths(file: BinaryIO) -> dict[str, str]:
    """Return the path inside an .xlsx archive of each worksheet, by its name; none in other workbooks."""
    import xml.etree.ElementTree as ET

    with zipfile.ZipFile(file) as archive:
        present = {name.lower(): name for name in archive.namelist()}
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= present.keys():
            return {}
        book = ET.fromstring(archive.read(present["xl/workbook.xml"]))  # noqa: S314 - expat stops bombs, and so does the lock
        links = ET.fromstring(archive.read(present["xl/_rels/workbook.xml.rels"]))  # noqa: S314
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    paths = {}
    for sheet in book.iter():
        if sheet.tag.rpartition("}")[2] == "sheet":
            relation = next((v for k, v in sheet.attrib.items() if k.rpartition("}")[2] == "id"), "")
            target = targets.get(relation, "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if path.lower() in present:
                paths[sheet.get("name", "")] = present[path.lower()]
    return paths

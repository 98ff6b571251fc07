"""Damage done to honest files: bytes, numbers, pieces and the members of archives."""

from __future__ import annotations

import io
import re
import zipfile

from hypothesis import strategies as st

ODD_BYTES = (
    b"\0",
    b"\xff",
    b"\x7f\xff\xff\xff",
    b"\xff" * 8,
    b"-1",
    b'"',
    b"{",
    b"\n",
    b",",
    b"PK\x03\x04",
    "\u202e\u00e9".encode(),
)
ODD_NUMBERS = (
    b"-1",
    b"0",
    b"1e400",
    b"NaN",
    b"2147483648",
    b"99999999999999999999",
    b"-9223372036854775808",
    b"0.1",
    b"[]",
)

MOST_GROWTH = 1 << 20
"""Bytes that one repetition adds at most: four of forty times each would fill the memory of the host."""


@st.composite
def damages(draw: st.DrawFn) -> list[tuple[str, float, float, int]]:
    """Draw one to four pieces of damage: what, where (a share of the file), how much, and which odd value."""
    kind = st.sampled_from(["set", "insert", "cut", "repeat", "swap", "number", "end"])
    share = st.floats(0, 1, exclude_max=True, allow_subnormal=False)
    return draw(st.lists(st.tuples(kind, share, share, st.integers(0, 255)), min_size=1, max_size=4))


def damaged(raw: bytes, plan: list[tuple[str, float, float, int]]) -> bytes:
    """Return *raw* with the damage of *plan*; in an archive, half of it is done inside a member."""
    if raw.startswith(b"PK") and plan[0][3] % 2:
        return _inside_archive(raw, plan)
    for kind, at, much, value in plan:
        raw = _damage(raw, kind, at, much, value)
    return raw


def _damage(raw: bytes, kind: str, at: float, much: float, value: int) -> bytes:
    start = int(at * len(raw))
    size = int(much**4 * (len(raw) - start))  # mostly small
    end = start + size
    match kind:
        case "set":
            return raw[:start] + bytes([value]) + raw[start + 1 :]
        case "insert":
            return raw[:start] + ODD_BYTES[value % len(ODD_BYTES)] + raw[start:]
        case "cut":
            return raw[:start] + raw[end:]
        case "repeat":
            times = min(1 + value % 40, MOST_GROWTH // max(size, 1))
            return raw[:end] + raw[start:end] * times + raw[end:]
        case "swap":
            return raw[:start] + raw[end : end + size] + raw[start:end] + raw[end + size :]
        case "number":
            found = list(re.finditer(rb"-?\d+(\.\d+)?", raw))
            if not found:
                return raw
            one = found[int(at * len(found))]
            return raw[: one.start()] + ODD_NUMBERS[value % len(ODD_NUMBERS)] + raw[one.end() :]
        case _:
            return raw[:start]


def _inside_archive(raw: bytes, plan: list[tuple[str, float, float, int]]) -> bytes:
    """Damage one member; a right checksum lets the damage reach the reader behind the archive."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        chosen = names[plan[0][3] // 2 % len(names)]
        for name in names:
            content = old.read(name)
            new.writestr(name, damaged(content, plan) if name == chosen and content[:2] != b"PK" else content)
    return sink.getvalue()

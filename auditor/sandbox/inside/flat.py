"""Inside the child: flatbuffers read by slot, every offset held to the bytes."""

from __future__ import annotations

from typing import Any

import numpy as np


class Flat:
    """One table in a flatbuffer; the schema is known to the caller."""

    def __init__(self, raw: bytes, place: int) -> None:
        self._raw, self._place = raw, place
        self._slots = place - _read(raw, place, "<i4")
        self._count = (_read(raw, self._slots, "<u2") - 4) // 2

    @classmethod
    def root(cls, raw: bytes) -> Flat:
        """Return the outermost table."""
        return cls(raw, _read(raw, 0, "<u4"))

    def scalar(self, slot: int, kind: str, default: int) -> int:
        """Return a whole number; *default* where the table leaves it out."""
        place = self._at(slot)
        return default if place is None else _read(self._raw, place, kind)

    def table(self, slot: int) -> Flat | None:
        """Return a table inside this one."""
        place = self._at(slot)
        return None if place is None else Flat(self._raw, place + _read(self._raw, place, "<u4"))

    def numbers(self, slot: int, kind: str) -> Any:
        """Return a list of numbers or of fixed structures; empty where the table leaves it out."""
        start, count = self._list(slot)
        dtype = np.dtype(kind)
        if start + count * dtype.itemsize > len(self._raw):
            raise ValueError("a list goes beyond the end")
        return np.frombuffer(self._raw, dtype, count, start) if count else np.empty(0, dtype)

    def tables(self, slot: int) -> list[Flat]:
        """Return a list of tables."""
        start, count = self._list(slot)
        if start + 4 * count > len(self._raw):
            raise ValueError("a list goes beyond the end")
        places = [start + 4 * i for i in range(count)]
        return [Flat(self._raw, place + _read(self._raw, place, "<u4")) for place in places]

    def _at(self, slot: int) -> int | None:
        if slot >= self._count:
            return None
        offset = _read(self._raw, self._slots + 4 + 2 * slot, "<u2")
        return self._place + offset if offset else None

    def _list(self, slot: int) -> tuple[int, int]:
        place = self._at(slot)
        if place is None:
            return 0, 0
        start = place + _read(self._raw, place, "<u4")
        return start + 4, _read(self._raw, start, "<u4")


def _read(raw: bytes, place: int, kind: str) -> int:
    dtype = np.dtype(kind)
    if not 0 <= place <= len(raw) - dtype.itemsize:
        raise ValueError("an offset goes beyond the end")
    return int(np.frombuffer(raw, dtype, 1, place)[0])

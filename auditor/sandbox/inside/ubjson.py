"""Inside the child: Universal Binary JSON as XGBoost writes it, read without believing a length."""

from __future__ import annotations

from typing import Any

import numpy as np

DEEPEST = 64
NUMBERS = {
    "i": ">i1",
    "U": ">u1",
    "I": ">i2",
    "u": ">u2",
    "l": ">i4",
    "m": ">u4",
    "L": ">i8",
    "d": ">f4",
    "D": ">f8",
}
"""The markers of numbers, as numpy spells what follows them."""
PLAIN = {"T": True, "F": False, "Z": None}


def decode(raw: bytes) -> Any:
    """Return the value in *raw*; raise ValueError where it is not one whole value."""
    reader = _Reader(raw)
    value = reader.value(reader.marker(), 0)
    if reader.place != len(raw):
        raise ValueError("something follows the model")
    return value


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self.raw, self.place = raw, 0

    def take(self, size: int) -> bytes:
        end = self.place + size
        if size < 0 or end > len(self.raw):
            raise ValueError("a length goes beyond the end")
        part = self.raw[self.place : end]
        self.place = end
        return part

    def marker(self) -> str:
        return chr(self.take(1)[0])

    def peek(self) -> str:
        if self.place >= len(self.raw):
            raise ValueError("it ends early")
        return chr(self.raw[self.place])

    def number(self, marker: str) -> Any:
        if marker not in NUMBERS:
            raise ValueError("a number was due")
        kind = np.dtype(NUMBERS[marker])
        return np.frombuffer(self.take(kind.itemsize), kind)[0].item()

    def length(self) -> int:
        size = self.number(self.marker())
        if not isinstance(size, int):
            raise ValueError("a length is no whole number")  # noqa: TRY004 - the bytes are wrong, not a type
        return size

    def text(self) -> str:
        return self.take(self.length()).decode()

    def value(self, marker: str, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError("it is nested too deeply")
        if marker in NUMBERS:
            return self.number(marker)
        if marker in PLAIN:
            return PLAIN[marker]
        match marker:
            case "S":
                return self.text()
            case "[":
                return self.array(depth)
            case "{":
                return self.members(depth)
            case _:
                raise ValueError(f"{marker!r} begins no value")

    def array(self, depth: int) -> Any:
        if self.peek() == "$":
            self.place += 1
            kind = self.marker()
            if kind not in NUMBERS or self.marker() != "#":
                raise ValueError("a typed list is not one of numbers")
            length = self.length()
            dtype = np.dtype(NUMBERS[kind])
            return np.frombuffer(self.take(length * dtype.itemsize), dtype)
        if self.peek() == "#":
            self.place += 1
            length = self.length()
            if length > len(self.raw) - self.place:
                raise ValueError("a list is longer than the file")
            return [self.value(self.marker(), depth + 1) for _ in range(length)]
        found = []
        while (marker := self.marker()) != "]":
            found.append(self.value(marker, depth + 1))
        return found

    def members(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.peek() != "}":
            name = self.text()
            if name in found:
                raise ValueError("a name occurs twice")
            found[name] = self.value(self.marker(), depth + 1)
        self.place += 1
        return found

"""Read framework files strictly: whatever is odd is refused with its file, its line and the fix."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import rfc8785
from pydantic import ValidationError

from frameworks import build, overlay, policies
from frameworks.crosscheck import cross_check
from frameworks.measures import HERE
from frameworks.model import Framework
from frameworks.overlay_shape import OverlayShape
from frameworks.refusals import refusals
from frameworks.shape import FrameworkShape
from frameworks.source import LoadError, Parsed, parse, refusing

__all__ = ["LoadError", "Shelf", "bundled", "load", "packs"]

_LATER = ("adds",)
"""Keys of other formats of overlays, which people may bring along."""
_MOST_READ = 4 * overlay.DEEPEST
"""So many files on top of one another are opened, to say how deep they lie."""


class Shelf:
    """Rule files by id, each read when it is first asked for; those it does not hold are the bundled ones.

    *called* has the names under which people know files, where that is not the id.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        below: Shelf | None = None,
        called: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._files = dict(files)
        self._below = below
        self._called = dict(called)
        self._read: dict[str, Framework] = {}
        self._reading: list[str] = []

    @property
    def names(self) -> tuple[str, ...]:
        """Return every id, in order."""
        return tuple(sorted({*self._files, *(self._below.names if self._below else ())}))

    def get(self, name: str) -> Framework | None:
        """Return the framework called *name*, or None where there is no such file."""
        if name in self._files:
            if name not in self._read:
                file = self._called.get(name, f"{name}.yaml")
                self._read[name] = load(self._files[name], file, shelf=self)
            return self._read[name]
        return self._below.get(name) if self._below else None

    def content(self, name: str) -> bytes | None:
        """Return the file called *name*, or None where it is a bundled one or not here."""
        return self._files.get(name)

    def parent(self, name: str, parsed: Parsed, path: tuple[str | int, ...]) -> Framework:
        """Return what the file *parsed* builds on; refuse a circle, or what is not here."""
        if name in self._reading:
            circle = " -> ".join([*self._reading[self._reading.index(name) :], name])
            raise parsed.error(path, f"`{name}` would build on itself ({circle}); take one step out.")
        if len(self._reading) > _MOST_READ:
            raise parsed.error(
                path,
                f"more than {_MOST_READ} files lie on top of one another here, and at most {overlay.DEEPEST} "
                "overlays are read; extend one further down.",
            )
        found = self.get(name)
        if found is None:
            raise parsed.error(path, self._unknown(name))
        return found

    def _unknown(self, name: str) -> str:
        near = overlay.nearest(name, dict.fromkeys(self.names))
        return f"there is no framework `{name}`; {near}"

    def load(self, parsed: Parsed) -> Framework:
        """Read one parsed file with its parents from here."""
        own = parsed.data.get("id")
        self._reading.append(own if isinstance(own, str) else parsed.file)
        try:
            return _load(parsed, self)
        finally:
            self._reading.pop()


@cache
def bundled() -> Shelf:
    """Return the shelf of the files that come with this version."""
    paths = sorted((HERE / "packs").glob("*.yaml"))
    return Shelf({path.stem: path.read_bytes() for path in paths})


@cache
def packs() -> Mapping[str, Framework]:
    """Return every bundled framework by id, in id order."""
    shelf = bundled()
    found = (shelf.get(name) for name in shelf.names)
    return MappingProxyType({framework.id: framework for framework in found if framework})


def load(source: Path | str | bytes, name: str | None = None, *, shelf: Shelf | None = None) -> Framework:
    """Read one framework from a path or its bytes; raise `LoadError` naming *name* or the path.

    An overlay's parents come from *shelf*; by default they are the bundled frameworks.
    """
    if isinstance(source, bytes):
        content, file = source, name or "framework.yaml"
    else:
        file = name or Path(source).name
        try:
            content = Path(source).read_bytes()
        except OSError as why:
            raise LoadError(file, 1, f"the file cannot be read ({why.strerror}); check its path.") from None
    parsed = parse(content, file)
    if not isinstance(parsed.data, dict):
        raise parsed.error((), "a framework is a mapping of keys; start from a bundled pack.")
    return (shelf or bundled()).load(parsed)


def _load(parsed: Parsed, shelf: Shelf) -> Framework:
    is_overlay = "extends" in parsed.data or "overrides" in parsed.data
    kind = OverlayShape if is_overlay else FrameworkShape
    for key in (key for key in _LATER if key in parsed.data):
        raise parsed.error((key,), f"`{key}` is not read here; local items stand under `requirements`.")
    try:
        shape = kind.model_validate(parsed.data)
    except ValidationError as invalid:
        first, *others = refusals(parsed, kind, [dict(error) for error in invalid.errors()])
        first.others = tuple(others)
        raise first from None
    content = _plain(parsed.data)
    if isinstance(shape, OverlayShape):
        return overlay.read(shape, parsed, content, shelf.parent)
    cross_check(shape.requirements, shape.conditions, parsed)
    framework = build.framework(shape, hashlib.sha256(rfc8785.dumps(content)).hexdigest())
    with refusing(parsed) as refuse:
        own = policies.blocks(shape, refuse, overlay=False)
        policies.check_names(shape.sandbox, framework, refuse)
    return replace(framework, **policies.laid(policies.of(framework), own, freely=True))


def _plain(value: Any) -> Any:
    """Return YAML values as JSON ones, so that equal content has one digest."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value

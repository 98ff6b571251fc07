"""Rule files that lie in the folders of others: parents that come with no version of ours."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from frameworks.load import Shelf, bundled
from frameworks.model import Framework
from frameworks.overlay import nearest
from frameworks.source import LIMIT, Parsed

_ID = re.compile(rb"""^id:[ \t]*["']?([a-z0-9-]+)["']?[ \t]*(?:#.*)?\r?$""", re.MULTILINE)
_ENDS = (".yaml", ".yml")
MOST = 500
"""So many files of a folder are looked at."""


class Beside(Shelf):
    """Named rule files and those beside them, by id; the id of a bundled framework is always that one."""

    def __init__(self, paths: Sequence[Path]) -> None:
        folders = dict.fromkeys(path.resolve().parent for path in paths)
        found = {**_by_id(file for folder in folders for file in _files(folder)), **_by_id(paths)}
        own = {name: files for name, files in found.items() if name not in bundled().names}
        alone = {name: files[0] for name, files in own.items() if len(files) == 1}
        super().__init__(
            {name: path.read_bytes() for name, path in alone.items()},
            bundled(),
            {name: path.name for name, path in alone.items()},
        )
        self._twice = {name: files for name, files in own.items() if len(files) > 1}

    def parent(self, name: str, parsed: Parsed, path: tuple[str | int, ...]) -> Framework:
        """Return what *parsed* builds on; refuse a circle, what is not here, and what is here twice."""
        if name in self._twice:
            files = ", ".join(f"`{file.name}`" for file in self._twice[name])
            raise parsed.error(path, f"`{name}` is the id of {files}; keep one of them beside this file.")
        return super().parent(name, parsed, path)

    def _unknown(self, name: str) -> str:
        near = nearest(name, dict.fromkeys(self.names))
        return (
            f"there is no framework `{name}`, and no file beside this one has that id; put it here, or {near}"
        )


def parents(framework: Framework, shelf: Shelf) -> Iterator[tuple[str, bytes]]:
    """Yield every file of *shelf* that *framework* builds on, nearest first, by id."""
    for parent in framework.layer.parents if framework.layer else ():
        content = shelf.content(parent.id)
        if content is not None:
            yield parent.id, content
        yield from parents(parent, shelf)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.suffix in _ENDS and file.is_file())[:MOST]
    except OSError:  # what cannot be listed holds no parent; the named file has a sentence of its own
        return []


def _by_id(paths: Iterable[Path]) -> Mapping[str, list[Path]]:
    """Return files by the id that stands in them, each once, however it is named."""
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for path in dict.fromkeys(one.resolve() for one in paths):
        try:
            content = path.read_bytes() if path.stat().st_size <= LIMIT else b""
        except OSError:
            continue
        if told := _ID.search(content):
            found[told[1].decode()].append(path)
    return found

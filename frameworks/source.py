"""Strict YAML: plain values only, each with the line it stands on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import yaml

LIMIT = 1 << 20
"""Largest framework file in bytes."""

DEPTH = 24
"""Deepest nesting; ours need about six levels."""

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN = {
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")
}
_NUMBER = re.compile(
    r"[-+]?(0|[1-9]\d{0,30})?(\.\d{0,40})?([eE][-+]?\d{1,3})?|[-+]?\.(inf|nan)", re.IGNORECASE
)
"""A number as people write it. YAML reads 1:30 as 90, 010 as 8 and 1_0 as 10."""
_HIDDEN = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no line of text holds."""
Path = tuple[str | int, ...]


class LoadError(Exception):
    """A framework file is refused: which file, which line, and what to do about it."""

    def __init__(self, file: str, line: int, sentence: str) -> None:
        self.file = file
        self.line = line
        self.sentence = sentence
        self.others: tuple[LoadError, ...] = ()
        """What else was found wrong in the same file."""
        super().__init__(f"{file}, line {line}: {sentence}")


@dataclass(frozen=True, slots=True)
class Parsed:
    """The content of a file, and where each part of it stands."""

    file: str
    data: Any
    lines: Mapping[Path, int]
    """Line (from 1) of each key or list item, by its path."""

    def error(self, path: Path, sentence: str) -> LoadError:
        """Return the refusal of what stands at *path*, or at the nearest part that the file does have."""
        while path and path not in self.lines:
            path = path[:-1]
        return LoadError(self.file, self.lines.get(path, 1), sentence)


@contextmanager
def refusing(parsed: Parsed) -> Iterator[Callable[[Path, str], None]]:
    """Yield what takes each refusal, by path and sentence; raise the topmost at the end, with the others."""
    errors: list[LoadError] = []
    yield lambda path, sentence: errors.append(parsed.error(path, sentence))
    if errors:
        first, *others = sorted(errors, key=lambda error: error.line)
        first.others = tuple(others)
        raise first


def parse(content: bytes, file: str) -> Parsed:
    """Return the plain values in *content*; raise `LoadError` for anything else that YAML can say."""
    if len(content) > LIMIT:
        raise LoadError(file, 1, "the file is larger than 1 MB; split it into several frameworks.")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as why:
        line = content[: why.start].count(b"\n") + 1
        raise LoadError(file, line, "the file is not UTF-8 text; save it as UTF-8.") from None
    if hidden := _HIDDEN.search(text):
        line = text.count("\n", 0, hidden.start()) + 1
        code = f"U+{ord(hidden[0]):04X}"
        raise LoadError(file, line, f"the line holds a character that cannot be seen ({code}); remove it.")
    try:
        _refuse_references(text, file)
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise LoadError(file, 1, "the file is empty; start from a bundled pack.")
        lines = dict(_walk(node, (), file))
        return Parsed(file, loader.construct_document(node), lines)
    except yaml.MarkedYAMLError as why:
        mark = why.problem_mark or why.context_mark
        line = min(mark.line, text.rstrip().count("\n")) + 1 if mark else 1
        problem = why.problem or "it cannot be read"
        raise LoadError(file, line, f"this is not YAML: {problem}; correct the line.") from None
    except (yaml.YAMLError, ValueError) as why:
        sentence = str(why).splitlines()[0]
        raise LoadError(file, 1, f"this is not YAML: {sentence}; correct the file.") from None


def _refuse_references(text: str, file: str) -> None:
    """Refuse anchors, aliases and deep nesting while the file is still a flat stream of events."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            raise LoadError(
                file, line, f"`{anchor}` is an anchor or alias; write the value out in each place."
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH:
            raise LoadError(
                file, line, "lists and mappings are nested too deeply; a framework needs six levels."
            )


def _walk(node: yaml.Node, path: Path, file: str) -> Iterator[tuple[Path, int]]:
    """Yield the line of every part of *node*; refuse repeated keys, merge keys and tags."""
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or not key.tag.endswith(":str"):
                raise LoadError(file, line, _odd_key(key))
            if key.value in seen:
                raise LoadError(file, line, f"`{key.value}` stands twice in one mapping; keep one of them.")
            seen.add(key.value)
            yield from _walk(value, (*path, key.value), file)
            yield (*path, key.value), line
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield from _walk(item, (*path, position), file)
    _refuse_odd_values(node, file)


def _odd_key(key: yaml.Node) -> str:
    if isinstance(key, yaml.ScalarNode) and key.tag.endswith((":int", ":float")):
        return (
            f"`{key.value[:40]}` stands where a key should; write a number with a point, such as 0.85, "
            "and a key in quotes."
        )
    return "a key is not plain text; put it in quotes or remove it."


def _refuse_odd_values(node: yaml.Node, file: str) -> None:
    line = node.start_mark.line + 1
    if node.tag not in _PLAIN:
        raise LoadError(
            file, line, f"the tag `{node.tag}` is not accepted; write plain text, numbers and lists."
        )
    if node.tag.endswith((":int", ":float")) and not _NUMBER.fullmatch(node.value):
        sentence = (
            f"`{node.value[:40]}` is not written as a plain number; put text in quotes, and write a "
            "number in digits, such as 0.85."
        )
        raise LoadError(file, line, sentence)
    if node.tag.endswith(":timestamp"):
        try:
            dt.date.fromisoformat(node.value)
        except ValueError:
            raise LoadError(file, line, f"`{node.value}` is not a date; write YYYY-MM-DD.") from None

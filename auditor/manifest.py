"""submission.yaml: read as data and nothing else, with its files found beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from auditor.problems import Problem, Refused, refuse

LARGEST = 1024 * 1024
FILES = (("model",), ("data", "evaluation"), ("data", "training"), ("data", "reference"))


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases, which can make a small file unfold into a huge one."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse an alias where it stands."""
        if self.check_event(yaml.AliasEvent):
            event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML has no types here
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise refuse("", "alias", f"line {line} uses a YAML alias (*name); write the value out.")
        node: yaml.Node | None = super().compose_node(parent, index)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that is given twice: one of the two would be lost."""
        seen: set[str] = set()
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise refuse(
                    "", "not-a-key", f"line {line} has a key that is a list or mapping; keys are plain text."
                )
            if key.value in seen:
                raise refuse(key.value, "twice", f"line {line} gives `{key.value}` a second time; keep one.")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """Return what a YAML file says; raise `Refused` when it cannot be read as plain data."""
    if not _is_file(path):
        raise refuse("", "no-file", f"{str(path)[:200]} is not there, or is no file; check the path.")
    if path.stat().st_size > LARGEST:
        raise refuse("", "too-large", f"{path.name} is larger than {LARGEST} bytes; it should hold no data.")
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _PlainLoader)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError:
        raise refuse("", "not-utf-8", f"{path.name} is not UTF-8 text; save it as UTF-8.") from None
    except ValueError:
        sentence = f"{path.name} holds a date or a number that does not exist; quote it or correct it."
        raise refuse("", "no-such-value", sentence) from None
    except yaml.constructor.ConstructorError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        sentence = f"{path.name} uses a YAML tag (!name) at line {line}; write plain values only."
        raise refuse("", "tag", sentence) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise refuse("", "not-yaml", f"{path.name} is not YAML{where}; check its indentation.") from None
    except RecursionError:
        raise refuse("", "too-deep", f"{path.name} is nested too deeply; flatten it.") from None


def read_submission(path: Path) -> tuple[Any, Mapping[str, Path]]:
    """Return the submission as written, answers included, and the files it names: key -> path."""
    raw = read_yaml(path)
    if not isinstance(raw, dict):
        return raw, {}
    folder = path.resolve().parent
    if isinstance(raw.get("answers"), str):
        raw["answers"] = read_yaml(folder / raw["answers"])
    found: dict[str, Path] = {}
    missing: list[Problem] = []
    for keys in FILES:
        named = _dig(raw, keys)
        name = named.get("file") if isinstance(named, dict) else named
        where = ".".join(keys)
        if isinstance(named, dict) and "artifact" in named:
            sentence = (
                f"`{where}` names an artifact, which only a service has; name a `file` beside the submission."
            )
            missing.append(Problem(where, "artifact-here", sentence))
        if isinstance(name, str):
            file = folder / name
            found[where] = file
            if not _is_file(file):
                missing.append(
                    Problem(where, "no-file", f"`{where}` names {name[:200]}, which is not there.")
                )
    if missing:
        raise Refused(missing)
    return raw, found


def named_by_digest(raw: Any, digests: Mapping[str, str]) -> Any:
    """Return the submission with each file of *digests* (key -> digest) named as an artifact."""
    out = {**raw, "data": {**raw["data"]}} if "data" in raw and isinstance(raw["data"], dict) else {**raw}
    for where, digest in digests.items():
        outer, _, inner = where.rpartition(".")
        holder = out[outer] if outer else out
        named = holder[inner]
        kept = {k: v for k, v in named.items() if k != "file"} if isinstance(named, dict) else {}
        holder[inner] = {**kept, "artifact": f"sha256:{digest}"}
    return out


def _is_file(path: Path) -> bool:
    """Say whether a regular file is there; a path that no system can have is not."""
    try:
        return path.is_file()
    except OSError:
        return False


def _dig(raw: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        raw = raw.get(key) if isinstance(raw, dict) else None
    return raw

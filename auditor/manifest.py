"""submission.yaml: read as data and nothing else, with its files found beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from auditor.problems import Problem, Refused, refuse
from auditor.shallow import DEEPEST, flaw
from auditor.submission import dotted, files_of, parse
from frameworks.beside import Beside, parents
from frameworks.load import load

LARGEST = 1024 * 1024


_BOOL = "tag:yaml.org,2002:bool"


class _PlainLoader(yaml.SafeLoader):
    """YAML in which a key stands once, and in which only `true` and `false` are no words (YAML 1.2).

    In YAML 1.1 the key `on` of a join and the outcomes `yes` and `no` would be truth values.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own name and kind
        first: [(tag, pattern) for tag, pattern in found if tag != _BOOL]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

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


_PlainLoader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def read_yaml(path: Path) -> Any:
    """Return what a YAML file says; raise `Refused` when it cannot be read as plain data."""
    if not _is_file(path):
        raise refuse("", "no-file", f"{str(path)[:200]} is not there, or is no file; check the path.")
    if path.stat().st_size > LARGEST:
        raise refuse("", "too-large", f"{path.name} is larger than {LARGEST} bytes; it should hold no data.")
    try:
        text = path.read_text(encoding="utf-8")
        _look_before_composing(text, path.name)
        return yaml.load(text, _PlainLoader)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError:
        raise refuse("", "not-utf-8", f"{path.name} is not UTF-8 text; save it as UTF-8.") from None
    except ValueError:
        sentence = f"{path.name} holds a date or a number that does not exist; quote it or correct it."
        raise refuse("", "no-such-value", sentence) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise refuse(
            "", "not-yaml", f"{path.name} is not YAML{where}; check its indentation, brackets and quotes."
        ) from None


def _look_before_composing(text: str, name: str) -> None:
    """Refuse aliases, which unfold into something huge, depth, which takes minutes, and tags."""
    match flaw(text):
        case "tag", line:
            sentence = f"{name} uses a YAML tag (!name) at line {line}; write plain values only."
            raise refuse("", "tag", sentence)
        case "alias", line:
            raise refuse("", "alias", f"line {line} uses a YAML alias (*name); write the value out.")
        case "depth", line:
            sentence = f"{name} is nested too deeply at line {line}; flatten it to {DEEPEST} levels."
            raise refuse("", "too-deep", sentence)


def read_submission(
    path: Path, changes: Mapping[str, Any] = MappingProxyType({})
) -> tuple[dict[str, Any], Mapping[str, Path]]:
    """Return the submission as written, answers included, and the files it names: key -> path.

    *changes* replace keys of the file. Raises `Refused` for what is no submission, or names no file.
    """
    raw = read_yaml(path)
    if isinstance(raw, dict):
        raw |= changes
        if isinstance(raw.get("answers"), str):
            raw["answers"] = read_yaml(path.resolve().parent / raw["answers"])
        _read_rules(raw, path.resolve().parent)
    submission = parse(raw)
    found = {dotted(keys): file for keys, file in files_of(submission)}
    paths = {where: path.resolve().parent / file.file for where, file in found.items() if file.file}
    problems = [_elsewhere(where) for where in found if where not in paths]
    problems += [
        Problem(where, "no-file", f"`{where}` names {str(found[where].file)[:200]}, {_why(file)}.")
        for where, file in paths.items()
        if not _is_file(file)
    ]
    if problems:
        raise Refused(problems)
    return submission.model_dump(mode="json", exclude_unset=True), paths


def _read_rules(raw: dict[str, Any], folder: Path) -> None:
    """Put each rule file that `frameworks` names (`town.yaml`) under `rules`, and its id in its place.

    So is what it builds on, where that lies beside it: the submission holds all that it is judged by.
    """
    named = raw.get("frameworks")
    if not isinstance(named, list) or not isinstance(raw.get("rules", {}), dict):
        return
    files = {
        place: folder / name
        for place, name in enumerate(named)
        if isinstance(name, str) and name.endswith((".yaml", ".yml"))
    }
    shelf = Beside(list(files.values()))
    for place, file in files.items():
        try:
            text = file.read_bytes()
            framework = load(text, file.name, shelf=shelf)
        except OSError as why:
            sentence = f"`frameworks` names {named[place][:200]}, which cannot be read ({why.strerror})."
            raise refuse(f"frameworks.{place}", "no-file", sentence) from None
        named[place] = framework.id
        below = {name: content.decode() for name, content in parents(framework, shelf)}
        raw["rules"] = {**raw.get("rules", {}), **below, framework.id: text.decode()}


def _why(file: Path) -> str:
    try:
        folder = file.is_dir()
    except OSError:  # a path that no system can have
        folder = False
    return "which is a folder; name a file in it" if folder else "which is not there"


def _elsewhere(where: str) -> Problem:
    sentence = f"`{where}` names an artifact, which only a service has; name a `file` beside the submission."
    return Problem(where, "artifact-here", sentence)


def named_by_digest(raw: Any, digests: Mapping[str, str]) -> dict[str, Any]:
    """Return the submission with each file of *digests* (key -> digest) named as an artifact."""
    submission = parse(raw)
    out = submission.model_dump(mode="json", exclude_unset=True)
    for keys, _ in files_of(submission):
        if (digest := digests.get(dotted(keys))) is None:
            continue
        holder: Any = out
        for key in keys[:-1]:
            holder = holder[key]
        named, artifact = holder[keys[-1]], f"sha256:{digest}"
        if isinstance(named, dict):
            holder[keys[-1]] = {k: v for k, v in named.items() if k != "file"} | {"artifact": artifact}
        else:
            holder[keys[-1]] = artifact
    return out


def _is_file(path: Path) -> bool:
    """Say whether a regular file is there; a path that no system can have is not."""
    try:
        return path.is_file()
    except OSError:
        return False

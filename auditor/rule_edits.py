"""Changes of a rule file that keep everything else in it as it was written, comments and order too."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from auditor.problems import refuse
from frameworks.load import LoadError, packs
from frameworks.measures import HERE
from frameworks.model import Framework
from frameworks.source import parse

DAYS = ("from", "review_by", "sunset")
SOURCE = "rules.yaml"
_WIDE = 10**6
"""Lines are never broken anew."""


def text_of(name: str) -> str:
    """Return the file of a bundled framework as it is written."""
    return (HERE / "packs" / f"{name}.yaml").read_text(encoding="utf-8")


def start(parent: Framework, today: dt.date) -> str:
    """Return the beginning of an overlay on *parent*: it can be checked once something is changed in it."""
    return f"""# What differs here from {parent.title}, and why.
format: auditor-framework/1
id: my-town
title: Rules of my town
version: "1"
jurisdiction: my town
language: en
extends:
  - {{id: {parent.id}, version: "{parent.version}"}}
sunset: {today.replace(year=today.year + 1, day=1)}
notes:
  - Say what these rules are for.
groups: []
overrides: []
"""


def copy_of(name: str) -> str:
    """Return a bundled overlay under an id of one's own."""

    def rename(data: CommentedMap) -> None:
        data["id"] = f"my-{data['id']}"
        data["title"] = f"{data['title']}, copied"

    kept = [line for line in text_of(name).splitlines() if not line.startswith("# yaml-language-server")]
    return changed("\n".join(kept) + "\n", rename)


def changed(text: str, change: Callable[[CommentedMap], None]) -> str:
    """Return *text* after *change*; a file that cannot be read as YAML is refused first."""
    try:
        data = parse(text.encode(), SOURCE).data
    except LoadError as wrong:
        raise refuse("content", "yaml", f"line {wrong.line}: {wrong.sentence}") from None
    if not isinstance(data, dict):
        raise refuse("content", "yaml", "a rule file is a mapping of keys; start from a copy.")
    trip = YAML()
    trip.width, trip.preserve_quotes = _WIDE, True
    trip.indent(mapping=2, sequence=4, offset=2)
    held = trip.load(text)
    change(held)
    out = io.StringIO()
    trip.dump(held, out)
    return out.getvalue()


def head(text: str, sent: Mapping[str, str]) -> str:
    """Set version and title, and the days; an empty day is taken out."""

    def change(data: CommentedMap) -> None:
        for key in ("version", "title"):
            if sent.get(key, "").strip():
                data[key] = DoubleQuotedScalarString(sent[key].strip())
        for key in DAYS:
            written = sent.get(key, "").strip()
            if written:
                put(data, key, _day(key, written))
            else:
                data.pop(key, None)

    return changed(text, change)


def group(text: str, sent: Mapping[str, str]) -> str:
    """Name people who must be among those compared, or change a group of the same id."""
    wanted = CommentedMap()
    wanted["id"] = filled(sent, "group_id", "give the group a short name such as `rural`")
    wanted["title"] = filled(sent, "group_title", "say who they are")
    wanted["attributes"] = listed(filled(sent, "attributes", "name the columns that may tell them"))
    values = listed(sent.get("group_values", ""))
    limits = {key: number_in(key, sent[key]) for key in ("at_least", "below") if sent.get(key, "").strip()}
    if bool(values) == bool(limits):
        raise refuse(
            "group_values", "values", "Give either the values of the group, or from and below; one of them."
        )
    wanted |= {"values": values} if values else limits
    wanted["why"] = filled(sent, "why", "say why these people are named")
    wanted.fa.set_flow_style()
    return changed(
        text, lambda data: replaced(data, "groups", wanted, lambda one: one.get("id") == wanted["id"])
    )


def bounds(framework: Framework) -> Sequence[tuple[str, str, Mapping[str, Any]]]:
    """Return every number of *framework* that may be tightened: item, criterion, the bound as spelt."""
    return [
        (requirement.id, part.id, part.bound.as_dict())
        for requirement in framework.requirements
        for criterion in requirement.criteria
        for part in criterion.parts
        if part.bound is not None and part.bound.limit is not None and not requirement.locked
    ]


def number(text: str, sent: Mapping[str, str], parents: Sequence[Framework]) -> str:
    """Tighten one number of the parents, or change what the file made of it already."""
    place = filled(sent, "place", "choose the number that changes")
    found = {
        f"{item} {part}": (item, part, said) for p in reversed(parents) for item, part, said in bounds(p)
    }
    if place not in found:
        raise refuse("place", "unknown", "choose a number of the rules that these build on.")
    item, part, old = found[place]
    (operator,) = old
    limit = number_in("limit", filled(sent, "limit", "write the new number"))
    wanted = CommentedMap(target=item, criterion=part, mode="tighten")
    wanted["from"], wanted["to"] = flow(old), flow({operator: limit})
    wanted["reason"] = filled(sent, "reason", "say why; the reason stands in every report")
    wanted.fa.set_flow_style()
    same = lambda one: one.get("target") == item and one.get("criterion") == part  # noqa: E731
    return changed(text, lambda data: replaced(data, "overrides", wanted, same))


def parents_of(text: str, known: Mapping[str, Framework]) -> tuple[Framework, ...]:
    """Return what the file extends, as far as it can be read yet."""
    try:
        data = parse(text.encode(), SOURCE).data
    except LoadError:
        return ()
    named = data.get("extends") if isinstance(data, dict) else None
    ids = [one.get("id") for one in named if isinstance(one, dict)] if isinstance(named, list) else []
    rules = {**packs(), **known}
    return tuple(rules[name] for name in ids if isinstance(name, str) and name in rules)


def values_of(text: str) -> Mapping[str, Any]:
    """Return the plain values of a file, or nothing where it cannot be read."""
    try:
        data = parse(text.encode(), SOURCE).data
    except LoadError:
        return {}
    return data if isinstance(data, dict) else {}


def replaced(data: CommentedMap, key: str, wanted: CommentedMap, same: Callable[[Any], bool]) -> None:
    """Put *wanted* into a list in place of what is the *same*, or at its end."""
    held = data.get(key)
    if not isinstance(held, CommentedSeq):
        put(data, key, CommentedSeq())
    elif not held:
        data[key] = CommentedSeq()  # written as [], it would stay on one line
    held = data[key]
    for place, one in enumerate(held):
        if isinstance(one, CommentedMap) and same(one):
            held[place] = wanted
            return
    held.append(wanted)


def put(data: CommentedMap, key: str, value: Any) -> None:
    """Set a key; a new one goes before the long lists, where a reader looks for it."""
    if key in data:
        data[key] = value
        return
    later = [name for name in ("notes", "conditions", "groups", "overrides", "requirements") if name in data]
    later = [name for name in later if key not in ("groups", "overrides") or name == "requirements"]
    if key in ("waivers", "sandbox", "effectiveness"):
        later = [name for name in later if name not in ("notes", "conditions")]
    places = [list(data).index(name) for name in later]
    data.insert(min(places, default=len(data)), key, value)


def flow(value: Mapping[str, Any]) -> CommentedMap:
    """Return a mapping that is written on one line."""
    made = CommentedMap(value)
    made.fa.set_flow_style()
    return made


def listed(text: str) -> CommentedSeq:
    """Return what stands between commas, as a list on one line."""
    made = CommentedSeq([text_in(part.strip()) for part in text.split(",") if part.strip()])
    made.fa.set_flow_style()
    return made


def filled(sent: Mapping[str, str], key: str, need: str) -> str:
    """Return what was written in a field; refuse one that is empty with what it needs."""
    said = " ".join(sent.get(key, "").split())
    if not said:
        raise refuse(key, "missing", f"{need[0].upper()}{need[1:]}.")
    return text_in(said)


def text_in(said: str) -> str:
    """Return *said* in quotes where YAML would read something else than text: no, 1e3, a: b."""
    try:
        plain = yaml.safe_load(said) == said
    except (yaml.YAMLError, ValueError):
        plain = False
    return said if plain else DoubleQuotedScalarString(said)


def number_in(key: str, written: str) -> float:
    """Return the number that was written in a field, a whole one as such."""
    try:
        found = float(written.strip())
    except ValueError:
        raise refuse(
            key, "not-a-number", f"`{written.strip()[:40]}` is not a number; write 65 or 0.85."
        ) from None
    if found != found or found in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN is not itself
        raise refuse(key, "not-a-number", "Write a finite number such as 65 or 0.85.")
    return int(found) if found == int(found) else found


def _day(key: str, written: str) -> dt.date:
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        raise refuse(key, "not-a-date", f"`{written[:40]}` is not a day; write it as 2027-12-31.") from None

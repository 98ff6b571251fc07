"""An overlay as an OSCAL profile (1.2): what it takes from its parents, what it changes, what it adds.

A profile imports the catalog of each parent (the profile, where a parent is an overlay itself) and of the
overlay only its own items; limits that it changes are set, whatever else differs is removed and added.
Imports go by file name and digest, so a profile is resolved beside the files it names. A control keeps the id
of the rules where it was first written.
Source: NIST OSCAL, profile model and profile resolution, https://pages.nist.gov/OSCAL/.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Any

from frameworks.layers import on_day
from frameworks.model import Framework, Requirement
from reports.exports.oscal_catalog import catalog, control, file_name, identifier, line, metadata
from reports.exports.shared import as_json, token
from reports.language import ENGLISH, speaking


def document(framework: Framework, model: str | None = None, day: dt.date | None = None) -> tuple[str, bytes]:
    """Return name and bytes of a *model*: without one, the profile of an overlay, the catalog of other rules.

    Raises ValueError, with a sentence, where there is no such model, or no profile of these rules.
    """
    chosen = model or ("profile" if framework.layer else "catalog")
    if chosen not in ("catalog", "profile"):
        raise ValueError(f"there is no OSCAL model `{chosen[:80]}` of rules; choose catalog or profile.")
    if chosen == "profile" and framework.layer is None:
        raise ValueError(
            f"`{framework.id}` builds on no other rules, so it has no profile; ask for its catalog."
        )
    made = catalog(framework, day) if chosen == "catalog" else profile(framework, day)
    return file_name(framework, chosen), made


def profile(framework: Framework, day: dt.date | None = None) -> bytes:
    """Return what an overlay makes of its parents, as it stands on *day*."""
    assert framework.layer
    rules = on_day(framework, day) if day else framework
    parents = [on_day(one, day) if day else one for one in framework.layer.parents]
    taken = _taken(parents)
    own = [token(*_origin(one)) for one in framework.layer.adds]
    imports, resources = [], []
    for source, ids in (*taken, (framework, own)):
        if ids:
            resource = _resource(rules, source, day, "catalog" if source is framework else None)
            resources.append(resource)
            imports.append({"href": f"#{resource['uuid']}", "include-controls": [{"with-ids": ids}]})
    with speaking(ENGLISH):
        made = {
            "uuid": identifier(rules, day, "profile"),
            "metadata": metadata(rules, day, rules.title),
            "imports": imports,
            "merge": {"as-is": True},
            **_modified(rules, parents),
            "back-matter": {"resources": resources},
        }
    return as_json({"profile": made})


def _origin(asked: Requirement) -> tuple[str, str]:
    framework, _, name = asked.origin.partition(":")
    return framework, name


def _taken(parents: list[Framework]) -> list[tuple[Framework, list[str]]]:
    """Return the ids that come from each parent; what two of them ask is taken from the first."""
    seen: set[str] = set()
    taken = []
    for parent in parents:
        ids = [token(*_origin(one)) for one in parent.requirements]
        taken.append((parent, [name for name in ids if name not in seen]))
        seen.update(ids)
    return taken


def _resource(rules: Framework, source: Framework, day: dt.date | None, model: str | None) -> dict[str, Any]:
    name, content = document(source, model, day)
    digest = hashlib.sha256(content).hexdigest()
    return {
        "uuid": identifier(rules, day, "import", source.id),
        "title": line(f"{source.title} {source.version}"),
        "rlinks": [
            {
                "href": name,
                "media-type": "application/oscal+json",
                "hashes": [{"algorithm": "SHA-256", "value": digest}],
            }
        ],
    }


def _modified(rules: Framework, parents: list[Framework]) -> dict[str, Any]:
    before = {one.id: (parent, one) for parent in reversed(parents) for one in parent.requirements}
    settings: list[dict[str, Any]] = []
    alters = []
    for asked in rules.requirements:
        if asked.id not in before:
            continue
        name = token(*_origin(asked))
        old, new = control(*before[asked.id], name), control(rules, asked, name)
        known = {one["id"]: one for one in old.get("params", ())}
        settings += [
            _set(known[one["id"]], one) for one in new.get("params", ()) if known.get(one["id"], one) != one
        ]
        if altered := _altered(old, new, known):
            alters.append({"control-id": name, **altered})
    made = {"set-parameters": settings, "alters": alters}
    kept = {key: value for key, value in made.items() if value}
    return {"modify": kept} if kept else {}


def _set(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return what to set so that *old* becomes *new*; a property that is set replaces the one of its name."""
    differs = {key: new[key] for key in new if key != "props" and new[key] != old.get(key)}
    props = [one for one in new["props"] if one not in old["props"]]
    return {"param-id": new["id"], **differs, **({"props": props} if props else {})}


def _altered(old: dict[str, Any], new: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Return what to remove from a control and what to add, so that *old* becomes *new*; limits aside."""
    params = [one for one in new.get("params", ()) if one["id"] not in known]
    names = {one["name"] for one in _unlike(old["props"], new["props"])}
    props = [one for one in new["props"] if one["name"] in names]
    gone = [one["name"] for one in old["props"] if one["name"] in names]
    was = {one["id"]: one for one in old.get("parts", ())}
    parts = [one for one in new.get("parts", ()) if was.get(one["id"]) != one]
    removes = [{"by-name": name, "by-item-name": "prop"} for name in dict.fromkeys(gone)]
    removes += [{"by-id": one["id"]} for one in parts if one["id"] in was]
    added = {"params": params, "props": props, "parts": parts}
    added = {key: value for key, value in added.items() if value}
    made: dict[str, Any] = {"removes": removes} if removes else {}
    return {**made, "adds": [{"position": "ending", **added}]} if added else made


def _unlike(one: list[dict[str, str]], other: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    yield from (item for item in one if item not in other)
    yield from (item for item in other if item not in one)

"""Read an overlay: a local rule that extends others, refused wherever it does not fit them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Protocol

import rfc8785
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from frameworks import policies
from frameworks.build import requirement
from frameworks.crosscheck import cross_check
from frameworks.layers import resolved
from frameworks.model import Framework, Group, Layer, Override, Parent
from frameworks.overlay_shape import PREFIX, GroupShape, OverlayShape, OverrideShape
from frameworks.source import Parsed, refusing
from frameworks.strict import Differs, same_matter, spelt, stricter

DEEPEST = 5
"""Most overlays on top of one another."""


class Library(Protocol):
    """Where parents are found."""

    def __call__(self, name: str, parsed: Parsed, path: tuple[str | int, ...]) -> Framework:
        """Return the framework called *name*, or refuse what stands at *path* of *parsed*."""


def read(shape: OverlayShape, parsed: Parsed, content: Any, library: Library) -> Framework:
    """Return the overlay with its parents resolved; *content* is the plain data of the file.

    Raises the topmost `LoadError`; the others that were found stand in its `others`.
    """
    parents = tuple(_parents(shape, parsed, library))
    depth = 1 + max(depth_of(parent) for parent in parents)
    if depth > DEEPEST:
        raise parsed.error(
            ("extends",),
            f"overlays lie {depth} deep here, at most {DEEPEST} are read; extend one further down.",
        )
    conditions = {name for parent in parents for name in parent.conditions} | set(shape.conditions)
    _check_adds(shape, parents, parsed)
    cross_check(shape.requirements, conditions, parsed)
    digest = hashlib.sha256(rfc8785.dumps({"content": content, "parents": [p.digest for p in parents]}))
    own = _framework(shape, parents, digest.hexdigest())
    layer = Layer(
        parents=parents,
        overrides=tuple(map(_override, shape.overrides)),
        adds=tuple(requirement(add, shape.id) for add in shape.requirements),
        strictest=shape.combine == "strictest",
        policies=_policies(shape, parents, parsed),
    )
    try:
        with refusing(parsed) as refuse:
            whole = resolved(own, layer, lambda at, unfit: refuse(("overrides", at, unfit.key), str(unfit)))
            policies.check_names(shape.sandbox, whole, refuse)
    except Differs as why:
        raise parsed.error(("extends",), f"{why}.") from None
    _check_floors(shape, whole, parsed, library)
    return whole


def _policies(
    shape: OverlayShape, parents: tuple[Framework, ...], parsed: Parsed
) -> Mapping[str, policies.Block]:
    with refusing(parsed) as refuse:
        own = policies.blocks(shape, refuse, overlay=True)
        held = policies.inherited(parents)
        policies.check(parents, own, refuse)
        for name in ("waivers", "sandbox"):
            if held[name].approvers == ():  # type: ignore[union-attr]  # both of these have it
                refuse(
                    ("extends",), f"the parents name nobody alike who may approve under `{name}`; extend one."
                )
    return own


def depth_of(framework: Framework) -> int:
    """Return how many overlays lie on top of one another in *framework*."""
    return 0 if framework.layer is None else 1 + max(map(depth_of, framework.layer.parents))


def _parents(shape: OverlayShape, parsed: Parsed, library: Library) -> list[Framework]:
    found: dict[str, Framework] = {}
    for place, asked in enumerate(shape.extends):
        path = ("extends", place)
        if asked.id in found:
            raise parsed.error((*path, "id"), f"`{asked.id}` is extended twice; keep one.")
        parent = library(asked.id, parsed, (*path, "id"))
        if not _in_range(parent.version, asked.version, parsed, path):
            raise parsed.error(
                (*path, "version"),
                f"{asked.id} is here in version {parent.version}, and this overlay was written for "
                f"{asked.version}; read the new version, then correct the range.",
            )
        found[asked.id] = parent
    return list(found.values())


def _in_range(version: str, asked: str, parsed: Parsed, path: tuple[str | int, ...]) -> bool:
    """Return whether *version* is in a range such as `>=0.1,<0.2`, or the one that is named."""
    if version == asked:
        return True
    try:
        wanted = SpecifierSet(asked)
    except InvalidSpecifier:
        try:
            return Version(asked) == Version(version)
        except InvalidVersion:
            raise parsed.error(
                (*path, "version"),
                f"`{asked}` is no range of versions; write `>=0.1,<0.2`, or the whole version `{version}`.",
            ) from None
    try:
        return wanted.contains(Version(version), prereleases=True)
    except InvalidVersion:
        raise parsed.error(
            (*path, "version"), f"`{version}` is no number to compare; name it whole: `version: {version!r}`."
        ) from None


def _check_adds(shape: OverlayShape, parents: tuple[Framework, ...], parsed: Parsed) -> None:
    """Refuse local items and groups whose names could be taken for those of a parent."""
    theirs = {one.id for parent in parents for one in parent.requirements}
    for place, add in enumerate(shape.requirements):
        path = ("requirements", place, "id")
        if not add.id.startswith(PREFIX):
            raise parsed.error(path, f"a local item begins with `{PREFIX}`; call it `{PREFIX}{add.id}`.")
        if add.id in theirs:
            raise parsed.error(path, f"a parent has an item `{add.id}`; give this one another number.")
    groups = {group.id for parent in parents for group in parent.groups}
    for place, group in enumerate(shape.groups):
        if group.id in groups:
            raise parsed.error(
                ("groups", place, "id"), f"a group `{group.id}` is named already; choose another id."
            )
        groups.add(group.id)


def _check_floors(shape: OverlayShape, whole: Framework, parsed: Parsed, library: Library) -> None:
    """Refuse numbers under those of a floor on the same matter."""
    for place, asked in enumerate(shape.floors):
        floor = library(asked.id, parsed, ("floors", place, "id"))
        for name, key, sentence in policies.under(whole, floor, asked.use):
            raise parsed.error((name, key) if getattr(shape, name) else ("floors", place), sentence)
        for mine in whole.requirements:
            for part in (part for criterion in mine.criteria for part in criterion.parts):
                for other, rival in same_matter(part, mine, floor.requirements):
                    assert part.bound
                    assert rival.bound
                    if rival.basis in asked.use and stricter(rival.bound, part.bound):
                        sentence = (
                            f"{mine.id} asks {spelt(part.bound.as_dict())} of `{part.id}`, under the floor "
                            f"{asked.id} {other.id}, {spelt(rival.bound.as_dict())} ({rival.basis_source}); "
                            "tighten it to that at least."
                        )
                        raise parsed.error(_written(shape, mine.id, part.id) or ("floors", place), sentence)


def _written(shape: OverlayShape, item: str, criterion: str) -> tuple[str | int, ...] | None:
    """Return where the overlay itself sets a number; None where a parent does."""
    for place, override in enumerate(shape.overrides):
        if (override.target, override.criterion) == (item, criterion):
            return ("overrides", place, "to")
    for place, add in enumerate(shape.requirements):
        if add.id == item:
            return ("requirements", place)
    return None


def _framework(shape: OverlayShape, parents: tuple[Framework, ...], digest: str) -> Framework:
    return Framework(
        id=shape.id,
        title=shape.title,
        version=shape.version,
        force="local",
        jurisdiction=shape.jurisdiction,
        requirements=(),
        digest=digest,
        issuer=shape.issuer,
        url=shape.url,
        scope=shape.scope,
        review_by=shape.review_by,
        notes=shape.notes,
        conditions=dict(shape.conditions),
        language=shape.language,
        parents=tuple(Parent(parent.id, parent.version, parent.digest) for parent in parents),
        groups=tuple(map(_group, shape.groups)),
        begins=shape.start,
        sunset=shape.sunset,
    )


def _group(shape: GroupShape) -> Group:
    return Group(
        id=shape.id,
        title=shape.title,
        attributes=shape.attributes,
        values=shape.values,
        at_least=shape.at_least,
        below=shape.below,
        why=shape.why,
    )


def _override(shape: OverrideShape) -> Override:
    return Override(
        target=shape.target,
        criterion=shape.criterion,
        mode=shape.mode,
        old=shape.old.as_dict if shape.old else None,
        new=shape.new.as_dict if shape.new else None,
        reason=shape.reason,
        basis=shape.basis,
        basis_source=shape.basis_source,
    )


def nearest(name: str, known: Mapping[str, Any]) -> str:
    """Advise the nearest of *known*."""
    near = get_close_matches(name, known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"choose from {', '.join(sorted(known))}."

"""Compare the terms of a record's data transfers once more, by the baselines that the record carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from frameworks.terms import baselines_to_json, comparisons, to_json
from frameworks.terms_shape import Profile, Themes, Transfer
from reports.record import canonical

WORDS = ("reason",)
"""What a later version may say otherwise; everything else must follow exactly."""
FROM_PACKS = ("clause", "verified")
"""What a baseline takes from its pack, which may have been read further since."""


def terms_apart(body: Mapping[str, Any], transfers: Sequence[Mapping[str, Any]], same: bool) -> Iterator[str]:
    """Yield a sentence for each comparison that does not follow from *transfers* and the baselines.

    *same* says whether this version of Auditor wrote the record.
    """
    stored = body.get("terms") or []
    if not stored and not transfers:
        return
    try:
        carried = body["baselines"]
        known = Themes.model_validate(carried["themes"])
        among = {one["id"]: Profile.model_validate(one) for one in carried["profiles"]}
        found = [to_json(one) for raw in transfers for one in comparisons(Transfer.of(raw), among, known)]
        if [_named(one) for one in stored] != [_named(one) for one in found]:
            yield "audit.json: its comparisons of terms are not those that its transfers ask for."
            return
        for was, now in zip(stored, found, strict=True):
            yield from _apart(was, now, same)
        yield from _own(carried, same)
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration) as why:
        reason = (str(why) or "a theme is not known").splitlines()[0][:120]
        yield f"audit.json: its terms cannot be compared again ({reason})."


def _named(comparison: Mapping[str, Any]) -> tuple[str, str]:
    return comparison["transfer"], comparison["profile"]


def _apart(was: Mapping[str, Any], now: Mapping[str, Any], same: bool) -> Iterator[str]:
    """Yield a sentence for each theme that does not follow, or one for the whole."""
    where = f"audit.json: the terms of {was['transfer']} beside {was['profile']}"
    if [one["theme"] for one in was["results"]] != [one["theme"] for one in now["results"]]:
        yield f"{where} are not compared in the themes that they and the baseline have."
        return
    for a, b in zip(was["results"], now["results"], strict=True):
        if a["outcome"] != b["outcome"]:
            yield f"{where}: {a['theme']} is {a['outcome']} there, and {b['outcome']} by what was declared."
        elif _kept(a, same) != _kept(b, same):
            keys = ", ".join(_differing(a, b))
            yield f"{where}: {a['theme']} does not follow from what was declared: {keys}."
    if wrong := [key for key in _differing(was, now) if key != "results"]:
        yield f"{where} do not follow from what was declared: {', '.join(wrong)}."


def _differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    return [key for key in sorted(a.keys() | b.keys()) if canonical(a.get(key)) != canonical(b.get(key))]


def _kept(result: Mapping[str, Any], same: bool) -> bytes:
    return canonical({key: value for key, value in result.items() if same or key not in WORDS})


def _own(carried: Mapping[str, Any], same: bool) -> Iterator[str]:
    """Compare themes and baselines that this copy of Auditor has too, by the digest that they claim."""
    own = baselines_to_json()
    if carried["themes"]["digest"] == own["themes"]["digest"] and carried["themes"] != own["themes"]:
        yield "audit.json: its themes claim the digest of those of this Auditor, and have other content."
    ours = {one["id"]: one for one in own["profiles"]}
    for one in carried["profiles"]:
        mine = ours.get(one["id"])
        if mine and mine["digest"] == one["digest"] and _of_file(mine) != _of_file(one):
            name = f"{one['id']} {mine['version']}"
            yield f"audit.json: its baseline {one['id']} claims the digest of {name}, and has other content."
    if same and (lacking := sorted(ours.keys() - {one["id"] for one in carried["profiles"]})):
        yield f"audit.json: it lacks baselines of its version: {', '.join(lacking)}."


def _of_file(profile: Mapping[str, Any]) -> Mapping[str, Any]:
    items = [{k: v for k, v in item.items() if k not in FROM_PACKS} for item in profile["items"]]
    return {**profile, "items": items}

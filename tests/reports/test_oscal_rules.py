"""Rules in OSCAL: every catalog fits its model, and a profile resolves to what the overlay asks."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from functools import cache

import pytest
from trestle.core.profile_resolver import ProfileResolver
from trestle.oscal.catalog import Model as CatalogModel
from trestle.oscal.profile import Model as ProfileModel

from frameworks.layers import on_day
from frameworks.load import Shelf, bundled, load, packs
from reports.exports.oscal_catalog import catalog, control
from reports.exports.oscal_profile import document, profile
from reports.exports.shared import token
from reports.language import speaking
from tests.frameworks.builders import RATIO, dump
from tests.frameworks.overlays import base, local, overlay, override, read

DAY = dt.date


def made(content):
    ((_, document),) = json.loads(content).items()
    return document


def every(value, key):
    """Yield what stands under *key*, however deep."""
    if isinstance(value, dict):
        yield from [value[key]] if key in value else []
        for item in value.values():
            yield from every(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from every(item, key)


def properties(thing):
    return {(one["name"], one["value"]) for one in thing["props"]}


@pytest.mark.parametrize("name", packs())
def test_every_pack_is_a_catalog(name):
    framework = packs()[name]
    content = catalog(framework)
    CatalogModel.model_validate(json.loads(content))
    controls = made(content)["controls"]
    assert [one["id"] for one in controls] == [token(name, asked.id) for asked in framework.requirements]
    ids = [*every(controls, "id")]
    assert len(ids) == len(set(ids))
    for one, asked in zip(controls, framework.requirements, strict=True):
        limits = [
            (part.bound.limit, part.basis.value)
            for criterion in asked.criteria
            for part in criterion.parts
            if part.bound and part.bound.limit is not None
        ]
        told = [(float(p["values"][0]), dict(properties(p))["basis"]) for p in one.get("params", ())]
        assert told == limits
        for parameter in one.get("params", ()):
            assert f"{{{{ insert: param, {parameter['id']} }}}}" in json.dumps(one["parts"])
        assert ("verified", asked.source.verified) in properties(one)
        assert ("severity", asked.severity.value) in properties(one)
        questions = [p.question for c in asked.criteria for p in c.parts if p.attested]
        assert set(questions) <= {*every(one["parts"], "prose")}


def test_a_control_by_hand():
    framework = load(dump(base()).encode(), "parent.yaml")
    (one,) = made(catalog(framework))["controls"]
    assert one["id"] == "parent_R-1"
    ratio = one["params"][0]
    assert (ratio["id"], ratio["values"]) == (f"parent_R-1_{RATIO}", ["0.8"])
    assert {("operator", "at_least"), ("basis", "project-suggestion")} <= properties(ratio)
    assert len(one["params"]) == 5  # the share of duplicates is reported without a limit
    assert {("label", "R-1"), ("clause", "1"), ("tier", "high"), ("task", "binary")} <= properties(one)
    (when,) = [prop for prop in one["props"] if prop["name"] == "when"]
    assert (when["value"], when["remarks"]) == ("sets-prices", "It sets prices.")
    either = next(part for part in one["parts"] if ("combine", "any") in properties_or_none(part))
    assert len(either["parts"]) == 2
    assert "is reported; there is no limit." in "".join(part["prose"] for part in one["parts"])


def properties_or_none(part):
    return properties(part) if "props" in part else set()


@cache
def stacked():
    """Return overlays, by a name of the case."""
    mild, hard = overlay(override(), id="mild"), overlay(override(to={"at_least": 0.9}), id="hard")
    everything = overlay(
        override(),
        {"target": "R-1", "mode": "widen", "from": {"tiers": ["high"]}, "to": {"tiers": ["moderate", "high"]},
         "reason": "more of them"},
        {"target": "R-1", "mode": "widen", "from": {"tasks": ["binary"]}, "to": {"tasks": []},
         "reason": "all"},
        {"target": "R-1", "mode": "widen", "from": {"when": ["sets-prices"]}, "to": {"when": []},
         "reason": "all"},
        {"target": "R-1", "mode": "tighten", "from": {"severity": "major"}, "to": {"severity": "blocking"},
         "reason": "heavy"},
        {"target": "R-1", "criterion": "attested:notice-text", "mode": "tighten",
         "from": {"missing": "undecided"}, "to": {"missing": "not_met"}, "reason": "asked twice"},
        {"target": "R-1", "mode": "keep", "reason": "no layer on top"},
        requirements=[local()], sunset=DAY(2027, 1, 1),
    )  # fmt: skip
    high = overlay(
        override(target="FAIR-01"), id="high", extends=[{"id": "global-baseline", "version": ">=0.1"}]
    )
    matter = overlay(
        requirements=[local()], combine="strictest",
        extends=[{"id": "high", "version": "1"}, {"id": "us-ugesp-four-fifths", "version": "1978"}],
    )  # fmt: skip
    both = overlay(requirements=[local()], parents=("mild", "hard"), combine="strictest")
    on_top = Shelf({"high": dump(high).encode()}, bundled())
    return {
        "everything": read(everything),
        "two parents": read(both, mild, hard),
        "one matter": load(dump(matter).encode(), "town.yaml", shelf=on_top),
        "municipal": packs()["smart-city-municipal"],
    }


def resolved(folder, framework, day=None):
    """Return the controls of the profile of *framework*, as compliance-trestle resolves it, by id."""
    (folder / ".trestle").mkdir()
    waiting = [framework]
    while waiting:
        rules = waiting.pop()
        for model in ("catalog", "profile") if rules.layer else ("catalog",):
            name, content = document(rules, model, day)
            (folder / name).write_bytes(content)
        waiting += rules.layer.parents if rules.layer else ()
    name, content = document(framework, day=day)
    ProfileModel.model_validate(json.loads(content))
    for resource in made(content)["back-matter"]["resources"]:
        (link,) = resource["rlinks"]
        digest = hashlib.sha256((folder / link["href"]).read_bytes()).hexdigest()
        assert link["hashes"] == [{"algorithm": "SHA-256", "value": digest}]
    found = ProfileResolver.get_resolved_profile_catalog(folder, str(folder / name))
    controls = {one["id"]: one for one in json.loads(found.oscal_serialize_json())["catalog"]["controls"]}
    for alter in made(content).get("modify", {}).get("alters", ()):
        if "removes" in alter:
            alter_fully(controls[alter["control-id"]], alter)
    return controls


def alter_fully(one, alter):
    """Do what compliance-trestle leaves out: an alter that removes something, before it adds."""
    for gone in alter["removes"]:
        kind, key = ("props", "name") if "by-name" in gone else ("parts", "id")
        name = gone.get("by-name") or gone["by-id"]
        kept = [item for item in one[kind] if item[key] != name]
        assert len(kept) < len(one[kind]), f"{name} is not there"
        one[kind] = kept
    for added in alter.get("adds", ()):
        for kind in ("params", "props", "parts"):
            one[kind] = [*one.get(kind, ()), *added.get(kind, ())]


def plain(one):
    """Return a control without the order of what it holds, and with the numbers in place."""
    values = {param["id"]: param["values"][0] for param in one.get("params", ())}
    text = json.dumps({**one, "params": []})
    for name, value in values.items():
        text = text.replace(f"{{{{ insert: param, {name} }}}}", value)
    whole = json.loads(text)
    parts = sorted(json.dumps(part, sort_keys=True) for part in whole["parts"])
    params = sorted(
        (param["id"], param["label"], param["class"], param["values"], sorted(properties(param)))
        for param in one.get("params", ())
    )
    return {**whole, "params": params, "parts": parts, "props": sorted(properties(whole))}


@pytest.mark.parametrize(
    ("case", "day"),
    [*((case, None) for case in ("everything", "two parents", "one matter", "municipal")),
     ("everything", DAY(2027, 1, 1))],
)  # fmt: skip
def test_a_profile_resolves_to_what_the_overlay_asks(case, day, tmp_path, monkeypatch):
    """The oracle is compliance-trestle: numbers, words, questions and reasons are those of the overlay."""
    framework = stacked()[case]
    monkeypatch.chdir(tmp_path)
    found = resolved(tmp_path, framework, day)
    rules = on_day(framework, day) if day else framework
    wanted = {}
    for asked in rules.requirements:
        name = token(*asked.origin.split(":", 1))
        wanted[name] = control(rules, asked, name)
    assert found.keys() == wanted.keys()
    for name, one in found.items():
        assert plain(one) == plain(wanted[name])


def test_what_an_overlay_sets_is_little():
    """A tightened number is one parameter set; the catalog of the overlay holds it under its own id."""
    town = read(overlay(override(), requirements=[local()]))
    told = made(profile(town))
    (one,) = told["modify"]["set-parameters"]
    assert (one["param-id"], one["values"]) == (f"parent_R-1_{RATIO}", ["0.85"])
    assert properties(one) == {
        ("basis", "local-choice"),
        ("basis-source", "Rules of a town 1: local demand"),
    }
    assert [*every(told["imports"], "with-ids")] == [["parent_R-1"], ["town_LOC-1"]]
    (altered,) = told["modify"]["alters"]
    assert [*every(altered, "prose")] == ["Local demand."]
    controls = {one["id"]: one for one in made(catalog(town))["controls"]}
    assert controls.keys() == {"town_R-1", "town_LOC-1"}
    assert controls["town_R-1"]["params"][0]["values"] == ["0.85"]


def test_policies_go_along_and_their_digest_pins_them():
    """No audit is judged by figures of effectiveness; a digest and a profile hold them all the same."""
    plain = read(overlay(override()))
    when = [{"figure": "dispute", "at_least": 10}]
    said = {"proposals": [{"propose": "clarify", "when": when}], "reason": "people are heard"}
    town = read(overlay(override(), effectiveness=said))
    assert town.digest != plain.digest
    told = made(profile(town))["metadata"]["props"]
    (own,) = (one for one in told if one.get("remarks", "").startswith("town"))
    assert (own["name"], own["value"]) == ("effectiveness-proposals", "clarify where dispute at least 10")
    assert own["remarks"].endswith("local-choice: people are heard")
    assert {"waivers-days", "sandbox-days", "effectiveness-audits"} <= {one["name"] for one in told}


def test_equal_rules_give_equal_bytes():
    first, again = (read(overlay(override(), requirements=[local()])) for _ in range(2))
    assert (catalog(first), profile(first)) == (catalog(again), profile(again))
    with speaking("zh-Hans"):
        assert (catalog(first), profile(first)) == (catalog(again), profile(again))
    other = read(overlay(override(to={"at_least": 0.86}), requirements=[local()]))
    assert made(profile(other))["uuid"] != made(profile(first))["uuid"]
    baseline = packs()["global-baseline"]
    assert catalog(baseline) == catalog(baseline, DAY(2030, 1, 1))  # a pack does not change with the day


def test_hostile_texts_stay_text():
    evil = "A\u202etitle \x85 of\u2028<b>two</b>  lines"
    rules = overlay(override(reason=evil), title=evil, requirements=[local(title=evil, text=evil)])
    town = read(rules)
    for model, shape in (("catalog", CatalogModel), ("profile", ProfileModel)):
        content = document(town, model)[1]
        shape.model_validate(json.loads(content))
        assert "\u202e" not in content.decode()


@pytest.mark.parametrize(
    ("name", "model", "said"),
    [
        ("global-baseline", "profile", "builds on no other rules, so it has no profile"),
        ("global-baseline", "ssp", "there is no OSCAL model `ssp` of rules; choose catalog or profile"),
    ],
)
def test_a_model_that_is_none_is_refused(name, model, said):
    with pytest.raises(ValueError, match=said):
        document(packs()[name], model)

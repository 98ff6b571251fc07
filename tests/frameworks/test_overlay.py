"""Overlays: what they make of their parents, and how each mistake is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from checks.model import Evidence, Measure, Outcome
from frameworks.judge import judge, summarise
from frameworks.layers import on_day
from frameworks.load import LoadError, load, packs
from frameworks.model import Basis, Bound, Severity, State, Verdict
from frameworks.resolve import state
from tests.frameworks.builders import AUC, GAP, MISSING, RATIO, bound, compared, dump, facts, ratio
from tests.frameworks.overlays import ATTESTED, base, local, overlay, override, read

WIDEN = {"criterion": None, "mode": "widen"}
CITY = packs()["smart-city-municipal"]
DAY = dt.date


def part(framework, item, criterion):
    (found,) = [r for r in framework.requirements if r.id == item]
    parts = {p.id: p for c in found.criteria for p in c.parts}
    return parts[criterion]


def item(framework, name):
    return next(r for r in framework.requirements if r.id == name)


def test_an_overlay_tightens_widens_and_adds():
    town = read(
        overlay(
            override(),
            override(criterion=AUC, **{"from": {"at_most": 0.6}, "to": {"below": 0.55}}),
            override(criterion=None, **{"from": {"severity": "major"}, "to": {"severity": "blocking"}}),
            override(
                criterion="attested:notice-text",
                **{"from": {"missing": "undecided"}, "to": {"missing": "not_met"}},
            ),
            override(**WIDEN, **{"from": {"tiers": ["high"]}, "to": {"tiers": ["moderate", "high"]}}),
            override(**WIDEN, **{"from": {"tasks": ["binary"]}, "to": {"tasks": []}}),
            override(**WIDEN, **{"from": {"when": ["sets-prices"]}, "to": {"when": []}}),
            requirements=[local()],
        )
    )
    asked = item(town, "R-1")
    assert part(town, "R-1", RATIO).bound == Bound("at_least", 0.85)
    assert part(town, "R-1", RATIO).basis is Basis.LOCAL_CHOICE
    assert part(town, "R-1", RATIO).basis_source == "Rules of a town 1: local demand"
    assert part(town, "R-1", AUC).bound == Bound("below", 0.55)
    assert part(town, "R-1", "attested:notice-text").missing is Verdict.NOT_MET
    assert (asked.severity, asked.applies.tiers) == (Severity.BLOCKING, ("moderate", "high"))
    assert (asked.applies.tasks, asked.applies.when) == (frozenset(), ())
    assert [change.mode for change in asked.changes] == ["tighten"] * 4 + ["widen"] * 3
    assert (asked.origin, item(town, "LOC-1").origin) == ("parent:R-1", "town:LOC-1")
    assert [(p.id, p.version) for p in town.parents] == [("parent", "1.2.0")]
    assert town.force == "local"


def test_what_is_not_law_may_be_replaced_and_what_is_kept_stays():
    other = override(mode="replace", **{"from": {"at_least": 0.8}, "to": {"at_least": 0.7}})
    town = read(overlay(other, override(criterion=GAP, mode="keep", to=None, **{"from": {"at_most": 0.1}})))
    assert part(town, "R-1", RATIO).bound == Bound("at_least", 0.7)
    assert item(town, "R-1").locked
    above = overlay(override(criterion=MISSING, **{"from": {"at_most": 0.05}, "to": {"at_most": 0.01}}),
                    parents=("town",), id="above")  # fmt: skip
    with pytest.raises(LoadError, match="`R-1` is kept as it is by a parent"):
        read(above, overlay(other, override(criterion=GAP, mode="keep", to=None, **{"from": None})))


def test_what_a_law_asked_is_not_undercut_through_an_overlay_in_between():
    """A town made the number of a law stricter by its own choice; a district may go back to the law alone."""
    made = overlay(override(criterion=MISSING, **{"from": {"at_most": 0.05}, "to": {"at_most": 0.01}}))

    def district(limit):
        change = override(criterion=MISSING, mode="replace", **with_from(at_most=0.01), to={"at_most": limit})
        return read(overlay(change, parents=("town",), id="district"), made)

    assert part(district(0.05), "R-1", MISSING).bound == Bound("at_most", 0.05)
    with pytest.raises(LoadError, match=r"`at_most: 0.1` is under `at_most: 0.05`, which law"):
        district(0.1)


def test_the_digest_follows_the_parents():
    town = overlay(override())
    changed = base(notes=["changed"])
    same = read(town).digest
    assert same == read(town).digest
    assert same != read(town, changed).digest
    assert same != read(town | {"version": "2"}).digest


def with_from(**value):
    return {"from": value}


REFUSED = {
    "unknown key": (overlay(override(taget="x")), "taget", "did you mean `target`?"),
    "unknown top key": (overlay(override(), sunsett="x"), "sunsett", "did you mean `sunset`?"),
    "unknown parent": (overlay(override(), parents=("parant",)), "id: parant", "did you mean `parent`?"),
    "parent twice": (overlay(override(), parents=("parent", "parent")), "id: parent", "extended twice"),
    "other version": (
        overlay(override(), extends=[{"id": "parent", "version": ">=2"}]),
        "version: '>=2'",
        "parent is here in version 1.2.0, and this overlay was written for >=2; read the new version",
    ),
    "no range": (
        overlay(override(), extends=[{"id": "parent", "version": "new"}]),
        "version: new",
        "`new` is no range of versions; write `>=0.1,<0.2`",
    ),
    "nothing": (overlay(), "format", "the overlay changes nothing; add `overrides`"),
    "unknown item": (
        overlay(override(target="R-2")),
        "target",
        "no parent has an item `R-2`; did you mean `R-1`?",
    ),
    "unknown criterion": (
        overlay(override(criterion="fairness.selection_rate.impact")),
        "criterion",
        f"did you mean `{RATIO}`?",
    ),
    "no criterion": (overlay(override(criterion=None)), "target", "which criterion of the target is meant"),
    "limit that nothing keeps": (
        overlay(override(to={"at_least": 1.2})),
        "to",
        "keeps `at_least: 1.2`, since all lie between 0 and 1; correct it",
    ),
    "stale from": (
        overlay(override(**with_from(at_least=0.75))),
        "from",
        "`from` says `at_least: 0.75`, but R-1 has `at_least: 0.8` now; read it again",
    ),
    "wrong direction": (
        overlay(override(to={"at_least": 0.75})),
        "to",
        "`at_least: 0.75` is not stricter than `at_least: 0.8`; write a higher number",
    ),
    "wrong direction down": (
        overlay(override(criterion=GAP, to={"at_most": 0.2}, **with_from(at_most=0.1))),
        "to",
        "write a lower number under `at_most`",
    ),
    "same number": (overlay(override(to={"at_least": 0.8})), "to", "is not stricter"),
    "other side": (overlay(override(to={"at_most": 0.9})), "to", "is not stricter"),
    "no number": (
        overlay(override(criterion="data.quality.duplicate_share", **with_from(reported=True))),
        "to",
        "there is no number to tighten: add an item of your own",
    ),
    "equality": (
        overlay(
            override(criterion="data.quality.shared_rows", to={"equals": 1}, **with_from(equals=0)),
        ),
        "to",
        "has no stricter side: keep it",
    ),
    "lighter": (
        overlay(override(criterion=None, to={"severity": "normal"}, **with_from(severity="major"))),
        "to",
        "write a heavier severity",
    ),
    "narrower": (
        overlay(override(**WIDEN, to={"tiers": ["high"]}, **with_from(tiers=["high"]))),
        "to",
        "is not wider than `tiers: [high]`; name more tiers",
    ),
    "more conditions": (
        overlay(override(**WIDEN, to={"when": ["sets-prices", "x"]}, **with_from(when=["sets-prices"]))),
        "to",
        "name fewer conditions",
    ),
    "law replaced": (
        overlay(
            override(criterion=MISSING, mode="replace", to={"at_most": 0.01}, **with_from(at_most=0.05)),
        ),
        "mode",
        "the number rests on law and is not replaced; `tighten` it",
    ),
    "no reason": (overlay(override(reason=None)), "target", "`reason` is missing; add it"),
    "empty reason": (overlay(override(reason="")), "reason", "`reason` says nothing; write it in words"),
    "reason of spaces": (overlay(override(reason="   ")), "reason", "`reason` says nothing"),
    "reason of a point": (overlay(override(reason=".")), "reason", "`reason` says nothing"),
    "reason that nobody sees": (overlay(override(reason="\u200b\u2060")), "reason", "`reason` says nothing"),
    "no from": (overlay(override(**{"from": None})), "target", "add `from`"),
    "to of keep": (overlay(override(mode="keep")), "target", "`keep` locks an item as it is; remove `to`"),
    "two things": (
        overlay(override(to={"at_least": 0.9, "severity": "blocking"})),
        "to",
        "it names exactly one thing",
    ),
    "other thing": (overlay(override(to={"severity": "blocking"})), "target", "name the same in both"),
    "mode of tiers": (
        overlay(override(criterion=None, to={"tiers": ["moderate", "high"]}, **with_from(tiers=["high"]))),
        "target",
        "choose another mode",
    ),
    "relax": (overlay(override(mode="relax")), "mode", "`relax` is not a value of `mode`"),
    "no prefix": (overlay(requirements=[local(id="R-7")]), "id: R-7", "call it `LOC-R-7`"),
    "unknown measure": (
        overlay(requirements=[local(criteria=[bound("fairness.selection_rate.impact_ration")])]),
        "measure",
        "has no measure `impact_ration`",
    ),
    "unknown check": (
        overlay(requirements=[local(criteria=[bound("fairnes.selection_rate.impact_ratio")])]),
        "measure",
        "there is no check `fairnes.selection_rate`",
    ),
    "unknown condition": (
        overlay(requirements=[local(applies={"when": ["set-prices"]})]),
        "when",
        "did you mean `sets-prices`?",
    ),
    "group of nobody": (
        overlay(groups=[{"id": "old", "title": "Old", "attributes": ["age"], "why": "x"}]),
        "id: old",
        "`values`, or by `at_least` and `below`",
    ),
    "sunset first": (
        overlay(override(), **{"from": DAY(2027, 1, 1), "sunset": DAY(2027, 1, 1)}),
        "sunset",
        "`sunset` is not after `from`",
    ),
    "unknown floor": (overlay(override(), floors=[{"id": "cn", "use": ["law"]}]), "id: cn", "no framework"),
}


@pytest.mark.parametrize(("data", "at", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_each_mistake_is_refused_with_its_line_and_its_fix(data, at, words):
    text = dump(data)
    with pytest.raises(LoadError) as refused:
        read(data)
    assert refused.value.file == "town.yaml"
    assert words in refused.value.sentence
    near = text.splitlines()[max(refused.value.line - 2, 0) : refused.value.line + 1]
    assert any(at in line for line in near), (refused.value.line, near)


def test_all_overrides_that_do_not_fit_are_told():
    data = overlay(override(target="X"), override(to={"at_least": 0.1}), override())
    with pytest.raises(LoadError) as refused:
        read(data)
    (other,) = refused.value.others
    assert "no parent has an item `X`" in refused.value.sentence
    assert "not stricter" in other.sentence
    assert other.line > refused.value.line


def test_circles_and_towers_are_refused():
    a, b = overlay(override(), parents=("b",), id="a"), overlay(override(), parents=("a",), id="b")
    with pytest.raises(
        LoadError, match=r"would build on itself \(a -> b -> a\); take one step out"
    ) as circle:
        read(a, a, b)
    assert (circle.value.file, circle.value.line) == ("b.yaml", line_of(b, "id: a"))
    steps = [overlay(requirements=[local(id=f"LOC-{n}")], id=f"t{n}",
                     parents=("parent" if n == 0 else f"t{n - 1}",)) for n in range(6)]  # fmt: skip
    assert len(read(steps[4], *steps).requirements) == 6
    with pytest.raises(LoadError, match="overlays lie 6 deep here, at most 5 are read") as tower:
        read(steps[5], *steps)
    assert (tower.value.file, tower.value.line) == ("town.yaml", line_of(steps[5], "extends:"))


def line_of(data, words):
    """Return the line on which the file of *data* says *words*."""
    return next(n for n, line in enumerate(dump(data).splitlines(), 1) if words in line)


def test_of_two_parents_the_stricter_number_holds_in_any_order():
    mild = overlay(override(), id="mild")
    hard = overlay(override(to={"at_least": 0.9}), id="hard")
    both = overlay(requirements=[local()], parents=("mild", "hard"), combine="strictest")
    for data in (both, both | {"extends": both["extends"][::-1]}):
        town = read(data, mild, hard)
        assert part(town, "R-1", RATIO).bound == Bound("at_least", 0.9)
        assert {change.overlay for change in item(town, "R-1").changes} == {"mild", "hard"}
    del both["combine"]
    with pytest.raises(LoadError, match="different things by `R-1`; add `combine: strictest`"):
        read(both, mild, hard)


def test_numbers_on_one_matter_take_the_strictest_with_its_source():
    """The baseline and the four-fifths rule under one control: what is raised in one holds in both."""
    high = overlay(
        override(target="FAIR-01", to={"at_least": 0.85}), id="high",
        extends=[{"id": "global-baseline", "version": ">=0.1"}],
    )  # fmt: skip
    data = overlay(
        requirements=[local()], combine="strictest",
        extends=[{"id": "high", "version": "1"}, {"id": "us-ugesp-four-fifths", "version": "1978"}],
    )  # fmt: skip
    from frameworks.load import Shelf, bundled

    stacked = Shelf({"high": dump(high).encode()}, bundled())
    town = load(dump(data).encode(), "town.yaml", shelf=stacked)
    raised = next(p for c in item(town, "4D").criteria for p in c.parts if p.measure == RATIO)
    assert raised.bound == Bound("at_least", 0.85)
    assert raised.basis_source.endswith("(global-baseline FAIR-01)")
    assert item(town, "4D").changes[0].mode == "strictest"


def test_a_floor_is_not_undercut():
    data = overlay(
        override(target="FAIR-01", mode="replace", to={"at_least": 0.7}), id="low",
        extends=[{"id": "own", "version": "1"}],
        floors=[{"id": "us-ugesp-four-fifths", "use": ["guideline"]}],
    )  # fmt: skip
    own = base(id="own", version="1")
    own["requirements"][0] |= {"id": "FAIR-01", "controls": ["FAIR-01"]}
    from frameworks.load import Shelf, bundled

    stacked = Shelf({"own": dump(own).encode()}, bundled())
    with pytest.raises(LoadError, match=r"under the floor us-ugesp-four-fifths 3A, `at_least: 0.8`") as no:
        load(dump(data).encode(), "low.yaml", shelf=stacked)
    assert "tighten it to that at least" in no.value.sentence
    data["overrides"][0]["to"] = {"at_least": 0.81}
    assert load(dump(data).encode(), "low.yaml", shelf=stacked)


def test_the_municipal_overlay_stands_on_the_baseline():
    """The first loader test of the facts: 0.80 becomes 0.85."""
    assert part(packs()["global-baseline"], "FAIR-01", RATIO).bound == Bound("at_least", 0.8)
    assert part(CITY, "FAIR-01", RATIO).bound == Bound("at_least", 0.85)
    assert part(CITY, "PRIV-02", "privacy.anonymity.k").bound == Bound("at_least", 10)
    assert item(CITY, "INCL-01").severity is Severity.BLOCKING
    assert item(CITY, "HUM-01").locked
    assert [g.id for g in CITY.groups] == ["elderly", "rural"]


def test_laws_change_on_their_days():
    """The second loader test of the facts."""
    act, colorado = packs()["eu-ai-act"], packs()["us-co-sb24-205"]
    states = lambda day: [state(act, item(act, name), day) for name in ("AIA-10.2", "AIA-50")]  # noqa: E731
    assert states(DAY(2026, 11, 23)) == [State.NOT_YET, State.IN_FORCE]
    assert states(DAY(2027, 12, 2)) == [State.IN_FORCE, State.IN_FORCE]
    assert state(colorado, colorado.requirements[0], DAY(2027, 1, 1)) in (State.SUNSET, State.SUPERSEDED)


@pytest.mark.parametrize(
    ("day", "number", "where"),
    [
        (DAY(2026, 12, 31), 0.8, State.NOT_YET),
        (DAY(2027, 1, 1), 0.85, State.IN_FORCE),
        (DAY(2027, 12, 30), 0.85, State.IN_FORCE),
        (DAY(2027, 12, 31), 0.8, State.SUNSET),
    ],
)
def test_outside_its_days_the_parent_holds_and_never_nothing(day, number, where):
    then = on_day(CITY, day)
    assert part(then, "FAIR-01", RATIO).bound == Bound("at_least", number)
    assert state(then, item(then, "LOC-01"), day) is where
    assert [r.id for r in then.requirements] == [r.id for r in CITY.requirements]
    assert (then.lapsed is None) == (where is State.IN_FORCE)
    evidence = [compared(ratio(0.83, 0.81, 0.84))]
    found = {f.criterion: f for f in judge(CITY, evidence, facts(as_of=day)) if f.requirement == "FAIR-01"}
    in_force = Verdict.NOT_MET if number > 0.84 else Verdict.MET
    assert found[RATIO].verdict is in_force
    whole = summarise(CITY, judge(CITY, evidence, facts(as_of=day)))
    assert set(whole["requirements"]) == {r.id for r in CITY.requirements}


def test_the_dates_of_a_parent_stay_with_its_items():
    law = base(**{"from": DAY(2026, 1, 1), "until": DAY(2027, 6, 1)})
    town = read(overlay(requirements=[local()]), law)
    assert state(town, item(town, "R-1"), DAY(2025, 12, 31)) is State.NOT_YET
    assert state(town, item(town, "R-1"), DAY(2027, 6, 1)) is State.SUNSET
    assert state(town, item(town, "LOC-1"), DAY(2027, 6, 1)) is State.IN_FORCE


def test_a_layer_on_a_lapsed_layer_keeps_its_own_number():
    low = overlay(override(), id="low", sunset=DAY(2027, 1, 1))
    high = overlay(
        override(to={"at_least": 0.9}, **with_from(at_least=0.85)),
        parents=("low",), requirements=[local(criteria=[ATTESTED])],
    )  # fmt: skip
    town = read(high, low)
    for day in (DAY(2026, 12, 1), DAY(2028, 1, 1)):
        assert part(on_day(town, day), "R-1", RATIO).bound == Bound("at_least", 0.9)


ELDERLY = {"id": "elderly", "title": "People aged 60 and over", "attributes": ["Age", "age_group"],
           "at_least": 60, "why": "x"}  # fmt: skip
RURAL = {"id": "rural", "title": "Rural residents", "attributes": ["residence"], "values": ["Rural"],
         "why": "x"}  # fmt: skip


def rates(attribute, *groups, note=None):
    return [ratio(0.9, 0.88, 0.92, attribute=attribute)] + [
        ratio(0.5, 0.4, 0.6, attribute=attribute, name="selection_rate", group=group) for group in groups
    ]


@pytest.mark.parametrize(("attribute", "verdict"), [("age_group", Verdict.MET), ("race", Verdict.UNDECIDED)])
def test_a_check_that_tells_no_groups_apart_is_asked_for_their_column_only(attribute, verdict):
    cost = "fairness.mitigation_frontier.accuracy_cost_at_ratio"
    town = read(overlay(groups=[ELDERLY], requirements=[local(criteria=[bound(cost, reported=True)])]))
    of = {"attribute": attribute}
    measures = (
        Measure("accuracy_cost_at_ratio", 0.01, 0.0, 0.02, n=900, of=of),
        Measure("uncompared_share", 0.0, n=900, of=of),
    )
    evidence = Evidence("fairness.mitigation_frontier", Outcome.MEASURED, measures=measures)
    (found,) = [f for f in judge(town, [evidence], facts()) if f.criterion == cost]
    assert found.verdict is verdict
    assert ("no group column is called" in found.reason) == (verdict is Verdict.UNDECIDED)


@pytest.mark.parametrize(
    ("group", "measures", "reason"),
    [
        (ELDERLY, rates("age", "under 25", "[25, 60)", "[60, 75)", "75 and over"), None),
        (ELDERLY, rates("AGE_GROUP", "59", "61"), None),
        (ELDERLY, rates("age", "under 45", "45 and over"), "no range of it holds them alone"),
        (ELDERLY, rates("race", "a", "b"), "no group column is called `Age` or `age_group`"),
        (RURAL, rates("residence", "rural", "urban"), None),
        (RURAL, rates("residence", "city", "urban"), "nobody in it is one of them"),
    ],
)
def test_named_groups_must_be_among_those_compared(group, measures, reason):
    town = read(overlay(groups=[group]))
    given = facts(conditions=frozenset({"sets-prices"}))
    (found,) = [f for f in judge(town, [compared(*measures)], given) if f.criterion == RATIO]
    if reason is None:
        assert found.verdict is Verdict.MET
    else:
        assert found.verdict is Verdict.UNDECIDED
        assert reason in found.reason
    worse = [ratio(0.3, 0.2, 0.4, attribute="race"), *measures]
    (found,) = [f for f in judge(town, [compared(*worse)], given) if f.criterion == RATIO]
    assert found.verdict is Verdict.NOT_MET


def test_a_named_group_too_small_to_compare_leaves_it_open():
    import dataclasses

    first, *rest = rates("residence", "rural", "urban")
    small = dataclasses.replace(rest[0], note="under 30 rows: not compared")
    town = read(overlay(groups=[RURAL]))
    (found,) = [f for f in judge(town, [compared(first, small, rest[1])], facts()) if f.criterion == RATIO]
    assert found.verdict is Verdict.UNDECIDED
    assert "too few there to be compared" in found.reason

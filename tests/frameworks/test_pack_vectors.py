"""What the sources say, by hand, against what the packs decide; a changed number or operator is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from checks.model import Kind, Measure
from frameworks.decide import decide, holds
from frameworks.judge import judge
from frameworks.load import packs
from frameworks.measures import measures
from frameworks.model import Basis, Bound, Criterion, Decide, Framework, Requirement, Verdict
from frameworks.source import parse
from tests.frameworks.builders import TODAY, facts

FOLDER = Path(__file__).parent.parent / "vectors" / "packs"
TURNED = {
    "at_least": ("at_most", "above"),
    "at_most": ("at_least", "below"),
    "equals": ("below", "above"),
}
SET_BY_SOURCE = (Basis.LAW, Basis.GUIDELINE)


def spread(vector: dict) -> Iterator[dict]:
    for requirement in vector.get("requirements", [vector.get("requirement")]):
        yield vector | {"requirement": requirement}


VECTORS = {
    path.stem: [
        one for vector in parse(path.read_bytes(), path.name).data["vectors"] for one in spread(vector)
    ]
    for path in sorted(FOLDER.glob("*.yaml"))
}
EVERY = [pytest.param(id_, v, id=f"{id_}-{i}") for id_, all_ in VECTORS.items() for i, v in enumerate(all_)]


def requirement(pack: Framework, id_: str) -> Requirement:
    (found,) = [one for one in pack.requirements if one.id == id_]
    return found


def measured(vector: dict) -> Measure:
    """Return the number of a vector; an estimate without a stated interval is as sure as can be."""
    value = vector["value"]
    kind = Kind.EXACT if measures()[vector["measure"]].exact else Kind.ESTIMATE
    name = measures()[vector["measure"]].name
    if kind is Kind.EXACT:
        return Measure(name, value, n=1000, kind=kind)
    return Measure(name, value, vector.get("low", value), vector.get("high", value), n=1000)


def bounds(one: Requirement, measure: str) -> list[Criterion]:
    return [part for c in one.criteria for part in c.parts if part.measure == measure and not part.of]


@pytest.mark.parametrize(("pack", "vector"), EVERY)
def test_a_pack_decides_as_its_source_does(pack, vector):
    framework = packs()[pack]
    one = requirement(framework, vector["requirement"])
    assert vector["clause"]
    if "measure" in vector:
        (part,) = bounds(one, vector["measure"])
        assert decide(part.bound, measured(vector)) == vector["verdict"]
        return
    asked = next(
        p.attested for c in one.criteria for p in c.parts if p.attested not in (None, "model-class-reason")
    )
    answer = {"answer": vector.get("answer"), "signer": "N. N.", "date": "2021-01-01", "expiry": "2030-01-01"}
    given = facts(
        as_of=vector.get("as_of", TODAY),
        tier=vector.get("tier", "high"),
        conditions=frozenset(vector.get("conditions", ())),
        answers={asked: answer} if "answer" in vector else {},
    )
    found = {f.criterion: f for f in judge(framework, [], given) if f.requirement == one.id}
    if "state" in vector:
        assert {f.state for f in found.values()} == {vector["state"]}
    else:
        assert found[f"attested:{asked}"].verdict == vector["verdict"]


@pytest.mark.parametrize("pack", [p for p in packs().values() if p.force == "law"], ids=lambda p: p.id)
def test_every_law_has_five_vectors(pack):
    assert len(VECTORS[pack.id]) >= 5


def changed(bound: Bound) -> Iterator[Bound]:
    """Yield the bound with its operator turned, then with its number one per cent off to either side."""
    for operator in TURNED[bound.operator]:
        yield replace(bound, operator=operator)
    for factor in (0.99, 1.01):
        yield replace(bound, limit=bound.limit * factor)


SET = [
    pytest.param(pack.id, one, part, id=f"{pack.id}-{one.id}-{part.id}")
    for pack in packs().values()
    for one in pack.requirements
    if one.origin == f"{pack.id}:{one.id}"  # what an overlay takes over has its vectors where it was written
    for c in one.criteria
    for part in c.parts
    if part.bound and part.bound.limit is not None and part.basis in SET_BY_SOURCE
]


@pytest.mark.parametrize(("pack", "one", "part"), SET)
def test_a_changed_number_of_a_law_is_noticed(pack, one, part):
    """Turning its operator, or moving its number by one per cent, contradicts a vector."""
    fitting = [v for v in VECTORS[pack] if v["requirement"] == one.id and v.get("measure") == part.measure]
    for bound in changed(part.bound):
        assert any(decide(bound, measured(v)) != v["verdict"] for v in fitting), bound


EVERY_BOUND = [
    pytest.param(part, id=f"{pack.id}-{one.id}-{part.id}")
    for pack in packs().values()
    for one in pack.requirements
    for c in one.criteria
    for part in c.parts
    if part.bound and part.bound.limit is not None
]


@pytest.mark.parametrize("part", EVERY_BOUND)
def test_every_bound_can_be_met_missed_and_left_open(part):
    """One number inside, one outside, none at all, and for estimates an interval across the limit."""
    bound, limit = part.bound, part.bound.limit
    exact = measures()[part.measure].exact
    step = max(abs(limit), 1.0) / 100
    numbers = (limit - step, limit, limit + step)
    inside = next(v for v in numbers if holds(bound, v))
    outside = next(v for v in numbers if not holds(bound, v))

    def verdict(value, low, high):
        kind = Kind.EXACT if exact else Kind.ESTIMATE
        interval = (None, None) if exact else (low, high)
        return decide(
            bound,
            Measure("m", value, *interval, n=1000, kind=kind, note=None if value is not None else "none"),
        )

    assert verdict(inside, inside, inside) is Verdict.MET
    assert verdict(outside, outside, outside) is Verdict.NOT_MET
    assert verdict(None, None, None) is Verdict.UNDECIDED
    if not exact and bound.decide is Decide.INTERVAL:
        assert verdict(inside, min(inside, outside), max(inside, outside)) is Verdict.UNDECIDED
        assert verdict(inside, None, None) is Verdict.UNDECIDED

"""The crosswalk is total in both directions, and strictly read."""

from __future__ import annotations

import pytest

from frameworks.crosswalk import controls_of, crosswalk, read
from frameworks.load import LoadError, packs
from frameworks.strict import controls

BASELINE = "global-baseline"


def test_every_control_of_the_baseline_has_clauses_and_no_other():
    assert list(crosswalk())
    assert set(crosswalk()) == {r.id for r in packs()[BASELINE].requirements}
    assert all(rows for rows in crosswalk().values())


@pytest.mark.parametrize("pack", [p for p in packs() if p != BASELINE])
def test_every_requirement_has_a_control(pack):
    for requirement in packs()[pack].requirements:
        assert controls(requirement), requirement.id
        assert controls(requirement) <= set(crosswalk()), requirement.id


def test_every_clause_of_the_crosswalk_exists_and_stands_once():
    known = {(id_, r.id) for id_, pack in packs().items() for r in pack.requirements}
    for control, rows in crosswalk().items():
        clauses = [(framework, id_) for framework, ids in rows.items() for id_ in ids]
        assert set(clauses) <= known, control
        assert len(clauses) == len(set(clauses)), control


def test_the_four_fifths_rule_belongs_to_parity_between_groups():
    assert controls_of("us-ugesp-four-fifths", "4D") == ("FAIR-01",)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("controls:\n  A-1:\n    eu: []\n", 3),
        ("controls: {}\nmore: 1\n", 2),
        ("controls:\n  A-1:\n    eu: 4\n", 3),
    ],
)
def test_an_odd_file_is_refused_with_its_line(content, line):
    with pytest.raises(LoadError) as refused:
        read(content.encode(), "mine.yaml")
    assert (refused.value.file, refused.value.line) == ("mine.yaml", line)

"""What is missing for other rules, and what changed rules would have said, without measuring again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from frameworks.effect import moved
from frameworks.gap import gaps
from frameworks.judge import judge
from frameworks.load import packs
from frameworks.model import Facts, Verdict
from tests.frameworks.builders import RATIO, TODAY, compared, ratio
from tests.frameworks.overlays import ATTESTED, local, overlay, override, read

FACTS = Facts("binary", "high", TODAY, {}, frozenset(), 1000)
EVIDENCE = [compared(ratio(0.83, 0.82, 0.84))]
PARENT = read(overlay(override())).layer.parents[0]


def test_a_stricter_number_moves_the_audit_that_lies_between():
    """The ratio is 0.82 to 0.84: inside 0.8, outside 0.85."""
    found = moved(PARENT, read(overlay(override())), EVIDENCE, FACTS)
    assert [(m.requirement, m.before, m.after) for m in found] == [("R-1", Verdict.MET, Verdict.NOT_MET)]
    assert "the whole interval lies outside the limit" in found[0].reason


def test_rules_that_ask_the_same_move_nothing():
    assert moved(PARENT, PARENT, EVIDENCE, FACTS) == ()
    far = [compared(ratio(0.97, 0.96, 0.98))]
    assert moved(PARENT, read(overlay(override())), far, FACTS) == ()


def test_a_new_item_was_not_asked_before():
    (found,) = moved(PARENT, read(overlay(requirements=[local()])), EVIDENCE, FACTS)
    assert (found.requirement, found.before, found.after) == ("LOC-1", None, Verdict.UNDECIDED)


def test_after_its_sunset_an_overlay_moves_nothing():
    town = read(overlay(override(), sunset="2026-12-01"))
    assert moved(PARENT, town, EVIDENCE, FACTS) == ()
    more = read(overlay(override(), requirements=[local()], sunset="2026-12-01"))
    assert moved(PARENT, more, EVIDENCE, FACTS) == (), "an item that no longer applies asks nobody"


def test_an_item_that_does_not_apply_or_not_yet_moves_nothing():
    """Not asked before and not applicable now is judged alike: nothing is said of the audit."""
    later = local(applies={"from": "2027-01-01"})
    assert moved(PARENT, read(overlay(requirements=[later])), EVIDENCE, FACTS) == ()
    town = read(overlay(requirements=[local()], sunset="2026-12-01"))
    assert moved(PARENT, town, EVIDENCE, FACTS) == ()
    assert moved(town, PARENT, EVIDENCE, FACTS) == ()


def test_a_gap_tells_what_is_missing_and_what_was_judged_on_the_same_matter():
    """One number, one answer that nobody gave; the baseline's FAIR-01 is on the same matter."""
    asked = local(controls=["FAIR-01"], criteria=[ATTESTED, {**RATIO_AT_85}])
    wanted = read(overlay(requirements=[asked]))
    wanted = replace(wanted, requirements=wanted.requirements[-1:])
    baseline = packs()["global-baseline"]
    (gap,) = gaps(wanted, judge(wanted, EVIDENCE, FACTS), [(baseline, judge(baseline, EVIDENCE, FACTS))])
    assert gap.verdict is Verdict.NOT_MET
    assert [(m.kind, m.asked, m.verdict) for m in gap.missing] == [
        ("answer", "Where is the notice?", Verdict.UNDECIDED),
        ("number", RATIO, Verdict.NOT_MET),
    ]
    assert ("global-baseline", "FAIR-01") in {(r.framework, r.requirement) for r in gap.related}


RATIO_AT_85 = {"measure": RATIO, "at_least": 0.85, "basis": "local-choice", "basis_source": "a choice"}


@pytest.mark.parametrize("name", packs())
def test_every_requirement_has_a_gap_and_is_open_only_with_something_missing(name):
    """What is neither met nor attested nor outside says at least one thing that is missing."""
    wanted, baseline = packs()[name], packs()["global-baseline"]
    found = gaps(wanted, judge(wanted, EVIDENCE, FACTS), [(baseline, judge(baseline, EVIDENCE, FACTS))])
    assert [gap.requirement for gap in found] == [r.id for r in wanted.requirements]
    done = {Verdict.MET, Verdict.ATTESTED, Verdict.NOT_APPLICABLE}
    assert all(bool(gap.missing) == (gap.verdict not in done) for gap in found)

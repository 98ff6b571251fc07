"""Reports say how far explanations can be trusted, and what people themselves were told."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest

from checks.inclusion.accessibility import accessibility
from checks.interpretability.agreement import agreement
from checks.interpretability.faithfulness import faithfulness
from checks.interpretability.reasons import reasons
from checks.interpretability.stability import stability
from checks.model import Evidence, Measure
from reports.compose.trust import TITLE, shown_to_people, trust
from tests.checks.builders import credit
from tests.checks.told import against, honest, noticed, told

PEOPLE = credit(300, 300)


def view(*evidence):
    found = {one.check: one for one in evidence}
    return SimpleNamespace(default=found.get)


def words(blocks):
    return " ".join(block.text for block in blocks)


def test_the_section_is_made_of_all_three_checks():
    (section,) = trust(view(*(check(PEOPLE) for check in (faithfulness, stability, agreement))))
    said = words(section.blocks)
    assert section.title == TITLE
    for part in ("times as far", "heaviest feature stays the same", "cost of shuffling", "not whether the"):
        assert part in said
    assert "not shown to be better" not in said


def test_nothing_is_said_where_nothing_was_measured():
    bare = dataclasses.replace(PEOPLE, model=None)
    assert list(trust(view(*(check(bare) for check in (faithfulness, stability, agreement))))) == []
    assert list(trust(view())) == []


@pytest.mark.parametrize(("low", "doubted"), [(0.9, True), (1.2, False)])
def test_explanations_no_better_than_chance_are_said_to_be(low, doubted):
    won = Measure("deletion_won_share", 0.5, 0.4, 0.6, 100)
    ratio = Measure("deletion_ratio", 1.3, low, 1.8, 100, unit="ratio")
    evidence = dataclasses.replace(faithfulness(PEOPLE), measures=(ratio, won))
    (section,) = trust(view(evidence))
    assert ("not shown to be better than naming features at random" in words(section.blocks)) is doubted


def test_what_people_were_told_is_said_in_words():
    said = words(shown_to_people(reasons(honest(PEOPLE))))
    assert "100 of every 100 got one" in said
    assert "among them for" in said
    assert "how to object to 100 of every 100" in said
    mute = words(shown_to_people(reasons(told(PEOPLE, [(i, "No.") for i in against(PEOPLE)]))))
    assert "Where the reasons name features" not in mute


def test_barriers_are_said_and_none_is_no_praise():
    assert "3 elements fail" in words(shown_to_people(accessibility(noticed(PEOPLE))))
    clean = dataclasses.replace(PEOPLE, notices=noticed(PEOPLE).notices[2:])
    said = words(shown_to_people(accessibility(clean)))
    assert "1 page was scanned, and no failure" in said
    assert "only part of the barriers" in said


def test_other_checks_say_nothing_here():
    assert list(shown_to_people(Evidence("privacy.anonymity", reasons(PEOPLE).outcome))) == []

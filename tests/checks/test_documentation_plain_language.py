"""Notices are graded, and what they tell people to do next is found."""

from __future__ import annotations

import dataclasses

import pytest

from checks.documentation.plain_language import plain_language
from checks.model import Outcome
from checks.notices import Notice
from checks.texts import grade
from tests.checks.builders import credit
from tests.checks.planted import planted
from tests.checks.told import LETTER, noticed

PEOPLE = credit(40, 40)
HARD = (
    "Notwithstanding the aforementioned considerations, the determination was predicated upon "
    "insufficiently substantiated remuneration documentation furnished by the undersigned applicant."
)


def sent(*notices):
    named = tuple(Notice(f"n{i}", False, language, text) for i, (language, text) in enumerate(notices))
    return plain_language(dataclasses.replace(PEOPLE, notices=named))


@planted("documentation.plain_language", "silent")
def test_a_plain_letter_reads_easily_and_tells_every_way_on():
    evidence = sent((None, LETTER))
    assert evidence.measure("reading_grade").value == pytest.approx(grade(LETTER))
    assert evidence.measure("reading_grade").value < 6
    for name in ("tells_contact", "tells_appeal", "tells_human_review"):
        assert evidence.measure(name, notice="n0").value == 1
    assert evidence.measure("unread_notices").value == 0


@planted("documentation.plain_language", "speaks")
def test_the_hardest_notice_is_told_and_what_it_leaves_out():
    evidence = sent((None, LETTER), (None, HARD))
    assert (
        evidence.measure("reading_grade").value == evidence.measure("notice_reading_grade", notice="n1").value
    )
    assert evidence.measure("reading_grade").value > 16
    assert evidence.measure("tells_appeal", notice="n1").value == 0


def test_other_languages_are_not_read_and_said_so():
    evidence = sent(("fr", "Vous pouvez faire appel: appel@example.org"), ("zh", "您可以申诉。"))
    assert evidence.measure("reading_grade").value is None
    assert evidence.measure("unread_notices").value == 1
    assert evidence.measure("tells_contact", notice="n0").value == 1
    assert evidence.measure("tells_appeal", notice="n0").value is None
    assert evidence.measure("tells_appeal", notice="n1").value == 1
    assert evidence.measure("notice_common_character_share", notice="n1").value == 1


def test_without_notices_nothing_is_said():
    assert plain_language(PEOPLE).outcome is Outcome.NOT_APPLICABLE
    assert plain_language(noticed(PEOPLE)).outcome is Outcome.MEASURED

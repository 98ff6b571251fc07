"""The risk tier: the published way of scoring, by hand, and that leaving out an answer never helps."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frameworks.model import TIERS
from frameworks.tier import LEVELS, questionnaire, score, settle

ASKED = questionnaire()
BEST = {
    q.id: min(q.choices, key=lambda c: c.points if q.kind == "risk" else -c.points).id
    for q in ASKED.questions
}
WORST = {
    q.id: max(q.choices, key=lambda c: c.points if q.kind == "risk" else -c.points).id
    for q in ASKED.questions
}
few = settings(max_examples=60, deadline=None, derandomize=True)
answers = st.fixed_dictionaries(
    {}, optional={q.id: st.sampled_from([c.id for c in q.choices]) for q in ASKED.questions}
)


def test_every_question_is_asked_in_both_languages_with_answers_that_differ_in_points():
    for question in ASKED.questions:
        words = [question.zh, *(choice.zh for choice in question.choices)]
        assert all(re.search("[\u4e00-\u9fff]", text) for text in words), question.id
        assert question.en.endswith("?")
        assert question.zh.endswith("？")
        points = [choice.points for choice in question.choices]
        assert points == sorted(set(points)), question.id
        assert points[0] == 0


def by_points(risk: int, mitigation: int) -> dict[str, str]:
    """Return answers of exactly these sums, with none that raises the tier by itself."""
    given = {}
    for question in ASKED.questions:
        left = risk if question.kind == "risk" else mitigation
        fitting = [c for c in question.choices if c.points <= left and c.at_least is None]
        chosen = max(fitting, key=lambda c: c.points)
        given[question.id] = chosen.id
        if question.kind == "risk":
            risk -= chosen.points
        else:
            mitigation -= chosen.points
    assert (risk, mitigation) == (0, 0)
    return given


@pytest.mark.parametrize(
    ("raw", "mitigation", "final", "level"),
    [
        (9, 0, 9, "I"),  # 25 % of 39 is 9.75
        (10, 0, 10, "II"),
        (19, 0, 19, "II"),  # half is 19.5
        (20, 0, 20, "III"),
        (29, 0, 29, "III"),  # three quarters are 29.25
        (30, 0, 30, "IV"),
        (30, 15, 30, "IV"),  # 15 of 20 is under 80 %
        (30, 16, 26, "III"),  # 80 %: round(25.5) is 26
        (11, 20, 9, "I"),  # round(9.35)
        (33, 16, 28, "III"),  # round(28.05)
    ],
)
def test_the_scoring_of_canadas_assessment(raw, mitigation, final, level):
    """Raw sum; times 0.85, rounded, where mitigation is at least 80 %; cut at 25, 50 and 75 %."""
    found = score(by_points(raw, mitigation))
    assert (found.raw, found.raw_most, found.mitigation, found.mitigation_most) == (raw, 39, mitigation, 20)
    assert (found.final, found.level, found.raised_by) == (final, level, ())
    assert found.tier == dict(zip(LEVELS, ("limited", "moderate", "high", "high"), strict=True))[level]


@pytest.mark.parametrize(
    ("question", "choice"), [("decides-about", "rights"), ("personal-data", "biometric-public")]
)
def test_some_answers_ask_for_the_high_tier_whatever_the_sum(question, choice):
    found = score(BEST | {question: choice})
    assert (found.level, found.tier, found.raised_by) == ("I", "high", (question,))


def test_nothing_answered_is_the_worst():
    found = score({})
    assert (found.raw, found.mitigation, found.tier) == (score(WORST).raw, 0, "high")
    assert set(found.unanswered) == {q.id for q in ASKED.questions}


@few
@given(answers, st.data())
def test_leaving_out_an_answer_never_lowers_the_tier(given_answers, data):
    gone = data.draw(st.sets(st.sampled_from(sorted(given_answers)))) if given_answers else set()
    rest = {key: value for key, value in given_answers.items() if key not in gone}
    assert TIERS.index(score(rest).tier) >= TIERS.index(score(given_answers).tier)
    assert score(rest).final >= score(given_answers).final


@pytest.mark.parametrize("declared", [None, *TIERS])
def test_a_declared_tier_raises_and_never_lowers(declared):
    low, high = settle(declared, BEST), settle(declared, WORST)
    assert (low["tier"], low["computed"]) == (declared or "limited", "limited")
    assert (high["tier"], high["computed"]) == ("high", "high")
    alone = settle(declared, None)
    assert (alone["tier"], alone["score"]) == (declared or "high", None)

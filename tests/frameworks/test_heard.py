"""What the public asked and objected: counted by hand, and told to everybody without small counts."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frameworks.heard import LEAST, UPHELD, Concern, Group, Matter, Result, for_everybody, heard
from reports.suppress import SMALLEST
from tests.budgets import budget

DAY = dt.date(2026, 3, 1)


def one(matter=Matter.OBJECTION, days=None, result=None, groups=(), **more):
    answered = None if days is None else DAY + dt.timedelta(days=days)
    return Concern(matter, DAY, frozenset(groups), answered=answered, result=result, **more)


def test_counts_days_and_shares_by_hand():
    """Two questions, one answered after 4 days. Five objections: upheld after 2, partly after 10, turned
    down after 6; one waits and one was taken back. Of elderly people one of two was upheld."""
    found = heard(
        [
            one(Matter.QUESTION, 4, Result.ANSWERED),
            one(Matter.QUESTION),
            one(days=2, result=Result.UPHELD, groups=[Group.ELDERLY, Group.RURAL]),
            one(days=10, result=Result.PARTLY),
            one(days=6, result=Result.NOT_UPHELD, groups=[Group.ELDERLY]),
            one(),
            one(taken_back=True),
        ]
    )
    assert (found.questions.received, found.questions.answered, found.questions.days.value) == (2, 1, 4)
    told = found.objections
    assert (told.received, told.answered, told.unanswered, told.taken_back) == (5, 3, 2, 1)
    assert (told.days.value, told.days.n, told.days.low) == (6, 3, None)
    assert "fewer than 6" in told.days.note
    assert (found.upheld, found.partly, found.not_upheld) == (2, 1, 1)
    assert (found.upheld_rate.value, found.upheld_rate.n) == (pytest.approx(2 / 3), 3)
    assert found.upheld_rate.low == pytest.approx(0.2077, abs=1e-4)  # Wilson, 2 of 3
    shares = {(m.of["attribute"], m.of["group"]): (m.value, m.n) for m in found.by_group}
    assert shares["elderly", "yes"] == (0.5, 2)
    assert shares["elderly", "no"] == (1, 1)
    assert shares["rural", "yes"] == (1, 1)
    assert shares["disability", "yes"] == (None, 0)


def test_nothing_that_came_is_counted_as_nothing_and_told_as_withheld():
    found = heard([])
    assert (found.questions.received, found.upheld_rate.value) == (0, None)
    public = for_everybody(found)
    assert public.questions.received is None
    assert public.questions.days.note.startswith("withheld")


def many(up, down, waiting, **more):
    return [
        *(one(days=5, result=Result.UPHELD, **more) for _ in range(up)),
        *(one(days=5, result=Result.NOT_UPHELD, **more) for _ in range(down)),
        *(one(**more) for _ in range(waiting)),
    ]


def test_a_small_rest_withholds_the_sum_and_not_the_answers():
    public = for_everybody(heard(many(30, 20, 3)))
    assert (public.objections.answered, public.objections.received, public.objections.unanswered) == (
        50,
        None,
        None,
    )
    assert (public.upheld, public.not_upheld) == (30, 20)
    few = for_everybody(heard(many(9, 20, 30)))
    assert (few.objections.received, few.upheld, few.not_upheld, few.upheld_rate.value) == (
        59,
        None,
        None,
        None,
    )


def test_a_group_is_told_where_all_four_counts_are_large_enough():
    elderly = {"groups": [Group.ELDERLY]}
    enough = for_everybody(heard(many(10, 10, 0, **elderly) + many(10, 10, 0)))
    shares = {(m.of["attribute"], m.of["group"]): m.n for m in enough.by_group if m.value is not None}
    assert shares == {("elderly", "yes"): 20, ("elderly", "no"): 20}
    short = for_everybody(heard(many(10, 10, 0, **elderly) + many(9, 11, 0)))
    assert all(m.value is None and m.n is None for m in short.by_group)


def test_everybody_has_the_threshold_of_the_version_for_everybody():
    assert LEAST == SMALLEST


CELLS = st.integers(0, 14)


@settings(max_examples=budget(60, 600), deadline=None)
@given(st.tuples(*[CELLS] * 5), st.tuples(*[CELLS] * 3))
def test_no_sum_or_difference_of_what_is_told_is_small(objections, questions):
    """Every number told, and every difference of two that tell of the same people, is ten or more."""
    up, partly, down, waiting, back = objections
    answered, open_, gone = questions
    sent = many(up, down, waiting) + [one(days=1, result=Result.PARTLY)] * partly
    sent += [one(taken_back=True)] * back
    sent += [one(Matter.QUESTION, 3, Result.ANSWERED)] * answered + [one(Matter.QUESTION)] * open_
    sent += [one(Matter.QUESTION, taken_back=True)] * gone
    public = for_everybody(heard(sent))
    told = public.objections
    chains = [
        (told.received, told.answered, public.upheld, public.partly),
        (told.received, told.answered, public.not_upheld),
        (told.received, told.unanswered, told.taken_back),
        (public.questions.received, public.questions.answered),
        (public.questions.received, public.questions.unanswered, public.questions.taken_back),
    ]
    for chain in chains:
        numbers = [number for number in chain if number is not None]
        assert all(number >= LEAST for number in numbers)
        assert all(a - b >= LEAST for a, b in itertools.pairwise(numbers))
    assert told.days.n in {None, told.answered}
    if public.upheld is not None:
        assert public.upheld + public.not_upheld == told.answered


@given(st.lists(st.sampled_from([*many(1, 1, 1), one(days=3, result=Result.PARTLY)]), max_size=30))
def test_counting_forgets_neither_order_nor_anybody(sent):
    found = heard(sent)
    assert found == heard(sent[::-1])
    assert found.objections.answered + found.objections.unanswered == found.objections.received == len(sent)
    assert found.upheld == sum(c.result in UPHELD for c in sent)
    assert heard([replace(c, requirement="a/1") for c in sent]) == found

"""Every way through the fairness tree ends at a measure that an audit has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from auditor.web.tree import TREE, Choice, Question, walk
from frameworks.measures import measures
from tests.auditor.web_fakes import FakeService, make_app


def ways(question: Question, so_far: dict[str, str]) -> Iterator[tuple[dict[str, str], Choice]]:
    for one in question.choices:
        answers = {**so_far, question.name: one.value}
        if one.leads is None:
            yield answers, one
        else:
            yield from ways(one.leads, answers)


WAYS = list(ways(TREE, {}))


@pytest.fixture(scope="module")
def client():
    return make_app(FakeService()).test_client()


def test_every_way_through_ends_at_a_measure_that_is_measured():
    assert len(WAYS) >= 8
    for answers, leaf in WAYS:
        assert walk(answers)[1] is leaf
        assert measures()[leaf.measure].available, leaf.measure


@pytest.mark.parametrize(("answers", "leaf"), WAYS, ids=[leaf.measure for _, leaf in WAYS])
def test_the_page_names_the_measure_and_the_source(client, answers, leaf):
    page = client.get("/fairness-tree", query_string=answers).text
    assert leaf.measure in page
    assert "Saleiro" in page


def test_an_answer_that_is_none_asks_again(client):
    page = client.get("/fairness-tree", query_string={"what": "<script>"})
    assert page.status_code == 200
    assert "Look first at" not in page.text
    assert "<script>" not in page.text

"""Every way through the fairness tree ends at a measure that an audit has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from auditor.fairness_tree import TREE, Choice, Question, leaves, walk
from auditor.problems import Refused
from auditor.submission import parse
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


CHOSEN = "fairness.error_rates.false_positive_rate_gap"
ANSWERS = {"what": "decision", "labels": "yes", "given": "harm", "hurt": "spared"}


def submitted(**choice):
    return {
        "system": {"name": "Searches"},
        "task": "binary",
        "data": {"evaluation": "rows.csv"},
        "metric_choice": {"measure": CHOSEN, **choice},
    }


def test_a_choice_is_kept_as_it_was_made():
    kept = parse(submitted(reason="A search is hard.", chosen_by="The board", answers=ANSWERS)).metric_choice
    assert kept.model_dump() == {
        "measure": CHOSEN,
        "reason": "A search is hard.",
        "chosen_by": "The board",
        "answers": ANSWERS,
    }


@pytest.mark.parametrize(
    ("choice", "where", "said"),
    [
        (
            {"measure": "fairness.error_rates.false_positive_gap"},
            "metric_choice.measure",
            "false_positive_rate_gap",
        ),
        ({"measure": "privacy.anonymity.k"}, "metric_choice.measure", "choose a measure of fairness"),
        ({"answers": {"what": "number"}}, "metric_choice", "end at fairness.regression.mean_error_gap"),
        ({"answers": {"what": "nothing"}}, "metric_choice", "end at no measure"),
        ({"reason": "x" * 2001}, "metric_choice.reason", "at most 2000"),
        ({"because": "x"}, "metric_choice.because", "not a key"),
    ],
    ids=["unknown", "not fairness", "other leaf", "no leaf", "long", "key"],
)
def test_a_choice_that_cannot_be_gets_one_sentence(choice, where, said):
    with pytest.raises(Refused) as refused:
        parse(submitted(**choice))
    (problem,) = refused.value.problems
    assert problem.where == where
    assert said in problem.sentence


def test_the_page_ends_with_the_lines_that_record_the_choice(client):
    page = client.get("/fairness-tree", query_string=ANSWERS).text
    assert "metric_choice:" in page
    assert f"measure: {CHOSEN}" in page
    assert "hurt: spared" in page


def test_every_leaf_is_offered_once():
    offered = [leaf.measure for leaf in leaves()]
    assert len(offered) == len(set(offered))
    assert set(offered) == {leaf.measure for _, leaf in WAYS}

"""Reports of other tasks than the binary one show their groups too."""

from __future__ import annotations

import numpy as np
import pytest

from checks.model import Subject
from reports.document import Bullets, Paragraph, Section, Table, compose
from tests.checks.builders import subject
from tests.checks.test_fairness_regression import drawn as salaries
from tests.checks.test_multiclass import drawn as travellers
from tests.reports.sample import SUBMISSION, record


def tables(whole: Subject) -> list[Table]:
    """Return the tables of the attribute `race`."""
    made = record(
        whole, {**SUBMISSION, "task": str(whole.task)}, only=("fairness.regression", "fairness.error")
    )

    def within(part: Section):
        yield part
        for inner in part.sections:
            yield from within(inner)

    (race,) = [part for top in compose(made).sections for part in within(top) if part.title == "By race"]
    return [block for block in race.blocks if isinstance(block, Table)]


def test_a_regression_shows_the_errors_of_each_group_and_their_gaps():
    groups, differences = tables(salaries(shift=3))
    heads = [column.text for column in groups.columns]
    assert heads == ["Group", "Rows", "Mean error", "Mean absolute error", "Root mean squared error", "R²"]
    assert groups.rows[0][0].text == "b"  # underestimated: the lowest mean error
    told = [row[0].text for row in differences.rows]
    # sorted by evidence: the planted difference is the one shown best
    assert told.index("Gap in mean error, label units") < told.index("Ratio of mean prediction")


@pytest.mark.parametrize("words", ["Gap in true positive rate, mean over classes", "Gap in accuracy"])
def test_several_classes_show_their_means(words):
    *_, differences = tables(travellers())
    assert words in [row[0].text for row in differences.rows]


def words(whole: Subject, *only: str) -> str:
    """Return the sentences of the attribute `race`."""
    made = record(whole, {**SUBMISSION, "task": str(whole.task)}, only=only)
    (race,) = [
        part
        for top in compose(made).sections
        for outer in top.sections
        for part in outer.sections
        if part.title == "By race"
    ]
    told = [block.text for block in race.blocks if isinstance(block, Paragraph)]
    told += [item.text for block in race.blocks if isinstance(block, Bullets) for item in block.items]
    return " ".join(told)


def test_a_regression_says_which_group_is_underestimated():
    told = words(salaries(shift=3), "fairness.regression")
    assert "group b is underestimated by 3" in told
    assert "in units of the label" in told


def test_an_average_error_around_nothing_may_be_chance():
    assert "which may be chance" in words(salaries(shift=0), "fairness.regression")


def test_several_classes_have_a_sentence_of_how_often_each_group_is_judged_correctly():
    assert "are judged correctly" in words(travellers(), "fairness.error")


def test_shown_to_differ_and_what_could_have_been_shown_stand_beside_the_table():
    rng = np.random.default_rng(4)
    race = np.repeat(["A", "B"], 600)
    even, apart = rng.random(1200) < 0.5, rng.random(1200) < np.where(race == "A", 0.3, 0.7)
    for decision, said in (
        (apart, "shown to differ in who receives"),
        (even, "No difference is shown in who"),
    ):
        whole = subject(decision=decision.astype(int), groups={"race": race})
        told = words(whole, "fairness.selection_rate", "fairness.power")
        assert said in told
        assert ("power of 80 %" in told) is (decision is even)

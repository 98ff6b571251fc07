"""Reports of other tasks than the binary one show their groups too."""

from __future__ import annotations

import pytest

from checks.model import Subject
from reports.document import Section, Table, compose
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

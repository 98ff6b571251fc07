"""How rows without an answer differ: the feature that differs most, never any of its values."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from checks.interpretability.cases import cases
from checks.interpretability.permutation_importance import permutation_importance
from checks.interpretability.unlike import unlike
from checks.interpretability.without import UNLIKE
from reports.compose.cases import cases as told_cases
from reports.compose.trust import differing, trust
from reports.document import Paragraph
from tests.checks.builders import LogisticModel, credit

KEPT = np.repeat([True, False], [60, 20])
FLAT = np.tile([0.0, 1.0, 2.0, 3.0], 20)


class Breaks(LogisticModel):
    """It has no number where debt is far above income."""

    def predict_proba(self, X):
        p = super().predict_proba(X)
        p[(X["debt"] - X["income"]).to_numpy() > 2.2] = np.nan
        return p


@pytest.mark.parametrize(
    ("column", "way"),
    [
        (np.where(KEPT, FLAT, FLAT + 5), "higher"),
        (np.where(KEPT, FLAT, FLAT - 5), "lower"),
        (np.where(KEPT, FLAT, np.nan), "missing more often"),
        (np.where(KEPT, "a", "b"), "in other categories"),
    ],
)
def test_the_feature_that_differs_most_is_named(column, way):
    rows = pd.DataFrame({"flat": FLAT, "odd": column})
    of, feature, found, size = unlike("people", rows, KEPT)
    assert (of, feature, found) == ("people", "odd", way)
    assert size > 1


def test_a_standardised_difference_by_hand():
    """Of 0 (60 rows) and 1 (20) the means are 1 apart, and the standard deviation is the root of 3/16."""
    rows = pd.DataFrame({"odd": np.where(KEPT, 0.0, 1.0)})
    assert unlike("people", rows, KEPT)[3] == pytest.approx(1 / np.sqrt(3 / 16), abs=0.05)


def test_of_few_rows_and_of_chance_nothing_is_told():
    rows = pd.DataFrame({"flat": FLAT, "odd": np.where(KEPT, 0.0, 1.0)})
    assert unlike("people", rows, np.arange(80) > 8) == ("people", None, "withheld", None)
    assert unlike("people", rows[["flat"]], KEPT) == ("people", None, "no more than chance", None)


def test_cases_and_shuffling_say_who_is_left_out_of_them():
    whole = credit()
    broken = dataclasses.replace(whole, model=Breaks(whole.model.weights))
    evidence = permutation_importance(broken)
    (table,) = (t for t in evidence.tables if t.name == UNLIKE)
    assert table.rows[0][1:3] in {("debt", "higher"), ("income", "lower")}
    assert "shuffling: most in" in " ".join(differing(evidence, "shuffling"))
    shuffled = evidence
    evidence = cases(broken)
    assert {row[1] for t in evidence.tables if t.name == UNLIKE for row in t.rows} & {"debt", "income"}
    said = " ".join(block.text for block in told_cases(evidence) if isinstance(block, Paragraph))
    assert "So a case may be compared with other people than the next one" in said
    assert "standard deviations)" in said
    (section,) = trust(SimpleNamespace(default={one.check: one for one in (shuffled, evidence)}.get))
    assert "How far they do: shuffling: most in" in section.blocks[0].text
    assert "just missed it" not in section.blocks[0].text

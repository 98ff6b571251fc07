"""What every check of interpretability says of models that answer nothing, or always the same: a sentence."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from checks.model import Outcome
from checks.registry import all_checks
from tests.checks.builders import LogisticModel, credit
from tests.checks.told import honest

PEOPLE = credit()
CHECKS = [name for name in all_checks() if name.startswith("interpretability.")]
NOT_ASKED = {"interpretability.monotonicity", "interpretability.reasons", "interpretability.surrogate"}
"""The first two look at directions and letters that were declared, and none was; the last asks about people
as they are."""


def told_apart(table):
    return table["income"] * 1e3 + table["debt"]


class Picky(LogisticModel):
    """It answers for the people of the file, and for nobody who is put together from two of them."""

    known = (*told_apart(PEOPLE.features), *told_apart(PEOPLE.training))

    def predict_proba(self, X):
        p = super().predict_proba(X)
        p[~np.isin(told_apart(X), self.known)] = np.nan
        return p


class Same(LogisticModel):
    """It answers everybody alike."""

    def predict_proba(self, X):
        return np.tile([0.7, 0.3], (len(X), 1))


@pytest.mark.parametrize("check", sorted(set(CHECKS) - NOT_ASKED))
def test_answers_that_are_no_numbers_for_changed_rows_end_in_a_sentence(check):
    found = all_checks()[check](dataclasses.replace(PEOPLE, model=Picky({"income": 1.0})))
    assert found.outcome is Outcome.FAILED
    assert found.reason.startswith("the model could not answer: asked for ")
    assert found.reason.endswith("it must answer for every combination of values that the columns hold")


def test_letters_are_read_where_the_model_has_no_answers():
    mute = dataclasses.replace(honest(PEOPLE), model=Picky({"income": 1.0}))
    found = all_checks()["interpretability.reasons"](mute)
    assert found.outcome is Outcome.MEASURED
    assert found.measure("coverage").value == 1
    assert found.measure("contact_share").value is not None
    assert found.measure("main_reason_share").note.startswith("the model could not answer: asked for ")


@pytest.mark.parametrize("check", CHECKS)
def test_a_model_that_answers_everybody_alike_is_measured_or_told_in_a_sentence(check):
    found = all_checks()[check](dataclasses.replace(PEOPLE, model=Same({})))
    assert found.outcome is not Outcome.FAILED, found.reason
    assert found.outcome is Outcome.MEASURED or len(found.reason) > 20
    moved = [m for m in found.measures if m.name in {"importance", "effect_range", "group_importance"}]
    assert all(m.value in {0, None} for m in moved)

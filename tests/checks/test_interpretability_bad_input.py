"""What every check of interpretability says of models that answer nothing, or always the same: a sentence."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest

from checks.interpretability.answered import LEFT_OUT
from checks.interpretability.asking import explained_output
from checks.interpretability.attribution import attribute
from checks.interpretability.cases import cases
from checks.interpretability.recourse import recourse
from checks.model import Outcome
from checks.privacy.minimisation import minimisation
from checks.registry import all_checks
from checks.unanswered import Unanswered
from reports.compose.cases import cases as in_words
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


class Gappy(LogisticModel):
    """It has no number for one in a hundred of the rows that are not in the file, and counts them."""

    def __init__(self, weights, share=0.01, known=Picky.known):
        super().__init__(weights)
        self.share, self.known = share, known
        self.asked = self.lost = 0

    def predict_proba(self, X):
        p = super().predict_proba(X)
        total = told_apart(X).to_numpy()
        gone = (np.abs(total * 1e6) % 1 < self.share) & ~np.isin(total, self.known)
        p[gone, 1] = np.nan  # the other number alone is no answer
        self.asked, self.lost = self.asked + len(X), self.lost + int(gone.sum())
        return p


class Locked(Gappy):
    """The same, seen through the locked process: it says so instead."""

    def predict_proba(self, X):
        answer = super().predict_proba(X)
        if np.isnan(answer).any():
            raise Unanswered(answer)
        return answer


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


WEIGHTS = {"income": 1.5, "debt": -1.0}


@functools.cache
def answered(check):
    """What is found of the same model where nothing is missing."""
    return check(dataclasses.replace(PEOPLE, model=LogisticModel(WEIGHTS)))


@pytest.mark.parametrize("kind", [Gappy, Locked])
def test_changed_rows_without_a_number_are_left_out_and_counted(kind):
    """One in a hundred: people still have their cases and changes, much as of a model that always answers."""
    for check in (cases, recourse):
        model = kind(WEIGHTS)
        whole = answered(check)
        found = check(dataclasses.replace(PEOPLE, model=model))
        assert found.outcome is Outcome.MEASURED, found.reason
        lost = found.measure("questions_unanswered")
        assert lost.value == model.lost > 0
        assert lost.value < 0.03 * lost.n <= 0.03 * model.asked
        assert lost.note == "left out, and nothing put in their place"
        assert whole.measure("questions_unanswered").value == 0
        assert [(m.name, m.of) for m in found.measures] == [(m.name, m.of) for m in whole.measures]
        if check is cases:
            assert "the model gave no number" in list(in_words(found))[-1].text
    share = found.measure("recourse_share").value
    assert share == pytest.approx(whole.measure("recourse_share").value, abs=0.02)


FEW = credit(240, 200)
ALONE = {"interpretability.cases", "interpretability.recourse"}
"""These two leave out changed rows, not people."""


@pytest.mark.parametrize("check", sorted(set(CHECKS) - NOT_ASKED - ALONE))
def test_people_with_a_changed_row_without_a_number_are_left_out_and_counted(check):
    """One changed row in a hundred: what is measured is of the others, and says how many are missing."""
    known = (*told_apart(FEW.features), *told_apart(FEW.training))
    found = all_checks()[check](dataclasses.replace(FEW, model=Gappy(WEIGHTS, 0.01, known)))
    assert found.outcome is Outcome.MEASURED, found.reason
    (table,) = (table for table in found.tables if table.name == LEFT_OUT)
    for what, lost, asked in table.rows:
        assert what in {"people", "pairs with a background row"}
        assert 0 < lost < asked / 2


def test_features_are_replaced_without_those_whose_changed_row_has_no_number():
    known = (*told_apart(FEW.features), *told_apart(FEW.training))
    whole = dataclasses.replace(FEW, model=LogisticModel(WEIGHTS))
    found, want = (
        minimisation(one) for one in (dataclasses.replace(FEW, model=Gappy(WEIGHTS, 0.01, known)), whole)
    )
    income, all_ = (one.measure("loss_rise", feature="income") for one in (found, want))
    assert 0.9 * all_.n < income.n < all_.n
    assert f"without {all_.n - income.n:.0f} more for whom a changed row got no number" in income.method
    assert income.value == pytest.approx(all_.value, rel=0.1)
    assert found.measure("loss_rise", feature="job").n == all_.n


def test_rows_with_every_answer_are_explained_as_if_nothing_were_missing():
    """Walks that meet a gap go another way or are left out; all others are the very same."""
    output = explained_output
    people, background = PEOPLE.features.iloc[:30], PEOPLE.training[PEOPLE.features.columns].iloc[:40]
    whole = dataclasses.replace(PEOPLE, model=LogisticModel(WEIGHTS))
    gappy = dataclasses.replace(PEOPLE, model=Gappy(WEIGHTS, share=0.002))
    want = attribute(output(whole), people, background, np.random.default_rng(0))
    got = attribute(output(gappy).where_answered(), people, background, np.random.default_rng(0))
    untouched = (got.values == want.values).all(axis=1)
    assert 0 < untouched.sum() < len(people)
    assert (got.errors[untouched] == want.errors[untouched]).all()
    assert got.walked[untouched].tolist() == [40] * untouched.sum()
    away = np.abs(got.values - want.values)
    assert (away <= 3 * np.hypot(got.errors, want.errors) + 1e-12).all()


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

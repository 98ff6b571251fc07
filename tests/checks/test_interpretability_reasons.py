"""Reasons beside decisions and beside the model: planted letters, examples by hand, odd input."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from checks import texts
from checks.interpretability.reasons import reasons
from checks.interpretability.stated import Vocabulary
from checks.interpretability.without import BY_LANGUAGE
from checks.model import Outcome, Task
from checks.statistics import wilson_limits
from tests.checks.builders import LogisticModel, credit, subject
from tests.checks.planted import planted
from tests.checks.told import HONEST, against, honest, told

PEOPLE = credit()
MUTE = "You did not meet our conditions."


def value(evidence, name, **of):
    return evidence.measure(name, **of).value


@planted("interpretability.reasons", "silent")
def test_honest_letters_name_what_weighed_most():
    evidence = reasons(honest(PEOPLE))
    assert evidence.outcome is Outcome.MEASURED
    for name in ("coverage", "named_share", "contact_share", "appeal_share", "actionable_share"):
        assert value(evidence, name) == 1
    assert value(evidence, "main_reason_share") > 0.97
    assert 0.9 < value(evidence, "heaviest_named_share") <= value(evidence, "main_reason_share")
    assert value(evidence, "among_top_share") > 0.97
    assert value(evidence, "contradicted_share") < 0.02
    assert value(evidence, "unknown_case_share") == value(evidence, "empty_text_share") == 0


@planted("interpretability.reasons", "speaks")
def test_letters_that_name_what_the_model_does_not_use_are_seen():
    """Everybody is told of their job, which has no effect."""
    evidence = reasons(honest(PEOPLE, lambda _: "Your job is not on our list."))
    assert value(evidence, "coverage") == value(evidence, "named_share") == 1
    assert evidence.measure("main_reason_share").high < 0.05
    assert evidence.measure("among_top_share").high < 0.05
    assert evidence.measure("among_top_share").high < value(evidence, "chance_top_share")
    assert value(evidence, "named", feature="job") == 1
    assert value(evidence, "among_top", feature="job") == 0
    assert value(evidence, "among_top", feature="income") > 0.5
    assert value(evidence, "appeal_share") == value(evidence, "contact_share") == 0


def test_a_reason_that_spoke_for_the_person_is_contradicted():
    """One feature, a linear model: whoever is told of the other feature is told the opposite of the truth."""
    whole = credit(200, 200)
    table, rows = whole.evaluation, against(whole)
    helped = [i for i in rows if table["income"][i] > table["income"].mean() + 0.3]
    evidence = reasons(told(whole, [(i, "Low income") for i in helped]))
    assert value(evidence, "contradicted_share") == 1
    assert value(evidence, "main_reason_share") == 0


def test_what_the_sampling_error_leaves_open_is_counted_apart(monkeypatch):
    """With an error of 0.1, a contribution of 0.3 spoke for the person, and of -0.1 or 0.1 none can tell."""

    def attribute(_output, rows, *_rest):
        values = np.zeros(rows.shape)
        values[:, 0] = np.resize([-0.5, -0.1, 0.1, 0.3], len(rows))
        return SimpleNamespace(values=values, errors=np.full(rows.shape, 0.1))

    monkeypatch.setattr("checks.interpretability.weighed.attribute", attribute)
    evidence = reasons(told(PEOPLE, [(i, "Low income") for i in against(PEOPLE)[:40]]))
    assert value(evidence, "contradicted_share") == pytest.approx(0.25)
    assert value(evidence, "undecided_share") == pytest.approx(0.5)
    whole = evidence.measure("contradicted_share")
    (table,) = (t for t in evidence.tables if t.name == BY_LANGUAGE)
    ((_name, n, _main, false, low, high, open_),) = table.rows
    assert (n, false, open_) == (40, pytest.approx(0.25), pytest.approx(0.5))
    assert low == pytest.approx(wilson_limits(0.25, 40)[0])  # none of those left open is false
    assert high == pytest.approx(wilson_limits(0.75, 40)[1])  # all are
    assert (whole.low, whole.high) == (low, high)


def test_reasons_by_group_show_whom_they_leave_out():
    whole = credit(1200)
    race = whole.groups("race")
    letters = [
        (i, HONEST["income"] if race[i] == "A" else MUTE) for i in against(whole) if race[i] == "A" or i % 2
    ]
    evidence = reasons(told(whole, letters))
    assert value(evidence, "group_coverage", attribute="race", group="A") == 1
    assert 0.4 < value(evidence, "group_coverage", attribute="race", group="B") < 0.6
    assert evidence.measure("group_coverage_gap", attribute="race").low > 0.3
    assert value(evidence, "group_appeal_share", attribute="race", group="B") == 0
    assert evidence.measure("group_appeal_share_gap", attribute="race").low > 0.9
    assert value(evidence, "named_share") == pytest.approx(np.mean([text != MUTE for _, text in letters]))


def test_a_column_of_features_outweighs_words():
    whole = credit(200, 200)
    letters = [(i, "Code 17: income", "debt; noise") for i in against(whole)]
    evidence = reasons(told(whole, letters))
    assert value(evidence, "named", feature="debt") == value(evidence, "named", feature="noise") == 1
    assert value(evidence, "named", feature="income") == 0
    assert value(evidence, "among_top_share") < 0.6


def test_only_what_may_change_is_actionable():
    whole = dataclasses.replace(honest(PEOPLE), facts={"immutable": ["income"]})
    evidence = reasons(whole)
    shown = np.mean(whole.reasons["text"] == HONEST["debt"])
    assert value(evidence, "actionable_share") == pytest.approx(shown)
    assert evidence.measure("actionable_share").note is None
    assert "declared immutable" in reasons(honest(PEOPLE)).measure("actionable_share").note


def test_what_cannot_be_used_is_counted():
    rows = against(PEOPLE)
    favoured = int(np.flatnonzero(PEOPLE.decision == "1")[0])
    letters = [(rows[0], "Low income"), (rows[1], "  "), (-1, "Low income"), (favoured, "High income")]
    evidence = reasons(told(PEOPLE, letters))
    assert value(evidence, "coverage") == pytest.approx(1 / len(rows))
    for name in ("unknown_case_share", "empty_text_share", "not_due_share"):
        assert value(evidence, name) == 0.25
    assert evidence.measure("reasons_given").n == 1


def test_without_a_model_letters_are_read_and_not_compared():
    bare = dataclasses.replace(honest(PEOPLE), model=None, model_file=None)
    evidence = reasons(bare)
    assert evidence.outcome is Outcome.MEASURED
    assert value(evidence, "coverage") == 1
    assert value(evidence, "main_reason_share") is None
    assert "no model was submitted" in evidence.measure("main_reason_share").note


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        (PEOPLE, "no reasons given to people were supplied"),
        (told(PEOPLE, [(-1, "Low income")]), "is in the table of reasons with a text"),
        (dataclasses.replace(honest(PEOPLE), decision=None), "no decision was supplied"),
        (
            dataclasses.replace(honest(PEOPLE), decision=np.full(600, "1", dtype=object)),
            "nobody was decided against",
        ),
    ],
)
def test_reasons_why_there_is_no_number(whole, said):
    evidence = reasons(whole)
    assert evidence.outcome in {Outcome.NOT_APPLICABLE, Outcome.INCONCLUSIVE}
    assert said in evidence.reason


def test_scores_have_no_adverse_decision_so_everybody_counts():
    whole = dataclasses.replace(PEOPLE, task=Task.SCORING, decision=None)
    evidence = reasons(told(whole, [(i, "Your income and your debt") for i in range(300)]))
    assert value(evidence, "coverage") == 0.5
    assert value(evidence, "main_reason_share") == 1
    assert value(evidence, "contradicted_share") == 0


def test_texts_of_several_languages_are_told_apart():
    rows = against(PEOPLE)[:4]
    letters = [
        (rows[0], "您的收入太低。您可以申诉，由工作人员复核。"),
        (rows[1], "Votre revenu est trop bas."),
        (rows[2], "Your income is too low."),
        (rows[3], "您的收入太低。"),
    ]
    languages = ["zh-CN", "fr", "English", "en"]
    evidence = reasons(told(PEOPLE, letters, language=languages))
    assert value(evidence, "unread_share") == 0.25
    assert value(evidence, "other_script_share") == 0.25
    assert value(evidence, "appeal_share") == value(evidence, "human_review_share") == pytest.approx(1 / 3)
    assert value(evidence, "common_character_share") == 1
    assert "1 people with texts in other languages" in evidence.measure("appeal_share").note


# Texts


def test_the_index_by_hand():
    """6 words of 17 letters, 1 sentence: 4.71 * 17/6 + 0.5 * 6 - 21.43."""
    assert texts.grade("The cat sat on the mat.") == pytest.approx(4.71 * 17 / 6 + 3 - 21.43)
    assert texts.grade("One. Two! Three?") == pytest.approx(4.71 * 11 / 3 + 0.5 - 21.43)
    assert texts.grade("...") is None


def test_hard_prose_has_a_higher_grade_than_plain_prose():
    plain = "Your income is too low. You can call us. We will look at it again."
    hard = (
        "Notwithstanding the aforementioned considerations, the determination was predicated upon "
        "insufficiently substantiated remuneration documentation furnished by the undersigned applicant."
    )
    assert texts.grade(plain) < 4
    assert texts.grade(hard) > 16


def test_frequent_characters_are_told_from_rare_ones_in_both_scripts():
    assert texts.common_share("您的收入太低") == 1
    assert texts.common_share("您的債務過高，請聯絡我們") == 1
    assert texts.common_share("\u9f98\u9f97") == 0  # in neither first level
    assert texts.common_share("no characters") is None


@pytest.mark.parametrize(
    ("declared", "text", "found"),
    [
        ("en-GB", "x", "en"), ("ENG", "x", "en"), ("Chinese", "x", "zh"), ("zh_Hant", "x", "zh"),
        ("fr", "x", "fr"), (None, "收入太低", "zh"), (None, "収入が低い", "und"), (None, "доход", "und"),
        (None, "Your income", "en"), (None, "12 %", "und"),
    ],
)  # fmt: skip
def test_languages(declared, text, found):
    assert texts.language_of(declared, text, undeclared="en") == found


def test_undeclared_latin_text_is_english_only_where_it_uses_its_words():
    assert texts.latin_is(["Your income is too low", "Debt ratio"]) == "en"
    assert texts.latin_is(["Votre revenu est insuffisant", "Dettes"]) is None
    assert texts.latin_is([]) is None


@pytest.mark.parametrize(
    ("text", "contact"),
    [
        ("Write to help@example.org", True), ("See https://example.org/a", True), ("Call 0800 123 456", True),
        ("电话：400-800-1234", True), ("+44 20 7946 0000", True), ("Decided on 2026-01-12", False),
        ("Your income of 12,500 is under 20,000", False), ("Please contact us", False),
    ],
)  # fmt: skip
def test_an_address_is_no_date_and_no_amount(text, contact):
    assert texts.tells_contact(text) is contact


@pytest.mark.parametrize(
    ("text", "appeal", "human"),
    [
        ("You have the right to appeal.", True, False),
        ("Ask for a review by a member of staff.", True, True),
        ("A person will look at your case again.", False, True),
        ("We reviewed your file.", False, False),
        ("You may contest it; a caseworker decides.", True, True),
    ],
)
def test_ways_on(text, appeal, human):
    assert texts.tells_appeal(text, "en") is appeal
    assert texts.tells_human(text, "en") is human


def test_longer_names_are_found_first():
    words = Vocabulary.of(["debt_to_income", "income", "loanAmount"], {"income": ["salary", "收入"]})
    assert words.stated("Debt-to-income too high", None) == {0}
    assert words.stated("Debt to income, and your INCOME", None) == {0, 1}
    assert words.stated("Loan amount", None) == {2}
    assert words.stated("您的收入太低; salaryman", None) == {1}
    assert words.stated("incomes", None) == set()
    assert words.stated("income", "loanAmount") == {2}
    assert words.stated("income", "another code") == set()


def test_very_many_features_are_an_answer():
    names = [f"f{i}" for i in range(1000)]
    rng = np.random.default_rng(0)
    model = LogisticModel({"f7": 2.0})
    table = {name: rng.normal(size=40) for name in names}
    score = 1 / (1 + np.exp(-2 * table["f7"]))
    whole = subject(decision=np.where(score >= 0.5, "1", "0"), score=score, features=table, model=model)
    evidence = reasons(told(whole, [(i, "f7 is low") for i in against(whole)]), evaluations=2_000)
    assert evidence.outcome is Outcome.MEASURED, evidence.reason
    assert value(evidence, "main_reason_share") == 1


class Same(LogisticModel):
    """It answers everybody alike."""

    def predict_proba(self, X):
        return np.tile([0.7, 0.3], (len(X), 1))


def test_where_nothing_weighed_against_anybody_no_letter_is_accused():
    same = dataclasses.replace(honest(PEOPLE), model=Same({}))
    evidence = reasons(same)
    assert evidence.outcome is Outcome.MEASURED
    for name in ("main_reason_share", "heaviest_named_share", "contradicted_share", "chance_top_share"):
        found = evidence.measure(name)
        assert found.value is None
        assert "nothing weighed against anybody" in found.note


def test_rows_without_a_text_are_counted_whoever_they_are_about():
    rows = against(PEOPLE)
    letters = [(rows[0], "Low income"), (rows[0], None), (-1, ""), (rows[1], "Low income")]
    whole = told(PEOPLE, letters)
    table = whole.reasons.assign(feature=[None, "income", None, None])
    found = reasons(dataclasses.replace(whole, reasons=table)).measure("empty_text_share")
    assert (found.value, found.n) == (0.5, 4)
    assert found.method == "rows without a text; 1 of them name a feature and count as reasons"

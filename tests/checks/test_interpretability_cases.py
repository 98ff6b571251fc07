"""Single cases: whom they may tell of, and whether what is told of them is so."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from checks.interpretability.bands import FIFTHS, Bands
from checks.interpretability.cases import cases
from checks.interpretability.goal import goal
from checks.interpretability.moves import SHARED
from checks.interpretability.observed import Observed
from checks.interpretability.picked import JUST, MIDDLE, MISSED, pick
from checks.interpretability.rounded import JUST_UNDER, OVER, UNDER
from checks.interpretability.rounded import told as tell
from checks.interpretability.without import FEW, FULL, RIGHT, SAME
from checks.model import Outcome, Task
from reports import wording
from reports.compose.cases import cases as in_words
from reports.compose.tables import evidence_table
from reports.document import KeyValues, Paragraph
from tests.checks.builders import LogisticModel, credit, subject, take
from tests.checks.planted import planted
from tests.checks.test_interpretability_recourse import Bands as Classes
from tests.checks.test_interpretability_recourse import Numbers, Rule, people

PEOPLE = credit()
FOUND = cases(PEOPLE)


def rows(evidence, table, case=None):
    (found,) = [t for t in evidence.tables if t.name == table]
    return [row for row in found.rows if case is None or row[0] == case]


def told(evidence):
    """The cases as a reader is told them."""
    blocks = [block for block in in_words(evidence) if isinstance(block, KeyValues)]
    return [{pair.key: pair.value for pair in block.rows} for block in blocks]


def spoke(case):
    """What spoke for the answer that is wanted, and what against it."""
    return [case[next(key for key in case if key.startswith(f"Spoke {way}: "))] for way in ("for", "against")]


def picked(whole):
    wanted = goal(whole, np.random.default_rng(0))
    margins = wanted.margin(whole.features)
    found = pick(whole, np.arange(whole.rows), margins, wanted.reached(margins), 5)
    return [*found.told, *found.withheld], margins


def test_cases_are_those_of_the_rule():
    """The middle of the scores, the nearest on both sides, and the largest error of each group."""
    found, margins = picked(PEOPLE)
    at = {case.name: case.row for case in found}
    assert (margins < margins[at[MIDDLE]]).sum() == (PEOPLE.rows - 1) // 2
    assert margins[at[JUST]] == margins[margins >= 0].min()
    assert margins[at[MISSED]] == margins[margins < 0].max()
    wrong = (PEOPLE.evaluation["label"] == 1).to_numpy() != (margins >= 0)
    mine = wrong & (PEOPLE.evaluation["race"] == "B").to_numpy()
    assert abs(margins[at["worst error, race: B"]]) == np.abs(margins[mine]).max()


def test_what_is_told_of_the_features_of_a_case_is_true_of_at_least_ten_people():
    """Counted again from the words: everything that the tables say of a case's features, together."""
    found, margins = picked(PEOPLE)
    at = {case.name: case.row for case in found}
    assert {m.of["case"] for m in FOUND.measures if m.of} == set(at)
    for case, row in at.items():
        fits = (margins >= 0) == (margins[row] >= 0)
        if case.startswith("worst error"):
            attribute, group = case.removeprefix("worst error, ").split(": ")
            fits &= (PEOPLE.evaluation[attribute] == group).to_numpy()
        for _, feature, band, _ in rows(FOUND, "reasons", case):
            if band is not None:
                rank = PEOPLE.evaluation[feature].rank(pct=True, method="average").to_numpy()
                fits &= np.minimum((rank - 0.5 / PEOPLE.rows) * 5, 4).astype(int) == FIFTHS.index(band)
                assert fits[row]
        assert fits.sum() >= FOUND.measure("alike", case=case).value >= SHARED


def test_nothing_is_said_that_would_leave_fewer_than_ten():
    table = pd.DataFrame({"a": np.arange(100.0), "b": np.arange(100.0) % 3, "c": ["x"] * 95 + ["y"] * 5})
    bands = Bands.of(table)
    said, alike = bands.describe(0, [0, 1, 2], np.ones(100, bool))
    assert said == {0: "lowest fifth", 2: "x"}  # with b it would be 7 of these 20
    assert alike.sum() == 20
    said, alike = bands.describe(99, [2], np.ones(100, bool))
    assert (said, alike.sum()) == ({}, 100)  # five have it


def test_no_value_of_a_number_is_in_the_evidence():
    """Of 600 incomes, debts and scores, none is written down, whole or to five digits."""
    text = repr(FOUND)
    numbers = {round(abs(float(x)), 5) for x in re.findall(r"\d+\.\d{4,}", text)}
    for values in (PEOPLE.evaluation["income"], PEOPLE.evaluation["debt"], PEOPLE.score):
        assert not numbers & {round(abs(float(v)), 5) for v in values}


def test_a_group_too_small_to_tell_of_is_said_to_be_withheld():
    table = PEOPLE.evaluation.copy()
    table["race"] = np.where(np.arange(len(table)) < SHARED - 1, "rare", "A")
    table.loc[: SHARED - 2, "label"] = 1 - (PEOPLE.score[: SHARED - 1] >= 0.5).astype(int)
    evidence = cases(dataclasses.replace(PEOPLE, evaluation=table))
    withheld = evidence.measure("alike", case="worst error, race: rare")
    assert withheld.value is None
    assert "not told" in withheld.note
    assert not evidence.select("answer", case="worst error, race: rare")


def test_every_group_has_a_case_or_a_reason_why_not():
    """Of each group exactly one thing is known: its own case, or why there is none; both are in words."""
    table = PEOPLE.evaluation.assign(few=["x"] * (SHARED - 1) + ["y"] * (PEOPLE.rows - SHARED + 1))
    table["right"] = np.where(table["label"] == (PEOPLE.score >= 0.5), "yes", "no")
    groups = ("race", "sex", "few", "right")
    roles = dataclasses.replace(PEOPLE.roles, groups=groups)
    evidence = cases(dataclasses.replace(PEOPLE, evaluation=table, roles=roles), groups=2)
    why = {f"worst error, {row[0]}: {row[1]}": row[2:] for row in rows(evidence, "without_case")}
    every = {f"worst error, {a}: {group}" for a in groups for group in set(table[a])}
    own = {m.of["case"] for m in evidence.measures if m.name == "answer"} - {MIDDLE, JUST, MISSED}
    assert set(why) | own == every
    assert not set(why) & own
    assert why["worst error, right: yes"] == (RIGHT, None)
    assert why["worst error, few: x"] == (FEW, None)
    assert {reason for reason, _ in why.values()} == {SAME, FEW, RIGHT, FULL}
    *_, last = (block.text for block in in_words(evidence) if isinstance(block, Paragraph))
    assert all(case in last for case in why)


def test_a_person_who_is_the_worst_error_of_two_groups_is_told_of_what_both_share():
    found = next(case for case in picked(PEOPLE)[0] if case.name == "worst error, race: B")
    assert rows(FOUND, "without_case") == [("sex", "F", SAME, "worst error, race: B")]
    both = (PEOPLE.evaluation["race"] == "B") & (PEOPLE.evaluation["sex"] == "F")
    assert not found.among[~both.to_numpy()].any()


def test_what_was_true_is_told_where_ten_share_it():
    """Of each error the label that the person has, counted again; of no other case anything."""
    found, _margins = picked(PEOPLE)
    at, labels = {case.name: case for case in found}, PEOPLE.evaluation["label"].astype(str).to_numpy()
    listed = {case: (was, least) for case, was, least in rows(FOUND, "observed")}
    assert set(listed) == {case.name for case in found if case.wrong}
    for name, (was, least) in listed.items():
        true = labels[at[name].row]
        enough = (at[name].among & (labels == true)).sum() >= SHARED
        assert (was, least) == (true if enough else None, None)
    assert {was is None for was, _ in listed.values()} == {True, False}
    assert [case.get("What was true") for case in told(FOUND)] == [None, None, "The observed label is 1."]


def test_an_error_is_told_as_far_as_nine_others_reach_it():
    """By hand: of ten errors of 1 to 2 and one of 50, the one of 50 is told as 1.1 or more."""
    errors = np.array([50, *np.linspace(1.0, 1.99, 10)])
    truth = Observed(np.zeros(11, int), ("highest fifth",), errors)
    least, among = truth.least(0, np.ones(11, bool))
    assert (least, among.sum()) == (1.1, 10)
    assert truth.describe(0, np.arange(11) < SHARED)[0] == "highest fifth"
    assert truth.describe(0, np.arange(11) < SHARED - 1)[0] is None
    assert Observed(truth.codes, truth.names, errors * 0).least(0, np.ones(11, bool))[0] is None


@planted("interpretability.cases", "speaks")
def test_the_reason_and_the_change_are_those_of_the_rule():
    """Planted: only income counts, so it alone is a reason and it alone is changed."""
    rng = np.random.default_rng(1)
    features = {name: rng.gamma(4, 1000, 3000).round() for name in ("income", "savings", "age")}
    model = LogisticModel({"income": 0.002}, -8.0)
    evidence = cases(people(model, features))
    assert {row[1] for row in rows(evidence, "reasons")} == {"income"}
    assert {row[1] for row in rows(evidence, "changes")} == {"income"}
    ways = {row[0]: row[2] for row in rows(evidence, "changes")}
    assert ways[MISSED] == "higher"
    assert ways[JUST] == "lower"


@planted("interpretability.cases", "silent")
def test_a_feature_that_does_nothing_is_no_reason():
    features = {row[1] for row in rows(FOUND, "reasons")} | {row[1] for row in rows(FOUND, "changes")}
    assert features == {"income", "debt"}


def test_a_change_in_parts_of_the_own_value_is_that_of_the_closed_form():
    """A person who just missed it at a line through one amount: no less than the line asks."""
    rng = np.random.default_rng(3)
    income = np.sort(rng.uniform(1000, 5000, 400)).round()
    evidence = cases(people(LogisticModel({"income": 0.01}, -30.0), {"income": income}))
    (change,) = rows(evidence, "changes", MISSED)
    missed = income[income < 3000].max()
    assert change[4] >= round(3000 / missed - 1, 2) - 0.005
    assert change[4] <= 0.1  # values are proposed at every twentieth of the people
    assert f"{100 * change[4]:.3g}".split(".")[0] in told(evidence)[1]["What would change the answer"]


def test_of_a_change_that_may_not_be_told_the_way_is_where_ten_people_alike_are_on_that_side():
    evidence = cases(take(PEOPLE, range(150)))
    untold = [row for row in rows(evidence, "changes") if row[3] is None]
    assert {row[2] for row in untold} == {"higher", "lower", "withheld"}
    assert all(m.value >= SHARED for m in evidence.measures if m.name == "alike" and m.value is not None)
    said = " ".join(case["What would change the answer"] for case in told(evidence))
    assert "income higher (by how much would tell of too few people)" in said.replace("would need to be ", "")


def test_what_may_not_change_is_in_no_change():
    facts = {**PEOPLE.facts, "immutable": ["income"]}
    evidence = cases(dataclasses.replace(PEOPLE, facts=facts))
    assert {row[1] for row in rows(evidence, "changes")} == {"debt"}


def test_what_would_lose_an_answer_is_searched_against_the_declared_way():
    """A declared way says what people do to get an answer; it is lost by less income all the same."""
    facts = {**PEOPLE.facts, "immutable": ["debt", "noise", "job"], "directions": {"income": "up"}}
    evidence = cases(dataclasses.replace(PEOPLE, facts=facts))
    ways = {row[0]: row[2] for row in rows(evidence, "changes")}
    assert ways["just reached it"] in {"lower", "withheld"}
    assert ways[MISSED] in {"higher", "withheld"}
    assert evidence.measure("changes_needed", case="just reached it").value == 1


def test_where_nothing_may_change_that_is_said():
    facts = {**PEOPLE.facts, "immutable": ["income", "debt", "noise", "job"]}
    evidence = cases(dataclasses.replace(PEOPLE, facts=facts))
    assert evidence.outcome is Outcome.MEASURED
    assert evidence.measure("changes_needed", case=MISSED).value is None
    assert "No change was found" in told(evidence)[0]["What would change the answer"]


@pytest.mark.parametrize(
    ("whole", "words"),
    [
        (dataclasses.replace(PEOPLE, model=Rule(lambda X: np.full(len(X), 0.2))), "same answer"),
        (take(PEOPLE, range(7)), "ten evaluation rows"),
    ],
    ids=["constant", "seven rows"],
)
def test_what_has_no_cases_is_told_in_a_sentence(whole, words):
    evidence = cases(whole)
    assert evidence.outcome is Outcome.INCONCLUSIVE
    assert words in evidence.reason


def test_a_model_without_an_answer_for_mixed_people_is_told_in_a_sentence():
    known = {tuple(row) for row in PEOPLE.features.to_numpy().tolist()}

    def chance(X):
        there = [tuple(row) in known for row in X.to_numpy().tolist()]
        return np.where(there, 1 / (1 + np.exp(-X["income"])), np.nan)

    evidence = cases(dataclasses.replace(PEOPLE, model=Rule(chance)))
    assert evidence.outcome is Outcome.FAILED
    assert evidence.reason.startswith("the model could not answer: asked for")


def test_values_of_a_regression_are_told_against_the_median():
    rng = np.random.default_rng(2)
    features = {"a": rng.normal(size=300), "b": rng.normal(size=300)}
    value = 1000 + 100 * features["a"]
    evidence = cases(
        people(
            Numbers(lambda X: 1000 + 100 * X["a"]),
            features,
            task=Task.REGRESSION,
            score=value,
            actual=value + rng.normal(size=300),
        )
    )
    assert evidence.outcome is Outcome.MEASURED, evidence.reason
    assert "above the median of everybody" in rows(evidence, "goal")[0][0]
    assert evidence.measure("answer", case=MIDDLE).value == pytest.approx(1000, rel=0.05)
    assert evidence.measure("answer", case="worst error, group: A").value > 500
    in_words = next(case["What was true"] for case in told(evidence) if "What was true" in case)
    assert re.match(
        r"The observed value lies in the \w+ fifth of everybody\. How far off the answer is stays", in_words
    )


def test_classes_are_told_against_the_favourable_one():
    rng = np.random.default_rng(2)
    features = {"a": rng.normal(size=300), "b": rng.normal(size=300)}
    roles = {"favourable": "middle", "positive": None}
    evidence = cases(people(Classes(), features, task=Task.MULTICLASS, roles=roles))
    assert rows(evidence, "goal")[0][0] == "the decision 'middle'"
    assert len(told(evidence)) == 3


def test_two_thousand_features_are_an_answer():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(60, 2000)), columns=[f"f{i}" for i in range(2000)])
    whole = people(LogisticModel({"f7": 3.0}), {"f0": table["f0"]})
    whole = dataclasses.replace(
        whole,
        evaluation=table.assign(group=whole.evaluation["group"]),
        roles=dataclasses.replace(whole.roles, features=tuple(table.columns)),
    )
    evidence = cases(whole)
    # few background rows can be asked for so many features, so a reason may drown in its sampling error
    assert {row[1] for row in rows(evidence, "reasons")} <= {"f7"}
    assert {row[1] for row in rows(evidence, "changes")} == {"f7"}


def test_three_cases_are_told_in_plain_words():
    words = told(FOUND)
    assert [case["Case"] for case in words[:2]] == [
        "A case in the middle of all answers",
        "The case that only just missed it",
    ]
    assert words[2]["Case"].startswith("The worst error, ")
    assert all("what is said here." in case["Answer"] for case in words)
    assert "To get the decision '1': " in words[1]["What would change the answer"]
    assert "income (in the " in "".join(spoke(words[1]))
    for case in words:
        first = spoke(case)[0][:6]
        assert first in {"income", "debt (", "debt, ", "Nothin", "No sin"}, "a name stays as it was given"
        has = case["Answer"].startswith("The decision '1'")
        assert ("would be lost with" in case["What would change the answer"]) is has


def test_what_spoke_for_and_against_adds_up_to_the_answer():
    """Where it starts, what is named and what is not: together the answer, up to the digits kept."""
    for case in {m.of["case"] for m in FOUND.measures if m.name == "answer"}:
        of = {"case": case}
        whole = FOUND.measure("start", **of).value + FOUND.measure("others_together", **of).value
        whole += sum(row[3] for row in rows(FOUND, "reasons", case))
        assert whole == pytest.approx(FOUND.measure("answer", **of).value, abs=0.03)
    assert "that this case is compared with have about" in told(FOUND)[0]["Where that starts"]


def test_other_draws_say_how_far_a_case_can_be_trusted():
    """A model of one feature says the same every time; of features that do alike, chance picks the first."""
    rng = np.random.default_rng(5)
    features = {name: rng.normal(size=400) for name in "abcdefgh"}
    sure = cases(people(Rule(lambda X: 1 / (1 + np.exp(3 - 3 * X["a"]))), features))
    words = told(sure)[0]["How far to trust this"]
    assert words.startswith("Drawn 5 times, ")
    assert "the same in 5 of 5 draws" in words
    unsure = cases(
        people(Rule(lambda X: 1 / (1 + np.exp(-X.abs().sum(axis=1) / 3 + 2))), features), evaluations=8000
    )
    kept = [m for m in unsure.measures if m.name == "reseeded_top_kept_share" and m.value is not None]
    assert kept
    assert np.mean([m.value for m in kept]) < 0.9
    assert all(m.n == 5 and m.low < m.value for m in kept if m.value)


def test_what_may_not_be_told_is_withheld_and_what_does_not_apply_is_left_empty():
    shown = {t.name: evidence_table(t, 100, "the annex") for t in FOUND.tables if t.rows}
    said = {
        cell.text for name in ("reasons", "changes", "observed") for row in shown[name].rows for cell in row
    }
    assert "undefined" not in said
    assert "withheld" in said
    assert shown["changes"].columns[-1].text.lower() == "new value"


def test_cases_need_no_label_and_no_groups():
    roles = dataclasses.replace(PEOPLE.roles, label=None, groups=())
    evidence = cases(dataclasses.replace(PEOPLE, roles=roles))
    assert {m.of["case"] for m in evidence.measures if m.of} == {MIDDLE, JUST, MISSED}


def test_a_category_of_a_change_is_one_that_many_have():
    jobs = ["clerk"] * 60 + ["smith"] * 60 + ["doctor"] * 3
    features = {"job": jobs, "x": np.arange(len(jobs)) % 7}
    rule = Rule(lambda X: np.where(X["job"] == "smith", 0.8, np.where(X["job"] == "doctor", 0.9, 0.3)))
    evidence = cases(subject(features=features, model=rule))
    to = {row[5] for row in rows(evidence, "changes")}
    assert to <= {"clerk", "smith"}
    assert to
    assert "doctor" not in repr(evidence)


def test_a_person_alike_in_every_band_is_told_without_counting_to_nothing():
    """Both sides of the limit lie within one fifth, so that nothing that may be told differs."""
    x = np.concatenate([np.linspace(0, 1, 200), np.linspace(2, 2.2, 100)])
    evidence = cases(people(Rule(lambda X: np.where(X["x"] > 2.1, 0.7, 0.3) + X["x"] / 100), {"x": x}))
    same = [case for case in told(evidence) if evidence and "same fifth" in case["A person alike"]]
    assert same
    assert not any("0 features" in case["A person alike"] for case in told(evidence))


@pytest.mark.parametrize(
    ("answer", "limit", "exact", "said"),
    [
        (0.4964, 0.5, True, (0.5, UNDER)),
        (0.5, 0.5, True, (0.5, None)),
        (0.9952, 0.5, True, (0.99, OVER)),
        (0.0031, 0.5, True, (0.0031, None)),
        (0.3347, 0.334, True, (0.334, OVER)),
        (0.49, 0.5, True, (0.49, None)),
        (31.58, 31.5873, False, (31.6, JUST_UNDER)),
        (31.5873, 31.5873, False, (31.6, None)),
        (32.4, 31.5873, False, (32, None)),
    ],
)
def test_two_digits_never_say_the_other_side_nor_certainty(answer, limit, exact, said):
    assert tell(answer, limit, exact=exact, share=exact) == said


def test_answers_are_told_with_the_digits_that_were_kept():
    near = Rule(lambda X: np.where(X["x"] > 0.5, 0.9952, np.where(X["x"] > 0.2, 0.4964, 0.1234)))
    words = told(cases(people(near, {"x": np.linspace(0, 1, 200)})))
    said = " ".join(case["Answer"] for case in words)
    assert "probability of '1': under 0.5" in said
    assert "probability of '1': over 0.99" in said
    assert "by about 0." in " ".join(part for case in words for part in spoke(case))
    assert [wording.kept(v) for v in (0.49, 0.5, 32.0, 1200.0, 0.0031, 0.0)] == [
        *("0.49", "0.50", "32", "1,200", "0.0031", "0.000")
    ]

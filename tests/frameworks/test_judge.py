"""A framework judges evidence: what is measured, missing, left out, corrected, composed."""

from __future__ import annotations

import dataclasses

import pytest

from checks.model import NOT_STATED, Evidence, Kind, Measure, Outcome
from frameworks.judge import judge
from frameworks.model import State, Verdict
from tests.frameworks.builders import AUC, GAP, MISSING, RATIO, bound, compared, facts, framework, one, ratio

GOOD, BAD, CLOSE = (0.95, 0.9, 0.99), (0.4, 0.3, 0.5), (0.8, 0.7, 0.9)


def test_a_finding_carries_the_number_its_bound_and_its_source():
    finding = one(framework(bound()), compared(ratio(*GOOD)))
    assert (finding.verdict, finding.state) == (Verdict.MET, State.IN_FORCE)
    assert (finding.framework, finding.requirement, finding.criterion) == ("rule", "R-1", RATIO)
    assert (finding.value, finding.low, finding.high, finding.n) == (*GOOD, 1000)
    assert (finding.measure, dict(finding.of)) == (RATIO, {"attribute": "race"})
    assert (finding.bound, finding.decide) == ({"at_least": 0.8}, "interval")
    assert (finding.basis, finding.basis_source) == ("guideline", "a source")
    assert (finding.severity, finding.principle, finding.kind) == ("major", "fairness", "estimate")


@pytest.mark.parametrize(
    ("numbers", "verdict", "words"),
    [
        (GOOD, Verdict.MET, "whole interval lies inside the limit"),
        (BAD, Verdict.NOT_MET, "whole interval lies outside the limit"),
        (CLOSE, Verdict.UNDECIDED, "reaches across the limit"),
        ((0.95,), Verdict.UNDECIDED, "without an interval"),
        ((None,), Verdict.UNDECIDED, "no number to judge: no ratio is defined"),
    ],
)
def test_every_verdict_has_its_sentence(numbers, verdict, words):
    finding = one(framework(bound()), compared(ratio(*numbers)))
    assert finding.verdict is verdict
    assert words in finding.reason
    assert finding.reason.startswith("For race")
    assert finding.reason.endswith(".")


def test_a_source_that_asks_for_the_number_alone_is_judged_by_it():
    finding = one(framework(bound(decide="point")), compared(ratio(*CLOSE)))
    assert finding.verdict is Verdict.MET
    assert "asks for the number alone" in finding.reason
    assert finding.p_raw is None


def test_every_attribute_is_judged_and_the_worst_is_named():
    evidence = compared(ratio(*GOOD, attribute="sex"), ratio(*BAD), ratio(*CLOSE, attribute="age"))
    finding = one(framework(bound()), evidence)
    assert finding.verdict is Verdict.NOT_MET
    assert dict(finding.of) == {"attribute": "race"}


def test_a_number_of_one_group_is_not_taken_for_that_of_the_attribute():
    evidence = compared(ratio(*GOOD), ratio(*BAD, group="B"))
    assert one(framework(bound()), evidence).verdict is Verdict.MET


def test_single_attributes_are_judged_unless_intersections_are_asked():
    evidence = compared(ratio(*GOOD), ratio(*BAD, attribute="race*sex"))
    assert one(framework(bound()), evidence).verdict is Verdict.MET
    crossed = one(framework(bound(of={"depth": 2})), evidence)
    assert (crossed.verdict, dict(crossed.of)) == (Verdict.NOT_MET, {"attribute": "race*sex"})


def test_a_star_inside_a_name_is_no_intersection():
    evidence = compared(ratio(*BAD, attribute=r"race\*"))
    assert one(framework(bound()), evidence).verdict is Verdict.NOT_MET
    assert one(framework(bound(of={"depth": 2})), evidence).verdict is Verdict.UNDECIDED


def test_asking_for_intersections_of_one_attribute_is_undecided():
    finding = one(framework(bound(of={"depth": 2})), compared(ratio(*GOOD)))
    assert finding.verdict is Verdict.UNDECIDED
    assert "no crossed attributes were measured" in finding.reason


def test_one_named_attribute_is_judged_alone():
    evidence = compared(ratio(*GOOD), ratio(*BAD, attribute="sex"))
    assert one(framework(bound(of={"attribute": "race"})), evidence).verdict is Verdict.MET


def test_every_class_is_judged():
    evidence = compared(ratio(*GOOD, **{"class": "1"}), ratio(*BAD, **{"class": "2"}))
    finding = one(framework(bound()), evidence)
    assert (finding.verdict, finding.of["class"]) == (Verdict.NOT_MET, "2")


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE])
def test_evidence_that_is_not_measured_is_undecided_with_its_reason(outcome):
    """Not applicable too: leaving out the group columns must not excuse a system."""
    evidence = Evidence(
        "fairness.selection_rate", outcome, reason="no group column was supplied", measures=(ratio(*GOOD),)
    )
    finding = one(framework(bound()), evidence)
    assert finding.verdict is Verdict.UNDECIDED
    assert finding.reason == "Not measured: no group column was supplied."


def test_a_check_that_did_not_run_is_undecided():
    finding = one(framework(bound()))
    assert finding.verdict is Verdict.UNDECIDED
    assert finding.reason == "Not measured: the check `fairness.selection_rate` did not run."


def test_a_check_that_ran_in_another_way_is_not_said_not_to_have_run():
    """Rules that are asked later may want another smallest group than the audit measured with."""
    asked = framework(bound() | {"parameters": {"min_group": 10}})
    finding = one(asked, Evidence("fairness.selection_rate", Outcome.MEASURED, measures=(ratio(*GOOD),)))
    assert finding.verdict is Verdict.UNDECIDED
    assert "`fairness.selection_rate` ran, and these rules ask it with min_group: 10" in finding.reason


@pytest.mark.parametrize(
    ("of", "numbers", "verdict"),
    [
        ({}, GOOD, Verdict.UNDECIDED),
        ({}, BAD, Verdict.NOT_MET),
        ({"attribute": "race"}, GOOD, Verdict.MET),
    ],
)
def test_a_column_by_which_nobody_was_compared_is_no_reason_to_be_met(of, numbers, verdict):
    """Rules that name their attribute do not ask for others, and what was found stays found."""
    finding = one(
        framework(bound(of=of)), compared(ratio(*numbers)), uncompared={"age_group": "the age of people"}
    )
    assert finding.verdict is verdict
    if verdict is Verdict.UNDECIDED:
        assert finding.reason == (
            "Nobody was compared by the column `age_group`, which by its name tells the age of people; add "
            "it to `columns.groups`."
        )


def test_a_planned_measure_is_undecided_and_says_what_would_supply_it():
    finding = one(framework(bound("fairness.trend.worsening", at_most=0.05)))
    assert finding.verdict is Verdict.UNDECIDED
    assert finding.reason.startswith("Not measured by this version")
    assert "the record of the previous audit" in finding.reason


def test_evidence_of_other_parameters_does_not_answer():
    asked = framework(bound(parameters={"min_group": 50}))
    plain = compared(ratio(*GOOD))
    assert one(asked, plain).verdict is Verdict.UNDECIDED
    assert one(asked, dataclasses.replace(plain, parameters={"min_group": 50})).verdict is Verdict.MET


@pytest.mark.parametrize(("share", "verdict"), [(0.02, Verdict.MET), (0.021, Verdict.UNDECIDED)])
def test_met_needs_nearly_everybody_compared(share, verdict):
    finding = one(framework(bound()), compared(ratio(*GOOD), left_out=share))
    assert finding.verdict is verdict
    assert ("two per cent" in finding.reason) == (verdict is Verdict.UNDECIDED)


def test_people_left_out_do_not_soften_not_met():
    assert one(framework(bound()), compared(ratio(*BAD), left_out=0.5)).verdict is Verdict.NOT_MET


def test_not_knowing_who_was_left_out_is_undecided():
    evidence = Evidence("fairness.selection_rate", Outcome.MEASURED, measures=(ratio(*GOOD),))
    finding = one(framework(bound()), evidence)
    assert finding.verdict is Verdict.UNDECIDED
    assert "is not known" in finding.reason


def test_an_attribute_without_the_number_does_not_pass_in_silence():
    rate = Measure("selection_rate", 0.5, 0.4, 0.6, n=20, of={"attribute": "sex", "group": "F"})
    finding = one(framework(bound()), compared(ratio(*GOOD), rate))
    assert finding.verdict is Verdict.UNDECIDED
    assert "no two groups of sex could be compared" in finding.reason


def test_the_worse_group_and_its_people_are_named():
    rates = (
        Measure("selection_rate", value, 0.1, 0.9, n=n, of={"attribute": "race", "group": g}, note=note)
        for g, value, n, note in (
            ("A", 0.8, 700, None),
            ("B", 0.3, 200, None),
            ("C", 0.1, 5, "too small"),
            (NOT_STATED, 0.0, 95, None),
        )
    )
    finding = one(framework(bound()), compared(ratio(*BAD), *rates))
    assert finding.people == 200
    assert "where B stands worst" in finding.reason


def test_a_number_of_features_is_of_no_people():
    share = Measure("idle_feature_share", 0.5, 0.4, 0.6, n=21)
    evidence = Evidence("privacy.minimisation", Outcome.MEASURED, None, {}, (share,))
    finding = one(framework(bound(measure="privacy.minimisation.idle_feature_share")), evidence)
    assert (finding.n, finding.people) == (21, None)


def test_the_wider_of_two_gaps_names_the_worse_group():
    """Equalized odds: true positive rates are close, false positive rates are not; a high one is worse."""
    rates = [
        Measure(name, value, 0.0, 1.0, n=n, of={"attribute": "race", "group": group})
        for name, a, b in (("true_positive_rate", 0.8, 0.78), ("false_positive_rate", 0.6, 0.2))
        for group, value, n in (("A", a, 70), ("B", b, 30))
    ]
    gap = Measure("equalized_odds_gap", 0.4, 0.2, 0.6, n=100, of={"attribute": "race"})
    asked = framework(bound("fairness.error_rates.equalized_odds_gap", at_most=0.1))
    finding = one(asked, compared(*rates, gap, check="fairness.error_rates"))
    assert "where A stands worst" in finding.reason
    assert finding.people == 70


@pytest.mark.parametrize(
    ("measure", "verdict"),
    [
        (Measure("selection_rate", 0.5, 0.4, 0.6, of={"attribute": "race", "group": "A"}), Verdict.MET),
        (Measure("selection_rate", 0.5, of={"attribute": "race", "group": "A"}), Verdict.UNDECIDED),
    ],
)
def test_reported_asks_for_the_number_with_its_interval(measure, verdict):
    asked = framework(bound("fairness.selection_rate.selection_rate", reported=True))
    finding = one(asked, compared(measure, left_out=0.5))
    assert finding.verdict is verdict
    assert finding.bound == {"reported": True}


def test_of_reported_features_the_heaviest_is_told():
    path = "interpretability.permutation_importance.importance"
    worth = {"income": 0.05, "zip": 0.01, "age": -0.002}
    found = [Measure("importance", v, v - 0.01, v + 0.01, 9, of={"feature": k}) for k, v in worth.items()]
    for listed in (found, found[::-1]):
        evidence = Evidence(
            "interpretability.permutation_importance", Outcome.MEASURED, measures=tuple(listed)
        )
        assert one(framework(bound(path, reported=True)), evidence).of == {"feature": "income"}


@pytest.mark.parametrize(("share", "verdict"), [(0.01, Verdict.MET), (0.3, Verdict.UNDECIDED)])
def test_reported_groups_without_a_number_must_be_few(share, verdict):
    asked = framework(bound(RATIO, of={"group": "any"}, reported=True))
    listed = ratio(*GOOD, group="A"), ratio(None, group="B")
    assert one(asked, compared(*listed, left_out=share)).verdict is verdict


def test_people_who_did_not_state_their_group_need_only_be_listed():
    asked = framework(bound(RATIO, of={"group": "any"}, reported=True))
    listed = ratio(*GOOD, group="A"), ratio(None, group=NOT_STATED)
    assert one(asked, compared(*listed, left_out=0.3)).verdict is Verdict.MET


def test_exact_numbers_need_no_interval():
    share = Measure("missing_share", 0.04, n=100, kind=Kind.EXACT)
    finding = one(
        framework(bound(MISSING, at_most=0.05)), Evidence("data.quality", Outcome.MEASURED, measures=(share,))
    )
    assert (finding.verdict, finding.reason) == (Verdict.MET, "The number lies inside the limit.")


def test_not_met_stands_only_after_holm_over_the_requirement():
    """Four numbers at p = 0.02: alone each would be not met, together none is."""
    barely = ratio(0.7, 0.6, 0.795)
    alone = one(framework(bound()), compared(barely))
    assert alone.verdict is Verdict.NOT_MET
    assert alone.p_holm == alone.p_raw
    others = [ratio(*GOOD, attribute=name) for name in ("sex", "age", "place")]
    among = one(framework(bound()), compared(barely, *others))
    assert among.verdict is Verdict.UNDECIDED
    assert among.p_raw == alone.p_raw
    assert among.p_holm == pytest.approx(4 * among.p_raw)
    assert "it is not shown to: that may be chance" in among.reason


def test_the_family_of_holm_is_the_whole_requirement():
    gap = Measure("selection_rate_gap", 0.01, 0.0, 0.02, of={"attribute": "race"})
    findings = judge(
        framework(bound(), bound(GAP, at_most=0.1)), [compared(ratio(0.7, 0.6, 0.795), gap)], facts()
    )
    assert findings[0].p_holm == pytest.approx(2 * findings[0].p_raw)
    assert findings[1].p_holm is not None


def test_a_bound_that_is_touched_is_not_tipped_by_rounding():
    """`above` excludes its limit: an interval that ends there is not met, at p = 0.025 exactly."""
    finding = one(framework(bound(above=0.8)), compared(ratio(0.7, 0.6, 0.8)))
    assert finding.verdict is Verdict.NOT_MET
    assert finding.p_holm == pytest.approx(0.025)


def attack(value, low, high, name="loss"):
    return Measure("auc", value, low, high, n=500, of={"attack": name})


PARTS = [bound(), bound(AUC, at_most=0.6)]


@pytest.mark.parametrize(
    ("way", "first", "second", "verdict"),
    [
        ("any_of", GOOD, (0.9, 0.8, 0.95), Verdict.MET),
        ("any_of", BAD, (0.6, 0.5, 0.7), Verdict.UNDECIDED),
        ("any_of", BAD, (0.9, 0.8, 0.95), Verdict.NOT_MET),
        ("all_of", GOOD, (0.5, 0.4, 0.55), Verdict.MET),
        ("all_of", GOOD, (0.6, 0.5, 0.7), Verdict.UNDECIDED),
        ("all_of", GOOD, (0.9, 0.8, 0.95), Verdict.NOT_MET),
    ],
)
def test_any_of_takes_the_best_and_all_of_the_worst(way, first, second, verdict):
    inference = Evidence("privacy.membership_inference", Outcome.MEASURED, measures=(attack(*second),))
    finding = one(framework({"id": "either", way: PARTS}), compared(ratio(*first)), inference)
    assert finding.verdict is verdict
    assert finding.criterion == "either"
    assert finding.measure in {RATIO, AUC}
    assert finding.reason.startswith("Decided by `")


def test_parts_that_do_not_apply_are_left_out():
    parts = [bound(tasks=["regression"]), bound(AUC, at_most=0.6)]
    inference = Evidence("privacy.membership_inference", Outcome.MEASURED, measures=(attack(0.9, 0.8, 0.95),))
    rule = framework({"id": "either", "any_of": parts})
    assert one(rule, inference).verdict is Verdict.NOT_MET


def test_where_all_parts_do_not_apply_neither_does_the_whole():
    parts = [bound(tasks=["regression"]), bound(AUC, at_most=0.6, tasks=["scoring"])]
    assert one(framework({"id": "either", "all_of": parts})).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(("numbers", "words"), [(GOOD, "inside"), (BAD, "outside")])
def test_nothing_rests_on_a_clause_that_nobody_read(numbers, words):
    unread = {"source": {"clause": "1", "verified": "memory"}, "review": "source not verified"}
    finding = one(framework(bound(), requirement=unread), compared(ratio(*numbers)))
    assert finding.verdict is Verdict.UNDECIDED
    assert finding.reason.startswith("Source not verified")
    assert words in finding.reason


def test_two_records_of_one_check_are_both_judged():
    assert one(framework(bound()), compared(ratio(*GOOD)), compared(ratio(*BAD))).verdict is Verdict.NOT_MET


def test_a_finding_carries_its_clause_and_how_far_it_was_read():
    rule = framework(bound(), requirement={"source": {"clause": "Art. 9(2)", "verified": "secondary"}})
    finding = one(rule)
    assert (finding.clause, finding.verified) == ("Art. 9(2)", "secondary")

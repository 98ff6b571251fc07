"""Laws that every check obeys, whatever it measures."""

from __future__ import annotations

import dataclasses
import math
from functools import cache

import numpy as np
import pandas as pd
import pytest

from checks.fairness import frontier_rules
from checks.model import NOT_STATED, Check, Evidence, Kind, Outcome, Subject, Task
from checks.registry import all_checks
from frameworks.ranges import span
from tests.checks.builders import credit, subject, take
from tests.checks.told import honest, noticed

ROWS = 240
CREDIT = credit(ROWS, ROWS)
ENDED_WELL = {Outcome.MEASURED, Outcome.NOT_APPLICABLE, Outcome.INCONCLUSIVE}

OF_RECORDS = [c for c in all_checks().values() if c.id != "data.stated_results"]
"""Checks that measure records; tests/auditor/test_counts_only.py holds the laws of counts."""
every_check = pytest.mark.parametrize("check", OF_RECORDS, ids=lambda c: c.id)
ROWS_ONLY = [c for c in OF_RECORDS if not c.asks_model and c.id != "privacy.membership_inference"]
every_counting_check = pytest.mark.parametrize("check", ROWS_ONLY, ids=lambda c: c.id)
every_fairness_check = pytest.mark.parametrize(
    "check", [c for c in ROWS_ONLY if c.id.startswith("fairness.")], ids=lambda c: c.id
)
OF_NO_LISTED_GROUPS = {
    "fairness.worst_subgroup",
    "fairness.consistency",
    "fairness.missing_demographics",
    "fairness.curve",
    "fairness.power",
    "fairness.mitigation_frontier",
}
"""They find groups of their own, judge single people, tell of people not stated or of all groups, or cross
none."""
every_group_check = pytest.mark.parametrize(
    "check",
    [c for c in ROWS_ONLY if c.id.startswith("fairness.") and c.id not in OF_NO_LISTED_GROUPS],
    ids=lambda c: c.id,
)


TASKS = {"fairness.regression": Task.REGRESSION, "performance.regression": Task.REGRESSION}
"""Checks that measure one task only, which is not the binary one."""


SHOWN_TO_PEOPLE = {
    "interpretability.reasons": honest,
    "inclusion.accessibility": noticed,
    "documentation.plain_language": noticed,
}
"""Checks of letters and pages, and what adds these."""
NUMBERS = {"groups": ("race", "sex", "debt"), "bins": {"debt": (0.0,)}}
"""Roles with a protected number, for the check that draws curves."""
DIRECTIONS = {"directions": {"income": "up", "debt": "down"}}


@pytest.fixture(autouse=True)
def few_fits(monkeypatch):
    """The laws hold for any number of points; 20 of them make up most of the time here."""
    monkeypatch.setattr(frontier_rules, "FITS", 3)


def full(check: Check, whole: Subject = CREDIT) -> Subject:
    """Return *whole* as a subject of the task, and with the attributes, that the check measures."""
    if check.id == "fairness.curve":
        return declared(whole, **NUMBERS)
    if check.id == "fairness.counterfactual_flip":
        return declared(whole, features=(*whole.roles.features, "sex"))
    if check.id == "interpretability.monotonicity":
        return dataclasses.replace(whole, facts={**whole.facts, **DIRECTIONS})
    if check.id == "privacy.attribute_inference":
        return declared(whole, sensitive=("job",), quasi_identifiers=("sex", "postcode"))
    if check.id in SHOWN_TO_PEOPLE:
        return SHOWN_TO_PEOPLE[check.id](whole)
    return dataclasses.replace(whole, task=TASKS[check.id]) if check.id in TASKS else whole


@cache
def measured(check: Check) -> Evidence:
    """Return what the check finds in its full subject; asked once."""
    return check(full(check))


def declared(whole: Subject, **roles) -> Subject:
    return dataclasses.replace(whole, roles=dataclasses.replace(whole.roles, **roles))


def values(evidence: Evidence) -> dict:
    """Return every number by name and `of`."""
    return {(m.name, tuple(sorted(m.of.items()))): m.value for m in evidence.measures}


def alike(first: dict, second: dict) -> bool:
    return first.keys() == second.keys() and all(
        (a is None) == (b is None) and (a is None or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9))
        for a, b in ((first[key], second[key]) for key in first)
    )


@every_check
def test_a_full_subject_is_measured(check: Check):
    evidence = measured(check)
    assert evidence.outcome is Outcome.MEASURED, evidence.reason
    assert evidence.check == check.id
    assert evidence.measures


@every_check
def test_every_number_says_what_it_is(check: Check):
    """Each has a size, a method and a unit; an estimate has an interval around it, or a note why not."""
    for measure in measured(check).measures:
        where = (measure.name, dict(measure.of))
        assert measure.n is not None, where
        assert measure.n >= 0, where
        assert measure.method, where
        assert measure.unit, where
        if measure.kind is Kind.EXACT:
            assert measure.low is measure.high is None, where
        elif measure.low is None or measure.high is None:
            assert measure.note, where
        else:
            assert measure.low <= measure.value <= measure.high, where


@every_check
def test_no_number_lies_where_rules_say_that_none_can(check: Check):
    """Bounds outside of these ends are refused when rules are read."""
    for measure in measured(check).measures:
        ends = span(measure.name)
        if ends and measure.value is not None:
            assert ends[0] - 1e-9 <= measure.value <= ends[1] + 1e-9, (measure.name, measure.value)


@every_check
def test_no_number_is_told_twice(check: Check):
    found = [(m.name, tuple(sorted(m.of.items()))) for m in measured(check).measures]
    assert len(found) == len(set(found))


@every_check
def test_two_runs_are_the_same(check: Check):
    first, second = measured(check), check(full(check, credit(ROWS, ROWS)))
    assert first.measures == second.measures
    assert first.tables == second.tables


@every_check
def test_what_is_read_is_not_changed(check: Check):
    whole = full(check, credit(ROWS, ROWS))
    kept = {name: getattr(whole, name).copy() for name in ("evaluation", "training", "score", "decision")}
    check(whole)
    for name in ("evaluation", "training"):
        pd.testing.assert_frame_equal(getattr(whole, name), kept[name])
    for name in ("score", "decision"):
        assert np.array_equal(getattr(whole, name), kept[name])


@every_check
def test_no_rows_is_an_answer_not_a_crash(check: Check):
    """An empty evaluation table is measured, inconclusive or not applicable, never a failure."""
    evidence = check(take(full(check), []))
    assert evidence.outcome in ENDED_WELL, evidence.reason
    if check.id.startswith(("fairness.", "performance.")):
        assert evidence.outcome is not Outcome.MEASURED
        assert evidence.reason


@every_check
@pytest.mark.parametrize("rows", [1, 2, 7])
def test_a_handful_of_rows_is_an_answer_not_a_crash(check: Check, rows: int):
    assert check(take(full(check), range(rows))).outcome in ENDED_WELL


@every_check
@pytest.mark.parametrize("label", [0, 1])
def test_labels_of_one_class_are_an_answer_not_a_crash(check: Check, label: int):
    whole = dataclasses.replace(full(check), evaluation=full(check).evaluation.assign(label=label))
    assert check(whole).outcome in ENDED_WELL


@every_check
def test_one_group_only_is_an_answer_and_compares_nobody(check: Check):
    table = full(check).evaluation.assign(race="A", sex="F")
    log = full(check).service_log
    log = log.assign(**{name: "A" for name in log.columns if name.startswith("group:")})
    evidence = check(dataclasses.replace(full(check), evaluation=table, service_log=log))
    assert evidence.outcome in ENDED_WELL
    for measure in evidence.measures:
        if measure.name.endswith(("_gap", "impact_ratio")) and measure.of.keys() == {"attribute"}:
            assert measure.value is None


@every_check
@pytest.mark.parametrize(
    "missing",
    [
        {"score": None},
        {"decision": None},
        {"score": None, "decision": None, "training_score": None, "training_decision": None},
        {"training": None, "training_score": None, "training_decision": None},
        {"model": None, "model_file": None},
    ],
    ids=lambda m: "no " + next(iter(m)) + (" nor others" if len(m) > 1 else ""),
)
def test_what_was_not_supplied_is_an_answer_not_a_crash(check: Check, missing: dict):
    evidence = check(dataclasses.replace(full(check), **missing))
    assert evidence.outcome in ENDED_WELL
    assert evidence.outcome is Outcome.MEASURED or evidence.reason


@every_check
@pytest.mark.parametrize(
    "roles",
    [{"label": None}, {"groups": ()}, {"features": ()}, {"quasi_identifiers": ()}],
    ids=lambda r: "no " + next(iter(r)),
)
def test_roles_that_were_not_declared_are_an_answer_not_a_crash(check: Check, roles: dict):
    evidence = check(declared(full(check), **roles))
    assert evidence.outcome in ENDED_WELL
    assert evidence.outcome is Outcome.MEASURED or evidence.reason


@every_check
@pytest.mark.parametrize("task", [Task.MULTICLASS, Task.REGRESSION, Task.SCORING])
def test_other_tasks_are_an_answer_not_a_crash(check: Check, task: Task):
    evidence = check(dataclasses.replace(full(check), task=task))
    assert evidence.outcome in ENDED_WELL
    assert evidence.outcome is Outcome.MEASURED or evidence.reason


@every_check
def test_a_reason_is_a_sentence_somebody_can_act_on(check: Check):
    bare = subject(actual=None, decision=None, score=None, columns={"x": [1.0, 2.0]})
    evidence = check(bare)
    assert evidence.outcome in ENDED_WELL
    if evidence.outcome is not Outcome.MEASURED:
        assert len(evidence.reason.split()) >= 4
        assert evidence.reason == evidence.reason.strip()


@every_counting_check
def test_gaps_in_the_data_are_handled(check: Check):
    """A tenth of labels, scores, groups and incomes missing."""
    table = full(check).evaluation.copy()
    for i, name in enumerate(("label", "race", "income")):
        table[name] = table[name].astype(object if name == "race" else float)
        table.loc[i::10, name] = None
    score = full(check).score.copy()
    score[5::10] = np.nan
    evidence = check(dataclasses.replace(full(check), evaluation=table, score=score))
    assert evidence.outcome is Outcome.MEASURED, evidence.reason


@every_counting_check
def test_the_order_of_rows_does_not_matter(check: Check):
    """Where nothing is sampled or fitted, any order gives the same numbers."""
    shuffled = take(full(check), np.random.default_rng(1).permutation(full(check).rows))
    assert alike(values(measured(check)), values(check(shuffled)))


@every_group_check
def test_the_names_of_groups_do_not_matter(check: Check):
    """Renaming groups renames the numbers and changes none."""
    names = {"A": "zeta", "B": "a*b", "C": "back\\slash"}
    renamed = full(check).evaluation.assign(race=full(check).evaluation["race"].map(names))
    before = measured(check)
    after = check(dataclasses.replace(full(check), evaluation=renamed))
    for measure in before.measures:
        if measure.of.get("attribute") == "race":
            of = dict(measure.of)
            if "group" in of:
                spelt = names[of["group"]]
                of["group"] = spelt
            (found,) = after.select(measure.name, **of)
            assert (found.value, found.low, found.high) == pytest.approx(
                (measure.value, measure.low, measure.high), abs=1e-12
            )
    crossed = {
        m.of["group"] for m in after.measures if m.of.get("attribute") == "race*sex" and "group" in m.of
    }
    assert r"a\*b*F" in crossed
    assert r"back\\slash*M" in crossed


@every_group_check
def test_nobody_is_lost_between_groups(check: Check):
    """Uncompared people are counted per attribute, and a missing group is a row of its own."""
    table = full(check).evaluation.astype({"race": object})
    table.loc[:23, "race"] = None
    evidence = check(dataclasses.replace(full(check), evaluation=table))
    for attribute in ("race", "sex", "race*sex"):
        assert 0 <= evidence.measure("uncompared_share", attribute=attribute).value <= 1
    assert evidence.measure("uncompared_share", attribute="race").value >= 0.1
    missing = [m for m in evidence.measures if m.of.get("group") == NOT_STATED]
    assert missing
    assert all(m.note for m in missing)


@every_check
def test_its_page_says_what_why_how_and_what_not(check: Check):
    headings = ["Why it matters", "How to read it", "Limits", "References"]
    lines = check.doc.splitlines()
    assert [line for line in lines if line in headings] == headings
    assert len(check.title) < 100
    assert lines[1] == ""


@every_fairness_check
def test_frequency_weights_stand_for_repeated_rows(check: Check):
    """Weights of 2 give the numbers of every row twice."""
    weighted = declared(
        dataclasses.replace(full(check), evaluation=full(check).evaluation.assign(times=2)),
        weight="times",
        weight_kind="frequency",
    )
    twice = take(full(check), np.repeat(np.arange(full(check).rows), 2))
    one, other = check(weighted), check(twice)
    if check.id == "fairness.calibration":  # bins are cut by rows, so only the lines must agree
        one, other = (
            dataclasses.replace(e, measures=tuple(m for m in e.measures if "error" not in m.name))
            for e in (one, other)
        )
    assert alike(values(one), values(other))
    ends = [{(m.name, *sorted(m.of.items())): (m.low, m.high) for m in e.measures} for e in (one, other)]
    for key, (low, high) in ends[0].items():
        assert ends[1][key] == pytest.approx((low, high), abs=1e-9)

"""Laws of every check that counts or compares rows, for every task."""

from __future__ import annotations

import dataclasses
import math
from functools import cache

import numpy as np
import pandas as pd
import pytest

from checks.fairness import frontier_rules
from checks.model import NOT_STATED, Check, Evidence, Outcome, Subject, Task
from checks.registry import all_checks
from tests.checks.builders import take

ROWS = 180
CLASSES = np.array(["bus", "car", "tram"])
ENDED_WELL = {Outcome.MEASURED, Outcome.NOT_APPLICABLE, Outcome.INCONCLUSIVE}

CHECKS = [
    c
    for c in all_checks().values()
    if not c.asks_model and c.id not in {"data.stated_results", "privacy.membership_inference"}
]
"""Membership inference fits models to a seeded half of the rows, so their order is part of the question."""
every_task = pytest.mark.parametrize("task", list(Task), ids=str)
every_check = pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.id)

WEIGHED = [c for c in CHECKS if c.id.startswith(("fairness.", "performance."))]


@pytest.fixture(autouse=True)
def few_fits(monkeypatch):
    """The laws hold for any number of points; 20 of them make up most of the time here."""
    monkeypatch.setattr(frontier_rules, "FITS", 3)


def people(task: Task, rows: int = ROWS, seed: int = 4) -> Subject:
    """Return a subject of *task* with two attributes, features, training rows, time, control and costs."""
    from checks.model import Roles

    def table(rng: np.random.Generator, n: int) -> pd.DataFrame:
        frame = pd.DataFrame(
            {
                "income": rng.normal(size=n),
                "debt": rng.normal(size=n),
                "job": rng.choice(["clerk", "nurse"], n),
                "race": rng.choice(["A", "B", "C"], n, p=[0.4, 0.35, 0.25]),
                "sex": rng.choice(["F", "M"], n),
                "age": rng.integers(18, 80, n).astype(float),
                "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 200, n), unit="D"),
            }
        )
        raw = 1.2 * frame["income"] - frame["debt"]
        if task is Task.REGRESSION:
            frame["label"] = 10 + 3 * raw + rng.normal(size=n)
        elif task is Task.MULTICLASS:
            frame["label"] = CLASSES[np.digitize(raw + rng.normal(size=n), [-0.7, 0.7])]
        else:
            frame["label"] = (rng.random(n) < 1 / (1 + np.exp(-raw))).astype(int)
        return frame

    def answers(frame: pd.DataFrame, rng: np.random.Generator) -> tuple[np.ndarray | None, np.ndarray | None]:
        raw = (frame["income"] - frame["debt"] + 0.3 * rng.normal(size=len(frame))).to_numpy()
        if task is Task.REGRESSION:
            return None, 10 + 3 * raw
        if task is Task.MULTICLASS:
            return CLASSES[np.digitize(raw, [-0.6, 0.6])].astype(object), None
        score = 1 / (1 + np.exp(-raw))
        return (None if task is Task.SCORING else np.where(score >= 0.5, "1", "0").astype(object)), score

    rng = np.random.default_rng([29, seed])
    evaluation, training = table(rng, rows), table(rng, rows)
    (decision, score), (training_decision, training_score) = (answers(f, rng) for f in (evaluation, training))
    several = task is Task.MULTICLASS
    return Subject(
        task=task,
        evaluation=evaluation,
        training=training,
        reference=table(np.random.default_rng([30, seed]), 200)[["race", "sex"]],
        roles=Roles(
            label="label",
            positive=None if several or task is Task.REGRESSION else "1",
            favourable="car" if several else None if task is Task.REGRESSION else "1",
            groups=("race", "sex", "age"),
            bins={"age": (40.0, 60.0)},
            features=("income", "debt", "job"),
            quasi_identifiers=("sex", "race"),
            sensitive=("job",),
            time="when",
            references={"race": "A"},
        ),
        decision=decision,
        score=score,
        training_decision=training_decision,
        training_score=training_score,
        facts={"control": ["job"]},
    )


@cache
def measured(check: Check, task: Task) -> Evidence:
    return check(people(task))


def numbers(evidence: Evidence) -> dict:
    """Return every number with its interval and size, by name and `of`."""
    return {(m.name, *sorted(m.of.items())): (m.value, m.low, m.high, m.n) for m in evidence.measures}


def same(one: tuple, other: tuple) -> bool:
    """Return whether a value, its ends and its size are equal but for rounding, and undefined together."""
    return all(
        (a is None) == (b is None) and (a is None or math.isclose(a, b, rel_tol=1e-8, abs_tol=1e-8))
        for a, b in zip(one, other, strict=True)
    )


def assert_alike(one: Evidence, other: Evidence) -> None:
    assert (one.outcome, one.reason) == (other.outcome, other.reason)
    first, second = numbers(one), numbers(other)
    assert first.keys() == second.keys()
    for key, found in first.items():
        assert same(found, second[key]), (key, found, second[key])


@every_task
def test_each_task_is_measured_by_checks_of_fairness_performance_and_data(task: Task):
    """The laws below would hold of a task that nothing measures."""
    found = {c.id.split(".")[0] for c in CHECKS if measured(c, task).outcome is Outcome.MEASURED}
    assert {"fairness", "data", "privacy"} <= found
    assert "performance" in found


@every_task
@every_check
def test_every_ending_has_a_sentence(check: Check, task: Task):
    evidence = measured(check, task)
    assert evidence.outcome in ENDED_WELL, evidence.reason
    assert evidence.outcome is Outcome.MEASURED or len(evidence.reason.split()) >= 4


@every_task
@every_check
def test_the_order_of_rows_does_not_matter(check: Check, task: Task):
    shuffled = take(people(task), np.random.default_rng(1).permutation(ROWS))
    assert_alike(measured(check, task), check(shuffled))


@every_task
@every_check
def test_the_names_of_groups_do_not_matter(check: Check, task: Task):
    """Renaming groups renames numbers and changes none; order by name decides ties only."""
    names = {"A": "alpha", "B": "b*b", "C": "c\\c"}  # in the order of the names before
    whole = people(task)

    def renamed(frame: pd.DataFrame | None) -> pd.DataFrame | None:
        return None if frame is None else frame.assign(race=frame["race"].map(names))

    after = check(
        dataclasses.replace(
            whole,
            evaluation=renamed(whole.evaluation),
            training=renamed(whole.training),
            reference=renamed(whole.reference),
            roles=dataclasses.replace(whole.roles, references={"race": "alpha"}),
        )
    )
    before = measured(check, task)
    assert before.outcome is after.outcome
    of_names = {"group", "case", "reference"}
    kept = {k: v for k, v in numbers(before).items() if not of_names & {part[0] for part in k[1:]}}
    for key, found in kept.items():
        assert same(numbers(after)[key], found), key
    for measure in before.measures:
        if measure.of.get("attribute") == "race" and measure.of.get("group") in names:
            of = {key: names.get(value, value) for key, value in measure.of.items()}
            (found,) = after.select(measure.name, **of)
            ends = (measure.value, measure.low, measure.high, measure.n)
            assert same((found.value, found.low, found.high, found.n), ends), measure


@every_task
@pytest.mark.parametrize("check", WEIGHED, ids=lambda c: c.id)
def test_frequency_weights_stand_for_repeated_rows(check: Check, task: Task):
    """Weights of 1, 2 and 3 give the numbers, intervals and sizes of the rows that they stand for."""
    whole = people(task)
    times = np.arange(ROWS) % 3 + 1
    weighted = dataclasses.replace(
        whole,
        evaluation=whole.evaluation.assign(times=times),
        roles=dataclasses.replace(whole.roles, weight="times", weight_kind="frequency"),
    )
    repeated = take(whole, np.repeat(np.arange(ROWS), times))
    one, other = check(weighted), check(repeated)
    assert one.outcome is other.outcome
    for key, found in numbers(one).items():
        if key[0] != "unusable_share":  # it is of rows, and says so
            assert same(numbers(other)[key], found), key


@every_task
@every_check
def test_levels_that_nobody_has_change_nothing(check: Check, task: Task):
    """A column of categories may know names that no row has."""
    whole = people(task)
    levels = pd.CategoricalDtype(["A", "B", "C", "nobody"])
    with_levels = dataclasses.replace(whole, evaluation=whole.evaluation.astype({"race": levels}))
    assert_alike(measured(check, task), check(with_levels))


@every_task
@every_check
def test_a_group_of_one_row_is_told_and_accuses_nobody(check: Check, task: Task):
    whole = people(task)
    table = whole.evaluation.copy()
    table.loc[0, "race"] = "Z"
    evidence = check(dataclasses.replace(whole, evaluation=table))
    assert evidence.outcome in ENDED_WELL
    alone = [m for m in evidence.measures if m.of.get("attribute") == "race" and m.of.get("group") == "Z"]
    told = [m for m in measured(check, task).measures if m.of.get("group") == "A" and len(m.of) == 2]
    expected = {m.name for m in told if not m.name.endswith("_ratio")}  # with whom nobody is compared
    assert {m.name for m in alone} >= expected or not check.id.startswith("fairness.")
    if check.id.startswith("fairness."):
        assert all(m.note for m in alone)


MISSING = ("label", "race", "sex", "age", "income", "job", "when", "score", "decision")


SLOW = {"fairness.mitigation_frontier": ("label", "race", "score")}
"""Seconds a run: only the roles that it reads besides features."""


@every_task
@pytest.mark.parametrize(
    ("check", "role"),
    [(c, role) for c in CHECKS for role in SLOW.get(c.id, MISSING)],
    ids=lambda one: one if isinstance(one, str) else one.id,
)
def test_missing_values_in_any_role_are_handled_and_nobody_is_dropped_in_silence(
    check: Check, task: Task, role: str
):
    """A sixth of the values of one role is missing: an answer, and people not stated are a row."""
    whole = people(task)
    table, changed = whole.evaluation.copy(), {}
    gone = np.arange(ROWS) % 6 == 0
    if role in table:
        if table[role].dtype.kind in "iu":
            table[role] = table[role].astype(float)
        table[role] = table[role].where(~gone, None if table[role].dtype == object else np.nan)
    elif getattr(whole, role) is not None:
        given = getattr(whole, role).copy()
        given[gone] = np.nan if role == "score" else NOT_STATED
        changed = {role: given}
    evidence = check(dataclasses.replace(whole, evaluation=table, **changed))
    assert evidence.outcome in ENDED_WELL, evidence.reason
    for measure in evidence.measures:
        assert measure.value is None or math.isfinite(measure.value), measure
        assert measure.value is not None or measure.note, measure
    before = {m.name for m in measured(check, task).measures if m.of.keys() == {"attribute", "group"}}
    if check.id in {"fairness.selection_rate", "fairness.error_rates", "fairness.regression"} and before:
        groups = {m.of.get("group") for m in evidence.measures if m.of.get("attribute") == role}
        assert role not in ("race", "sex") or NOT_STATED in groups


@every_task
@every_check
def test_everybody_alike_is_an_answer(check: Check, task: Task):
    """One label, one answer: nothing to compare, and no number that is not finite."""
    whole = people(task)
    label = whole.evaluation["label"].iloc[0]
    given = {
        name: np.full(ROWS, getattr(whole, name)[0], dtype=getattr(whole, name).dtype)
        for name in ("decision", "score")
        if getattr(whole, name) is not None
    }
    evidence = check(dataclasses.replace(whole, evaluation=whole.evaluation.assign(label=label), **given))
    assert evidence.outcome in ENDED_WELL, evidence.reason
    assert all(m.value is None or math.isfinite(m.value) for m in evidence.measures)

"""What is for everybody tells nothing of few people, not even by arithmetic."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from functools import cache

import numpy as np
import pytest
from scipy.optimize import linprog

from checks.model import Evidence, Measure, Outcome, Table
from checks.names import split
from reports import suppress
from reports.document import compose
from reports.publish import counts, publish
from reports.record import Audit, evidence_from_json, evidence_to_json
from reports.suppress import NOTHING, PEOPLE, SELECTED, SMALLEST, TABLE, Attack, Counts
from tests.budgets import budget
from tests.reports.sample import audit, people, record, subject

CHECKS = ("fairness.selection_rate", "fairness.error_rates")
CELLS = ("tp", "fn", "fp", "tn")


@cache
def drawn(seed: int, n: int) -> Audit:
    return record(subject(people(n, seed)), only=CHECKS)


@cache
def public() -> Audit:
    return publish(audit())


def told(public: Audit) -> dict[tuple[str, str], dict[str, float]]:
    """Return, of every group, the counts that a reader of the public version has, by hand from its JSON."""
    found: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for one in json.loads(public.to_json())["body"]["evidence"]:
        for m in one["measures"]:
            if m["of"].keys() != {"attribute", "group"}:
                continue
            known = found[m["of"]["attribute"], m["of"]["group"]]
            if m["name"] == "selection_rate" and m["n"] is not None:
                known["people"] = m["n"]
            if m["value"] is None:
                continue
            part = m["value"] * m["n"]
            if m["name"] == "selection_rate":
                known["selected"] = part
            if m["name"] == "true_positive_rate":
                known |= {"tp": part, "fn": m["n"] - part}
            if m["name"] == "false_positive_rate":
                known |= {"fp": part, "tn": m["n"] - part}
    return dict(found)


SUMS = {"people": CELLS, "selected": ("tp", "fp"), **{c: (c,) for c in CELLS}}


class Reader:
    """Somebody who has the public version, the totals and arithmetic: an attack of its own."""

    def __init__(self, known, total) -> None:
        self.column = {(g, c): i for i, (g, c) in enumerate((g, c) for g in known for c in CELLS)}
        self.rows, self.right = [], []
        for g in known:
            for name, value in known[g].items():
                self.learn({self.column[g, c]: 1 for c in SUMS[name]}, value)
        for c in CELLS:
            for name in {attribute for attribute, _ in known}:
                members = [g for g in known if g[0] == name]
                self.learn({self.column[g, c]: 1 for g in members}, total[c])
                for inside, margin in additions(name, members, known):
                    parts = {self.column[g, c]: 1 for g in inside}
                    self.learn({**parts, self.column[margin, c]: -1}, 0)

    def learn(self, parts: dict[int, float], value: float) -> None:
        row = np.zeros(len(self.column))
        for at, factor in parts.items():
            row[at] = factor
        self.rows.append(row)
        self.right.append(value)

    def range(self, group: tuple[str, str], what: str) -> float:
        aim = np.zeros(len(self.column))
        for c in SUMS[what]:
            aim[self.column[group, c]] = 1
        rows = np.array(self.rows)
        low, high = (linprog(s * aim, A_eq=rows, b_eq=self.right, method="highs") for s in (1, -1))
        return -high.fun - low.fun


def additions(name, members, known):
    """Yield the groups of a crossing that add up to one group of one of its parts."""
    for where, part in enumerate(split(name) if len(split(name)) > 1 else ()):
        for margin in (g for g in known if g[0] == part):
            inside = [g for g in members if split(g[1])[where] == margin[1]]
            if inside:
                yield inside, margin


def whole(audit: Audit) -> dict[tuple[str, str], Counts]:
    return counts([evidence_from_json(one) for one in audit.body["evidence"]])


@pytest.mark.parametrize("seed", range(budget(2, 25)))
@pytest.mark.parametrize("n", [300, 1500])
def test_no_withheld_count_can_be_narrowed_by_whoever_reads_the_public_version(seed, n):
    full = drawn(seed, n)
    truth = whole(full)
    known = told(publish(full))
    assert set(known) == set(truth)  # no group is dropped
    everybody = np.sum([c.table for g, c in truth.items() if g[0] == "race"], axis=0)
    reader = Reader(known, dict(zip(CELLS, everybody, strict=True)))
    small = [
        (g, what)
        for g, c in truth.items()
        for what, value in zip(("people", "selected", *CELLS), (c.people, c.selected, *c.table), strict=True)
        if value < SMALLEST
    ]
    assert small
    for g, what in small:
        assert what not in known[g]
        assert reader.range(g, what) >= SMALLEST - 1e-6


def test_withholding_only_what_is_small_would_be_undone_by_subtraction():
    """The attack works: of three groups one is small, and the other two and the total tell it."""
    groups = {("g", name): Counts(n, s) for name, n, s in (("a", 60, 30), ("b", 50, 25), ("c", 4, 1))}
    naive = {group: one.safe() for group, one in groups.items()}
    assert naive == {("g", "a"): SELECTED, ("g", "b"): SELECTED, ("g", "c"): NOTHING}
    low, high = Attack(groups, naive).range(("g", "c"), "people")
    assert low == pytest.approx(4)
    assert high == pytest.approx(4)
    levels = suppress.suppress(groups)
    assert levels == {("g", "a"): SELECTED, ("g", "b"): NOTHING, ("g", "c"): NOTHING}
    low, high = Attack(groups, levels).range(("g", "c"), "people")
    assert (low, high) == (pytest.approx(0), pytest.approx(54))


def test_where_nothing_is_small_nothing_is_withheld():
    groups = {("g", name): Counts(200, 100, (60, 40, 40, 60)) for name in "abc"}
    assert set(suppress.suppress(groups).values()) == {TABLE}


def test_a_crossing_never_costs_its_attributes():
    single = {("a", "x"): Counts(100, 50), ("a", "y"): Counts(100, 50)}
    single |= {("b", "u"): Counts(100, 50), ("b", "v"): Counts(100, 50)}
    crossings = {
        ("a*b", "x*u"): Counts(97, 48), ("a*b", "x*v"): Counts(3, 2),
        ("a*b", "y*u"): Counts(3, 2), ("a*b", "y*v"): Counts(97, 48),
    }  # fmt: skip
    levels = suppress.suppress(single | crossings)
    assert {levels[g] for g in single} == {SELECTED}
    assert {levels[g] for g in crossings} == {NOTHING}  # one cell of a table of two by two tells the others


def test_a_count_of_nobody_is_withheld_like_one_of_nine():
    for selected in (0, 9, 91, 100):
        assert Counts(100, selected).safe() == PEOPLE
    assert Counts(100, 10).safe() == SELECTED
    assert Counts(9, 0).safe() == NOTHING


def test_the_public_version_keeps_every_verdict_and_rule():
    assert public().body["verdicts"] == audit().body["verdicts"]
    assert public().body["frameworks"] == audit().body["frameworks"]
    pairs = zip(public().body["findings"], audit().body["findings"], strict=True)
    assert all(ours["verdict"] == theirs["verdict"] for ours, theirs in pairs)


def test_a_finding_has_its_number_only_where_the_evidence_has_it():
    values = {m.value for one in public().body["evidence"] for m in evidence_from_json(one).measures}
    for finding in public().body["findings"]:
        assert finding["value"] is None or finding["value"] in values
    withheld = [f for f in public().body["findings"] if "withheld" in (f["reason"] or "")]
    assert withheld
    assert all(f["people"] is None and f["p_raw"] is None for f in withheld)


def test_a_slice_of_few_losses_is_withheld_and_one_of_many_is_told():
    """Of 40 people a share of 0.2 lost: 8, which nobody may work out from the share and the people."""
    says = "slice age = 1, 40 people; shown to be worse than everybody"
    gap = Measure("worst_gap", 0.1, 0.05, 0.2, 500, unit="proportion", note=says)
    ratio = Measure("performance_ratio", 0.8, 0.7, 0.9, 500, unit="ratio", note=says)
    for share, told in ((0.2, False), (0.8, False), (0.5, True)):
        rows = (("age = 1", 40, share),)
        table = Table("slices held against the other half", ("slice", "people", "error rate"), rows)
        one = Evidence("fairness.worst_subgroup", Outcome.MEASURED, measures=(gap, ratio), tables=(table,))
        made = publish(Audit(run={}, body={**audit().body, "evidence": [evidence_to_json(one)]}))
        assert ("slice age = 1" in made.to_json().decode()) is told


def test_a_share_of_features_is_of_nobody():
    share = Measure("idle_feature_share", 12 / 21, 0.1, 0.9, 21)
    one = Evidence("privacy.minimisation", Outcome.MEASURED, measures=(share,))
    made = publish(Audit(run={}, body={**audit().body, "evidence": [evidence_to_json(one)]}))
    assert made.body["evidence"][0]["measures"][0]["value"] == 12 / 21


def test_nothing_but_counts_and_rates_of_groups_is_told_of_groups():
    for one in public().body["evidence"]:
        for m in evidence_from_json(one).measures:
            if m.value is not None and "attribute" in m.of:
                assert one["check"] in CHECKS
    assert not any(one["tables"] for one in public().body["evidence"])


def test_nobody_who_signed_is_named():
    assert "A. Officer" in audit().to_json().decode()
    assert "A. Officer" not in public().to_json().decode()


def test_that_somebody_signed_is_told():
    """By the findings; what was submitted says the same."""
    whole, ours = ([f["attestation"] or {} for f in one.body["findings"]] for one in (audit(), public()))
    signed = [bool(one.get("signer")) for one in whole]
    assert [one.get("signer") == "a named person" for one in ours] == signed
    assert any(signed)
    assert not all(signed)


@pytest.mark.parametrize(("name", "shown"), [("idle_feature_share", True), ("uniqueness", False)])
def test_few_features_are_not_taken_for_few_people(name, shown):
    """12 of 21 features are shown though fewer than 10 remain; 9 of 900 people are not."""
    value, n = (12 / 21, 21.0) if shown else (9 / 900, 900.0)
    check = "privacy.minimisation" if shown else "privacy.anonymity"
    one = Evidence(check, Outcome.MEASURED, None, {}, (Measure(name, value, n=n, unit="proportion"),))
    body = {**audit().body, "evidence": [evidence_to_json(one)], "findings": []}
    (told,) = publish(Audit(run={}, body=body)).body["evidence"]
    assert [m["value"] for m in told["measures"]] == ([value] if shown else [])


def test_publishing_is_stable_and_names_the_whole_record():
    assert public().to_json() == publish(audit()).to_json() == publish(public()).to_json()
    assert Audit.from_json(public().to_json()).digest == public().digest != audit().digest
    assert public().body["publication"]["of"] == audit().digest


def test_the_public_report_says_what_it_is_and_has_no_dead_link():
    document = compose(public())
    first = document.sections[0].blocks[0]
    assert first.title == "The version for everybody: counts of groups under 10 people are withheld."
    assert audit().digest in first.text
    assert set(document.targets()) <= set(document.ids())
    words = " ".join(document.words())
    assert "withheld" in words
    assert "undefined (" not in words


def test_crossings_beyond_the_limit_are_withheld_whole(monkeypatch):
    monkeypatch.setattr(suppress, "MOST_GROUPS", 4)
    groups = {(a, g): Counts(100, 50) for a in "pq" for g in "xy"}
    groups |= {("p*q", f"{x}*{y}"): Counts(50, 25) for x in "xy" for y in "xy"}
    levels = suppress.suppress(groups)
    assert {levels[g] for g in groups if g[0] == "p*q"} == {NOTHING}
    assert {levels[g] for g in groups if g[0] != "p*q"} == {SELECTED}


def test_weighted_counts_need_not_be_whole():
    groups = {("g", "a"): Counts(60.5, 30.2), ("g", "b"): Counts(50.1, 25.3), ("g", "c"): Counts(4.4, 1.1)}
    assert suppress.suppress(groups)["g", "c"] == NOTHING
    assert dataclasses.replace(groups["g", "c"], people=70.0, selected=30.0).safe() == SELECTED

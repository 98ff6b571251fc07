"""A published table of counts is a whole audit for rates, and equals the audit of the people counted."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sys
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import subjects
from auditor.cli import main
from auditor.problems import Refused
from auditor.sandbox import Limits
from auditor.subjects.cells import Bad, count_in, figure_in
from auditor.submission import parse
from checks.data.figures import column
from checks.model import Kind, Outcome, Task
from checks.registry import all_checks
from tests.budgets import budget
from tests.checks.builders import counted, subject
from tests.conftest import ROOT

EXAMPLE = ROOT / "examples" / "published_counts" / "submission.yaml"
DIGEST = "c" * 64
RATES = {"fairness.selection_rate", "fairness.scoring_rate", "fairness.power", "data.stated_results"}

BESIDE = {
    "inclusion.accessibility": "`notices`",
    "documentation.plain_language": "`notices`",
    "inclusion.participation": "`participation`",
}
"""Checks of what is not records at all, with what they ask for."""


@pytest.fixture
def prepare(tmp_path, monkeypatch):
    """Return a function that prepares a submission of counts; the table is read as it was given."""

    def prepared(rows, *, task="binary", references=None, **counts):
        table = (
            rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows, columns=["group", "n", "selected"])
        )
        module = sys.modules["auditor.subjects.counts"]
        monkeypatch.setattr(module, "read_table", lambda *_, **__: table)
        raw = {"system": {"name": "A system"}, "task": task, "references": references or {}}
        raw["counts"] = {"artifact": f"sha256:{DIGEST}", **counts}
        ready = subjects.prepare(parse(raw), lambda _: tmp_path, Limits())
        subjects.save(ready, tmp_path / "subject")
        return dataclasses.replace(ready, subject=subjects.load(tmp_path / "subject"))

    return prepared


def refused(prepare, rows, **counts):
    """Return where and why the table is refused."""
    with pytest.raises(Refused) as refusal:
        prepare(rows, **counts)
    return [(problem.where, problem.sentence) for problem in refusal.value.problems]


def rate(prepared, name="fairness.selection_rate", **parameters):
    return all_checks()[name](prepared.subject, **parameters)


def people(seed=1, rows=4000):
    """Draw people with gaps in both attributes, some groups small, and a score."""
    rng = np.random.default_rng([5, seed])
    race = rng.choice(["A", "B", "C", "D*e", None], rows, p=[0.5, 0.3, 0.1, 0.05, 0.05])
    sex = rng.choice(["f", "m", "x", None], rows, p=[0.48, 0.48, 0.01, 0.03])
    return pd.DataFrame({"race": race, "sex": sex, "chosen": rng.random(rows) < 0.4 + 0.2 * (race == "A")})


def of_rows(drawn, intersections=2, references=None):
    """Audit the people row by row."""
    groups = {name: drawn[name] for name in ("race", "sex")}
    roles = {"intersections": intersections, "references": references or {}}
    return subject(decision=drawn["chosen"].astype(int).to_numpy(), groups=groups, roles=roles)


def cells(drawn, names):
    """Count them, as a publisher does."""
    grouped = drawn.groupby(names, dropna=False)["chosen"].agg(["size", "sum"]).reset_index()
    return grouped.rename(columns={"size": "n", "sum": "selected"})


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("min_group", [1, 30])
def test_an_audit_of_rows_and_of_the_counts_made_from_them_are_equal_to_the_last_bit(
    prepare, seed, min_group
):
    """Values, intervals, denominators, notes and order, crossings included; from a full cross table."""
    drawn = people(seed)
    references = {"race": "A", "sex": "rest"}
    expected = all_checks()["fairness.selection_rate"](
        of_rows(drawn, references=references), min_group=min_group
    )
    shuffled = cells(drawn, ["race", "sex"]).sample(frac=1, random_state=seed).reset_index(drop=True)
    found = rate(prepare(shuffled, group=["race", "sex"], references=references), min_group=min_group)
    assert found.outcome is expected.outcome is Outcome.MEASURED
    assert found.measures == expected.measures


def test_tables_of_single_attributes_and_crossings_give_what_the_rows_give(prepare):
    """Each attribute counted on its own; a star in a name stays a name."""
    drawn = people()
    parts = []
    for names in (["race"], ["sex"], ["race", "sex"]):
        table = cells(drawn, names)
        texts = table[names].astype(object).where(table[names].notna(), "not stated")
        if len(names) == 2:
            texts = texts.map(lambda text: text.replace("*", "\\*"))
        table["group"] = texts.agg("*".join, axis=1)
        parts.append(table.assign(attribute="*".join(names))[["attribute", "group", "n", "selected"]])
    found = rate(prepare(pd.concat(parts, ignore_index=True), attribute="attribute"))
    assert found.measures == all_checks()["fairness.selection_rate"](of_rows(drawn)).measures


def test_the_shares_above_the_median_are_those_of_the_scores(prepare):
    """The table of a scoring tool: people, and how many of them score above everybody's median."""
    rng = np.random.default_rng([5, 9])
    score, race = rng.normal(size=501), rng.choice(["a", "b"], 501)
    drawn = pd.DataFrame({"race": race, "chosen": score > np.median(score)})
    prepared = prepare(cells(drawn, ["race"]), task="scoring", group="race")
    assert rate(prepared).outcome is Outcome.NOT_APPLICABLE
    by_rows = all_checks()["fairness.scoring_rate"](
        subject(score=score, groups={"race": race}, task=Task.SCORING)
    )
    median, *found = rate(prepared, "fairness.scoring_rate").measures
    assert tuple(found) == by_rows.measures[1:]
    assert (median.name, median.value, median.n) == ("median_score", None, 501)


@pytest.mark.parametrize("check", all_checks().values(), ids=lambda c: c.id)
@pytest.mark.parametrize("task", ["binary", "scoring"])
def test_checks_that_need_records_say_so_and_none_misreads_counts(prepare, check, task):
    evidence = check(prepare([("a", 100, 50), ("b", 100, 30)], task=task).subject)
    if check.id not in RATES:
        assert evidence.outcome is Outcome.NOT_APPLICABLE
        assert BESIDE.get(check.id, "only counts were supplied") in evidence.reason
        assert not evidence.measures
    else:
        assert evidence.outcome in {Outcome.MEASURED, Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize("check", sorted(RATES))
def test_every_number_of_counts_says_what_it_is(prepare, check):
    task = "scoring" if check == "fairness.scoring_rate" else "binary"
    table = pd.DataFrame(
        {
            "g": ["a", "b", "c", "d"],
            "n": ["90", "80", "*", "0"],
            "s": ["40", "20", "*", "0"],
            "r": [0.44, 0.25, None, None],
        }
    )
    evidence = rate(prepare(table, task=task, group="g", selected="s", rate="r"), check)
    assert evidence.outcome is Outcome.MEASURED
    for measure in evidence.measures:
        assert measure.n is not None
        assert measure.method
        if measure.kind is Kind.ESTIMATE and measure.value is not None and measure.unit != "p value":
            if measure.low is None:
                assert measure.note  # a planning number has no interval, and says so
            else:
                assert measure.low <= measure.value <= measure.high


def test_nobody_and_suppressed_rows_stay_as_rows(prepare):
    """A row of no people has no rate; a suppressed one is measured not at all; both are told."""
    prepared = prepare([("a", "200", "100"), ("b", "200", "60"), ("c", "0", "0"), ("d", "<10", "")])
    found = rate(prepared)
    nobody = found.measure("selection_rate", attribute="group", group="c")
    hidden = found.measure("selection_rate", attribute="group", group="d")
    assert nobody.value is hidden.value is None
    assert "nobody" in nobody.note
    assert "suppressed" in hidden.note
    assert found.measure("impact_ratio", attribute="group").value == pytest.approx(0.6)
    assert "2 of 4 groups not compared" in found.measure("impact_ratio", attribute="group").note
    notes = " ".join(prepared.resolved["notes"])
    assert "nobody is counted in `c`" in notes
    assert "(`d`); at most 9 of" in notes
    assert prepared.resolved["groups"]["group"] == {"a": 200, "b": 200, "c": 0, "d": "at most 9"}


@pytest.mark.parametrize(
    ("rows", "share"),
    [
        ([("c", "<10", "")], 9 / 409),
        ([("c", "at most 4", "*")], 4 / 404),
        ([("c", "20", "suppressed")], 20 / 420),
        ([("c", "*", "")], None),
        ([("c", "-", "-"), ("Total", "420", "")], 20 / 420),
        ([("c", "-", "-"), ("Total", "450", "")], None),
        ([("c", "30", "*")], None),
        ([("c", "*", "*"), ("d", "<5", "-"), ("All", "402", "161")], 2 / 402),
    ],
)
def test_suppressed_people_count_as_not_compared_as_far_as_the_table_bounds_them(prepare, rows, share):
    """By a bound in the cell, by people without an outcome, or by a total; else nobody knows."""
    found = rate(prepare([("a", "200", "100"), ("b", "200", "60"), *rows]))
    measure = found.measure("uncompared_share", attribute="group")
    if share is None:
        assert measure.value is None
        assert "suppressed row" in measure.note
    else:
        assert measure.value == pytest.approx(share)


def verdict(evidence, attribute="group"):
    """Return what the four-fifths limit makes of the evidence, as packs judge it."""
    from frameworks.match import left_out
    from frameworks.measures import measures

    named = measures()["fairness.selection_rate.impact_ratio"]
    return left_out(named, evidence, attribute)


@pytest.mark.parametrize(("hidden", "speaks"), [("<5", True), ("<31", False), ("<100", False), ("*", False)])
def test_met_is_undecided_where_suppressed_people_could_matter(prepare, hidden, speaks):
    """Equal rates of two thousand people each: met, unless too many others may be hidden."""
    found = rate(prepare([("a", "2000", "1000"), ("b", "2000", "1000"), ("c", hidden, "")]))
    assert found.measure("impact_ratio", attribute="group").low > 0.8
    assert (verdict(found) is None) is speaks


def four_fifths(subject):
    """Return 0 for not met, 1 for undecided and 2 for met, by the interval and by whom it speaks for."""
    evidence = all_checks()["fairness.selection_rate"](subject)
    (found,) = evidence.select("impact_ratio", attribute="g")
    if evidence.outcome is not Outcome.MEASURED or found.value is None:
        return 1
    if found.low < 0.8:
        return int(found.high >= 0.8)
    return 2 if verdict(evidence, "g") is None else 1


@pytest.mark.parametrize("with_total", [True, False])
def test_suppressing_a_row_never_makes_anything_met(with_total):
    """Random tables, each row suppressed in turn, with and without a total that bounds it."""
    rng = np.random.default_rng([5, 2])
    met = 0
    for _ in range(budget(60, 2000)):
        n = rng.integers(30, 5000, rng.integers(2, 5))
        rows = [(str(i), int(m), int(rng.binomial(m, rng.uniform(0.45, 0.55)))) for i, m in enumerate(n)]
        before = four_fifths(counted({"g": rows}))
        met += before == 2
        totals = {"g": int(n.sum())} if with_total else {}
        for i, (group, _, _) in enumerate(rows):
            hidden = [*rows[:i], (group, None, None), *rows[i + 1 :]]
            assert four_fifths(counted({"g": hidden}, totals=totals)) < 2
    assert met > 5


def test_a_suppressed_cell_of_a_cross_table_counts_in_every_sum_over_it(prepare):
    table = pd.DataFrame(
        {
            "race": ["A", "A", "B", "B"],
            "sex": ["f", "m", "f", "m"],
            "n": ["100", "100", "100", "<10"],
            "selected": ["50", "50", "40", ""],
        }
    )
    found = rate(prepare(table, group=["race", "sex"]))
    for attribute in ("race", "sex", "race*sex"):
        assert found.measure("uncompared_share", attribute=attribute).value >= 9 / 309
    assert found.measure("selection_rate", attribute="race", group="B").n == 100
    assert "suppressed" in found.measure("selection_rate", attribute="race*sex", group="B*m").note


def test_attributes_that_count_different_people_are_said_and_counted(prepare):
    table = pd.DataFrame(
        {
            "attribute": ["sex", "sex", "race", "race"],
            "group": ["f", "m", "A", "B"],
            "n": [600, 600, 650, 500],
            "selected": [300, 300, 330, 250],
        }
    )
    prepared = prepare(table, attribute="attribute")
    assert prepared.resolved["rows"] == 1200
    assert (
        "`race` counts 1,150 people, `sex` 1,200: 50 are missing from `race`." in prepared.resolved["notes"]
    )
    found = rate(prepared)
    assert found.measure("uncompared_share", attribute="race").value == pytest.approx(50 / 1200)
    assert found.measure("uncompared_share", attribute="sex").value == 0


def test_a_total_that_adds_up_is_left_out_and_said(prepare):
    prepared = prepare([("a", 100, 50), ("b", 100, 30), ("Total", 200, 80)])
    found = rate(prepared)
    assert "row 3 (`Total`) sums up other rows" in prepared.resolved["notes"][0]
    assert found.measure("selection_rate_gap", attribute="group").n == 200
    assert prepared.subject.published.totals == {"group": 200}


def test_totals_of_a_cross_table_are_held_against_their_own_cells(prepare):
    table = pd.DataFrame(
        {
            "race": ["A", "A", "B", "B", "A", "All"],
            "sex": ["f", "m", "f", "m", "Total", "All"],
            "n": [10, 20, 30, 40, 30, 100],
            "selected": [1, 2, 3, 4, 3, 10],
        }
    )
    assert prepare(table, group=["race", "sex"]).resolved["rows"] == 100
    table.loc[4, "n"] = 31
    ((where, sentence),) = refused(prepare, table, group=["race", "sex"])
    assert where == "counts.n"
    assert "row 5 (`A*Total`) states n 31, but the rows add up to 30" in sentence


def test_a_total_over_all_attributes_may_be_larger_and_is_then_the_number_of_people(prepare):
    table = pd.DataFrame(
        {
            "attribute": ["sex", "sex", None],
            "group": ["f", "m", "Total"],
            "n": [100, 100, 210],
            "selected": [50, 50, 105],
        }
    )
    prepared = prepare(table, attribute="attribute")
    assert prepared.resolved["rows"] == 210
    assert "the stated total 210: 10 are missing from `sex`" in prepared.resolved["notes"][-1]
    table.loc[2, "n"] = 150
    assert "add up to 200" in refused(prepare, table, attribute="attribute")[0][1]


@pytest.mark.parametrize(
    ("rows", "where", "words"),
    [
        ([("a", 10, 11), ("b", 10, 1)], "counts.selected", ("row 1 (`a`)", "11 selected of 10")),
        ([("a", 10, 1), ("b", -3, 1)], "counts.n", ("row 2 (`b`)", "`-3`", "whole number")),
        ([("a", 10, 1), ("b", 10.5, 1)], "counts.n", ("row 2 (`b`)", "10.5")),
        ([("a", "10", "1"), ("b", "ten", "1")], "counts.n", ("row 2 (`b`)", "`ten`")),
        ([("a", "10", "1"), ("b", "nan.", "1")], "counts.n", ("`nan.`",)),
        ([("a", "*", "*"), ("b", "2.000", "1")], "counts.n", ("`2.000`", "write 2000")),
        ([("a", "10", "1e400"), ("b", "10", "1")], "counts.selected", ("1e400",)),
        ([("a", True, False)], "counts.n", ("true",)),
        ([("a", 10, 1), ("a", 20, 2)], "counts.group", ("row 2 (`a`)", "row 1 has too")),
        ([("a", 10, 1), ("b", 10, 1), ("Total", 21, 2)], "counts.n", ("row 3 (`Total`)", "21", "20")),
        ([("a", 10, 1), ("b", 10, 1), ("All", 20, 3)], "counts.selected", ("row 3 (`All`)", "correct")),
        ([("a", "10", "1"), ("b", "<5", ""), ("All", "20", "")], "counts.n", ("20", "10 to 14")),
        ([("a", "10", "1"), ("b", "5", "*"), ("All", "15", "7")], "counts.selected", ("7", "1 to 6")),
        ([("Total", 20, 3)], "counts", ("totals only",)),
        ([("a" * 300, 10, 11)], "counts.selected", (f"(`{'a' * 60}…`)",)),
        ([("a\n\x1b[2J", "10", "\u202e")], "counts.selected", ("row 1 (`a��[2J`)", "`�`")),
        ([(str(i), 10, 1) for i in range(501)], "counts.group", ("501 groups", "500")),
        ([(str(i), 10, 1) for i in range(5001)], "counts", ("5,001",)),
        ([], "counts", ("0",)),
    ],
)
def test_a_row_that_cannot_be_is_named_with_its_fix(prepare, rows, where, words):
    ((found, sentence),) = refused(prepare, rows)
    assert found == where
    for word in words:
        assert word in sentence


@pytest.mark.parametrize(
    ("counts", "where", "words"),
    [
        ({"n": "nn"}, "counts.n", ("`nn`", "did you mean `n`?")),
        ({"attribute": "what"}, "counts.attribute", ("`what`",)),
        ({"group": ["group", "sex"]}, "counts.group", ("`sex`",)),
        ({"references": {"race": "A"}}, "references.race", ("`race`", "`group`")),
        ({"references": {"group": "z"}}, "references.group", ("`z`", "`a` and `b`")),
    ],
)
def test_columns_and_references_that_are_not_there_are_named(prepare, counts, where, words):
    ((found, sentence),) = refused(prepare, [("a", 10, 1), ("b", 10, 1)], **counts)
    assert found == where
    for word in words:
        assert word in sentence


def test_crossings_may_be_written_as_they_are_printed(prepare):
    table = pd.DataFrame({"attribute": ["race × sex"] * 2, "group": ["A × f", "A*m"], "n": [50, 50]})
    found = rate(prepare(table.assign(selected=[20, 30]), attribute="attribute"))
    assert found.measure("selection_rate", attribute="race*sex", group="A*f").value == 0.4
    assert found.measure("impact_ratio", attribute="race*sex").value == pytest.approx(2 / 3)


def test_a_table_that_suppresses_everything_compares_nobody(prepare):
    found = rate(prepare([("a", "*", "*"), ("b", "*", "*")]))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert {m.value for m in found.measures if m.name in ("selection_rate", "impact_ratio")} == {None}


def test_a_cross_table_may_have_more_cells_than_one_attribute_may_have_groups(prepare):
    races, jobs = np.divmod(np.arange(900), 30)
    table = pd.DataFrame({"race": races, "job": jobs, "n": 40, "selected": 20 + (races == 0)})
    found = rate(prepare(table, group=["race", "job"]))
    assert found.measure("selection_rate", attribute="race*job", group="0*7").value == 21 / 40
    assert found.measure("selection_rate", attribute="race", group="0").n == 1200


def test_a_crossing_names_all_its_groups(prepare):
    table = pd.DataFrame({"attribute": ["race*sex"], "group": ["A"], "n": [10], "selected": [1]})
    ((where, sentence),) = refused(prepare, table, attribute="attribute")
    assert where == "counts.group"
    assert "crosses 2 attributes" in sentence


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("g;n;s\na;2.000;1.000\nb;3.000;1.500\n", "`n` is written with a decimal sign"),
        ("g;n;s;r\na;2.000;1.000;0,5\nb;3.000;1.500;0,5\n", None),
        ('g,n,s\na,"2,000","1,000"\nb,"3,000",1500\n', None),
    ],
)
def test_thousands_are_never_taken_for_single_people(tmp_path, text, problem):
    """Read in the locked child: a point that may be either is refused, or read as other columns say."""
    path = tmp_path / "counts.csv"
    path.write_text(text)
    counts = {"artifact": f"sha256:{DIGEST}", "group": "g", "n": "n", "selected": "s"}
    asked = parse({"system": {"name": "A system"}, "counts": counts})
    if problem is not None:
        with pytest.raises(Refused, match=problem):
            subjects.prepare(asked, lambda _: path, Limits())
        return
    prepared = subjects.prepare(asked, lambda _: path, Limits())
    assert prepared.resolved["rows"] == 5000
    assert "may set off thousands" in prepared.resolved["notes"][0]


def test_published_figures_must_be_figures(prepare):
    table = pd.DataFrame({"group": ["a", "b"], "n": [10, 10], "selected": [1, 1], "r": ["0.1", "ok"]})
    ((where, sentence),) = refused(prepare, table, rate="r")
    assert where == "counts.rate"
    assert "row 2 (`b`)" in sentence
    assert "`ok`" in sentence


@pytest.mark.parametrize(
    ("cell", "n", "most"),
    [
        ("1,234", 1234, None),
        (" 12 ", 12, None),
        ("12.0", 12, None),
        (np.float64(12), 12, None),
        (np.int64(12), 12, None),
        ("< 10", None, 9),
        ("≤9", None, 9),
        ("fewer than 5", None, 4),
        ("—", None, None),
        ("Suppressed", None, None),
        (None, None, None),
        (float("nan"), None, None),
    ],
)
def test_counts_are_read_as_people_write_them(cell, n, most):
    assert count_in(cell, "n") == (n, most)


@pytest.mark.parametrize(
    ("cell", "printed"),
    [
        ("45,5\N{NO-BREAK SPACE}%", "45.5%"),
        (" 0.50 ", "0.50"),
        (0.00001, "0.00001"),
        (45.0, "45"),
        ("n/a", None),
    ],
)
def test_figures_are_read_as_people_print_them(cell, printed):
    assert figure_in(cell, "rate") == printed


CELL = st.one_of(
    st.text(max_size=30),
    st.floats(),
    st.integers(-(2**70), 2**70),
    st.booleans(),
    st.none(),
    st.from_regex(r"[<≤]? ?[0-9,._]{1,20}%?", fullmatch=True),
)


@given(CELL)
@settings(max_examples=budget(300, 20_000), deadline=None)
def test_whatever_stands_in_a_cell_is_a_count_a_figure_or_a_sentence(cell):
    """No text or number of a cell breaks the reader; what it takes, the check can compute with."""
    with suppress(Bad):
        n, most = count_in(cell, "n")
        assert n is None or (most is None and 0 <= n < 2**53)
        assert most is None or most >= 0
    with suppress(Bad):
        printed = figure_in(cell, "rate")
        assert printed is None or column([printed], (), most=1).value(printed) >= 0


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"columns": {"label": "x"}}, "columns.label"),
        ({"data": {"evaluation": "rows.csv"}}, "data"),
        ({"model": {"file": "m.onnx"}}, "model"),
        ({"bins": {"age": [30]}}, "bins"),
        ({"task": "regression"}, "task"),
    ],
)
def test_what_speaks_of_records_is_refused_beside_counts(change, where):
    with pytest.raises(Refused) as refusal:
        parse({"system": {"name": "A system"}, "counts": {"file": "counts.csv"}, **change})
    (problem,) = refusal.value.problems
    assert problem.where == where
    assert "counts" in problem.sentence


def test_counts_need_no_task_and_no_data():
    asked = parse({"system": {"name": "A system"}, "counts": {"file": "counts.csv"}})
    assert (asked.task, asked.data, asked.counts.group) == (Task.BINARY, None, ("group",))
    assert parse(asked.model_dump(mode="json")) == asked


def test_without_counts_data_are_needed():
    with pytest.raises(Refused) as refusal:
        parse({"system": {"name": "A system"}, "task": "binary"})
    assert [(problem.where, problem.code) for problem in refusal.value.problems] == [("data", "missing-key")]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The example, run by the command line: the table is read in the locked child."""
    out = tmp_path_factory.mktemp("counts") / "out"
    assert main(["run", str(EXAMPLE), "--out", str(out), "--as-of", "2026-12-01", "--quiet", "--strict"]) == 0
    return out


def body(ran):
    return json.loads((ran / "audit.json").read_bytes())["body"]


def test_the_example_is_audited_and_its_report_says_what_it_was_made_from(ran):
    page = (ran / "report.html").read_text(encoding="utf-8")
    assert "Made from published counts, not from records" in page
    assert "36 are missing from `race`" in page
    assert "published counts of 168 people" in page
    resolved = body(ran)["submission"]["resolved"]
    assert resolved["rows"] == 168
    assert resolved["answers_from"] == "counts"
    assert body(ran)["submission"]["counts"]["artifact"].startswith("sha256:")


def test_the_example_decides_what_the_law_of_new_york_city_asks_of_scoring_tools(ran):
    """Rates are reported; ratios too, as far as categories of ten people go; crossings were not published."""
    found = {
        (f["requirement"], f["criterion"]): f
        for f in body(ran)["findings"]
        if f["framework"] == "us-nyc-ll144"
    }
    rates = found["301c", "fairness.scoring_rate.scoring_rate"]
    assert rates["verdict"] == "met"
    unknown = found["301u", "fairness.scoring_rate.not_stated_count"]
    assert (unknown["verdict"], unknown["of"]) == (
        "undecided",
        {"attribute": "race"},
    )  # 36 people are not in it
    ratios = found["301c", "impact-ratios"]
    assert ratios["verdict"] == "undecided"
    assert "two per cent" in ratios["reason"]
    assert found["301x", "crossed-scoring-ratios"]["verdict"] == "undecided"
    assert found["301b", "fairness.selection_rate.selection_rate"]["verdict"] == "not_applicable"


def judged(evidence, rows, task="binary"):
    """Return the findings of Local Law 144 by requirement and criterion."""
    from frameworks.judge import judge
    from frameworks.load import packs
    from frameworks.model import Facts

    facts = Facts(task, "high", dt.date(2026, 12, 1), {}, frozenset(), rows)
    found = judge(packs()["us-nyc-ll144"], evidence, facts)
    return {(finding.requirement, finding.criterion): finding.verdict for finding in found}


def test_a_cross_table_of_enough_people_decides_every_number_that_the_law_asks_for(prepare):
    """Selection rates, ratios, crossings, small and unknown categories are all reported."""
    prepared = prepare(
        cells(people().fillna({"sex": "f", "race": "A"}), ["race", "sex"]), group=["race", "sex"]
    )
    evidence = [rate(prepared), rate(prepared, min_group=10)]
    found = judged(evidence, prepared.resolved["rows"])
    for requirement, criterion in (
        ("301b", "fairness.selection_rate.selection_rate"),
        ("301b", "impact-ratios"),
        ("301b", "fairness.selection_rate.difference_p_value"),
        ("301x", "crossed-selection-ratios"),
        ("301u", "fairness.selection_rate.not_stated_count"),
        ("301d", "fairness.selection_rate.selection_rate"),
    ):
        assert found[requirement, criterion] == "met", (requirement, criterion)


def test_contradicted_figures_stand_on_the_first_page(prepare):
    from reports.compose.summary import summary
    from reports.compose.view import View

    table = pd.DataFrame({"group": ["a", "b"], "n": [50, 50], "selected": [20, 10], "r": ["0.45", "0.20"]})
    evidence = rate(prepare(table, rate="r"), "data.stated_results")
    view = View("2026-12-01", "", {"counts": {}, "task": "binary"}, {}, (evidence,), (), {}, {})
    titles = [block.title for block in summary(view).blocks if hasattr(block, "title")]
    assert titles == ["1 published figure does not follow from the published counts."]


def test_the_same_counts_by_the_api_give_the_same_record(ran, live_service):
    from auditor.manifest import named_by_digest, read_submission
    from auditor.run import sha256

    raw, files = read_submission(EXAMPLE)
    digests = {where: sha256(path) for where, path in files.items()}
    assert set(digests) == {"counts"}
    content = files["counts"].read_bytes()
    assert live_service.put(f"/api/v1/artifacts/{digests['counts']}", content).status == 201
    answer = live_service.post("/api/v1/audits?as_of=2026-12-01", named_by_digest(raw, digests))
    assert answer.status == 202, answer.content
    assert live_service.wait(answer.json["id"])["state"] == "completed"
    record = json.loads(live_service.get(f"/api/v1/audits/{answer.json['id']}/audit.json").content)
    assert record["body"] == body(ran)
    again = {"frameworks": ["us-nyc-ll144"], "as_of": "2026-12-01"}
    later = live_service.post(f"/api/v1/audits/{answer.json['id']}/judgements", again)
    assert live_service.wait(later.json["id"])["state"] == "completed"

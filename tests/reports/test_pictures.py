"""Pictures: what they hold is in the tables, whatever the groups are called and however many they are."""

from __future__ import annotations

import re
import runpy
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from checks.model import Evidence, Measure, Outcome, Subject, Table, Task
from checks.registry import all_checks
from reports import charts, frame
from reports.compose import rows
from reports.compose.pictures import contributions
from reports.curves import apart
from reports.document import Chart, compose
from tests.budgets import SOAK
from tests.checks.builders import subject
from tests.reports.sample import SUBMISSION, record

KINDS = {"forest", "lines", "curve", "matrix"}
EXAMPLES = Path(__file__).parent.parent.parent / "examples"
TASKS = (Task.BINARY, Task.MULTICLASS, Task.REGRESSION)
EVERY = [(groups, task) for task in TASKS for groups in (2, 12, 60)]
FEW = [(60, Task.BINARY), (12, Task.MULTICLASS), (2, Task.REGRESSION)]
STRANGE = ["", "a" * 90, "W" * 60, "東京都千代田区霞が関一丁目", "<b>&", "not\u202estated"]


def named(groups: int) -> np.ndarray:
    return np.array([*STRANGE, *(f"group {i}" for i in range(groups))][:groups], dtype=object)


def people(groups: int, task: Task, n: int = 900) -> Subject:
    """Draw people of so many groups, their age, a time, a training table and a population."""
    rng = np.random.default_rng([71, groups])
    group = named(groups)[np.arange(n) % groups] if groups else np.full(n, None)
    age, score = rng.integers(18, 80, n), rng.random(n)
    actual = (rng.random(n) < score).astype(int)
    given = {
        Task.BINARY: {"decision": (score > 0.5).astype(int), "actual": actual, "score": score},
        Task.MULTICLASS: {"decision": rng.integers(0, 12, n), "actual": rng.integers(0, 12, n)},
        Task.REGRESSION: {"actual": age + rng.normal(size=n), "score": age + rng.normal(size=n)},
    }[task]
    none = {"positive": None, "favourable": None}
    population = pd.DataFrame({"group": named(groups), "n": np.arange(groups) + 50})
    return subject(
        **given,
        groups={"group": group, "age": age},
        features={"income": rng.normal(size=n)},
        columns={"day": np.arange(n)},
        task=task,
        roles={"time": "day", "bins": {"age": (30, 50)}, **({} if task is Task.BINARY else none)},
        facts={"costs": {"false_positive": 1, "false_negative": 3}} if task is Task.BINARY else {},
        training=pd.DataFrame({"group": group, "age": age, "income": rng.normal(size=n), "label": actual}),
        reference=population if groups else None,
    )


ONLY = (
    "fairness.regression", "fairness.error", "fairness.curve", "fairness.missing", "fairness.selection",
    "performance.thresholds", "performance.costs", "data.drift", "data.representation",
)  # fmt: skip


@cache
def drawn(groups: int, task: Task) -> tuple[Chart, ...]:
    whole = people(groups, task)
    submission = {**SUBMISSION, "task": str(task), "bins": {"age": [30, 50]}}
    made = compose(record(whole, submission, only=ONLY))
    return tuple(chart for chart in made.charts() if chart.kind in KINDS)


@pytest.fixture(
    scope="module",
    params=EVERY if SOAK else FEW,
    ids=lambda given: f"{given[0]}-{given[1]}",
)
def pictures(request):
    return drawn(*request.param)


def texts(svg: str) -> list[ElementTree.Element]:
    return [e for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("}text")]


def test_each_kind_of_picture_is_drawn_for_the_task_that_has_it():
    ids = {task: " ".join(c.id for c in drawn(groups, task)) for groups, task in FEW}
    for one in ("thresholds", "costs", "drift", "representation", "curve-attribute"):
        assert one in ids[Task.BINARY]
    assert "classes-attribute" in ids[Task.MULTICLASS]
    assert "errors-attribute" in ids[Task.REGRESSION]


def test_every_picture_has_words_and_ids_of_its_own(pictures):
    assert pictures
    assert all(len(c.alt) > 40 and len(c.caption) > 40 for c in pictures)
    assert len({c.id for c in pictures}) == len(pictures)


def test_a_picture_has_no_more_rows_than_can_be_read_and_says_how_many_are_left(pictures):
    for chart in pictures:
        for panel in chart.data["panels"]:
            assert len(panel.get("rows", ())) <= rows.DRAWN_ROWS
            assert len(panel.get("lines", ())) <= 4
        assert len(chart.data.get("rows", ())) <= rows.DRAWN_ROWS
        assert len(chart.data.get("heads", ())) <= 12


def test_marks_stay_inside_the_scale(pictures):
    for chart in pictures:
        if chart.kind != "forest":
            continue
        for panel in chart.data["panels"]:
            low, high = panel["domain"]
            assert low < high
            for row in panel["rows"]:
                for key in ("value", "low", "high", "tick"):
                    if row.get(key) is not None and row["compared"]:
                        assert low - 1e-9 <= row[key] <= high + 1e-9


def test_each_drawing_is_sound_and_two_are_alike(pictures):
    for chart in pictures:
        first = charts.draw(chart)
        charts._drawn.cache_clear()
        assert charts.draw(chart) == first
        for panel in charts.panels(chart.kind, chart.data):
            panel.to_dict(validate=True)
        for svg in first:
            assert texts(svg)
            assert not re.search(r"NaN|Infinity|undefined", svg)
            assert len(svg) < 120_000


def test_no_two_texts_begin_at_one_place(pictures):
    """A law that can be tested without fonts: texts that are aligned alike never stand on one another."""
    for chart in pictures:
        for svg in charts.draw(chart):
            root = ElementTree.fromstring(svg)
            places = [
                (e.get("transform"), e.get("text-anchor"))
                for group in root.iter()
                if "mark-text role-mark" in (group.get("class") or "")
                for e in group
                if (e.text or "").strip()
            ]
            assert len(places) == len(set(places))


@pytest.mark.parametrize("task", TASKS)
def test_people_without_a_group_are_no_reason_to_stumble(task):
    for chart in drawn(0, task):
        assert charts.draw(chart)


def test_every_drawn_number_is_in_the_record():
    whole = people(60, Task.BINARY)
    evidence = [check(whole) for check in all_checks().values() if check.id.startswith(ONLY)]
    known = {
        x
        for one in evidence
        for x in (
            *(v for m in one.measures for v in (m.value, m.low, m.high)),
            *(cell for table in one.tables for line in table.rows for cell in line),
        )
        if isinstance(x, float)
    }
    for chart in drawn(60, Task.BINARY):
        if chart.kind == "forest":
            keys = ("value", "low", "high", "tick")
            told = [r.get(k) for p in chart.data["panels"] for r in p["rows"] for k in keys]
        elif chart.kind == "lines":
            told = [p["y"] for a in chart.data["panels"] for one in a["lines"] for p in one["points"]]
        else:
            told = [p[k] for a in chart.data["panels"] for p in a["points"] for k in ("value", "low", "high")]
        assert {float(x) for x in told if x is not None} <= {float(x) for x in known}


def test_undefined_numbers_have_a_sign_and_no_point():
    row = rows.row(Measure("mean_error", None, of={"group": "a"}, note="nobody"), "a")
    panel = rows.panel("t", [row], None, 0.0)
    (svg,) = charts.draw(Chart("x", "forest", "c", "a", {"panels": [panel]}))
    assert rows.NOTHING in [e.text for e in texts(svg)]


@pytest.mark.parametrize("name", STRANGE)
def test_a_name_is_cut_to_its_room_and_kept_whole_where_it_fits(name):
    short = frame.fitted(name)
    assert frame.taken(short) <= frame.LABEL
    assert short == name or short.endswith("…")
    assert frame.fitted("東京") == "東京"


def test_names_that_are_cut_alike_stay_apart():
    labels = frame.distinct(["x" * 40, "x" * 41, "東" * 30, "東" * 31])
    assert len(set(labels)) == 4
    assert all(frame.taken(label) <= frame.LABEL for label in labels)


def test_names_of_lines_are_moved_apart_and_stay_inside():
    moved = apart([10, 10, 11, 149, 150], 150)
    assert all(b - a >= 14 for a, b in pairwise(moved))
    assert min(moved) >= 0
    assert max(moved) <= 150
    assert apart([100.0, 20.0], 150) == [100.0, 20.0]


@pytest.mark.parametrize(
    ("name", "files"),
    [("salaries", ["training.csv", "evaluation.csv", "company.csv"]), ("enquiries", ["enquiries.csv"])],
)
def test_invented_examples_are_made_again_bit_for_bit(name, files, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["make_example.py", str(tmp_path)])
    runpy.run_path(str(EXAMPLES / name / "make_example.py"), run_name="__main__")
    for file in files:
        assert (tmp_path / name / file).read_bytes() == (EXAMPLES / name / file).read_bytes()


def test_a_swarm_draws_from_the_lowest_to_the_highest_and_names_its_scale():
    """The table is sorted by contribution: the first hundred points would leave the highest out."""
    moved = np.linspace(-1, 2, 120)
    table = Table(
        "contributions", ("feature", "rank", "contribution"), tuple(("age", 0.5, float(v)) for v in moved)
    )
    importance = Measure("importance", 0.9, 0.8, 1.0, 120, {"feature": "age"}, unit="log-odds")
    found = Evidence("interpretability.shap", Outcome.MEASURED, measures=(importance,), tables=(table,))
    bars, swarm = contributions(found)
    drawn = [point["value"] for point in swarm.data["points"]]
    assert len(drawn) == 100
    assert (drawn[0], drawn[-1]) == (-1, 2)
    assert np.diff(drawn).max() < 0.06
    assert swarm.caption.endswith("; 100 sampled people; scale: log odds")
    assert bars.caption.endswith("; scale: log odds")

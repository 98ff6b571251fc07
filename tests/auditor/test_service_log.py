"""The log of a service and the record of consultations: read, checked, and refused in a sentence."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from auditor import subjects
from auditor.problems import Refused
from auditor.sandbox import Limits
from auditor.subjects.service_log import service_log
from auditor.submission import parse
from checks.registry import all_checks
from reports.publish import publish
from tests.checks.builders import subject
from tests.reports.sample import SUBMISSION, record

BARE = {
    "system": {"name": "A system"},
    "task": "binary",
    "data": {"evaluation": {"artifact": f"sha256:{'a' * 64}"}},
}
ASKED = {
    "artifact": f"sha256:{'b' * 64}",
    "groups": ["age", "residence"],
    "bins": {"age": [60]},
    "started": "began",
    "completed": "done",
    "waited": "minutes",
    "assisted": "helped",
    "channel": "route",
}
ROWS = """age,residence,began,done,minutes,helped,route
71,village,2026-01-02,yes,30,Yes,counter
,town,2026-01-02,no,12.5,no,web
35,town,,no,,no,web
35,,2026-01-03,TRUE,,0,web
"""


@pytest.fixture
def read(tmp_path):
    def reading(rows=ROWS, **change):
        path = tmp_path / "log.csv"
        path.write_text(rows, encoding="utf-8")
        asked = {key: value for key, value in (ASKED | change).items() if value is not None}
        submission = parse(BARE | {"service_log": asked})
        return service_log(submission, lambda _: path, Limits())

    return reading


def refused(read, *args, **change):
    with pytest.raises(Refused) as why:
        read(*args, **change)
    return {problem.where: problem.sentence for problem in why.value.problems}


def test_a_log_is_laid_out_as_checks_know_it(read):
    log, found = read()
    assert found == {"service_log": {"rows": 4, "not_started": 1, "cases": 3}}
    assert list(log["group:age"]) == ["60 and over", "not stated", "under 60"]
    assert list(log["group:residence"]) == ["village", "town", "not stated"]
    assert list(log["completed"]) == [1, 0, 1]
    assert np.allclose(log["waited"], [30, 12.5, np.nan], equal_nan=True)
    assert list(log["assisted"]) == [1, 0, 0]
    assert list(log["channel"]) == ["counter", "web", "web"]


def test_chinese_answers_are_yes_and_no(read):
    log, _ = read("年龄,完成\n70,是\n30,否\n", groups=["年龄"], bins=None, completed="完成",
                  started=None, waited=None, assisted=None, channel=None)  # fmt: skip
    assert list(log["completed"]) == [1, 0]


@pytest.mark.parametrize(
    ("rows", "change", "where", "words"),
    [
        (ROWS, {"groups": ["age", "home"]}, "service_log.groups.1", "no column"),
        (ROWS, {"waited": "hours"}, "service_log.waited", "no column"),
        (ROWS.replace("TRUE", "maybe"), {}, "service_log.completed", "`maybe`, which is neither yes nor no"),
        (ROWS.replace("12.5", "-1"), {}, "service_log.waited", "negative or infinite"),
        (ROWS.replace("12.5", "long"), {}, "service_log.waited", "does not hold numbers"),
        (ROWS, {"bins": {"residence": [1]}}, "service_log.bins.residence", "does not hold numbers"),
        (ROWS, {"bins": {"route": [1]}}, "service_log.bins.route", "is none of the `groups`"),
        (ROWS, {"bins": {"age": [60, 50]}}, "service_log.bins", "must rise"),
        (ROWS, {"completed": "route"}, "service_log", "one column is named for two parts"),
        (ROWS, {"groups": []}, "service_log.groups", "is empty"),
        ("age,began,done\n1,,yes\n", {"groups": ["age"], "waited": None, "assisted": None, "channel": None},
         "service_log", "no row of the service log was started"),
    ],
)  # fmt: skip
def test_what_cannot_be_so_is_refused_by_name(read, rows, change, where, words):
    assert words in refused(read, rows, **change)[where]


def test_a_log_that_says_nothing_is_refused():
    asked = {"artifact": ASKED["artifact"], "groups": ["age"]}
    with pytest.raises(Refused, match="name at least one of"):
        parse(BARE | {"service_log": asked})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"affected": []}, "is empty"),
        ({"affected": ["A", "A"]}, "stands twice"),
        ({"affected": ["A"], "consultations": [{"group": "B"}]}, "is not named in `affected`"),
    ],
)
def test_consultations_are_of_groups_that_are_named(said, words):
    with pytest.raises(Refused, match=words):
        parse(BARE | {"participation": said})


def test_a_saved_subject_keeps_its_log(tmp_path, read):
    log, _ = read()
    table = tmp_path / "rows.csv"
    table.write_text("label,score\n" + "1,0.9\n0,0.2\n" * 20, encoding="utf-8")
    paths = {"a" * 64: table, "b" * 64: tmp_path / "log.csv"}
    columns = {"label": "label", "score": "score", "favourable": 1}
    raw = BARE | {"service_log": ASKED, "columns": columns}
    prepared = subjects.prepare(parse(raw), lambda digest: paths[digest], Limits())
    subjects.save(prepared, tmp_path / "subject")
    again = subjects.load(tmp_path / "subject")
    assert again.service_log.equals(log)
    assert prepared.resolved["service_log"]["cases"] == 3
    assert all_checks()["inclusion.channels"](again).measure("assisted_share").n == 3


def test_nothing_of_single_people_or_of_what_they_said_is_for_everybody(read):
    """The version for everybody has no number of a group of the log, and no words of a consultation."""
    log, _ = read()
    whole = dataclasses.replace(
        subject(decision=["1", "0"] * 20), service_log=pd.concat([log] * 40, ignore_index=True),
        facts={"participation": {"affected": ["A"], "consultations": [{"group": "A", "said": "secret"}]}},
    )  # fmt: skip
    checks = [f"inclusion.{name}" for name in ("vulnerable_groups", "waiting", "channels", "participation")]
    made = record(whole, SUBMISSION, only=tuple(checks))
    public = publish(made)
    assert "secret" in made.to_json().decode()
    assert "secret" not in public.to_json().decode()
    assert of_groups(made)
    assert not of_groups(public)


def of_groups(audit):
    return [
        m
        for e in audit.body["evidence"]
        for m in e["measures"]
        if "group" in m["of"] and m["value"] is not None
    ]

"""What attacks say of single records: a file for the submitter alone, and nowhere else."""

from __future__ import annotations

import csv
import re
import stat
import zipfile

import numpy as np
import pypdf
import pytest

from auditor import run
from auditor.cli import main
from benchmarks.membership import OVERFIT, fitted
from checks.model import NotApplicable
from checks.privacy.by_record import HEAD, by_record
from tests.checks.builders import subject as plain_subject
from tests.small_example import small_example


def test_members_of_a_model_that_remembers_stand_above_others():
    """At the score that accuses one evaluation row of a hundred, most of the training rows are found."""
    make, types = OVERFIT["forest"]
    subject = fitted(make(), types, 400, 3, 8)
    rows = list(by_record(subject))
    assert {"loss", "rmia_2"} <= {row[2] for row in rows}
    mine = [row for row in rows if row[2] == "rmia_2"]
    found = {name: np.mean([row[4] for row in mine if row[0] == name]) for name in ("training", "evaluation")}
    assert found["evaluation"] <= 0.01
    assert found["training"] > 5 * max(found["evaluation"], 0.01)
    assert {row[1] for row in mine if row[0] == "training"} <= set(range(1, len(subject.training) + 1))


def test_without_training_rows_there_are_no_scores():
    with pytest.raises(NotApplicable):
        list(by_record(plain_subject(decision=["1", "0"])))


def test_a_run_tells_in_the_language_asked_and_its_file_of_records_is_in_no_bundle(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(run, "plan", lambda _: [("data.quality", {})])
    out, records = tmp_path / "out", tmp_path / "records.csv"
    asked = ["run", str(small_example() / "submission.yaml"), "--out", str(out), "--quiet"]
    assert main([*asked, "--records", str(records), "--language", "zh-Hant"]) == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert '<html lang="zh-Hant"' in page
    assert "審計報告" in page
    assert pypdf.PdfReader(out / "report.pdf").root_object["/Lang"] == "zh-TW"
    assert not re.search("[\u4e00-\u9fff]", (out / "audit.json").read_text(encoding="utf-8"))
    assert stat.S_IMODE(records.stat().st_mode) == 0o600
    head, *rows = csv.reader(records.read_text(encoding="utf-8").splitlines())
    assert tuple(head) == HEAD
    assert {row[0] for row in rows} == {"training", "evaluation"}
    assert sorted(path.name for path in out.iterdir()) == [
        "audit.json", "bundle.zip", "report.html", "report.pdf",
    ]  # fmt: skip
    with zipfile.ZipFile(out / "bundle.zip") as bundle:
        assert not any("records" in name for name in bundle.namelist())
    for wrong, words in (
        (records, "is there already"),
        (tmp_path / "r.json", "are written as CSV; name a .csv file"),
        (out / "r.csv", "may be handed on"),
        (tmp_path / "no" / "r.csv", "there is no such folder"),
    ):
        assert main([*asked, "--records", str(wrong)]) == 2
        assert words in capsys.readouterr().err

"""Champion and challengers answer the same rows, and what cannot be compared is refused by name."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from auditor import subjects
from auditor.problems import Refused
from auditor.sandbox import ModelInspection
from auditor.subjects.models import fits
from auditor.submission import parse
from checks.model import Task
from checks.performance.challengers import challengers
from tests.auditor.test_subjects import FEATURES, ROWS, Files, applicants, fitted, named


def challenger_file(files, estimator):
    """Write *estimator* as a second model; return how a submission names it."""
    first = files.written.get("d" * 64)
    files.model(estimator)
    path = files.folder / "challenger.onnx"
    (files.folder / "model.onnx").rename(path)
    files.written["b" * 64] = path
    files.written.pop("d" * 64)
    if first is not None:
        raise AssertionError("write the challenger first")
    return {"name": "challenger", "artifact": f"sha256:{'b' * 64}"}


@pytest.fixture
def files(tmp_path, tables_read_here):
    found = Files(tmp_path)
    found.table("evaluation", applicants())
    return found


def test_a_second_model_answers_the_same_rows_and_is_saved(files, tmp_path):
    second = named(LogisticRegression(C=0.01)).fit(
        applicants(seed=8)[FEATURES], applicants(seed=8)["approved"]
    )
    entry = challenger_file(files, second)
    files.model(fitted())
    prepared = files.prepare(models=[entry, {"name": "vendor", "prediction": "decision", "score": "score"}])
    answers = prepared.subject.challengers
    assert answers["challenger"].score == pytest.approx(
        second.predict_proba(applicants()[FEATURES])[:, 1], abs=1e-6
    )
    assert answers["vendor"].decision.tolist() == applicants()["decision"].astype(str).tolist()
    assert prepared.resolved["challengers"]["challenger"]["features"] == FEATURES
    assert prepared.resolved["challengers"]["vendor"]["decisions_against_score"] > 0
    subjects.save(prepared, tmp_path / "saved")
    loaded = subjects.load(tmp_path / "saved").challengers
    for name, saved in loaded.items():
        assert saved.decision.tolist() == answers[name].decision.tolist()
        assert saved.score.tolist() == answers[name].score.tolist()
    evidence = challengers(subjects.load(tmp_path / "saved"))
    assert {m.of["model"] for m in evidence.measures} == {"challenger", "vendor"}
    assert evidence.measure("decision_agreement", model="vendor").n == ROWS


def test_a_regression_and_a_multiclass_model_are_compared_too(files):
    entry = challenger_file(files, fitted("score", LinearRegression()))
    columns = {"label": "debt", "prediction": "income", "favourable": None}
    whole = files.prepare(task="regression", columns=columns, models=[entry]).subject
    assert challengers(whole).measure("mean_absolute_error_difference", model="challenger").value > 0

    table = applicants()
    files.table("evaluation", table.assign(approved=table["zip_code"] % 3, other=table["zip_code"] % 4))
    columns = {"prediction": "decision", "favourable": None}
    vendor = {"name": "vendor", "prediction": "other"}
    whole = files.prepare(task="multiclass", columns=columns, models=[vendor]).subject
    found = challengers(whole)
    truth = table["zip_code"] % 3
    expected = (table["decision"] == truth).mean() - (table["zip_code"] % 4 == truth).mean()
    assert found.measure("accuracy_difference", model="vendor").value == pytest.approx(expected)


def test_a_challengers_columns_are_no_features_of_the_audited_system(files):
    vendor = {"name": "vendor", "score": "score"}
    prepared = files.prepare(columns={"prediction": "decision"}, models=[vendor])
    assert "score" not in prepared.subject.roles.features


MISFITS = {
    "column-absent": ({"name": "vendor", "score": "scores"}, "`vendor`: the evaluation table has no column"),
    "own-column": (
        {"name": "vendor", "prediction": "decision"},
        "`decision` is the audited system's own answer",
    ),
    "score-of-words": ({"name": "vendor", "score": "sex"}, "`vendor`: `sex` does not hold numbers"),
    "other-words": ({"name": "vendor", "prediction": "sex"}, "`vendor`: "),
    "label-as-answer": ({"name": "vendor", "prediction": "approved"}, "cannot be both label and prediction"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_a_challenger_that_cannot_be_compared_is_refused_by_name(case, files):
    entry, said = MISFITS[case]
    with pytest.raises(Refused) as refused:
        files.prepare(columns={"prediction": "decision", "groups": ["zip_code"]}, models=[entry])
    assert {problem.where for problem in refused.value.problems} == {"models.0"}
    assert said in str(refused.value)


def test_a_challenger_of_another_kind_or_another_table_is_refused_by_name(files):
    entry = challenger_file(files, fitted("score", LinearRegression()))
    with pytest.raises(Refused, match="`challenger`: the model answers numbers, not classes"):
        files.prepare(columns={"prediction": "decision"}, models=[entry])
    files.table("evaluation", applicants().drop(columns="debt"))
    with pytest.raises(Refused, match="`challenger`: the model needs `debt`"):
        files.prepare(task="regression", columns={"prediction": "score", "favourable": None}, models=[entry])


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("classes", [(), ("no", "yes"), ("a", "b", "c")], ids=["numbers", "two", "three"])
def test_every_task_that_an_inspection_suggests_is_one_that_the_model_fits(task, classes):
    said = ModelInspection(
        "onnx", "classifier" if classes else "regressor", classes, None, 2, bool(classes), (), (), {}
    )
    opened = SimpleNamespace(inspection=said, classes=classes, has_probabilities=bool(classes), file=None)
    asked = parse({"system": {"name": "S"}, "task": task.value, "data": {"evaluation": "t.csv"}})
    if task in said.task_candidates:
        assert not list(fits(asked, opened))
    elif task in (Task.BINARY, Task.REGRESSION):
        assert list(fits(asked, opened)), "what is not suggested is refused"

"""A submission and its files become one subject, the same in every process and on every run."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from auditor import subjects
from auditor.sandbox import Limits, open_model
from auditor.subjects.folder import load, save
from auditor.submission import parse
from checks.model import Roles

ROWS = 120
DIGESTS = {"evaluation": "e" * 64, "training": "a" * 64, "reference": "c" * 64, "model": "d" * 64}


def applicants(rows=ROWS, seed=3):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": rng.normal(50, 10, rows).round(2),
            "debt": rng.normal(10, 3, rows).round(2),
            "zip_code": rng.integers(100, 110, rows),
            "sex": rng.choice(["f", "m"], rows),
            "approved": rng.integers(0, 2, rows),
        }
    )
    return frame.assign(decision=(frame["income"] > 50).astype(int), score=rng.uniform(0, 1, rows).round(4))


FEATURES = ["income", "debt"]


class Files:
    """A folder of artifacts, opened by digest."""

    def __init__(self, folder):
        self.folder = folder
        self.written = {}

    def table(self, name, frame):
        path = self.folder / f"{name}.parquet"
        frame.to_parquet(path, index=False)
        self.written[DIGESTS[name]] = path

    def model(self, estimator):
        """Write *estimator* as ONNX, which opens faster than skops; test_sandbox_models.py has both."""
        names = getattr(estimator, "feature_names_in_", None)
        one = [("X", FloatTensorType([None, estimator.n_features_in_]))]
        kinds = one if names is None else [(str(name), FloatTensorType([None, 1])) for name in names]
        options = {"zipmap": False} if hasattr(estimator, "classes_") else None
        graph = to_onnx(estimator, initial_types=kinds, options=options)
        path = self.folder / "model.onnx"
        path.write_bytes(graph.SerializeToString())
        self.written[DIGESTS["model"]] = path

    def open(self, digest):
        return self.written[digest]

    def named(self, name):
        return {"artifact": f"sha256:{DIGESTS[name]}"}

    def submission(self, **changes):
        columns = {"label": "approved", "favourable": 1, "groups": ["sex"]} | changes.pop("columns", {})
        tables = [name for name in ("evaluation", "training", "reference") if DIGESTS[name] in self.written]
        raw = {
            "system": {"name": "A system"},
            "task": "binary",
            "data": {name: self.named(name) for name in tables},
            "columns": {key: value for key, value in columns.items() if value is not None},
        }
        if DIGESTS["model"] in self.written:
            raw["model"] = self.named("model")
        return parse(raw | changes)

    def prepare(self, **changes):
        return subjects.prepare(self.submission(**changes), self.open, Limits())


@pytest.fixture
def files(tmp_path, tables_read_here):
    return Files(tmp_path)


@pytest.fixture
def given_columns(files):
    """Predictions only: the table carries decisions and scores."""
    files.table("evaluation", applicants())
    return files


def fitted(target="approved", estimator=None):
    train = applicants(seed=4)
    values = target if isinstance(target, pd.Series) else train[target]
    return named(estimator or LogisticRegression()).fit(train[FEATURES], values)


def named(estimator):
    """Return a pipeline that takes its features by name."""
    return make_pipeline(make_column_transformer(("passthrough", FEATURES)), estimator)


@contextmanager
def opened(files):
    with open_model(files.open(DIGESTS["model"])) as model:
        yield model


def test_a_model_is_asked_once_for_evaluation_and_training(tmp_path):
    """The whole way: the tables are read in the locked child too."""
    files = Files(tmp_path)
    estimator = fitted()
    files.table("evaluation", applicants())
    files.table("training", applicants(seed=4))
    files.model(estimator)
    prepared = files.prepare(columns={"threshold": 0.45})
    subject = prepared.subject
    scores = estimator.predict_proba(applicants()[FEATURES])[:, 1]
    assert np.abs(subject.score - scores).max() <= 1e-6
    assert subject.decision.tolist() == np.where(scores >= 0.45, "1", "0").tolist()
    assert len(subject.training_score) == len(subject.training_decision) == ROWS
    assert subject.model is None
    assert subject.model_file.format == "onnx"
    assert subject.roles.features == tuple(FEATURES)  # the model's own names
    assert subject.roles.positive == subject.roles.favourable == "1"
    assert prepared.resolved["answers_from"] == "model"
    assert prepared.resolved["rows"] == ROWS


def test_the_event_may_be_the_outcome_that_nobody_wants(files):
    """A score of default: positive is 1, favourable 0; whoever scores under the threshold is favoured."""
    files.table("evaluation", applicants())
    estimator = fitted()
    files.model(estimator)
    subject = files.prepare(columns={"positive": 1, "favourable": 0}).subject
    scores = estimator.predict_proba(applicants()[FEATURES])[:, 1]
    assert np.abs(subject.score - scores).max() <= 1e-6
    assert (subject.decision == np.where(scores >= 0.5, "1", "0")).all()
    assert (subject.roles.positive, subject.roles.favourable) == ("1", "0")


@pytest.mark.parametrize(
    ("columns", "positive", "favourable", "inferred"),
    [
        ({"favourable": 1}, "1", "1", True),
        ({"favourable": None, "positive": 0}, "0", "0", True),
        ({"favourable": 0, "positive": 1}, "1", "0", False),
    ],
)
def test_positive_and_favourable_stand_in_for_each_other(
    columns, positive, favourable, inferred, given_columns
):
    prepared = given_columns.prepare(columns={"prediction": "decision", **columns})
    assert (prepared.subject.roles.positive, prepared.subject.roles.favourable) == (positive, favourable)
    assert bool({"positive", "favourable"} & set(prepared.resolved["not_declared"])) is inferred


def test_features_default_to_every_column_without_another_role(given_columns):
    prepared = given_columns.prepare(columns={"prediction": "decision", "score": "score"})
    assert prepared.subject.roles.features == ("income", "debt", "zip_code")
    assert prepared.subject.roles.quasi_identifiers == ("sex", "zip_code")  # groups, and names like them
    assert prepared.subject.roles.quasi_identifiers_inferred
    assert {"features", "quasi_identifiers"} <= set(prepared.resolved["not_declared"])


def test_given_decisions_are_used_and_their_disagreement_with_scores_counted(given_columns):
    prepared = given_columns.prepare(columns={"prediction": "decision", "score": "score"})
    table = applicants()
    assert prepared.subject.decision.tolist() == table["decision"].astype(str).tolist()
    disagreeing = int(((table["score"] >= 0.5).astype(int) != table["decision"]).sum())
    assert prepared.resolved["decisions_against_score"] == disagreeing > 0


def test_scores_alone_are_decided_at_the_threshold(given_columns):
    subject = given_columns.prepare(columns={"score": "score", "threshold": 0.7}).subject
    assert (subject.decision == np.where(applicants()["score"] >= 0.7, "1", "0")).all()


def test_no_label_is_accepted_and_said(given_columns):
    prepared = given_columns.prepare(columns={"label": None, "prediction": "decision"})
    assert prepared.subject.roles.label is None
    assert "no label was supplied" in " ".join(prepared.resolved["notes"])


def test_one_group_only_is_accepted_and_said(files):
    files.table("evaluation", applicants().assign(sex="f"))
    prepared = files.prepare(columns={"prediction": "decision"})
    assert prepared.resolved["notes"] == ["`sex` has one group only, `f`: nothing can be compared by it."]


def test_a_decision_that_favours_nobody_is_accepted_and_said(files):
    files.table("evaluation", applicants().assign(decision=0))
    prepared = files.prepare(columns={"label": None, "prediction": "decision"})
    assert set(prepared.subject.decision) == {"0"}
    assert "every answer is `0`" in " ".join(prepared.resolved["notes"])


def test_labels_of_words_work_when_they_are_named(files):
    words = {0: "deny", 1: "grant"}
    table = applicants()
    files.table("evaluation", table.assign(approved=table["approved"].map(words)))
    files.model(fitted(applicants(seed=4)["approved"].map(words)))
    prepared = files.prepare(columns={"favourable": "grant"})
    assert set(prepared.subject.decision) <= {"deny", "grant"}
    assert prepared.resolved["classes"] == ["deny", "grant"]


def test_a_multiclass_model_answers_with_its_words(files, tmp_path):
    table = applicants()
    files.table("evaluation", table.assign(approved=table["zip_code"] % 3))
    estimator = fitted(applicants(seed=4)["zip_code"] % 3)
    files.model(estimator)
    prepared = files.prepare(task="multiclass", columns={"favourable": None})
    subject = prepared.subject
    assert subject.decision.tolist() == [str(c) for c in estimator.predict(table[FEATURES])]
    assert subject.score is None
    assert subject.classes == ("0", "1", "2")
    assert subject.probabilities == pytest.approx(estimator.predict_proba(table[FEATURES]), abs=1e-6)
    save(prepared, tmp_path / "kept")
    kept = load(tmp_path / "kept")
    assert kept.classes == subject.classes
    assert np.array_equal(kept.probabilities, subject.probabilities)


def test_a_regression_has_values_and_no_decisions(files):
    files.table("evaluation", applicants())
    estimator = fitted("score", LinearRegression())
    files.model(estimator)
    subject = files.prepare(task="regression", columns={"label": "debt", "favourable": None}).subject
    assert subject.score == pytest.approx(estimator.predict(applicants()[FEATURES]), rel=1e-5)
    assert subject.decision is None


def test_a_regression_without_a_model_reads_its_numbers_from_the_prediction_column(given_columns):
    columns = {"label": "debt", "prediction": "income", "favourable": None}
    subject = given_columns.prepare(task="regression", columns=columns).subject
    assert subject.score.tolist() == applicants()["income"].tolist()
    assert subject.decision is None


def test_scores_without_a_scale_and_without_a_label_are_a_subject(given_columns):
    columns = {"label": None, "score": "income", "favourable": None}
    prepared = given_columns.prepare(task="scoring", columns=columns)
    assert prepared.subject.score.tolist() == applicants()["income"].tolist()
    assert prepared.subject.decision is None


def test_classes_are_read_from_their_column(files):
    table = applicants()
    high = {f"over_{at}": np.where(table["income"] > at, "\u9ad8", "na\u00efve") for at in (50, 55)}
    files.table("evaluation", table.assign(**high))
    columns = {"label": "over_50", "prediction": "over_55", "favourable": None}
    subject = files.prepare(task="multiclass", columns=columns).subject
    assert set(subject.decision) == {"\u9ad8", "na\u00efve"}
    assert subject.score is None


def test_features_declared_in_another_order_are_given_in_the_models_own(files):
    files.table("evaluation", applicants())
    files.model(fitted())
    prepared = files.prepare(columns={"features": FEATURES[::-1]})
    assert list(prepared.subject.roles.features) == FEATURES
    assert "`income` stands where `features` has `debt`" in " ".join(prepared.resolved["notes"])


def test_a_favourable_number_is_said_to_be_unused(given_columns):
    columns = {"label": "debt", "prediction": "income"}
    prepared = given_columns.prepare(task="regression", columns=columns)
    assert "a regression has no favourable or positive class" in " ".join(prepared.resolved["notes"])


def test_a_saved_subject_loads_as_it_was_and_equal_runs_write_equal_bytes(files, tmp_path):
    table = applicants()
    table["consent"] = pd.Series([True, None, False] * (ROWS // 3), dtype=object)
    table.loc[4, "sex"] = None
    files.table("evaluation", table)
    files.table("training", applicants(seed=4))
    files.model(fitted())
    asked = {
        "bins": {"zip_code": [103, 106]},
        "merge": {"sex": {"groups": {"not stated": "f"}, "reason": "few rows"}},
        "references": {"sex": "m"},
        "columns": {"groups": ["sex", "zip_code"]},
        "seed": 5,
    }
    prepared = files.prepare(**asked)
    subjects.save(prepared, tmp_path / "one")
    subjects.save(files.prepare(**asked), tmp_path / "two")
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    loaded, subject = subjects.load(tmp_path / "one"), prepared.subject
    pd.testing.assert_frame_equal(loaded.evaluation, subject.evaluation)
    pd.testing.assert_frame_equal(loaded.training, subject.training)
    for name in ("decision", "score", "training_decision", "training_score"):
        assert getattr(loaded, name).tolist() == getattr(subject, name).tolist()
    for field in dataclasses.fields(Roles):
        assert getattr(loaded.roles, field.name) == getattr(subject.roles, field.name), field.name
    assert (loaded.task, loaded.seed, loaded.model_file) == (subject.task, 5, subject.model_file)
    assert loaded.groups("sex").tolist() == subject.groups("sex").tolist()
    with opened(files) as model:
        asking = subjects.attach(loaded, model)
        assert asking.model.predict_proba(asking.features)[:, 1].tolist() == subject.score.tolist()


def test_a_half_written_subject_does_not_load(given_columns, tmp_path):
    subjects.save(given_columns.prepare(columns={"score": "score"}), tmp_path / "half")
    (tmp_path / "half" / "subject.json").unlink()
    with pytest.raises(FileNotFoundError):
        subjects.load(tmp_path / "half")


def test_columns_of_a_reference_population_need_no_features(files):
    files.table("evaluation", applicants())
    files.table("reference", applicants(seed=9)[["sex", "zip_code"]])
    files.model(fitted())
    subject = files.prepare().subject
    assert list(subject.reference.columns) == ["sex", "zip_code"]


def test_the_table_of_the_population_is_read_and_kept(files, tmp_path):
    """What `population` names reaches the checks, also from the disk of another process."""
    files.table("evaluation", applicants())
    files.table("reference", pd.DataFrame({"sex": ["F", "M"], "n": [52, 48]}))
    census = files.written.pop(DIGESTS["reference"])
    files.written[DIGESTS["training"]] = census  # under a digest that no table of `data` has here
    files.model(fitted())
    raw = files.submission(population=files.named("training")).model_dump(mode="json", exclude_none=True)
    raw["data"].pop("training")
    prepared = subjects.prepare(parse(raw), files.open, Limits())
    save(prepared, tmp_path / "kept")
    assert prepared.subject.training is None
    assert prepared.subject.population["n"].tolist() == [52, 48]
    pd.testing.assert_frame_equal(load(tmp_path / "kept").population, prepared.subject.population)

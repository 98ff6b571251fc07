"""Pickles, where an operator allows them: they answer as they did, only in the child, and trusted less."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import sys
import types
import zipfile
import zlib
from pathlib import Path

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
import skops.io
import xgboost
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from auditor import subjects
from auditor.problems import Refused
from auditor.sandbox import Limits, inspect_model, open_model
from auditor.sandbox.formats import CAUTION
from auditor.sandbox.inside.imports import named_globals, stated_version
from auditor.submission import parse

OLD = Path(__file__).parent.parent / "fixtures" / "old" / "xgboost_1_5.model"
HERE = sklearn.__version__


def allowing(*forms, **limits) -> Limits:
    return Limits(unsafe_formats=forms, **limits)


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng([0, 318])
    return pd.DataFrame(
        {
            "income": rng.normal(50, 9, 200),
            "debt": rng.normal(8, 3, 200),
            "region": rng.choice(["north", "西"], 200),
        }
    )


@pytest.fixture(scope="module")
def approved(people):
    return np.where(people["income"] - 2 * people["debt"] > 34, "yes", "no")


def pipeline(last):
    numbers = (StandardScaler(), ["income", "debt"])
    return make_pipeline(make_column_transformer(numbers, (OneHotEncoder(), ["region"])), last)


@pytest.fixture(scope="module")
def forest(people, approved):
    return pipeline(RandomForestClassifier(8, random_state=0)).fit(people, approved)


def written(content: bytes, tmp_path: Path, name: str = "model") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def refusal(path: Path, form: str | None = None, limits: Limits | None = None) -> str:
    with pytest.raises(Refused) as no:
        inspect_model(path, form, limits)
    (problem,) = no.value.problems
    return problem.sentence


def joblibbed(model, **how) -> bytes:
    stream = io.BytesIO()
    joblib.dump(model, stream, **how)
    return stream.getvalue()


WRITERS = {
    "pickle": ("pickle", pickle.dumps),
    "joblib": ("joblib", joblibbed),
    "joblib, compressed": ("joblib", lambda model: joblibbed(model, compress=("xz", 3))),
    "cloudpickle": ("cloudpickle", cloudpickle.dumps),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_an_allowed_pickle_answers_as_it_did_and_is_marked_as_able_to_run_code(
    writer, people, forest, tmp_path
):
    form, write = WRITERS[writer]
    with open_model(written(write(forest), tmp_path), form, allowing(form)) as model:
        assert model.file.can_execute
        assert model.file.format == form
        assert model.classes == ("no", "yes")
        assert model.features == ("income", "debt", "region")
        assert np.abs(model.predict_proba(people) - forest.predict_proba(people)).max() <= 1e-12
        assert [model.classes[int(p)] for p in model.predict(people)] == forest.predict(people).tolist()
        named = set(model.file.types)
        assert {"sklearn.ensemble._forest.RandomForestClassifier", "sklearn.tree._tree.Tree"} <= named
        assert model.inspection.versions["scikit-learn"] == HERE


def test_a_pickled_regressor_and_a_class_of_ones_own_answer_too(people, tmp_path):
    X = people[["income", "debt"]]
    line = LinearRegression().fit(X, X["income"] * 2)
    with open_model(written(pickle.dumps(line), tmp_path), None, allowing("pickle")) as model:
        assert np.abs(model.predict(X) - line.predict(X)).max() <= 1e-9

    class Sum:
        n_features_in_ = 2

        def predict(self, rows):
            return np.asarray(rows).sum(axis=1)

    own = written(cloudpickle.dumps(Sum()), tmp_path)
    with open_model(own, None, allowing("cloudpickle")) as model:
        assert np.abs(model.predict(X) - X.to_numpy().sum(axis=1)).max() <= 1e-12
        assert "cloudpickle.cloudpickle._make_skeleton_class" in model.file.types


def test_a_format_that_only_holds_data_is_not_marked(people, approved, tmp_path):
    model = LogisticRegression().fit(people[["income", "debt"]], approved)
    with open_model(written(skops.io.dumps(model), tmp_path), None, allowing("pickle")) as opened:
        assert not opened.file.can_execute


def test_the_first_page_says_that_a_pickle_controls_its_numbers(people, approved, forest, tmp_path):
    table = tmp_path / "table.parquet"
    people.assign(approved=approved).to_parquet(table)
    files = {"a" * 64: table, "b" * 64: written(pickle.dumps(forest), tmp_path)}
    submission = parse(
        {
            "system": {"name": "A pickle"},
            "task": "binary",
            "model": {"artifact": f"sha256:{'b' * 64}", "format": "pickle"},
            "data": {"evaluation": {"artifact": f"sha256:{'a' * 64}"}},
            "columns": {"label": "approved", "favourable": "yes", "groups": ["region"]},
        }
    )
    with pytest.raises(Refused, match="loading it could run code"):
        subjects.prepare(submission, files.__getitem__, Limits())
    prepared = subjects.prepare(submission, files.__getitem__, allowing("pickle"))
    assert prepared.resolved["notes"][0] == CAUTION
    assert prepared.subject.model_file.can_execute
    files["c" * 64] = written(skops.io.dumps(forest), tmp_path, "plain")
    main = {"artifact": f"sha256:{'c' * 64}"}
    second = {"name": "new", "artifact": f"sha256:{'b' * 64}", "format": "pickle"}
    compared = parse(submission.model_dump(exclude_unset=True) | {"model": main, "models": [second]})
    prepared = subjects.prepare(compared, files.__getitem__, allowing("pickle"))
    assert prepared.resolved["notes"][0] == f"`new`: {CAUTION}"
    assert not prepared.subject.model_file.can_execute


class Payload:
    """What a hostile author puts into a pickle."""

    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


def test_code_in_a_pickle_never_runs_where_it_is_not_allowed_and_reaches_nothing_where_it_is(tmp_path):
    """Files (Landlock) and new processes (seccomp) are out of its reach; the audit gets a sentence."""
    mark = tmp_path / "mark"
    path = written(pickle.dumps(Payload(os.system, f"touch {mark}")), tmp_path)
    assert "loading it could run code" in refusal(path)
    assert refusal(path, limits=allowing("pickle"))
    path = written(pickle.dumps(Payload(open, str(mark), "w")), tmp_path)
    assert "Permission" in refusal(path, limits=allowing("pickle"))
    assert not mark.exists()


def test_imports_are_listed_before_anything_runs():
    """Every way of naming a global: by opcode, from the stack, from the memo."""
    for protocol in range(6):
        names, whole = named_globals(
            pickle.dumps([Payload(os.system, "x"), os.system, {1: os.system}], protocol)
        )
        assert whole
        assert names == ["posix.system"]
    names, whole = named_globals(joblibbed(np.arange(300.0)))
    assert not whole  # a raw array ends the reading
    assert "joblib.numpy_pickle.NumpyArrayWrapper" in names
    assert named_globals(b"\x80\x04garbage") == ([], False)


@pytest.mark.parametrize("protocol", range(6))
def test_the_version_that_wrote_a_pickle_is_read_from_its_bytes(protocol, people, approved):
    model = LogisticRegression().fit(people[["income", "debt"]], approved)
    assert stated_version(pickle.dumps(model, protocol)) == HERE


def test_a_pickle_of_another_release_names_both_versions(forest, tmp_path):
    old = pickle.dumps(forest).replace(HERE.encode(), b"1.2.2")
    said = refusal(written(old, tmp_path), limits=allowing("pickle"))
    assert "it was written by scikit-learn 1.2.2; this service has " + HERE in said
    assert "export it to ONNX" in said


def test_a_compressed_joblib_of_another_release_names_both_versions(forest, tmp_path):
    old = gzip.compress(joblibbed(forest).replace(HERE.encode(), b"1.2.2"))
    assert "scikit-learn 1.2.2; this service has" in refusal(written(old, tmp_path), None, allowing("joblib"))


def test_a_skops_file_of_another_release_names_both_versions(people, approved, tmp_path):
    model = LogisticRegression().fit(people[["income", "debt"]], approved)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as was, zipfile.ZipFile(out, "w") as now:
        for name in was.namelist():
            now.writestr(name, was.read(name).replace(json.dumps(HERE)[1:-1].encode(), b"1.2.2"))
    said = refusal(written(out.getvalue(), tmp_path))
    assert f"it was written by scikit-learn 1.2.2; this service has {HERE}" in said


def test_an_old_xgboost_binary_says_which_library_can_still_read_it():
    """The file was written by XGBoost 1.5.2: tests/fixtures/make_old_xgboost.py."""
    said = refusal(OLD)
    assert xgboost.__version__ in said
    assert ".json" in said


@pytest.fixture
def vanished(monkeypatch):
    """A class of a module that only the author has."""
    module = types.ModuleType("ourbank_models")
    module.Scorer = type("Scorer", (), {"__module__": "ourbank_models", "predict": len})
    monkeypatch.setitem(sys.modules, "ourbank_models", module)
    return module.Scorer()


@pytest.mark.parametrize("form", ["pickle", "joblib"])
def test_a_class_that_is_not_in_the_file_is_named(form, vanished, tmp_path):
    path = written(pickle.dumps({"model": vanished}), tmp_path)
    said = refusal(path, form, allowing(form))
    assert "it needs `ourbank_models.Scorer`, which is neither in the file nor installed here" in said
    assert "ONNX" in said


def test_a_class_of_the_authors_script_is_named(tmp_path):
    path = written(b"\x80\x04c__main__\nMyScorer\n.", tmp_path)
    assert "it needs `MyScorer`, a class of the script that wrote it" in refusal(
        path, None, allowing("pickle")
    )


def test_a_class_that_a_library_no_longer_has_is_named_with_its_release(tmp_path):
    path = written(b"\x80\x04csklearn.linear_model\nForgotten\n.", tmp_path)
    said = refusal(path, None, allowing("pickle"))
    assert f"it needs `sklearn.linear_model.Forgotten`, which scikit-learn {HERE} does not have" in said


def test_a_bare_booster_is_asked_for_in_its_own_format(tmp_path):
    rows = xgboost.DMatrix(np.arange(8.0).reshape(4, 2), [0, 1, 0, 1])
    booster = xgboost.train({"objective": "binary:logistic"}, rows, 1)
    said = refusal(written(pickle.dumps(booster), tmp_path), None, allowing("pickle"))
    assert 'save it by `booster.save_model("model.json")`' in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zlib.compress(b"\x80\x04" + b"\0" * 60_000_000), "far more than its size"),
        (gzip.compress(pickle.dumps([1] * 999))[:-20], "cut short or damaged"),
        (gzip.compress(b"a,b\n1,2\n"), "a compressed file that holds no pickle"),
        (b"\x28\xb5\x2f\xfd" + b"\0" * 50, "LZ4 or Zstandard"),
        (pickle.dumps(range(3)), "`range` does not predict"),
        (b"\x80\x04\x95garbage", "could not load it"),
    ],
    ids=["bomb", "truncated", "table", "zstd", "no model", "garbage"],
)
def test_what_holds_no_model_is_refused_in_words(content, said, tmp_path):
    path = written(content, tmp_path)
    limits = allowing("joblib", model_unpacked_bytes=32 << 20)
    assert said in refusal(path, "joblib", limits)

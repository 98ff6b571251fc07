"""A zipped MLflow folder is read by its one data-only file, taken by name; nothing is unpacked to disk."""

from __future__ import annotations

import io
import pickle
import zipfile

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from catboost import CatBoostClassifier
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression

from auditor.problems import Refused
from auditor.sandbox import Limits, inspect_model, open_model
from tests.auditor.mlflow_folders import sklearn_folder, write

COLUMNS = ["income", "debt", "age"]


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng([0, 319])
    frame = pd.DataFrame(rng.normal(size=(200, 3)).astype("float32").astype("float64"), columns=COLUMNS)
    return frame, (frame["income"] - frame["debt"] > 0).astype(int)


@pytest.fixture(scope="module")
def logistic(people):
    return LogisticRegression().fit(*people)


def zipped(folder, to, top=""):
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, f"{top}{file.relative_to(folder)}")
    return to


def xgboost_folder(people, folder):
    model = xgboost.XGBClassifier(n_estimators=4).fit(*people)
    told = {"data": "model.ubj", "model_class": "xgboost.sklearn.XGBClassifier", "model_format": "ubj"}
    model.save_model(write(folder, "xgboost", told, COLUMNS) / "model.ubj")
    return model


def lightgbm_folder(people, folder):
    model = lightgbm.LGBMClassifier(n_estimators=4, verbose=-1).fit(*people)
    told = {"data": "model.lgb", "model_class": "lightgbm.basic.Booster", "lgb_version": "4.7.0"}
    model.booster_.save_model(write(folder, "lightgbm", told, COLUMNS) / "model.lgb")
    return model


def catboost_folder(people, folder):
    model = CatBoostClassifier(iterations=4, verbose=0, allow_writing_files=False).fit(*people)
    told = {"data": "model.cb", "model_type": "CatBoostClassifier", "save_format": "cbm"}
    model.save_model(str(write(folder, "catboost", told, COLUMNS) / "model.cb"), format="cbm")
    return model


def onnx_folder(people, folder):
    X, y = people
    model = LogisticRegression().fit(X.to_numpy(), y)
    graph = to_onnx(model, X.to_numpy()[:1].astype("float32"), options={"zipmap": False})
    path = write(folder, "onnx", {"data": "model.onnx", "onnx_version": "1.23.2"}, COLUMNS) / "model.onnx"
    path.write_bytes(graph.SerializeToString())
    return model


def skops_folder(people, folder):
    model = LogisticRegression().fit(*people)
    sklearn_folder(model, folder, COLUMNS)
    return model


FOLDERS = {
    "skops": skops_folder,
    "xgboost": xgboost_folder,
    "lightgbm": lightgbm_folder,
    "catboost": catboost_folder,
    "onnx": onnx_folder,
}


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("top", ["", "model/"], ids=["at the root", "in one folder"])
@pytest.mark.parametrize("form", FOLDERS)
def test_the_data_only_file_of_a_folder_answers_as_its_model_did(form, top, people, tmp_path):
    X, _ = people
    model = FOLDERS[form](people, tmp_path / "folder")
    given = X.to_numpy() if form == "onnx" else X
    with open_model(zipped(tmp_path / "folder", tmp_path / "model.zip", top)) as opened:
        assert opened.inspection.format == "mlflow"
        assert not opened.file.can_execute
        assert opened.classes == ("0", "1")
        assert opened.features == tuple(COLUMNS)  # the signature's, where the file itself has none
        assert f"({form})" in opened.inspection.versions["file"]
        assert np.abs(opened.predict_proba(X) - model.predict_proba(given)).max() <= 1e-6
        assert opened.predict(X).tolist() == model.predict(given).ravel().tolist()


def refusal(path, form=None, limits=None):
    with pytest.raises(Refused) as no:
        inspect_model(path, form, limits)
    (problem,) = no.value.problems
    return problem.sentence


@pytest.fixture
def pickled(logistic, tmp_path):
    told = {"pickled_model": "model.pkl", "serialization_format": "cloudpickle", "sklearn_version": "1.9.1"}
    (write(tmp_path / "folder", "sklearn", told, COLUMNS) / "model.pkl").write_bytes(pickle.dumps(logistic))
    return zipped(tmp_path / "folder", tmp_path / "model.zip")


def test_a_folder_with_only_a_pickle_says_how_to_log_the_model_instead(pickled):
    said = refusal(pickled)
    assert "holds its model only as a pickle (`model.pkl`)" in said
    assert 'serialization_format="skops"' in said
    assert "AUDITOR" not in said
    assert "declare" not in said


def test_a_pickle_in_a_folder_is_loaded_only_where_allowed_and_declared(pickled, people, logistic):
    allowed = Limits(unsafe_formats=("cloudpickle",))
    assert "declare `format: cloudpickle`" in refusal(pickled, None, allowed)
    assert "`cloudpickle` is not a format of models" in refusal(pickled, "cloudpickle")
    with open_model(pickled, "cloudpickle", allowed) as model:
        assert model.file.can_execute
        assert np.abs(model.predict_proba(people[0]) - logistic.predict_proba(people[0])).max() <= 1e-12


def archive(*members):
    """Return a zip archive with exactly these members, names and all."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members:
            out.writestr(name, content)
    return stream.getvalue()


def told(data):
    return f"flavors:\n  onnx:\n    data: {data}\n"


HOSTILE = {
    "a path that climbs out": (
        [("MLmodel", told("../../etc/passwd")), ("../../etc/passwd", "root")],
        "no model of a format that is read here",
    ),
    "an absolute path": ([("MLmodel", told("/etc/passwd"))], "no model of a format that is read here"),
    "a member that is not there": (
        [("MLmodel", told("model.onnx"))],
        "no model of a format that is read here",
    ),
    "a bomb": (
        [("MLmodel", told("model.onnx")), ("model.onnx", b"\0" * (64 << 20))],
        "which no model needs",
    ),
    "a large MLmodel": ([("MLmodel", "a: " + "x" * (2 << 20))], "larger than 1,048,576 bytes"),
    "two MLmodels": ([("a/MLmodel", told("m")), ("b/MLmodel", told("m"))], "2 files named MLmodel"),
    "aliases": ([("MLmodel", "a: &x [1]\nflavors: *x\n")], "uses a YAML alias"),
    "a tag that runs": ([("MLmodel", "!!python/object/apply:os.system [ls]")], "cannot be read as YAML"),
    "a tag that does not fit": ([("MLmodel", "flavors: !!bool x")], "cannot be read as YAML"),
    "no mapping": ([("MLmodel", "- 1\n")], "cannot be read as YAML"),
    "deep nesting": ([("MLmodel", "[" * 100_000)], "nested more deeply"),
    "no flavors": ([("MLmodel", "a: 1\n")], "names no flavors"),
    "flavors of another kind": (
        [("MLmodel", "flavors: {onnx: [1], sklearn: {data: [2]}}\n")],
        "no model of a format",
    ),
    "an archive in the archive": (
        [("MLmodel", told("m.zip")), ("m.zip", archive(("MLmodel", told("m.zip"))))],
        "no model of a format that is read here",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_folder_that_would_cheat_gets_a_sentence(case, tmp_path):
    members, said = HOSTILE[case]
    path = tmp_path / "model.zip"
    path.write_bytes(archive(*members))
    assert said in refusal(path)


def test_a_folder_that_is_cut_short_or_encrypted_says_so(people, tmp_path):
    skops_folder(people, tmp_path / "folder")
    path = zipped(tmp_path / "folder", tmp_path / "model.zip")
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert "cut short or damaged" in refusal(path, "mlflow")
    place = whole.index(b"PK\x01\x02")
    path.write_bytes(whole[: place + 8] + b"\x01" + whole[place + 9 :])  # the flag of encryption
    assert "encrypted" in refusal(path, "mlflow")


@pytest.mark.parametrize(
    "signature",
    ["signature: {inputs: nonsense}", 'signature: {inputs: "[1, 2]"}', "signature: [1]", ""],
)
def test_a_signature_that_cannot_be_read_names_no_columns(signature, people, tmp_path):
    onnx_folder(people, tmp_path / "folder")
    (tmp_path / "folder" / "MLmodel").write_text(f"{told('model.onnx')}{signature}\n")
    inspection = inspect_model(zipped(tmp_path / "folder", tmp_path / "model.zip"))
    assert inspection.feature_names is None
    assert inspection.n_features == 3

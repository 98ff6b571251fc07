"""Every snippet of the page "What to upload" runs as it stands, and what it writes is audited alike."""

from __future__ import annotations

import json
import re
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from auditor.sandbox import open_model, read_table
from tests.auditor.mlflow_folders import sklearn_folder

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "how-to" / "what-to-upload.md").read_text(encoding="utf-8")
NETWORKS = ROOT / "tests" / "fixtures"
FRAMEWORKS = ("scikit-learn", "XGBoost", "LightGBM", "CatBoost", "PyTorch", "Keras", "MLflow")


def snippet(heading: str) -> str:
    """Return the code that follows *heading* on the page."""
    found = re.search(
        rf"^(?:\*\*|## ){re.escape(heading)}.*?^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE
    )
    assert found, f"the page has no snippet for {heading}"
    return found[1]


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng([0, 315])
    frame = pd.DataFrame(rng.normal(size=(300, 3)), columns=["income", "debt", "age"])
    return frame, (frame["income"] - frame["debt"] > 0).astype(int)


MODELS = {
    "scikit-learn": (lambda: make_pipeline(StandardScaler(), LogisticRegression()), "model.skops", 1e-12),
    "XGBoost": (lambda: XGBClassifier(n_estimators=5), "model.json", 1e-6),
    "LightGBM": (lambda: lightgbm.LGBMClassifier(n_estimators=5, verbose=-1), "model.txt", 1e-12),
    "CatBoost": (
        lambda: CatBoostClassifier(iterations=5, verbose=0, allow_writing_files=False),
        "model.cbm",
        1e-12,
    ),
}


@pytest.mark.parametrize("framework", MODELS)
def test_the_lines_of_the_page_export_a_model_that_answers_as_it_did(
    framework, people, tmp_path, monkeypatch
):
    make, file, tolerance = MODELS[framework]
    X, y = people
    model = make().fit(X, y)
    monkeypatch.chdir(tmp_path)
    exec(snippet(framework), {"model": model})
    with open_model(tmp_path / file) as opened:
        assert opened.classes == ("0", "1")
        np.testing.assert_allclose(opened.predict_proba(X), model.predict_proba(X), atol=tolerance)


@pytest.mark.parametrize(("framework", "file"), [("PyTorch", "torch"), ("Keras", "keras")])
def test_a_network_exported_by_the_lines_of_the_page_answers_as_it_did(framework, file):
    """torch and keras take gigabytes: the script that wrote the fixtures holds the page's lines."""
    script = (NETWORKS / "make_networks.py").read_text(encoding="utf-8")
    marked = re.search(
        rf"    # the lines of the page for {framework} begin here\n(.*?)    # and end here\n",
        script,
        re.DOTALL,
    )
    assert marked
    assert re.sub(r"^    ", "", marked[1], flags=re.MULTILINE) == snippet(framework)

    expected = json.loads((NETWORKS / "networks" / "expected.json").read_text(encoding="utf-8"))
    X = pd.DataFrame(expected["features"], columns=["income", "debt", "age"])
    with open_model(NETWORKS / "networks" / f"{file}.onnx") as model:
        assert model.classes == ("0", "1")
        np.testing.assert_allclose(model.predict_proba(X), expected[file], atol=1e-6)


def test_a_zipped_mlflow_folder_answers_as_its_model_did(people, tmp_path, monkeypatch):
    X, y = people
    model = LogisticRegression().fit(X, y)
    sklearn_folder(model, tmp_path / "model_folder", list(X.columns))
    monkeypatch.chdir(tmp_path)
    exec(snippet("MLflow"), {})
    with open_model(tmp_path / "model.zip") as opened:
        assert opened.inspection.format == "mlflow"
        np.testing.assert_allclose(opened.predict_proba(X), model.predict_proba(X), atol=1e-12)


def test_the_line_for_tables_writes_one_that_is_read_back(people, tmp_path, monkeypatch):
    frame, _ = people
    monkeypatch.chdir(tmp_path)
    exec(snippet("Tables"), {"frame": frame})
    pd.testing.assert_frame_equal(read_table(tmp_path / "table.parquet"), frame)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_export_takes_at_most_three_lines(framework):
    assert 1 <= len([line for line in snippet(framework).splitlines() if line.strip()]) <= 3


def test_the_page_names_every_format_that_is_taken_or_can_be_allowed():
    from auditor.sandbox.formats import MODELS as TAKEN
    from auditor.sandbox.formats import TABLES, UNSAFE

    names = {"jsonl": "JSON Lines"}
    for form in (*TAKEN, *TABLES, *UNSAFE):
        assert names.get(form, form).lower() in PAGE.lower(), form

"""The examples are what their README says, and their script makes them again."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import skops.io
import yaml

from auditor.submission import parse

EXAMPLES = Path(__file__).parent.parent / "examples"
MORTGAGE, ALONE = EXAMPLES / "mortgage", EXAMPLES / "predictions_only"
TRUSTED = ["numpy.dtype"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Everything that the script writes, written again."""
    folder = tmp_path_factory.mktemp("examples")
    given, sys.argv = sys.argv, ["make_example.py", str(folder)]
    try:
        runpy.run_path(str(MORTGAGE / "make_example.py"), run_name="__main__")
    finally:
        sys.argv = given
    return folder


def submission(folder):
    raw = yaml.safe_load((folder / "submission.yaml").read_text(encoding="utf-8"))
    if "answers" in raw:
        raw["answers"] = yaml.safe_load((folder / raw["answers"]).read_text(encoding="utf-8"))
    return parse(raw)


def chances(path, rows, features):
    if path.suffix == ".skops":
        return skops.io.load(path, trusted=TRUSTED).predict_proba(rows[features])
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    feed = {name: rows[[name]].to_numpy(dtype="float32") for name in features}
    return session.run(["probabilities"], feed)[0]


@pytest.mark.parametrize(
    "name", ["mortgage/train.parquet", "mortgage/test.parquet", "predictions_only/applications.csv"]
)
def test_the_script_makes_the_same_data_bit_for_bit(made, name):
    assert (made / name).read_bytes() == (EXAMPLES / name).read_bytes()


def test_the_script_makes_the_same_model(made):
    rows, features = pd.read_parquet(MORTGAGE / "test.parquet"), list(submission(MORTGAGE).columns.features)
    again, kept = (
        chances(folder / "model.skops", rows, features) for folder in (made / "mortgage", MORTGAGE)
    )
    np.testing.assert_allclose(again, kept, rtol=0, atol=1e-12)


def test_both_model_files_answer_alike():
    rows, features = pd.read_parquet(MORTGAGE / "test.parquet"), list(submission(MORTGAGE).columns.features)
    first, second = (chances(MORTGAGE / f"model.{kind}", rows, features) for kind in ("skops", "onnx"))
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-6)
    assert ((first[:, 1] >= 0.5) == (second[:, 1] >= 0.5)).all()


def test_the_model_file_names_no_type_of_its_own():
    assert skops.io.get_untrusted_types(file=MORTGAGE / "model.skops") == TRUSTED


def test_the_numbers_of_the_readme_are_true():
    train, test = (pd.read_parquet(MORTGAGE / f"{part}.parquet") for part in ("train", "test"))
    everyone = pd.concat([train, test])
    assert (len(train), len(test), len(everyone)) == (994, 995, 1989)
    others, audited = (table[table["race"] != "white"] for table in (everyone, test))
    assert (len(others), (others["approve"] == 0).sum()) == (308, 90)
    assert (len(audited), (audited["approve"] == 0).sum()) == (154, 45)
    assert (everyone["sex"].isna().sum(), everyone["married"].isna().sum()) == (15, 3)
    rates = everyone.groupby(everyone["race"] != "white")["approve"].mean()
    assert rates[True] / rates[False] == pytest.approx(0.78, abs=0.005)  # the figure of the published data


def test_the_out_of_fold_file_covers_everybody():
    table = pd.read_csv(ALONE / "applications.csv")
    assert len(table) == 1989
    assert ((table["probability"] >= 0.5) == (table["decision"] == 1)).all()
    assert table["approve"].sum() == 1989 - 244


@pytest.mark.parametrize("folder", [MORTGAGE, ALONE], ids=lambda folder: folder.name)
def test_the_submission_names_what_is_there(folder):
    """Every column is in the files, every file beside the manifest, every role of one kind."""
    asked = submission(folder)
    evaluation = folder / asked.data.evaluation.file
    table = pd.read_parquet(evaluation) if evaluation.suffix == ".parquet" else pd.read_csv(evaluation)
    columns = asked.columns
    named = {*columns.groups, *(columns.features or ()), *columns.quasi_identifiers, *columns.sensitive}
    assert named <= set(table.columns)
    assert not set(columns.groups) & set(columns.features or ())
    assert set(table[columns.label].astype(str)) == {"0", columns.positive}
    assert asked.seed == 20


def test_some_questions_are_answered_and_some_are_not():
    from frameworks.load import packs

    asked = submission(MORTGAGE)
    questions = {q.key for name in asked.frameworks for q in packs()[name].attestations()}
    answers = set(asked.answers)
    assert answers <= questions, "an answer to a question that nobody asks"
    assert 8 <= len(answers) < len(questions)

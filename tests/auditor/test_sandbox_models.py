"""An honest model answers through the lock as it does outside; a dishonest file gets one sentence."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import pandas as pd
import pytest
import skops.io
import xgboost
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from xgboost import XGBClassifier

from auditor.problems import Refused
from auditor.sandbox import Limits, inspect_model, open_model
from checks.model import Model, ModelError

ROWS = 240
NUMBERS = ["income", "debt"]


@pytest.fixture(scope="module")
def people():
    """Numbers with gaps, whole numbers, truth values and text with gaps: what a training frame looks like."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "income": rng.normal(50, 12, ROWS),
            "debt": rng.normal(9, 3, ROWS),
            "children": rng.integers(0, 5, ROWS),
            "owner": rng.random(ROWS) < 0.4,
            "region": rng.choice(["north", "south, east", "西"], ROWS),
        }
    )
    frame.loc[3, "income"] = np.nan
    frame.loc[[5, 9], "region"] = None
    return frame


@pytest.fixture(scope="module")
def approved(people):
    return (people["income"].fillna(50) - 3 * people["debt"] + 10 * people["owner"] > 25).astype(int)


def pipeline(last):
    encode = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), [*NUMBERS, "children", "owner"]),
            (make_pipeline(SimpleImputer(strategy="most_frequent"), encode), ["region"]),
        ),
        last,
    )


@contextmanager
def skops_model(estimator, folder, limits=None):
    path = folder / "model.skops"
    path.write_bytes(skops.io.dumps(estimator))
    with open_model(path, "skops", limits) as model:
        yield model


def refusal(path, form=None, limits=None):
    with pytest.raises(Refused) as refused:
        inspect_model(path, form, limits)
    (problem,) = refused.value.problems
    assert problem.where == "model"
    assert problem.sentence.endswith(".")
    return problem.sentence


CLASSIFIERS = {
    "logistic": LogisticRegression(),
    "forest": RandomForestClassifier(10, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=10),
    "xgboost": XGBClassifier(n_estimators=10, max_depth=3),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_skops_pipeline_answers_as_it_does_outside(name, people, approved, tmp_path):
    """Text, whole numbers, truth values and gaps reach the pipeline as in the frame it was trained on."""
    estimator = pipeline(CLASSIFIERS[name]).fit(people, approved)
    with skops_model(estimator, tmp_path, Limits(batch_rows=100)) as model:
        assert isinstance(model, Model)
        assert (model.classes, model.has_probabilities) == (("0", "1"), True)
        assert model.features == tuple(people.columns)
        shuffled = people[list(reversed(people.columns))]  # columns are found by name
        assert np.abs(model.predict_proba(shuffled) - estimator.predict_proba(people)).max() <= 1e-12
        assert (model.predict(people) == estimator.predict(people)).all()
        assert model.predict(people[:0]).shape == (0,)


def test_classes_that_are_words_come_back_as_positions(people, approved, tmp_path):
    words = np.where(approved, "no", "yes, of course")
    estimator = pipeline(SVC()).fit(people, words)
    with skops_model(estimator, tmp_path) as model:
        assert (model.classes, model.has_probabilities) == (("no", "yes, of course"), False)
        assert (np.array(model.classes)[model.predict(people).astype(int)] == estimator.predict(people)).all()
        with pytest.raises(ModelError, match="gives no probabilities"):
            model.predict_proba(people)


def test_a_regressor_without_names_takes_columns_by_position(people, tmp_path):
    X = people[["children", "debt"]].to_numpy(dtype=float)
    estimator = GradientBoostingRegressor(n_estimators=5).fit(X, X[:, 1] * 2)
    with skops_model(estimator, tmp_path) as model:
        assert (model.classes, model.features) == ((), None)
        assert (model.predict(people[["children", "debt"]]) == estimator.predict(X)).all()
        with pytest.raises(ModelError, match="takes 2 features; 3 were given"):
            model.predict(people[["children", "debt", "income"]])


@pytest.fixture(scope="module")
def standing(people, approved, tmp_path_factory):
    """One logistic pipeline that stands ready for the tests that leave it alive."""
    estimator = pipeline(LogisticRegression()).fit(people, approved)
    with skops_model(estimator, tmp_path_factory.mktemp("standing")) as model:
        yield model


def test_an_inspection_says_what_the_file_holds(standing):
    seen = standing.inspection
    assert (seen.format, seen.kind, seen.n_features, seen.unexpected) == ("skops", "classifier", 5, ())
    assert "sklearn.linear_model._logistic.LogisticRegression" in seen.types
    assert set(seen.versions) == {"skops", "scikit-learn"}


def test_an_inspection_imports_nothing_heavy():
    """Web processes inspect; they must stay small."""
    code = (
        "import sys; from pathlib import Path; from auditor.sandbox import inspect_model, inspect_table\n"
        "inspect_model(Path('examples/mortgage/model.onnx'))\n"
        "inspect_table(Path('examples/mortgage/test.parquet'))\n"
        "print(sorted({'pandas', 'sklearn', 'pyarrow', 'onnx', 'skops'} & sys.modules.keys()))"
    )
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_text_where_a_number_belongs_names_the_column(people, approved, tmp_path):
    estimator = pipeline(LogisticRegression()).fit(people, approved)
    wrong = people.assign(debt="much")
    with skops_model(estimator, tmp_path) as model:
        with pytest.raises(ModelError, match=r"column `debt` holds text such as `much`, but the model wants"):
            model.predict(wrong)
        with pytest.raises(ModelError, match="column `debt`"):
            model.predict(people)  # a model that broke off stays broken off


def test_a_category_that_it_does_not_know_names_the_column_and_no_value(people, approved, tmp_path):
    known = people.assign(region=people["region"].fillna("none"))
    coded = make_column_transformer((OneHotEncoder(), ["region"]), remainder="drop")
    with skops_model(make_pipeline(coded, LogisticRegression()).fit(known, approved), tmp_path) as model:
        with pytest.raises(ModelError, match="column `region` holds a category that the model was not") as no:
            model.predict(known.assign(region="secret"))
        assert "secret" not in str(no.value)


def test_what_a_model_says_when_it_fails_is_one_plain_line(people, approved, tmp_path):
    estimator = LogisticRegression().fit(people[["debt"]], approved)
    with (
        skops_model(estimator, tmp_path) as model,
        pytest.raises(ModelError, match=r"^Input X contains NaN \(ValueError\)$"),
    ):
        model.predict(people[["debt"]].where(people["children"] > 1))


def test_scores_that_are_no_probabilities_are_refused(people, approved, tmp_path):
    estimator = make_pipeline(SimpleImputer(), LogisticRegression()).fit(people[NUMBERS], approved)
    estimator[-1].coef_[:] = np.nan
    with (
        skops_model(estimator, tmp_path) as model,
        pytest.raises(ModelError, match=r"it gave no finite number for 240 of 240 rows"),
    ):
        model.predict_proba(people[NUMBERS])


def test_a_missing_input_is_named(people, standing):
    with pytest.raises(ModelError, match="asks for `owner`, `region`, which the table does not have"):
        standing.predict(people[["income", "debt", "children"]])


@pytest.mark.parametrize(
    ("callable_", "named"),
    [(os.system, "posix.system"), (subprocess.check_output, "subprocess.check_output")],
    ids=["os.system", "subprocess"],
)
def test_a_type_outside_the_list_is_named_and_never_loaded(callable_, named, people, tmp_path):
    estimator = make_pipeline(FunctionTransformer(callable_), LinearRegression())
    path = tmp_path / "model.skops"
    path.write_bytes(skops.io.dumps(estimator))
    assert named in (said := refusal(path))
    assert "does not load" in said


@pytest.mark.parametrize("called", [lightgbm.Booster, xgboost.Booster, partial], ids=lambda one: one.__name__)
def test_a_class_on_the_list_is_built_from_the_file_and_never_called_by_a_model(called, tmp_path):
    """Called on a text of the file, a booster would read trees that nobody has looked at."""
    estimator = make_pipeline(FunctionTransformer(called, kw_args={"model_str": "tree"}), LinearRegression())
    path = tmp_path / "model.skops"
    path.write_bytes(skops.io.dumps(estimator))
    assert called.__name__ in (said := refusal(path))
    assert "does not load" in said


def test_a_model_that_would_read_files_is_refused(tmp_path):
    texts = ["good person", "bad person"]
    estimator = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, [0, 1])
    estimator[0].input = "filename"
    path = tmp_path / "model.skops"
    path.write_bytes(skops.io.dumps(estimator))
    assert "`countvectorizer__input` is `filename`: the model would read files" in refusal(path)


@pytest.mark.parametrize("wrong", [2**40, 0], ids=["out-of-range", "cycle"])
def test_a_tree_that_points_outside_itself_is_refused_before_it_crashes(wrong, people, approved, tmp_path):
    estimator = RandomForestClassifier(2, random_state=0).fit(people[["debt", "children"]], approved)
    estimator.estimators_[1].tree_.children_left[0] = wrong
    path = tmp_path / "model.skops"
    path.write_bytes(skops.io.dumps(estimator))
    assert "a decision tree in the model points outside itself" in refusal(path)


@pytest.mark.parametrize("part", ["order", "spans", "levels"])
def test_neighbours_that_point_outside_their_rows_are_refused_before_they_crash(part, tmp_path):
    rows = np.random.default_rng(0).normal(size=(200, 3))
    estimator = KNeighborsClassifier(algorithm="kd_tree").fit(rows, rows[:, 0] > 0)
    path = tmp_path / "model.skops"
    path.write_bytes(skops.io.dumps(estimator))
    with open_model(path) as model:
        assert (model.predict(pd.DataFrame(rows)) == estimator.predict(rows)).all()
    state = list(estimator._tree.__getstate__())
    match part:
        case "order":
            state[1] = np.full_like(state[1], 2**40)
        case "spans":
            state[2] = state[2].copy()
            state[2]["idx_end"] = 10**9
        case "levels":
            state[2] = state[2].copy()
            state[2]["is_leaf"] = 0
    estimator._tree.__setstate__(tuple(state))
    path.write_bytes(skops.io.dumps(estimator))
    assert "a search tree of neighbours in the model points outside itself" in refusal(path)


def edited(raw, change):
    """Return the skops file *raw* with its schema changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.namelist():
            body = old.read(member)
            new.writestr(member, change(body.decode()).encode() if member == "schema.json" else body)
    return out.getvalue()


def test_a_file_of_another_scikit_learn_names_both_versions(people, approved, tmp_path):
    import sklearn

    raw = skops.io.dumps(LogisticRegression().fit(people[["debt"]], approved))
    path = tmp_path / "model.skops"
    path.write_bytes(edited(raw, lambda schema: schema.replace(sklearn.__version__, "1.2.0")))
    said = refusal(path)
    assert "written by scikit-learn 1.2.0" in said
    assert f"this service has {sklearn.__version__}" in said
    assert "export it to ONNX" in said


def test_a_skops_file_that_unpacks_to_much_more_is_refused(tmp_path):
    estimator = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    estimator.coef_ = np.zeros(8_000_000)
    path = tmp_path / "model.skops"
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator))) as plain,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in plain.namelist():
            new.writestr(member, plain.read(member))
    path.write_bytes(packed.getvalue())
    assert path.stat().st_size < 200_000
    assert "would unpack to 61 MiB" in refusal(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pickle.dumps([1]), "the model is a pickle file, whatever its name: loading it could run code"),
        (gzip.compress(pickle.dumps([1])), "is a compressed file (joblib writes its pickles so too)"),
        (b"", "the model file is empty"),
        (b"\x89HDF\r\n", "the model file is an HDF5 file"),
        (b"PK\x03\x04" + b"\0" * 40 + b"data.pkl", "the model file is a zip archive"),
        (b'{"learner": {}}', "declared skops but is an XGBoost model; correct its format"),
        (b"a,b\n1,2\n", "the model file is a text file"),
    ],
    ids=["pickle", "joblib", "empty", "hdf5", "torch", "json", "csv"],
)
def test_a_file_of_another_kind_is_told_by_its_bytes(content, said, tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(content)
    sentence = refusal(path, "skops")
    assert said in sentence
    assert "skops.io.dump" in sentence or "ONNX" in sentence or "upload" in sentence or "correct" in sentence


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_truncated_skops_says_so(share, people, approved, tmp_path):
    raw = skops.io.dumps(pipeline(LogisticRegression()).fit(people, approved))
    path = tmp_path / "model.skops"
    path.write_bytes(raw[: int(share * len(raw))])
    assert "begins like a skops file but is cut short or damaged" in refusal(path, "skops")


def test_a_model_that_takes_too_long_is_ended(people, approved, tmp_path):
    estimator = pipeline(LogisticRegression()).fit(people, approved)
    with (
        skops_model(estimator, tmp_path, Limits(call_seconds=0.001)) as model,
        pytest.raises(ModelError, match=r"did not answer within 0\.001 seconds"),
    ):
        model.predict(people)


def test_a_model_that_wants_more_memory_than_allowed_says_so(people, approved, tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(skops.io.dumps(pipeline(LogisticRegression()).fit(people, approved)))
    assert "memory" in refusal(path, limits=Limits(memory_bytes=300 << 20))


def test_a_model_over_the_size_limit_is_refused(tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(skops.io.dumps(LinearRegression().fit([[0.0]], [0.0])))
    assert "larger than" in refusal(path, limits=Limits(model_bytes=100))


# ONNX


def written(model, folder):
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("zipmap", [True, False], ids=["maps", "matrix"])
def test_onnx_with_one_input_a_feature_answers_as_scikit_learn(zipmap, people, approved, tmp_path):
    filled = people[[*NUMBERS, "region"]].fillna({"region": "north", "income": 50.0})
    encode = OneHotEncoder(handle_unknown="ignore")
    estimator = make_pipeline(
        make_column_transformer((StandardScaler(), NUMBERS), (encode, ["region"])),
        LogisticRegression(),
    ).fit(filled, np.where(approved, "grant", "deny"))
    kinds = [(name, FloatTensorType([None, 1])) for name in NUMBERS] + [
        ("region", StringTensorType([None, 1]))
    ]
    options = {LogisticRegression: {"zipmap": zipmap}}
    path = written(to_onnx(estimator, initial_types=kinds, options=options), tmp_path)
    with open_model(path) as model:
        assert isinstance(model, Model)
        assert (model.classes, model.features) == (("deny", "grant"), (*NUMBERS, "region"))
        assert np.abs(model.predict_proba(filled) - estimator.predict_proba(filled)).max() <= 1e-6
        decided = np.array(model.classes)[model.predict(filled).astype(int)]
        assert (decided == estimator.predict(filled)).all()
        with pytest.raises(ModelError, match="asks for `debt`, which the table does not have"):
            model.predict(filled[["income", "region"]])
        with pytest.raises(ModelError, match="column `debt` holds text such as `much`"):
            model.predict(filled.assign(debt="much"))


def test_onnx_with_one_matrix_takes_the_declared_order(people, approved, tmp_path):
    X = people[["debt", "children", "owner"]]
    estimator = RandomForestClassifier(5, max_depth=3, random_state=0).fit(
        X.to_numpy(dtype=np.float32), approved
    )
    path = written(to_onnx(estimator, initial_types=[("X", FloatTensorType([None, 3]))]), tmp_path)
    with open_model(path, "onnx") as model:
        assert (model.classes, model.features, model.inspection.n_features) == (("0", "1"), None, 3)
        outside = estimator.predict_proba(X.to_numpy(dtype=np.float32))
        assert np.abs(model.predict_proba(X) - outside).max() <= 1e-6
        with pytest.raises(ModelError, match="takes 3 features; 2 were given"):
            model.predict(X[["debt", "owner"]])


def test_an_onnx_regressor_answers_values(people, tmp_path):
    X = people[["debt", "children"]]
    estimator = LinearRegression().fit(X.to_numpy(), people["debt"] * 2 + 1)
    path = written(to_onnx(estimator, initial_types=[("X", FloatTensorType([None, 2]))]), tmp_path)
    with open_model(path) as model:
        assert (model.classes, model.inspection.kind) == ((), "regressor")
        assert model.predict(X) == pytest.approx(people["debt"] * 2 + 1, rel=1e-5)


def tiny(**changes):
    """Return a small valid ONNX graph, changed as asked."""
    given = helper.make_tensor_value_info("income", TensorProto.FLOAT, [None, 1])
    out = helper.make_tensor_value_info("value", TensorProto.FLOAT, [None, 1])
    nodes = changes.get("nodes") or [helper.make_node("Abs", ["income"], ["value"])]
    graph = helper.make_graph(nodes, "tiny", [given], [out], changes.get("initializer", []))
    opsets = [helper.make_opsetid("", 17), *changes.get("opsets", [])]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def test_onnx_weights_in_another_file_are_refused(tmp_path):
    weight = helper.make_tensor("w", TensorProto.FLOAT, [1, 1], [1.0])
    weight.ClearField("float_data")
    weight.data_location = onnx.TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="../../etc/passwd")
    node = helper.make_node("MatMul", ["income", "w"], ["value"])
    said = refusal(written(tiny(nodes=[node], initializer=[weight]), tmp_path))
    assert "its weights lie in another file" in said


def test_onnx_operators_of_other_domains_are_refused(tmp_path):
    node = helper.make_node("Evil", ["income"], ["value"], domain="com.example")
    model = tiny(nodes=[node], opsets=[helper.make_opsetid("com.example", 1)])
    assert "it uses operators of `com.example`" in refusal(written(model, tmp_path))


def test_a_truncated_onnx_says_so(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny().SerializeToString()[:-9])
    assert "it is not a whole ONNX file" in refusal(path, "onnx")


def test_an_onnx_graph_that_allocates_without_end_is_stopped(tmp_path):
    shape = helper.make_tensor("shape", TensorProto.INT64, [2], [1 << 20, 10_000])
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["total"], keepdims=1),
        helper.make_node("Add", ["income", "total"], ["value"]),
    ]
    path = written(tiny(nodes=nodes, initializer=[shape]), tmp_path)
    with pytest.raises((ModelError, Refused)), open_model(path) as model:
        model.predict(pd.DataFrame({"income": [1.0]}))


def test_a_declared_format_that_is_not_the_files_is_refused(tmp_path):
    path = written(tiny(), tmp_path)
    assert "declared skops but is an ONNX model" in refusal(path, "skops")
    assert "`pickle` is not a format of models" in refusal(path, "pickle")


def test_a_schema_that_is_no_schema_is_refused(tmp_path):
    path = tmp_path / "model.skops"
    for schema in (json.dumps([1]), "[" * 100_000, "no json"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("schema.json", schema)
        assert "skops.io.dump" in refusal(path)

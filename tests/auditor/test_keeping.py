"""What a locked file tells of the data that it keeps, in every format, is what its library tells outside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import skops.io
from skl2onnx import to_onnx
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from auditor.problems import Refused
from auditor.sandbox import inspect_model, open_model
from checks.model import Rows
from tests.auditor.boosted import FEATURES, filled, framed, people, write


@pytest.fixture(scope="module")
def table():
    """The people of the boosters, with one who lives alone."""
    rows = people()
    rows.loc[0, "region"] = "island"
    return rows


LIBRARY = {
    "xgboost json": lambda model, rows: model.apply(framed(rows)),
    "lightgbm txt": lambda model, rows: model.predict(framed(rows), pred_leaf=True),
    "catboost cbm": lambda model, rows: model.calc_leaf_indexes(filled(rows)),
}
SHOWN = {"xgboost json": framed, "lightgbm txt": framed, "catboost cbm": filled}


@pytest.mark.parametrize("kind", LIBRARY)
def test_boosters_tell_their_leaves_and_lists_and_hold_no_rows(kind, table, tmp_path):
    path, _, model = write(kind, "binary", table, tmp_path)
    given = table[FEATURES] if kind != "catboost cbm" else filled(table)
    with open_model(path) as locked:
        memory = locked.inspection.memory
        assert memory.rows is Rows.NEVER
        assert memory.trees == 5
        assert np.array_equal(locked.leaves(given), LIBRARY[kind](model, table).reshape(len(table), -1))
        assert not locked.stored(given).any()
        listed = pd.DataFrame(locked.listed(given), columns=given.columns)
    if kind == "catboost cbm":
        assert not memory.lists
        assert listed.isna().all(axis=None)
    else:
        assert memory.lists
        assert listed.loc[0, "region"] == 1
        assert np.isnan(listed.loc[5, "region"])
        assert listed["income"].isna().all()


def test_learnt_numbers_of_boosters_are_those_of_their_trees(table, tmp_path):
    """Two a split and one a leaf, counted in the dumps of the libraries; CatBoost: one a split of a level."""
    path, _, model = write("xgboost json", "binary", table, tmp_path)
    dump = "".join(model.get_booster().get_dump())
    leaves = dump.count("leaf=")
    assert inspect_model(path).memory.numbers == 2 * (dump.count("\n") - leaves) + leaves
    path, _, model = write("lightgbm txt", "binary", table, tmp_path)
    dump = model.booster_.trees_to_dataframe()
    leaves = dump["left_child"].isna().sum()
    assert inspect_model(path).memory.numbers == 2 * (len(dump) - leaves) + leaves
    path, _, model = write("catboost cbm", "binary", table, tmp_path)
    assert inspect_model(path).memory.numbers == 5 * (3 + 2**3)


@pytest.mark.parametrize(
    "kind", ["skops forest", "skops histogram", "skops lightgbm", "skops catboost", "mlflow txt"]
)
def test_leaves_come_out_of_every_container(kind, table, tmp_path):
    """A pipeline of any library, or a folder around a file: five trees, each of more than one leaf."""
    path, _, _ = write(kind, "binary", table, tmp_path)
    with open_model(path) as locked:
        leaves = locked.leaves(table[FEATURES])
    assert leaves.shape == (len(table), 5)
    assert all(1 < len(np.unique(tree)) <= 31 for tree in leaves.T)


HOLDERS = {
    "neighbours": KNeighborsClassifier,
    "vectors": SVC,
    "process": GaussianProcessClassifier,
}


@pytest.mark.filterwarnings("ignore:Attribute `prob:FutureWarning")  # its converter asks for them
@pytest.mark.parametrize(
    ("kind", "form"),
    [*((kind, "skops") for kind in HOLDERS), ("neighbours", "onnx"), ("vectors", "onnx")],
)
def test_rows_are_found_where_they_stand(kind, form, tmp_path):
    """Scaled first, so that they stand there as no table has them."""
    rng = np.random.default_rng(3)
    rows = pd.DataFrame(rng.normal(50, 9, size=(2, 90, 3)).reshape(180, 3), columns=list("abc")).round(2)
    mine, others = rows.iloc[:90], rows.iloc[90:]
    model = make_pipeline(StandardScaler(), HOLDERS[kind]())
    model.fit(mine, mine["a"] + rng.normal(0, 5, 90) > 50)
    path = tmp_path / f"model.{form}"
    if form == "skops":
        path.write_bytes(skops.io.dumps(model))
    else:
        first = mine.to_numpy(dtype=np.float32)[:1]
        path.write_bytes(to_onnx(model, first, options={"zipmap": False}).SerializeToString())
    held = len(model[-1].support_) if kind == "vectors" else 90
    with open_model(path) as locked:
        assert locked.stored(mine).sum() == held
        assert not locked.stored(others).any()


@pytest.mark.parametrize(
    "told", [{"numbers": -1}, {"numbers": "many"}, {"trees": 2**60}, {"rows": "perhaps"}]
)
def test_a_description_that_is_none_is_refused(told, monkeypatch, table, tmp_path):
    from auditor.sandbox import models

    path, _, _ = write("lightgbm txt", "binary", table, tmp_path)
    plain = models._memory
    monkeypatch.setattr(models, "_memory", lambda said: plain({**said, **told}))
    with pytest.raises(Refused):
        inspect_model(path)

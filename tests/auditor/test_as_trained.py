"""Pandas categories, and None and NaN, reach a model from skops as they did in training."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
import skops.io
import xgboost
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from auditor.sandbox import open_model
from checks.model import ModelError
from tests.auditor.boosted import FEATURES, QUIET, framed, people

CATEGORICAL = {
    "xgboost": xgboost.XGBClassifier(**QUIET, enable_categorical=True),
    "lightgbm": lightgbm.LGBMClassifier(**QUIET, verbose=-1, min_child_samples=5),
    "histogram": HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype"),
}


def saved(model, folder):
    path = folder / "model.skops"
    path.write_bytes(skops.io.dumps(model))
    return path


@pytest.mark.parametrize("library", CATEGORICAL)
def test_a_model_of_pandas_categories_takes_text(library, tmp_path):
    table = people()
    model = CATEGORICAL[library].fit(framed(table), table["binary"])
    with open_model(saved(model, tmp_path)) as opened:
        answer = opened.predict_proba(table[FEATURES])
    assert np.abs(answer - model.predict_proba(framed(table))).max() <= 1e-6


def test_a_category_that_xgboost_never_saw_is_named_inside_skops_too(tmp_path):
    table = people()
    model = CATEGORICAL["xgboost"].fit(framed(table), table["binary"])
    with (
        open_model(saved(model, tmp_path)) as opened,
        pytest.raises(ModelError, match="column `region` holds a category that the model was not"),
    ):
        opened.predict(table[FEATURES].assign(region="moon"))


MISSING = {
    "an encoder that learned None": (None, OneHotEncoder(handle_unknown="ignore")),
    "an encoder that learned NaN": (np.nan, OneHotEncoder(handle_unknown="ignore")),
    "an imputer of None": (
        None,
        make_pipeline(SimpleImputer(missing_values=None, strategy="most_frequent"), OrdinalEncoder()),
    ),
    "an imputer of NaN": (np.nan, make_pipeline(SimpleImputer(strategy="most_frequent"), OrdinalEncoder())),
}


@pytest.mark.parametrize("case", MISSING)
def test_missing_text_is_what_it_was_in_training(case, tmp_path):
    """The table holds gaps; whether training called them None or NaN is read from the model."""
    table = people()
    missing, encoder = MISSING[case]
    region = table["region"].astype(object)
    trained = table[["region"]].assign(region=region.where(table["region"].notna(), missing))
    table["missing"] = (table["region"].isna() | (table["region"] == "north")).astype(int)
    model = make_pipeline(make_column_transformer((encoder, ["region"])), LogisticRegression())
    model.fit(trained, table["missing"])
    with open_model(saved(model, tmp_path)) as opened:
        answer = opened.predict_proba(table[["region"]])
    assert np.abs(answer - model.predict_proba(trained)).max() <= 1e-9


def test_truth_values_with_gaps_are_imputed_as_in_training(tmp_path):
    table = people()
    owner = table[["owner"]].astype(object)
    owner.loc[7, "owner"] = np.nan
    model = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(), LogisticRegression())
    model.fit(owner, table["binary"])
    with open_model(saved(model, tmp_path)) as opened:
        answer = opened.predict_proba(owner)
    assert np.abs(answer - model.predict_proba(owner)).max() <= 1e-9

"""Every limit of a model ends in a sentence that names it and its setting."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from auditor.problems import Refused
from auditor.sandbox import Limits, open_model
from checks.model import ModelError

ROWS = pd.DataFrame({"a": [0.0, 1, 2, 3, 4, 5], "b": [1.0, 0, 1, 0, 1, 0]})


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.skops"
    skops.io.dump(LogisticRegression().fit(ROWS, np.array(["x", "y", "z"] * 2)), path)
    return path


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [
        ("model_bytes", 100, "the model is larger than 0 MiB"),
        ("model_members", 1, "1 are allowed"),
        ("model_unpacked_bytes", 10, "which no model needs"),
        ("open_seconds", 0.001, "it did not answer within 0.001 seconds"),
        ("columns", 1, "it has more than 1 features"),
        ("classes", 2, "it has more than 2 classes"),
    ],
)
def test_every_limit_of_a_model_has_its_sentence(limit, value, said, path):
    with pytest.raises(Refused) as refused, open_model(path, None, Limits(**{limit: value})):
        pass
    (problem,) = refused.value.problems
    assert said in problem.sentence
    assert f"ask the operator to raise AUDITOR_LIMIT_{limit.upper()}" in problem.sentence


def test_a_batch_that_takes_too_long_names_its_limit(path):
    with (
        open_model(path, None, Limits(call_seconds=0.000_1)) as model,
        pytest.raises(ModelError, match="AUDITOR_LIMIT_CALL_SECONDS"),
    ):
        model.predict(pd.concat([ROWS] * 1_000))

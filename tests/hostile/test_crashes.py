"""CatBoost files that pass our look at their trees and crash CatBoost itself.

The statistics of categories follow the trees in a form of CatBoost's own, which it reads without looking.
Only the lock stands there: the child dies, and the submitter is told what happened and what to do.
"""

from __future__ import annotations

import struct

import catboost
import numpy as np
import pandas as pd
import pytest

from auditor.problems import Refused
from auditor.sandbox import Limits, open_model
from auditor.sandbox.inside import catboost_trees
from checks.model import ModelError

LIMITS = Limits(memory_bytes=2 << 30, cpu_seconds=20, open_seconds=30, call_seconds=20)
CRASHES = "it crashed the process that reads it"


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.normal(size=200), "town": rng.choice(list("abcdefgh"), 200)})


@pytest.fixture(scope="module")
def whole(people, tmp_path_factory):
    """A model with statistics of a category, as CatBoost wrote it."""
    answer = ((people["a"] > 0) ^ people["town"].isin(["a", "b"])).astype(int)
    model = catboost.CatBoostClassifier(
        iterations=5, depth=3, one_hot_max_size=2, random_seed=0, verbose=0, thread_count=1,
        allow_writing_files=False,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("whole") / "model.cbm"
    model.fit(people, answer, cat_features=["town"]).save_model(str(path))
    return path.read_bytes()


def ask(raw, people, tmp_path):
    (path := tmp_path / "model.cbm").write_bytes(raw)
    with open_model(path, None, LIMITS) as model:
        return model.predict_proba(people.head(5))


def edited(whole, at, value):
    """Return the file with a number changed among its statistics, where we do not look."""
    raw = bytearray(whole)
    struct.pack_into("<I", raw, 8 + int.from_bytes(raw[4:8], "little") + at, value)
    catboost_trees.check(bytes(raw))
    return bytes(raw)


def test_the_unedited_file_answers(whole, people, tmp_path):
    assert ask(whole, people, tmp_path).shape == (5, 2)


CRASHING = {
    "more than there is": (0, 0xFFFFFFFF, Refused),
    "while loading": (11, 0xFFFFFFFF, Refused),
    "while answering": (22, 0x10000, ModelError),
}
"""Case -> which number becomes what, and at what time the child dies."""


@pytest.mark.parametrize("case", CRASHING)
def test_a_file_that_crashes_catboost_ends_its_own_child_in_a_sentence(case, whole, people, tmp_path):
    at, value, when = CRASHING[case]
    with pytest.raises(when) as no:
        ask(edited(whole, at, value), people, tmp_path)
    said = str(no.value)
    assert CRASHES in said
    assert "it is damaged" in said
    assert "save it again" in said
    assert "Traceback" not in said
    assert ask(whole, people, tmp_path).shape == (5, 2), "the next file is read as before"

"""Models that try to look better while they are audited: caught, disarmed, or named as not excludable.

Most cheats here are ONNX graphs: a format that holds only data and operators, and can cheat all the same.
"""

from __future__ import annotations

import os
import sys
from functools import partial

import cloudpickle
import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper

from auditor.problems import Refused
from auditor.sandbox import Limits, open_model
from auditor.subjects import integrity
from auditor.subjects.answers import answers, question
from auditor.subjects.classes import Outcomes
from checks.model import Roles, Task
from reports.compose.asked import asked
from reports.compose.view import View
from tests.reports.sample import SUBMISSION

ROWS = 600
ROLES = Roles(positive="1", favourable="1", groups=("sex",), features=("income", "male"), threshold=0.5)
SETTLED = Outcomes(("0", "1"), "1", "1")


def people(rows=ROWS, seed=11):
    rng = np.random.default_rng(seed)
    male = rng.integers(0, 2, rows).astype(float)
    return pd.DataFrame(
        {"income": rng.normal(50, 12, rows).round(2), "male": male, "sex": np.where(male == 1, "m", "f")}
    )


PEOPLE = people()
X = PEOPLE[["income", "male"]]


def unfair(frame):
    """Favour men by two points of logit: what every cheat here does when nobody looks."""
    chance = 1 / (1 + np.exp(-(0.15 * (frame["income"] - 50) + 2.0 * frame["male"] - 1.0)))
    return chance.to_numpy()


def graph(*cheat, constants=None):
    """Return an ONNX model: `unfair` is the honest logit, `fair` one that ignores sex, `logit` the answer."""
    held = {
        "w": np.array([[0.15], [2.0]], np.float32),
        "w_fair": np.array([[0.15], [0.0]], np.float32),
        "b": np.array([-8.5], np.float32),
        "b_fair": np.array([-7.5], np.float32),
        "one": np.array([1.0], np.float32),
        "zero": np.array([0], np.int64),
        "first_axis": np.array([0], np.int64),
        **(constants or {}),
    }
    node = helper.make_node
    nodes = [
        node("MatMul", ["X", "w"], ["xw"]),
        node("Add", ["xw", "b"], ["unfair"]),
        node("MatMul", ["X", "w_fair"], ["xw_fair"]),
        node("Add", ["xw_fair", "b_fair"], ["fair"]),
        *(node(kind, taken, [made], **more) for kind, taken, made, more in cheat),
        node("Sigmoid", ["logit"], ["yes"]),
        node("Sub", ["one", "yes"], ["no"]),
        node("Concat", ["no", "yes"], ["probabilities"], axis=1),
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "model",
            [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 2])],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])],
            [numpy_helper.from_array(value, name) for name, value in held.items()],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return model.SerializeToString()


COUNT = [("Shape", ["X"], "shape", {}), ("Gather", ["shape", "zero"], "count", {})]
CHOOSE = ("Where", ["audited", "fair", "unfair"], "logit", {})

EQUALISES_EACH_BATCH = graph(
    ("Sub", ["xw", "xw_fair"], "of_sex", {}),
    ("ReduceMean", ["of_sex"], "mean", {"axes": [0]}),
    ("Sub", ["of_sex", "mean"], "apart", {}),
    ("Sub", ["unfair", "apart"], "logit", {}),
)
FAIR_IN_LARGE_BATCHES = graph(
    *COUNT, ("Greater", ["count", "many"], "audited", {}), CHOOSE, constants={"many": np.array([40])}
)
FAIR_FOR_ONE_ROW_ALONE = graph(
    *COUNT, ("Equal", ["count", "many"], "audited", {}), CHOOSE, constants={"many": np.array([1])}
)
FAIR_FOR_A_FILE_OF_THIS_LENGTH = graph(
    *COUNT, ("Equal", ["count", "many"], "audited", {}), CHOOSE, constants={"many": np.array([ROWS])}
)
FAIR_AFTER_THIS_FIRST_ROW = graph(
    ("Gather", ["X", "zero"], "head", {"axis": 0}),
    ("Sub", ["head", "known"], "gap", {}),
    ("Abs", ["gap"], "size", {}),
    ("ReduceMax", ["size"], "most", {"axes": [1], "keepdims": 1}),
    ("Less", ["most", "close"], "audited", {}),
    CHOOSE,
    constants={"known": X.iloc[:1].to_numpy(np.float32), "close": np.array([1e-3], np.float32)},
)
ANSWERS_BY_PLACE = graph(
    *COUNT,
    ("Squeeze", ["count"], "n", {}),
    ("Range", ["start", "n", "step"], "place", {}),
    ("Mod", ["place", "two"], "odd", {}),
    ("Unsqueeze", ["odd", "last_axis"], "column", {}),
    ("Equal", ["column", "zero"], "audited", {}),
    CHOOSE,
    constants={
        "start": np.array(0),
        "step": np.array(1),
        "two": np.array([2]),
        "last_axis": np.array([1]),
    },
)
DRAWS_AT_RANDOM = graph(
    ("RandomNormalLike", ["unfair"], "noise", {"scale": 0.5}), ("Add", ["unfair", "noise"], "logit", {})
)
KNOWS_THE_PEOPLE = graph(
    ("Unsqueeze", ["X", "middle"], "each", {}),
    ("Sub", ["each", "known"], "gap", {}),
    ("Abs", ["gap"], "size", {}),
    ("ReduceMax", ["size"], "worst", {"axes": [2], "keepdims": 0}),
    ("ReduceMin", ["worst"], "nearest", {"axes": [1], "keepdims": 1}),
    ("Less", ["nearest", "close"], "audited", {}),
    CHOOSE,
    constants={
        "middle": np.array([1]),
        "known": X.to_numpy(np.float32)[None],
        "close": np.array([1e-3], np.float32),
    },
)
HONEST = graph(("Identity", ["unfair"], "logit", {}))


def audited(raw, folder, seed=0, form="onnx"):
    """Return what the audit takes from the model in *raw*, and the facts of its probe."""
    path = folder / "model"
    path.write_bytes(raw)
    opened = partial(open_model, path, form, Limits(unsafe_formats=("pickle", "cloudpickle")))
    with opened() as model:
        said = answers(Task.BINARY, PEOPLE, ROLES, SETTLED, model, seed=seed)
        facts = integrity.probe(
            question(Task.BINARY, ROLES, SETTLED, model),
            X,
            said.asked,
            opened,
            within=integrity.tolerance(model),
            strata=[PEOPLE["sex"].to_numpy()],
            seed=seed,
        )
    return said, facts


def refusal(raw, folder, form="onnx"):
    with pytest.raises(Refused) as refused:
        audited(raw, folder, form=form)
    (problem,) = refused.value.problems
    assert (problem.where, problem.code) == ("model", "not-a-function")
    assert problem.sentence.startswith("the model is not a function of one row: results void (")
    return problem.sentence


def rate_gap(decision):
    favoured = pd.Series(decision == "1").groupby(PEOPLE["sex"].to_numpy()).mean()
    return float(favoured["m"] - favoured["f"])


HONEST_GAP = rate_gap(np.where(unfair(X) >= 0.5, "1", "0"))


def test_the_honest_model_is_unfair_and_shown_so(tmp_path):
    said, facts = audited(HONEST, tmp_path)
    assert HONEST_GAP > 0.3
    assert rate_gap(said.decision) == HONEST_GAP
    assert np.abs(said.score - unfair(X)).max() < 1e-6
    assert (facts["outcome"], facts["disagreeing"], facts["changed_decisions"]) == ("agrees", 0, 0)
    assert (facts["alone"], facts["rows"], facts["processes"], facts["decoys"]) == (64, ROWS, 1, 150)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(EQUALISES_EACH_BATCH, id="one that equalises rates in every batch"),
        pytest.param(FAIR_IN_LARGE_BATCHES, id="one that is fair only in large batches"),
        pytest.param(FAIR_FOR_ONE_ROW_ALONE, id="one that is fair only to a row alone"),
        pytest.param(ANSWERS_BY_PLACE, id="one that answers by the place in the batch"),
    ],
)
def test_a_graph_that_looks_at_its_batch_is_void(raw, tmp_path):
    sentence = refusal(raw, tmp_path)
    assert "in a fresh process" in sentence
    assert f"of {ROWS:,} rows get another answer" in sentence
    fix = "take out what looks at the other rows of a batch (mean, ranks, size, order) and export it again."
    assert sentence.endswith(fix)


def test_a_graph_that_draws_at_random_is_void_in_words_of_its_own(tmp_path):
    assert "the same batch asked twice got two answers" in refusal(DRAWS_AT_RANDOM, tmp_path)


@pytest.mark.parametrize("raw", [FAIR_AFTER_THIS_FIRST_ROW, FAIR_FOR_A_FILE_OF_THIS_LENGTH])
def test_a_graph_that_waits_for_the_file_as_it_stands_never_sees_it(raw, tmp_path):
    """Asked in one piece it would look fair; in shuffled parts with decoys it shows what it is."""
    path = tmp_path / "model.onnx"
    path.write_bytes(raw)
    with open_model(path) as model:
        in_one_piece = model.predict_proba(X)[:, 1]
    assert abs(rate_gap(np.where(in_one_piece >= 0.5, "1", "0"))) < HONEST_GAP / 2
    said, facts = audited(raw, tmp_path)
    assert rate_gap(said.decision) == HONEST_GAP
    assert facts["outcome"] == "agrees"


def test_a_graph_that_knows_the_people_themselves_is_not_caught_and_the_report_says_so(tmp_path):
    """It is a function of one row: nothing that compares answers can exclude it."""
    said, facts = audited(KNOWS_THE_PEOPLE, tmp_path)
    assert abs(rate_gap(said.decision)) < HONEST_GAP / 2
    assert facts["outcome"] == "agrees"
    words = told(facts)
    assert "What this cannot exclude:" in words
    assert "A model that knows the very people of the evaluation table" in words
    assert "150 decoys" in words


def told(facts):
    """Return the words of the report about how the model was asked."""
    submission = SUBMISSION | {"resolved": {"answers_from": "model", "integrity": facts}}
    view = View(
        "2026-12-01", "0" * 64, submission, engine={}, evidence=(), findings=(), verdicts={}, frameworks={}
    )
    return str(asked(view))


class Unfair:
    """The same rule as the graphs, as an estimator that only a pickle can carry."""

    _estimator_type = "classifier"
    classes_ = np.array([0, 1])
    n_features_in_ = 2
    feature_names_in_ = np.array(["income", "male"], dtype=object)
    calls = 0

    def __sklearn_tags__(self):
        from sklearn.base import ClassifierMixin

        return ClassifierMixin().__sklearn_tags__()

    def predict_proba(self, frame):
        logit = 0.15 * (np.asarray(frame["income"]) - 50) + 2.0 * np.asarray(frame["male"]) - 1.0
        chance = 1 / (1 + np.exp(-logit))
        return np.column_stack([1 - chance, chance])

    def predict(self, frame):
        return (self.predict_proba(frame)[:, 1] >= 0.5).astype(int)


class FairAtFirst(Unfair):
    """Shows its better side to the first ten questions."""

    def predict_proba(self, frame):
        self.calls += 1
        if self.calls > 10:
            return super().predict_proba(frame)
        return super().predict_proba(frame.assign(male=0.5))


class Watchful(Unfair):
    """Shows its better side where no file of its author's machine is to be seen."""

    def predict_proba(self, frame):
        try:
            os.listdir("/etc")  # noqa: PTH208 - a module that the child has
        except OSError:
            frame = frame.assign(male=0.5)
        return super().predict_proba(frame)


class Patching(Unfair):
    """Changes pandas and numpy on load, so that every mean comes out equal."""

    def __setstate__(self, state):
        vars(self).update(state)
        pd.Series.mean = pd.DataFrame.mean = lambda *_, **__: 0.5
        np.mean = np.abs = lambda *_, **__: 0.0
        sys.modules["checks.values"] = sys.modules["auditor.subjects.integrity"] = None


def carried(estimator):
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    try:
        return cloudpickle.dumps(estimator)
    finally:
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def test_a_model_that_counts_its_calls_is_void(tmp_path):
    """Each process starts to count anew: to the first rows asked alone it is fair, to the rest it is not."""
    assert "decisions change" in refusal(carried(FairAtFirst()), tmp_path, "cloudpickle")


def test_a_model_that_patches_pandas_on_load_patches_its_own_process_only(tmp_path):
    """Whatever it does there, numbers alone come back, and every rate is computed here."""
    before = (pd.Series.mean, pd.DataFrame.mean, np.mean, np.abs)
    patching = Patching()
    patching.marked = True  # without a state, nothing would be set on load
    said, facts = audited(carried(patching), tmp_path, form="cloudpickle")
    assert (pd.Series.mean, pd.DataFrame.mean, np.mean, np.abs) == before
    assert rate_gap(said.decision) == HONEST_GAP
    assert facts["outcome"] == "agrees"


def test_a_model_that_notices_the_lock_is_not_excluded_and_the_report_says_so(tmp_path):
    """It answers every row alike wherever it is asked here, so no comparison of answers can show it."""
    outside = Watchful().predict_proba(X)[:, 1]
    assert rate_gap(np.where(outside >= 0.5, "1", "0")) == HONEST_GAP
    said, facts = audited(carried(Watchful()), tmp_path, form="cloudpickle")
    assert facts["outcome"] == "agrees"
    assert abs(rate_gap(said.decision)) < HONEST_GAP / 2
    assert "notices the locked process in which it is asked" in told(facts)

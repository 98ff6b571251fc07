"""Rows are spelt as each protocol wants them, and no answer is believed before it is checked."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.endpoint.asked import Endpoint
from auditor.endpoint.protocols import read, rows_of, write
from auditor.problems import Refused
from auditor.submission import parse
from checks.model import ModelError, Task
from tests.auditor.endpoint.servers import json_endpoint, opened, reply, rules, said, serving

URL = "https://models.example.org/x"
CLASSES = ("no", "yes")
TWO = pd.DataFrame({"income": [1.5, 2.0], "sex": ["f", "m"]})


def asked(protocol, **more):
    return Endpoint.model_validate({"url": URL, "protocol": protocol, **more})


# Questions

MIXED = pd.DataFrame(
    {
        "income": [1.5, np.nan],
        "age": pd.array([30, 41], dtype="int64"),
        "member": [True, False],
        "name": ["Zoë", None],
        "since": pd.to_datetime(["2020-01-02", None]),
    }
)


def test_missing_values_are_null_and_moments_are_iso_text():
    assert rows_of(MIXED) == [
        [1.5, 30, True, "Zoë", "2020-01-02T00:00:00"],
        [None, 41, False, None, None],
    ]


def test_mlflow_and_json_rows_keep_names_and_order():
    names, rows = ["income", "sex"], rows_of(TWO)
    split = {"dataframe_split": {"columns": names, "data": [[1.5, "f"], [2.0, "m"]]}}
    assert json.loads(write(asked("mlflow"), names, rows)) == split
    mapped = {"instances": [{"income": 1.5, "sex": "f"}, {"income": 2.0, "sex": "m"}]}
    assert json.loads(write(asked("json", rows_key="instances"), names, rows)) == mapped
    assert json.loads(write(asked("json", row_shape="list"), names, rows)) == {"rows": rows}


def test_v2_columns_are_typed_tensors():
    sent = json.loads(write(asked("v2", output="p"), ["income", "sex"], rows_of(TWO)))
    assert [(one["name"], one["datatype"], one["shape"]) for one in sent["inputs"]] == [
        ("income", "FP64", [2, 1]),
        ("sex", "BYTES", [2, 1]),
    ]
    assert sent["outputs"] == [{"name": "p"}]
    kinds = pd.DataFrame({"a": [1, 2], "b": [True, False]})
    sent = json.loads(write(asked("v2"), ["a", "b"], rows_of(kinds)))
    assert [one["datatype"] for one in sent["inputs"]] == ["INT64", "BOOL"]


def test_v2_cannot_carry_missing_values_or_text_in_a_matrix_and_says_so():
    with pytest.raises(ModelError, match="`income` has missing values"):
        write(asked("v2"), list(MIXED.columns), rows_of(MIXED))
    with pytest.raises(ModelError, match="carries numbers only"):
        write(asked("v2", inputs="matrix"), ["income", "sex"], rows_of(TWO))


def test_an_infinite_feature_is_not_sent():
    with pytest.raises(ModelError, match="infinite"):
        rows_of(pd.DataFrame({"a": [np.inf]}))


# Answers


def _v2(data, shape, **more):
    return {"outputs": [{"name": "p", "datatype": "FP64", "data": data, "shape": shape, **more}]}


@pytest.mark.parametrize(
    ("protocol", "answer", "found"),
    [
        ("mlflow", {"predictions": ["yes", "no"]}, ["yes", "no"]),
        ("mlflow", [0, 1.5], [0.0, 1.5]),
        ("mlflow", {"predictions": [[0.25, 0.75], [1, 0]]}, [(0.25, 0.75), (1.0, 0.0)]),
        ("mlflow", {"predictions": [{"yes": 1, "no": 0}, {"no": 1, "yes": 0}]}, [(0.0, 1.0), (1.0, 0.0)]),
        ("mlflow", [True, False], ["true", "false"]),
        ("v2", _v2([0.25, 0.75, 1, 0], [2, 2]), [(0.25, 0.75), (1.0, 0.0)]),
        ("v2", _v2([[0.25, 0.75], [1, 0]], [2, 2]), [(0.25, 0.75), (1.0, 0.0)]),
        ("v2", _v2(["a", "b"], [2, 1]), ["a", "b"]),
        ("v2", _v2([3, 4], [2]), [3.0, 4.0]),
    ],
)
def test_every_shape_that_a_protocol_allows_is_read(protocol, answer, found):
    assert read(asked(protocol), json.dumps(answer).encode(), 2, CLASSES) == found


def test_an_answer_is_found_at_its_path():
    nested = {"result": {"scores": [1, 2]}}
    assert read(asked("json", answer_path="result.scores"), json.dumps(nested).encode(), 2, ()) == [1, 2]
    assert read(asked("json", answer_path=""), b"[1, 2]", 2, ()) == [1, 2]


BAD = {
    "html": ("mlflow", b"<!DOCTYPE html><html>login", "an HTML page"),
    "empty": ("mlflow", b"", "not JSON"),
    "binary": ("mlflow", b"\x80\x04\x95", "not JSON"),
    "nan": ("mlflow", b'{"predictions": [NaN, 1]}', "not a finite number"),
    "infinity": ("mlflow", b'{"predictions": [-Infinity, 1]}', "not a finite number"),
    "overflow": ("mlflow", b'{"predictions": [1e999, 1]}', "not a finite number"),
    "long-integer": ("mlflow", b'{"predictions": [1' + b"0" * 400 + b", 1]}", "not a finite number"),
    "longest-integer": ("mlflow", b'{"predictions": [1' + b"0" * 9000 + b", 1]}", "not JSON"),
    "deep": ("mlflow", b"[" * 100_000, "nested too deeply"),
    "short": ("mlflow", b'{"predictions": ["yes"]}', "about 2 rows and answered 1"),
    "long": ("mlflow", b'{"predictions": ["yes","no","yes"]}', "about 2 rows and answered 3"),
    "null": ("mlflow", b'{"predictions": [null, 1]}', "is not a number"),
    "nested": ("mlflow", b'{"predictions": [[[1]], [[2]]]}', "is not a number"),
    "texts-in-a-list": ("mlflow", b'{"predictions": [["a", 1], [1, 2]]}', "is not a number"),
    "boolean-number": ("mlflow", b'{"predictions": [[true], [false]]}', "is not a number"),
    "other-names": ("mlflow", b'{"predictions": [{"maybe": 1}, {"no": 1}]}', "not the declared"),
    "no-key": ("mlflow", b'{"error": "secret"}', "no `predictions`"),
    "text": ("mlflow", b'"yes"', "not a list"),
    "number": ("json", b"5", "no `predictions`"),
    "control": ("mlflow", b'{"predictions": ["a\\u0000b", "c"]}', "no readable class name"),
    "markup-length": ("mlflow", json.dumps(["<" * 300, "b"]).encode(), "no readable class name"),
    "v2-none": ("v2", b'{"outputs": []}', "exactly one output"),
    "v2-no-list": ("v2", b'{"outputs": {"data": [1]}}', "not a list of tensors"),
    "v2-shape": ("v2", json.dumps(_v2([1, 2, 3], [2, 2])).encode(), "not the shape"),
    "v2-huge-shape": ("v2", json.dumps(_v2([1, 2], [2, 10**8])).encode(), "not the shape"),
    "v2-odd-shape": ("v2", json.dumps(_v2([1, 2], [2.0])).encode(), "no data with a shape"),
    "v2-no-shape": ("v2", b'{"outputs": [{"data": [1, 2]}]}', "no data with a shape"),
    "v2-cube": ("v2", json.dumps(_v2([1, 2], [2, 1, 1])).encode(), "no data with a shape"),
}


@pytest.mark.parametrize(("protocol", "content", "sentence"), BAD.values(), ids=BAD)
def test_every_bad_answer_is_a_sentence(protocol, content, sentence):
    with pytest.raises(ModelError, match=sentence) as why:
        read(asked(protocol), content, 2, CLASSES)
    assert "secret" not in str(why.value)


@given(st.sampled_from(["v2", "mlflow", "json"]), st.binary(max_size=200))
def test_no_bytes_at_all_escape_the_reader(protocol, content):
    try:
        found = read(asked(protocol), content, 2, CLASSES)
    except ModelError:
        return
    assert len(found) == 2


PARTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["outputs", "data", "shape", "predictions", "no", "yes"]), inner)
    ),
    max_leaves=12,
)


@given(st.sampled_from(["v2", "mlflow", "json"]), PARTS)
def test_no_json_at_all_escapes_the_reader(protocol, value):
    try:
        found = read(asked(protocol), json.dumps(value).encode(), 2, CLASSES)
    except ModelError:
        return
    assert len(found) == 2
    numbers = [part for one in found if not isinstance(one, str) for part in np.atleast_1d(one)]
    assert np.isfinite(numbers).all()


# What a model makes of them


def _model(server, task=Task.BINARY, **more):
    return opened(json_endpoint(server, **more), rules(server), task)


def test_probabilities_must_sum_to_one_and_fit_the_classes():
    with (
        serving(said({"predictions": [[0.5, 0.6], [0.5, 0.5]]})) as server,
        pytest.raises(ModelError, match="row 1 sums to"),
    ):
        _model(server, classes=CLASSES, probabilities=True).predict_proba(TWO)
    with (
        serving(said({"predictions": [[0.2, 0.3, 0.5]] * 2})) as server,
        pytest.raises(ModelError, match="2 probabilities for every row"),
    ):
        _model(server, classes=CLASSES, probabilities=True).predict_proba(TWO)


def test_one_number_is_the_probability_of_the_last_of_two_classes():
    with serving(said({"predictions": [0.25, [1]]})) as server:
        found = _model(server, classes=CLASSES, probabilities=True).predict_proba(TWO)
    assert found.tolist() == [[0.75, 0.25], [0.0, 1.0]]


def test_classes_are_learnt_from_answers_and_then_hold():
    with serving(said({"predictions": [1, 0]})) as server:
        assert _model(server).learn(TWO) == ("0", "1")
    with (
        serving(said({"predictions": ["maybe", "no"]})) as server,
        pytest.raises(ModelError, match="`maybe`"),
    ):
        _model(server, classes=CLASSES).predict(TWO)
    with serving(said({"predictions": ["no", "no"]})) as server, pytest.raises(ModelError, match="declare"):
        _model(server).learn(TWO)
    with (
        serving(said({"predictions": [0.5, 0.2]})) as server,
        pytest.raises(ModelError, match="probabilities"),
    ):
        _model(server).learn(TWO)


def test_a_regressor_answers_one_number_a_row():
    with serving(said({"predictions": [1.5, [2]]})) as server:
        assert _model(server, Task.REGRESSION).predict(TWO).tolist() == [1.5, 2.0]
    with (
        serving(said({"predictions": ["a", "b"]})) as server,
        pytest.raises(ModelError, match="one number a row"),
    ):
        _model(server, Task.REGRESSION).predict(TWO)


def test_only_the_named_features_are_sent():
    with serving(said({"predictions": ["no", "yes"]})) as server:
        _model(server, classes=CLASSES, features=["sex"]).predict(TWO)
    assert json.loads(server.seen[0].body) == {"rows": [{"sex": "f"}, {"sex": "m"}]}


def test_an_error_page_with_a_good_status_is_a_sentence():
    with serving(reply(body=b"<html>sign in")) as server, pytest.raises(ModelError, match="an HTML page"):
        _model(server, classes=CLASSES).predict(TWO)


# The key of a submission

BASE = {"system": {"name": "x"}, "task": "binary", "data": {"evaluation": "a.csv"}}


@pytest.mark.parametrize(
    ("endpoint", "sentence"),
    [
        ({"url": URL}, "`endpoint.protocol` is missing"),
        ({"url": URL, "protocol": "grpc"}, "`endpoint.protocol` is not accepted"),
        ({"url": URL, "protocol": "v2", "probabilities": True}, "name the `classes`"),
        ({"url": URL, "protocol": "v2", "classes": ["a", "a"]}, "each once"),
        ({"url": URL, "protocol": "v2", "token": "abc"}, "not a key"),
        ({"url": URL, "protocol": "v2", "headers": {}}, "not a key"),
    ],
)
def test_a_badly_described_endpoint_is_refused_by_name(endpoint, sentence):
    with pytest.raises(Refused, match=sentence):
        parse({**BASE, "endpoint": endpoint})


def test_a_model_file_and_an_endpoint_exclude_each_other():
    with pytest.raises(Refused, match="both given"):
        parse({**BASE, "model": {"file": "m.skops"}, "endpoint": {"url": URL, "protocol": "v2"}})

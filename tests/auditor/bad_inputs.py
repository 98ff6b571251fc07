"""Bad submissions, one function each: write files to a folder, return the submission and what must be said.

Used through every door: the command line, the API and the form's checks answer with the same sentence.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import skops.io
from onnx import TensorProto, helper
from sklearn.linear_model import LogisticRegression

ROWS = 80
Raw = dict[str, Any]


@dataclass(frozen=True)
class Bad:
    """A bad submission: what is wrong, where the problem stands, and words that its sentence must hold."""

    name: str
    make: Callable[[Path], Raw]
    where: str
    words: tuple[str, ...]


def people(**columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "income": rng.normal(50, 10, ROWS).round(1),
            "debt": rng.normal(10, 3, ROWS).round(1),
            "sex": rng.choice(["f", "m"], ROWS),
            "approved": rng.integers(0, 2, ROWS),
            "decision": rng.integers(0, 2, ROWS),
            "score": rng.uniform(0, 1, ROWS).round(3),
        }
    )
    return frame.assign(**columns)


def asked(**changes: Any) -> Raw:
    columns: Raw = {
        "label": "approved", "positive": 1, "favourable": 1,
        "prediction": "decision", "score": "score", "groups": ["sex"],
    }  # fmt: skip
    columns |= changes.pop("columns", {})
    raw: Raw = {
        "system": {"name": "Bad input"},
        "task": "binary",
        "data": {"evaluation": "table.csv"},
        "columns": {key: value for key, value in columns.items() if value is not None},
    }
    return raw | changes


def table(frame: pd.DataFrame, **changes: Any) -> Callable[[Path], Raw]:
    def make(folder: Path) -> Raw:
        frame.to_csv(folder / "table.csv", index=False)
        return asked(**changes)

    return make


def text(content: bytes) -> Callable[[Path], Raw]:
    def make(folder: Path) -> Raw:
        (folder / "table.csv").write_bytes(content)
        return asked()

    return make


def with_model(write: Callable[[Path], str]) -> Callable[[Path], Raw]:
    """Return a submission whose model file *write* makes; *write* returns the format to claim."""

    def make(folder: Path) -> Raw:
        people().to_csv(folder / "table.csv", index=False)
        claimed = write(folder / "model.bin")
        columns = {"prediction": None, "score": None, "features": ["income", "debt"]}
        return asked(model={"file": "model.bin", "format": claimed}, columns=columns)

    return make


def truncated_skops(path: Path) -> str:
    frame = people()
    whole = skops.io.dumps(LogisticRegression().fit(frame[["income", "debt"]], frame["approved"]))
    path.write_bytes(whole[: len(whole) // 2])
    return "skops"


def pickle_as_skops(path: Path) -> str:
    path.write_bytes(pickle.dumps({"a": "model"}))
    return "skops"


def onnx_that_wants_more(path: Path) -> str:
    """Write an ONNX model with three inputs of which the table has two."""
    names = ["income", "debt", "shoe_size"]
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, 1]) for n in names]
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 3])
    node = helper.make_node("Concat", names, ["probabilities"], axis=1)
    graph = helper.make_graph([node], "wants_more", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(onnx.ModelProto.SerializeToString(model))
    return "onnx"


def parquet_bomb(folder: Path) -> Raw:
    """Write a small file that decodes to gigabytes: one long string, repeated by dictionary."""
    long = pa.array(["x" * 100_000])
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(50_000, dtype=np.int32)), long)
    pq.write_table(pa.table({"income": column, "approved": np.zeros(50_000)}), folder / "table.parquet")
    assert (folder / "table.parquet").stat().st_size < 5_000_000
    return asked(data={"evaluation": "table.parquet"})


def csv_of(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_csv(buffer, index=False)
    return buffer.getvalue()


def every_case() -> Iterator[Bad]:
    """Yield the cases of the list, in its order."""
    some = people()
    holed = some["score"].where(some.index != 4)
    yield Bad("label that is no column", table(some, columns={"label": "aproved"}), "columns.label",
              ("aproved", "approved"))  # fmt: skip
    yield Bad("unknown group column", table(some, columns={"groups": ["sex", "race"]}), "columns.groups",
              ("race",))  # fmt: skip
    yield Bad("favourable value absent", table(some, columns={"favourable": "yes"}), "columns.favourable",
              ("yes", "0", "1"))  # fmt: skip
    yield Bad("labels of strings", table(people(approved=np.where(some["approved"], "ja", "nein"))),
              "columns.label", ("`ja` and `nein`", "`0` and `1`", "`decision`"))  # fmt: skip
    yield Bad("missing scores", table(people(score=holed)), "columns.score", ("score", "5"))
    yield Bad("score over one", table(people(score=some["score"] * 3)), "columns.score", ("score",))
    yield Bad("empty file", text(b""), "data.evaluation", ("empty",))
    yield Bad("header only", text(csv_of(some).splitlines(keepends=True)[0]), "data.evaluation", ("row",))
    yield Bad("duplicate headers", text(b"a,b,a\n1,2,3\n"), "data.evaluation", ("`a`",))
    yield Bad("decompression bomb", parquet_bomb, "data.evaluation", ("decod",))
    yield Bad("truncated skops", with_model(truncated_skops), "model", ("skops",))
    yield Bad("pickle renamed skops", with_model(pickle_as_skops), "model", ("pickle", "skops"))
    yield Bad("ONNX with missing inputs", with_model(onnx_that_wants_more), "model", ("shoe_size",))
    yield Bad("unknown key", table(some, colour="blue"), "colour", ("colour",))
    yield Bad(
        "unknown key inside", table(some, columns={"labels": "approved"}), "columns.labels", ("labels",)
    )
    yield Bad("favourable is a list", table(some, columns={"favourable": ["yes"]}), "columns.favourable",
              ("text, a number",))  # fmt: skip
    yield Bad("groups is a text", table(some, columns={"groups": "sex"}), "columns.groups", ("list",))
    yield Bad("system is a text", table(some, system="Loans"), "system", ("mapping",))
    yield Bad("nameless system", table(some, system={"name": ""}), "system.name", ("empty",))
    yield Bad("answer nobody asked", table(some, answers={"notice-txt": {"answer": "here"}}), "answers",
              ("notice-txt", "notice-text"))  # fmt: skip
    yield Bad("unknown framework", table(some, frameworks=["global-basline"]), "frameworks",
              ("global-basline", "global-baseline"))  # fmt: skip
    yield Bad("neither model nor predictions", table(some, columns={"prediction": None, "score": None}), "",
              ("prediction", "score"))  # fmt: skip

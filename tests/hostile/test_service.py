"""While hostile files are audited, the service answers everybody else; each audit ends with a sentence."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import threading
import time
import zipfile

import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.fuzz.corpus import MODELS, TABLES, people
from tests.hostile.routes import FILES

PATIENCE = 15.0
"""Longest that anybody else may wait for an answer, on two busy cores."""


def parquet_bomb() -> bytes:
    """Return a small file that holds 400 million times the same text."""
    sink = io.BytesIO()
    one = pa.array(["x" * 1000]).dictionary_encode()
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 4_000_000, pa.int8()), one.dictionary)
    pa.parquet.write_table(pa.table({"a": column, "approved": column}), sink)
    return sink.getvalue()


def cycle() -> bytes:
    """Return a model whose first tree leads back to its root."""
    raw = json.loads(MODELS["xgboost json"]())
    tree = raw["learner"]["gradient_booster"]["model"]["trees"][0]
    tree["left_children"] = [min(child, 0) for child in tree["left_children"]]
    return json.dumps(raw).encode()


def skops_bomb() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", "{}")
        archive.writestr("0.npy", b"\0" * 100_000_000)
    return sink.getvalue()


HOSTILE = {
    "a pickle that runs a program": lambda t: ("model", FILES["os.system"](t)),
    "a tree that leads back to its root": lambda _: ("model", cycle()),
    "an archive that unpacks a thousandfold": lambda _: ("model", skops_bomb()),
    "a table that unpacks a thousandfold": lambda _: ("evaluation", parquet_bomb()),
    "a header of 200,000 columns": lambda _: ("evaluation", b",".join([b"a"] * 200_000) + b"\n1\n"),
    "not a pickle but bytes": lambda _: ("model", pickle.dumps({})[:-3]),
}


def submitted(live, part, raw):
    """Upload the hostile file beside an honest one, and return the answer to submitting both."""
    honest = people().assign(approved=(people()["a"] > 0).astype(int)).to_csv(index=False).encode()
    files = {"model": MODELS["xgboost json"](), "evaluation": honest, part: raw}
    named = {}
    for name, content in files.items():
        digest = hashlib.sha256(content).hexdigest()
        assert live.put(f"/api/v1/artifacts/{digest}", content).status in (200, 201)
        named[name] = {"artifact": f"sha256:{digest}"}
    return live.post(
        "/api/v1/audits",
        {
            "system": {"name": "hostile"},
            "task": "binary",
            "model": named["model"],
            "data": {"evaluation": named["evaluation"]},
            "columns": {"label": "approved", "favourable": 1},
        },
    )


@pytest.mark.timeout(400)
def test_the_service_answers_others_while_hostile_files_are_read(live_service, target):
    slowest, failed, done = [0.0], [], threading.Event()

    def others():
        while not done.is_set():
            started = time.monotonic()
            if live_service.get("/api/v1/checks").status != 200:
                failed.append("checks")
            slowest[0] = max(slowest[0], time.monotonic() - started)
            time.sleep(0.1)

    neighbour = threading.Thread(target=others)
    neighbour.start()
    try:
        answers = {name: submitted(live_service, *make(target)) for name, make in HOSTILE.items()}
        ends = {}
        for name, answer in answers.items():
            if answer.status == 202:
                end = live_service.wait(answer.json["id"])
                assert end["state"] == "refused", (name, end)
                ends[name] = json.dumps(end["problem"])
            else:
                assert answer.status == 422, (name, answer.content)
                ends[name] = answer.content.decode()
    finally:
        done.set()
        neighbour.join()
    assert not failed
    assert slowest[0] < PATIENCE
    for name, said in ends.items():
        assert "sentence" in said, name
        assert "Traceback" not in said, name
    honest = submitted(live_service, "evaluation", TABLES["csv"]().replace(b"yes", b"approved", 1))
    assert live_service.wait(honest.json["id"])["state"] in {"completed", "refused"}

"""MLServer and MLflow's scoring server, asked for real on loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from auditor.config import Settings
from auditor.endpoint.asked import Endpoint
from auditor.problems import Refused
from auditor.run import run
from checks.model import ModelError
from tests.auditor.endpoint.servers import Server, opened, rules

REAL = Path(__file__).parent / "real"
PYTHON = Path(__file__).parents[3] / ".venv-servers" / "bin" / "python"
pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="`make servers` sets the model servers up")

RNG = np.random.default_rng([8, 308])
TABLE = pd.DataFrame(
    {
        "income": RNG.normal(50, 15, 240).round(3),
        "years": RNG.integers(0, 30, 240),
        "sex": RNG.choice(["f", "m"], 240),
    }
)
TABLE["paid"] = np.where(TABLE["income"] + RNG.normal(0, 10, 240) > 50, "yes", "no")
YES = 1 / (1 + np.exp(-(TABLE["income"] + np.where(TABLE["sex"] == "m", 10.0, 0.0) - 50) / 10))
CLASSES = ("no", "yes")


def _free_port() -> int:
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def _started(command: list[str], port: int, ready: str, folder: Path) -> Iterator[Server]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(REAL)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log)
    try:
        _wait(process, port, ready, folder / "log")
        yield Server(port)
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], port: int, ready: str, log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text()[-2000:]
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", ready)
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPError):
            time.sleep(0.1)
        finally:
            connection.close()
    pytest.fail(log.read_text()[-2000:])


@pytest.fixture(scope="module")
def mlserver(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("mlserver"), _free_port()
    ports = {"http_port": port, "grpc_port": _free_port(), "metrics_port": _free_port()}
    quiet = {"host": "127.0.0.1", "parallel_workers": 0, **ports}
    (folder / "settings.json").write_text(json.dumps(quiet))
    model = {"name": "credit", "implementation": "v2_model.Credit"}
    (folder / "model-settings.json").write_text(json.dumps(model))
    command = [str(PYTHON), "-c", "from mlserver.cli import main; main()", "start", "."]
    with _started(command, port, "/v2/models/credit/ready", folder) as server:
        yield server


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("mlflow"), _free_port()
    command = [str(PYTHON), str(REAL / "serve_mlflow.py"), str(folder / "model"), str(port)]
    with _started(command, port, "/ping", folder) as server:
        yield server


def _v2(server: Server, **more: object) -> Endpoint:
    url = f"{server.entry}/v2/models/credit/infer"
    return Endpoint.model_validate({"url": url, "protocol": "v2", **more})


def test_mlserver_answers_probabilities_asked_by_columns(mlserver):
    asked = _v2(mlserver, classes=CLASSES, probabilities=True, output="predict_proba")
    model = opened(asked, rules(mlserver, rows=100))
    np.testing.assert_allclose(model.predict_proba(TABLE[["income", "sex"]])[:, 1], YES, atol=1e-12)
    assert len(model._caller.record.calls) == 3


def test_mlserver_answers_classes_by_name(mlserver):
    model = opened(_v2(mlserver, classes=CLASSES, output="predict"), rules(mlserver))
    assert model.predict(TABLE[["income", "sex"]]).tolist() == (YES >= 0.5).astype(float).tolist()


def test_mlserver_is_asked_with_one_matrix(mlserver):
    asked = _v2(mlserver, classes=CLASSES, probabilities=True, output="predict_proba", inputs="matrix")
    plain = 1 / (1 + np.exp(-(TABLE["income"] - 50) / 10))
    model = opened(asked, rules(mlserver))
    np.testing.assert_allclose(model.predict_proba(TABLE[["income", "years"]])[:, 1], plain, atol=1e-12)


def test_mlserver_that_answers_several_outputs_needs_one_named(mlserver):
    with pytest.raises(ModelError, match="set `output`"):
        opened(_v2(mlserver, classes=CLASSES), rules(mlserver)).predict(TABLE[["income", "sex"]])


def test_a_model_that_mlserver_does_not_have_is_a_sentence(mlserver):
    asked = _v2(mlserver, classes=CLASSES)
    asked = asked.model_copy(update={"url": asked.url.replace("credit", "other")})
    with pytest.raises(ModelError, match="status 404"):
        opened(asked, rules(mlserver)).predict(TABLE[["income", "sex"]])


def _mlflow(server: Server, **more: object) -> Endpoint:
    url = f"{server.entry}/invocations"
    return Endpoint.model_validate({"url": url, "protocol": "mlflow", "classes": CLASSES, **more})


def test_mlflow_answers_probabilities(mlflow):
    model = opened(_mlflow(mlflow, probabilities=True), rules(mlflow, rows=100))
    np.testing.assert_allclose(model.predict_proba(TABLE[["income", "sex"]])[:, 1], YES, atol=1e-12)
    assert model.predict(TABLE[["income", "sex"]]).tolist() == (YES > 0.5).astype(float).tolist()


def test_mlflow_refuses_rows_without_a_column_in_words_of_ours(mlflow):
    with pytest.raises(ModelError, match=r"answered with status [45]"):
        opened(_mlflow(mlflow, probabilities=True), rules(mlflow, retries=0)).predict(TABLE[["years"]])


# A whole audit


def _submission(folder: Path, endpoint: dict[str, object]) -> Path:
    TABLE.to_csv(folder / "rows.csv", index=False)
    raw = {
        "system": {"name": "Credit behind HTTP"},
        "task": "binary",
        "endpoint": endpoint,
        "data": {"evaluation": "rows.csv"},
        "columns": {"label": "paid", "favourable": "yes", "groups": ["sex"], "features": ["income", "sex"]},
    }
    path = folder / "submission.yaml"
    path.write_text(yaml.safe_dump(raw))
    return path


def test_a_whole_audit_asks_the_endpoint_and_says_so(mlflow, tmp_path):
    asked = _mlflow(mlflow, probabilities=True).model_dump(mode="json", exclude_none=True)
    path = _submission(tmp_path, asked)
    settings = Settings(endpoint_hosts=(mlflow.entry,), endpoint_per_second=1000.0, endpoint_calls=400)
    out = tmp_path / "out"
    body = run(path, out, settings).record["body"]
    evidence = {one["check"]: one for one in body["evidence"]}
    rates = {
        one["of"]["group"]: one["value"]
        for one in evidence["fairness.selection_rate"]["measures"]
        if one["name"] == "selection_rate" and one["of"].get("attribute") == "sex"
    }
    for group, rate in rates.items():
        assert rate == pytest.approx(float((YES >= 0.5)[TABLE["sex"] == group].mean()), abs=1e-12)
    assert set(rates) == {"f", "m"}
    resolved = body["submission"]["resolved"]
    assert resolved["integrity"]["outcome"] == "agrees"
    assert resolved["endpoint"]["address"] == "127.0.0.1"
    assert resolved["endpoint"]["calls"] > 64
    assert resolved["notes"][0].startswith("The answers come from a live service at http://127.0.0.1")
    assert evidence["interpretability.permutation_importance"]["outcome"] == "measured"
    assert {one["outcome"] for one in body["evidence"]} <= {"measured", "not_applicable", "inconclusive"}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert f"a live service at {mlflow.entry}, asked over HTTP" in page
    assert "It may answer otherwise later" in page
    calls = [json.loads(line) for line in (out / "calls.jsonl").read_bytes().splitlines()]
    assert len(calls) > resolved["endpoint"]["calls"]
    assert {call["status"] for call in calls} == {200}


def test_an_audit_of_a_host_that_is_not_allowed_writes_nothing(tmp_path):
    path = _submission(tmp_path, {"url": "https://models.example.org/x", "protocol": "mlflow"})
    with pytest.raises(Refused, match="its operator can allow hosts"):
        run(path, tmp_path / "out", Settings())
    assert not (tmp_path / "out").exists()

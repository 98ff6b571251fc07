"""The service: refused at the door unless allowed, and the calls of an audit can be fetched."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace

import pytest

from auditor import audit
from auditor.config import Settings
from auditor.problems import Refused
from auditor.run import run
from auditor.sandbox import Limits
from auditor.submission import parse
from tests.auditor.endpoint.servers import rules, said, serving
from tests.conftest import serving as service

DRAW = random.Random(308)
PEOPLE = [(DRAW.randint(20, 80), DRAW.choice("fm")) for _ in range(90)]
CSV = "income,sex,paid\n" + "\n".join(f"{income},{sex},{int(income > 45)}" for income, sex in PEOPLE)


def _answer(request, sock):
    rows = json.loads(request.body)["rows"]
    said({"predictions": [[1 - row["income"] / 100, row["income"] / 100] for row in rows]})(request, sock)


def asked(url, digest):
    return {
        "system": {"name": "Loans behind HTTP"},
        "task": "binary",
        "endpoint": {"url": url, "protocol": "json", "probabilities": True, "classes": [0, 1]},
        "data": {"evaluation": {"artifact": f"sha256:{digest}"}},
        "columns": {"label": "paid", "favourable": 1, "groups": ["sex"], "features": ["income"]},
    }


@pytest.mark.timeout(200)
def test_an_audit_through_the_service_keeps_its_calls_and_other_hosts_are_refused_at_once(tmp_path):
    digest = hashlib.sha256(CSV.encode()).hexdigest()
    with serving(_answer) as server:
        settings = {
            "AUDITOR_ENDPOINT_HOSTS": server.entry,
            "AUDITOR_ENDPOINT_PER_SECOND": "1000",
        }
        with service(tmp_path / "home", **settings) as live:
            assert live.put(f"/api/v1/artifacts/{digest}", CSV.encode()).status == 201
            elsewhere = live.post("/api/v1/audits", asked("https://169.254.169.254/latest", digest))
            assert elsewhere.status == 422
            assert elsewhere.json["problems"][0]["where"] == "endpoint.url"
            began = live.post("/api/v1/audits", asked(f"{server.entry}/score", digest)).json["id"]
            view = live.wait(began)
            assert view["state"] == "completed", view
            body = live.get(f"/api/v1/audits/{began}/audit.json").json["body"]
            lines = live.get(f"/api/v1/audits/{began}/calls.jsonl").content.splitlines()
    assert len(lines) == len(server.seen) > body["submission"]["resolved"]["endpoint"]["calls"] > 64
    assert {json.loads(line)["request"] for line in lines} == {
        hashlib.sha256(request.body).hexdigest() for request in server.seen
    }


def test_an_installation_without_allowed_hosts_refuses_every_endpoint(live_service):
    answer = live_service.post("/api/v1/audits", asked("https://models.example.org/x", "0" * 64))
    assert answer.status == 422
    assert "its operator can allow hosts" in answer.json["problems"][0]["sentence"]


def test_an_endpoint_that_looks_at_the_whole_batch_has_its_results_refused(tmp_path):
    """Its answer about a person depends on who else is asked about: rates are equalised batch by batch."""

    def cheat(request, sock):
        rows = json.loads(request.body)["rows"]
        ranks = sorted(range(len(rows)), key=lambda at: rows[at]["income"])
        high = set(ranks[len(rows) // 2 :])
        said({"predictions": [int(at in high) for at in range(len(rows))]})(request, sock)

    (tmp_path / "rows.csv").write_text(CSV)
    with serving(cheat) as server:
        raw = asked(f"{server.entry}/score", "")
        raw |= {"data": {"evaluation": "rows.csv"}}
        raw["endpoint"] |= {"probabilities": False}
        (tmp_path / "submission.yaml").write_text(json.dumps(raw))
        settings = Settings(endpoint_hosts=(server.entry,), endpoint_per_second=1000.0)
        with pytest.raises(Refused, match="not a function of one row"):
            run(tmp_path / "submission.yaml", tmp_path / "out", settings)
    assert len(server.seen) > 64


def test_a_check_that_cannot_afford_its_questions_ends_inconclusive_and_the_next_has_a_budget_of_its_own(
    tmp_path,
):
    (tmp_path / "rows.csv").write_text(CSV)
    with serving(_answer) as server:
        submission = parse(asked(f"{server.entry}/score", "0" * 64))
        allowed = rules(server)
        audit.prepare(submission, lambda _: tmp_path / "rows.csv", tmp_path, Limits(), allowed)
        made = len(server.seen)
        measuring = audit.Measuring(tmp_path, None, None, Limits(), replace(allowed, calls=1, rows=10_000))
        shap = measuring.measure("interpretability.shap", {})
        importance = measuring.measure("interpretability.permutation_importance", {})
        measuring.close()
    for evidence in (shap, importance):
        assert evidence.outcome == "inconclusive"
        assert "AUDITOR_ENDPOINT_CALLS" in evidence.reason
    assert made < len(server.seen) <= made + 2
    assert measuring.calls.count(b"\n") == 1

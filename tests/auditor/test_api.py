"""The API: one shape for every error, and nothing for strangers."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import replace

import jsonschema
import pytest

from auditor.api.events import Holds, events
from auditor.app import create_app
from auditor.store import people
from auditor.views import AuditState
from tests.conftest import ROOT, close

HERE = {"base_url": "http://127.0.0.1:8000"}
CSV = b"y,d,g\n" + b"1,1,a\n0,0,b\n" * 30
DIGEST = hashlib.sha256(CSV).hexdigest()
ASKED = {
    "system": {"name": "Loans"},
    "task": "binary",
    "data": {"evaluation": {"artifact": f"sha256:{DIGEST}"}},
    "frameworks": ["us-nyc-ll144"],
}


def upload(client):
    return client.put(f"/api/v1/artifacts/{DIGEST}", data=CSV, content_type="application/octet-stream")


def submitted(client):
    upload(client)
    return client.post("/api/v1/audits", json=ASKED).json["id"]


def assert_problem(answer, status, **has):
    assert answer.status_code == status, answer.text
    assert answer.content_type.startswith("application/problem+json")
    assert set(answer.json) - {"problems"} == {"type", "title", "status", "detail"}
    assert answer.json["status"] == status
    assert "Traceback" not in answer.text
    for key, value in has.items():
        assert re.search(value, json.dumps(answer.json[key])), answer.json


def test_upload_submit_and_look(client):
    assert upload(client).json == {"artifact": f"sha256:{DIGEST}", "size": len(CSV)}
    assert upload(client).status_code == 201  # the same answer for bytes that are here
    answer = client.post("/api/v1/audits?as_of=2026-12-01", json=ASKED)
    assert answer.status_code == 202
    view = client.get(answer.headers["Location"]).json
    assert view["state"] == "queued"
    assert view["as_of"] == "2026-12-01"
    assert {p["state"] for p in view["progress"]} == {"waiting"}
    listed = client.get("/api/v1/audits?limit=1").json
    assert [row["id"] for row in listed["audits"]] == [view["id"]]
    assert client.get(listed["next"]).json == {"audits": [], "next": None}


def test_inspecting_a_table(client):
    upload(client)
    answer = client.post("/api/v1/inspections", json={"artifact": f"sha256:{DIGEST}", "kind": "table"})
    assert answer.status_code == 200, answer.text
    assert [column["name"] for column in answer.json["table"]["columns"]] == ["y", "d", "g"]
    wrong = client.post("/api/v1/inspections", json={"artifact": f"sha256:{DIGEST}", "kind": "image"})
    assert_problem(wrong, 422, problems="kind")


def test_an_inspection_says_how_a_table_was_read_and_obeys_what_is_declared(client):
    data = "name;income\nJosé;1,5\nNA;2,25\n".encode("cp1252")
    digest = hashlib.sha256(data).hexdigest()
    client.put(f"/api/v1/artifacts/{digest}", data=data, content_type="application/octet-stream")
    asked = {"artifact": f"sha256:{digest}", "kind": "table"}
    found = client.post("/api/v1/inspections", json=asked).json["table"]["facts"]
    assert (found["encoding"], found["delimiter"], found["decimal"]) == ("latin-1", "semicolon", "comma")
    assert "NA: 1 in `name`" in found["missing"]
    declared = {**asked, "encoding": "cp850", "decimal": "point"}
    table = client.post("/api/v1/inspections", json=declared).json["table"]
    assert (table["facts"]["encoding"], table["columns"][1]["kind"]) == ("cp850", "text")
    wrong = client.post("/api/v1/inspections", json={**asked, "sheet": "S"})
    assert_problem(wrong, 422, problems="`sheet` says nothing of a file whose format is csv")


def test_inspecting_a_model_says_which_tasks_its_answers_can_serve(client):
    data = (ROOT / "examples" / "mortgage" / "model.onnx").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    client.put(f"/api/v1/artifacts/{digest}", data=data, content_type="application/octet-stream")
    found = client.post("/api/v1/inspections", json={"artifact": f"sha256:{digest}", "kind": "model"}).json
    assert found["model"]["kind"] == "classifier"
    assert found["task_candidates"] == ["binary", "scoring"]


def test_errors_have_one_shape(client):
    missing = f"/api/v1/artifacts/{'0' * 64}"
    raw = {"content_type": "application/octet-stream"}
    assert_problem(client.get("/api/v1/nothing"), 404)
    assert_problem(client.get("/api/nothing"), 404)
    assert_problem(client.get("/api/v1/audits/nothing"), 404, detail="there is no audit")
    assert_problem(client.post("/api/v1/checks"), 405, detail="does not take POST")
    assert_problem(client.put(missing, data=CSV, **raw), 422, problems="digest-mismatch")
    assert_problem(client.put("/api/v1/artifacts/XYZ", data=CSV, **raw), 422, problems="not-a-digest")
    assert_problem(client.put(missing, data=b"", **raw), 422)
    form = {"content_type": "multipart/form-data; boundary=x"}
    assert_problem(client.put(missing, data=CSV, **form), 415, detail="raw bytes")
    assert_problem(client.post("/api/v1/audits", data="{}"), 415, detail="send JSON")
    assert_problem(client.post("/api/v1/audits", data="{", content_type="application/json"), 400)
    assert_problem(client.post("/api/v1/audits", json=[]), 422, problems="not a mapping")
    assert_problem(
        client.post("/api/v1/audits", json={**ASKED, "colour": 1}), 422, problems="`colour` is not a key"
    )
    assert_problem(client.post("/api/v1/audits", json=ASKED), 422, problems="data.evaluation")
    assert_problem(client.post("/api/v1/audits?as_of=soon", json=ASKED), 422, problems="as_of")
    big = json.dumps({"x": "y" * 1_100_000})
    assert_problem(client.post("/api/v1/audits", data=big, content_type="application/json"), 413)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b"", "the body is not JSON; it is empty"),
        (b"{", "the body is not JSON; look at line 1"),
        (b'{"a": "\xff"}', "the body is not JSON; it is not UTF-8"),
        (b'{"seed": ' + b"9" * 6000 + b"}", "the body is not JSON; a number in it is too long"),
        (b'{"seed": NaN}', "the body is not JSON; NaN"),
    ],
)
def test_a_body_that_is_not_json_is_refused_in_a_sentence(client, body, detail):
    for path in ("/api/v1/audits", "/api/v1/inspections"):
        assert_problem(client.post(path, data=body, content_type="application/json"), 400, detail=detail)


def test_a_key_that_stands_twice_is_refused_by_name(client):
    body = b'{"task": "binary", "system": {"name": "a", "name": "b"}}'
    answer = client.post("/api/v1/audits", data=body, content_type="application/json")
    assert_problem(answer, 422, problems="gives `name` a second time")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("asof=2026-12-01", "`asof` is not a parameter of this address; did you mean `as_of`"),
        ("as_of=", "`as_of` is empty"),
        ("as_of=2026-12-01&as_of=2026-12-02", "`as_of` is sent more than once"),
    ],
)
def test_odd_parameters_of_a_submission_are_refused(client, query, sentence):
    upload(client)
    assert_problem(client.post(f"/api/v1/audits?{query}", json=ASKED), 422, problems=sentence)
    assert client.get("/api/v1/audits").json["audits"] == []


@pytest.mark.parametrize("limit", ["abc", "-1", "0", "1.5", "9" * 30])
def test_a_limit_that_is_no_number_is_refused(client, limit):
    answer = client.get(f"/api/v1/audits?limit={limit}")
    assert_problem(answer, 422, problems="`limit` is not a whole number from 1 on")


def test_a_fault_of_ours_is_a_sentence_without_a_trace(client, app, monkeypatch, caplog):
    secret = "a value somebody submitted"

    def broken(*_):
        raise RuntimeError(secret)

    monkeypatch.setattr(app.extensions["auditor"], "audit", broken)
    answer = client.get("/api/v1/audits/x")
    assert_problem(answer, 500, detail="something broke on our side")
    assert secret not in answer.text


def test_what_is_too_large_is_refused_before_it_is_read(settings):
    app = create_app(replace(settings, upload_bytes=100))
    assert_problem(upload(app.test_client()), 413, detail="larger than 100 bytes")
    close(app.extensions["auditor"])


def test_a_queued_audit_can_be_cancelled_and_deleted_and_has_no_report(client):
    audit_id = submitted(client)
    for name in ("audit.json", "report.html", "report.pdf"):
        assert_problem(client.get(f"/api/v1/audits/{audit_id}/{name}"), 409, detail=name)
    judge = client.post(f"/api/v1/audits/{audit_id}/judgements", json={"frameworks": ["us-nyc-ll144"]})
    assert_problem(judge, 409)
    assert client.post(f"/api/v1/audits/{audit_id}/cancel").json["state"] == "cancelled"
    assert client.get(f"/api/v1/audits/{audit_id}?wait=30").json["state"] == "cancelled"
    assert client.delete(f"/api/v1/audits/{audit_id}").status_code == 204
    assert_problem(client.delete(f"/api/v1/audits/{audit_id}"), 404)


def test_events_tell_the_audit_until_its_end(client):
    audit_id = submitted(client)
    client.post(f"/api/v1/audits/{audit_id}/cancel")
    answer = client.get(f"/api/v1/audits/{audit_id}/events")
    assert answer.mimetype == "text/event-stream"
    told, end = answer.text.strip().split("\n\n")
    assert json.loads(told.partition("data: ")[2])["state"] == "cancelled"
    assert end == 'event: end\ndata: "cancelled"'


def test_more_waiting_than_places_is_answered_at_once(settings):
    app = create_app(replace(settings, streams=1))
    client = app.test_client()
    audit_id = submitted(client)
    assert app.extensions["auditor-holds"].take()
    assert_problem(client.get(f"/api/v1/audits/{audit_id}/events"), 503, detail="every few seconds")
    assert client.get(f"/api/v1/audits/{audit_id}?wait=30").json["state"] == "queued"
    close(app.extensions["auditor"])


def test_a_stream_gives_its_place_back_when_the_client_goes(app, client, account):
    audit_id, holds = submitted(client), Holds(1)
    assert holds.take()
    stream = events(app.extensions["auditor"], account, audit_id, holds)
    assert next(stream).startswith("event: audit")
    assert not holds.take()
    stream.close()
    assert holds.take()


def test_waiting_ends_when_the_audit_does(app, client, account):
    audit_id, service = submitted(client), app.extensions["auditor"]
    threading.Timer(0.5, service.cancel, (account, audit_id)).start()
    assert service.wait(account, audit_id, 20).state is AuditState.CANCELLED


def test_only_named_hosts_are_answered(client):
    """A page that makes a browser call this machine by another name (DNS rebinding) gets nothing."""
    assert client.get("/healthz", base_url="http://localhost:8000").status_code == 200
    for host in ("evil.example", "127.0.0.1", "127.0.0.1:9", "localhost.evil.example:8000"):
        assert_problem(
            client.get("/api/v1/checks", base_url=f"http://{host}"), 421, detail="AUDITOR_ALLOWED_HOSTS"
        )


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_pages_of_other_sites_change_nothing(client, headers):
    upload(client)
    assert_problem(client.post("/api/v1/audits", json=ASKED, headers=headers), 403, detail="another site")
    assert client.get("/api/v1/audits").json["audits"] == []


def test_our_own_pages_may_ask(client):
    upload(client)
    headers = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/v1/audits", json=ASKED, headers=headers).status_code == 202


def test_beyond_loopback_nothing_answers_without_the_token(settings):
    app = create_app(replace(settings, host="0.0.0.0", allowed_hosts=("audit.example",)))
    service = app.extensions["auditor"]
    with service.database.transaction() as session:
        token = people.new_token(session, people.local_account(session))
    client, there = app.test_client(), {"base_url": "http://audit.example"}
    for path in ("/", "/api/v1/audits", "/api/docs/", "/api/openapi.json", "/api/v1/nothing"):
        answer = client.get(path, **there)
        assert answer.status_code == 401, path
        assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert client.get("/healthz", **there).status_code == 200
    wrong = {"Authorization": f"Bearer {token}x"}
    assert_problem(client.get("/api/v1/audits", headers=wrong, **there), 401)
    right = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/audits", headers=right, **there).status_code == 200
    assert client.get("/", auth=("anybody", token), **there).status_code == 200
    close(service)


def test_a_wrong_token_is_wrong_on_loopback_too(client):
    assert_problem(client.get("/api/v1/audits", headers={"Authorization": "Bearer x"}), 401)


def test_every_answer_is_hardened(client):
    for path in (
        "/",
        "/api/v1/checks",
        "/api/docs/",
        "/api/openapi.json",
        "/nothing",
        "/api/nothing",
        "/healthz",
    ):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, path
        scripts = re.search(r"script-src ([^;]*)", policy)
        assert scripts is None or "unsafe" not in scripts[1], path


def test_the_description_fits_the_routes(app, client):
    spec = client.get("/api/openapi.json").json
    assert spec["openapi"].startswith("3.1")
    routes = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
    assert {path for path in routes if path.startswith("/api/v1")} <= set(spec["paths"])
    for model in ("Submission", "AuditOut", "ProblemOut"):
        assert model in spec["components"]["schemas"]
    text = json.dumps(spec)
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in spec["components"]["schemas"], name


def test_answers_fit_their_description(client):
    spec = client.get("/api/openapi.json").json
    audit_id = submitted(client)
    for path, model in (
        (f"/api/v1/audits/{audit_id}", "AuditOut"),
        ("/api/v1/audits", "AuditsOut"),
        ("/api/v1/frameworks", "FrameworksOut"),
        ("/api/v1/checks", "ChecksOut"),
        ("/api/v1/nothing", "ProblemOut"),
    ):
        schema = {**spec, "$ref": f"#/components/schemas/{model}"}
        jsonschema.Draft202012Validator(schema).validate(client.get(path).json)


def test_the_page_of_the_api_needs_nothing_from_elsewhere(client):
    page = client.get("/api/docs/").text
    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert address.startswith("/api/docs/"), address
        with client.get(address) as file:
            assert file.status_code == 200, address


def test_readiness_names_what_is_missing(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {
        "ready": False,
        "database": True,
        "workers": 0,
        "sandbox": "ok",
        "layers": dict.fromkeys(("landlock", "seccomp", "rlimits"), True)
        | {"namespaces": answer.json["layers"]["namespaces"]},
        "canary": "not run",
    }


def test_frameworks_and_checks_in_full(client):
    pack = client.get("/api/v1/frameworks/us-nyc-ll144").json
    assert pack["id"] == "us-nyc-ll144"
    assert pack["requirements"]
    assert client.get("/api/v1/checks/fairness.selection_rate").json["doc"].startswith("Selection rate")
    assert_problem(client.get("/api/v1/frameworks/nothing"), 404)
    assert_problem(client.get("/api/v1/checks/nothing"), 404)
    assert client.get("/api/v1/schema/audit.json").json["$schema"]


def test_the_risk_questionnaire_is_asked_in_two_languages(client):
    asked = client.get("/api/v1/risk-questionnaire").json
    assert {"en", "zh", "kind", "choices", "id"} == set(asked["questions"][0])
    assert asked["discount"] == {"mitigation_share": 0.8, "factor": 0.85}

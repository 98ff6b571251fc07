"""The register shows what owners published, from the suppressed record alone, and keeps tombstones."""

from __future__ import annotations

import copy
import dataclasses
import json
from xml.etree import ElementTree as ET

import pypdf
import pytest

from auditor.app import create_app
from auditor.config import BadSetting, from_environment
from auditor.problems import Refused
from auditor.register import card
from auditor.trust.keys import read_published
from auditor.trust.verify import Answer, check
from auditor.views import Account, Conflict, NotFound
from reports.publish import publish
from reports.record import Audit, canonical
from tests.conftest import close
from tests.trust.sealed import audit
from tests.trust.stored import completed

SAID = {"contact": "audit@example.org", "appeal": "Write to the ombudsman within six weeks."}
HOSTILE = "<script>alert(1)</script> =cmd|'/c calc'!A1 {{ 7*7 }}"


@pytest.fixture
def service(app):
    return app.extensions["auditor"]


def published(service, account, system="Loans"):
    audit_id = completed(service, account, system)
    service.register.publish(account, audit_id, **SAID)
    return audit_id


def test_nothing_is_public_before_its_owner_says_so(client, service, account):
    audit_id = completed(service, account)
    service.sealer.seal_waiting()
    for path in (
        "/register",
        "/api/v1/register",
        "/register.rss",
        "/log",
        "/api/v1/log",
        f"/log/{audit().digest[:12]}",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "Loans" not in answer.text, path
    for path in (
        f"/register/{audit_id}",
        f"/api/v1/register/{audit_id}",
        f"/api/v1/register/{audit_id}/audit.json",
    ):
        assert client.get(path).status_code == 404


def test_a_published_audit_is_shown_with_all_that_a_register_needs(client, service, account):
    audit_id = published(service, account)
    page = client.get(f"/register/{audit_id}").text
    for word in ("Loans", *SAID.values(), "high", "2026-11-01", "Not met"):
        assert word in page, word
    entry = client.get(f"/api/v1/register/{audit_id}").json
    assert entry["card"]["system"]["name"] == "Loans"
    assert {v["framework"]: v["verdict"] for v in entry["card"]["verdicts"]} == {
        name: whole["verdict"] for name, whole in audit().body["verdicts"].items()
    }
    feed = ET.fromstring(client.get("/register.rss").data)
    assert [item.findtext("title") for item in feed.iter("item")] == ["Loans"]
    assert feed.find(".//item/link").text.endswith(f"/register/{audit_id}")
    kinds = [entry["kind"] for entry in client.get("/api/v1/log").json["entries"]]
    assert kinds == ["sealed", "published"]


def test_only_the_suppressed_record_is_shown(client, service, account):
    """The record that is served is the version for everybody, and a card of the whole record is refused."""
    audit_id = published(service, account)
    record = Audit.from_json(client.get(f"/api/v1/register/{audit_id}/audit.json").data)
    assert record.digest == publish(audit()).digest
    assert record.run == {}
    assert "A. Officer" not in client.get(f"/register/{audit_id}").text
    page = client.get(f"/api/v1/register/{audit_id}/transparency.html?lang=zh-Hans")
    assert '<html lang="zh-Hans"' in page.text
    assert "transparency.html?lang=zh-Hans" in client.get(f"/register/{audit_id}?lang=zh-Hans").text
    with pytest.raises(ValueError, match="version for everybody"):
        card(audit(), "", "")


def test_the_tier_is_the_one_that_held():
    """A questionnaire may have raised what was declared; where nobody said anything, nothing is shown."""
    public = publish(audit())
    for tier, shown in (
        ({"tier": "high", "declared": "limited", "computed": "high"}, "high"),
        ({"tier": "high", "declared": None, "computed": None}, ""),
    ):
        body = {**public.body, "tier": tier}
        assert card(Audit(run={}, body=body), "", "")["system"]["risk_tier"] == shown


def test_the_page_for_everybody_is_told_from_the_suppressed_record(client, service, account, tmp_path):
    audit_id = published(service, account)
    base = f"/api/v1/register/{audit_id}/transparency"
    page = client.get(f"{base}.html")
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert publish(audit()).digest in page.text
    assert SAID["appeal"] in page.text
    assert "A. Officer" not in page.text
    (tmp_path / "page.pdf").write_bytes(client.get(f"{base}.pdf").data)
    (attached,) = pypdf.PdfReader(tmp_path / "page.pdf").attachments["audit.json"]
    assert Audit.from_json(attached).digest == publish(audit()).digest
    assert f"{base}.html" in client.get(f"/register/{audit_id}").text
    assert client.get(f"{base}.exe").status_code == 404
    service.register.withdraw(account, audit_id, "An error.")
    assert client.get(f"{base}.html").status_code == 404


def test_searching_finds_entries_that_have_every_word(client, service, account):
    published(service, account), published(service, account, "Grants 100%_done")
    for words, names in {
        "": ["Grants 100%_done", "Loans"],
        "loans": ["Loans"],
        "LOANS example.org": ["Loans"],
        "loans grants": [],
        "100%": ["Grants 100%_done"],
        "%": ["Grants 100%_done"],
        "a' OR 1=1 --": [],
    }.items():
        query = {"search": words} if words else {}
        found = client.get("/api/v1/register", query_string=query).json["entries"]
        assert [entry["name"] for entry in found] == names, words
    first = client.get("/api/v1/register?limit=1").json["entries"][0]
    rest = client.get(f"/api/v1/register?before={first['audit']}").json["entries"]
    assert [first["name"], *(entry["name"] for entry in rest)] == ["Grants 100%_done", "Loans"]
    assert "No entry has all these words" in client.get("/register?search=zzz").text


def test_withdrawing_leaves_a_tombstone_and_nothing_else(client, service, account):
    audit_id = published(service, account)
    service.register.withdraw(account, audit_id, "The data were of another year.")
    page = client.get(f"/register/{audit_id}").text
    assert "withdrawn on" in page
    assert "The data were of another year." in page
    assert "Not met" not in page
    assert client.get(f"/api/v1/register/{audit_id}").json["card"] == {}
    assert client.get(f"/api/v1/register/{audit_id}/audit.json").status_code == 404
    assert "Withdrawn: Loans" in client.get("/register.rss").text
    assert "was withdrawn on" in client.get("/log/0").text
    assert service.audit(account, audit_id).state == "completed"
    with pytest.raises(Conflict, match="withdrawn already"):
        service.register.publish(account, audit_id, **SAID)
    with pytest.raises(Conflict, match="withdrawn before"):
        service.register.withdraw(account, audit_id, "again")


def test_deleting_leaves_tombstones_without_a_name(client, service, account):
    audit_id = published(service, account)
    service.delete(account, audit_id)
    entry = client.get(f"/api/v1/register/{audit_id}").json
    assert entry["name"] == ""
    assert entry["reason"] == "deleted by its owner"
    assert "Loans" not in client.get("/register").text
    kinds = [entry["kind"] for entry in client.get("/api/v1/log").json["entries"]]
    assert kinds == ["sealed", "published", "withdrawn"]


def test_what_is_missing_or_too_long_is_refused_by_name(service, account):
    audit_id = completed(service, account)
    for contact, appeal, where in (
        ("", "x", "contact"),
        ("x", "  ", "appeal"),
        ("x" * 201, "x", "contact"),
        ("x", "x" * 1001, "appeal"),
        ("x\u202ey", "x", "contact"),
        ("x", "x\0", "appeal"),
    ):
        with pytest.raises(Refused) as refused:
            service.register.publish(account, audit_id, contact, appeal)
        assert [problem.where for problem in refused.value.problems] == [where]
    with pytest.raises(Refused):
        service.register.withdraw(account, audit_id, "")


def test_nobody_publishes_or_withdraws_what_is_somebody_elses(service, account):
    audit_id = completed(service, account)
    other = Account("other", "Other")
    with pytest.raises(NotFound):
        service.register.publish(other, audit_id, **SAID)
    with pytest.raises(NotFound):
        service.register.withdraw(other, audit_id, "mine")


def test_hostile_names_stand_in_pages_and_feeds_as_text(client, service, account):
    audit_id = published(service, account, HOSTILE)
    for path in ("/register", f"/register/{audit_id}"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "{{ 7*7 }}" in page
    feed = ET.fromstring(client.get("/register.rss").data)
    assert feed.findtext(".//item/title") == HOSTILE
    service.register.withdraw(account, audit_id, "<b>wrong</b> & old")
    feed = ET.fromstring(client.get("/register.rss").data)
    assert feed.findtext(".//item/description") == "&lt;b&gt;wrong&lt;/b&gt; &amp; old"


def test_control_characters_of_a_purpose_do_not_break_the_feed(client, service, account):
    strange = copy.deepcopy(dict(audit().body))
    strange["submission"]["system"]["purpose"] = "Ranks\x00\x1b[31m \ufffe people"
    audit_id = completed(service, account, whole=Audit(run={}, body=strange))
    service.register.publish(account, audit_id, **SAID)
    feed = ET.fromstring(client.get("/register.rss").data)
    assert feed.findtext(".//item/description") == "Ranks\ufffd\ufffd[31m \ufffd people"


def test_the_api_publishes_and_withdraws(client, service, account):
    audit_id = completed(service, account)
    path = f"/api/v1/audits/{audit_id}/publication"
    assert client.post(path, json={"contact": "a@b.example"}).status_code == 422
    made = client.post(path, json=SAID)
    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/v1/register/{audit_id}"
    assert client.post(path, json=SAID).status_code == 409
    assert client.delete(path).status_code == 422
    assert client.delete(path, query_string={"reason": "An error."}).status_code == 204
    assert client.get(f"/api/v1/register/{audit_id}").json["reason"] == "An error."


def test_the_forms_publish_and_withdraw(app, client, service, account):
    app.config["WTF_CSRF_ENABLED"] = False
    audit_id = completed(service, account)
    service.sealer.seal(audit_id)
    assert "Publish it in the register" in client.get(f"/audits/{audit_id}").text
    assert "audit@example.org" in client.get(f"/audits/{audit_id}/publish").text
    assert client.post(f"/audits/{audit_id}/publish", data={"contact": "x"}).status_code == 422
    assert client.post(f"/audits/{audit_id}/publish", data=SAID).status_code == 303
    assert "Withdraw it" in client.get(f"/audits/{audit_id}").text
    assert client.post(f"/audits/{audit_id}/withdraw", data={"reason": ""}).status_code == 422
    assert client.post(f"/audits/{audit_id}/withdraw", data={"reason": "An error."}).status_code == 303
    assert "An error." in client.get(f"/audits/{audit_id}").text


def test_what_is_downloaded_here_is_valid_by_the_keys_published_here(client, service, account):
    audit_id = completed(service, account)
    data = client.get(f"/api/v1/audits/{audit_id}/bundle.zip")
    assert data.mimetype == "application/zip"
    keys = read_published(client.get("/.well-known/auditor-keys.json").data)
    log = canonical(client.get("/api/v1/log").json)
    found = check(data.data, keys, log)
    assert found.answer is Answer.VALID, found.problems
    assert len(found.said) == 3


def test_the_log_is_read_by_everybody_and_changed_by_nobody(client, service, account):
    completed(service, account), completed(service, account, "Grants")
    service.sealer.seal_waiting()
    receipt = client.get("/api/v1/log/1").json
    assert receipt["position"] == 1
    assert client.get("/api/v1/log?from=1").json["proof"]
    for path in (
        "/api/v1/log/2",
        "/log/2",
        "/log/abc",
        "/log/" + "0" * 64,
        "/api/v1/log?from=3",
        "/register/none",
    ):
        assert client.get(path).status_code == 404, path
    assert client.get("/api/v1/log?from=x").status_code == 422
    for method in (client.post, client.put, client.delete):
        assert method("/api/v1/log").status_code == 405
    assert client.get("/log?entry=1").headers["Location"] == "/log/1"


def test_everybody_reads_what_is_public_and_nothing_else_without_a_token(settings, account):
    """Bound to an address of the network, only register, log and keys answer without the token."""
    away = dataclasses.replace(settings, host="192.0.2.7", public_url="https://audit.example.org/")
    app = create_app(away)
    client = app.test_client()
    service = app.extensions["auditor"]
    audit_id = published(service, account)
    base = f"http://192.0.2.7:{away.port}"
    for path in (
        "/register",
        f"/register/{audit_id}",
        "/register.rss",
        "/log",
        "/log/0",
        "/api/v1/log",
        "/assets/auditor.css",
        "/bootstrap/static/css/bootstrap.min.css",
    ):
        with client.get(path, base_url=base) as answer:  # a file is open until its answer is closed
            assert answer.status_code == 200, path
    assert "https://audit.example.org/log/" in client.get("/log/0", base_url=base).text
    for path in (
        "/",
        f"/audits/{audit_id}",
        f"/api/v1/audits/{audit_id}/bundle.zip",
        "/registers",
        "/logs",
        "/log-in",
    ):
        assert client.get(path, base_url=base).status_code == 401, path
    assert client.post("/register", base_url=base).status_code in (401, 405)
    close(service)


def test_a_public_address_is_one():
    with pytest.raises(BadSetting, match="AUDITOR_PUBLIC_URL"):
        from_environment({"AUDITOR_PUBLIC_URL": "javascript:alert(1)"})


def test_the_log_entry_shows_a_code_that_leads_to_it(client, service, account):
    completed(service, account)
    service.sealer.seal_waiting()
    page = client.get(f"/log/{audit().digest}").text
    assert "<svg" in page
    assert f"/log/{audit().digest[:12]}" in page
    assert json.loads(client.get("/api/v1/log/0").data)["entry"]["record"] == audit().digest

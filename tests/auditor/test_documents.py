"""Shorter documents of a stored audit, by the API, the pages and the command line."""

from __future__ import annotations

import datetime as dt
import json

import pypdf
import pytest

from auditor.cli import main
from auditor.store import audits, files
from auditor.views import AuditState
from tests.reports.sample import audit
from tests.trust.sealed import REPORTS
from tests.trust.stored import completed

KEY = "global-baseline/FAIR-01"


@pytest.fixture
def stored(app, account):
    """Return how to put the sample's record into the store as a completed audit."""
    service = app.extensions["auditor"]

    def put(record):
        body = record.body
        with service.database.transaction() as session:
            new = audits.create(
                session,
                account.id,
                {**body["submission"], "frameworks": list(body["verdicts"])},
                [],
                as_of=dt.date.fromisoformat(body["as_of"]),
                uploads=[],
            )

        def hold(session, digest):
            files.hold(session, new, "audit.json", digest)
            audits.move(
                session, new, AuditState.COMPLETED, digest=record.digest, verdicts={}, resolved={"rows": 1200}
            )

        with service.artifacts.receive([record.to_json()], limit=2**30) as received:
            files.keep(service.database, service.artifacts, received, hold)
        return new

    return put


def test_each_document_is_told_as_a_page_and_on_paper(client, stored, tmp_path):
    one, other = stored(audit()), stored(audit())
    links = client.get(f"/api/v1/audits/{one}").json["links"]
    for name in ("summary", "plan", "annex"):
        assert audit().digest in client.get(links[f"{name}.html"]).text
    page = client.get(links["transparency.html"]).text
    assert audit().digest in page  # it says of which record it is
    assert "A. Officer" not in page
    page = client.get(f"/api/v1/audits/{one}/comparison.html?before={other}")
    assert "Both are the same record" in page.text
    assert page.headers["Content-Security-Policy"].endswith("; sandbox allow-scripts")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    pdf = client.get(links["summary.pdf"])
    assert pdf.mimetype == "application/pdf"
    (tmp_path / "summary.pdf").write_bytes(pdf.data)
    assert len(pypdf.PdfReader(tmp_path / "summary.pdf").pages) == 1


def test_documents_are_told_in_the_language_that_is_asked_for(client, stored, tmp_path):
    one = stored(audit())
    base = f"/api/v1/audits/{one}"
    named = client.get(f"{base}/summary.html?lang=zh-Hans", headers={"Accept-Language": "zh-TW"})
    assert named.headers["Content-Language"] == "zh-Hans"
    assert '<html lang="zh-Hans"' in named.text
    assert "审计摘要" in named.text
    for accepted, tag in (("zh-TW, en;q=0.5", "zh-Hant"), ("fr, zh-CN;q=0.4", "zh-Hans"), ("fr", "en")):
        answer = client.get(f"{base}/plan.html", headers={"Accept-Language": accepted})
        assert answer.headers["Content-Language"] == tag
        assert answer.headers["Vary"] == "Accept-Language"
    odd = client.get(f"{base}/summary.html?lang=xx")
    assert odd.status_code == 422
    assert "`lang` is one of en, zh-Hans, zh-Hant" in odd.json["problems"][0]["sentence"]
    (tmp_path / "zh.pdf").write_bytes(client.get(f"{base}/summary.pdf?lang=zh-Hans").data)
    assert len(pypdf.PdfReader(tmp_path / "zh.pdf").pages) == 1


def test_the_whole_report_is_drawn_in_the_language_that_is_asked_for(app, client, account, tmp_path):
    """By a process of its own; without `lang` it is the one that was sealed, to the byte."""
    base = f"/api/v1/audits/{completed(app.extensions['auditor'], account)}"
    sealed = client.get(f"{base}/report.html", headers={"Accept-Language": "zh-CN"})
    assert (sealed.data, sealed.headers["Content-Language"]) == (REPORTS["report.html"], "en")
    page = client.get(f"{base}/report.html?lang=zh-Hant")
    assert page.headers["Content-Language"] == "zh-Hant"
    assert '<html lang="zh-Hant"' in page.text
    assert "<svg" in page.text
    assert "選擇率" in page.text
    (tmp_path / "zh.pdf").write_bytes(client.get(f"{base}/report.pdf?lang=zh-Hant").data)
    attached = pypdf.PdfReader(tmp_path / "zh.pdf").attachments["audit.json"][0]
    assert json.loads(attached)["body"] == client.get(f"{base}/audit.json").json["body"]
    assert client.get(f"{base}/report.pdf?lang=xx").status_code == 422
    assert client.get("/api/v1/audits/nobody/report.html?lang=zh-Hant").status_code == 404


def test_what_cannot_be_told_is_a_sentence(client, stored):
    one = stored(audit())
    base = f"/api/v1/audits/{one}"
    without = client.get(f"{base}/comparison.html")
    assert without.status_code == 422
    assert "name the audit to compare with" in without.json["problems"][0]["sentence"]
    assert client.get(f"{base}/comparison.html?before=nobody").status_code == 404
    assert client.get(f"{base}/summary.html?before=x").status_code == 422
    assert client.get(f"{base}/appendix.html").status_code == 404


def test_tasks_are_kept_told_and_replaced(client, stored):
    one = stored(audit())
    assert client.get(f"/api/v1/audits/{one}/tasks").json == {"tasks": {}}
    task = {"owner": "A. Owner", "due": "2027-01-31", "note": "collect more rows"}
    sent = {KEY: task, "global-baseline/FAIR-02": {"owner": " "}}
    answer = client.put(f"/api/v1/audits/{one}/tasks", json={"tasks": sent})
    assert answer.json == {"tasks": {KEY: task}} == client.get(f"/api/v1/audits/{one}/tasks").json
    plan = client.get(f"/api/v1/audits/{one}/plan.html").text
    assert "A. Owner" in plan
    assert "2027-01-31" in plan
    assert client.put(f"/api/v1/audits/{one}/tasks", json={"tasks": {}}).json == {"tasks": {}}
    assert client.delete(f"/api/v1/audits/{one}").status_code == 204


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"global-baseline/NO-99": {"owner": "x"}}, "this audit judges no global-baseline/NO-99"),
        ({KEY: {"due": "tomorrow"}}, "`due` is a day such as 2026-12-31."),
        ({KEY: {"owner": "x" * 121}}, "`owner` has more than 120 characters"),
        ({KEY: {"colour": "red"}}, "it has owner, due and note"),
    ],
)
def test_odd_tasks_are_refused_and_nothing_is_kept(client, stored, sent, sentence):
    one = stored(audit())
    kept = {"tasks": {KEY: {"owner": "A", "due": "", "note": ""}}}
    client.put(f"/api/v1/audits/{one}/tasks", json=kept)
    answer = client.put(f"/api/v1/audits/{one}/tasks", json={"tasks": sent})
    assert answer.status_code == 422
    assert sentence in answer.json["problems"][0]["sentence"]
    assert client.get(f"/api/v1/audits/{one}/tasks").json == kept


def test_the_plan_is_filled_in_on_its_page(app, client, stored):
    app.config["WTF_CSRF_ENABLED"] = False
    one = stored(audit())
    stored(audit())
    page = client.get(f"/audits/{one}")
    assert "Remediation plan" in page.text
    assert "Compare with another audit" in page.text
    wrong = client.post(f"/audits/{one}/plan", data={f"tasks.{KEY}.owner": "A", f"tasks.{KEY}.due": "soon"})
    assert wrong.status_code == 422
    assert "is a day such as" in wrong.text
    assert 'value="A"' in wrong.text
    right = client.post(f"/audits/{one}/plan", data={f"tasks.{KEY}.owner": "A. Owner"})
    assert right.status_code == 303
    assert 'value="A. Owner"' in client.get(f"/audits/{one}/plan").text


def test_the_command_line_tells_a_record_again(tmp_path, capsys):
    record, tasks = tmp_path / "audit.json", tmp_path / "tasks.yaml"
    record.write_bytes(audit().to_json())
    tasks.write_text(f"{KEY}: {{owner: A. Owner, due: 2027-01-31}}\n", encoding="utf-8")
    asked = [
        "report",
        str(record),
        "--out",
        str(tmp_path / "out"),
        "--document",
        "plan",
        "--document",
        "summary",
    ]
    assert main([*asked, "--tasks", str(tasks)]) == 0
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == ["plan.html", "plan.pdf", "summary.html", "summary.pdf"]
    assert "2027-01-31" in (tmp_path / "out" / "plan.html").read_text(encoding="utf-8")
    again = ["report", str(record), "--out", str(tmp_path / "two"), "--document", "comparison"]
    assert main(again) == 2
    assert "needs --before" in capsys.readouterr().err
    assert main([*again, "--before", str(record), "--language", "zh-Hant"]) == 0
    assert '<html lang="zh-Hant"' in (tmp_path / "two" / "comparison.html").read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        main([*again, "--before", str(record), "--language", "klingon"])
    assert "invalid choice: 'klingon'" in capsys.readouterr().err
    assert (tmp_path / "two" / "comparison.pdf").read_bytes().startswith(b"%PDF")
    tasks.write_text("[1]", encoding="utf-8")
    assert main([*asked, "--tasks", str(tasks)]) == 2
    assert "tasks are named by requirement" in capsys.readouterr().err


def test_every_format_is_had_by_the_api_the_page_and_the_console(client, stored, tmp_path, capsys):
    one = stored(audit())
    base = client.get(f"/api/v1/audits/{one}").json["links"]["exports"]
    page = client.get(f"/audits/{one}").text
    (tmp_path / "audit.json").write_bytes(audit().to_json())
    assert main(["export", str(tmp_path / "audit.json"), "--out", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    listed = [row["name"] for row in client.get("/api/v1/exports").json["exports"]]
    assert sorted(listed) == sorted(path.name for path in (tmp_path / "out").iterdir())
    for name in listed:
        answer = client.get(f"{base}/{name}")
        assert answer.data == (tmp_path / "out" / name).read_bytes()
        assert f'filename="{name}"' in answer.headers["Content-Disposition"]
        assert f"{base}/{name}" in page
    assert client.get(f"{base}/junit.xml?public=1").data != client.get(f"{base}/junit.xml").data
    assert "there are measures.csv" in client.get(f"{base}/sarif.json").json["detail"]
    unknown = ["export", str(tmp_path / "audit.json"), "--out", str(tmp_path / "no"), "--format", "x"]
    assert main(unknown) == 2
    assert "there is no format x" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()

"""The pages: what each shows, what it offers in each state, and what it never does."""

from __future__ import annotations

import re

import pytest

from auditor.problems import Problem
from auditor.views import AuditState
from auditor.web.docstring import blocks
from auditor.web.verdicts import Tally
from checks import registry
from frameworks.load import packs
from frameworks.model import Verdict
from reports.terms import VERIFIED
from reports.wording import verdict
from tests.auditor.web_fakes import FakeService, make_app

LAYER = "Landlock is missing; use Linux 5.13 or later."


@pytest.fixture
def service():
    return FakeService()


@pytest.fixture
def client(service):
    return make_app(service).test_client()


def test_an_empty_front_page_says_what_one_needs(client):
    page = client.get("/").text
    assert "No audits yet." in page
    assert "Start an audit" in page


def test_the_front_page_lists_audits_newest_first_with_state_and_verdict(client, service):
    service.add(AuditState.COMPLETED, submission={"system": {"name": "First"}})
    service.add(AuditState.RUNNING, submission={"system": {"name": "Second"}})
    page = client.get("/").text
    assert page.index("Second") < page.index("First")
    assert "Measuring" in page
    assert "Undecided" in page


def test_a_long_list_has_a_page_of_older_audits(client, service):
    for number in range(32):
        service.add(AuditState.COMPLETED, submission={"system": {"name": f"System {number}"}})
    page = client.get("/").text
    assert "System 2<" in page
    assert "System 1<" not in page
    older = client.get(re.search(r'href="([^"]+)">Older audits', page)[1]).text
    assert "System 1<" in older
    assert "System 2<" not in older


def test_a_host_without_sandbox_says_which_layer_is_missing_and_takes_no_files(client, service):
    service.layer = LAYER
    page = client.get("/").text
    assert LAYER in page
    assert re.search(r"disabled>\s*Start an audit", page)
    draft = client.post("/drafts").location.removesuffix("/system")
    assert LAYER in client.get(f"{draft}/files").text


def test_the_footer_tells_why_there_is_no_login(service):
    class Loopback:
        loopback = True

    app = make_app(service)
    assert "asks for no login" not in app.test_client().get("/").text
    app.config["AUDITOR_SETTINGS"] = Loopback()
    assert "asks for no login" in app.test_client().get("/").text


def test_a_running_audit_shows_each_check_and_reloads_without_scripts(client, service):
    service.add(AuditState.RUNNING)
    page = client.get("/audits/1").text
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "1</span> of <span data-total>3" in page
    assert 'data-events="/api/v1/audits/1/events"' in page
    assert "Cancel this audit" in page
    assert "Delete" not in page


def test_a_completed_audit_shows_verdicts_worst_findings_and_reports(client, service):
    service.add(AuditState.COMPLETED)
    page = client.get("/audits/1").text
    for link in ("report.html", "report.pdf", "audit.json"):
        assert f'href="/api/v1/audits/1/{link}"' in page
    assert packs()["global-baseline"].requirements[0].title in page
    assert 'aria-label="2 not met, 21 undecided, 3 attested, 8 met, 4 not applicable"' in page
    assert "refresh" not in page


def test_a_completed_audit_says_what_asking_the_model_again_has_shown(client, service):
    service.add(AuditState.COMPLETED)
    assert "Asked alone, in other company" not in client.get("/audits/1").text
    service.resolved = {"integrity": {"outcome": "agrees"}}
    assert "Asked alone, in other company and in another order" in client.get("/audits/1").text
    service.resolved = {"integrity": {"outcome": "warning"}}
    assert "Warning: one fresh process gave some rows other answers" in client.get("/audits/1").text


def test_the_calls_of_an_endpoint_are_linked_where_one_was_asked(client, service):
    asked = {
        "system": {"name": "Live"},
        "task": "binary",
        "endpoint": {"url": "https://models.example.org/v2"},
    }
    service.add(AuditState.COMPLETED, submission=asked)
    service.add(AuditState.COMPLETED)
    service.add(AuditState.COMPLETED, submission=asked, derived_from="1")
    links = ["calls.jsonl" in client.get(f"/audits/{number}").text for number in (1, 2, 3)]
    assert links == [True, False, False], "judging again asks nobody"


def test_a_refused_audit_names_the_question_and_the_sentence(client, service):
    problem = Problem("columns.label", "label-missing", "The table has no column “truth”; choose another.")
    service.add(AuditState.REFUSED, problems=[problem])
    page = client.get("/audits/1").text
    assert problem.sentence in page
    assert "What does the system answer?" in page
    assert "Change the answers" in page


def test_a_failed_and_a_cancelled_audit_promise_no_report(client, service):
    service.add(AuditState.FAILED, problems=[Problem("", "broke", "The worker ran out of memory.")])
    service.add(AuditState.CANCELLED)
    failed, cancelled = client.get("/audits/1").text, client.get("/audits/2").text
    assert "The worker ran out of memory." in failed
    for page in (failed, cancelled):
        assert "no record and no report" in page
        assert "report.html" not in page


def test_judging_again_makes_another_record(client, service):
    service.add(AuditState.COMPLETED)
    answer = client.post("/audits/1/judgements", data={"frameworks": ["us-nyc-ll144"], "as_of": "2027-01-31"})
    assert answer.location == "/audits/2"
    page = client.get("/audits/2").text
    assert "as of 2027-01-31" in page
    assert 'href="/audits/1">an earlier audit</a> again without measuring' in page


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"as_of": "2027-01-31"}, "Choose at least one framework."),
        ({"frameworks": "us-nyc-ll144", "as_of": "soon"}, "Write the day as 2026-12-31."),
    ],
)
def test_a_wrong_judgement_is_told_at_its_field(client, service, data, sentence):
    service.add(AuditState.COMPLETED)
    page = client.post("/audits/1/judgements", data=data)
    assert page.status_code == 422
    assert page.text.count(sentence) == 2, "in the summary and at the field"
    assert len(service.views) == 1


def test_cancelling_leads_back_to_the_audit(client, service):
    service.add(AuditState.RUNNING)
    assert client.post("/audits/1/cancel").location == "/audits/1"
    assert "Cancelled" in client.get("/audits/1").text


def test_deleting_says_plainly_what_goes_and_asks_first(client, service):
    service.add(AuditState.COMPLETED)
    page = client.get("/audits/1/delete").text
    assert "tables and model" in page
    assert "HTML, PDF and JSON" in page
    assert "cannot be undone" in page
    assert service.views, "asking deletes nothing"
    assert client.post("/audits/1/delete").location == "/"
    assert not service.views
    assert "was deleted" in client.get("/").text


def test_only_the_files_of_an_audit_can_be_deleted_and_its_page_says_so(client, service):
    service.add(AuditState.COMPLETED)
    assert "are deleted 30 days after its end" in client.get("/audits/1").text
    assert "Delete only the files" in client.get("/audits/1/delete").text
    assert client.post("/audits/1/delete-files").location == "/audits/1"
    page = client.get("/audits/1").text
    assert "known by their digests only" in page
    assert "Read the report" in page
    assert "Delete only the files" not in client.get("/audits/1/delete").text


def test_a_framework_page_shows_clause_verification_and_basis_of_every_requirement(client):
    for framework in packs().values():
        page = client.get(f"/frameworks/{framework.id}").text
        for requirement in framework.requirements:
            assert f'id="{requirement.id}"' in page
            assert VERIFIED[requirement.source.verified] in page
    assert "guideline: 29 CFR 1607.4(D)" in client.get("/frameworks/global-baseline").text


def test_every_check_has_its_page(client):
    listed = client.get("/checks").text
    for check in registry.pages():
        assert f'href="/checks/{check}"' in listed
        page = client.get(f"/checks/{check}")
        assert page.status_code == 200
        assert "How to read it" in page.text


def test_the_about_page_explains_every_verdict(client):
    page = client.get("/about").text
    assert all(verdict(name) in page for name in Verdict)
    assert "cannot tell you" in page


@pytest.mark.parametrize("path", ["/audits/9", "/frameworks/none", "/checks/none", "/drafts/none/system"])
def test_what_is_not_there_is_a_calm_404(client, path):
    page = client.get(path)
    assert page.status_code == 404
    assert "There is no such thing here" in page.text
    assert "Traceback" not in page.text


def test_no_page_runs_or_styles_inline(client, service):
    """The policy forbids it, so a page that tried would silently lose its style."""
    for state in AuditState:
        service.add(state)
    draft = client.post("/drafts").location.removesuffix("/system")
    steps = ("system", "files", "task", "outcome", "groups", "columns", "frameworks", "answers", "check")
    audits = (f"/audits/{n + 1}" for n in range(len(AuditState)))
    for path in (
        "/",
        "/frameworks",
        "/checks",
        "/fairness-tree",
        "/about",
        *audits,
        *(f"{draft}/{step}" for step in steps),
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        assert not re.search(
            r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|https?://(?!www\.w3\.org)", page.text
        ), path
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert len(re.findall("<h1", page.text)) == 1, path


def test_a_form_without_its_token_is_refused_with_a_page(service):
    client = make_app(service, csrf=True).test_client()
    page = client.post("/drafts")
    assert page.status_code == 400
    assert "This form has gone stale" in page.text
    assert not service.kept


def test_a_form_with_its_token_is_taken(service):
    client = make_app(service, csrf=True).test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text)[1]
    assert client.post("/drafts", data={"csrf_token": token}).status_code == 303
    (draft,) = service.kept
    sent = client.put(f"/drafts/{draft}/files/model?name=m", data=b"x", headers={"X-CSRFToken": token})
    assert sent.status_code == 204


def test_errors_of_the_whole_application_have_their_page(client, app):
    real = app.test_client()
    for path, code in (("/nothing/here", 404), ("/audits/none", 404), ("/about", 405)):
        page = real.get(path) if code == 404 else real.post(path)
        assert page.status_code == code
        assert "<h1>" in page.text
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert real.get("/api/v1/nothing").mimetype == "application/problem+json"


def test_a_form_larger_than_any_form_is_refused_before_it_is_kept(app):
    page = app.test_client().post("/drafts", data={"csrf_token": "x" * (3 * 2**20)})
    assert page.status_code == 413
    assert "That file is too large" in page.text


def test_a_fault_of_ours_shows_no_trace(app, monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError("secret place")

    monkeypatch.setattr(app.extensions["auditor"], "audits", broken)
    page = app.test_client().get("/")
    assert page.status_code == 500
    assert "Something broke on our side" in page.text
    assert "secret place" not in page.text


def test_a_strip_fills_its_width():
    bars = Tally("x", "undecided", (("not_met", 1), ("undecided", 2), ("met", 4))).bars
    assert bars[0][1] == 0
    assert bars[-1][1] + bars[-1][2] == pytest.approx(100, abs=0.01)


def test_a_docstring_becomes_headings_paragraphs_lists_and_code():
    doc = "Title?\n\nFirst *part*,\nwith `code` & <b>.\n\nWhy\n    Because\n    so.\n\n- one\n- two\n"
    assert [(b.kind, [str(line) for line in b.lines]) for b in blocks(doc)] == [
        ("paragraph", ["First <em>part</em>, with <code>code</code> &amp; &lt;b&gt;."]),
        ("heading", ["Why"]),
        ("paragraph", ["Because so."]),
        ("list", ["one", "two"]),
    ]


def test_a_gap_tells_what_is_missing_for_other_rules(client, service):
    service.add(AuditState.COMPLETED)
    assert 'action="/audits/1/gap"' in client.get("/audits/1").text
    page = client.get("/audits/1/gap?framework=us-nyc-ll144").text
    assert "What is missing for" in page
    assert "fairness.selection_rate.impact_ratio" in page
    assert "Judged on the same matter" in page
    assert client.get("/audits/1/gap?framework=nope").status_code == 404

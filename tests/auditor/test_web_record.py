"""What people put on record in the form: documents, the questionnaire, waivers and a sandbox."""

from __future__ import annotations

import hashlib
import io

import pytest
from flask import g

from auditor.problems import refuse
from auditor.submission import parse
from auditor.views import Account
from auditor.web.form import Form, from_submission
from auditor.web.steps import named, owner
from auditor.web.steps.relief import spelt
from tests.auditor.test_web_form import error_at, submission_of
from tests.auditor.web_fakes import FakeService, make_app
from tests.reports.test_declared import SANDBOX, WAIVER

QUESTIONS = {"risk_questionnaire.answers.reversible": "easily", "risk_questionnaire.by": "A. Officer"}
TRIAL = {
    "sandbox.scope": SANDBOX["scope"],
    "sandbox.owner": SANDBOX["owner"],
    "sandbox.approver": SANDBOX["approver"],
    "sandbox.start": SANDBOX["start"],
    "sandbox.expiry": SANDBOX["expiry"],
    "sandbox.defers": "FAIR-06, FAIR-01",
    "sandbox.caps.people": "5000",
    "sandbox.caps.share_of_cases": "0.1",
    "sandbox.counted.people": "1200",
    "sandbox.counted.cases": "1500",
    "sandbox.counted.all_cases": "40000",
    "sandbox.stop_unless": "data.quality.missing_share at most 0.5\n",
}
ASKED = {"waivers.asked": "yes"}


@pytest.fixture
def service():
    return FakeService()


@pytest.fixture
def client(service):
    return make_app(service).test_client()


@pytest.fixture
def draft(client):
    where = client.post("/drafts").location.removesuffix("/system")
    rules = {"frameworks": ["global-baseline"], "system.risk_tier": "high"}
    client.post(f"{where}/frameworks", data=rules)
    return where


def test_a_document_is_kept_by_its_digest_and_can_be_removed(client, draft, service):
    said = {"answers.notice-text.answer": "On page 2.", **ASKED}
    sent = {**said, "answers.notice-text.document": (io.BytesIO(b"%PDF"), "notice.pdf")}
    assert client.post(f"{draft}/answers", data=sent).status_code == 303
    digest = hashlib.sha256(b"%PDF").hexdigest()
    assert submission_of(service)["answers"]["notice-text"]["document"] == f"sha256:{digest}"
    page = client.get(f"{draft}/answers").text
    assert "notice.pdf" in page
    assert client.post(f"{draft}/answers", data=said).status_code == 303
    assert "document" in submission_of(service)["answers"]["notice-text"], "saving again keeps it"
    client.post(f"{draft}/answers", data={**said, "answers.notice-text.remove": "yes"})
    assert submission_of(service)["answers"]["notice-text"] == {"answer": "On page 2."}


def test_a_document_that_is_refused_says_why(client, draft, service, monkeypatch):
    def refuses(*_: object, **__: object) -> None:
        raise refuse("file", "empty-file", "the file is empty; send one with content.")

    monkeypatch.setattr(service, "store_artifact", refuses)
    said = {"answers.notice-text.answer": "On page 2.", **ASKED}
    sent = {**said, "answers.notice-text.document": (io.BytesIO(b""), "empty.pdf")}
    page = client.post(f"{draft}/answers", data=sent)
    assert error_at(page, "answers.notice-text.document") == "the file is empty; send one with content."


def test_a_document_that_nobody_asks_for_is_not_kept(client, draft, service):
    stray = {"answers.unknown.document": (io.BytesIO(b"x"), "x.pdf"), **ASKED}
    client.post(f"{draft}/answers", data=stray)
    assert "answers" not in submission_of(service)


def test_the_questionnaire_gives_the_tier_and_needs_somebody_who_filled_it_in(client, draft, service):
    rules = {"frameworks": ["global-baseline"], **QUESTIONS}
    page = client.post(f"{draft}/frameworks", data=rules)
    assert error_at(page, "risk_questionnaire.date") == "Say when it was filled in, as 2026-12-31."
    answer = client.post(f"{draft}/frameworks", data={**rules, "risk_questionnaire.date": "2026-11-01"})
    assert answer.status_code == 303
    sent = submission_of(service)
    assert "risk_tier" not in sent.get("system", {})
    assert sent["risk_questionnaire"] == {
        "answers": {"reversible": "easily"}, "by": "A. Officer", "date": "2026-11-01",
    }  # fmt: skip
    page = client.get(f"{draft}/frameworks").text
    assert 'value="easily" checked' in page
    assert "错误的决定能否撤销？" in page
    assert "1 question answered" in client.get(f"{draft}/check").text


def test_what_is_written_is_what_the_api_would_get(client, draft, service):
    waiver = {f"waivers.0.{key}": value for key, value in WAIVER.items()}
    assert client.post(f"{draft}/answers", data={**ASKED, **waiver, **TRIAL}).status_code == 303
    report = {"sandbox.exit_report": (io.BytesIO(b"exit"), "exit.pdf")}
    assert client.post(f"{draft}/answers", data={**ASKED, **waiver, **TRIAL, **report}).status_code == 303
    sent = submission_of(service)
    assert sent["waivers"] == [WAIVER]
    digest = hashlib.sha256(b"exit").hexdigest()
    assert sent["sandbox"] == {**SANDBOX, "exit_report": f"sha256:{digest}"}
    page = client.get(f"{draft}/answers").text
    assert "data.quality.missing_share at most 0.5" in page
    assert "exit.pdf" in page
    check = client.get(f"{draft}/check").text
    assert "TRANS-02 until 2027-03-01" in check


@pytest.mark.parametrize(
    ("data", "where", "sentence"),
    [
        ({"waivers.0.owner": "B"}, "waivers.0.requirement", "A waiver needs this: requirement."),
        ({"waivers.0.requirement": "X-1"}, "waivers.0.requirement", "No framework has a requirement “X-1”."),
        (
            {"waivers.0.requirement": "PRIV-01"},
            "waivers.0.requirement",
            "PRIV-01 is blocking; what is blocking is never set aside.",
        ),
        ({"sandbox.scope": "North"}, "sandbox.owner", "A sandbox needs this: who answers for the trial."),
        (TRIAL | {"sandbox.defers": "X-1"}, "sandbox.defers", "No framework has a requirement “X-1”."),
        (
            TRIAL | {"sandbox.stop_unless": "too many complaints"},
            "sandbox.stop_unless",
            "Write a limit on each line: a measure, “at least” or “at most”, and a number.",
        ),
    ],
)
def test_what_is_missing_is_said_at_its_field(client, draft, data, where, sentence):
    page = client.post(f"{draft}/answers", data={**ASKED, **data})
    assert page.status_code == 422
    assert error_at(page, where) == sentence


def test_what_an_audit_was_asked_opens_again_as_it_was(client):
    raw = {
        "system": {"name": "Loans"},
        "task": "binary",
        "data": {"evaluation": {"artifact": f"sha256:{'a' * 64}"}},
        "waivers": [WAIVER],
        "sandbox": SANDBOX,
    }
    form = from_submission(parse(raw).model_dump(mode="json"))
    with client.application.test_request_context():
        g.account = Account("1", "local")
        offered = named("answers").offer(Form(form.data))
    assert offered["trial_values"]["caps.people"] == 5000
    assert offered["waivers"][0]["requirement"] == "TRANS-02"
    assert spelt(form.get("sandbox")["stop_unless"]) == "data.quality.missing_share at most 0.5"
    assert owner("waivers.0.owner").slug == owner("sandbox.caps.people").slug == "answers"

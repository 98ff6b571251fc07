"""The straight line in a real browser: from the front page to a report, with scripts and without."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, assert_sane
from tests.browser.mortgage import ANSWERS, ASKED, EXAMPLE, fill

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def by_api(live_service):
    """The example as the service keeps it when a program submits it: what is measured follows from that."""
    unasked = {"immutable", "directions"}  # the form has no field for them
    asked = {key: value for key, value in ASKED.items() if key not in unasked}
    raw = {**asked, "answers": json.loads(json.dumps(ANSWERS, default=str))}
    raw["data"] = {role: uploaded(live_service, file) for role, file in ASKED["data"].items()}
    raw["model"] = {**uploaded(live_service, ASKED["model"]["file"]), "format": ASKED["model"]["format"]}
    answer = live_service.post("/api/v1/audits", raw)
    assert answer.status == 202, answer.json
    return cancelled(live_service, answer.json["id"])


def cancelled(live, audit_id):
    """Return what was submitted; nothing of it is measured."""
    audit = f"/api/v1/audits/{audit_id}"
    assert live.post(f"{audit}/cancel", {}).status == 200
    assert live.wait(audit_id)["state"] == "cancelled"
    return live.get(audit).json["submission"]


def uploaded(live, file):
    data = (EXAMPLE / file).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    assert live.put(f"/api/v1/artifacts/{digest}", data).status in {200, 201}
    return {"artifact": f"sha256:{digest}"}


def wait_for(page, words, seconds=200):
    """Wait until the audit is at its end, and see that it is the end that was meant."""
    ended = "Read the report|Nothing was judged|This submission was refused"
    expect(page.get_by_text(re.compile(ended)).first).to_be_visible(timeout=1000 * seconds)
    expect(page.get_by_role("main")).to_contain_text(words)


def body_of(live, page):
    audit_id = page.url.rpartition("/")[2]
    return live.get(f"/api/v1/audits/{audit_id}/audit.json").json["body"]


def test_with_scripts_from_the_form_to_the_report_and_its_deletion(visit, live_service, by_api):
    page = visit(viewport=PHONE)
    fill(page, assert_sane)
    page.get_by_role("button", name="Submit and measure").click()
    begun = page.locator(".checklist li[data-state=running], .checklist li[data-state=measured]").first
    begun.wait_for(timeout=120_000)
    assert_sane(page)
    wait_for(page, "Read the report")
    assert_sane(page)
    measured = body_of(live_service, page)
    audit = page.url
    assert live_service.get(f"/api/v1/audits/{audit.rpartition('/')[2]}").json["submission"] == by_api

    report = page.get_by_text("Read the report").get_attribute("href")
    answer = page.request.get(report)
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    page.goto(report)
    assert ASKED["system"]["name"] in page.content()

    page.goto(audit)
    tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
    page.locator("[name=frameworks][value='us-nyc-ll144']").uncheck()
    page.fill("[name=as_of]", tomorrow.isoformat())
    page.get_by_role("button", name="Judge again").click()
    wait_for(page, "Read the report", 60)
    again = body_of(live_service, page)
    assert again["evidence"] == measured["evidence"]
    assert list(again["verdicts"]) == ["global-baseline"]
    assert again["as_of"] == tomorrow.isoformat()

    page.goto(audit)
    page.get_by_role("link", name="Delete this audit").click()
    assert_sane(page)
    page.get_by_role("button", name="Delete the audit and its data").click()
    expect(page.get_by_role("status")).to_contain_text("was deleted")
    assert page.goto(audit).status == 404
    assert live_service.get(report).status == 404


def test_without_scripts_the_same_submission(visit, live_service, by_api):
    page = visit(scripts=False)
    fill(page)
    page.get_by_role("button", name="Submit and measure").click()
    expect(page).to_have_url(re.compile(r"/audits/\w+$"))
    assert cancelled(live_service, page.url.rpartition("/")[2]) == by_api


def test_a_refused_audit_leads_back_to_its_draft(visit):
    page = visit()
    page.goto("/")
    page.get_by_role("button", name="Start an audit").click()
    draft = page.url.removesuffix("/system")
    page.fill("[name='system.name']", "One group only")
    page.get_by_role("button", name="Save and continue").click()
    table = b"approved,decision,race\n" + b"1,1,A\n0,0,A\n" * 40
    page.set_input_files(
        "[name='data.evaluation']", {"name": "t.csv", "mimeType": "text/csv", "buffer": table}
    )
    page.get_by_text("80 rows, 3 columns").wait_for()
    for step, answers in (
        ("task", {"task": "binary", "columns.label": "approved", "columns.prediction": "race"}),
        ("outcome", {"columns.favourable": "1"}),
        ("frameworks", {"frameworks": "global-baseline", "system.risk_tier": "high"}),
    ):
        page.goto(f"{draft}/{step}")
        for name, value in answers.items():
            if page.locator(f"select[name='{name}']").count():
                page.select_option(f"select[name='{name}']", value)
            else:
                page.check(f"[name='{name}'][value='{value}']")
        page.get_by_role("button", name="Save and check all answers").click()
    page.get_by_role("button", name="Submit and measure").click()
    wait_for(page, "This submission was refused", 60)
    assert_sane(page)
    page.get_by_role("button", name="Change the answers").click()
    page.get_by_role("heading", name="Check your answers").wait_for()
    expect(page.get_by_text("One group only").first).to_be_visible()
    expect(page.get_by_text("Upload the evaluation table")).to_have_count(0)

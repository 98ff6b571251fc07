"""A policy officer in a real browser: an overlay is changed, tried on past audits, published and exported."""

from __future__ import annotations

import dataclasses
import re

import pytest
from playwright.sync_api import expect

from auditor.app import open_service
from auditor.config import Settings
from auditor.views import Account
from frameworks.load import load
from reports.record import Audit, evidence_to_json
from tests.auditor.stored_audits import keep_completed
from tests.browser.axe import barriers
from tests.browser.conftest import PHONE, WIDE, assert_sane
from tests.conftest import close
from tests.frameworks.builders import compared
from tests.frameworks.test_overlay import rates
from tests.reports.sample import audit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def past_audit(live_service):
    """An audit that is over: fair by age and district, with too few people of 65 and over to compare."""
    *ages, oldest = rates("age", "under 60", "[60, 65)", "65 and over")
    few = dataclasses.replace(oldest, note="under 30 rows: not compared")
    evidence = compared(*ages, few, *rates("district_type", "rural", "urban"))
    body = {**audit().body, "evidence": [evidence_to_json(evidence)]}
    service = open_service(Settings(home=live_service.home))
    made = keep_completed(
        service, Account("local", "Local account"), Audit(run={"id": "past"}, body=body).to_json()
    )
    close(service)
    return made


def open_part(page, name):
    page.locator("summary", has_text=name).click()


def looked_at(page):
    assert_sane(page)
    assert barriers(page) == []


def test_a_policy_officer_changes_an_overlay(visit, past_audit, tmp_path):
    """Raise the elderly threshold, add a rural group, set a sunset, see the effect, publish 2, export."""
    page = visit()
    page.goto("/frameworks/smart-city-municipal")
    page.get_by_role("link", name="Copy and change it").click()
    looked_at(page)
    page.get_by_role("button", name="Publish this version").click()
    expect(page.get_by_text("Version 2026.1.0 was published.")).to_be_visible()
    page.get_by_role("link", name="Write the next version").click()

    open_part(page, "Name, version and days")
    page.get_by_label("Version", exact=True).fill("2")
    page.get_by_label("Sunset").fill("2028-06-30")
    page.get_by_role("button", name="Set name, version and days").click()

    for group in (
        {
            "Short name": "elderly",
            "Who they are": "People aged 65 and over",
            "From": "65",
            "Columns that may tell them": "age, age_group",
            "Why they are named": "the pension age here",
        },
        {
            "Short name": "villages",
            "Who they are": "Residents of villages",
            "Values of such a column": "village",
            "Columns that may tell them": "district_type",
            "Why they are named": "few routes reach them",
        },
    ):
        open_part(page, "Name a group")
        for label, value in group.items():
            page.get_by_role("textbox", name=label).first.fill(value)
        page.get_by_role("button", name="Set the group").click()
        expect(page.get_by_text("The file below was changed.")).to_be_visible()

    open_part(page, "Waivers and trials")
    page.get_by_label("Longest waiver, in days").fill("200")
    page.get_by_label("Why waivers and trials are held so").fill("courts sit twice a year")
    page.get_by_role("button", name="Set waivers and trials").click()
    expect(page.locator("#problems")).to_contain_text("or say why: widen")
    open_part(page, "Waivers and trials")
    page.get_by_label("Longest waiver, in days").fill("200")
    page.get_by_label("Where they allow more").fill("an appeal takes long here")
    page.get_by_label("Why waivers and trials are held so").fill("courts sit twice a year")
    page.get_by_role("button", name="Set waivers and trials").click()
    expect(page.locator("#problems")).to_contain_text("No mistakes.")

    open_part(page, "When a change of these rules is proposed")
    page.get_by_label("What is proposed").select_option("clarify")
    page.get_by_label("Figure 1").select_option("dispute")
    page.get_by_label("Comparison 1").select_option("at_least")
    page.get_by_label("Limit 1").fill("10")
    page.get_by_label("Why a change is proposed so").fill("people are heard")
    looked_at(page)
    page.get_by_role("button", name="Set when a change is proposed").click()
    expect(page.locator("#problems")).to_contain_text("No mistakes.")

    page.get_by_role("button", name="Show the effect").click()
    effect = page.get_by_role("region", name="Effect")
    expect(effect).to_contain_text("age or age_group or age_band: at least 60")
    expect(effect).to_contain_text("age or age_group: at least 65")
    expect(effect).to_contain_text(re.compile(r"[1-9]\d* of \d+ audits? would be judged otherwise"))
    expect(effect).to_contain_text("fairness.selection_rate.impact_ratio: Met becomes Undecided")
    expect(effect).to_contain_text("nobody in it is one of them in the column district_type")
    expect(effect.get_by_role("link", name="Loan screening")).to_be_visible()
    looked_at(page)

    page.get_by_role("button", name="Publish this version").click()
    expect(page.get_by_role("heading", name="Version 2", exact=True)).to_be_visible()
    looked_at(page)
    with page.expect_download() as sent:
        page.get_by_role("link", name="Export version 2", exact=True).click()
    sent.value.save_as(tmp_path / "mine.yaml")
    mine = load(tmp_path / "mine.yaml")
    assert (mine.id, mine.version, str(mine.sunset)) == ("my-smart-city-municipal", "2", "2028-06-30")
    assert mine.waivers.days == 200
    assert [str(one.when[0].figure) for one in mine.effectiveness.proposals if one.change == "clarify"] == [
        "dispute"
    ]
    assert {g.id: g.at_least for g in mine.groups} == {"elderly": 65, "rural": None, "villages": None}

    page.goto("/rules/new")
    looked_at(page)
    page.get_by_label("Rule file (YAML)").set_input_files(tmp_path / "mine.yaml")
    page.get_by_role("button", name="Open in the editor").click()
    expect(page.get_by_label("The file")).to_have_value((tmp_path / "mine.yaml").read_text())


def test_mistakes_are_named_by_line_while_one_writes(visit):
    page = visit(viewport=PHONE)
    page.goto("/rules/new?from=global-baseline")
    found = page.locator("#problems")
    expect(found).to_contain_text("the overlay changes nothing")
    file = page.get_by_label("The file")
    file.fill(file.input_value().replace("sunset:", "sunsat:"))
    expect(found).to_contain_text("sunset")
    line = (
        file.input_value().split("\n").index(next(x for x in file.input_value().split("\n") if "sunsat" in x))
        + 1
    )
    found.get_by_role("button", name=f"Line {line}").first.click()
    assert page.evaluate("getSelection().toString()").startswith("sunsat:")
    looked_at(page)


def test_without_scripts_a_number_is_tightened_and_a_wrong_one_refused(visit):
    page = visit(scripts=False, viewport=WIDE)
    page.goto("/rules/new?from=global-baseline")
    open_part(page, "Tighten a number")
    page.get_by_label("Number", exact=True).select_option("FAIR-01 fairness.selection_rate.impact_ratio")
    page.get_by_label("New number").fill("0.7")
    page.get_by_label("Reason").fill("Local demand")
    page.get_by_role("button", name="Tighten the number").click()
    expect(page.locator("#problems")).to_contain_text("is not stricter than")
    open_part(page, "Tighten a number")
    page.get_by_label("Number", exact=True).select_option("FAIR-01 fairness.selection_rate.impact_ratio")
    page.get_by_label("New number").fill("much")
    page.get_by_label("Reason").fill("Local demand")
    page.get_by_role("button", name="Tighten the number").click()
    expect(page.locator(".error-summary")).to_contain_text("is not a number")
    page.get_by_label("New number").fill("0.9")
    page.get_by_role("button", name="Tighten the number").click()
    expect(page.locator("#problems")).to_contain_text("No mistakes.")
    expect(page.get_by_role("region", name="Differences from the parent")).to_contain_text("at_least: 0.9")


def test_what_is_missing_for_other_rules_has_no_barrier(visit, past_audit):
    page = visit(viewport=PHONE)
    page.goto(f"/audits/{past_audit}/gap?framework=us-ugesp-four-fifths")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    looked_at(page)

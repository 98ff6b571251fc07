"""Every page in a real browser: labels, headings, focus, a silent console, no sideways scrolling."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE, assert_sane

pytestmark = pytest.mark.browser

PAGES = ("/", "/frameworks", "/frameworks?search=impact_ratio", "/frameworks/smart-city-municipal/FAIR-01",
         "/frameworks/global-baseline", "/frameworks/us-nyc-ll144", "/checks",
         "/frameworks/global-baseline/effectiveness",
         "/checks/fairness.selection_rate", "/fairness-tree",
         "/fairness-tree?what=decision&labels=yes&given=harm&hurt=spared", "/about",
         "/terms", "/nothing/here")  # fmt: skip
STEPS = ("system", "files", "task", "outcome", "groups", "columns", "frameworks", "answers", "check")


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_pages_to_read_keep_to_the_rules(visit, viewport):
    page = visit(viewport=viewport)
    for path in PAGES:
        page.goto(path)
        assert_sane(page)


def test_empty_steps_keep_to_the_rules_on_a_phone(visit):
    page = visit(viewport=PHONE)
    page.goto("/")
    page.get_by_role("button", name="Start an audit").click()
    draft = page.url.removesuffix("/system")
    for step in STEPS:
        page.goto(f"{draft}/{step}")
        assert_sane(page)


def test_an_error_takes_the_focus_and_leads_to_its_field(visit):
    page = visit()
    page.goto("/")
    page.get_by_role("button", name="Start an audit").click()
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_role("link", name="Give the system a name.").press("Enter")
    expect(page.locator("[name='system.name']")).to_be_focused()
    assert_sane(page)


def test_the_form_can_be_used_with_the_keyboard_alone(visit):
    page = visit()
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Typed system")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Which files show what it does?").wait_for()


def test_a_refused_upload_says_why_at_its_field(visit, tmp_path):
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 this is no table PAR1")
    page = visit()
    page.goto("/")
    page.get_by_role("button", name="Start an audit").click()
    page.goto(page.url.replace("/system", "/files"))
    page.set_input_files("[name='data.evaluation']", broken)
    sentence = page.locator(".question.wrong .wrong-sentence")
    sentence.wait_for()
    assert sentence.text_content().endswith(".")

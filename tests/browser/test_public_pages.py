"""Pages for everybody and for officers: no barrier, in order by the keyboard, readable at 200 %."""

from __future__ import annotations

import copy
import json

import pytest
from playwright.sync_api import expect

from auditor.app import open_service
from auditor.config import Settings
from auditor.views import Account
from reports.record import Audit
from tests.browser.axe import barriers, barriers_of_a_long_page
from tests.browser.conftest import assert_sane
from tests.conftest import close
from tests.trust.sealed import audit
from tests.trust.stored import completed

pytestmark = pytest.mark.browser

ZOOMED = {"width": 640, "height": 512}
"""What a window of 1280 by 1024 has at 200 %."""
CITY = {"id": "city-of-y", "name": "City of Y", "kind": "public-body"}
LONG = "Ranking-of-applications-for-municipal-housing-and-emergency-accommodation " * 2

FOCUSED = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect();
  const all = [...document.querySelectorAll("*")];
  return { at: all.indexOf(e), html: e.outerHTML.slice(0, 120), outline: getComputedStyle(e).outlineStyle,
           seen: box.width > 0 && box.height > 0 && box.right > 0 && box.left < innerWidth };
}"""


@pytest.fixture(scope="module")
def entry(live_service):
    """An audit in the register, of an organisation, that somebody asked about."""
    service = open_service(Settings(home=live_service.home))
    account = Account("local", "Local account")
    body = copy.deepcopy(json.loads(audit().to_json())["body"])
    body["submission"]["system"] |= {"name": LONG, "organisation": CITY}
    made = completed(service, account, whole=Audit(run={}, body=body))
    service.register.publish(account, made, contact="audit@example.org", appeal="Write to the ombudsman.")
    close(service)
    return made


def pages_of(entry):
    """Return the pages that need a stored audit, or that nobody visits otherwise."""
    audits = (f"/audits/{entry}/{name}" for name in ("plan", "publish", "withdraw", "delete", "outcomes"))
    return (
        "/register", "/register?search=nothing+like+this", f"/register/{entry}", "/log",
        f"/register/{entry}/questions", "/register/answers", "/questions",
        "/organisations/city-of-y", "/frameworks/global-baseline/effectiveness", f"/audits/{entry}", *audits,
    )  # fmt: skip


def test_no_page_has_a_barrier_and_none_scrolls_sideways_at_200_percent(visit, entry):
    page = visit(viewport=ZOOMED)
    for path in pages_of(entry):
        assert page.goto(path).status == 200, path
        assert_sane(page)
        assert (path, barriers_of_a_long_page(page)) == (path, [])


def test_a_question_is_sent_and_its_answer_asked_for_without_a_barrier(visit, entry):
    page = visit(viewport=ZOOMED)
    page.goto(f"/register/{entry}")
    page.get_by_role("link", name="Ask a question, or object").click()
    page.locator("[name=matter][value=objection]").check()
    page.locator("[name=text]").fill("I was never asked.")
    page.get_by_role("button", name="Send").click()
    reference = page.locator("main code").first.inner_text()
    looked_at(page)
    page.goto("/register/answers")
    page.locator("[name=reference]").fill(reference)
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("It waits for an answer")
    looked_at(page)
    page.goto("/questions")
    page.get_by_role("main").get_by_role("link", name="Ranking").first.click()
    looked_at(page)


def looked_at(page):
    assert_sane(page)
    assert barriers(page) == []


@pytest.mark.parametrize("name", ["register", "ask", "log"])
def test_the_keyboard_goes_through_a_page_in_its_order_and_is_seen(visit, entry, name):
    page = visit()
    page.goto({"register": "/register", "ask": f"/register/{entry}/questions", "log": "/log"}[name])
    places = []
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["html"].startswith("<body"):
            break
        assert focused["seen"], focused
        assert focused["outline"] != "none", focused
        places.append(focused["at"])
    assert len(places) >= 5
    assert places == sorted(set(places)), "in the order of the page, each once"

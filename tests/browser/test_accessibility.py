"""No page and no document has a barrier that axe-core sees: light and dark, wide and on a phone.

Tables of documents sort by their columns, with the keyboard too; pages for everybody and for officers are
gone through with the keyboard and read at 200 %.
"""

from __future__ import annotations

import copy
import json

import pytest
from playwright.sync_api import expect

from auditor.api.telling import REPORT_POLICY
from auditor.app import open_service
from auditor.config import Settings
from auditor.views import Account
from reports import html, wording
from reports.document import (
    Cell,
    Column,
    Document,
    Section,
    Table,
    compose,
    compose_comparison,
    compose_plan,
    compose_summary,
)
from reports.language import speaking
from reports.record import Audit
from tests.browser.axe import barriers, barriers_of_a_long_page
from tests.browser.conftest import PHONE, WIDE, assert_sane
from tests.browser.test_pages import PAGES
from tests.conftest import close
from tests.reports.sample import audit
from tests.trust import sealed
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
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    told = {
        "report": compose(audit()),
        "chinese": compose_summary(audit(), "zh-Hans"),
        "summary": compose_summary(audit()),
        "plan": compose_plan(audit()),
        "comparison": compose_comparison(audit(), audit()),
    }
    for name, document in told.items():
        (folder / f"{name}.html").write_text(html.render(document), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["report", "chinese", "summary", "plan", "comparison"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_documents_have_no_barriers(chromium, documents, name, scheme):
    viewport = PHONE if scheme == "dark" else WIDE
    context = chromium.new_context(color_scheme=scheme, viewport=viewport)
    page = context.new_page()
    page.goto(f"file://{documents / name}.html")
    assert barriers_of_a_long_page(page) == []
    context.close()


VALUES = (0.5, -0.03, None, 1200.0, 10.0, 1e-9, 9.75)
UPWARDS = [1, 5, 0, 6, 4, 3, 2]
VERDICTS = ("met", "not_met", "undecided", "met", "met", "not_met", "met")


def of_numbers(language):
    """Return a document whose one table has numbers in every spelling, and verdicts."""
    with speaking(language):
        numbers = [wording.number(value) for value in VALUES]
    numbers[0] += " (\N{MINUS SIGN}7 to 9)"
    rows = tuple(
        (Cell(str(i)), Cell(text), Cell(verdict, verdict=verdict))
        for i, (text, verdict) in enumerate(zip(numbers, VERDICTS, strict=True))
    )
    columns = (Column("Of"), Column("Value", "number"), Column("Verdict", "verdict"))
    part = Section("Numbers", "numbers", (Table("All", columns, rows),))
    return Document("Numbers", "", "2026-12-01", "0" * 64, (part,), language=language)


def order(page):
    return [int(row.text_content()) for row in page.locator("tbody th").all()]


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_tables_sort_by_the_keyboard_under_the_policy_of_the_service(chromium, language):
    told = html.render(of_numbers(language))
    context = chromium.new_context()
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    headers = {"Content-Security-Policy": REPORT_POLICY}
    page.route("**", lambda asked: asked.fulfill(body=told, content_type="text/html", headers=headers))
    page.goto("http://report.test/")
    head = page.get_by_role("columnheader", name="Value")
    head.get_by_role("button").focus()
    downwards = [*UPWARDS[-2::-1], UPWARDS[-1]]  # what has no value stays below
    for state, expected in (("ascending", UPWARDS), ("descending", downwards), (None, list(range(7)))):
        page.keyboard.press("Enter")
        assert (head.get_attribute("aria-sort"), order(page)) == (state, expected)
    page.get_by_role("columnheader", name="Verdict").get_by_role("button").click()
    assert order(page) == [1, 5, 2, 0, 3, 4, 6], "the worst first, equals as they were"
    assert head.get_attribute("aria-sort") is None
    assert barriers(page) == []
    assert complaints == []
    context.close()


def test_without_scripts_a_table_has_all_its_words_and_no_button(chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(html.render(of_numbers("en")))
    assert page.get_by_role("button").count() == 0
    assert page.get_by_role("columnheader").all_text_contents() == ["Of", "Value", "Verdict"]
    assert len(page.locator("tbody tr").all()) == len(VALUES)
    context.close()


def test_pages_have_no_barriers(visit):
    page = visit()
    for path in PAGES:
        page.goto(path)
        assert barriers(page) == [], path


def test_pages_in_chinese_have_no_barriers(visit):
    page = visit(viewport=PHONE)
    for path in (
        "/?lang=zh-Hant",
        "/frameworks/us-nyc-ll144",
        "/about",
        "/terms",
        "/rules/new",
        "/?lang=zh-Hans",
    ):
        page.goto(path)
        assert page.locator("html").get_attribute("lang").startswith("zh-Han")
        assert barriers(page) == [], path
        assert_sane(page)


@pytest.mark.parametrize("look", [barriers, barriers_of_a_long_page])
def test_a_barrier_is_seen(chromium, look):
    context = chromium.new_context()
    page = context.new_page()
    pale = "<table><tr><td>black<tr><td>black<tr><td><b style='color: #ccc'>pale</b></table>"
    page.set_content(
        f"<html lang=en><title>t</title><main><h1>h</h1><img src='x.png'><button></button>{pale}</main>"
    )
    assert {rule for rule, _ in look(page)} >= {"image-alt", "button-name", "color-contrast"}
    context.close()


@pytest.fixture(scope="module")
def entry(live_service):
    """An audit in the register, of an organisation, that somebody asked about."""
    service = open_service(Settings(home=live_service.home))
    account = Account("local", "Local account")
    body = copy.deepcopy(json.loads(sealed.audit().to_json())["body"])
    body["submission"]["system"] |= {"name": LONG, "organisation": CITY}
    made = completed(service, account, whole=Audit(run={}, body=body))
    service.register.publish(account, made, contact="audit@example.org", appeal="Write to the ombudsman.")
    close(service)
    return made


@pytest.fixture(scope="module")
def public_organisation(live_service, entry):
    """The page of the organisation that the entry names, as everybody reads it."""
    return f"/register/organisations/{live_service.get(f'/api/v1/register/{entry}').json['organisation']}"


def pages_of(entry):
    """Return the pages that need a stored audit, or that nobody visits otherwise."""
    audits = (f"/audits/{entry}/{name}" for name in ("plan", "publish", "withdraw", "delete", "outcomes"))
    return (
        "/register", f"/register/{entry}", "/log", f"/register/{entry}/questions", "/questions",
        "/organisations/city-of-y", f"/audits/{entry}", *audits,
    )  # fmt: skip


def test_no_page_has_a_barrier_and_none_scrolls_sideways_at_200_percent(visit, entry, public_organisation):
    page = visit(viewport=ZOOMED)
    for path in (*pages_of(entry), public_organisation):
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


def test_the_keyboard_goes_through_a_page_in_its_order_and_is_seen(visit, entry, public_organisation):
    page = visit()
    for path in ("/register", f"/register/{entry}/questions", "/log", public_organisation):
        page.goto(path)
        places = []
        for _ in range(60):
            page.keyboard.press("Tab")
            focused = page.evaluate(FOCUSED)
            if focused["html"].startswith("<body"):
                break
            assert focused["seen"], (path, focused)
            assert focused["outline"] != "none", (path, focused)
            places.append(focused["at"])
        assert len(places) >= 5, path
        assert places == sorted(set(places)), f"{path}: in the order of the page, each once"

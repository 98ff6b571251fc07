"""The files step in a real browser: a table read wrongly, a challenger, and demographics kept apart."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.axe import barriers
from tests.browser.conftest import PHONE, WIDE, assert_sane
from tests.browser.mortgage import EXAMPLE

pytestmark = pytest.mark.browser

TOWNS = "Straße;Betrag;ok;id\n" + "".join(f"Gasse {i % 9};{i},5;{i % 2};{i}\n" for i in range(60))
SERVICE = "age,residence,done\n" + "".join(f"{18 + i},{['town', 'village'][i % 2]},yes\n" for i in range(60))
PEOPLE = "id,race\n" + "".join(f"{i},{'XY'[i % 3 == 0]}\n" for i in range(60))


@pytest.mark.parametrize(("scripts", "viewport"), [(True, PHONE), (False, WIDE)], ids=["scripts", "plain"])
def test_further_files_are_asked_for_calmly_and_kept(visit, scripts, viewport):
    page = visit(scripts=scripts, viewport=viewport)
    page.goto("/")
    page.get_by_role("button", name="Start an audit").click()
    page.fill("[name='system.name']", "Towns")
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("heading", name="Which files show what it does?").wait_for()
    for closed in (
        "[name='models.0']",
        "[name='join.demographics.file']",
        "[name='data.evaluation.encoding']",
    ):
        assert not page.locator(closed).is_visible(), "closed until somebody wants it"
    upload(page, "data.evaluation", "towns.csv", TOWNS.encode("cp1252"))
    page.get_by_text("60 rows, 4 columns").wait_for()

    page.get_by_text("This table was read wrongly?").first.click()
    page.select_option("[name='data.evaluation.encoding']", "cp437")
    page.get_by_role("button", name="Read it again").first.click()
    page.get_by_text("encoding cp437, separated by semicolon, decimal comma").wait_for()

    page.get_by_text("Compare with another system").click()
    page.fill("[name='models.0']", "next")
    upload(page, "models.0.file", "next.onnx", (EXAMPLE / "model.onnx").read_bytes())
    page.get_by_text("next.onnx").wait_for()
    assert page.input_value("[name='models.0']") == "next", "what was typed before the upload stays"

    page.get_by_text("Demographics in another file").click()
    upload(page, "join.demographics.file", "people.csv", PEOPLE.encode())
    page.select_option("[name='join.demographics.on']", "id")
    if scripts:
        assert_sane(page)
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("heading", name="What does the system answer?").wait_for()
    page.goto(page.url.replace("/task", "/groups"))
    page.get_by_label("demographics:race").check()
    if scripts:
        assert_sane(page)

    page.goto(page.url.replace("/groups", "/service"))
    upload(page, "service_log.file", "log.csv", SERVICE.encode())
    page.get_by_role("checkbox", name="age").check()
    page.fill("[name='service_log.bins.age']", "25, 65")
    page.get_by_role("checkbox", name="residence").check()
    page.select_option("[name='service_log.completed']", "done")
    page.fill("[name='participation.affected']", "older applicants\nrural applicants")
    page.get_by_text("Write down who was asked").click()
    page.fill("[name='participation.consultations.0.group']", "older applicants")
    if scripts:
        assert_sane(page)
        assert barriers(page) == []
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_text("Declare a transfer").click()
    page.fill("[name='transfers.0.name']", "Records to the centre")
    page.select_option("[name='transfers.0.terms.purpose']", "stated")
    page.get_by_role("button", name="Save and compare").click()
    page.get_by_text("Records to the centre, beside DEPA").wait_for()
    if scripts:
        assert_sane(page)
        assert barriers(page) == []
    page.get_by_role("button", name="Save and check all answers").click()
    page.get_by_text("1 theme declared").wait_for()
    page.get_by_text("older applicants, rural applicants").wait_for()
    expect(page.get_by_role("main")).to_contain_text("log.csv")


def test_the_enter_key_saves_and_removes_nothing(visit):
    page = visit()
    page.goto("/")
    page.get_by_role("button", name="Start an audit").click()
    page.fill("[name='system.name']", "Towns")
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("heading", name="Which files show what it does?").wait_for()
    upload(page, "data.evaluation", "people.csv", PEOPLE.encode())
    page.get_by_text("60 rows, 2 columns").wait_for()
    page.get_by_text("Compare with another system").click()
    page.fill("[name='models.0']", "next")
    page.locator("[name='models.0']").press("Enter")
    expect(page.locator(".error-summary")).to_contain_text("Give either its model file or the columns")
    assert page.locator("[name='models.0']").input_value() == "next"
    assert page.get_by_text("people.csv", exact=True).is_visible()


def upload(page, name, file, content):
    page.wait_for_load_state()  # by then the script, where there is one, has put its button away
    page.set_input_files(f"[name='{name}']", {"name": file, "mimeType": "text/csv", "buffer": content})
    plain = page.get_by_role("button", name="Upload and show")
    if plain.is_visible():
        plain.click()
    page.get_by_text(file, exact=True).wait_for()

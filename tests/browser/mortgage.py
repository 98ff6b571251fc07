"""Filling the form with examples/mortgage the way a person does: read, choose, type, continue."""

from __future__ import annotations

import yaml
from playwright.sync_api import expect

from auditor.web.steps import STEPS
from tests.small_example import small_example

EXAMPLE = small_example()
ASKED = yaml.safe_load((EXAMPLE / "submission.yaml").read_text(encoding="utf-8"))
ANSWERS = yaml.safe_load((EXAMPLE / "answers.yaml").read_text(encoding="utf-8"))


def next_step(page):
    page.get_by_role("button", name="Save and continue").click()


def fill(page, look=lambda _page: None):
    """Lead *page* from the front page to the check page, and *look* at every step."""
    page.goto("/")
    page.get_by_role("button", name="Start an audit").click()
    answers = {
        "system": fill_system,
        "files": fill_files,
        "task": fill_task,
        "outcome": fill_outcome,
        "groups": fill_groups,
        "columns": fill_columns,
        "people": lambda _page: None,
        "service": lambda _page: None,
        "transfers": lambda _page: None,
        "frameworks": fill_rules,
        "answers": fill_answers,
    }
    applying = [step for step in STEPS if step.slug != "counts"]  # which is of published counts only
    assert [step.slug for step in applying] == list(answers)
    for step in applying:
        page.get_by_role("heading", level=1, name=step.title).wait_for()
        look(page)
        answers[step.slug](page)
        next_step(page)
    page.get_by_role("heading", name="Check your answers").wait_for()
    look(page)


def fill_system(page):
    for key in ("name", "version", "purpose", "provider", "sector", "contact"):
        page.fill(f"[name='system.{key}']", ASKED["system"][key])


def fill_files(page):
    for where, file in (
        ("data.evaluation", ASKED["data"]["evaluation"]),
        ("model", ASKED["model"]["file"]),
        ("data.training", ASKED["data"]["training"]),
    ):
        page.wait_for_load_state()  # by then the script, where there is one, has put its button away
        page.set_input_files(f"[name='{where}']", EXAMPLE / file)
        plain = page.get_by_role("button", name="Upload and show")
        if plain.is_visible():  # without scripts there is a button for it
            plain.click()
        shown = page.get_by_text(file, exact=True)
        shown.or_(page.locator(".wrong-sentence")).first.wait_for()
        expect(page.locator(".wrong-sentence")).to_have_count(0)
        expect(shown).to_be_visible()


def fill_task(page):
    page.get_by_label("Yes or no").check()
    page.select_option("[name='columns.label']", ASKED["columns"]["label"])


def fill_outcome(page):
    page.check(f"[name='columns.favourable'][value='{ASKED['columns']['favourable']}']")
    page.check(f"[name='columns.positive'][value='{ASKED['columns']['positive']}']")


def fill_groups(page):
    tick(page, "columns.groups", ASKED["columns"]["groups"])


def fill_columns(page):
    for key in ("features", "quasi_identifiers"):
        page.check(f"[name='{key}.how'][value=chosen]")
        tick(page, f"columns.{key}", ASKED["columns"][key])
    tick(page, "columns.sensitive", ASKED["columns"]["sensitive"])
    page.fill("[name=seed]", str(ASKED["seed"]))


def fill_rules(page):
    for box in page.locator("[name=frameworks]").all():
        box.set_checked(box.get_attribute("value") in ASKED["frameworks"])
    page.check(f"[name='system.risk_tier'][value='{ASKED['system']['risk_tier']}']")
    for condition in ASKED["system"].get("conditions", ()):
        name, said = condition.removeprefix("not "), "no" if condition.startswith("not ") else "yes"
        page.check(f"[name='condition.{name}'][value={said}]")


def fill_answers(page):
    for key, answer in ANSWERS.items():
        field = page.locator(f"[name='answers.{key}.answer']")
        if not field.is_visible():
            page.locator("details", has=field).locator("summary").click()
        field.fill(answer["answer"].strip())
        for part in ("signer", "date", "expiry"):
            if part in answer:
                page.fill(f"[name='answers.{key}.{part}']", str(answer[part]))


def tick(page, name, values):
    for value in values:
        box = page.locator(f"[name='{name}'][value='{value}']")
        if not box.is_visible():
            page.locator("details", has=box).locator("summary").first.click()
        box.check()

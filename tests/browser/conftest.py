"""A real Chromium, headless, and what each page of it must keep to."""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

WIDE, PHONE = {"width": 1200, "height": 900}, {"width": 390, "height": 844}


def find_chromium():
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def chromium():
    path = find_chromium()
    if path is None:
        sentence = "there is no Chromium: apt install chromium, or run `make browser`"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(sentence)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, live_service):
    """Return a function that opens a page; at the end no page may have complained on its console."""
    contexts, complaints = [], []

    def hear(message):
        if message.type in {"error", "warning"} and not refused_form(message):
            complaints.append(f"{message.text} {message.location}")

    def visit(*, scripts=True, viewport=WIDE):
        context = chromium.new_context(
            base_url=live_service.url, java_script_enabled=scripts, viewport=viewport, locale="en-GB"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not complaints


def refused_form(message):
    """Chromium calls a form answered 422 and a page that is gone errors; here both are meant."""
    return "status of 422" in message.text or "status of 404" in message.text


SANE = """() => {
  const wrong = [];
  const named = (e) => e.labels?.length || e.getAttribute("aria-label");
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea, progress"))
    if (!named(e)) wrong.push("no label: " + e.outerHTML);
  for (const e of document.querySelectorAll("a, button, summary"))
    if (!(e.textContent.trim() || e.getAttribute("aria-label"))) wrong.push("no words: " + e.outerHTML);
  for (const e of document.querySelectorAll("fieldset"))
    if (e.firstElementChild?.tagName !== "LEGEND") wrong.push("no legend: " + e.outerHTML.slice(0, 200));
  for (const e of document.querySelectorAll("svg:not([aria-hidden]), img"))
    if (!e.getAttribute("aria-label") && !e.getAttribute("alt")) wrong.push("no text: " + e.outerHTML);
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push("id twice: " + id);
  for (const e of document.querySelectorAll("[aria-describedby]"))
    for (const id of e.getAttribute("aria-describedby").split(" "))
      if (!document.getElementById(id)) wrong.push("describes nothing: " + id);
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  const levels = [...document.querySelectorAll("h1,h2,h3,h4")].map((e) => +e.tagName[1]);
  levels.forEach((level, i) => { if (i && level > levels[i - 1] + 1) wrong.push(`h${level} too deep`); });
  if (!document.documentElement.lang || !document.title) wrong.push("no language or title");
  const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (over > 0) wrong.push(`${over} pixels too wide`);
  return wrong;
}"""
"""What any page must keep to; the heading levels begin at the h1."""


def assert_sane(page):
    page.wait_for_load_state()
    assert page.evaluate(SANE) == [], page.url

"""No page and no document has a barrier that axe-core sees: light and dark, wide and on a phone."""

from __future__ import annotations

import pytest

from reports import html
from reports.document import compose, compose_comparison, compose_plan, compose_summary
from tests.browser.axe import barriers, barriers_of_a_long_page
from tests.browser.conftest import PHONE, WIDE
from tests.browser.test_pages import PAGES
from tests.reports.sample import audit

pytestmark = pytest.mark.browser


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


def test_pages_have_no_barriers(visit):
    page = visit()
    for path in PAGES:
        page.goto(path)
        assert barriers(page) == [], path


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

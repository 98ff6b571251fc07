"""axe-core in the browser of the tests: barriers by the rules of WCAG 2.2 A and AA."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "async (options) => (await axe.run(document, {resultTypes: ['violations'], ...options})).violations"
CONTRAST = "color-contrast"
ONE_OF_EACH_KIND = """() => {
  const look = (e) => [e.tagName, e.getAttribute("class"), e.getAttribute("fill"),
    (e.getAttribute("style") ?? "").replace(/[\\d.]+/g, "0")].join();
  const kind = (e) => look(e) + "(" + [...new Set([...e.children].map(kind))].join() + ")";
  const seen = new Set();
  for (const e of document.querySelectorAll("tr, td, th, li, dl, dt, dd, p, details, svg")) {
    if (!e.isConnected) continue;
    const own = look(e.parentElement) + ">" + kind(e);
    if (seen.has(own)) e.remove(); else seen.add(own);
  }
}"""
"""Leave one row, cell, item or picture of each kind of markup: the same classes have the same colours."""


@cache
def source():
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def barriers(page):
    """Return each rule that the page breaks, with the first place where it does."""
    page.evaluate(source())
    return _broken(page, {"runOnly": RULES})


def barriers_of_a_long_page(page):
    """Return the same, colours looked at once per kind of markup: each of 20,000 elements takes minutes.

    The page is not whole afterwards.
    """
    page.evaluate(source())
    broken = _broken(page, {"runOnly": RULES, "rules": {CONTRAST: {"enabled": False}}})
    page.evaluate(ONE_OF_EACH_KIND)
    return broken + _broken(page, {"runOnly": [CONTRAST]})


def _broken(page, options):
    return [(found["id"], found["nodes"][0]["html"][:200]) for found in page.evaluate(RUN, options)]

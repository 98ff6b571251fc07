"""axe-core in the browser of the tests: barriers by the rules of WCAG 2.2 A and AA."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "async (rules) => (await axe.run(document, {runOnly: rules, resultTypes: ['violations']})).violations"


@cache
def source():
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def barriers(page):
    """Return each rule that the page breaks, with the first place where it does."""
    page.evaluate(source())
    return [(found["id"], found["nodes"][0]["html"][:200]) for found in page.evaluate(RUN, RULES)]

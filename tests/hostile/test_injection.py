"""Names that try to be markup, a program or a formula stay names, from the table to the page and the PDF."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pypdf
import pytest

from reports.html import named, source
from tests.conftest import ROOT

SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(2)>"
BREAKOUT = "\"'></td></style><svg onload=alert(3)>"
PAPER = '#panic("out") #read("/etc/passwd") *bold* $x$'
TEMPLATE = "{{ 7 * 7 }}{% raw %}"
FORMULA = "=HYPERLINK(1)"
FORMULA_AT = "@SUM(1+1)"
GROUPS = (SCRIPT, IMAGE, BREAKOUT, PAPER, TEMPLATE, FORMULA)
COLUMN = f"{SCRIPT} {FORMULA_AT}"
SYSTEM = f"{IMAGE} {PAPER}"


class Page(HTMLParser):
    """What a browser would make of a page: its elements, its handlers and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """One audit by the command line whose system, columns and groups all carry injections."""
    home = tmp_path_factory.mktemp("injected")
    rng = np.random.default_rng(4)
    rows = len(GROUPS) * 60
    table = pd.DataFrame({"y": rng.integers(0, 2, rows), "d": rng.integers(0, 2, rows)})
    table[COLUMN] = np.resize(np.array(GROUPS, dtype=object), rows)
    table[FORMULA] = rng.normal(size=rows)
    table.to_csv(home / "rows.csv", index=False)
    submission = {
        "system": {"name": SYSTEM, "purpose": f"{BREAKOUT} {TEMPLATE}"},
        "task": "binary",
        "data": {"evaluation": "rows.csv"},
        "columns": {"label": "y", "favourable": 1, "prediction": "d", "groups": [COLUMN]},
        "frameworks": ["us-nyc-ll144"],
    }
    (home / "s.yaml").write_text(json.dumps(submission), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "auditor", "run", str(home / "s.yaml"), "--out", str(home / "out"), "--quiet"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return home / "out"


@pytest.fixture(scope="module")
def page(results):
    return (results / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def paper(results):
    """The words of the PDF, without blanks: a narrow cell breaks a line anywhere."""
    pages = pypdf.PdfReader(results / "report.pdf").pages
    return squeezed("".join(one.extract_text() for one in pages))


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b\u00ad\u2010]+", "", text)


@pytest.mark.parametrize("name", [*GROUPS, COLUMN, SYSTEM], ids=range(len(GROUPS) + 2))
def test_a_hostile_name_stands_in_the_page_as_text(name, page):
    assert name in " ".join(Page(page).parts)


def test_no_submitted_markup_becomes_an_element_of_the_page(page):
    tags = Page(page).tags
    assert [attrs for _, attrs in tags if any(name.startswith("on") for name in attrs)] == []
    assert [attrs for tag, attrs in tags if tag == "img" and attrs.get("src") == "x"] == []
    assert SCRIPT not in page
    assert IMAGE not in page
    assert "onload=alert(3)>" not in page
    assert html.escape(SCRIPT) in page


def test_the_page_forbids_every_script_but_the_one_that_sorts(page):
    """Should markup ever get through, the browser is told beforehand to run nothing else."""
    policies = [a.get("content") or "" for t, a in Page(page).tags if t == "meta" and "http-equiv" in a]
    assert any("default-src 'none'" in policy for policy in policies)
    (allowed,) = (re.search(r"script-src ([^;]+);", policy) for policy in policies)
    assert allowed[1] == named(source("report.js"))
    assert [tag for tag, _ in Page(page).tags].count("script") == 1


def test_a_template_in_a_name_is_not_run(page, paper):
    assert TEMPLATE in html.unescape(page)
    assert squeezed(TEMPLATE) in paper


@pytest.mark.parametrize("name", [PAPER, SCRIPT, IMAGE, FORMULA], ids=["typst", "script", "image", "formula"])
def test_a_hostile_name_stands_on_paper_as_it_is(name, paper):
    assert squeezed(name) in paper


def test_nothing_of_this_host_stands_on_paper(paper, page):
    assert "root:x:0:0" not in paper
    assert "root:x:0:0" not in page


def test_no_result_is_a_file_that_a_spreadsheet_opens(results, client):
    """A formula needs a spreadsheet: results are a page, a paper, JSON, and a bundle of these three."""
    assert {path.suffix for path in results.iterdir()} == {".html", ".pdf", ".json", ".zip"}
    described = json.dumps(client.get("/api/v1/openapi.json").json)
    assert not re.search(r"text/csv|spreadsheet|ms-excel", described)
    record = json.loads((results / "audit.json").read_bytes())
    assert FORMULA in json.dumps(record["body"]["submission"])

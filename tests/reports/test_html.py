"""The HTML holds every word of the document, needs nothing else, and obeys nobody's markup."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from reports import charts, frame, html
from reports.document import compose
from tests.reports import hostile
from tests.reports.sample import audit


class Page(HTMLParser):
    """What a browser would make of the page, as far as these tests ask."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._skipping = 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._skipping += tag in ("style", "svg", "script")

    def handle_endtag(self, tag):
        self._skipping -= tag in ("style", "svg", "script")

    def handle_data(self, data):
        if not self._skipping:
            self.texts.append(data)

    def all(self, *names):
        return [attrs for tag, attrs in self.tags if tag in names]

    @property
    def text(self) -> str:
        return squeezed(" ".join(self.texts))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.fixture(scope="module", params=["sample", "hostile"])
def document(request):
    return compose({"sample": audit, "hostile": hostile.audit}[request.param]())


@pytest.fixture(scope="module")
def source(document) -> str:
    return html.render(document)


@pytest.fixture(scope="module")
def page(source) -> Page:
    return Page(source)


def test_every_word_of_the_document_is_on_the_page(document, page):
    text = page.text
    for said in document.words():
        assert squeezed(said).strip() in text


def test_the_page_needs_nothing_else(source, page):
    assert {tag for tag, _ in page.tags}.isdisjoint({"link", "iframe", "object", "embed", "img", "base"})
    assert page.all("script") == [{}]
    for _, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on") or name == "style"]
        for name in ("src", "href", "xlink:href", "action", "srcset"):
            assert (attrs.get(name) or "#").startswith("#")
    style = re.search(r"<style>(.*?)</style>", source, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_allows_the_one_style_the_one_script_and_nothing_else(source, page):
    (policy,) = [a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    for tag in ("style", "script"):
        text = re.search(rf"<{tag}>(.*?)</{tag}>", source, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'")


def test_every_chart_has_its_words(document, page):
    pictures = [a for a in page.all("div") if a.get("role") == "img"]
    assert [squeezed(a["aria-label"]) for a in pictures] == [squeezed(c.alt) for c in document.charts()]
    assert all(a["aria-label"] for a in pictures)


def test_headings_do_not_skip_a_level(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_landmarks_language_and_tables_are_named(page):
    assert page.all("html")[0]["lang"] == "en"
    assert [len(page.all(tag)) for tag in ("main", "nav", "footer")] == [1, 1, 1]
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(attrs.get("scope") in ("col", "row") for attrs in page.all("th"))


def test_every_link_leads_somewhere_and_ids_are_single(page):
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {attrs["href"][1:] for attrs in page.all("a", "use")}
    assert targets <= set(ids)


def test_equal_documents_have_equal_pages(document, source):
    assert html.render(document) == source


def test_the_page_is_small_enough_to_mail():
    assert len(html.render(compose(audit())).encode()) < 1_500_000


def test_colours_of_pictures_are_those_of_the_page():
    style = (html.TEMPLATES / "report.css").read_text(encoding="utf-8")
    light = style[: style.index("@media")]
    for name, colour in frame.COLOURS.items():
        assert f"--{name}: {colour};" in light


def test_colours_of_paper_are_those_of_the_page():
    style = (html.TEMPLATES / "report.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--(\w+): (#\w{6});", style[: style.index("@media")]))
    paper = (html.TEMPLATES / "report.typ").read_text(encoding="utf-8")
    for name in ("met", "attested", "waived", "deferred", "undecided", "not_met", "not_applicable"):
        assert f'{name}: rgb("{light[name]}")' in paper


def test_submitted_markup_stays_text():
    source = html.render(compose(hostile.audit()))
    assert hostile.HTML not in source
    assert "&lt;img src=x" in source
    assert hostile.JINJA in source  # shown as it is, not run
    assert "49" not in re.findall(r"<h1>(.*?)</h1>", source)[0]


def test_every_picture_is_described_as_vega_lite_asks(document):
    for chart in document.charts():
        for panel in charts.panels(chart.kind, chart.data):
            panel.to_dict(validate=True)


def test_a_chart_reads_names_as_values_only():
    document = compose(hostile.audit())
    drawn = "".join(svg for chart in document.charts() for svg in charts.draw(chart))
    assert "<img" not in drawn
    assert "datum[&#39;c0&#39;]" in drawn or "datum['c0']" in drawn  # the name itself, as a label
    assert "script" not in drawn
    assert "NaN" not in drawn

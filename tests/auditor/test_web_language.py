"""Pages in the reader's language: how it is chosen and kept, and that no sentence of ours stays English."""

from __future__ import annotations

import re

import pytest

from auditor.app import create_app
from auditor.config import Settings
from auditor.views import AuditState
from locales import messages
from reports.language import LANGUAGES
from tests.auditor.web_fakes import FakeService, make_app
from tests.conftest import close

TEMPLATES = sorted((messages.ROOT / "templates" / "web").rglob("*.html"))
SYSTEM = "Kreditvergabe"
"""A submitted name, which stays as it is."""


@pytest.fixture
def service():
    return FakeService()


@pytest.fixture
def client(service):
    return make_app(service).test_client()


def language_of(page):
    return re.search(r'<html lang="([^"]+)"', page.text)[1]


# choosing


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de-DE,de;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-TW", "zh-Hant"),
        ("zh-Hant-HK;q=0.9,en;q=0.1", "zh-Hant"),
        ("en-GB,zh-CN;q=0.5", "en"),
        ("fr;q=0.9,zh-HK;q=0.2", "zh-Hant"),
    ],
)
def test_pages_are_told_as_the_browser_asks(client, accepted, language):
    page = client.get("/about", headers={"Accept-Language": accepted})
    assert language_of(page) == page.headers["Content-Language"] == language
    assert {"Accept-Language", "Cookie"} <= set(page.vary)


def test_a_link_wins_and_is_remembered(client):
    chinese = {"Accept-Language": "zh-CN"}
    page = client.get("/?lang=zh-Hant", headers=chinese)
    assert language_of(page) == "zh-Hant"
    assert "開始" in page.text
    cookie = next(one for one in page.headers.getlist("Set-Cookie") if one.startswith("language=zh-Hant;"))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert language_of(client.get("/", headers=chinese)) == "zh-Hant"
    assert language_of(client.get("/?lang=en", headers=chinese)) == "en"
    assert language_of(client.get("/", headers=chinese)) == "en"


@pytest.mark.parametrize("lang", ["klingon", "", "zh", "<script>", "zh-Hans\0"])
def test_a_language_that_is_not_there_changes_nothing(client, lang):
    page = client.get("/", query_string={"lang": lang})
    assert language_of(page) == "en"
    assert "language=" not in page.headers.get("Set-Cookie", "")
    assert "klingon" not in page.text
    client.set_cookie("language", "klingon")
    assert language_of(client.get("/")) == "en"


def test_each_language_is_offered_in_its_own_name_at_the_same_page(client):
    page = client.get("/frameworks?search=impact+ratio&lang=zh-Hans").text
    for tag, name in LANGUAGES.items():
        current = ' aria-current="true"' if tag == "zh-Hans" else ""
        address = f"/frameworks?search=impact+ratio&amp;lang={tag}"
        assert f'<a href="{address}" lang="{tag}" hreflang="{tag}"{current}>{name}</a>' in page


def test_what_a_form_was_sent_to_leads_to_a_page_that_can_be_opened(client, service):
    service.add(AuditState.COMPLETED)
    page = client.post("/audits/1/judgements", data={"as_of": "soon"}, headers={"Accept-Language": "zh-CN"})
    assert page.status_code == 422
    assert language_of(page) == "zh-Hans"
    assert 'href="/audits/1?lang=en"' in page.text


def test_the_api_and_those_turned_away(tmp_path):
    """The API speaks English, whatever a browser remembers; who is turned away at the door reads why."""
    app = create_app(Settings(home=tmp_path / "home", first_audit=None))
    client = app.test_client()
    client.set_cookie("language", "zh-Hans", domain="127.0.0.1")
    try:
        answer = client.get("/api/v1/audits/nothing")
        assert answer.json["detail"] == "there is no audit 'nothing'."
        assert "Content-Language" not in answer.headers
        page = client.get("/nothing")
        assert (page.status_code, language_of(page)) == (404, "zh-Hans")
        page = client.get("/", headers={"Host": "elsewhere.example", "Accept-Language": "zh-CN"})
        assert (page.status_code, language_of(page)) == (421, "zh-Hans")
    finally:
        close(app.extensions["auditor"])


def test_numbers_days_and_submitted_texts(client, service):
    service.add(AuditState.COMPLETED, submission={"system": {"name": "Save and continue"}, "task": "binary"})
    page = client.get("/audits/1?lang=zh-Hans").text
    assert "2026年12月1日" in page
    assert "Save and continue" in page
    assert "2 不满足" in page
    assert "2026-12-01" in client.get("/audits/1?lang=en").text


# no sentence is left out


@pytest.mark.parametrize("language", ["zh_Hans", "zh_Hant"])
def test_every_marked_sentence_has_its_words(language):
    """`python -m locales.messages` brings the catalogues up to the source and names what waits."""
    waiting, every = messages.missing(language, ["web"])
    assert waiting == []
    assert every > 700


_NO_WORDS = re.compile(
    r"\{#.*?#\}|\{%-?\s*trans\b.*?endtrans\s*-?%\}|\{\{.*?\}\}|\{%.*?%\}"
    r"|<(pre|code|script|cite)\b.*?</\1>|aria-describedby=\"[^>]*?\"|&\w+;",
    re.DOTALL,
)
_SPOKEN = re.compile(r'\b(?:aria-label|title|alt|placeholder|content)="([^"]*[A-Za-z]{2}[^"]*)"')
NAMES = {"Auditor", "API", "sha256"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_text_of_a_template_is_unmarked(path):
    bare = _NO_WORDS.sub("", path.read_text(encoding="utf-8"))
    text = re.sub(r"<[^<>]*>|\benctype=\S+|\bdata-\w+|aria-invalid=\S+", "", bare, flags=re.MULTILINE)
    spoken = [said for said in _SPOKEN.findall(bare) if "width=" not in said and "dark" not in said]
    assert set(re.findall(r"[A-Za-z]{2,}\w*", text)) <= NAMES
    assert spoken in ([], ["3"])

"""Pages in the reader's language: how it is chosen and kept, and that no sentence of ours stays English."""

from __future__ import annotations

import html
import io
import re
from functools import cache

import pytest

from auditor.app import create_app
from auditor.config import Settings
from auditor.problems import Problem
from auditor.views import Account, AuditState
from frameworks.load import packs
from frameworks.tier import questionnaire
from locales import messages
from reports import catalogue
from reports.language import LANGUAGES
from tests.auditor.test_organisations import kept as of_city
from tests.auditor.web_fakes import TABLE, FakeService, make_app
from tests.conftest import close
from tests.trust.stored import completed

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
        for odd in ("//elsewhere.example/x", "/\\elsewhere.example", "/%22%3E%3Cscript%3E"):
            page = client.get(f"http://127.0.0.1:{Settings().port}{odd}")
            assert page.status_code == 404, odd
            addresses = re.findall(r'href="([^"]*)" lang="zh-Hant"', page.text)
            assert len(addresses) == 1, odd
            assert re.match(r"/[\w%.]", addresses[0]), odd
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


def test_the_questionnaire_is_asked_in_the_script_of_its_reader(client):
    """The English form has the Chinese beside it; a Chinese one has its own script alone."""
    draft = client.post("/drafts").location.removesuffix("/system")
    asked = questionnaire().questions
    turned = [messages.read("zh_Hant", "questionnaire").get(words, "") for words in messages.asked()]
    assert all(turned)
    for tag, words in (("zh-Hans", messages.asked()), ("zh-Hant", turned)):
        page = client.get(f"{draft}/frameworks?lang={tag}").text
        assert [text for text in words if f">{text}<" not in page] == []
        assert asked[0].en not in page
    assert "决定能否撤销" not in page
    page = client.get(f"{draft}/frameworks?lang=en").text
    assert f'{asked[0].en} <span class="d-block fw-normal soft" lang="zh-Hans">{asked[0].zh}<' in page


# no sentence is left out


@pytest.mark.parametrize("language", ["zh_Hans", "zh_Hant"])
def test_every_sentence_has_its_words(language):
    """`python -m locales.messages` brings the catalogues up to the source and names what waits."""
    assert messages.missing(language, ["web", "service"])[0] == []


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


class Pseudo(dict):
    """Words in a language that is no language: what is ours stands between marks, places stay outside."""

    def __init__(self, names):
        keys = (messages._one(key) for name in names for key in messages.collected()[name])
        super().__init__({key: _marked(key) for key in keys})


def _marked(message):
    return "".join(f"⟦{p}⟧" if at % 2 == 0 else p for at, p in enumerate(re.split(r"(\{\w+\})", message)))


@cache
def pseudo():
    words = Pseudo(catalogue.WORDS)
    phrases = {key: text for key, text in words.items() if " " in key and "{" not in key}
    terms = Pseudo(catalogue.TERMS)
    return words, catalogue.Sentences({**phrases, **Pseudo(catalogue.RECORD)}, terms), terms


@pytest.fixture
def pseudo_locale(monkeypatch):
    words, record, terms = pseudo()
    monkeypatch.setattr(catalogue, "words", lambda _language: words)
    monkeypatch.setattr(catalogue, "record", lambda _language: record)
    monkeypatch.setattr(catalogue, "terms", lambda _language: terms)


GIVEN = re.compile(
    r"Auditor|\bAPI\b|JSON( Lines)?|PDF|HTML|CSV|RSS|UTC|OSCAL|YAML|SHA-256|English|skops|utf-8|XGBoost|"
    r"LightGBM|CatBoost|PyTorch|Keras|MLflow|demographics|\bdepa\b|City of X|Loan screening|"
    rf"{SYSTEM}|impact_ratio|people\.csv|audit@example\.org|fairness\.\w+(\.\w+)*|[a-z0-9]+(-[a-z0-9]+)+|\b[A-Z]+-\w+\b|"
    r"\b(age|race|group|income|approved|score|min_group)\b|\b[0-9a-f]{12,64}\b|http\S+|\brows\b_"
)
"""Names, formats and what was submitted: the same in every language."""


def unmarked(page):
    """Return the English words of a page that stand outside marks."""
    text = re.sub(
        r'<(pre|code|script|style|textarea|cite|option)\b.*?</\1>|<div lang="en">.*?</div>',
        " ",
        page,
        flags=re.DOTALL,
    )
    spoken = " ".join(re.findall(r'\b(?:aria-label|title|alt|placeholder)="([^"]*)"', text))
    text = html.unescape(f"{re.sub(r'<[^<>]*>', ' ', text)} {spoken}")
    while (less := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = less
    for said in sources():
        text = text.replace(said, " ")
    return re.findall(r"\b[A-Za-z]{3,}\b", GIVEN.sub(" ", text))


@cache
def sources():
    """Return clauses, ids and versions, which are cited as they are; longer ones first."""
    rules = packs().values()
    items = {said for f in rules for r in f.requirements for said in (r.source.clause, r.id)}
    return sorted((one for one in {f.version for f in rules} | items if len(one) > 3), key=len, reverse=True)


def assert_ours(client, *paths):
    for path in paths:
        page = client.get(path, headers={"Accept-Language": "zh-CN"}, follow_redirects=True)
        assert (unmarked(page.text), path) == ([], path)


def test_pages_to_read_have_no_forgotten_words(client, pseudo_locale):
    assert_ours(
        client, "/", "/about", "/frameworks", "/frameworks?search=impact_ratio",
        "/frameworks/global-baseline",
        "/frameworks/global-baseline/FAIR-01", "/checks", "/checks/fairness.selection_rate", "/fairness-tree",
        "/fairness-tree?what=decision&labels=yes&given=harm&hurt=spared",
    )  # fmt: skip


def test_pages_of_audits_have_no_forgotten_words(client, service, pseudo_locale):
    asked = {"system": {"name": SYSTEM, "version": "2"}, "task": "binary"}
    problem = Problem("columns.label", "label-missing", "The table has no column “age”; choose another.")
    for state in AuditState:
        wrong = [problem] if state in {AuditState.REFUSED, AuditState.FAILED} else ()
        service.add(state, submission=asked, problems=wrong)
    service.layer = "Landlock is missing: it needs Linux 5.13 or later, with `landlock` in the kernel's lsm="
    done = next(number for number, one in service.views.items() if one.state is AuditState.COMPLETED)
    assert_ours(client, "/", *(f"/audits/{number}" for number in service.views))
    assert_ours(client, f"/audits/{done}/delete", f"/audits/{done}/gap?framework=us-nyc-ll144", "/audits/99")


def test_the_form_has_no_forgotten_words(client, pseudo_locale):
    """Each step empty, with a table, and with what is wrong."""
    draft = client.post("/drafts").location.removesuffix("/system")
    steps = (
        "system",
        "files",
        "task",
        "outcome",
        "groups",
        "columns",
        "people",
        "frameworks",
        "answers",
        "counts",
    )
    assert_ours(client, *(f"{draft}/{step}" for step in (*steps, "check")))
    chinese = {"Accept-Language": "zh-CN"}
    client.post(f"{draft}/files", data={"data.evaluation": (io.BytesIO(TABLE), "people.csv")})
    client.put(f"{draft}/files/model?name=m.skops", data=b"model")
    for step in steps:
        page = client.post(f"{draft}/{step}", data={"columns.label": "age"}, headers=chinese)
        assert page.status_code == 303 or unmarked(page.text) == [], step
    client.post(f"{draft}/system", data={"system.name": SYSTEM})
    client.post(f"{draft}/groups", data={"columns.groups": ["age", "race"], "bins.age": "25, 45"})
    client.post(f"{draft}/frameworks", data={"frameworks": "global-baseline", "system.risk_tier": "high"})
    assert_ours(client, *(f"{draft}/{step}" for step in (*steps, "check")))


def test_pages_of_records_have_no_forgotten_words(tmp_path, pseudo_locale):
    """Register, log, questions, plan, outcomes, effectiveness and own rules, with something in each."""
    app = create_app(Settings(home=tmp_path / "home", first_audit=None))
    app.config["WTF_CSRF_ENABLED"] = False
    service, client, account = app.extensions["auditor"], app.test_client(), Account("local", "Local account")
    audit, gone = (completed(service, account, SYSTEM) for _ in range(2))
    for one in (audit, gone):
        service.register.publish(account, one, contact="audit@example.org", appeal="12345")
    service.register.withdraw(account, gone, "12345")
    sent = {"requirement": "global-baseline/FAIR-01", "kind": "dispute", "by": "12345", "note": "12345"}
    service.effects.report(account, audit, sent)
    service.rules.publish(account, rules(1))
    service.rules.publish(account, rules(2))
    client.post(f"/register/{audit}/questions", data={"matter": "question", "text": "12345"})
    try:
        assert_ours(client, "/", "/register", f"/register/{audit}", f"/register/{gone}", "/register/00")
        assert_ours(client, "/log", "/log/0", "/log/2", "/register/answers", "/questions", f"/audits/{audit}")
        assert_ours(
            client, *(f"/audits/{audit}/{page}" for page in ("plan", "outcomes", "withdraw", "publish"))
        )
        assert_ours(client, f"/register/{audit}/questions", "/frameworks/global-baseline/effectiveness")
        assert_ours(client, "/rules/new", "/rules/town/edit", "/rules/town", "/frameworks/town")
    finally:
        close(service)


def test_pages_of_terms_and_organisations_have_no_forgotten_words(tmp_path, pseudo_locale):
    """Terms as they are offered, compared and refused; an organisation as it sees itself and as all do."""
    app = create_app(Settings(home=tmp_path / "home", first_audit=None))
    app.config["WTF_CSRF_ENABLED"] = False
    service, client, account = app.extensions["auditor"], app.test_client(), Account("local", "Local account")
    chinese = {"Accept-Language": "zh-CN"}
    try:
        assert_ours(client, "/terms", "/organisations/99", "/register/organisations/00")
        for content in (TERMS, TERMS.replace("purpose", "purpos").replace("never", "whenever"), ""):
            page = client.post("/terms", data={"content": content}, headers=chinese)
            assert unmarked(page.text) == [], content
        kept = []
        for day, verdict in (("2020-01-01", "not_met"), ("2020-03-01", "met"), ("2021-01-01", "not_met")):
            kept.append(of_city(service, account, day, verdict))
        sent = {"requirement": "global-baseline/FAIR-01", "kind": "dispute", "by": "12345", "note": "12345"}
        service.effects.report(account, kept[0], sent)
        for one in kept:
            service.register.publish(account, one, contact="audit@example.org", appeal="12345")
        key = service.public_organisations.key_of(kept[0])
        assert_ours(client, "/organisations/city-of-x", f"/register/organisations/{key}")
        assert "City of X" in client.get("/organisations/city-of-x").text
    finally:
        close(service)


TERMS = """\
name: "12345"
from: "12345"
to: "12345"
facts: {critical-operator: false, sensitive-or-minors-data: true}
terms:
  purpose: {is: stated, clause: "12345"}
  use: never
  rights: [access, correction, deletion]
  retention_days: 365
"""


def rules(version):
    """Return rules of one's own whose words are numbers."""
    return f"""format: auditor-framework/1
id: town
title: "12345"
version: "{version}"
jurisdiction: "12345"
extends: [{{id: global-baseline, version: ">=0.1"}}]
sunset: 2099-01-01
overrides:
  - target: FAIR-01
    criterion: fairness.selection_rate.impact_ratio
    mode: tighten
    from: {{at_least: 0.8}}
    to: {{at_least: 0.8{version}}}
    reason: "12345"
"""

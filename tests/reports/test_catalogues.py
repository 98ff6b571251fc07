"""Catalogues keep the places of sentences and follow the source; no language loses a word of a report."""

from __future__ import annotations

import dataclasses
import io
import re
from functools import cache

import pikepdf
import pytest

from locales import messages
from reports import fonts, html, pdf
from reports.catalogue import RECORD, WORDS
from reports.document import Document, compose, compose_summary
from reports.language import LANGUAGES
from reports.record import Audit
from tests.reports.sample import record, subject
from tests.reports.test_html import Page
from tests.reports.test_pdf import across_pages, pages, squeezed

CHINESE = [tag for tag in LANGUAGES if tag != "en"]
PLACE = re.compile(r"\{(\w*)\}")

in_chinese = pytest.mark.parametrize("language", CHINESE)


@cache
def audit() -> Audit:
    """Return a small audit: one check of each kind of table and picture."""
    return record(subject(), only=("fairness.selection_rate", "privacy.anonymity", "data.quality"))


@cache
def told(language: str) -> Document:
    return compose(audit(), language)


@cache
def paper(language: str) -> bytes:
    return pdf.render(told(language), audit().to_json())


@in_chinese
def test_translations_have_the_places_of_their_sentences(language):
    wrong = [
        (english, text)
        for name in {*WORDS, *RECORD}
        for english, text in messages.read(language.replace("-", "_"), name).items()
        if set(PLACE.findall(english)) - {"count"} - set(PLACE.findall(text))
        or set(PLACE.findall(text)) - set(PLACE.findall(english))
    ]
    assert wrong == []


@in_chinese
def test_sentences_have_their_words(language):
    """Name what has none; `python -m locales.messages` brings the catalogues up to the source."""
    waiting, every = messages.missing(language.replace("-", "_"), ("reports", "record", "measures", "rules"))
    assert every > 4000
    assert waiting == [], "run `make messages`, then give these their words"


@in_chinese
def test_every_word_is_on_the_page(language):
    page = Page(html.render(told(language)))
    text = squeezed(page.text)
    assert [said for said in told(language).words() if squeezed(said) not in text] == []


@in_chinese
def test_every_word_is_on_paper(language):
    found = squeezed("".join(pages(paper(language))))
    said = dict.fromkeys(squeezed(one) for one in told(language).words())
    lost = [one for one in said if one not in found]
    assert [one for one in lost if not across_pages(one, found)] == []
    assert len(lost) <= 0.01 * len(said)


@in_chinese
def test_paper_is_set_in_the_forms_of_its_language(language):
    """A picture too: it has no language of its own to choose the forms of shared characters by."""
    assert fonts.has(language)
    form = {"zh-Hans": b"NotoSansCJKsc", "zh-Hant": b"NotoSansCJKtc"}[language]
    named = set(re.findall(rb"NotoSansCJK[a-z]+", _objects(paper(language))))
    assert named == {form}
    assert paper(language) == pdf.render(told(language), audit().to_json())


@pytest.mark.parametrize("name", ["评" * 15, "评" * 17, "Mortgage approval scorecard", "ab" * 20, "a"])
@pytest.mark.parametrize(("language", "end"), [("zh-Hans", "（版本 2.1）审计报告"), ("en", "version 2.1")])
def test_no_title_ends_with_a_last_character_on_a_line_of_its_own(name, language, end):
    title = f"{name}{end}" if language != "en" else f"Audit of {name}, {end}"
    cover = dataclasses.replace(told(language), title=title, sections=())
    text = pages(pdf.render(cover, audit().to_json()))[0]
    assert squeezed(title) in squeezed(text)
    assert any(line.strip().endswith(end) or end in line for line in text.splitlines()), text


@in_chinese
def test_the_summary_is_one_page(language):
    assert len(pages(pdf.render(compose_summary(audit(), language), audit().to_json()))) == 1


def _objects(paper: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(paper)) as opened:
        found = [o for o in opened.objects if isinstance(o, pikepdf.Dictionary) and "/BaseFont" in o]
        return b" ".join(str(o.BaseFont).encode() for o in found)


def test_numbers_and_verdicts_are_the_same_in_every_language():
    """A language changes words: never how many parts a report has, nor what it judges."""
    shapes = {tag: (len(list(told(tag).ids())), len(list(told(tag).charts()))) for tag in LANGUAGES}
    assert len(set(shapes.values())) == 1

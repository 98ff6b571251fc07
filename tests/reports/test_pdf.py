"""The PDF holds every word of the document and the record itself, and equal bodies have equal bytes."""

from __future__ import annotations

import io
import json
import re
from bisect import bisect_left
from functools import cache

import pikepdf
import pypdf
import pytest

from reports import pdf
from reports.document import compose
from reports.record import Audit
from tests.reports import hostile
from tests.reports.sample import audit

HIDDEN_BREAKS = re.compile(r"[\s\u200b\u00ad]+")
CODE = re.compile(r"‹U\+([0-9A-F]+)›")


def rendered(made: Audit) -> bytes:
    return pdf.render(compose(made), made.to_json())


@cache
def sample() -> bytes:
    return rendered(audit())


@cache
def of_hostile() -> bytes:
    return rendered(hostile.audit())


@cache
def pages(paper: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(paper)).pages]


@pytest.fixture(scope="module", params=["sample", "hostile"])
def made(request) -> Audit:
    return {"sample": audit, "hostile": hostile.audit}[request.param]()


@pytest.fixture(scope="module")
def paper(made) -> bytes:
    return sample() if made is audit() else of_hostile()


def squeezed(text: str) -> str:
    return HIDDEN_BREAKS.sub("", text)


def text_of(paper: bytes) -> str:
    """Return the text without page furniture and blanks, and with the codes of lacking characters undone."""
    bodies = (re.sub(r"As of \d{4}-\d\d-\d\d\s*Page \d+ of \d+", "", text) for text in pages(paper))
    return undone(squeezed("".join(bodies)))


def undone(text: str) -> str:
    return CODE.sub(lambda m: chr(int(m[1], 16)), text)


def test_every_word_of_the_document_is_on_paper(made, paper):
    text = text_of(paper)
    words = [undone(squeezed(said)) for said in compose(made).words()]
    missing = [said for said in words if said not in text]
    assert [said for said in missing if not across_pages(said, text)] == []


def across_pages(said: str, text: str) -> bool:
    """Whether *said* is there in two stretches: a page may turn, and repeat its head, in the middle."""
    cut = bisect_left(range(1, len(said) + 1), True, key=lambda length: said[:length] not in text)
    return cut > 0 and said[cut:] in text


def test_what_is_copied_from_paper_is_the_digest_and_the_identifier():
    """Long words turn the line without a character that would come along."""
    text = "\n".join(pages(sample()))
    assert "\u200b" not in text
    assert text.count(audit().digest) == 2  # each on one line: how it was made, and the last one
    joined = text.replace("\n", "")
    measures = {f["measure"] for f in audit().body["findings"] if f["measure"]}
    checks = {one["check"] for one in audit().body["evidence"]}
    assert any(name in joined for name in measures)
    assert [name for name in checks if name not in text] == []
    assert [one["digest"] for one in audit().body["frameworks"].values() if one["digest"] not in joined] == []


def test_the_record_is_attached_without_its_run(made, paper):
    (name, found), *others = pypdf.PdfReader(io.BytesIO(paper)).attachments.items()
    attached = Audit.from_json(found[0])
    assert (name, others) == ("audit.json", [])
    assert attached.digest == made.digest
    assert attached.body == json.loads(made.to_json())["body"]
    assert attached.run == {}


def test_equal_bodies_have_equal_bytes():
    other_run = Audit(run={"id": "run-2", "created": "2027-01-01T00:00:00Z"}, body=audit().body)
    assert rendered(other_run) == sample()


def test_the_file_claims_archive_and_accessibility_standards(paper):
    with pikepdf.open(io.BytesIO(paper)) as file:
        meta = file.open_metadata()
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "A")
        assert meta["pdfuaid:part"] == "1"
        assert str(file.Root.Lang) == "en"
        assert file.Root.MarkInfo.Marked
        assert file.Root.AF[0].AFRelationship == "/Source"
        assert "2026-12-01" in meta["xmp:CreateDate"]


def test_bookmarks_lead_through_the_parts():
    titles = [
        item.title for item in pypdf.PdfReader(io.BytesIO(sample())).outline if not isinstance(item, list)
    ]
    assert titles[0] == "Summary"
    assert "Evidence" in titles
    assert titles[-5:] == [
        "Annexes",
        "Annex A: every requirement",
        "Annex B: every attribute and crossing",
        "Annex C: every number",
        "Annex D: how it was made",
    ]


def test_what_is_to_be_read_ends_before_the_annexes_and_is_short():
    file = pypdf.PdfReader(io.BytesIO(sample()))
    (annexes,) = [item for item in file.outline if not isinstance(item, list) and item.title == "Annexes"]
    # one page is the data-protection officer's, one says how to look up a number in the record
    assert file.get_destination_page_number(annexes) <= 32


def test_every_page_says_which_record_and_which_page():
    texts = pages(sample())
    for number, text in enumerate(texts, start=1):
        assert f"Page {number} of {len(texts)}" in text
        assert number == 1 or audit().digest[:12] in text


def test_pictures_have_words_for_those_who_do_not_see_them():
    with pikepdf.open(io.BytesIO(sample())) as file:
        said = {str(o.Alt) for o in file.objects if isinstance(o, pikepdf.Dictionary) and "/Alt" in o}
    assert {chart.alt for chart in compose(audit()).charts()} <= said


def test_characters_that_the_fonts_lack_are_written_as_their_number():
    text = squeezed("".join(pages(of_hostile())))
    assert "‹U+1F600›" in text
    assert "漢族" in text  # the fonts of Chinese reports draw it in any report
    assert "U+00A0" not in text  # a blank that does not break is drawn as a blank
    assert "Charactersthatthefontsofthisfilelack" in text


def test_a_changed_record_is_not_attached():
    record = json.loads(audit().to_json())
    record["body"]["as_of"] = "2020-01-01"
    with pytest.raises(ValueError, match="the record was changed"):
        pdf.render(compose(audit()), json.dumps(record).encode())

"""Every sentence of a report can be told in another language: nothing of ours stays out of the catalogues.

The report is composed in a language whose every word is our English between marks. What stands outside the
marks was never asked for in a catalogue: it may be a submitted name or a citation, and no sentence of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from locales import messages
from reports import catalogue
from reports.catalogue import RECORD, WORDS, Sentences
from reports.document import Document, compose, compose_plan, compose_summary
from tests.reports.sample import audit

PLACE = re.compile(r"(\{\w*\})")
CODE = re.compile(r"`[^`]*`|“[^”]*”|\b\w+[._]\w[\w.]*|\b(?:sha256:)?[0-9a-f]{40,}\b|https?:\S+")
WORD = re.compile(r"[A-Za-z][a-z]+")


def between_marks(text: str) -> str:
    """Return our words between marks; what is put into places comes with marks of its own."""
    parts = PLACE.split(text)
    return "".join(f"⟦{part}⟧" if part.strip() and not PLACE.fullmatch(part) else part for part in parts)


def marked(names: tuple[str, ...]) -> dict[str, str]:
    found = (messages._one(key) for name in names for key in messages.collected().get(name, {}))
    return {english: between_marks(english) for english in found}


@pytest.fixture(scope="module")
def pseudo() -> Iterator[None]:
    words = marked(WORDS)
    record = Sentences({**{key: text for key, text in words.items() if " " in key}, **marked(RECORD)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "words", lambda _tag: words)
        patch.setattr(catalogue, "record", lambda _tag: record)
        yield


def submitted() -> set[str]:
    """Return words of what was submitted, of groups, rule sets and citations, which are told as they are."""
    body = audit().body
    said = [*_texts(body["submission"]), *body["engine"], *body["frameworks"]]
    for finding in body["findings"]:
        said += _texts(finding["attestation"] and {**finding["attestation"], "question": ""})
    for evidence in body["evidence"]:
        said += [text for measure in evidence["measures"] for text in measure["of"].values()]
    for rules in body["frameworks"].values():
        said += [text for requirement in rules["requirements"] for text in _texts(requirement["source"])]
    return {word for text in said for word in WORD.findall(text)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from (str(key), *_texts(one))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def outside(document: Document) -> list[str]:
    """Return runs of two words and more that stand outside all marks and were not submitted."""
    names = submitted()
    found = []
    for said in document.words():
        for piece in re.sub(r"⟦[^⟧]*[⟧…]", "\n", CODE.sub("", said)).split("\n"):
            words = [word for word in WORD.findall(piece) if word not in names]
            if len(words) > 1:
                found.append(piece.strip())
    return found


@pytest.mark.parametrize("made", [compose, compose_summary, compose_plan])
def test_no_sentence_stays_out_of_the_catalogues(pseudo, made):
    told = made(audit(), language="zh-Hans")
    assert outside(told) == []
    assert list(told.foreign) == []


def test_a_sentence_that_no_catalogue_knows_is_found(pseudo, monkeypatch):
    monkeypatch.setattr("reports.compose.title", lambda _view: "An audit nobody marked")
    assert outside(compose(audit(), "zh-Hans")) == ["An audit nobody marked"]

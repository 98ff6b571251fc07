"""In which language a reader is told: how a sentence is written, and how it finds its translation.

The words of reports and pages are English in the source, each marked where it stands:

    _("Judged by {rules}, as of {day}", rules=titles, day=day)     a sentence with named places
    n_("{count} row", "{count} rows", rows, count=count(rows))     one that depends on a number
    N_("Met")                                                      words of a constant, for `_` or `own` later

`said` translates what the record says (reasons, notes, methods, texts of rules). Checks and frameworks know
no language: their English sentences are found again among the templates that the catalogue took from their
source. What has no translation stays English, and is remembered in `foreign`, so that pages can mark it.

Nothing here is global: `speaking` sets the language for the calls inside it, in this thread or task alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

from reports import catalogue

ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {ENGLISH: "English", "zh-Hans": "简体中文", "zh-Hant": "繁體中文"}
"""Languages with their own names, by BCP 47 tag, English first."""
_REGIONS = {"zh-Hans": "CN", "zh-Hant": "TW"}
"""Whose glyphs and dates a script is written with."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Speech:
    """One telling: its language, and the English that had to stay."""

    language: str = ENGLISH
    foreign: dict[str, None] = field(default_factory=dict)


_SPEECH: ContextVar[Speech] = ContextVar("speech")


@contextmanager
def speaking(language: str) -> Iterator[Speech]:
    """Tell everything inside in *language*; yield what was found to have no translation."""
    if language not in LANGUAGES:
        raise ValueError(f"there is no language {language!r}; there are {', '.join(LANGUAGES)}")
    speech = Speech(language)
    token = _SPEECH.set(speech)
    try:
        yield speech
    finally:
        _SPEECH.reset(token)


def current() -> str:
    """Return the language that is being told."""
    speech = _SPEECH.get(None)
    return speech.language if speech else ENGLISH


def region(language: str) -> str | None:
    """Return the region whose glyphs a language is written with, where that matters."""
    return _REGIONS.get(language)


def _(message: str, **values: object) -> str:
    """Return *message* in the language that is being told, with *values* in their named places."""
    language = current()
    if language != ENGLISH:
        message = catalogue.words(language).get(message, message)
    return message.format(**values) if values else message


def n_(one: str, many: str, number: float, **values: object) -> str:
    """Return the form that fits *number*, with *values* in their named places."""
    language = current()
    message = one if number == 1 else many
    if language != ENGLISH:
        message = catalogue.words(language).get(one, message)  # Chinese has one form
    return message.format(**values) if values else message


def N_(constant: T) -> T:  # noqa: N802 - gettext's name for it
    """Mark the texts of a constant for translation, and return it as it is."""
    return constant


def said(text: str) -> str:
    """Return a sentence of the record in the language that is being told; where it has none, as it is."""
    speech = _SPEECH.get(None)
    if speech is None or speech.language == ENGLISH or not text:
        return text
    found = catalogue.record(speech.language).find(text) or catalogue.words(speech.language).get(text)
    if found is None:
        speech.foreign.setdefault(text)
        return text
    return found


def term(value: str) -> str:
    """Return a value of the terms of a data transfer, in words, in the language that is being told."""
    language = current()
    return value if language == ENGLISH else catalogue.terms(language).get(value, value)


def own(words: str) -> str:
    """Return words of ours that stand in a constant, or in a record, in the language that is being told."""
    language = current()
    if language == ENGLISH:
        return words
    found = catalogue.words(language).get(words)
    return found if found is not None else catalogue.record(language).exact.get(words, words)


def of_two(english: str, chinese: str) -> str:
    """Return words that their source has in English and Simplified Chinese, as the risk questionnaire."""
    return english if current() == ENGLISH else own(chinese)


def said_or_same(name: str) -> str:
    """Return a name that a check gave in the language that is being told; a submitted one as it is."""
    language = current()
    return name if language == ENGLISH else catalogue.record(language).find(name) or name

"""Translations, read from `locales/`, and the search for the template of a finished sentence."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

LOCALES = Path(__file__).resolve().parent.parent / "locales"
WORDS, RECORD = ("reports", "web", "measures"), ("record", "rules", "measures", "checks")
"""The catalogues of our own words, and those of what the record says."""

_PLACE = re.compile(r"\{(\w+)\}")
_PLACED = r"(?:'[^']*'|`[^`]*`|(?!; ).)+?"
"""What stands in a place: never two sentences, save inside quotes."""
_OURS = frozenset({"task", "tasks", "tier", "tiers", "side", "what", "value", "word", "words", "outcome"})
"""Places that hold words of ours, even single ones."""
_BETWEEN = re.compile(r"(; |\. (?=[A-Z]))")
_BETWEEN_TRANSLATED = {"; ": "；", ". ": "。"}


@cache
def words(language: str) -> Mapping[str, str]:
    """Return our own words by their English."""
    return _read(language, WORDS)


@cache
def record(language: str) -> Sentences:
    """Return the sentences of checks, frameworks and rules."""
    return Sentences(_read(language, RECORD))


def _read(language: str, names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        path = LOCALES / language.replace("-", "_") / f"{name}.po"
        if path.exists():
            with path.open("rb") as file:
                for message in read_po(file, abort_invalid=True):
                    key, text = _first(message.id), _first(message.string)
                    if key and text and not message.fuzzy:
                        found[key] = text
    return found


def _first(text: str | Iterable[str] | None) -> str:
    return text if isinstance(text, str) else next(iter(text or ()), "")


@dataclass(frozen=True, slots=True)
class _Template:
    """A sentence with places, as the pattern that a finished one fits."""

    head: str
    tail: str
    pattern: re.Pattern[str]
    text: str

    def fill(self, sentence: str, fillings: Sentences) -> str | None:
        """Return *sentence* in the other language, or None where it is not of this template."""
        if not (sentence.startswith(self.head) and sentence.endswith(self.tail)):
            return None
        fits = self.pattern.fullmatch(sentence)
        if fits is None:
            return None
        values = {name: fillings.filling(name, value) for name, value in fits.groupdict().items()}
        return self.text.format(**values)


class Sentences:
    """Finished English sentences and what they say in another language."""

    def __init__(self, translations: Mapping[str, str]) -> None:
        self.exact = {key: text for key, text in translations.items() if not _PLACE.search(key)}
        places = sorted((key for key in translations if key not in self.exact), key=_literal, reverse=True)
        self._templates = [_template(key, translations[key]) for key in places]
        self.find = lru_cache(maxsize=4096)(self._find)

    def _find(self, sentence: str) -> str | None:
        """Return what *sentence* says; None where it, or a part of it, is in no catalogue."""
        whole = self._whole(sentence)
        if whole is not None:
            return whole
        parts = _BETWEEN.split(sentence)
        if len(parts) == 1:
            return None
        told = [self._whole(part) for part in parts[::2]]
        if any(part is None for part in told):
            return None
        marks = [*(_BETWEEN_TRANSLATED[mark] for mark in parts[1::2]), ""]
        return "".join(f"{(part or '').rstrip('。')}{mark}" for part, mark in zip(told, marks, strict=True))

    def _whole(self, sentence: str) -> str | None:
        bare = sentence.rstrip(".")
        for form in dict.fromkeys((sentence, bare, bare[:1].lower() + bare[1:], bare[:1].upper() + bare[1:])):
            if form in self.exact:
                return self.exact[form]
        for template in self._templates:
            for form in dict.fromkeys((sentence, bare)):
                found = template.fill(form, self)
                if found is not None:
                    return found
        return None

    def filling(self, name: str, value: str) -> str:
        """Return what stands in a place: our own phrases in the other language, anything else as it is."""
        if " " in value or name in _OURS:  # any other single word may be a submitted name
            return self.find(value) or value
        return value


def _literal(message: str) -> int:
    return len(_PLACE.sub("", message))


def _template(message: str, text: str) -> _Template:
    parts = _PLACE.split(message)
    seen: defaultdict[str, int] = defaultdict(int)
    pattern = ""
    for literal, name in zip(parts[::2], [*parts[1::2], ""], strict=True):
        pattern += re.escape(literal)
        if name:
            pattern += f"(?P={name})" if seen[name] else f"(?P<{name}>{_PLACED})"
            seen[name] += 1
    return _Template(parts[0], parts[-1], re.compile(pattern, re.DOTALL), text)

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
WORDS, RECORD = ("reports", "web", "measures"), ("record", "rules", "measures", "service")
"""The catalogues of our own words, and those of what the record says."""
TWICE = "questionnaire"
"""The catalogue of what its source has in English and Simplified Chinese already: told from the latter."""
TERMS = ("terms",)
"""The values of the terms of data transfers: words such as "open" that elsewhere may be submitted names."""

_PLACE = re.compile(r"\{(\w+)\}")
_PLACED = r"(?:'[^']*'|`[^`]*`|(?!; ).)+?"
"""What stands in a place: never two sentences, save inside quotes."""
_KINDS = {
    "LEVEL": r"[\d.]+%",
    "NAME": r"[^\s;]+",
    "given_amount": r"[\d.e+-]+",
    "asked_amount": r"[\d.e+-]+",
}
"""What stands in places whose name says it."""
_OURS = frozenset(
    {"task", "tasks", "tier", "tiers", "side", "what", "value", "word", "words", "outcome", "state"}
    | {"origin", "want", "kept", "table", "way"}
)
"""Places that hold words of ours, even single ones."""
_TERMED = "_terms"
"""How places end that hold values of terms, one or several."""
_CODE = re.compile(r"`[^`]+`")
_FEW_LETTERS = 8
_LONG = 1_200
"""Characters beyond which a sentence is not taken apart: it holds long names, and the search is quadratic."""
_AS_ONE = 4
"""Sentences that a catalogue may hold as one."""
_LEVELLED = re.compile(r"([A-Za-z].*)( \d+(?:\.\d+)?%)")
"""A method and its level, put together where a check does not write them as one."""
_LETTER = re.compile(r"[A-Za-z]")
_BETWEEN = re.compile(r"(; |\. (?=[A-Z]))")
_BETWEEN_TRANSLATED = {"; ": "；", ". ": "。"}


@cache
def words(language: str) -> Mapping[str, str]:
    """Return our own words by their English."""
    return _read(language, (*WORDS, TWICE))


@cache
def record(language: str) -> Sentences:
    """Return the sentences of checks, frameworks and rules; phrases that reports have too are among them."""
    whole = {key: text for key, text in words(language).items() if not _PLACE.search(key)}
    phrases = {key: text for key, text in whole.items() if " " in key}
    return Sentences({**phrases, **_read(language, RECORD)}, terms(language), whole)


@cache
def terms(language: str) -> Mapping[str, str]:
    """Return the values of the terms of data transfers by their English."""
    return _read(language, TERMS)


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
    around: re.Pattern[str]
    """The same, with room for several sentences in a place."""
    code: frozenset[str]
    """Places between backticks: what stands there is told as it is."""
    weak: bool
    """Whether its own words are so few that many sentences fit: what is placed must be known then."""
    text: str

    def fill(self, sentence: str, fillings: Sentences, *, sure: bool, several: bool = False) -> str | None:
        """Return *sentence* in the other language, or None where it is not of this template.

        Where it must be *sure*, every phrase in a place is known too: it is no submitted name.
        """
        if not (sentence.startswith(self.head) and sentence.endswith(self.tail)):
            return None
        fits = (self.around if several else self.pattern).fullmatch(sentence)
        if fits is None:
            return None
        values = {}
        for name, value in fits.groupdict().items():
            known = None if name in self.code else fillings.filling(name, value, sure=sure)
            known = fillings.exact.get(value) if known is None and self.weak else known
            asked = (sure and " " in value and name not in self.code) or (self.weak and _LETTER.search(value))
            asked = asked or name.endswith(_TERMED)
            if known is None and (asked or (several and _BETWEEN.search(value))):
                return None
            values[name] = value if known is None else known
        return _PLACE.sub(lambda place: values[place[1]], self.text)  # other braces are code in the sentence


class Sentences:
    """Finished English sentences and what they say in another language."""

    def __init__(
        self,
        translations: Mapping[str, str],
        terms: Mapping[str, str] | None = None,
        words: Mapping[str, str] | None = None,
    ) -> None:
        self._terms, self._words = terms or {}, words or {}
        self.exact = {key: text for key, text in translations.items() if not _PLACE.search(key)}
        self.exact |= {key.strip(" ;"): text.strip(" ；") for key, text in self.exact.items()}
        places = sorted((key for key in translations if _PLACE.search(key)), key=_literal, reverse=True)
        self._templates = [_template(key, translations[key]) for key in places]
        self._told = lru_cache(maxsize=8192)(self._tell)

    def find(self, sentence: str) -> str | None:
        """Return what *sentence* says; None where it, or a part of it, is in no catalogue."""
        told = self._told(sentence, sure=True) if len(sentence) <= _LONG else None
        return told if told is not None else self._told(sentence, sure=False)

    def _tell(self, sentence: str, *, sure: bool, names: bool = False) -> str | None:
        several = len(sentence) <= _LONG and bool(_BETWEEN.search(sentence))
        told = self._whole(sentence, sure=sure, several=several)
        return told if told is not None or not several else self._one_by_one(sentence, sure=sure, names=names)

    def _one_by_one(self, sentence: str, *, sure: bool, names: bool) -> str | None:
        """Return sentences one after another, the longest known first; a later single word is a name."""
        parts = _BETWEEN.split(sentence)
        for end in range(min(len(parts) - 2, 2 * _AS_ONE - 1), 0, -2):
            head, rest = "".join(parts[:end]), "".join(parts[end + 1 :])
            told = self._whole(head, sure=sure, several=end > 1)
            if told is None and names and " " not in head.strip():
                told = head
            if told is None:
                continue
            more = self._told(rest, sure=sure, names=True)
            more = rest if more is None and " " not in rest.strip() else more
            if more is not None:
                return f"{told.rstrip('。')}{_BETWEEN_TRANSLATED[parts[end]]}{more}"
        return None

    def _whole(self, sentence: str, *, sure: bool, several: bool) -> str | None:
        """Return a sentence that a catalogue has as one; *several* known ones may stand in a place of it."""
        forms = _forms(sentence)
        for form in forms:
            if form in self.exact:
                return self.exact[form]
        for around in (False, True) if several else (False,):
            for template in self._templates:
                for form in forms:
                    found = template.fill(form, self, sure=sure, several=around)
                    if found is not None:
                        return found
        levelled = _LEVELLED.fullmatch(sentence)
        if levelled is None:
            return self._headed(sentence) if sure else None
        head = levelled[1] if " " not in levelled[1] else self._whole(levelled[1], sure=sure, several=several)
        return f"{self.exact.get(levelled[1], head)}{levelled[2]}" if head is not None else None

    def _headed(self, sentence: str) -> str | None:
        """Return a word and, after a colon, why: both known."""
        head, _colon, rest = sentence.partition(": ")
        told = self._told(rest, sure=True) if head in self.exact and rest else None
        return f"{self.exact[head]}：{told}" if told is not None else None

    def filling(self, name: str, value: str, *, sure: bool) -> str | None:
        """Return what stands in a place, where it is a phrase of ours; None for what may be submitted."""
        if name.endswith(_TERMED):
            told = [self._terms.get(one, one if one.isdecimal() else None) for one in value.split(", ")]
            return None if None in told else "、".join(filter(None, told))
        if _CODE.fullmatch(value):
            return value
        if " " not in value and name not in _OURS:  # any other single word may be a submitted name
            return None
        if " " not in value and value in self._words:
            return self._words[value]
        found = self._told(value, sure=True) or (None if sure else self._told(value, sure=False))
        return found if found is None or value.endswith(".") else found.rstrip("。")


def _forms(sentence: str) -> Mapping[str, None]:
    """Return how a sentence may stand in a catalogue: with or without its stop, small or capital."""
    bare = sentence.rstrip(".")
    return dict.fromkeys(
        form
        for one in (sentence, bare, f"{bare}.")
        for form in (one, one[:1].lower() + one[1:], one[:1].upper() + one[1:])
    )


def _literal(message: str) -> int:
    return len(_PLACE.sub("", message))


def _template(message: str, text: str) -> _Template:
    parts = _PLACE.split(message)
    seen: defaultdict[str, int] = defaultdict(int)
    pattern = around = ""
    for literal, name in zip(parts[::2], [*parts[1::2], ""], strict=True):
        pattern += re.escape(literal)
        around += re.escape(literal)
        if name:
            pattern += f"(?P={name})" if seen[name] else f"(?P<{name}>{_KINDS.get(name, _PLACED)})"
            around += f"(?P={name})" if seen[name] else f"(?P<{name}>{_KINDS.get(name, '.+?')})"
            seen[name] += 1
    weak = not _LETTER.search(parts[0] + parts[-1]) and _literal(message) < _FEW_LETTERS
    code = {
        name
        for before, name, after in zip(parts[::2], parts[1::2], parts[2::2], strict=False)
        if before.endswith("`") and after.startswith("`")
    }
    whole, roomy = re.compile(pattern, re.DOTALL), re.compile(around, re.DOTALL)
    return _Template(parts[0], parts[-1], whole, roomy, frozenset(code), weak, text)

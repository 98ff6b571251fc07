"""What a short text to a person is written in, how hard it reads, and what it tells them to do next.

English is graded by the Automated Readability Index, which needs letters, words and sentences only:
4.71 letters a word + 0.5 words a sentence - 21.43, a grade of US schools. Chinese is read by how common its
characters are: the character standards GB 2312 (simplified) and Big5 (traditional) put the characters that
were used most into a first level of their own (3,755 and 5,401), and these tables come with Python.

What a text tells is found by words, not by meaning: *to appeal* is found, and so is *you cannot appeal*.

References
    Smith and Senter, Automated Readability Index, AMRL-TR-66-220, 1967; GB 2312-1980; Big5, 1984.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

ENGLISH, CHINESE = "en", "zh"
READ = (ENGLISH, CHINESE)
"""Languages that are read."""

NAMES = {"eng": "en", "english": "en", "chi": "zh", "zho": "zh", "cmn": "zh", "chinese": "zh", "中文": "zh"}
"""Names of languages that are no code of two letters."""
FUNCTION_WORDS = frozenset(
    [
        *("the", "of", "to", "and", "a", "an", "is", "in", "your", "you", "for", "not", "was", "were", "we"),
        *("this", "that", "are", "on", "has", "have", "too", "with", "than", "from", "our", "by", "be", "at"),
    ]
)
ENGLISH_FROM = 0.1
"""Share of function words from which undeclared Latin text is taken for English."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_SENTENCE = re.compile(r"[.!?。！？;；]+(?:\s|$)|[。！？；]+|\n+")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002a6df]")
_OTHER_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_LATIN = re.compile(r"[A-Za-z]")
_LEVEL_ONE = ("gb2312", (0xB0A1, 0xD7F9)), ("big5", (0xA440, 0xC67E))
"""Codes of the characters of the first level, in each standard."""

_CONTACT = re.compile(
    r"[\w.+-]+@[\w-]+\.\w+|https?://\S+|\bwww\.\S+"
    r"|(?:\b(?:phone|tel|call|ring|fax|helpline|hotline)\b|电话|電話|热线|熱線|致电|致電)"
    r".{0,30}?\d[\d ()/.-]{2,}\d"
    r"|\+\d[\d ()/.-]{6,}\d",
    re.IGNORECASE,
)
_APPEAL = {
    ENGLISH: re.compile(
        r"\b(?:appeal\w*|objections?|object to|complain\w*|contest|dispute|reconsider\w*"
        r"|(?:request|ask for|ask us for|right to) (?:a |another |the )?(?:\w+ )?review"
        r"|challenge (?:this|the|our|a) decision)\b",
        re.IGNORECASE,
    ),
    CHINESE: re.compile("申诉|申訴|复议|復議|异议|異議|投诉|投訴|复核|覆核|上诉|上訴|重新审|重新審"),
}
_PERSON = (
    r"(?:human|person|people|(?:member of (?:our |the )?)?staff|officer|case ?worker|advis[eo]r|employee)"
)
_LOOKS = r"(?:review\w*|look\w*|check\w*|decid\w*|reconsider\w*|examin\w*|interven\w*|assess\w*)"
_HUMAN = {
    ENGLISH: re.compile(
        rf"\b{_PERSON}\b[^.!?\n]{{0,60}}\b{_LOOKS}|\b{_LOOKS}\b[^.!?\n]{{0,60}}\b{_PERSON}\b"
        r"|\bmanual(?:ly)? (?:review|check|decision|assess)\w*",
        re.IGNORECASE,
    ),
    CHINESE: re.compile("人工|专人|專人|工作人员|工作人員"),
}


def language_of(declared: str | None, text: str, *, undeclared: str | None = None) -> str:
    """Return the language of *text* as a code; `und` where it is not known.

    *undeclared* is what Latin text without a declared language is taken for.
    """
    if declared:
        name = declared.strip().casefold()
        return NAMES.get(name, re.split(r"[-_]", NAMES.get(name, name))[0])
    if written_in(text) == CHINESE:
        return CHINESE
    return undeclared if undeclared and written_in(text) == ENGLISH else "und"


def written_in(text: str) -> str | None:
    """Return the language whose letters *text* is mostly written in; None where they are of neither."""
    han, latin = len(_HAN.findall(text)), len(_LATIN.findall(text))
    if _OTHER_EAST_ASIAN.search(text):
        return None
    if han and 2 * han >= latin:  # a Chinese character is about half a word
        return CHINESE
    letters = sum(char.isalpha() for char in text)
    return ENGLISH if latin and 2 * latin >= letters else None


def latin_is(texts: Iterable[str]) -> str | None:
    """Return the code of English where undeclared Latin *texts*, taken together, use its function words."""
    words = [word.casefold() for text in texts if written_in(text) == ENGLISH for word in _WORD.findall(text)]
    known = sum(word in FUNCTION_WORDS for word in words)
    return ENGLISH if words and known >= ENGLISH_FROM * len(words) else None


def grade(text: str) -> float | None:
    """Return the school grade of an English text, which may lie under 1; None without a word."""
    words: list[str] = _WORD.findall(text)
    if not words:
        return None
    letters = sum(char.isalnum() for char in "".join(words))
    sentences = max(1, sum(1 for part in _SENTENCE.split(text) if _WORD.search(part)))
    return 4.71 * letters / len(words) + 0.5 * len(words) / sentences - 21.43


def words_in(text: str) -> int:
    """Return how many words a text has."""
    return len(_WORD.findall(text))


def common_share(text: str) -> float | None:
    """Return the share of Chinese characters of the first level of their standard; None without any.

    Text is held against the standard that knows more of its characters.
    """
    found = _HAN.findall(text)
    if not found:
        return None
    known = [sum(_first_level(char, *standard) for char in found) for standard in _LEVEL_ONE]
    return max(known) / len(found)


def _first_level(char: str, codec: str, span: tuple[int, int]) -> bool:
    try:
        code = int.from_bytes(char.encode(codec), "big")
    except UnicodeEncodeError:
        return False
    return span[0] <= code <= span[1]


def tells_contact(text: str) -> bool:
    """Say whether an address of mail or of the web, or a telephone number, stands in *text*."""
    return bool(_CONTACT.search(text))


def tells_appeal(text: str, language: str) -> bool:
    """Say whether *text* tells of an appeal, an objection or a complaint."""
    return bool(_APPEAL[language].search(text))


def tells_human(text: str, language: str) -> bool:
    """Say whether *text* tells that a person reviews or decides."""
    return bool(_HUMAN[language].search(text))

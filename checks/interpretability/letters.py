"""What each person was told, gathered from a table with a row for every reason that was shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from checks.interpretability.stated import Vocabulary
from checks.model import Array
from checks.texts import (
    CHINESE,
    ENGLISH,
    READ,
    common_share,
    grade,
    language_of,
    latin_is,
    tells_appeal,
    tells_contact,
    tells_human,
    words_in,
    written_in,
)


@dataclass(frozen=True, slots=True)
class Letter:
    """All that one person was told."""

    row: int
    """Where the person stands among the evaluation rows."""
    reasons: int
    named: int
    """Reasons that name a feature."""
    features: frozenset[int]
    """Features that are named."""
    languages: frozenset[str]
    other_letters: bool
    """Whether a text declared to be in a language that is read is written in the letters of another."""
    words: int
    grade: float | None
    common: float | None
    contact: bool
    appeal: bool
    human: bool

    @property
    def is_read(self) -> bool:
        """Whether every text is in a language that is read."""
        return self.languages <= set(READ)


def letters(table: pd.DataFrame, rows: Array, vocabulary: Vocabulary) -> list[Letter]:
    """Return what the people at *rows* were told; *table* has the columns row, text, feature, language."""
    mine = table[table["row"].isin(rows)]
    undeclared = latin_is(mine["text"][mine["language"].isna()].dropna())
    return [
        _letter(int(part["row"].iloc[0]), _columns(part), vocabulary, undeclared)
        for _, part in mine.groupby("row", sort=True)
    ]


def _columns(part: pd.DataFrame) -> Mapping[str, list[Any]]:
    kept = part[["text", "feature", "language"]].astype(object)
    return {str(name): [None if pd.isna(v) else str(v) for v in kept[name]] for name in kept}


def _letter(
    row: int, told: Mapping[str, list[Any]], vocabulary: Vocabulary, undeclared: str | None
) -> Letter:
    texts = [text or "" for text in told["text"]]
    stated = [vocabulary.stated(text, about) for text, about in zip(texts, told["feature"], strict=True)]
    tags = [
        language_of(declared, text, undeclared=undeclared)
        for text, declared in zip(texts, told["language"], strict=True)
    ]
    by_language = {
        tag: "\n".join(t for t, own in zip(texts, tags, strict=True) if own == tag) for tag in {*tags}
    }
    whole = "\n".join(texts)
    written = {tag: written_in(text) for tag, text in by_language.items() if tag in READ}
    return Letter(
        row=row,
        reasons=len(texts),
        named=sum(bool(found) for found in stated),
        features=frozenset().union(*stated),
        languages=frozenset(tags),
        other_letters=any(letters is not None and letters != tag for tag, letters in written.items()),
        words=words_in(by_language.get(ENGLISH, "")),
        grade=grade(by_language.get(ENGLISH, "")),
        common=common_share(by_language.get(CHINESE, "")),
        contact=tells_contact(whole),
        appeal=any(tells_appeal(text, tag) for tag, text in by_language.items() if tag in READ),
        human=any(tells_human(text, tag) for tag, text in by_language.items() if tag in READ),
    )


def named(told: Sequence[Letter], features: int) -> Array:
    """Return which features each of *told* names, of shape (people, features)."""
    found = np.zeros((len(told), features), dtype=bool)
    for i, letter in enumerate(told):
        found[i, list(letter.features)] = True
    return found


def without_text(table: pd.DataFrame) -> Array:
    """Return which rows of *table* have no text, or a blank one."""
    return np.asarray(table["text"].fillna("").astype(str).str.strip() == "")


def with_text(table: pd.DataFrame) -> Array:
    """Return which rows of *table* hold a reason: a text that is not blank, or a feature."""
    return np.asarray(~without_text(table) | table["feature"].notna())

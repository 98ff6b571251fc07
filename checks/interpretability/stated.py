"""Which features of the model a reason that was shown to a person is about.

A reason says so itself, in a column of features, or its text is searched for the words of each feature: the
name as words (`debt_to_income` is found as *debt to income*) and the words that the submitter declared.
Longer phrases are looked for first, and what was found is not searched again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_APART = re.compile(r"[\W_]+")
_LISTED = re.compile(r"[;,|]")
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The phrases that features are recognised by, longest first."""

    phrases: tuple[tuple[str, int], ...]
    """A phrase, and the position of its feature."""
    positions: Mapping[str, int]

    @classmethod
    def of(cls, features: Sequence[str], words: Mapping[str, Iterable[str]]) -> Vocabulary:
        """Return the vocabulary of *features*, with the *words* declared for some of them."""
        positions = {str(name): i for i, name in enumerate(features)}
        found: dict[str, int] = {}
        for name, i in positions.items():
            for phrase in (_spaced(name), *words.get(name, ())):
                if said := plain(phrase):
                    found.setdefault(said, i)
        phrases = sorted(found.items(), key=lambda each: (-len(each[0]), each[0]))
        return cls(tuple(phrases), positions)

    def stated(self, text: str, feature: str | None) -> set[int]:
        """Return the features that a reason is about."""
        if feature is not None:
            names = [feature.strip(), *(name.strip() for name in _LISTED.split(feature))]
            return {self.positions[name] for name in names if name in self.positions}
        rest, found = f" {plain(text)} ", set()
        for phrase, i in self.phrases:
            whole = phrase if _HAN.search(phrase) else f" {phrase} "
            if whole in rest:
                found.add(i)
                rest = rest.replace(whole, " \n ")
        return found


def plain(text: str) -> str:
    """Return words in small letters with single spaces between."""
    return " ".join(_APART.sub(" ", text.casefold()).split())


def _spaced(name: str) -> str:
    return _CAMEL.sub(" ", name)

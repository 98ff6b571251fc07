"""The shape of themes, baselines and transfers; what does not fit is named with what was perhaps meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

TEXT = {"name": 200, "from": 200, "to": 200, "clause": 300}
"""Most characters."""
KEYS = ("name", "from", "to", "data", "facts", "terms", "baselines")
MOST = 1e9
Path = tuple[str | int, ...]
Mistakes = Iterator[tuple[Path, str]]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Theme(_Shape):
    """One theme, and what terms can say about it."""

    id: str
    title: str
    choice: tuple[str | tuple[str, ...], ...] = ()
    """From the weakest to the strictest; those in one list are alike."""
    set: tuple[str, ...] = ()
    """More is stricter."""
    number: str = ""
    """The unit."""
    stricter: Literal["lower", "higher", ""] = ""

    @property
    def values(self) -> tuple[str, ...]:
        """Every word that terms may use."""
        flat = [one if isinstance(one, tuple) else (one,) for one in self.choice]
        return self.set or tuple(word for words in flat for word in words)

    def rank(self, word: str) -> int:
        """How strict a choice is."""
        return next(
            at for at, one in enumerate(self.choice) if word in (one if isinstance(one, tuple) else (one,))
        )


class Themes(_Shape):
    """All themes, and the facts on which a baseline may depend."""

    version: str
    facts: Mapping[str, str]
    themes: tuple[Theme, ...]
    digest: str

    def theme(self, name: str) -> Theme:
        """Return a theme that is known."""
        return next(one for one in self.themes if one.id == name)


class Item(_Shape):
    """What a baseline asks of one theme, and where that comes from."""

    theme: str
    value: Any = Field(alias="is")
    requirement: str
    text: str
    when: str | None = None
    clause: str = ""
    """Of the requirement, and how far it was read: as its pack says."""
    verified: str = ""


class Profile(_Shape):
    """A baseline."""

    id: str
    title: str
    version: str
    framework: str
    """The pack whose requirements are cited."""
    basis: str
    basis_source: str
    items: tuple[Item, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Given:
    """What terms say of a theme."""

    value: Any
    stands_at: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Data that go from one party to another, on which terms."""

    name: str
    sender: str
    receiver: str
    data: tuple[str, ...]
    facts: Mapping[str, bool]
    terms: Mapping[str, Given]
    baselines: tuple[str, ...] = ()

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Transfer:
        """Return what a mapping without mistakes says."""
        return cls(
            name=raw["name"],
            sender=raw.get("from", ""),
            receiver=raw.get("to", ""),
            data=tuple(raw.get("data", ())),
            facts=dict(raw.get("facts", {})),
            terms={theme: _given(said) for theme, said in raw["terms"].items()},
            baselines=tuple(raw.get("baselines", ())),
        )


def mistakes(raw: Any, known: Themes, profiles: Sequence[str]) -> Mistakes:
    """Yield what is wrong with a transfer, each with its path and a sentence that names the fix."""
    if not isinstance(raw, dict):
        yield (), "a transfer is not a mapping; write `name:` and `terms:`."
        return
    for key in raw:
        if key not in KEYS:
            yield (str(key),), f"`{_short(key)}` is no key of a transfer; {_near(key, KEYS)}"
    yield from _texts(raw)
    yield from _named(raw, "data", None)
    yield from _named(raw, "baselines", profiles)
    yield from _facts(raw.get("facts", {}), known)
    terms = raw.get("terms")
    if not isinstance(terms, dict) or not terms:
        yield ("terms",), "`terms` is not a mapping with an entry; write a theme such as `purpose: stated`."
        return
    names = [theme.id for theme in known.themes]
    for name, said in terms.items():
        if name not in names:
            yield ("terms", str(name)), f"`{_short(name)}` is no theme; {_near(name, names)}"
        else:
            yield from _term(known.theme(name), said)


def _texts(raw: Mapping[str, Any]) -> Mistakes:
    for key in ("name", "from", "to"):
        text = raw.get(key)
        if key == "name" and key not in raw:
            yield (), "the transfer has no `name`; say in a few words what goes where."
        elif key in raw and not _is_text(text, TEXT[key]):
            yield (key,), f"`{key}` is not a line of text of at most {TEXT[key]} characters."


def _named(raw: Mapping[str, Any], key: str, known: Sequence[str] | None) -> Mistakes:
    given = raw.get(key, [])
    if not isinstance(given, list) or len(given) > 100 or not all(_is_text(one, 200) for one in given):
        yield (key,), f"`{key}` is not a list of at most 100 names."
    elif known is not None:
        for at, one in enumerate(given):
            if one not in known:
                yield (key, at), f"`{_short(one)}` is no baseline; {_near(one, known)}"


def _facts(facts: Any, known: Themes) -> Mistakes:
    if not isinstance(facts, dict):
        yield ("facts",), "`facts` is not a mapping; write `kept-local: false`."
        return
    for name, holds in facts.items():
        if name not in known.facts:
            yield ("facts", str(name)), f"`{_short(name)}` is no fact; {_near(name, list(known.facts))}"
        elif not isinstance(holds, bool):
            yield ("facts", name), f"`{name}` is true or false."


def _term(theme: Theme, said: Any) -> Mistakes:
    path: Path = ("terms", theme.id)
    if not isinstance(said, dict):
        yield from _value(theme, said, path)
        return
    for key in said:
        if key not in {"is", "clause"}:
            yield (*path, str(key)), f"`{_short(key)}` is no key of a term; {_near(key, ('is', 'clause'))}"
    if "clause" in said and not _is_text(said["clause"], TEXT["clause"]):
        yield (*path, "clause"), f"`clause` is not a line of text of at most {TEXT['clause']} characters."
    if "is" in said:
        yield from _value(theme, said["is"], path)
    else:
        yield path, f"`{theme.id}` has no `is`; {_values(theme)}."


def _value(theme: Theme, said: Any, path: Path) -> Mistakes:
    if theme.number:
        if type(said) not in (int, float) or not 0 <= said <= MOST:
            yield path, f"`{theme.id}` is not a number of {theme.number} from 0 on; write one without quotes."
    elif not theme.set:
        if said not in theme.values:
            yield path, f"`{_short(said)}` is no value of `{theme.id}`; {_near(said, theme.values)}"
    elif not isinstance(said, list):
        yield path, f"`{theme.id}` is a list; write `[{theme.values[0]}]`."
    else:
        for one in said:
            if one not in theme.values:
                yield path, f"`{_short(one)}` is not known under `{theme.id}`; {_near(one, theme.values)}"


def _given(said: Any) -> Given:
    value, clause = (said["is"], said.get("clause", "")) if isinstance(said, dict) else (said, "")
    return Given(tuple(dict.fromkeys(value)) if isinstance(value, list) else value, clause)


def _values(theme: Theme) -> str:
    return f"write a number of {theme.number}" if theme.number else f"choose from {', '.join(theme.values)}"


def _near(name: Any, known: Sequence[str]) -> str:
    near = get_close_matches(str(name)[:200], known, n=1, cutoff=0.6)
    listed = f"choose from {', '.join(known)}."
    return f"did you mean `{near[0]}`?" if near else listed


def _short(name: Any) -> str:
    return str(name)[:80]


def _is_text(text: Any, most: int) -> bool:
    return isinstance(text, str) and bool(text.strip()) and text.isprintable() and len(text) <= most

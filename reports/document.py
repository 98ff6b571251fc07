"""The reading order of a report, without appearance: sections of blocks, each a frozen value of text.

Every string of the tree is shown to the reader as it stands, save the fields in `HIDDEN`, which carry links,
tones and the data of pictures. A block type is a dataclass here, a macro of the same name in
templates/report/blocks.html, a function of the same name in templates/report/report.typ, and nothing more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reports.characters import shown
from reports.language import ENGLISH, _, n_, speaking
from reports.record import Audit
from reports.wording import brief, count

if TYPE_CHECKING:
    from reports.compose.view import View

HIDDEN = frozenset(
    {"id", "target", "tone", "kind", "verdict", "data", "alt", "share", "language", "foreign", "block"}
)
"""Fields that steer appearance; everything else is words for the reader."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True)
class Callout:
    """Words that must not be missed. Tones: plain, good, warning, stop."""

    tone: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Bullet:
    """One item of a list, perhaps leading somewhere."""

    text: str
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[Bullet, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and what it is. Kinds: text, code."""

    key: str
    value: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class KeyValues:
    """Names and what they are."""

    rows: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """One stretch of a verdict strip."""

    verdict: str
    share: int
    text: str


@dataclass(frozen=True, slots=True)
class Stripe:
    """One row of a verdict strip."""

    label: str
    verdict: str
    word: str
    shares: tuple[Share, ...]
    target: str | None = None


@dataclass(frozen=True, slots=True)
class VerdictStrip:
    """Verdicts side by side: a row a principle, a stretch a verdict."""

    caption: str
    rows: tuple[Stripe, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding in plain words, with where its rule and its evidence stand."""

    verdict: str
    word: str
    title: str
    text: str
    source: str
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Remarks:
    """Findings in plain words."""

    items: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column.

    Kinds: text, number, measured (a number with its interval), verdict, code, prose (whole sentences: wide).
    """

    text: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str
    target: str | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; the first cell of a row names it."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, described as data and, in `alt`, in words. The kinds stand in `reports.charts`."""

    id: str
    kind: str
    caption: str
    alt: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of a requirement, judged."""

    verdict: str
    word: str
    asked: str
    found: str
    basis: str
    reason: str
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement, judged."""

    id: str
    verdict: str
    word: str
    title: str
    text: str
    clause: str
    criteria: tuple[Criterion, ...]


Block = (
    Paragraph | Callout | Bullets | KeyValues | VerdictStrip | Remarks | Table | Chart | Requirement
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part; `id` is where links lead."""

    title: str
    id: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report."""

    title: str
    subtitle: str
    as_of: str
    digest: str
    sections: tuple[Section, ...] = ()
    language: str = ENGLISH
    foreign: tuple[str, ...] = ()
    """Sentences of the record that stay English, as this language has no words for them."""
    heading: str = ""
    """What kind of document it is, above the title."""
    untold: str = ""
    """How much of the record stays English, in a sentence; empty where nothing does."""
    brief: bool = False
    """Whether it is read through, without a table of contents and without new pages for its parts."""
    entry: str = ""
    """Address of its record's entry in the log, where the service that made it has one."""

    def to_json(self) -> dict[str, Any]:
        """Return the tree in JSON's own types; each block says its type under `block`."""
        tree: dict[str, Any] = _tree(self)
        return tree

    def words(self) -> Iterator[str]:
        """Yield every text that a reader is shown, in reading order."""
        return _words(self.to_json())

    def targets(self) -> Iterator[str]:
        """Yield where links lead."""
        return (value for key, value in _leaves(self.to_json()) if key == "target")

    def ids(self) -> Iterator[str]:
        """Yield every place that a link can lead to."""
        return (value for key, value in _leaves(self.to_json()) if key == "id")

    def charts(self) -> Iterator[Chart]:
        """Yield every picture, in reading order."""
        for section in self.sections:
            yield from _charts(section)


def compose(audit: Audit, language: str = ENGLISH) -> Document:
    """Return the report of *audit* in *language*. Pure: equal bodies have equal reports, in each language."""
    from reports.compose import sections, subtitle, title
    from reports.compose.view import View

    view = View.of(audit)
    return finished(
        language,
        view,
        lambda: Document(title(view), subtitle(view), "", "", sections(view), heading=_("Audit report")),
    )


def compose_summary(audit: Audit, language: str = ENGLISH) -> Document:
    """Return the summary of *audit* on one page."""
    from reports.compose import subtitle, title
    from reports.compose.onepage import one_page
    from reports.compose.view import View

    view = View.of(audit)
    return finished(
        language,
        view,
        lambda: Document(
            brief(title(view), 160), brief(subtitle(view), 240), "", "", tuple(one_page(view)),
            heading=_("Audit summary"), brief=True,
        ),
    )  # fmt: skip


def compose_plan(audit: Audit, tasks: Mapping[str, Any] | None = None, language: str = ENGLISH) -> Document:
    """Return the remediation plan of *audit*; *tasks* are `reports.compose.plan.Task`s by requirement."""
    from reports.compose import subtitle, title
    from reports.compose.plan import plan
    from reports.compose.view import View

    view = View.of(audit)
    return finished(
        language,
        view,
        lambda: Document(
            title(view), subtitle(view), "", "", tuple(plan(view, tasks or {})),
            heading=_("Remediation plan"), brief=True,
        ),
    )  # fmt: skip


def compose_comparison(before: Audit, after: Audit, language: str = ENGLISH) -> Document:
    """Return what changed from *before* to *after*."""
    from reports.compose import subtitle, title
    from reports.compose.comparison import comparison
    from reports.compose.view import View

    old, new = View.of(before), View.of(after)
    return finished(
        language,
        new,
        lambda: Document(
            title(new), subtitle(new), "", "", tuple(comparison(old, new)),
            heading=_("Comparison of two audits"), brief=True,
        ),
    )  # fmt: skip


def finished(language: str, view: View, make: Callable[[], Document], *, part: bool = False) -> Document:
    """Return what *make* tells in *language*, with what every document says of its record."""
    with speaking(language) as speech:
        document = make()
        untold = n_(
            "{count} sentence of the record has no translation yet and stands in English.",
            "{count} sentences of the record have no translation yet and stand in English.",
            len(speech.foreign),
            count=count(len(speech.foreign)),
        )
    document = replace(
        document,
        as_of=view.as_of,
        digest=view.digest,
        language=language,
        foreign=tuple(speech.foreign),
        untold=untold if speech.foreign else "",
    )
    cleaned: Document = _cleaned(document)
    return _unlinked(cleaned, frozenset(cleaned.ids())) if part or document.brief else cleaned


def _unlinked(value: Any, ids: frozenset[str]) -> Any:
    """Drop links to places that only the full report has."""
    if isinstance(value, tuple):
        return tuple(_unlinked(item, ids) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [f.name for f in dataclasses.fields(value)]
        changed = {name: _unlinked(getattr(value, name), ids) for name in names}
        if changed.get("target") not in ids:
            changed |= {"target": None} if "target" in changed else {}
        return dataclasses.replace(value, **changed)
    return value


def _cleaned(value: Any) -> Any:
    """Make hidden characters visible in every text of the tree: nothing submitted can slip past this."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, tuple | list):
        return tuple(_cleaned(item) for item in value)
    if isinstance(value, Mapping):
        return {key: _cleaned(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (f.name for f in dataclasses.fields(value))
        return dataclasses.replace(value, **{name: _cleaned(getattr(value, name)) for name in names})
    return value


def _tree(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _tree(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"block": type(value).__name__, **fields}
    if isinstance(value, tuple | list):
        return [_tree(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _tree(item) for key, item in value.items()}
    return value


def _words(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, list):
        for item in tree:
            yield from _words(item)
    elif isinstance(tree, dict):
        for key, item in tree.items():
            if key not in HIDDEN:
                yield from _words(item)


def _leaves(tree: Any) -> Iterator[tuple[str, str]]:
    if isinstance(tree, list):
        for item in tree:
            yield from _leaves(item)
    elif isinstance(tree, dict):
        for key, item in tree.items():
            if isinstance(item, str):
                yield key, item
            elif key != "data":
                yield from _leaves(item)


def _charts(section: Section) -> Iterator[Chart]:
    yield from (block for block in section.blocks if isinstance(block, Chart))
    for inner in section.sections:
        yield from _charts(inner)

"""A check's docstring as blocks of a page: paragraphs, headings, lists; code between backticks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent
from typing import Literal

from markupsafe import Markup, escape


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a page."""

    kind: Literal["heading", "paragraph", "list", "code"]
    lines: tuple[Markup, ...]


def blocks(doc: str) -> tuple[Block, ...]:
    """Return the blocks after the title; a line whose followers are all indented is a heading."""
    _, _, rest = doc.partition("\n")
    return tuple(_read(dedent(rest).strip("\n")))


def _read(text: str) -> Iterator[Block]:
    for part in re.split(r"\n\s*\n", text):
        lines = part.splitlines()
        if not lines:
            continue
        if (
            len(lines) > 1
            and not lines[0].startswith(" ")
            and all(line.startswith("    ") for line in lines[1:])
        ):
            yield Block("heading", (inline(lines[0]),))
            lines = dedent("\n".join(lines[1:])).splitlines()
        else:
            lines = dedent(part).splitlines()
        yield from _piece(lines)


def _piece(lines: list[str]) -> Iterator[Block]:
    if lines[0].startswith(("- ", "* ")):
        items = re.split(r"\n[-*] ", "\n".join(lines)[2:])
        yield Block("list", tuple(inline(" ".join(item.split())) for item in items))
    elif all(line.startswith("    ") for line in lines):
        yield Block("code", (escape(dedent("\n".join(lines))),))
    else:
        yield Block("paragraph", (inline(" ".join(" ".join(lines).split())),))


def inline(text: str) -> Markup:
    """Set what stands between backticks as code and between stars as emphasis."""
    return Markup(re.sub(r"(?<![\w*])\*([^*<>\n]+)\*(?![\w*])", r"<em>\1</em>", str(codes(text))))  # noqa: S704 - escaped


def codes(text: str) -> Markup:
    """Escape the text, then set what stands between backticks as code."""
    return Markup(re.sub(r"``?([^`]+)``?", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped first

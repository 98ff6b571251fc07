"""Read a notice to people: plain text, or HTML of which only the words are kept. No script is ever run."""

from __future__ import annotations

import codecs
import os
import re
from html.parser import HTMLParser
from typing import Any, BinaryIO

from auditor.sandbox.inside.answers import Refuse, send_description
from auditor.sandbox.limits import raise_it

HIDDEN = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg"})
BREAKS = frozenset(
    {"p", "div", "br", "li", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article",
     "header", "footer", "main", "nav", "form", "label", "button", "option", "table", "ul", "ol", "title"}
)  # fmt: skip
MARKED = re.compile(rb"<\s*(?:!doctype|html|head|body|title|p|div|h[1-6]|form|table)\b", re.IGNORECASE)
CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([A-Za-z0-9_-]{1,32})", re.IGNORECASE)
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
LONGEST = 200_000
"""Characters of text that are kept."""


def serve(descriptor: int, limits: dict[str, Any], answers: BinaryIO) -> None:
    """Answer with the kind, the language and the words of the notice."""
    most = int(limits["notice_bytes"])
    with os.fdopen(descriptor, "rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise Refuse("too-large", f"it is larger than {most:,} bytes: send less, {raise_it('notice_bytes')}")
    encoding, text = decoded(raw)
    if not text.strip():
        raise Refuse("empty", "it holds no text: send what people were shown, or leave the notice out")
    html = MARKED.search(raw[:65_536].replace(b"\0", b"")) is not None
    language = ""
    if html:
        words = Words()
        words.feed(text)
        words.close()
        text, language = words.text, words.language
    send_description(
        answers,
        {
            "kind": "html" if html else "text",
            "encoding": encoding,
            "language": language,
            "text": text[:LONGEST],
        },
    )


def decoded(raw: bytes) -> tuple[str, str]:
    """Return the encoding and the text; a file that is no text is refused."""
    named = CHARSET.search(raw[:4_096])
    guesses = [name for bom, name in BOMS if raw.startswith(bom)]
    guesses += ["utf-8"]
    guesses += [named.group(1).decode("ascii").lower()] if named else []
    guesses += ["gb18030", "cp1252"] if not named else []
    for name in guesses:
        try:
            text = raw.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        if "\0" not in text and codecs.lookup(name).name not in {"utf-7", "unicode_escape"}:
            return name, text
    raise Refuse("not-text", "it is neither plain text nor HTML; export letters as text or HTML")


class Words(HTMLParser):
    """Collect the words that a reader sees, and the language that the page declares."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._hidden = 0
        self.language = ""

    @property
    def text(self) -> str:
        """The words, with a line for each block."""
        lines = (" ".join(line.split()) for line in "".join(self._parts).splitlines())
        return "\n".join(line for line in lines if line)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, or something that nobody reads."""
        if tag in HIDDEN:
            self._hidden += 1
        said = dict(attrs)
        if tag == "html" and not self.language and TAG.fullmatch(said.get("lang") or ""):
            self.language = said["lang"] or ""
        if tag in BREAKS:
            self._parts.append("\n")
        elif tag == "a" and (said.get("href") or "").startswith(("mailto:", "tel:", "http")):
            self._parts.append(f" {said['href']} ".replace("tel:", "tel "))

    def handle_endtag(self, tag: str) -> None:
        """End a line, or what nobody reads."""
        if tag in HIDDEN and self._hidden:
            self._hidden -= 1
        if tag in BREAKS:
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep words."""
        if not self._hidden:
            self._parts.append(data)

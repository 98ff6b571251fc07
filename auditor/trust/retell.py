"""Tell the record of a bundle once more, and compare the reports that came with it, byte for byte.

A report names the edition that told it: its words, its code and its libraries. Only the same edition can tell
the same bytes, so the reports of others are not compared, and that is said.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

from auditor.audit import tell
from reports import bundle
from reports.edition import OWN_FONTS, edition
from reports.language import ENGLISH, LANGUAGES
from reports.record import Audit

_LANGUAGE = re.compile(rb'<html lang="([A-Za-z-]{2,12})">')
_ENTRY = re.compile(rb'<a href="(https?://[!-~]{1,3000})/log/[0-9a-f]{12}">')
_EDITIONS = {
    "report.html": re.compile(rb'<meta name="generator" content="Auditor ([0-9a-f]+)">'),
    "report.pdf": re.compile(rb"<pdf:Keywords>Auditor ([0-9a-f]+(?:\+fonts)?)</pdf:Keywords>"),
}
_MOST_SHOWN = 200
_NAME_FONTS = "Name the folder that its maker used in AUDITOR_FONTS_FOLDER."


def compare(files: Mapping[str, bytes], audit: Audit, fonts: Path | None, said: list[str]) -> Iterator[str]:
    """Yield a sentence for each report that does not tell *audit*; append to *said* what was compared.

    *fonts* is this host's folder of further fonts.
    """
    editions = {name: _edition(name, files[name]) for name in bundle.REPORTS if name in files}
    named = " and ".join(editions)
    claimed = {one.removesuffix(OWN_FONTS) for one in editions.values()}
    if len(claimed) > 1:
        yield f"{named} name different editions: one of them was exchanged."
    elif claimed == {edition()}:
        try:
            yield from _compared(files, editions, audit, fonts, said)
        except Exception as why:  # noqa: BLE001 - a forged record may break any part of a report
            yield f"{bundle.RECORD}: it cannot be told again ({type(why).__name__})."
    elif claimed:
        said.append(
            f"NOT compared with the record: the words of {named}. They were told by edition "
            f"{claimed.pop() or 'unknown'} of Auditor and its libraries; this is edition {edition()}."
        )


def _compared(
    files: Mapping[str, bytes],
    editions: Mapping[str, str],
    audit: Audit,
    fonts: Path | None,
    said: list[str],
) -> Iterator[str]:
    """Tell *audit* once more, with further fonts where a report says that it was set with some."""
    language, address = _manner(files.get("report.html", b""))
    again: dict[Path | None, Mapping[str, bytes]] = {}
    equal = []
    for name, claimed in editions.items():
        own = claimed.endswith(OWN_FONTS)
        if own and fonts is None:
            said.append(
                f"NOT compared with the record: {name}, set with fonts that are not here. {_NAME_FONTS}"
            )
            continue
        chosen = fonts if own else None
        if chosen not in again:
            again[chosen] = tell(audit, language, chosen, public_url=address)
        if again[chosen][name] == files[name]:
            equal.append(name)
        elif own:
            said.append(f"NOT equal to the record told again: {name}; its own fonts may be the reason.")
        else:
            yield f"{name} does not tell this record{_where(name, files[name], again[chosen][name])}."
    if equal:
        said.append(f"Equal to the record told again, byte for byte: {' and '.join(equal)}.")
        if address:
            said.append(f"The service whose log they name: {address[:_MOST_SHOWN]}.")


def _edition(name: str, data: bytes) -> str:
    found = _EDITIONS[name].search(data)
    return found[1].decode() if found else ""


def _manner(page: bytes) -> tuple[str, str]:
    """Return in which language the reports are, and the address of the service whose log they name."""
    language, entry = _LANGUAGE.search(page), _ENTRY.search(page.partition(b"<main>")[0])
    spoken = language[1].decode() if language else ENGLISH
    return spoken if spoken in LANGUAGES else ENGLISH, html.unescape(entry[1].decode()) if entry else ""


def _where(name: str, given: bytes, ours: bytes) -> str:
    """Return the line of a page that is another; a PDF has none."""
    if name != "report.html":
        return ""
    pairs = zip_longest(given.split(b"\n"), ours.split(b"\n"))
    apart = next(at for at, (a, b) in enumerate(pairs, start=1) if a != b)
    return f": told again from {bundle.RECORD}, its line {apart} says something else"

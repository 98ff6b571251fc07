"""What this host provides: the layers of the sandbox, a place to write, fonts, a browser for pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from auditor import sandbox
from auditor.config import Settings
from auditor.sandbox.attacks import failure
from auditor.sandbox.browser import NotScanned, engine
from auditor.sandbox.starter import starter


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a host has or lacks."""

    name: str
    available: bool
    sentence: str
    needed: bool = True


def provided(settings: Settings) -> Iterator[Part]:
    """Yield every part, looked at now."""
    for layer in sandbox.layers():
        yield Part(layer.name, layer.available, layer.sentence, layer.needed)
    yield from _lock()
    yield _home(settings.home)
    yield _fonts()
    yield _browser()


def _lock() -> Iterator[Part]:
    """Try the lock itself, where all its layers are here."""
    if sandbox.missing_layer() is not None:
        return
    made = sandbox.canary()
    said = failure(made) or f"{len(made)} attacks from inside the lock were made, and each was stopped"
    yield Part("canary", all(attempt.held for attempt in made), said)
    template = starter.template()
    forks = template is not None and template.forked
    how = "forked from a locked template in well under a second" if forks else "each started anew: slower"
    yield Part("template", forks, f"the processes that read files are {how}", needed=False)


def _home(home: Path) -> Part:
    place = home if home.exists() else home.resolve().parent
    free = shutil.disk_usage(place).free
    writable = os.access(place, os.W_OK)
    said = f"{home} {'can' if writable else 'cannot'} be written; {free // 2**30} GiB are free there"
    return Part("home", writable, said)


def _fonts() -> Part:
    import typst

    families = sorted(typst.Fonts(include_system_fonts=False).families())
    return Part(
        "fonts", bool(families), f"PDF reports are set in fonts that came along: {', '.join(families)}"
    )


def _browser() -> Part:
    try:
        found = engine()
    except NotScanned as missing:
        return Part("browser", available=False, sentence=f"pages are not looked at: {missing}", needed=False)
    said = f"pages are looked at by axe-core {found.version} in {found.browser}"
    return Part("browser", available=True, sentence=said, needed=False)

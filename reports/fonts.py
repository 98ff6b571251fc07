"""What paper is set in: the fonts inside the typesetter, those for Chinese, and an operator's own."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import typst

LATIN, LAST = "Libertinus Serif", "DejaVu Sans Mono"
HAN = {"zh-Hans": "Noto Sans CJK SC", "zh-Hant": "Noto Sans CJK TC"}
"""By language, whose forms of the characters that scripts share; for other languages the first."""
_WHEEL = "manimgx_fonts_cjk"
"""Noto Sans CJK in all weights, under the SIL Open Font License."""
_HAN_TEXT = re.compile(
    r'(<text\b[^>]*? font-family=")[^"]*("[^>]*>[^<]*[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef])'
)


@cache
def fonts(own: Path | None = None) -> typst.Fonts:
    """Return the fonts of this host: an operator's *own* folder, and the one that comes as a wheel."""
    wheel = find_spec(_WHEEL)
    places = [*([own] if own else []), *((wheel and wheel.submodule_search_locations) or ())]
    return typst.Fonts(include_system_fonts=False, font_paths=list(places))


@cache
def families(language: str, own: Path | None = None) -> tuple[str, ...]:
    """Return what a text in *language* is set in: the later ones where the earlier lack a character."""
    here = set(fonts(own).families())
    han = [name for name in dict.fromkeys((HAN.get(language, ""), *HAN.values())) if name in here]
    added = here - set(fonts().families()) if own else set()
    return (LATIN, *han, *sorted(added), LAST)


def dressed(svg: str, language: str) -> str:
    """Return a picture whose Chinese texts name their font: a picture has no language to choose forms by."""
    return _HAN_TEXT.sub(rf"\g<1>{HAN.get(language, HAN['zh-Hans'])}\g<2>", svg)


def has(language: str, own: Path | None = None) -> bool:
    """Return whether there is a font made for *language*, or an operator's folder that may hold one."""
    return language not in HAN or HAN[language] in families(language, own) or own is not None

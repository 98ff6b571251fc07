"""Which words and which libraries tell a report: two that are of one edition tell a record in equal bytes."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIBRARIES = ("altair", "babel", "jinja2", "manimgx-fonts-cjk", "segno", "typst", "vl-convert-python")
"""What draws, sets and spells."""
_TELLS = {
    "checks": ("*.py",),
    "frameworks": ("*.py", "*.yaml"),
    "reports": ("*.py",),
    "locales": ("*.po",),
    "templates/report": ("*.*",),
}
"""Where the words stand, and the code that chooses them."""
OWN_FONTS = "+fonts"
"""What follows the edition of a file that an operator's own fonts set."""
_DIGITS = 16


@cache
def edition() -> str:
    """Return the first digits of a digest over the sources and libraries that tell reports here."""
    found = hashlib.sha256("\n".join(f"{name} {version(name)}" for name in LIBRARIES).encode())
    for folder, patterns in _TELLS.items():
        paths = {path for pattern in patterns for path in (ROOT / folder).rglob(pattern) if path.is_file()}
        for path in sorted(paths):
            found.update(f"\n{path.relative_to(ROOT).as_posix()}\n".encode())
            found.update(path.read_bytes())
    return found.hexdigest()[:_DIGITS]

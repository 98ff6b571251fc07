"""Write docs/reference/frameworks.md from the bundled packs.

usage: python docs/frameworks_page.py
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from frameworks.load import packs  # noqa: E402 - the script may be run from anywhere

READ = ("read", "secondary", "partial", "memory", "own")


def text() -> str:
    """Return the whole page."""
    head = (
        "# Frameworks\n\nMade by `python docs/frameworks_page.py` from `frameworks/packs`; do not edit.\n\n"
        "Requirements are told in our own words; this is not legal advice. "
        "The last columns count requirements by how far their clause was read:\n"
        "the text, a digest of it, headings only, not at all (nothing is met or not met by these), "
        "or written by this project.\n\n"
        "| id | title | kind | place | version | requirements | " + " | ".join(READ) + " |\n"
        "|---|---|---|---|---|---:|" + "---:|" * len(READ) + "\n"
    )
    return head + "".join(_row(id_) for id_ in packs())


def _row(id_: str) -> str:
    pack = packs()[id_]
    read = Counter(one.source.verified for one in pack.requirements)
    cells = [f"`{id_}`", pack.title, pack.force, pack.jurisdiction, pack.version, len(pack.requirements)]
    return "| " + " | ".join(map(str, [*cells, *(read[word] for word in READ)])) + " |\n"


if __name__ == "__main__":
    (ROOT / "docs" / "reference" / "frameworks.md").write_text(text(), encoding="utf-8")

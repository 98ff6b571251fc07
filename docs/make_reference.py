"""Write docs/reference/checks.md from the checks' own docstrings.

usage: python docs/make_reference.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from checks.registry import Page, pages  # noqa: E402 - the script may be run from anywhere


def text() -> str:
    """Return the whole page."""
    head = (
        "# Checks\n\nMade by `python docs/make_reference.py` from the docstring of each check; do not edit."
        "\n\nEvery audit runs every check. One that does not fit says why, in the report.\n"
    )
    return head + "".join(f"\n## `{page.id}`\n\n{_body(page)}\n" for page in pages().values())


def _body(page: Page) -> str:
    """Return the docstring with its unindented one-line section names in bold, each section as prose."""
    asks = "\n*Asks the model new questions.*\n" if page.asks_model else ""
    lines = []
    for line in page.doc.splitlines()[1:]:
        if line.startswith("    "):
            lines.append(line[4:])
        elif line and len(line) < 40 and not line.endswith((".", ":", ",")):
            lines.append(f"**{line}**\n")
        else:
            lines.append(line)
    return f"**{page.title}**\n{asks}" + "\n".join(lines)


if __name__ == "__main__":
    (ROOT / "docs" / "reference" / "checks.md").write_text(text(), encoding="utf-8")

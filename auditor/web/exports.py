"""The lines that export a model, as the page "What to upload" has them: shown where people upload."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "what-to-upload.md"


@cache
def exports() -> tuple[tuple[str, str], ...]:
    """Return each framework of the page with its lines."""
    page = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"^\*\*(.+?)\*\*.*?^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return tuple((str(name), str(lines).strip()) for name, lines in found)

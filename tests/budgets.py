"""How much of a family of tests one run does: little in `make test`, everything in `make soak`."""

from __future__ import annotations

import os

SOAK = bool(os.environ.get("SOAK"))


def budget(quick: int, full: int) -> int:
    """Return the count for this run."""
    return full if SOAK else quick

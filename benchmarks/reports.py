"""Size, time and memory of the reports of an audit of 10, 100 and 1,000 groups, step by step.

usage: python -m benchmarks.reports [REPEATS]

The audits are drawn people, really measured and judged; making them is not timed. Every number is taken in a
process of its own, which has read the record and, where the step needs it, composed its document before; sizes and
steps take turns, so a slow minute of the machine hits all alike. The least that a PDF can take is the plain compilation of
the same words by the same typesetter, without tables, tags, pictures or links.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reports.record import Audit

SIZES = (10, 100, 1_000)
COLUMN = 500
"""Groups of one column at most, as many as an audit takes."""
PEOPLE = 60
"""Drawn of each group, on average."""
STEPS = ("compose", "html", "pdf", "bundle")
LEAST = "plain typesetting"
ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks" / "reports.md"
Times = Mapping[tuple[int, str], list[dict[str, Any]]]

"""Run every test at its full count, and keep what came out with the commit it ran on.

usage: python -m tests.soak   (or: make soak)
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
OUT = ROOT / "docs" / "soak"


def git(*words: str) -> str:
    answer = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return answer.stdout.strip()


def main() -> int:
    """Return pytest's exit code; the output is committed whatever it is."""
    if git("status", "--porcelain"):
        sys.stderr.write("soak: commit your changes first, so that the output fits a commit.\n")
        return 2
    commit, started = git("rev-parse", "HEAD"), time.monotonic()
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--durations=25", "--timeout=7200"],
        cwd=ROOT, env={**os.environ, "SOAK": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    day = dt.datetime.now(tz=dt.UTC).date().isoformat()
    OUT.mkdir(parents=True, exist_ok=True)
    page = OUT / f"{day}-{commit[:10]}.md"
    minutes = (time.monotonic() - started) / 60
    page.write_text(
        f"# Soak of {day}\n\nCommit `{commit}`, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"{minutes:.1f} minutes, exit {run.returncode}.\n\n```\n{run.stdout[-20000:]}\n```\n",
        encoding="utf-8",
    )
    git("add", str(page))
    git("commit", "-m", f"Record the soak of {commit[:10]}", "--", str(page))
    sys.stdout.write(run.stdout[-4000:])
    return run.returncode


if __name__ == "__main__":
    raise SystemExit(main())

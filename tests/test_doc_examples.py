"""The examples in the documentation run as they stand there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "how-to" / "use-the-api.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```(bash|python)\n(.*?)```", PAGE, flags=re.DOTALL))


def run(command, address, tmp_path):
    environment = {**os.environ, "AUDITOR": address, "OUT": str(tmp_path)}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=200
    )


@pytest.mark.timeout(220)
def test_the_curl_example_ends_with_a_report(live_service, tmp_path):
    answer = run(["bash", "-euo", "pipefail", "-c", BLOCKS["bash"]], live_service.url, tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "completed"
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    record = json.loads((tmp_path / "audit.json").read_bytes())
    assert set(record["body"]["verdicts"]) == {"us-nyc-ll144"}


@pytest.mark.timeout(220)
def test_the_python_example_prints_verdicts(live_service, tmp_path):
    answer = run([sys.executable, "-c", BLOCKS["python"]], live_service.url, tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("global-baseline ")

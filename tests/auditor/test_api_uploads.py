"""Uploads stream: their size is not the web process's size."""

from __future__ import annotations

from benchmarks.uploads import MIB, raised, web
from tests.budgets import budget

SIZE = budget(96, 1024) * MIB
LIMIT = 48 * MIB


def test_uploads_raise_the_web_process_by_less_than_48_mib_alone_and_eight_at_once(tmp_path):
    """One file is larger than the limit, and eight are far larger."""
    assert SIZE > LIMIT
    with web(tmp_path / "home") as (port, pid):
        alone, _ = raised(port, pid, SIZE, 1)
        together, _ = raised(port, pid, SIZE, 8, first_seed=1)
    assert alone <= LIMIT
    assert together <= LIMIT

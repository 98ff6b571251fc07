"""Fixtures of the carrying package."""

from __future__ import annotations

import sys

import pandas as pd
import pytest

import auditor.subjects  # noqa: F401 - makes its modules known


@pytest.fixture
def tables_read_here(monkeypatch):
    """Read our own Parquet in this process, where what a table holds is under test, not the lock."""
    module = sys.modules["auditor.subjects.prepare"]  # the package has a function of that name
    monkeypatch.setattr(module, "read_table", lambda path, *_, **__: pd.read_parquet(path))

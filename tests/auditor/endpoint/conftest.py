"""Connections that a test opened are closed at its end."""

from __future__ import annotations

import pytest

from tests.auditor.endpoint import servers


@pytest.fixture(autouse=True)
def _closed():
    yield
    while servers.OPENED:
        servers.OPENED.pop().close()

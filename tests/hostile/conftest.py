"""What the attacks are aimed at, and the watch over it."""

from __future__ import annotations

import socket

import pytest

from tests.hostile.routes import Target


@pytest.fixture
def target(tmp_path):
    """A mark that must not appear, a secret that must not change, a listener that must hear nothing."""
    secret = tmp_path / "tenant" / "secret"
    secret.parent.mkdir()
    secret.write_text("of another tenant")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        yield Target(tmp_path / "mark", secret, listener.getsockname()[1])
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert not (tmp_path / "mark").exists()
    assert secret.read_text() == "of another tenant"

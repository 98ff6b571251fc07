"""A key that stays open is told in the log."""

from __future__ import annotations

import logging

from auditor.sandbox import aside


def test_a_host_without_landlock_says_that_the_key_stays_open(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(aside, "landlock_abi", lambda: 1)
    with caplog.at_level(logging.WARNING):
        assert not aside.shut_out(tmp_path)
    assert f"this host cannot close {tmp_path}" in caplog.text

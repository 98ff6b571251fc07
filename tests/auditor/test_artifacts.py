"""Bytes get their name only after they were checked, and never half of them."""

from __future__ import annotations

import hashlib

import obstore
import pytest
from obstore.store import MemoryStore

from auditor.artifacts import Artifacts
from auditor.problems import Refused


def sha(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def artifacts(tmp_path):
    return Artifacts(tmp_path)


def left(artifacts):
    return list(artifacts.incoming.iterdir())


def put(artifacts, data):
    with artifacts.receive([data], limit=10**6) as received:
        return artifacts.keep(received)


def test_what_was_kept_is_read_back(artifacts):
    stored = put(artifacts, b"rows")
    assert stored.digest == sha(b"rows")
    assert stored.size == 4
    assert artifacts.read(stored.digest) == b"rows"
    assert artifacts.path(stored.digest).read_bytes() == b"rows"
    assert left(artifacts) == []


def test_keeping_twice_is_keeping_once(artifacts):
    assert put(artifacts, b"rows") == put(artifacts, b"rows")


def test_other_bytes_than_named_are_refused(artifacts):
    with pytest.raises(Refused, match="send them again"):
        artifacts.receive([b"rows"], limit=100, expected=sha(b"other"))
    assert left(artifacts) == []


def test_too_many_bytes_are_refused_before_they_are_all_read(artifacts):
    def endless():
        while True:
            yield b"x" * 1000

    with pytest.raises(Refused, match="larger than 5000 bytes"):
        artifacts.receive(endless(), limit=5000)
    assert left(artifacts) == []


def test_a_stream_that_breaks_leaves_nothing(artifacts):
    def broken():
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        artifacts.receive(broken(), limit=100)
    assert left(artifacts) == []


def test_leaving_without_keeping_forgets(artifacts):
    with artifacts.receive([b"rows"], limit=100) as received:
        assert received.path.exists()
    assert left(artifacts) == []
    assert not artifacts.exists(sha(b"rows"))


def test_what_was_deleted_is_gone(artifacts):
    digest = put(artifacts, b"rows").digest
    artifacts.delete(digest)
    artifacts.delete(digest)
    assert not artifacts.exists(digest)
    with pytest.raises(FileNotFoundError):
        artifacts.read(digest)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 64 + "/x"])
def test_only_digests_name_bytes(artifacts, name):
    with pytest.raises(ValueError, match="not a SHA-256 digest"):
        artifacts.path(name)


def test_bytes_that_live_elsewhere_are_fetched_once_and_checked(tmp_path, monkeypatch):
    """Away from the local disk (here a store in memory) a path is a checked copy in the cache."""
    store = MemoryStore()
    monkeypatch.setattr("auditor.artifacts.from_url", lambda url: store)
    artifacts = Artifacts(tmp_path, "memory:///")
    digest = put(artifacts, b"rows").digest
    first = artifacts.path(digest)
    assert first.read_bytes() == b"rows"
    assert artifacts.path(digest) == first
    artifacts.delete(digest)
    assert not first.exists()
    obstore.put(store, f"{sha(b'x')[:2]}/{sha(b'x')[2:]}", b"changed on the way")
    with pytest.raises(Refused):
        artifacts.path(sha(b"x"))

"""Bytes by SHA-256: received in a stream, checked, and only then given their name.

Locally an artifact is a file named by its digest; on S3 it is an object, fetched once into a cache folder
when a worker needs a path. obstore speaks to both.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from auditor.problems import refuse
from auditor.views import Stored

DIGEST = re.compile(r"[0-9a-f]{64}")
CHUNK = 1024 * 1024
GONE = (NotFoundError, FileNotFoundError)
"""What obstore raises for a name that is not there, on S3 and on a disk."""


class Received:
    """A verified file that has no name yet; `Artifacts.keep` names it, leaving the block forgets it."""

    def __init__(self, path: Path, digest: str, size: int) -> None:
        self.path, self.digest, self.size = path, digest, size

    def __enter__(self) -> Received:
        return self

    def __exit__(self, *_: object) -> None:
        self.path.unlink(missing_ok=True)


class Artifacts:
    """The store of bytes."""

    def __init__(self, home: Path, url: str = "") -> None:
        self.incoming = home / "incoming"
        self.cache = home / "cache"
        self.root: Path | None = None if url else home / "artifacts"
        for folder in filter(None, (self.incoming, self.cache, self.root)):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.store: ObjectStore = from_url(url) if url else LocalStore(prefix=self.root)

    def receive(self, chunks: Iterable[bytes], *, limit: int, expected: str | None = None) -> Received:
        """Write *chunks* to a nameless file and return it; refuse what is too large or not *expected*."""
        handle, name = tempfile.mkstemp(dir=self.incoming)
        try:
            with os.fdopen(handle, "wb") as file:
                digest, size = _copy(chunks, file, limit)
            _expect(digest, expected)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return Received(Path(name), digest, size)

    def keep(self, received: Received) -> Stored:
        """Give *received* its name. Equal bytes have equal names, so keeping twice is harmless."""
        key = _key(received.digest)
        if self.root is not None:
            target = self.root / key
            target.parent.mkdir(parents=True, exist_ok=True)
            received.path.chmod(0o400)
            received.path.replace(target)
            _sync_folder(target.parent)
        else:  # two parts in flight bound the memory of one upload to S3
            obstore.put(self.store, key, received.path, max_concurrency=2)
        return Stored(received.digest, received.size)

    def path(self, digest: str) -> Path:
        """Return a local file with these bytes, fetching it when they live elsewhere."""
        key = _key(digest)
        if self.root is not None:
            return self.root / key
        target = self.cache / key
        if not target.exists():
            with self.receive(self.stream(digest), limit=2**63, expected=digest) as received:
                target.parent.mkdir(parents=True, exist_ok=True)
                received.path.replace(target)
        return target

    def stream(self, digest: str) -> Iterator[bytes]:
        """Yield the bytes; raise FileNotFoundError when they are not here."""
        try:
            found = obstore.get(self.store, _key(digest))
        except GONE:
            raise FileNotFoundError(digest) from None
        for chunk in found.stream(min_chunk_size=CHUNK):
            yield bytes(chunk)

    def read(self, digest: str) -> bytes:
        """Return the bytes whole."""
        return b"".join(self.stream(digest))

    def exists(self, digest: str) -> bool:
        """Whether the bytes are here."""
        try:
            obstore.head(self.store, _key(digest))
        except GONE:
            return False
        return True

    def delete(self, digest: str) -> None:
        """Remove the bytes, here and in the cache."""
        with suppress(*GONE):
            obstore.delete(self.store, _key(digest))
        (self.cache / _key(digest)).unlink(missing_ok=True)


def _copy(chunks: Iterable[bytes], file: IO[bytes], limit: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise refuse("file", "too-large", f"the file is larger than {limit} bytes; send less.")
        digest.update(chunk)
        file.write(chunk)
    file.flush()
    os.fsync(file.fileno())
    return digest.hexdigest(), size


def _expect(digest: str, expected: str | None) -> None:
    if expected is not None and digest != expected:
        sentence = f"the bytes that arrived have SHA-256 {digest}, not {expected}; send them again."
        raise refuse("file", "digest-mismatch", sentence)


def _key(digest: str) -> str:
    if not DIGEST.fullmatch(digest):
        raise ValueError(f"{digest[:80]!r} is not a SHA-256 digest in lower-case hex")
    return f"{digest[:2]}/{digest[2:]}"


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

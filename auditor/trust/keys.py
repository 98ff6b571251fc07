"""The signing key: made at the first start, readable by its owner alone, replaced on request.

Its folder is outside the home of the service, and the processes that measure shut themselves out of it
(`auditor.sandbox.aside`): the command line and the web process sign, nothing that reads a submitted file.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from auditor.problems import refuse
from auditor.store.clock import now

PRIVATE, PUBLIC, NEXT = "signing.key", "keys.json", "signing.key.next"
FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures are checked with, and the time in which it signed."""

    pem: str
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    """When it was replaced; None while it signs."""

    @property
    def key(self) -> Ed25519PublicKey:
        """The key itself; raise ValueError where the text is no Ed25519 key."""
        try:
            key = load_pem_public_key(self.pem.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("not a public key in PEM") from None
        if not isinstance(key, Ed25519PublicKey) or pem_of(key) != self.pem:
            raise ValueError("not an Ed25519 public key in PEM")
        return key

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its DER form, as `openssl pkey -pubin -outform DER | sha256sum` gives it."""
        der = self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    def to_json(self) -> dict[str, str | None]:
        """Return the key as it is published."""
        return {
            "fingerprint": self.fingerprint,
            "pem": self.pem,
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> PublicKey:
        """Read a published key; raise ValueError when it is not one."""
        since, until = (
            dt.datetime.fromisoformat(said[n]) if said.get(n) else None for n in ("since", "until")
        )
        key = cls(str(said["pem"]), since, until)
        if key.fingerprint != said["fingerprint"]:
            raise ValueError("a fingerprint does not fit its key")
        return key


def pem_of(key: Ed25519PublicKey) -> str:
    """Return *key* as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(frozen=True, slots=True)
class Keyring:
    """The key that signs now, and the public halves of all that ever did."""

    private: Ed25519PrivateKey
    published: tuple[PublicKey, ...]

    @property
    def current(self) -> PublicKey:
        """The public half of the key that signs."""
        return self.published[-1]

    @classmethod
    def open(cls, folder: Path) -> Keyring:
        """Read the keys in *folder*, making the first one where there is none."""
        try:
            with _alone(folder):
                return cls._read(folder)
        except OSError as why:
            raise refuse(
                "",
                "keys",
                f"the signing key in {folder} cannot be used: {why.strerror}; put the folder back as it was.",
            ) from None

    @classmethod
    def _read(cls, folder: Path) -> Keyring:
        if not (folder / PRIVATE).exists() and not (folder / PUBLIC).exists():
            _install(folder, ())
        published = tuple(read_published((folder / PUBLIC).read_bytes()))
        _end_interrupted(folder, published)
        private = _private(folder / PRIVATE)
        if not published or published[-1].pem != pem_of(private.public_key()):
            needs = f"does not end with the key of {PRIVATE}; restore the two together."
            raise refuse("", "keys", f"{folder / PUBLIC} {needs}")
        return cls(private, published)


def rotate(folder: Path) -> Keyring:
    """Replace the signing key; the old private half is gone, its public half stays published as replaced."""
    old = Keyring.open(folder)
    with _alone(folder):
        _install(folder, old.published)
    return Keyring.open(folder)


def read_published(data: bytes) -> list[PublicKey]:
    """Return the keys of a published list, oldest first; raise `Refused` where it is none."""
    try:
        return [PublicKey.from_json(one) for one in json.loads(data)["keys"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise refuse(
            "", "keys", "this is not a list of keys as /.well-known/auditor-keys.json has it."
        ) from None


def published(keys: tuple[PublicKey, ...]) -> dict[str, Any]:
    """Return the list of *keys* as it stands at /.well-known/auditor-keys.json."""
    return {"keys": [key.to_json() for key in keys]}


def trusted(named: str) -> list[PublicKey] | str:
    """Return the keys that `--key` names: a file of one (PEM) or of a published list; else a fingerprint."""
    said = named.replace(":", "").lower()
    if FINGERPRINT.fullmatch(said):
        return said
    try:
        data = Path(named).read_bytes()
    except OSError as why:
        raise refuse(
            "", "key", f"--key {named}: no fingerprint of 64 hex digits, and no file ({why.strerror})."
        ) from None
    if not data.lstrip().startswith(b"-----"):
        return read_published(data)
    try:
        key = PublicKey(data.decode("ascii"))
        key.fingerprint  # noqa: B018 - reads the key
    except (ValueError, UnicodeDecodeError):
        raise refuse("", "key", f"--key {named} holds no Ed25519 public key in PEM.") from None
    return [key]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let processes that start together take turns."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _install(folder: Path, before: tuple[PublicKey, ...]) -> None:
    """Make a key that signs from now on. A kill in between leaves a `NEXT` that the next start sees to."""
    fresh, moment = Ed25519PrivateKey.generate(), now()
    (folder / NEXT).unlink(missing_ok=True)
    handle = os.open(folder / NEXT, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    replaced = tuple(replace(key, until=key.until or moment) for key in before)
    listed = published((*replaced, PublicKey(pem_of(fresh.public_key()), moment)))
    beside = folder / f"{PUBLIC}.next"
    beside.write_text(json.dumps(listed, indent=2) + "\n", encoding="ascii")
    beside.replace(folder / PUBLIC)
    (folder / NEXT).replace(folder / PRIVATE)


def _end_interrupted(folder: Path, published: tuple[PublicKey, ...]) -> None:
    """Bring a replacement to its end that was killed after the new key was published."""
    if (folder / NEXT).exists() and published:
        fresh = _private(folder / NEXT)
        if published[-1].pem == pem_of(fresh.public_key()):
            (folder / NEXT).replace(folder / PRIVATE)


def _private(path: Path) -> Ed25519PrivateKey:
    rights = stat.S_IMODE(path.stat().st_mode)
    if rights & 0o077:
        raise refuse(
            "", "keys", f"{path} may be read by others (mode {rights:o}); make it 600, or make a new key."
        )
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise refuse("", "keys", f"{path} holds no Ed25519 key in PEM.")
    return key

"""The transparency log: what was sealed, published and withdrawn, in a Merkle tree whose head is signed.

An entry names digests and keys, never a system: that an audit exists is public, what it is of only once its
owner publishes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.trust.envelope import BadSignature, opened, sign, signer
from auditor.trust.keys import Keyring, PublicKey
from auditor.trust.merkle import consistency, includes, inclusion, leaf, root
from reports.record import canonical

HEAD_TYPE = "application/vnd.auditor.log-head+json"
SEALED, PUBLISHED, WITHDRAWN = "sealed", "published", "withdrawn"
Trust = str | Sequence[PublicKey] | None


class BadLog(ValueError):
    """A log, a head or a proof does not hold; the sentence says what."""


@dataclass(frozen=True, slots=True)
class Head:
    """The state of the log at one size, as it was signed."""

    size: int
    root: str
    time: str
    origin: str
    """Fingerprint of the first key of the installation: whose log it is."""


def leaves(entries: Sequence[str]) -> list[bytes]:
    """Return the hashes of entries as they are kept."""
    return [leaf(entry.encode()) for entry in entries]


def signed_head(hashes: Sequence[bytes], keys: Keyring, moment: str) -> str:
    """Return the head of the tree of *hashes*, signed."""
    head = {
        "origin": keys.published[0].fingerprint,
        "root": root(hashes).hex(),
        "size": len(hashes),
        "time": moment,
    }
    return sign(canonical(head), HEAD_TYPE, keys.private).decode()


def receipt(entries: Sequence[str], position: int, envelope: str, head_key: PublicKey) -> bytes:
    """Return what shows that the entry at *position* is in the log whose head is *envelope*."""
    proof = [one.hex() for one in inclusion(position, leaves(entries))]
    return canonical(
        {
            "entry": json.loads(entries[position]),
            "head": json.loads(envelope),
            "key": head_key.pem,
            "position": position,
            "proof": proof,
        }
    )


def whole(entries: Sequence[str], envelope: str, head_key: PublicKey) -> dict[str, Any]:
    """Return the whole log as everybody may have it."""
    return {
        "entries": [json.loads(entry) for entry in entries],
        "head": json.loads(envelope),
        "key": head_key.pem,
    }


def grown(size: int, entries: Sequence[str]) -> list[str]:
    """Return the proof that the log of *size* entries is the beginning of this one."""
    return [one.hex() for one in consistency(size, leaves(entries))]


def read_head(said: Mapping[str, Any], trust: Trust) -> tuple[Head, PublicKey, bool]:
    """Return the signed head in *said*, the key that signed it, and whether it is one that is trusted now."""
    try:
        key = PublicKey(str(said["key"]))
        envelope = canonical(said["head"])
        head = Head(**json.loads(opened(envelope, HEAD_TYPE, key)))
        fits = signer(envelope, HEAD_TYPE) == key.fingerprint
        shaped = isinstance(head.size, int) and isinstance(head.root, str)
    except BadSignature as why:
        raise BadLog(f"its head: {why}") from None
    except (KeyError, TypeError, ValueError, RecursionError):
        raise BadLog("it has no signed head") from None
    if not (fits and shaped):
        raise BadLog("its head names another key than the one that signed")
    return head, key, _current(key, trust)


def _current(key: PublicKey, trust: Trust) -> bool:
    if trust is None or isinstance(trust, str):
        return key.fingerprint == trust
    return any(one.pem == key.pem and one.until is None for one in trust)


@dataclass(frozen=True, slots=True)
class Receipt:
    """That one entry is in the log, as its signed head shows."""

    entry: Mapping[str, Any]
    position: int
    head: Head
    key: PublicKey
    current: bool
    """Whether the head is signed by a key that is trusted now."""


def read_receipt(data: bytes, trust: Trust) -> Receipt:
    """Return a receipt whose proof holds; raise `BadLog` for every other."""
    said = _object(data, {"entry", "head", "key", "position", "proof"})
    head, key, current = read_head(said, trust)
    try:
        proof = [bytes.fromhex(one) for one in said["proof"]]
        position = int(said["position"])
        held = includes(leaf(canonical(said["entry"])), position, head.size, proof, bytes.fromhex(head.root))
    except (TypeError, ValueError, RecursionError):
        held, position = False, -1
    if not held or not isinstance(said["entry"], dict):
        raise BadLog("its proof does not lead to the signed head")
    return Receipt(said["entry"], position, head, key, current)


@dataclass(frozen=True, slots=True)
class WholeLog:
    """Every entry, as the signed head sums them up."""

    entries: tuple[str, ...]
    head: Head
    current: bool


def read_log(data: bytes, trust: Trust) -> WholeLog:
    """Return a whole log whose entries give its signed head; raise `BadLog` for every other."""
    said = _object(data, {"entries", "head", "key"}, strict=False)
    head, _, current = read_head(said, trust)
    if not isinstance(said["entries"], list):
        raise BadLog("it has no entries")
    entries = tuple(canonical(one).decode() for one in said["entries"])
    if len(entries) != head.size:
        raise BadLog(f"it has {len(entries)} entries, and its head was signed over {head.size}")
    if root(leaves(entries)).hex() != head.root:
        raise BadLog("its entries do not give its signed head: one was changed, dropped or moved")
    return WholeLog(entries, head, current)


def against(log: WholeLog, found: Receipt) -> Iterator[str]:
    """Yield what is wrong with a log that should be the one that *found* is from, now or later."""
    if log.head.origin != found.head.origin:
        yield "the log: it is another installation's."
    elif log.head.size < found.head.size:
        yield (
            f"the log: it has {log.head.size} entries, and had {found.head.size} when the receipt was given: "
            "it was cut short."
        )
    elif root(leaves(log.entries[: found.head.size])).hex() != found.head.root:
        yield "the log: its beginning is not what it was when the receipt was given: it was rewritten."
    elif log.entries[found.position] != canonical(found.entry).decode():
        yield f"the log: its entry {found.position} is not the one of the receipt."


def sealed_at(log: WholeLog, manifest: str) -> int | None:
    """Return where the bundle whose manifest has this digest was sealed; None where it was not."""
    for position, entry in enumerate(log.entries):
        said = json.loads(entry)
        if isinstance(said, dict) and said.get("kind") == SEALED and said.get("manifest") == manifest:
            return position
    return None


def withdrawals(log: WholeLog, position: int) -> Iterator[Mapping[str, Any]]:
    """Yield the entries that withdraw the audit sealed at *position*."""
    for entry in log.entries:
        said = json.loads(entry)
        if isinstance(said, dict) and said.get("kind") == WITHDRAWN and said.get("of") == position:
            yield said


def _object(data: bytes, keys: set[str], *, strict: bool = True) -> dict[str, Any]:
    try:
        said = json.loads(data)
        fits = isinstance(said, dict) and keys <= said.keys()
        fits = fits and (not strict or (said.keys() == keys and canonical(said) == data))
    except (ValueError, TypeError, RecursionError):
        fits = False
    if not fits:
        raise BadLog("it cannot be read")
    return dict(said)

"""Signed texts: DSSE envelopes with one Ed25519 signature, in one spelling."""

from __future__ import annotations

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import Error as LibraryError
from securesystemslib.signer import (  # type: ignore[attr-defined]  # it re-exports without saying so
    CryptoSigner,
    SSlibKey,
)

from auditor.trust.keys import PublicKey, pem_of
from reports.record import canonical


class BadSignature(ValueError):
    """The envelope is damaged, or its signature is not by this key; the sentence says which."""


def sign(payload: bytes, kind: str, key: Ed25519PrivateKey) -> bytes:
    """Return *payload* of the media type *kind* in an envelope signed with *key*, as canonical JSON."""
    envelope = Envelope(payload, kind, {})
    envelope.sign(CryptoSigner(key, _as_library(PublicKey(pem_of(key.public_key())))))
    return canonical(envelope.to_dict())


def opened(data: bytes, kind: str, key: PublicKey) -> bytes:
    """Return the payload of an envelope that *key* signed; raise `BadSignature` for every other."""
    envelope = _read(data, kind)
    try:
        envelope.verify([_as_library(key)], 1)
    except (LibraryError, ValueError):
        raise BadSignature("the signature is not by this key, or what it signs was changed") from None
    return envelope.payload


def signer(data: bytes, kind: str) -> str:
    """Return the fingerprint that an envelope names as its signer, unverified."""
    return str(next(iter(_read(data, kind).signatures)))


def _read(data: bytes, kind: str) -> Envelope:
    try:
        envelope = Envelope.from_dict(json.loads(data))
        whole = canonical(envelope.to_dict()) == data and envelope.payload_type == kind
    except (ValueError, KeyError, TypeError, AttributeError, LibraryError, RecursionError):
        raise BadSignature("it is not a signed envelope") from None
    if not whole or len(envelope.signatures) != 1:
        raise BadSignature("it is not an envelope of this kind with one signature, in its canonical form")
    return envelope


def _as_library(key: PublicKey) -> Any:
    return SSlibKey.from_crypto(key.key, keyid=key.fingerprint)

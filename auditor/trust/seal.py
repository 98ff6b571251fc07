"""Seal an audit: its files, a manifest of their digests, and a signature over the manifest."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.trust.envelope import sign
from auditor.trust.keys import Keyring
from reports import bundle
from reports.record import Audit


def seal(record: bytes, reports: Mapping[str, bytes], keys: Keyring) -> dict[str, bytes]:
    """Return the files of the evidence bundle of *record*, signed; equal files and key give equal bytes."""
    audit = Audit.from_json(record)
    files = bundle.contents(audit, reports)
    files[bundle.RECORD] = record
    statement = bundle.manifest(audit, files)
    return {
        **files,
        bundle.MANIFEST: statement,
        bundle.ENVELOPE: sign(statement, bundle.PAYLOAD_TYPE, keys.private),
        bundle.SIGNER: keys.current.pem.encode(),
    }

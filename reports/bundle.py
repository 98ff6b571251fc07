"""The evidence bundle: everything of one audit in one zip whose bytes follow from its contents.

Nothing is compressed (compressors differ between hosts and years), times and rights are fixed, and files
stand in the order of their names. A reader packs what it read once more: any other byte shows.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from reports.record import Audit, canonical

RECORD, MANIFEST, ENVELOPE, SIGNER, RECEIPT = (
    "audit.json",
    "manifest.json",
    "manifest.dsse.json",
    "signer.pem",
    "receipt.json",
)
REPORTS = ("report.html", "report.pdf")
CALLS = "calls.jsonl"
OUTSIDE = (MANIFEST, ENVELOPE, SIGNER, RECEIPT)
"""What the manifest does not list: itself, its signature, who signed, and what the log says of it.

The receipt is signed too: its proof leads to the signed head of the log."""
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:auditor:evidence-bundle:1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
MOST_FILES, MOST_BYTES = 500, 2**30
"""No bundle is larger; a reader stops there."""

_RULES = re.compile(r"rules/[a-z0-9][a-z0-9-]{0,80}\.json")
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


class NotABundle(ValueError):
    """The bytes are no bundle as this module packs them; the sentence names what is wrong."""


def contents(audit: Audit, reports: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files that the manifest lists: the record, its reports, the rules it was judged by."""
    rules = {f"rules/{name}.json": canonical(one) for name, one in audit.body.get("frameworks", {}).items()}
    return {RECORD: audit.to_json(), **reports, **rules}


def manifest(audit: Audit, files: Mapping[str, bytes]) -> bytes:
    """Return the statement (in-toto, canonical JSON) that names *files* by their digests."""
    subjects = [
        {"name": name, "digest": {"sha256": hashlib.sha256(data).hexdigest()}}
        for name, data in sorted(files.items())
    ]
    predicate = {
        "audit": {"digest": audit.digest, "id": audit.run.get("id")},
        "auditor": audit.body["engine"].get("auditor"),
        "published": "publication" in audit.body,
    }
    return canonical(
        {"_type": STATEMENT, "subject": subjects, "predicateType": PREDICATE, "predicate": predicate}
    )


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of *files*; equal files give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.create_system = 3
            entry.external_attr = 0o100444 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the files of a bundle; raise `NotABundle` for anything that `pack` would not have written."""
    if len(data) > MOST_BYTES:
        raise NotABundle(f"it is larger than {MOST_BYTES // 2**20} MiB, which no bundle is")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = _read(archive)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OverflowError, OSError):
        raise NotABundle("it is no zip file, or was cut short") from None
    except ValueError as why:
        raise why if isinstance(why, NotABundle) else NotABundle("it is no zip file") from None
    if pack(files) != data:
        raise NotABundle("the zip around the files is not as it was written")
    return files


def _read(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > MOST_FILES:
        raise NotABundle(f"it holds more than {MOST_FILES} files, which no bundle does")
    for name in names:
        if not (name in (RECORD, CALLS, *REPORTS, *OUTSIDE) or _RULES.fullmatch(name)):
            raise NotABundle(f"it holds {name[:80]!r}, which no bundle does")
        if names.count(name) > 1:
            raise NotABundle(f"it holds {name} twice")
    files = {}
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise NotABundle(f"{entry.filename} is compressed or encrypted, which nothing in a bundle is")
        try:
            files[entry.filename] = archive.read(entry)
        except zipfile.BadZipFile:
            raise NotABundle(f"{entry.filename} was changed: its checksum does not fit") from None
    return files


def subjects(statement: bytes) -> dict[str, str]:
    """Return name -> SHA-256 of what a manifest lists; raise `NotABundle` where it is none."""
    try:
        read = json.loads(statement)
        shaped = read["_type"] == STATEMENT and read["predicateType"] == PREDICATE
        listed = {one["name"]: one["digest"]["sha256"] for one in read["subject"]}
        whole = canonical(read) == statement and len(listed) == len(read["subject"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NotABundle(f"{MANIFEST} is not a manifest") from None
    if not (shaped and whole):
        raise NotABundle(f"{MANIFEST} is not a manifest of this kind, or not in its canonical form")
    return listed


def predicate(statement: bytes) -> Mapping[str, Any]:
    """Return what a manifest says beside its list of files."""
    said: Mapping[str, Any] = json.loads(statement)["predicate"]
    return said

"""The signer of a service: seals what is completed, writes it into the log, and signs the log's head.

It runs in the web process and in the supervisor, never in a worker. Before a head is signed, the log must
begin as it did when the last one was; what that was stands in the folder of keys, not in the database.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auditor.artifacts import Artifacts
from auditor.plan import BUNDLE, CALLS
from auditor.problems import Refused
from auditor.store import audits, files
from auditor.store import log as kept
from auditor.store.clock import now
from auditor.store.database import Database
from auditor.store.tables import AuditRecord, HoldRecord
from auditor.trust import log
from auditor.trust.keys import Keyring, PublicKey
from auditor.trust.merkle import root
from auditor.trust.seal import seal
from auditor.views import AuditState, Conflict, NotFound, Unavailable
from reports import bundle
from reports.record import canonical

logger = logging.getLogger(__name__)

LAST = "last-head.json"
"""In the folder of keys: size and root of the last head that was signed."""

Told = tuple[list[str], str, PublicKey]
"""All entries of the log, its signed head, and the key that signed it."""


class Sealer:
    """Seals audits of one store with the keys of one folder."""

    def __init__(self, folder: Path, database: Database, artifacts: Artifacts) -> None:
        self.folder = folder
        self.database = database
        self.artifacts = artifacts
        self._told: Told | None = None

    @property
    def keys(self) -> Keyring:
        """The keys as they are now: a replacement counts at once."""
        try:
            return Keyring.open(self.folder)
        except Refused as why:
            raise Unavailable(str(why)) from None

    def seal_waiting(self) -> int:
        """Seal every completed audit that is not; return how many were."""
        sealed = sa.exists().where(HoldRecord.audit == AuditRecord.id, HoldRecord.role == BUNDLE)
        query = sa.select(AuditRecord.id).where(AuditRecord.state == AuditState.COMPLETED, ~sealed)
        with self.database.reading() as session:
            waiting = session.scalars(query.order_by(AuditRecord.finished)).all()
        for audit_id in waiting:
            self.seal(audit_id)
        if waiting:
            self.head()
        return len(waiting)

    def seal(self, audit_id: str) -> None:
        """Sign the results of an audit and enter it in the log, unless both were done."""
        with self.database.reading() as session:
            held = files.held(session, audit_id)
        if BUNDLE in held:
            return
        if bundle.RECORD not in held:
            raise Conflict(f"audit {audit_id} has no record to sign.")
        keys = self.keys
        reports = {name: self.artifacts.read(held[name]) for name in (*bundle.REPORTS, CALLS) if name in held}
        packed = seal(self.artifacts.read(held[bundle.RECORD]), reports, keys)
        listed = hashlib.sha256(packed[bundle.MANIFEST]).hexdigest()

        def note(session: Session, digest: str) -> None:
            record = audits.find(session, audit_id)
            if record is None or record.digest is None:
                raise NotFound(f"there is no audit {audit_id[:64]!r}.")
            session.refresh(record, with_for_update=True)  # two that seal at once take turns
            if BUNDLE in files.held(session, audit_id):
                return
            files.hold(session, audit_id, BUNDLE, digest)
            self.enter(
                session,
                audit_id,
                log.SEALED,
                record=record.digest,
                manifest=listed,
                signer=keys.current.fingerprint,
            )

        with self.artifacts.receive([bundle.pack(packed)], limit=2**63) as received:
            files.keep(self.database, self.artifacts, received, note)
        logger.info("audit %s was sealed", audit_id)

    def enter(self, session: Session, audit_id: str, kind: str, **said: Any) -> kept.Row:
        """Add an entry to the log in the caller's transaction."""
        moment = now().isoformat(timespec="seconds")
        return kept.append(session, audit_id, {"kind": kind, "time": moment, **said}, canonical)

    def withdraw(self, session: Session, audit_id: str, reason: str) -> bool:
        """Leave a tombstone for a sealed audit; return False where there is nothing, or one already."""
        rows = kept.of_audit(session, audit_id)
        sealed = next((row for row in rows if row.kind == log.SEALED), None)
        if sealed is None or any(row.kind == log.WITHDRAWN for row in rows):
            return False
        self.enter(session, audit_id, log.WITHDRAWN, record=sealed.record, of=sealed.position, reason=reason)
        return True

    def bundle(self, audit_id: str) -> bytes:
        """Return the bundle of an audit with its receipt as of now, sealing it first where that is due."""
        self.seal(audit_id)
        entries, envelope, key = self.head()
        with self.database.reading() as session:
            held = files.held(session, audit_id, BUNDLE)
            position = next(r.position for r in kept.of_audit(session, audit_id) if r.kind == log.SEALED)
        packed = bundle.unpack(self.artifacts.read(held[BUNDLE]))
        packed[bundle.RECEIPT] = log.receipt(entries, position, envelope, key)
        return bundle.pack(packed)

    def head(self) -> Told:
        """Return all entries and their signed head, signing one where the last is older or by another key.

        What was told last is told again while nothing came to it: pages for everybody cost little.
        """
        keys = self.keys
        with self.database.reading() as session:
            newest = kept.newest_head(session)
            told = self._told  # one read: other threads may replace it
            same = told is not None and told[2].pem == keys.current.pem
            if told and same and newest == (len(told[0]), told[1]) and kept.size(session) == newest[0]:
                return told
            entries = [row.entry for row in kept.rows(session)]
        self._told = self._signed(entries, newest, keys)
        return self._told

    def _signed(self, entries: list[str], newest: tuple[int, str] | None, keys: Keyring) -> Told:
        """Read the whole log against its newest head; sign another where that is not of this log and key."""
        hashes = log.leaves(entries)
        if newest and newest[0] == len(entries) and _sums_up(newest[1], root(hashes).hex(), keys.current):
            return entries, newest[1], keys.current
        self._compare_with_last(hashes)
        envelope = log.signed_head(hashes, keys, now().isoformat(timespec="seconds"))
        with self.database.transaction() as session:
            kept.keep_head(session, len(entries), envelope)
        self._remember(len(entries), root(hashes).hex())
        return entries, envelope, keys.current

    def _compare_with_last(self, hashes: list[bytes]) -> None:
        last = self._last()
        size = int(last.get("size", 0))
        if size > len(hashes) or (size and root(hashes[:size]).hex() != last.get("root")):
            logger.error("the log does not begin as it did when its head of %d entries was signed", size)
            raise Unavailable(
                f"the log in the database is not the one whose head of {size} entries was signed last: "
                f"entries were dropped or changed. Restore the database, or find out why and remove {LAST}."
            )

    def _last(self) -> Mapping[str, Any]:
        try:
            said = json.loads((self.folder / LAST).read_bytes())
        except FileNotFoundError:
            return {}
        return said if isinstance(said, dict) else {}

    def _remember(self, size: int, top: str) -> None:
        if size >= int(self._last().get("size", 0)):
            beside = self.folder / f"{LAST}.next"
            beside.write_bytes(canonical({"root": top, "size": size}))
            beside.replace(self.folder / LAST)


def _sums_up(envelope: str, top: str, key: PublicKey) -> bool:
    """Return whether a kept head is signed by *key*, over the tree as it is."""
    try:
        head, _, _ = log.read_head({"head": json.loads(envelope), "key": key.pem}, None)
    except ValueError:
        return False
    return head.root == top

"""What everybody may see: the register of published audits, and the log of all that were sealed.

An audit enters the register only when its owner publishes it, and what is shown of it comes from the
suppressed record (`reports.publish`) alone.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from auditor.artifacts import Artifacts
from auditor.problems import Problem, Refused
from auditor.store import audits, concerns, files, publications
from auditor.store import log as kept
from auditor.store.clock import today
from auditor.store.database import Database
from auditor.store.publications import Publication
from auditor.suppressing import for_everybody
from auditor.trust import log
from auditor.trust.keys import published as published_keys
from auditor.trust.sealing import Sealer
from auditor.views import Account, AuditState, Conflict, NotFound
from reports.code import SHORT
from reports.record import Audit

PUBLIC = "public.json"
MOST = 100
LIMITS = {"contact": 200, "appeal": 1000, "reason": 500}
DELETED = "deleted by its owner"


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry of the log, with what came of it."""

    position: int
    entry: Mapping[str, Any]
    size: int
    """Entries in the log now."""
    receipt: bytes
    withdrawn: Mapping[str, Any] | None
    published: str | None
    """The audit, where it is in the register."""


class Register:
    """The public door."""

    def __init__(self, database: Database, artifacts: Artifacts, sealer: Sealer) -> None:
        self.database = database
        self.artifacts = artifacts
        self.sealer = sealer

    # The register

    def publish(self, account: Account, audit_id: str, contact: str, appeal: str) -> Publication:
        """Enter an audit in the register, in the version for everybody."""
        _ask(contact=contact, appeal=appeal)
        with self.database.reading() as session:
            record = _own(session, account, audit_id)
            if record.state != AuditState.COMPLETED:
                raise Conflict(f"audit {audit_id} is {record.state}; only a completed one can be published.")
            if dt.date.fromisoformat(record.as_of) > today():
                raise Conflict(
                    f"audit {audit_id} is judged as of {record.as_of}, a day to come; "
                    "judge it again as of today and publish that."
                )
            _unpublished(session, audit_id)
            digest = files.held(session, audit_id, "audit.json")["audit.json"]
        self.sealer.seal(audit_id)
        public = for_everybody(Audit.from_json(self.artifacts.read(digest)))
        shown = card(public, contact.strip(), appeal.strip())

        def note(session: Session, digest: str) -> None:
            session.refresh(_own(session, account, audit_id), with_for_update=True)
            _unpublished(session, audit_id)
            files.hold(session, audit_id, PUBLIC, digest)
            sealed = _sealed(session, audit_id)
            name = str(shown["system"]["name"])
            publications.add(session, account.id, audit_id, name=name, card=shown, words=_words(shown))
            self.sealer.enter(session, audit_id, log.PUBLISHED, record=public.digest, of=sealed.position)

        with self.artifacts.receive([public.to_json()], limit=2**63) as received:
            files.keep(self.database, self.artifacts, received, note)
        self.sealer.head()
        return self.entry(audit_id)

    def withdraw(self, account: Account, audit_id: str, reason: str) -> None:
        """Withdraw an audit for good: its tombstone with the reason stays, in the log and in the register."""
        _ask(reason=reason)
        with self.database.reading() as session:
            _own(session, account, audit_id)
        self.sealer.seal(audit_id)
        with self.database.transaction() as session:
            session.refresh(_own(session, account, audit_id), with_for_update=True)
            if not self.sealer.withdraw(session, audit_id, reason.strip()):
                raise Conflict(f"audit {audit_id} is not in the log, or was withdrawn before.")
            publications.withdraw(session, audit_id, reason.strip(), keep_name=True)
            gone = files.let_go(session, audit_id, (PUBLIC,))
        files.remove_unneeded(self.database, self.artifacts, gone)
        self.sealer.head()

    def deleted(self, session: Session, audit_id: str) -> None:
        """Leave the tombstones of an audit that its owner deletes, and delete what people wrote about it."""
        self.sealer.withdraw(session, audit_id, DELETED)
        publications.withdraw(session, audit_id, DELETED, keep_name=False)
        for record in concerns.of_audit(session, audit_id):
            record.public = False
            concerns.erase(record)

    def entries(
        self, search: str = "", *, limit: int = MOST, before: str | None = None
    ) -> tuple[Publication, ...]:
        """Return entries that have every word of *search*, newest first, older than the entry *before*."""
        with self.database.reading() as session:
            last = publications.find(session, before) if before else None
            words = search[:200].split()[:10]
            return publications.search(session, words, min(max(limit, 1), MOST), last)

    def entry(self, audit_id: str) -> Publication:
        """Return one entry."""
        with self.database.reading() as session:
            found = publications.find(session, audit_id)
        if found is None:
            raise NotFound(f"the register has no audit {audit_id[:64]!r}.")
        return found

    def status(self, audit_id: str) -> Publication | None:
        """Return the entry of an audit, if it was ever published."""
        with self.database.reading() as session:
            return publications.find(session, audit_id)

    def record(self, audit_id: str) -> bytes:
        """Return the record of a published audit, as everybody may have it."""
        if self.entry(audit_id).withdrawn is not None:
            raise NotFound(f"audit {audit_id[:64]!r} was withdrawn.")
        with self.database.reading() as session:
            held = files.held(session, audit_id, PUBLIC)
        return self.artifacts.read(held[PUBLIC])

    # The log

    def keys(self) -> dict[str, Any]:
        """Return the published keys."""
        return published_keys(self.sealer.keys.published)

    def whole_log(self) -> dict[str, Any]:
        """Return every entry with the signed head."""
        return log.whole(*self.sealer.head())

    def newest(self, most: int) -> tuple[int, list[tuple[int, Mapping[str, Any]]]]:
        """Return how many entries the log has, and the newest with their places, newest first."""
        entries = self.sealer.head()[0]
        places = range(len(entries) - 1, max(-1, len(entries) - most - 1), -1)
        return len(entries), [(place, json.loads(entries[place])) for place in places]

    def proof_since(self, size: int) -> dict[str, Any]:
        """Return the proof that the log has only grown since it had *size* entries."""
        entries, envelope, key = self.sealer.head()
        if not 0 < size <= len(entries):
            raise NotFound(f"the log has {len(entries)} entries; name a size from 1 to that.")
        return {"from": size, "proof": log.grown(size, entries), "head": json.loads(envelope), "key": key.pem}

    def logged(self, position: int) -> Logged:
        """Return the entry at *position*, with the proof that it is in the log."""
        entries, envelope, key = self.sealer.head()
        if not 0 <= position < len(entries):
            raise NotFound(f"the log has {len(entries)} entries; there is no entry {position}.")
        with self.database.reading() as session:
            row = kept.rows(session, start=position, limit=1)[0]
            later = kept.of_audit(session, row.audit)
            shown = publications.find(session, row.audit)
        tombstone = next((json.loads(r.entry) for r in later if r.kind == log.WITHDRAWN), None)
        return Logged(
            position,
            json.loads(row.entry),
            len(entries),
            log.receipt(entries, position, envelope, key),
            tombstone,
            shown.audit if shown is not None else None,
        )

    def lookup(self, reference: str) -> tuple[int, ...]:
        """Return the places of what *reference* names: a place, or the first digits of a record's digest."""
        said = reference.strip().lower().replace(" ", "").removeprefix("sha256:")
        if said.isdecimal() and said.isascii() and len(said) < SHORT:
            return (int(said),)
        if len(said) < SHORT or len(said) > 64 or any(c not in "0123456789abcdef" for c in said):
            raise NotFound(f"an entry is named by its place, or by {SHORT} or more digits of its digest.")
        with self.database.reading() as session:
            found = tuple(row.position for row in kept.of_record(session, said))
        if not found:
            raise NotFound("no audit with this digest was sealed here.")
        return found


def card(public: Audit, contact: str, appeal: str) -> dict[str, Any]:
    """Return what the register shows, from the version for everybody."""
    body = public.body
    if "publication" not in body:
        raise ValueError("only the version for everybody is shown")
    system = body["submission"]["system"]
    return {
        "system": {
            **{k: system.get(k) or "" for k in ("name", "version", "purpose", "provider", "sector")},
            "risk_tier": _tier(body),
        },
        "task": body["submission"]["task"],
        "as_of": body["as_of"],
        "digest": public.digest,
        "of": body["publication"]["of"],
        "verdicts": [
            {
                "framework": name,
                "title": body.get("frameworks", {}).get(name, {}).get("title", name),
                "verdict": whole["verdict"],
                "counts": {verdict: n for verdict, n in whole["counts"].items() if n},
            }
            for name, whole in body["verdicts"].items()
        ],
        "contact": contact,
        "appeal": appeal,
    }


def _tier(body: Mapping[str, Any]) -> str:
    """Return the tier that held, where somebody declared one or answered the questionnaire."""
    tier = body.get("tier") or {}
    settled = tier.get("tier") if tier.get("declared") or tier.get("computed") else None
    return str(settled or body["submission"]["system"].get("risk_tier") or "")


def _words(shown: Mapping[str, Any]) -> str:
    said = [*shown["system"].values(), *(v["title"] for v in shown["verdicts"]), shown["contact"]]
    return " ".join(map(str, said)).lower()


def _own(session: Session, account: Account, audit_id: str) -> Any:
    record = audits.find(session, audit_id, account.id)
    if record is None:
        raise NotFound(f"there is no audit {audit_id[:64]!r}.")
    return record


def _unpublished(session: Session, audit_id: str) -> None:
    found = publications.find(session, audit_id)
    if found is not None:
        was = "withdrawn" if found.withdrawn else "published"
        raise Conflict(f"audit {audit_id} was {was} already; a new audit can be published instead.")


def _sealed(session: Session, audit_id: str) -> kept.Row:
    rows = kept.of_audit(session, audit_id)
    if any(row.kind == log.WITHDRAWN for row in rows):
        raise Conflict(f"audit {audit_id} was withdrawn; a new audit can be published instead.")
    return next(row for row in rows if row.kind == log.SEALED)


def _ask(**texts: str) -> None:
    """Refuse texts that are empty, too long, or hold signs that steer how text is shown."""
    problems = []
    for name, text in texts.items():
        if not text.strip():
            problems.append(Problem(name, "missing", f"`{name}` is empty; say it in a sentence."))
        elif len(text) > LIMITS[name]:
            problems.append(Problem(name, "too-long", f"`{name}` has more than {LIMITS[name]} characters."))
        elif any(not (char.isprintable() or char in "\n\r\t") for char in text):
            problems.append(Problem(name, "control", f"`{name}` holds a control character; remove it."))
    if problems:
        raise Refused(problems)

"""What owners made public: one row for each audit, kept as a tombstone after it was withdrawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auditor.store.clock import now
from auditor.store.tables import PublicationRecord


@dataclass(frozen=True, slots=True)
class Publication:
    """An entry of the register."""

    audit: str
    name: str
    """The system's name; empty once its audit was deleted."""
    card: Mapping[str, Any]
    published: dt.datetime
    withdrawn: dt.datetime | None
    reason: str


def add(
    session: Session, account: str, audit: str, *, name: str, card: Mapping[str, Any], words: str
) -> None:
    """Enter an audit in the register."""
    session.add(
        PublicationRecord(
            audit=audit,
            account=account,
            name=name,
            card=dict(card),
            words=words,
            published=now(),
            withdrawn=None,
            reason="",
        )
    )
    session.flush()


def find(session: Session, audit: str) -> Publication | None:
    """Return the entry of an audit."""
    record = session.get(PublicationRecord, audit)
    return None if record is None else _publication(record)


def withdraw(session: Session, audit: str, reason: str, *, keep_name: bool) -> bool:
    """Leave the tombstone of an entry; return whether there was one to withdraw."""
    record = session.get(PublicationRecord, audit)
    if record is None:
        return False
    if not keep_name:
        record.name = ""
    if record.withdrawn is None:
        record.withdrawn, record.reason = now(), reason
    record.card, record.words = {}, record.name.lower()
    return True


def search(
    session: Session, words: Sequence[str], limit: int, before: Publication | None
) -> tuple[Publication, ...]:
    """Return entries that have all *words*, newest first, older than *before*."""
    query = sa.select(PublicationRecord)
    for word in words:
        query = query.where(PublicationRecord.words.contains(word.lower(), autoescape=True))
    if before is not None:
        moment = sa.tuple_(PublicationRecord.published, PublicationRecord.audit)
        then = sa.literal(before.published, PublicationRecord.published.type)
        query = query.where(moment < sa.tuple_(then, before.audit))
    query = query.order_by(PublicationRecord.published.desc(), PublicationRecord.audit.desc())
    return tuple(map(_publication, session.scalars(query.limit(limit))))


def _publication(record: PublicationRecord) -> Publication:
    return Publication(
        record.audit, record.name, record.card, record.published, record.withdrawn, record.reason
    )

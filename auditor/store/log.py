"""The rows of the transparency log: appended one at a time, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auditor.store.clock import now
from auditor.store.tables import LogHeadRecord, LogRecord

_TURN = 4155444955
"""The advisory lock on PostgreSQL that appending takes; on SQLite every writer waits for the one before."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as it is kept."""

    position: int
    kind: str
    audit: str
    record: str
    """Digest of the record's body."""
    entry: str
    """Canonical JSON: the bytes whose hash is the leaf."""


def append(session: Session, audit: str, entry: Mapping[str, Any], spell: Any) -> Row:
    """Add *entry* at the end, spelt by *spell* as bytes; return it with its place."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN)))
    text: str = spell(entry).decode()
    row = Row(size(session), entry["kind"], audit, entry["record"], text)
    session.add(
        LogRecord(
            position=row.position, kind=row.kind, audit=audit, record=row.record, entry=text, created=now()
        )
    )
    session.flush()
    return row


def size(session: Session) -> int:
    """Return how many entries there are."""
    return session.scalar(sa.select(sa.func.count()).select_from(LogRecord)) or 0


def rows(session: Session, *where: Any, start: int = 0, limit: int | None = None) -> Sequence[Row]:
    """Return entries in their order."""
    query = sa.select(LogRecord).where(LogRecord.position >= start, *where).order_by(LogRecord.position)
    return tuple(_row(one) for one in session.scalars(query.limit(limit)))


def of_audit(session: Session, audit: str) -> Sequence[Row]:
    """Return what the log says of one audit."""
    return rows(session, LogRecord.audit == audit)


def of_record(session: Session, prefix: str) -> Sequence[Row]:
    """Return the sealed entries whose record digest begins with *prefix*."""
    return rows(session, LogRecord.record.startswith(prefix, autoescape=True), LogRecord.kind == "sealed")


def newest_head(session: Session) -> tuple[int, str] | None:
    """Return the size and the envelope of the last signed head."""
    found = session.scalar(sa.select(LogHeadRecord).order_by(LogHeadRecord.size.desc()).limit(1))
    return None if found is None else (found.size, found.envelope)


def keep_head(session: Session, head_size: int, envelope: str) -> None:
    """Keep a signed head, in place of one of the same size that a key signed which was replaced since."""
    session.merge(LogHeadRecord(size=head_size, envelope=envelope, created=now()))


def _row(one: LogRecord) -> Row:
    return Row(one.position, one.kind, one.audit, one.record, one.entry)

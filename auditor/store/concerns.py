"""Rows of questions and objections, and which audit each is of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auditor.store.clock import now
from auditor.store.tables import AuditRecord, ConcernRecord
from frameworks.heard import Concern, Group, Matter, Result

UNANSWERED_DAYS = 365
"""Words that nobody answered are deleted after a year."""


def find(session: Session, concern_id: str, account: str) -> ConcernRecord | None:
    """Return one that *account* answers."""
    record = session.get(ConcernRecord, concern_id)
    return record if record is not None and record.account == account else None


def of_reference(session: Session, digest: str) -> ConcernRecord | None:
    """Return the one whose reference has this SHA-256."""
    return session.scalar(sa.select(ConcernRecord).where(ConcernRecord.reference == digest))


def of_audit(session: Session, audit: str) -> Sequence[ConcernRecord]:
    """Return what was sent about one audit, oldest first."""
    query = sa.select(ConcernRecord).where(ConcernRecord.audit == audit)
    return session.scalars(query.order_by(ConcernRecord.received, ConcernRecord.id)).all()


def of_account(session: Session, account: str, audit: str | None = None) -> Sequence[ConcernRecord]:
    """Return all that an account answers, or what was sent about one of its audits, oldest first."""
    query = sa.select(ConcernRecord).where(ConcernRecord.account == account)
    if audit is not None:
        query = query.where(ConcernRecord.audit == audit)
    return session.scalars(query.order_by(ConcernRecord.received, ConcernRecord.id)).all()


def listed(session: Session, account: str, *, waiting: bool, audit: str | None) -> list[ConcernRecord]:
    """Return what waits for an answer, the longest first; or what does not any more, newest first."""
    found = of_account(session, account, audit)
    over = [one for one in found if one.answered is not None or one.erased is not None]
    return [one for one in found if one not in over] if waiting else over[::-1]


def count_waiting(session: Session, *, account: str | None = None, audit: str | None = None) -> int:
    """Return how many wait for an answer, of an account or of an audit."""
    query = sa.select(sa.func.count()).where(ConcernRecord.answered.is_(None), ConcernRecord.erased.is_(None))
    if account is not None:
        query = query.where(ConcernRecord.account == account)
    if audit is not None:
        query = query.where(ConcernRecord.audit == audit)
    return session.scalar(query) or 0


def by_measured_audit(session: Session, account: str) -> Mapping[str, Sequence[Concern]]:
    """Return what was sent, without its words, by the audit that was measured.

    What is sent about an audit that was judged again counts for the one that it was judged from.
    """
    found: dict[str, list[Concern]] = {}
    for record in of_account(session, account):
        found.setdefault(_measured(session, record.audit), []).append(plain(record))
    return found


def erase(record: ConcernRecord) -> None:
    """Delete the words of one: text, contact, and the answer unless everybody may read it."""
    record.text = record.contact = ""
    if not record.public:
        record.answer = ""
    record.erased = record.erased or now()


def erase_old(session: Session, *, answered_before: dt.datetime) -> int:
    """Delete the words of what was answered before a moment, and of what nobody answered for a year."""
    unanswered = now() - dt.timedelta(days=UNANSWERED_DAYS)
    old = sa.or_(
        ConcernRecord.answered < answered_before,
        sa.and_(ConcernRecord.answered.is_(None), ConcernRecord.received < unanswered),
    )
    query = sa.select(ConcernRecord).where(ConcernRecord.erased.is_(None), old)
    records = session.scalars(query).all()
    for record in records:
        erase(record)
    return len(records)


def plain(record: ConcernRecord) -> Concern:
    """Return what is counted of one."""
    return Concern(
        matter=Matter(record.matter),
        received=record.received.date(),
        groups=frozenset(map(Group, record.groups)),
        requirement=record.requirement,
        answered=record.answered.date() if record.answered else None,
        result=Result(record.result) if record.result else None,
        taken_back=record.erased is not None and record.answered is None,
    )


def _measured(session: Session, audit: str) -> str:
    record = session.get(AuditRecord, audit)
    while record is not None and record.derived_from is not None:
        audit = record.derived_from
        record = session.get(AuditRecord, audit)
    return audit

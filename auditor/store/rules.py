"""Rule files that accounts wrote: every published version is kept as it was."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auditor.store.clock import now
from auditor.store.tables import RuleRecord


def versions(session: Session, account: str, rule: str) -> Sequence[RuleRecord]:
    """Return every version of one rule file, newest first."""
    query = sa.select(RuleRecord).where(RuleRecord.account == account, RuleRecord.id == rule)
    return session.scalars(query.order_by(RuleRecord.position.desc())).all()


def latest(session: Session, account: str) -> Sequence[RuleRecord]:
    """Return the newest version of each rule file of *account*, in the order of ids."""
    newest = (
        sa.select(RuleRecord.id, sa.func.max(RuleRecord.position).label("position"))
        .where(RuleRecord.account == account)
        .group_by(RuleRecord.id)
        .subquery()
    )
    same = sa.and_(RuleRecord.id == newest.c.id, RuleRecord.position == newest.c.position)
    query = sa.select(RuleRecord).join(newest, same).where(RuleRecord.account == account)
    return session.scalars(query.order_by(RuleRecord.id)).all()


def add(
    session: Session, account: str, rule: str, version: str, *, title: str, content: str, digest: str
) -> RuleRecord:
    """Keep one more version; raises `sqlalchemy.exc.IntegrityError` where another came at the same time."""
    before = versions(session, account, rule)
    record = RuleRecord(
        account=account,
        id=rule,
        position=before[0].position + 1 if before else 1,
        version=version,
        title=title,
        content=content,
        digest=digest,
        published=now(),
    )
    session.add(record)
    session.flush()
    return record

"""Audits and their checks: created once, moved forward by conditional updates, read as views."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auditor.problems import Problem
from auditor.store.clock import now
from auditor.store.files import disown, held, hold, let_go
from auditor.store.tables import AuditRecord, CheckRecord, HoldRecord
from auditor.views import FINAL, AuditRow, AuditState, AuditView, CheckState, Progress
from checks.registry import pages

Plan = Sequence[tuple[str, Mapping[str, Any]]]
"""Check ids with their parameters, in the order of the record."""


def new_id() -> str:
    """Return an id that cannot be guessed."""
    return secrets.token_hex(10)


def create(
    session: Session,
    account: str,
    submission: Mapping[str, Any],
    plan: Plan,
    *,
    as_of: dt.date,
    uploads: Iterable[str],
    derived_from: str | None = None,
) -> str:
    """Add a queued audit with one waiting row for each planned check; return its id."""
    audit_id = new_id()
    session.add(
        AuditRecord(
            id=audit_id,
            account=account,
            state=AuditState.QUEUED,
            created=now(),
            finished=None,
            as_of=as_of.isoformat(),
            submission=dict(submission),
            derived_from=derived_from,
            problems=[],
            verdicts={},
            digest=None,
            resolved=None,
        )
    )
    session.flush()
    for position, (check, parameters) in enumerate(plan):
        session.add(
            CheckRecord(
                audit=audit_id,
                position=position,
                check=check,
                parameters=dict(parameters),
                state=CheckState.WAITING,
                seconds=None,
            )
        )
    for digest in sorted(set(uploads)):
        hold(session, audit_id, f"upload/{digest}", digest)
    return audit_id


def find(session: Session, audit_id: str, account: str | None = None) -> AuditRecord | None:
    """Return the audit, if it is *account*'s (None: anybody's, for workers)."""
    record = session.get(AuditRecord, audit_id)
    return record if record is not None and account in {None, record.account} else None


def recent(session: Session, account: str, limit: int, before: AuditRecord | None) -> tuple[AuditRow, ...]:
    """Return *account*'s audits, newest first, older than *before*."""
    query = sa.select(AuditRecord).where(AuditRecord.account == account)
    if before is not None:
        moment = sa.tuple_(AuditRecord.created, AuditRecord.id)
        query = query.where(
            moment < sa.tuple_(sa.literal(before.created, AuditRecord.created.type), before.id)
        )
    query = query.order_by(AuditRecord.created.desc(), AuditRecord.id.desc()).limit(limit)
    return tuple(AuditRow(**_row(record)) for record in session.scalars(query))


def recent_completed(session: Session, account: str, limit: int) -> Sequence[AuditRecord]:
    """Return *account*'s newest completed audits that were measured, not judged again."""
    query = sa.select(AuditRecord).where(*_measured(account))
    return session.scalars(query.order_by(AuditRecord.created.desc(), AuditRecord.id).limit(limit)).all()


def count_completed(session: Session, account: str) -> int:
    """Return how many such audits there are."""
    query = sa.select(sa.func.count()).select_from(AuditRecord).where(*_measured(account))
    return session.scalar(query) or 0


def _measured(account: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        AuditRecord.account == account,
        AuditRecord.state == AuditState.COMPLETED,
        AuditRecord.derived_from.is_(None),
    )


def view(session: Session, record: AuditRecord) -> AuditView:
    """Return *record* in full."""
    titles = {check: page.title for check, page in pages().items()}
    derived = session.scalars(
        sa.select(AuditRecord.id).where(AuditRecord.derived_from == record.id).order_by(AuditRecord.created)
    )
    return AuditView(
        **_row(record),
        progress=tuple(
            Progress(c.check, titles.get(c.check, c.check), CheckState(c.state), c.parameters, c.seconds)
            for c in checks_of(session, record.id)
        ),
        problems=tuple(Problem(**p) for p in record.problems),
        submission=record.submission,
        derived=tuple(derived),
        files_kept=bool(held(session, record.id, "upload/")),
    )


def checks_of(session: Session, audit_id: str) -> Sequence[CheckRecord]:
    """Return the check rows of an audit in the order of the record."""
    query = sa.select(CheckRecord).where(CheckRecord.audit == audit_id).order_by(CheckRecord.position)
    return session.scalars(query).all()


def move(session: Session, audit_id: str, state: AuditState, **values: Any) -> bool:
    """Move an audit that is not at its end to *state*; return whether it could be moved."""
    if state.final:
        values["finished"] = now()
    done = session.execute(
        sa.update(AuditRecord)
        .where(AuditRecord.id == audit_id, AuditRecord.state.not_in(tuple(FINAL)))
        .values(state=state, **values)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]  # an update answers with a cursor


def finish(session: Session, audit_id: str, state: AuditState, problems: Sequence[Problem] = ()) -> bool:
    """End an audit that did not complete, and say why."""
    return move(session, audit_id, state, problems=[asdict(p) for p in problems])


def change_check(session: Session, audit_id: str, position: int, **values: Any) -> None:
    """Set columns of one check row."""
    session.execute(
        sa.update(CheckRecord)
        .where(CheckRecord.audit == audit_id, CheckRecord.position == position)
        .values(**values)
    )


def ended_before(session: Session, moment: dt.datetime) -> Sequence[AuditRecord]:
    """Return audits that ended before *moment* and whose uploads are still held."""
    upload = HoldRecord.role.startswith("upload/", autoescape=True)
    query = sa.select(AuditRecord).where(
        AuditRecord.finished < moment, sa.exists().where(HoldRecord.audit == AuditRecord.id, upload)
    )
    return session.scalars(query).all()


def release_uploads(session: Session, record: AuditRecord) -> set[str]:
    """Let go of an audit's uploads, and of its account's right to those that no other audit of it uses."""
    unshared = _unshared(session, record)
    gone = let_go(session, record.id, ("upload/",))
    disown(session, record.account, unshared)
    return gone


def _unshared(session: Session, record: AuditRecord) -> set[str]:
    """Return the uploads of *record* that no other audit of its account uses."""
    uploads = set(held(session, record.id, "upload/").values())
    elsewhere = session.scalars(
        sa.select(HoldRecord.digest)
        .join(AuditRecord, AuditRecord.id == HoldRecord.audit)
        .where(AuditRecord.account == record.account, AuditRecord.id != record.id)
        .where(HoldRecord.digest.in_(tuple(uploads)))
    )
    return uploads - set(elsewhere)


def delete(session: Session, record: AuditRecord) -> tuple[set[str], set[str]]:
    """Remove an audit; return the digests that it held, and which of them were uploads of no other audit."""
    holds = held(session, record.id)
    unshared = _unshared(session, record)
    session.execute(sa.delete(HoldRecord).where(HoldRecord.audit == record.id))
    session.execute(sa.delete(CheckRecord).where(CheckRecord.audit == record.id))
    session.delete(record)
    return set(holds.values()), unshared


def _row(record: AuditRecord) -> dict[str, Any]:
    system = record.submission["system"]
    return {
        "id": record.id,
        "name": system["name"],
        "version": system.get("version", ""),
        "state": AuditState(record.state),
        "created": record.created,
        "finished": record.finished,
        "as_of": dt.date.fromisoformat(record.as_of),
        "frameworks": tuple(record.submission["frameworks"]),
        "verdicts": record.verdicts,
        "derived_from": record.derived_from,
        "digest": record.digest,
    }

"""Accounts, and the drafts that they are filling in."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auditor.store.audits import new_id
from auditor.store.clock import now
from auditor.store.tables import AccountRecord, DraftRecord
from auditor.views import Account, Draft

LOCAL = "local"
"""The one account of this version, made at first start."""


def token_hash(token: str) -> str:
    """Return what is kept of a token. A token is 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def local_account(session: Session) -> Account:
    """Return the local account, making it at the first call."""
    record = session.get(AccountRecord, LOCAL)
    if record is None:
        record = AccountRecord(id=LOCAL, name="Local account", token_hash=None, created=now())
        session.add(record)
        session.flush()
    return Account(record.id, record.name)


def new_token(session: Session, account: Account) -> str:
    """Give *account* a new token and return it; it is shown once and only its hash is kept."""
    token = secrets.token_urlsafe(32)
    session.execute(
        sa.update(AccountRecord).where(AccountRecord.id == account.id).values(token_hash=token_hash(token))
    )
    return token


def has_token(session: Session, account: Account) -> bool:
    """Whether *account* was given a token before."""
    record = session.get(AccountRecord, account.id)
    return record is not None and record.token_hash is not None


def account_of(session: Session, token: str) -> Account | None:
    """Return whose token this is."""
    record = session.scalar(sa.select(AccountRecord).where(AccountRecord.token_hash == token_hash(token)))
    return None if record is None else Account(record.id, record.name)


def draft_create(session: Session, account: Account, data: Mapping[str, Any]) -> Draft:
    """Keep a new draft."""
    record = DraftRecord(id=new_id(), account=account.id, data=dict(data), updated=now())
    session.add(record)
    return Draft(record.id, record.data, record.updated)


def draft_find(session: Session, account: Account, draft_id: str) -> DraftRecord | None:
    """Return *account*'s draft."""
    record = session.get(DraftRecord, draft_id)
    return record if record is not None and record.account == account.id else None


def delete_drafts_older_than(session: Session, moment: dt.datetime) -> int:
    """Delete drafts that nobody touched since *moment*; return how many."""
    done = session.execute(sa.delete(DraftRecord).where(DraftRecord.updated < moment))
    return int(done.rowcount)  # type: ignore[attr-defined]  # a delete answers with a cursor

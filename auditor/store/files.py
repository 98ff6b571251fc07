"""Which bytes are kept, who may name them, and when they go.

An artifact stays while an account owns it or an audit holds it. The row is locked before the bytes are
named or removed, so an upload and a deletion of equal bytes take turns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from auditor.artifacts import Artifacts, Received
from auditor.store.clock import now
from auditor.store.database import Database
from auditor.store.tables import ArtifactRecord, Base, HoldRecord, OwnershipRecord
from auditor.views import Account, Stored


def keep(
    database: Database, artifacts: Artifacts, received: Received, note: Callable[[Session, str], None]
) -> Stored:
    """Name *received* in the transaction in which *note* writes down who needs it."""
    with database.transaction() as session:
        # an insert that meets the row, or makes it, holds its lock until the end of the transaction
        _put(session, ArtifactRecord, ("digest",), digest=received.digest, size=received.size, created=now())
        note(session, received.digest)
        session.flush()  # what the database refuses is refused before the bytes are named
        return artifacts.keep(received)


def own(session: Session, account: str, digest: str) -> None:
    """Note that *account* uploaded *digest*, now."""
    _put(session, OwnershipRecord, ("account", "digest"), account=account, digest=digest, created=now())


def hold(session: Session, audit: str, role: str, digest: str) -> None:
    """Note that *audit* needs *digest* as *role*; a second time replaces the first."""
    _put(session, HoldRecord, ("audit", "role"), audit=audit, role=role, digest=digest)


def held(session: Session, audit: str, prefix: str = "") -> dict[str, str]:
    """Return role -> digest of what *audit* holds, for roles that start with *prefix*."""
    rows = session.execute(
        sa.select(HoldRecord.role, HoldRecord.digest)
        .where(HoldRecord.audit == audit, HoldRecord.role.startswith(prefix, autoescape=True))
        .order_by(HoldRecord.role)
    )
    return {row.role: row.digest for row in rows}


def let_go(session: Session, audit: str, prefixes: Iterable[str]) -> set[str]:
    """Drop what *audit* holds in roles that start with *prefixes*; return the digests."""
    gone: dict[str, str] = {}
    for prefix in prefixes:
        gone |= held(session, audit, prefix)
    session.execute(sa.delete(HoldRecord).where(HoldRecord.audit == audit, HoldRecord.role.in_(tuple(gone))))
    return set(gone.values())


def owned(session: Session, account: Account, digest: str) -> Stored | None:
    """Return the artifact if *account* uploaded it."""
    size = session.scalar(
        sa.select(ArtifactRecord.size)
        .join(OwnershipRecord, OwnershipRecord.digest == ArtifactRecord.digest)
        .where(OwnershipRecord.account == account.id, ArtifactRecord.digest == digest)
    )
    return None if size is None else Stored(digest, size)


def disown(session: Session, account: str, digests: Iterable[str]) -> None:
    """Take away *account*'s right to name *digests*."""
    session.execute(
        sa.delete(OwnershipRecord).where(
            OwnershipRecord.account == account, OwnershipRecord.digest.in_(tuple(digests))
        )
    )


def remove_unneeded(database: Database, artifacts: Artifacts, digests: Iterable[str]) -> int:
    """Delete those of *digests* that nobody owns or holds any more; return how many."""
    removed = 0
    for digest in sorted(set(digests)):
        with database.transaction() as session:
            found = session.scalar(
                sa.select(ArtifactRecord).where(ArtifactRecord.digest == digest).with_for_update()
            )
            if found is None or _needed(session, digest):
                continue
            artifacts.delete(digest)
            session.delete(found)
            removed += 1
    return removed


def unused_uploads(session: Session, before: dt.datetime) -> dict[str, list[str]]:
    """Return account -> digests uploaded before *before* that no audit holds."""
    rows = session.execute(
        sa.select(OwnershipRecord.account, OwnershipRecord.digest).where(
            OwnershipRecord.created < before,
            ~sa.exists().where(HoldRecord.digest == OwnershipRecord.digest),
        )
    )
    found: dict[str, list[str]] = {}
    for account, digest in rows:
        found.setdefault(account, []).append(digest)
    return found


def _needed(session: Session, digest: str) -> bool:
    owner = sa.exists().where(OwnershipRecord.digest == digest)
    holder = sa.exists().where(HoldRecord.digest == digest)
    return bool(session.scalar(sa.select(sa.or_(owner, holder))))


def _put(session: Session, table: type[Base], keys: tuple[str, ...], **values: object) -> None:
    """Insert a row, or overwrite the one with the same *keys*, in one statement."""
    postgresql = session.get_bind().dialect.name == "postgresql"
    insert = (postgresql_insert if postgresql else sqlite_insert)(table).values(**values)
    others = {name: value for name, value in values.items() if name not in keys}
    session.execute(insert.on_conflict_do_update(index_elements=keys, set_=others))

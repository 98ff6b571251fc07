"""Records that the command line names: an audit.json, a folder with some, or an audit of the service."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from auditor.artifacts import Artifacts
from auditor.config import Settings
from auditor.past import Past
from auditor.problems import refuse
from auditor.retold import read
from auditor.store import files
from auditor.store.database import Database
from auditor.store.tables import AuditRecord
from auditor.views import AuditState

RECORD = "audit.json"
NEWEST = 200
"""So many audits of the service are read where none is named."""
ID = re.compile(r"[0-9a-f]{20}")


def records(names: Sequence[str], settings: Settings) -> Iterator[tuple[str, Past]]:
    """Yield each record under what to call it; without *names*, the newest that the service measured."""
    for name in names:
        path = Path(name)
        if path.is_dir():
            found = sorted(path.rglob(RECORD))
            if not found:
                raise refuse("", "record", f"{name} holds no {RECORD}; name records or a folder of results.")
            yield from ((str(file), _past(file)) for file in found)
        elif path.exists() or not ID.fullmatch(name):
            yield name, _past(path)
        else:
            yield from _kept(settings, name)
    if not names:
        yield from _kept(settings)


def one(name: str, settings: Settings) -> Past:
    """Return the record that *name* says: a file, the folder with it, or an audit of the service."""
    path = Path(name) / RECORD if Path(name).is_dir() else Path(name)
    ((_, found),) = records([str(path)], settings)
    return found


def _past(file: Path) -> Past:
    return Past.of(read(file).body)


def _kept(settings: Settings, audit_id: str | None = None) -> Iterator[tuple[str, Past]]:
    """Yield one completed audit of the service, or its newest ones that were measured."""
    query = sa.select(AuditRecord).where(AuditRecord.state == AuditState.COMPLETED)
    if audit_id is None:
        query = query.where(AuditRecord.derived_from.is_(None)).order_by(AuditRecord.created.desc())
    else:
        query = query.where(AuditRecord.id == audit_id)
    with _opened(settings) as (database, artifacts):
        with database.reading() as session:
            found = session.scalars(query.limit(NEWEST)).all()
            held = {record.id: files.held(session, record.id, RECORD).get(RECORD) for record in found}
        if not found:
            which = f"no completed audit {audit_id}" if audit_id else "no completed audit"
            raise refuse("", "record", f"the service at {settings.home} keeps {which}; name a record.")
        for name, digest in held.items():
            if digest is not None:
                past = Past.of(json.loads(artifacts.read(digest))["body"])
                yield f"{name} ({past.name}, {past.as_of})", past


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Database, Artifacts]]:
    """Open what the service keeps, to read; make nothing where there is nothing."""
    if not settings.database_url and not (settings.home / "auditor.db").is_file():
        sentence = f"there is no service at {settings.home}; set AUDITOR_HOME, or name an {RECORD}."
        raise refuse("", "record", sentence)
    database = Database(settings.database)
    try:
        yield database, Artifacts(settings.home, settings.artifact_url)
    except sa.exc.SQLAlchemyError as why:
        first = str(why).splitlines()[0][:200]
        raise refuse("", "record", f"the database of the service cannot be read ({first}).") from None
    finally:
        database.close()

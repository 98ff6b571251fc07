"""Completed audits in a store, without measuring anything."""

from __future__ import annotations

import datetime as dt

from auditor.store import audits, files
from auditor.store.tables import AuditRecord
from auditor.views import AuditState
from reports.record import Audit
from tests.trust.sealed import REPORTS, audit


def completed(service, account, system="Loans", whole=None):
    """Put a completed audit into the store; return its id."""
    whole = whole or audit(system)
    with service.database.transaction() as session:
        submission = {k: v for k, v in whole.body["submission"].items() if k != "resolved"}
        audit_id = audits.create(session, account.id, submission, [], as_of=dt.date(2026, 11, 1), uploads=[])
    record = Audit(run={"id": audit_id, "created": "2026-11-01T10:00:00+00:00"}, body=whole.body)
    for role, data in {"audit.json": record.to_json(), **REPORTS}.items():
        with service.artifacts.receive([data], limit=2**40) as received:

            def note(session, digest, role=role):
                files.hold(session, audit_id, role, digest)

            files.keep(service.database, service.artifacts, received, note)
    with service.database.transaction() as session:
        stored = session.get(AuditRecord, audit_id)
        stored.state, stored.finished = AuditState.COMPLETED, dt.datetime.now(dt.UTC)
        stored.digest = record.digest
        stored.verdicts = {name: one["verdict"] for name, one in whole.body["verdicts"].items()}
    return audit_id

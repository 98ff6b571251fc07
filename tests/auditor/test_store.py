"""The store keeps what it was given, on SQLite and on a real PostgreSQL alike."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from auditor.artifacts import Artifacts
from auditor.problems import Problem
from auditor.store import audits, files, people
from auditor.store.clock import now
from auditor.store.database import Database
from auditor.store.tables import Base, CheckRecord, OwnershipRecord
from auditor.views import Account, AuditState

SUBMISSION = {"system": {"name": "Loans", "version": "2"}, "frameworks": ["global-baseline"]}
DAY = dt.date(2026, 12, 1)


@pytest.fixture
def local(database):
    with database.transaction() as session:
        return people.local_account(session)


@pytest.fixture
def artifacts(tmp_path):
    return Artifacts(tmp_path / "files")


def make(database, account, plan=(("data.quality", {}),), **more):
    with database.transaction() as session:
        return audits.create(session, account.id, SUBMISSION, plan, as_of=DAY, uploads=[], **more)


def keep(database, artifacts, data, note=lambda *_: None):
    with artifacts.receive([data], limit=100) as received:
        return files.keep(database, artifacts, received, note).digest


def test_migrations_make_exactly_the_tables_of_the_code(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_again_changes_nothing(database, local):
    database.migrate()
    with database.reading() as session:
        assert people.local_account(session) == local


def test_a_transaction_that_raises_leaves_nothing(database, local):
    def half_done():
        with database.transaction() as session:
            people.draft_create(session, local, {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_done()
    with database.transaction() as session:
        assert people.delete_drafts_older_than(session, now() + dt.timedelta(days=1)) == 0


def test_times_come_back_in_utc(database, local):
    audit_id = make(database, local)
    with database.reading() as session:
        created = audits.find(session, audit_id).created
    assert created.utcoffset() == dt.timedelta(0)
    assert abs(now() - created) < dt.timedelta(minutes=1)


def test_the_end_of_an_audit_is_final(database, local):
    """A late worker cannot move an audit that was cancelled."""
    audit_id = make(database, local)
    with database.transaction() as session:
        assert audits.finish(session, audit_id, AuditState.CANCELLED)
    with database.transaction() as session:
        assert not audits.move(session, audit_id, AuditState.COMPLETED)
        assert audits.find(session, audit_id).state == "cancelled"


def test_a_view_tells_everything(database, local):
    audit_id = make(database, local, [("data.quality", {}), ("fairness.selection_rate", {"min_group": 50})])
    derived = make(database, local, [], derived_from=audit_id)
    with database.transaction() as session:
        audits.change_check(session, audit_id, 1, state="measured", seconds=0.5)
        audits.finish(session, audit_id, AuditState.REFUSED, [Problem("a", "b", "c.")])
    with database.reading() as session:
        view = audits.view(session, audits.find(session, audit_id))
    assert (view.name, view.version, view.as_of) == ("Loans", "2", DAY)
    assert [(p.check, p.state) for p in view.progress] == [
        ("data.quality", "waiting"),
        ("fairness.selection_rate", "measured"),
    ]
    assert view.progress[1].parameters == {"min_group": 50}
    assert view.done == 1
    assert view.problems == (Problem("a", "b", "c."),)
    assert view.derived == (derived,)
    assert "judgements" not in view.links


def test_lists_go_from_new_to_old_and_on_from_any_audit(database, local):
    made = [make(database, local) for _ in range(5)]
    with database.reading() as session:
        first = audits.recent(session, local.id, 2, None)
        rest = audits.recent(session, local.id, 10, audits.find(session, first[-1].id))
    assert [row.id for row in (*first, *rest)] == made[::-1]


def test_nobody_finds_the_audits_of_another_account(database, local):
    audit_id = make(database, local)
    with database.reading() as session:
        assert audits.find(session, audit_id, "somebody") is None
        assert audits.recent(session, "somebody", 10, None) == ()


def test_a_token_is_known_by_its_hash_alone(database, local):
    with database.transaction() as session:
        token = people.new_token(session, local)
    with database.reading() as session:
        assert people.account_of(session, token) == local
        assert people.account_of(session, token + "x") is None
        stored = session.execute(sa.text("SELECT token_hash FROM accounts")).scalar()
    assert token not in stored


def test_bytes_stay_while_anybody_needs_them(database, local, artifacts):
    """Owned by an account and held by an audit: only when both let go are the bytes removed."""
    audit_id = make(database, local)

    def note(session, digest):
        files.own(session, local.id, digest)
        files.hold(session, audit_id, "upload/x", digest)

    digest = keep(database, artifacts, b"rows", note)
    assert files.remove_unneeded(database, artifacts, [digest]) == 0
    with database.transaction() as session:
        files.disown(session, local.id, [digest])
    assert files.remove_unneeded(database, artifacts, [digest]) == 0
    with database.transaction() as session:
        assert files.let_go(session, audit_id, ["upload/"]) == {digest}
    assert files.remove_unneeded(database, artifacts, [digest]) == 1
    assert not artifacts.exists(digest)
    assert files.remove_unneeded(database, artifacts, [digest]) == 0


def test_deleting_an_audit_names_uploads_that_no_other_audit_uses(database, local, artifacts):
    shared, single = (keep(database, artifacts, data) for data in (b"shared", b"single"))
    one, two = (make(database, local) for _ in range(2))
    with database.transaction() as session:
        for audit_id, digest in ((one, shared), (one, single), (two, shared)):
            files.hold(session, audit_id, f"upload/{digest}", digest)
    with database.transaction() as session:
        held, unshared = audits.delete(session, audits.find(session, one))
    assert held == {shared, single}
    assert unshared == {single}
    with database.reading() as session:
        assert session.scalars(sa.select(CheckRecord.audit)).all() == [two]


def test_a_hold_for_an_audit_that_is_gone_names_no_bytes(database, artifacts):
    with pytest.raises(sa.exc.IntegrityError):
        keep(database, artifacts, b"late", lambda s, d: files.hold(s, "gone", "evidence/0", d))
    assert not [path for path in artifacts.root.rglob("*") if path.is_file()]


def test_uploads_of_audits_that_ended_long_ago_are_released(database, local, artifacts):
    """What another audit of the account still uses stays; the record of each audit stays in any case."""
    shared, single = (
        keep(database, artifacts, data, lambda s, d: files.own(s, local.id, d))
        for data in (b"shared", b"single")
    )
    old, young = (make(database, local) for _ in range(2))
    with database.transaction() as session:
        for audit_id, digest in ((old, shared), (old, single), (young, shared)):
            files.hold(session, audit_id, f"upload/{digest}", digest)
        files.hold(session, old, "audit.json", shared)
        audits.move(session, old, AuditState.COMPLETED)
    with database.transaction() as session:
        assert audits.ended_before(session, now() - dt.timedelta(days=30)) == []
        (found,) = audits.ended_before(session, now() + dt.timedelta(days=1))
        assert found.id == old  # the young one has not ended
        assert audits.view(session, found).files_kept
        assert audits.release_uploads(session, found) == {shared, single}
    with database.reading() as session:
        assert audits.ended_before(session, now() + dt.timedelta(days=1)) == []
        assert not audits.view(session, audits.find(session, old)).files_kept
        assert files.held(session, old) == {"audit.json": shared}
        assert files.owned(session, local, shared)
        assert not files.owned(session, local, single)
    assert files.remove_unneeded(database, artifacts, [shared, single]) == 1
    assert artifacts.exists(shared)
    assert not artifacts.exists(single)


def test_uploads_that_no_audit_used_are_found_by_age(database, local, artifacts):
    digest = keep(database, artifacts, b"old", lambda s, d: files.own(s, local.id, d))
    with database.reading() as session:
        assert files.unused_uploads(session, now() - dt.timedelta(days=7)) == {}
        assert files.unused_uploads(session, now() + dt.timedelta(days=1)) == {local.id: [digest]}


def test_uploading_and_deleting_equal_bytes_at_once_never_loses_them(database, local, artifacts):
    """Whatever the order of turns, a row that says the bytes are here is true."""

    def upload():
        for _ in range(15):
            keep(database, artifacts, b"contested", lambda s, d: files.own(s, local.id, d))

    def remove():
        for _ in range(15):
            with database.transaction() as session:
                digests = session.scalars(sa.select(OwnershipRecord.digest)).all()
                files.disown(session, local.id, digests)
            files.remove_unneeded(database, artifacts, digests)

    threads = [threading.Thread(target=work) for work in (upload, remove, upload)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    digest = keep(database, artifacts, b"contested", lambda s, d: files.own(s, local.id, d))
    with database.reading() as session:
        assert files.owned(session, Account(local.id, ""), digest) is not None
    assert artifacts.read(digest) == b"contested"


def test_sqlite_writes_ahead_so_that_readers_never_wait(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    database.migrate()
    with database.transaction() as writer:
        people.local_account(writer)
        with database.reading() as reader:
            assert reader.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
    database.close()

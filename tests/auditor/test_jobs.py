"""Audits survive whatever happens to workers, and a finished check is never measured again."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from auditor.app import open_service
from auditor.jobs import JsonSerializer
from auditor.store.tables import ArtifactRecord, AuditRecord, CheckRecord, HoldRecord
from auditor.views import AuditState
from tests.budgets import budget
from tests.conftest import close, postgresql_url

ROOT = Path(__file__).parents[2]
KILLS = budget(3, 50)


class Worker:
    """A worker process with the fake measuring process."""

    def __init__(self, settings, slot=0):
        shown = ("home", "database_url", "poll_seconds", "dead_seconds", "check_seconds")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("AUDITOR_")}
        environment |= {f"AUDITOR_{name.upper()}": str(getattr(settings, name)) for name in shown}
        self.log = settings.home / f"worker-{slot}.log"
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "tests.auditor.fake_worker", str(slot)]
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait(10)

    def measuring(self):
        """Return the processes that this worker started."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return {int(pid) for task in tasks for pid in task.read_text().split()}


@contextlib.contextmanager
def working(settings, slot=0):
    worker = Worker(settings, slot)
    try:
        yield worker
    finally:
        worker.kill()


def submit(service, account, name="fine"):
    stored = service.store_artifact(account, [f"y\n{name}\n".encode()])
    raw = {
        "system": {"name": name},
        "task": "binary",
        "data": {"evaluation": {"artifact": f"sha256:{stored.digest}", "format": "csv"}},
        "frameworks": ["us-nyc-ll144"],
    }
    return service.submit(account, raw).id


def until(question, seconds=40.0):
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer


def ended(service, account, audit_id, seconds=60.0):
    view = service.wait(account, audit_id, seconds)
    assert view.state.final, view
    return view


def starts(service, audit_id):
    """Return position -> (state, how often measuring began)."""
    with service.database.reading() as session:
        rows = session.scalars(sa.select(CheckRecord).where(CheckRecord.audit == audit_id))
        return {row.position: (row.state, row.starts) for row in rows}


def finished(service, audit_id):
    return {
        at: n for at, (state, n) in starts(service, audit_id).items() if state not in {"waiting", "running"}
    }


def alive(pid):
    return Path(f"/proc/{pid}").exists() and "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def test_kill_9_at_random_points_loses_nothing_and_repeats_nothing(settings, service, account):
    """After the restart the audit completes, and what had ended before the kill was not begun again."""
    at = random.Random(20261201)
    worker = Worker(settings)
    try:
        for _ in range(KILLS):
            audit_id = submit(service, account)
            until(lambda which=audit_id: service.audit(account, which).state is not AuditState.QUEUED)
            time.sleep(at.uniform(0, 2.5))
            children = worker.measuring()
            worker.kill()
            before = finished(service, audit_id)
            worker = Worker(settings)
            view = ended(service, account, audit_id)
            assert view.state is AuditState.COMPLETED, view
            after = starts(service, audit_id)
            assert {position: after[position][1] for position in before} == before
            assert sum(n for _, n in after.values()) <= len(after) + 1
            until(lambda which=children: not any(alive(pid) for pid in which))
    finally:
        worker.kill()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_worker_that_never_comes_back_has_its_work_done_by_another(engine, settings, account, request):
    if engine == "postgresql":
        url = postgresql_url(request.getfixturevalue("postgresql"), f"jobs{time.monotonic_ns()}")
        settings = replace(settings, database_url=url)
    service = open_service(settings)
    try:
        audit_id = submit(service, account)
        with working(settings, 0) as first:
            until(lambda: finished(service, audit_id))
            first.kill()
        before = finished(service, audit_id)
        with working(settings, 1):
            assert ended(service, account, audit_id).state is AuditState.COMPLETED
        after = starts(service, audit_id)
        assert {position: after[position][1] for position in before} == before
        assert max(n for _, n in after.values()) <= 2
    finally:
        close(service)


def test_two_workers_share_the_checks_of_one_audit(settings, service, account):
    audit_id = submit(service, account)
    with working(settings, 0), working(settings, 1):
        assert ended(service, account, audit_id).state is AuditState.COMPLETED
    assert {n for _, n in starts(service, audit_id).values()} == {1}
    lines = [(settings.home / f"worker-{slot}.log").read_text() for slot in (0, 1)]
    assert all("is ready" in said for said in lines)


def test_every_way_to_end(settings, service, account):
    """Audits of every fate: each ends in its state, with a sentence, and leaves nothing behind."""
    fates = {
        name: submit(service, account, name)
        for name in ("refused", "dies in preparing", "breaks in preparing", "dies in a check", "fine")
    }
    with working(settings) as worker:
        views = {name: ended(service, account, audit_id) for name, audit_id in fates.items()}
        again = service.rejudge(account, fates["fine"], ["global-baseline"])
        derived = ended(service, account, again.id)
        slow = submit(service, account, "slow")
        until(
            lambda: any(
                state == "running" and at_work(service, slow) for state, _ in starts(service, slow).values()
            )
        )
        (child,) = worker.measuring()
        service.cancel(account, slow)
        until(lambda: not alive(child), 10)
        assert service.audit(account, slow).state is AuditState.CANCELLED

    assert views["refused"].state is AuditState.REFUSED
    assert [p.code for p in views["refused"].problems] == ["label-missing"]
    assert views["dies in preparing"].state is AuditState.FAILED
    assert "ended its process twice" in views["dies in preparing"].problems[0].sentence
    assert views["breaks in preparing"].state is AuditState.FAILED
    assert "KeyError" in views["breaks in preparing"].problems[0].sentence

    hurt = views["dies in a check"]
    assert hurt.state is AuditState.COMPLETED
    assert {p.state for p in hurt.progress if p.check.startswith("data.")} == {"failed"}
    evidence = json.loads(service.record(account, hurt.id))["body"]["evidence"]
    assert any("took its process down 2 times" in (one["reason"] or "") for one in evidence)

    assert derived.derived_from == fates["fine"]
    assert derived.frameworks == ("global-baseline",)
    first, second = (json.loads(service.record(account, i))["body"] for i in (fates["fine"], derived.id))
    assert first["evidence"] == second["evidence"]
    assert service.audit(account, fates["fine"]).derived == (derived.id,)
    assert roles(service) <= {"upload", "audit.json", "report.html", "report.pdf"}

    for audit_id in (*fates.values(), derived.id, slow):
        service.delete(account, audit_id)
    with service.database.reading() as session:
        for table in (AuditRecord, CheckRecord, HoldRecord):
            assert session.scalars(sa.select(table)).all() == []
        kept = session.scalars(sa.select(ArtifactRecord.digest)).all()
    # a refused or failed submission's upload stays with its owner, who will send it again
    assert len(kept) == 4
    assert len([p for p in (settings.home / "artifacts").rglob("*") if p.is_file()]) == 4


def at_work(service, audit_id):
    with service.database.reading() as session:
        running = sa.select(CheckRecord.check).where(
            CheckRecord.audit == audit_id, CheckRecord.state == "running"
        )
        return any(check.startswith("security.") for check in session.scalars(running))


def roles(service):
    with service.database.reading() as session:
        return {role.partition("/")[0] for role in session.scalars(sa.select(HoldRecord.role))}


def test_a_check_that_takes_too_long_is_evidence(settings, service, account):
    settings = replace(settings, check_seconds=1.0)
    with working(settings):
        view = ended(service, account, submit(service, account, "slow"))
    assert view.state is AuditState.COMPLETED
    slow = {p.check for p in view.progress if p.state == "failed"}
    assert slow
    assert all(check.startswith("security.") for check in slow)


def test_an_audit_without_a_workflow_gets_one(settings, service, account, monkeypatch):
    """The web process may die between writing the audit and queueing it."""
    monkeypatch.setattr(service.jobs, "enqueue", lambda audit_id: None)
    audit_id = submit(service, account)
    with service.database.transaction() as session:
        long_ago = session.get(AuditRecord, audit_id).created.replace(year=2020)
        session.execute(sa.update(AuditRecord).values(created=long_ago))
    with working(settings):
        assert ended(service, account, audit_id).state is AuditState.COMPLETED


def test_payloads_are_json_and_errors_come_back_harmless():
    serializer = JsonSerializer()
    text = serializer.serialize({"args": ("a1", 3), "kwargs": {}})
    assert json.loads(text) == {"args": ["a1", 3], "kwargs": {}}
    error = serializer.deserialize(serializer.serialize(ValueError("no rows")))
    assert isinstance(error, RuntimeError)
    assert str(error) == "ValueError: no rows"

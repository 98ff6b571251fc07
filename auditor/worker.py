"""A worker: `python -m auditor worker`. Takes audits and checks from the queue, and looks after the others.

Every worker beats a counter. The first of those alive watches the rest: where a counter stands still for
too long, that worker's work goes back on the queue, and audits that lost their workflow get one again.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import time
from types import FrameType
from typing import NoReturn

import sqlalchemy as sa

from auditor import jobs, logs
from auditor.artifacts import Artifacts
from auditor.bench import Bench
from auditor.config import Settings
from auditor.problems import Problem
from auditor.steps import Steps, tidy
from auditor.store import audits, concerns, files, people
from auditor.store.clock import now
from auditor.store.database import Database
from auditor.store.tables import AuditRecord, WorkerRecord
from auditor.views import FINAL, AuditState

logger = logging.getLogger(__name__)

SWEEP_EVERY = 3600.0
LOST_AFTER = dt.timedelta(seconds=15)
"""An audit is added before its workflow; after this long without one it gets one again."""


def run(settings: Settings, slot: int = 0, bench: Bench | None = None) -> NoReturn:
    """Work until told to stop. What runs then is not lost: it begins again at the next start."""
    bench = bench or Bench()
    logs.configure(settings.log_format, settings.log_level)
    name = f"{settings.worker_name}-{slot}"

    def leave(_signal: int, _frame: FrameType | None) -> None:
        bench.close()
        os._exit(0)  # a clean end would record half-done steps as failed

    signal.signal(signal.SIGTERM, leave)
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # the terminal's Ctrl-C goes to the supervisor, which tells us
    database = Database(settings.database)
    artifacts = Artifacts(settings.home, settings.artifact_url)
    heart = Heart(settings, database, artifacts, name)
    heart.beat()  # before any work is claimed: nobody may take a newcomer for dead
    steps = Steps(settings, database, artifacts, bench, settings.home / "work" / name)
    jobs.launch(settings, name, steps)
    logger.info("worker %s is ready", name)
    heart.go_on()


class Heart:
    """A worker's beat, and its look at the others."""

    def __init__(self, settings: Settings, database: Database, artifacts: Artifacts, name: str) -> None:
        self.settings = settings
        self.database = database
        self.artifacts = artifacts
        self.name = name
        self.jobs = jobs.Jobs(settings)
        self._seen: dict[str, tuple[int, float]] = {}
        self._swept = time.monotonic()

    def go_on(self) -> NoReturn:
        """Beat and watch for ever; a database that is away for a while is no reason to stop."""
        while True:
            try:
                self.beat()
                self.watch()
            except sa.exc.SQLAlchemyError:
                logger.exception("worker %s could not reach the database", self.name)
            time.sleep(self.settings.dead_seconds / 8)

    def beat(self) -> None:
        """Show that this worker is alive."""
        with self.database.transaction() as session:
            row = session.get(WorkerRecord, self.name)
            if row is None:
                session.add(WorkerRecord(id=self.name, beat=1, seen=now()))
            else:
                row.beat, row.seen = row.beat + 1, now()

    def watch(self) -> None:
        """Resume the work of the dead, if this is the first of the living."""
        dead, alive = self._sort()
        if min(alive, default=self.name) != self.name:
            return
        for worker in sorted(dead):
            resumed = self.jobs.resume(worker)
            logger.warning("worker %s is gone; %d pieces of its work were resumed", worker, resumed)
            self._forget(worker)
        self._find_lost()
        if time.monotonic() - self._swept > SWEEP_EVERY:
            self._swept = time.monotonic()
            self._sweep()

    def _sort(self) -> tuple[set[str], set[str]]:
        """Return who is dead and who is alive, by watching their counters on our own clock."""
        with self.database.reading() as session:
            beats = {row.id: row.beat for row in session.scalars(sa.select(WorkerRecord))}
        moment = time.monotonic()
        for worker in beats.keys() | self.jobs.holders():
            beat = beats.get(worker, 0)  # whoever holds work but never beat is watched too
            if worker not in self._seen or self._seen[worker][0] != beat:
                self._seen[worker] = (beat, moment)
        dead = {
            worker
            for worker, (_, since) in self._seen.items()
            if moment - since > self.settings.dead_seconds and worker != self.name
        }
        return dead, beats.keys() - dead

    def _forget(self, worker: str) -> None:
        del self._seen[worker]
        with self.database.transaction() as session:
            session.execute(sa.delete(WorkerRecord).where(WorkerRecord.id == worker))

    def _find_lost(self) -> None:
        """Give a workflow to audits that have none, and an end to those whose workflow broke."""
        with self.database.reading() as session:
            waiting = session.scalars(
                sa.select(AuditRecord.id).where(
                    AuditRecord.state.not_in(tuple(FINAL)), AuditRecord.created < now() - LOST_AFTER
                )
            ).all()
        if not waiting:
            return
        status = self.jobs.status(list(waiting))
        for audit_id in waiting:
            if audit_id not in status:
                self.jobs.enqueue(audit_id)
            elif status[audit_id] in jobs.BROKEN:
                sentence = "the work on this audit ended without a result; the log of the service says where."
                with self.database.transaction() as session:
                    audits.finish(session, audit_id, AuditState.FAILED, [Problem("", "broke", sentence)])
                tidy(self.database, self.artifacts, audit_id)

    def _sweep(self) -> None:
        """Delete files of audits that ended long ago, unused uploads and drafts, and old words of people."""
        before = now() - dt.timedelta(days=self.settings.unused_days)
        ended = now() - dt.timedelta(days=self.settings.retention_days)
        released: set[str] = set()
        with self.database.transaction() as session:
            for record in audits.ended_before(session, ended):
                released |= audits.release_uploads(session, record)
            people.delete_drafts_older_than(session, before)
            concerns.erase_old(session, answered_before=ended)
            unused = files.unused_uploads(session, before)
            for account, digests in unused.items():
                files.disown(session, account, digests)
        gone = released | {digest for digests in unused.values() for digest in digests}
        removed = files.remove_unneeded(self.database, self.artifacts, gone)
        logger.info("%d uploads that no audit needs any more were deleted", removed)

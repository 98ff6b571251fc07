"""The steps of an audit on a worker: each takes ids, can be repeated, and keeps its result by digest.

`auditor.jobs` makes them durable; nothing here knows the queue.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from auditor import attempts
from auditor.artifacts import Artifacts
from auditor.attempts import DEATHS, Measured, spell
from auditor.bench import Bench, Broke, Died, Stopped, TooSlow
from auditor.config import Settings
from auditor.endpoint import Rules
from auditor.plan import CALLS, RESULTS
from auditor.problems import Problem, Refused
from auditor.store import audits, files
from auditor.store.database import Database
from auditor.store.tables import AuditRecord, CheckRecord
from auditor.views import AuditState, CheckState
from reports.language import ENGLISH

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at whether an audit was cancelled."""


class Steps:
    """What one worker does for an audit, one step at a time."""

    def __init__(
        self, settings: Settings, database: Database, artifacts: Artifacts, bench: Bench, work: Path
    ) -> None:
        self.settings = settings
        self.database = database
        self.artifacts = artifacts
        self.bench = bench
        self.work = work
        self._laying_out = threading.Lock()
        self._one_at_a_time = threading.Lock()
        shutil.rmtree(work, ignore_errors=True)  # left by an earlier life of this worker
        work.mkdir(parents=True, mode=0o700)

    def prepare(self, audit_id: str) -> list[int]:
        """Read the files and keep the prepared subject; return the positions of the checks to measure."""
        with self.database.reading() as session:
            record = audits.find(session, audit_id)
            if record is None or AuditState(record.state).final:
                return []
            positions = [row.position for row in audits.checks_of(session, audit_id)]
        if record.resolved is None and record.derived_from is None and not self._read_files(record):
            return []
        with self.database.transaction() as session:
            audits.move(session, audit_id, AuditState.RUNNING)
        return positions

    def measure(self, audit_id: str, position: int) -> None:
        """Measure one check, unless its evidence is there already."""
        with self.database.reading() as session:
            record = audits.find(session, audit_id)
            row = session.get(CheckRecord, (audit_id, position))
            if record is None or row is None or AuditState(record.state).final or CheckState(row.state).final:
                return
            subject = files.held(session, audit_id, "subject/")
        model = record.submission.get("model")
        with self._scratch() as folder:
            out = folder / "evidence.json"
            request = {
                "do": "measure",
                "check": row.check,
                "parameters": row.parameters,
                "folder": str(self._laid_out(audit_id, subject)),
                "out": str(out),
                "model": str(self.artifacts.path(_digest(model))) if model else None,
                "format": model.get("format") if model else None,
                "limits": asdict(self.settings.limits),
                "endpoint": Rules.of(self.settings).told_as(),
            }
            # kept before the next begins: a kill then costs one check, not two
            with suppress(Stopped), self._one_at_a_time:
                measured = attempts.measure(
                    self.bench,
                    request,
                    seconds=self.settings.check_seconds,
                    deaths=row.deaths,
                    stop=self._stopped(audit_id),
                    started=lambda: self._note_start(row),
                    died=lambda deaths: self._change(row, deaths=deaths),
                )
                calls = Path(f"{out}.calls")
                if calls.exists():
                    self._keep(audit_id, f"calls/{position}", calls)
                self._keep_evidence(row, out, measured)

    def finish(self, audit_id: str) -> None:
        """Judge the evidence, keep the record and its reports, and let go of everything else."""
        with self.database.reading() as session:
            record = audits.find(session, audit_id)
            if record is None:
                return
            rows = audits.checks_of(session, audit_id)
            held = files.held(session, audit_id)
        if not AuditState(record.state).final:
            with self._scratch() as folder:
                self._write_record(record, rows, held, folder)
        self._tidy(audit_id)

    def _read_files(self, record: AuditRecord) -> bool:
        with self.database.transaction() as session:
            audits.move(session, record.id, AuditState.INSPECTING)
            held = files.held(session, record.id, "upload/")
        with self._scratch() as folder:
            request = {
                "do": "prepare",
                "submission": record.submission,
                "files": {digest: str(self.artifacts.path(digest)) for digest in held.values()},
                "folder": str(folder),
                "limits": asdict(self.settings.limits),
                "endpoint": Rules.of(self.settings).told_as(),
            }
            resolved = self._asked(record.id, request, "reading the files")
            if resolved is None:
                return False
            try:
                for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                    self._keep(record.id, f"subject/{path.relative_to(folder)}", path)
            except Stopped:
                return False
        with self.database.transaction() as session:
            return audits.move(session, record.id, AuditState.RUNNING, resolved=resolved)

    def _write_record(self, record: AuditRecord, rows: Any, held: Mapping[str, str], folder: Path) -> None:
        parent = held.get("parent.json")
        request = {
            "do": "finish",
            "submission": record.submission,
            "resolved": record.resolved,
            "as_of": record.as_of,
            "parent": str(self.artifacts.path(parent)) if parent else None,
            "evidence": [str(self.artifacts.path(held[f"evidence/{row.position}"])) for row in rows],
            "out": str(folder),
            "language": ENGLISH,
            "fonts": str(self.settings.fonts_folder or ""),
            "public_url": self.settings.public_url,
            "run": {
                "id": record.id,
                "created": record.created.isoformat(),
                "derived_from": record.derived_from,
                "seconds": {spell(row.check, row.parameters): row.seconds for row in rows},
            },
        }
        answer = self._asked(record.id, request, "writing the reports")
        if answer is None:
            return
        parts = [f"subject/{CALLS}", *(f"calls/{row.position}" for row in rows)]
        if calls := [self.artifacts.read(held[part]) for part in parts if part in held]:
            (folder / CALLS).write_bytes(b"".join(calls))
        try:
            for name in (*RESULTS, *([CALLS] if calls else [])):
                self._keep(record.id, name, folder / name)
        except Stopped:
            return
        with self.database.transaction() as session:
            audits.move(
                session,
                record.id,
                AuditState.COMPLETED,
                digest=answer["digest"],
                verdicts=answer["verdicts"],
            )

    def _asked(self, audit_id: str, request: Mapping[str, Any], doing: str) -> Any:
        """Return the answer, or None after the audit was ended with the reason."""
        for _ in range(DEATHS):
            try:
                return self.bench.ask(
                    request, seconds=self.settings.prepare_seconds, stop=self._stopped(audit_id)
                )
            except Died:
                logger.warning("the measuring process died while %s of audit %s", doing, audit_id)
            except Stopped:
                return None
            except Refused as refused:
                self._end(audit_id, AuditState.REFUSED, *refused.problems)
                return None
            except TooSlow:
                limit = f"{self.settings.prepare_seconds:g} seconds"
                self._fail(audit_id, "too-slow", f"{doing} took longer than {limit}; send fewer rows.")
                return None
            except Broke as why:
                self._fail(audit_id, "broke", f"{doing} failed ({why}); the log of the service says where.")
                return None
        self._fail(
            audit_id, "died", f"{doing} ended its process twice, perhaps for want of memory; send fewer rows."
        )
        return None

    def _keep_evidence(self, row: CheckRecord, out: Path, measured: Measured) -> None:
        def note(session: Session) -> None:
            audits.change_check(
                session, row.audit, row.position, state=measured.outcome, seconds=measured.seconds
            )

        self._keep(row.audit, f"evidence/{row.position}", out, note)

    def _keep(
        self, audit_id: str, role: str, path: Path, also: Callable[[Session], None] = lambda _: None
    ) -> None:
        """Keep the file at *path* for the audit, unless the audit is over."""

        def note(session: Session, digest: str) -> None:
            record = audits.find(session, audit_id)
            if record is None or AuditState(record.state).final:
                raise Stopped
            files.hold(session, audit_id, role, digest)
            also(session)

        with path.open("rb") as file, self.artifacts.receive(_pieces(file), limit=2**63) as received:
            files.keep(self.database, self.artifacts, received, note)

    def _note_start(self, row: CheckRecord) -> None:
        row.starts += 1
        self._change(row, state=CheckState.RUNNING, starts=row.starts)

    def _change(self, row: CheckRecord, **values: Any) -> None:
        with self.database.transaction() as session:
            audits.change_check(session, row.audit, row.position, **values)

    def _stopped(self, audit_id: str) -> Callable[[], bool]:
        """Return a question, asked often and answered from the database once a second."""
        looked = 0.0

        def stopped() -> bool:
            nonlocal looked
            if time.monotonic() - looked < LOOK_EVERY:
                return False
            looked = time.monotonic()
            with self.database.reading() as session:
                record = audits.find(session, audit_id)
                return record is None or AuditState(record.state).final

        return stopped

    def _fail(self, audit_id: str, code: str, sentence: str) -> None:
        self._end(audit_id, AuditState.FAILED, Problem("", code, sentence))

    def _end(self, audit_id: str, state: AuditState, *problems: Problem) -> None:
        logger.info("audit %s is %s: %s", audit_id, state, ", ".join(p.code for p in problems))
        with self.database.transaction() as session:
            audits.finish(session, audit_id, state, problems)
        self._tidy(audit_id)

    def _tidy(self, audit_id: str) -> None:
        shutil.rmtree(self.work / audit_id, ignore_errors=True)
        tidy(self.database, self.artifacts, audit_id)

    def _laid_out(self, audit_id: str, subject: Mapping[str, str]) -> Path:
        """Return a folder with the prepared subject; its files are links into the artifacts."""
        folder = self.work / audit_id
        with self._laying_out, self._scratch() as fresh:  # two checks of one audit may come together
            if not folder.exists():
                for role, digest in subject.items():
                    target = fresh / "subject" / role.removeprefix("subject/")
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.symlink_to(self.artifacts.path(digest).resolve())
                (fresh / "subject").replace(folder)
        return folder

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self.work) as name:
            yield Path(name)


def tidy(database: Database, artifacts: Artifacts, audit_id: str) -> None:
    """Let go of what only measuring needed, once an audit is over."""
    with database.transaction() as session:
        record = audits.find(session, audit_id)
        if record is None or not AuditState(record.state).final:
            return
        gone = files.let_go(session, audit_id, ("subject/", "evidence/", "calls/", "parent.json"))
        if record.state != AuditState.COMPLETED:
            gone |= files.let_go(session, audit_id, ("upload/", *RESULTS, CALLS))
    files.remove_unneeded(database, artifacts, gone)


def _digest(file: Mapping[str, Any]) -> str:
    return str(file["artifact"]).removeprefix("sha256:")


def _pieces(file: Any) -> Iterator[bytes]:
    while piece := file.read(1 << 20):
        yield piece

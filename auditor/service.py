"""The one door to audits: every form, route and command calls these functions.

Bad input raises `problems.Refused`; a thing that is not there (or is somebody else's) `NotFound`; a
wrong moment `Conflict`; a host that cannot `Unavailable`.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from auditor import sandbox
from auditor.artifacts import DIGEST, Artifacts
from auditor.concerns import Concerns
from auditor.config import Settings
from auditor.effectiveness import RuleEffects
from auditor.endpoint import admit
from auditor.jobs import Jobs
from auditor.local_rules import LocalRules
from auditor.organisations import Organisations
from auditor.plan import CALLS, frameworks_asked, frameworks_named, plan
from auditor.problems import Problem, Refused, refuse
from auditor.public_organisations import PublicOrganisations
from auditor.register import Register
from auditor.steps import tidy
from auditor.store import audits, files, people
from auditor.store.clock import now, today
from auditor.store.database import Database
from auditor.store.tables import AuditRecord, DraftRecord, WorkerRecord
from auditor.submission import Submission, dotted, files_of, parse
from auditor.trust.sealing import Sealer
from auditor.views import (
    Account,
    AuditRow,
    AuditState,
    AuditView,
    CheckRow,
    Conflict,
    Draft,
    FrameworkRow,
    NotFound,
    Stored,
    Unavailable,
)
from checks.registry import pages
from frameworks import load

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from frameworks.model import Framework

LOOK_EVERY = 0.5
DRAFT_BYTES = 256 * 1024


class Service:
    """What an account may do. In the web process: `current_app.extensions["auditor"]`."""

    def __init__(self, settings: Settings, database: Database, artifacts: Artifacts, jobs: Jobs) -> None:
        self.settings = settings
        self.database = database
        self.artifacts = artifacts
        self.jobs = jobs
        self.sealer = Sealer(settings.key_folder, database, artifacts)
        self.register = Register(database, artifacts, self.sealer)
        self.concerns = Concerns(database, artifacts)
        self.rules = LocalRules(database, artifacts)
        self.organisations = Organisations(database, artifacts)
        self.public_organisations = PublicOrganisations(database, artifacts)
        self.effects = RuleEffects(database, artifacts, self.rules)

    # Files

    def store_artifact(
        self, account: Account, chunks: Iterable[bytes], *, expected: str | None = None
    ) -> Stored:
        """Keep a file. The bytes are always read and the answer is always alike, whoever sent them before."""
        self._ready_for_uploads()
        if expected is not None and not DIGEST.fullmatch(expected):
            raise refuse("sha256", "not-a-digest", "the address ends in 64 lower-case hex digits of SHA-256.")
        limit = self.settings.upload_bytes
        with self.artifacts.receive(chunks, limit=limit, expected=expected) as received:
            if received.size == 0:
                raise refuse("file", "empty-file", "the file is empty; send one with content.")
            return files.keep(
                self.database,
                self.artifacts,
                received,
                lambda session, digest: files.own(session, account.id, digest),
            )

    def artifact(self, account: Account, digest: str) -> Stored:
        """Return a file that *account* uploaded."""
        with self.database.reading() as session:
            stored = files.owned(session, account, digest)
        if stored is None:
            raise NotFound(f"there is no file with SHA-256 {digest[:64]}; upload it first.")
        return stored

    def inspect(
        self,
        account: Account,
        digest: str,
        kind: Literal["table", "model"],
        form: str | None = None,
        *,
        declared: Mapping[str, str] | None = None,
    ) -> sandbox.TableInspection | sandbox.ModelInspection:
        """Read one file in the locked child and say what it holds; *declared* says how a table is written."""
        self._ready_for_uploads()
        path = self.artifacts.path(self.artifact(account, digest).digest)
        if kind == "table":
            return sandbox.inspect_table(path, form, self.settings.limits, declared=declared)
        return sandbox.inspect_model(path, form, self.settings.limits)

    # Audits

    def submit(self, account: Account, raw: Any, *, as_of: dt.date | None = None) -> AuditView:
        """Check the shape of a submission and its files, and queue the audit."""
        self._ready_for_uploads()
        submission = parse(self._with_rules(account, raw))
        planned = plan(frameworks_asked(submission))
        if submission.endpoint is not None:
            admit(submission.endpoint.url, self.settings.endpoint_hosts)
        named = _named_files(submission)
        with self.database.transaction() as session:
            missing = [
                Problem(
                    where,
                    "unknown-artifact",
                    f"`{where}` names a file that you did not upload; PUT it to /api/v1/artifacts/ first.",
                )
                for where, digest in named.items()
                if digest is None or files.owned(session, account, digest) is None
            ]
            if missing:
                raise Refused(missing)
            audit_id = audits.create(
                session,
                account.id,
                submission.model_dump(mode="json"),
                planned,
                as_of=as_of or today(),
                uploads=[digest for digest in named.values() if digest],
            )
        self.jobs.enqueue(audit_id)
        return self.audit(account, audit_id)

    def audits(self, account: Account, *, limit: int = 50, before: str | None = None) -> tuple[AuditRow, ...]:
        """Return the newest audits, or those older than the audit *before*."""
        with self.database.reading() as session:
            last = self._audit(session, account, before) if before else None
            return audits.recent(session, account.id, min(max(limit, 1), 200), last)

    def audit(self, account: Account, audit_id: str) -> AuditView:
        """Return one audit in full."""
        with self.database.reading() as session:
            return audits.view(session, self._audit(session, account, audit_id))

    def wait(self, account: Account, audit_id: str, seconds: float) -> AuditView:
        """Return the audit once it is at its end, or as it stands after *seconds*."""
        deadline = time.monotonic() + seconds
        view = self.audit(account, audit_id)
        while not view.state.final and time.monotonic() < deadline:
            time.sleep(min(LOOK_EVERY, max(0.0, deadline - time.monotonic())))
            view = self.audit(account, audit_id)
        return view

    def record(self, account: Account, audit_id: str) -> bytes:
        """Return the record of a completed audit: audit.json."""
        return self._result(account, audit_id, "audit.json")

    def calls(self, account: Account, audit_id: str) -> bytes:
        """Return the calls of a live endpoint that a completed audit made: calls.jsonl."""
        return self._result(account, audit_id, CALLS)

    def report(self, account: Account, audit_id: str, kind: Literal["html", "pdf"]) -> bytes:
        """Return the report of a completed audit."""
        return self._result(account, audit_id, f"report.{kind}")

    def bundle(self, account: Account, audit_id: str) -> bytes:
        """Return the evidence bundle of a completed audit, signed, with its receipt from the log."""
        self._result(account, audit_id, "audit.json")
        return self.sealer.bundle(audit_id)

    def rejudge(
        self, account: Account, audit_id: str, frameworks: Iterable[str], as_of: dt.date | None = None
    ) -> AuditView:
        """Judge the evidence of a completed audit by other frameworks or on another day; measure nothing."""
        with self.database.transaction() as session:
            parent = self._audit(session, account, audit_id)
            if parent.state != AuditState.COMPLETED:
                raise Conflict(
                    f"audit {audit_id} is {parent.state}; only a completed one can be judged again."
                )
            submission = parse(self.rules.attach_again(session, account, parent.submission, frameworks))
            frameworks_named(submission.frameworks, submission.rules)
            again = audits.create(
                session,
                account.id,
                submission.model_dump(mode="json"),
                [],
                as_of=as_of or today(),
                uploads=[],
                derived_from=parent.id,
            )
            record = files.held(session, parent.id, "audit.json")
            files.hold(session, again, "parent.json", record["audit.json"])
        self.jobs.enqueue(again)
        return self.audit(account, again)

    def cancel(self, account: Account, audit_id: str) -> AuditView:
        """Stop an audit; what it is computing is killed within seconds."""
        with self.database.transaction() as session:
            record = self._audit(session, account, audit_id)
            if not audits.finish(session, audit_id, AuditState.CANCELLED):
                raise Conflict(f"audit {audit_id} is {record.state}; only a running one can be cancelled.")
        self.jobs.cancel(audit_id)
        tidy(self.database, self.artifacts, audit_id)
        return self.audit(account, audit_id)

    def delete(self, account: Account, audit_id: str) -> None:
        """Remove an audit, its reports, and its files where no other audit of the account uses them."""
        with self.database.transaction() as session:
            record = self._audit(session, account, audit_id)
            running = audits.finish(session, audit_id, AuditState.CANCELLED)
        if running:
            self.jobs.cancel(audit_id)
        with self.database.transaction() as session:
            record = self._audit(session, account, audit_id)
            self.register.deleted(session, audit_id)
            held, unshared = audits.delete(session, record)
            files.disown(session, account.id, unshared)
        self.jobs.forget(audit_id)
        files.remove_unneeded(self.database, self.artifacts, held)

    def delete_files(self, account: Account, audit_id: str) -> None:
        """Remove the files of a completed audit, where no other audit of the account uses them.

        Its record, its reports and whatever was judged from its evidence stay.
        """
        with self.database.transaction() as session:
            record = self._audit(session, account, audit_id)
            if record.state != AuditState.COMPLETED:
                raise Conflict(f"audit {audit_id} is {record.state}; only a completed one keeps files.")
            gone = audits.release_uploads(session, record)
        files.remove_unneeded(self.database, self.artifacts, gone)

    # What can be asked

    def frameworks(self) -> tuple[FrameworkRow, ...]:
        """Return every framework, in the order of ids."""
        return tuple(framework_row(framework) for _, framework in sorted(load.packs().items()))

    def framework(self, framework_id: str) -> Framework:
        """Return one framework."""
        found = load.packs().get(framework_id)
        if found is None:
            raise NotFound(f"there is no framework {framework_id!r}; see the list of frameworks.")
        return found

    def checks(self) -> tuple[CheckRow, ...]:
        """Return every check, in the order of ids."""
        return tuple(CheckRow(p.id, p.title, p.doc, p.asks_model) for _, p in sorted(pages().items()))

    def check(self, check_id: str) -> CheckRow:
        """Return one check and its page."""
        found = pages().get(check_id)
        if found is None:
            raise NotFound(f"there is no check {check_id!r}; see the list of checks.")
        return CheckRow(found.id, found.title, found.doc, found.asks_model)

    # Drafts of the form

    def draft_create(self, account: Account, data: Mapping[str, Any]) -> Draft:
        """Keep a submission that is being filled in."""
        with self.database.transaction() as session:
            return people.draft_create(session, account, _small(data))

    def draft_get(self, account: Account, draft_id: str) -> Draft:
        """Return a draft."""
        with self.database.reading() as session:
            return _draft(self._draft(session, account, draft_id))

    def draft_put(self, account: Account, draft_id: str, data: Mapping[str, Any]) -> Draft:
        """Replace what a draft holds."""
        with self.database.transaction() as session:
            record = self._draft(session, account, draft_id)
            record.data, record.updated = dict(_small(data)), now()
            return _draft(record)

    def draft_change(
        self, account: Account, draft_id: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> Draft:
        """Replace what a draft holds by *change* of it; of two changes at once, neither is lost."""
        with self.database.transaction() as session:
            record = self._draft(session, account, draft_id)
            session.refresh(record, with_for_update=True)
            record.data, record.updated = dict(_small(change(record.data))), now()
            return _draft(record)

    def draft_delete(self, account: Account, draft_id: str) -> None:
        """Forget a draft."""
        with self.database.transaction() as session:
            session.delete(self._draft(session, account, draft_id))

    def workers(self) -> int:
        """Return how many workers are alive."""
        since = now() - dt.timedelta(seconds=self.settings.dead_seconds)
        with self.database.reading() as session:
            query = sa.select(sa.func.count()).select_from(WorkerRecord).where(WorkerRecord.seen > since)
            return session.scalar(query) or 0

    def missing_layer(self) -> str | None:
        """Return None, or the sentence that names what this host lacks to take submissions."""
        return missing_layer()

    def _with_rules(self, account: Account, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        with self.database.reading() as session:
            return self.rules.attach(session, account, raw)

    def _ready_for_uploads(self) -> None:
        missing = self.missing_layer()
        if missing is not None:
            raise Unavailable(missing)

    def _audit(self, session: Session, account: Account, audit_id: str) -> AuditRecord:
        record = audits.find(session, audit_id, account.id)
        if record is None:
            raise NotFound(f"there is no audit {audit_id[:64]!r}.")
        return record

    def _result(self, account: Account, audit_id: str, role: str) -> bytes:
        with self.database.reading() as session:
            record = self._audit(session, account, audit_id)
            digest = files.held(session, audit_id, role).get(role)
        if digest is None or record.state != AuditState.COMPLETED:
            raise Conflict(f"audit {audit_id} is {record.state}; it has no {role}.")
        return self.artifacts.read(digest)

    def _draft(self, session: Session, account: Account, draft_id: str) -> DraftRecord:
        record = people.draft_find(session, account, draft_id)
        if record is None:
            raise NotFound(f"there is no draft {draft_id[:64]!r}; it may have been sent or deleted.")
        return record


def missing_layer() -> str | None:
    """Say why submitted files are not read here: a layer is missing, or an attack got through."""
    return _host_lacks() or sandbox.tried.failure


@cache
def _host_lacks() -> str | None:
    """Ask the host once which layer of the sandbox it lacks."""
    missing: str | None = sandbox.missing_layer()
    return missing


def framework_row(framework: Framework) -> FrameworkRow:
    """Return what a list shows of *framework*."""
    return FrameworkRow(
        id=framework.id,
        title=framework.title,
        version=framework.version,
        jurisdiction=framework.jurisdiction,
        requirements=len(framework.requirements),
        digest=framework.digest,
    )


def _named_files(submission: Submission) -> dict[str, str | None]:
    """Return key -> digest of every file that a submission names; None where it names a path."""
    return {dotted(keys): file.digest if file.artifact else None for keys, file in files_of(submission)}


def _small(data: Mapping[str, Any]) -> Mapping[str, Any]:
    if len(json.dumps(data)) > DRAFT_BYTES:
        raise refuse("", "draft-too-large", f"a draft holds at most {DRAFT_BYTES} bytes; shorten its texts.")
    return data


def _draft(record: DraftRecord) -> Draft:
    return Draft(record.id, record.data, record.updated)

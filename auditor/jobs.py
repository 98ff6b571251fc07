"""Durable work: an audit is a DBOS workflow, and each of its checks a queued child workflow.

A kill at any moment loses at most the step at hand. Payloads are ids in JSON, never pickles, so that writing
to the database is not running code. The steps themselves are in `auditor.steps`.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, Serializer, SetWorkflowID
from dbos import error as dbos_error

from auditor.config import Settings
from auditor.steps import Steps

VERSION = "1"
"""Changes only when work in flight could not be finished by newer code."""
Function = TypeVar("Function", bound=Callable[..., Any])
AUDITS, CHECKS = "audits", "checks"
BROKEN = ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


class JsonSerializer(Serializer):  # type: ignore[misc]  # dbos is read without its types
    """Plain JSON; an exception keeps its kind and its words, and nothing that could be run."""

    def serialize(self, data: Any) -> str:
        """Return *data* as JSON."""
        if isinstance(data, BaseException):
            data = {"!": type(data).__name__, "says": str(data)}
        return json.dumps(data)

    def deserialize(self, serialized_data: str) -> Any:
        """Return what `serialize` was given."""
        data = json.loads(serialized_data)
        if isinstance(data, dict) and "!" in data:
            return RuntimeError(f"{data['!']}: {data['says']}")
        return data

    def name(self) -> str:
        """Return the name that DBOS keeps beside each payload."""
        return "auditor_json"


def migrate(settings: Settings) -> None:
    """Make the queue's tables; on SQLite, let readers and the writer work side by side."""
    url = settings.jobs_database
    DBOS.migrate(url)
    if url.startswith("sqlite"):
        with sqlite3.connect(str(sa.make_url(url).database)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()


class Jobs:
    """The queue, seen from outside: the web process adds and cancels, workers resume what died."""

    def __init__(self, settings: Settings) -> None:
        self._client = DBOSClient(system_database_url=settings.jobs_database, serializer=JsonSerializer())

    def enqueue(self, audit_id: str) -> None:
        """Add an audit's workflow; a second time changes nothing."""
        self._client.enqueue(
            {"queue_name": AUDITS, "workflow_name": "audit", "workflow_id": audit_id, "app_version": VERSION},
            audit_id,
        )

    def status(self, audit_ids: list[str]) -> Mapping[str, str]:
        """Return the status of those audits that have a workflow."""
        found = self._client.list_workflows(workflow_ids=audit_ids, load_input=False, load_output=False)
        return {workflow.workflow_id: workflow.status for workflow in found}

    def cancel(self, audit_id: str) -> None:
        """Take an audit and its checks off the queue; the worker notices and kills what runs."""
        self._client.cancel_workflow(audit_id, cancel_children=True)

    def forget(self, audit_id: str) -> None:
        """Remove what the queue knows of an audit."""
        try:
            self._client.delete_workflow(audit_id, delete_children=True)
        except dbos_error.DBOSNonExistentWorkflowError:
            return

    def holders(self) -> set[str]:
        """Return the workers that hold work in flight."""
        return {str(workflow.executor_id) for workflow in self._pending()}

    def resume(self, worker: str) -> int:
        """Put back on its queue what a dead worker held; return how many."""
        stranded = [workflow for workflow in self._pending() if workflow.executor_id == worker]
        for workflow in stranded:
            self._client.resume_workflow(workflow.workflow_id, queue_name=workflow.queue_name or AUDITS)
        return len(stranded)

    def close(self) -> None:
        """Give the connections back."""
        self._client.destroy()

    def _pending(self) -> list[Any]:
        return list(self._client.list_workflows(status="PENDING", load_input=False, load_output=False))


def launch(settings: Settings, worker: str, steps: Steps) -> None:
    """Start to work: register the workflows under *worker*'s name and listen to the queues."""
    DBOS(
        config={
            "name": "auditor",
            "system_database_url": settings.jobs_database,
            "application_version": VERSION,
            "executor_id": worker,
            "serializer": JsonSerializer(),
            "log_level": "WARNING",
            "run_migrations": False,
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": settings.poll_seconds,
        }
    )
    _register(steps, settings.poll_seconds)
    own = logging.getLogger("dbos")
    own.handlers.clear()  # it prints messages of exceptions; ours shows where they rose
    own.propagate = True
    DBOS.launch()
    # an audit mostly waits for its checks; a check waits its turn at the one measuring process, so that
    # the next is at hand when one ends
    for queue, at_once in ((AUDITS, 4), (CHECKS, 2)):
        DBOS.register_queue(
            queue,
            worker_concurrency=at_once,
            polling_interval_sec=settings.poll_seconds,
            on_conflict="always_update",
        )


def _register(steps: Steps, poll: float) -> None:
    """Tell DBOS the workflows; they are named, so that the web process can ask for them."""

    @_step
    def prepare(audit_id: str) -> list[int]:
        return steps.prepare(audit_id)

    @_step
    def measure(audit_id: str, position: int) -> None:
        steps.measure(audit_id, position)

    @_step
    def finish(audit_id: str) -> None:
        steps.finish(audit_id)

    @_workflow
    def check(audit_id: str, position: int) -> None:
        measure(audit_id, position)

    @_workflow
    def audit(audit_id: str) -> None:
        handles = []
        for position in prepare(audit_id):
            with SetWorkflowID(f"{audit_id}-{position}"):
                handles.append(DBOS.enqueue_workflow(CHECKS, check, audit_id, position))
        for handle in handles:
            try:
                handle.get_result(polling_interval_sec=poll)
            except dbos_error.DBOSAwaitedWorkflowCancelledError:
                return
        finish(audit_id)


def _step(function: Function) -> Function:
    """Make *function* a step. Its own endings are in the store; what it raises is a database that is away."""
    retried = DBOS.step(name=function.__name__, retries_allowed=True, max_attempts=5, interval_seconds=1.0)
    named: Function = retried(function)
    return named


def _workflow(function: Function) -> Function:
    named: Function = DBOS.workflow(name=function.__name__)(function)
    return named

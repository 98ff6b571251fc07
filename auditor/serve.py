"""The supervisor: `python -m auditor serve` starts the web process and the workers, and ends them all.

A child that dies is started again, after a pause that doubles while it keeps dying. On the very first
start it makes the local account and submits the bundled example.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import sqlalchemy as sa

from auditor.app import open_service
from auditor.config import Settings
from auditor.manifest import named_by_digest, read_submission
from auditor.problems import Refused
from auditor.service import Service
from auditor.store import people
from auditor.views import Account, Conflict, NotFound, Unavailable

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
SHORT_LIFE = 30.0
"""A child that lived longer is started again at once."""
LONGEST_PAUSE = 60.0
SEAL_EVERY = 2.0
"""Seconds between two looks for completed audits to seal; this process holds the key, no worker does."""
GRACE = 10.0
"""Seconds that children have to end before they are killed."""


@dataclass
class Child:
    """A process that should always be there."""

    name: str
    command: Sequence[str]
    home: Path
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    pause: float = 1.0
    due: float = field(default=0.0)

    def start(self) -> None:
        """Start it in its own session, so that the terminal's Ctrl-C reaches only the supervisor."""
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
            self.command,
            cwd=ROOT,
            env={**os.environ, "AUDITOR_HOME": str(self.home)},
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - it makes one system call and takes no lock
        )
        self.began = time.monotonic()

    def look(self) -> None:
        """Start it again when it is gone and its pause is over."""
        if self.process is not None and self.process.poll() is None:
            return
        moment = time.monotonic()
        if self.process is not None:
            logger.warning("%s ended with %s; it is started again", self.name, self.process.returncode)
            lived = moment - self.began
            self.pause = 1.0 if lived > SHORT_LIFE else min(self.pause * 2, LONGEST_PAUSE)
            self.due, self.process = moment + self.pause, None
        if moment >= self.due:
            self.start()

    def ask_to_end(self) -> None:
        """Send it SIGTERM."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def end(self, deadline: float) -> None:
        """Wait for it, and kill its whole session when it does not go."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Supervisor:
    """What `serve` runs until it is told to stop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stopping = False
        home = settings.home.resolve()
        me = [sys.executable, "-m"]
        self.children = [Child("the web process", [*me, "gunicorn", *_gunicorn(settings)], home)]
        self.children += [
            Child(f"worker {slot}", [*me, "auditor", "worker", "--slot", str(slot)], home)
            for slot in range(settings.workers)
        ]

    def run(self) -> int:
        """Serve until SIGTERM or Ctrl-C; return the exit code."""
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, self._stop)
        if _taken(self.settings):
            sys.stderr.write(f"refused: port {self.settings.port} is in use; choose another: serve --port.\n")
            return 2
        service = open_service(self.settings)
        self._first_start(service)
        said, due = False, 0.0
        try:
            while not self.stopping:
                for child in self.children:
                    child.look()
                time.sleep(0.3)
                if time.monotonic() >= due:
                    due = time.monotonic() + (SEAL_EVERY if _sealed(service) else LONGEST_PAUSE)
                if not said and _taken(self.settings):
                    said = True
                    self._say_where(service)
        finally:
            self._end_all()
        return 0

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _end_all(self) -> None:
        deadline = time.monotonic() + GRACE
        for child in self.children:
            child.ask_to_end()
        for child in self.children:
            child.end(deadline)

    def _first_start(self, service: Service) -> None:
        """Make the local account's token and submit the example, if neither was ever done."""
        with service.database.transaction() as session:
            account = people.local_account(session)
            if people.has_token(session, account):
                return
            token = people.new_token(session, account)
        _say(f"The token of the local account, shown this once: {token}")
        if service.missing_layer() is None and self.settings.first_audit is not None:
            submit_example(service, account, self.settings.first_audit)

    def _say_where(self, service: Service) -> None:
        _say(f"Auditor is at http://{_address(self.settings)}")
        if self.settings.loopback:
            _say("It answers everybody on this machine, without a token, and nobody else. Ctrl-C stops it.")
        missing = service.missing_layer()
        if missing is not None:
            _say(f"Uploads are refused, existing reports are served: {missing}.")


def _sealed(service: Service) -> bool:
    """Seal what was completed; return False where that cannot be done now: serving goes on."""
    try:
        service.sealer.seal_waiting()
    except (Unavailable, Conflict, NotFound, sa.exc.SQLAlchemyError, OSError):
        logger.exception("audits could not be sealed")
        return False
    return True


def submit_example(service: Service, account: Account, path: Path) -> None:
    """Submit the submission.yaml at *path*; an example that is refused must not keep the service down."""
    path = path if path.is_absolute() else ROOT / path
    try:
        raw, found = read_submission(path)
        digests = {}
        for where, file in found.items():
            with file.open("rb") as opened:
                pieces = iter(lambda: opened.read(1 << 20), b"")
                digests[where] = service.store_artifact(account, pieces).digest
        service.submit(account, named_by_digest(raw, digests))
    except Refused as refused:
        logger.warning("the first audit was refused: %s", ", ".join(p.code for p in refused.problems))


def _gunicorn(settings: Settings) -> list[str]:
    """Return the options of the web server: one process, many threads, since open pages wait."""
    return [
        "--worker-class=gthread",
        "--workers=1",
        f"--threads={settings.threads}",
        f"--bind={_address(settings)}",
        "--timeout=120",
        "--graceful-timeout=5",
        "--keep-alive=5",
        "--limit-request-line=4094",
        "--no-control-socket",
        f"--log-level={'warning' if settings.log_level == 'info' else settings.log_level}",
        "auditor.wsgi:app",
    ]


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


def _taken(settings: Settings) -> bool:
    """Whether somebody listens at our address."""
    try:
        with socket.create_connection((settings.host, settings.port), timeout=1):
            return True
    except OSError:
        return False


def _end_with_parent() -> None:
    """Ask the kernel to end this child when the supervisor is gone, even by kill -9 (Linux)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # 1 is PR_SET_PDEATHSIG


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()

"""Starting locked children: from the template where there is one, else directly.

A child ends when the *thread* that started it ends, so one lasting thread starts them all. What is returned
has the three pipes of the child, and a hold on the process that never hits another one of the same number.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, Protocol

CHILD = Path(__file__).with_name("child.py")
TEMPLATE = Path(__file__).with_name("template.py")
ENVIRONMENT = {
    "PATH": "/nonexistent",
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "LOKY_MAX_CPU_COUNT": "1",
    "JOBLIB_MULTIPROCESSING": "0",
    "ARROW_IO_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # else pyarrow starts a thread when it is imported
}
IDLE_SECONDS = 300.0
"""A template that forked nothing for so long ends."""
REPLY_SECONDS = 20.0
"""A template that did not fork by then is passed by."""
BARREN_SECONDS = 60.0
"""After a template that never forked, no other is tried for so long."""


class Process(Protocol):
    """A child that was started."""

    pid: int
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def poll(self) -> int | None:
        """Return how it ended, a signal as a negative number; None while it lives."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raise `subprocess.TimeoutExpired`."""
        ...

    def end(self) -> None:
        """Kill it and wait until it is gone."""
        ...


class Direct(subprocess.Popen[bytes]):
    """A child of our own; its number is not given away before we waited for it."""

    def end(self) -> None:
        """Kill its process group (only a script of ours could have made others) and wait."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self.wait()


class Forked:
    """A fork of the template, held by a pidfd; the template tells how it ended."""

    def __init__(self, pid: int, pidfd: int, reply: socket.socket, pipes: tuple[IO[bytes], ...]) -> None:
        self.pid, self._pidfd, self._reply = pid, pidfd, reply
        self.stdin: IO[bytes] | None
        self.stdout: IO[bytes] | None
        self.stderr: IO[bytes] | None
        self.stdin, self.stdout, self.stderr = pipes
        self._status: int | None = None

    def poll(self) -> int | None:
        """Return how it ended; None while it lives."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the template saw its end; a template that is gone took it along."""
        if self._status is None:
            if not _readable(self._reply.fileno(), timeout):
                raise subprocess.TimeoutExpired("a locked child", timeout or 0)
            said = b""
            with contextlib.suppress(OSError):
                said = self._reply.recv(64)
            self._ended(int(said) if said else -signal.SIGKILL)
        return self._status or 0

    def end(self) -> None:
        """Kill it and wait until it is gone; the template reaps it."""
        if self._status is None:
            self._ended(-signal.SIGKILL)

    def _ended(self, status: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        _readable(self._pidfd, None)
        self._reply.close()
        os.close(self._pidfd)
        self._status = status


class Template:
    """Our end of a template process."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(REPLY_SECONDS)
        with theirs:
            told = [str(theirs.fileno()), str(os.getpid()), str(IDLE_SECONDS)]
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
                [sys.executable, "-I", "-B", str(TEMPLATE), *told],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=ENVIRONMENT,
                pass_fds=(theirs.fileno(),),
                cwd="/",
                start_new_session=True,
            )
        self.forked = False

    @property
    def pid(self) -> int:
        """The process id of the template."""
        return self._process.pid

    def gone(self) -> bool:
        """Whether it ended; its sockets close a moment before it does."""
        try:
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            return False
        return True

    def fork(self, operation: str, descriptor: int, told: Mapping[str, Any]) -> Forked | None:
        """Return a fork that reads the file behind *descriptor*; None where the template made none."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(REPLY_SECONDS)
        pipes = [os.pipe(), os.pipe(), os.pipe()]
        (stdin, to_stdin), (from_stdout, stdout), (from_stderr, stderr) = pipes
        mine = (
            os.fdopen(to_stdin, "wb", 0),
            os.fdopen(from_stdout, "rb", 0),
            os.fdopen(from_stderr, "rb", 0),
        )
        request = json.dumps({"operation": operation, "told": told}).encode()
        try:
            passed = [descriptor, stdin, stdout, stderr, theirs.fileno()]
            socket.send_fds(self._control, [request], passed)
            theirs.close()
            said, pidfds, _, _ = socket.recv_fds(ours, 64, 1, socket.MSG_CMSG_CLOEXEC)
        except OSError:
            said, pidfds = b"", []
        finally:
            theirs.close()
            for pipe in (stdin, stdout, stderr):
                os.close(pipe)
        if not said or not pidfds:
            ours.close()
            for file in mine:
                file.close()
            return None
        self.forked = True
        return Forked(int(said), pidfds[0], ours, mine)

    def end(self) -> None:
        """End it, and with it every fork."""
        self._control.close()
        self._process.kill()
        self._process.wait()

    def forget(self) -> None:
        """Let go of it without ending it, in a fork of the process whose template it is."""
        self._control.close()
        self._process.returncode = 0  # not our child: there is nothing to wait for


class Starter:
    """Starts children from one lasting thread; a fork of this process begins anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._template: Template | None = None
        self._barren_until = 0.0
        self.forks = True
        """False keeps to direct children; the benchmark and the canary compare the two."""
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.end)

    def start(self, script: Path, operation: str, descriptor: int, told: Mapping[str, Any]) -> Process:
        """Start *script*, or where it is our own, fork the template."""
        told = {**told, "parent": os.getpid()}
        if script == CHILD and self.forks:
            for _ in range(2):  # a template that was idle may end just as it is asked
                template = self.template()
                forked = None if template is None else template.fork(operation, descriptor, told)
                if forked is not None:
                    return forked
                if template is None or not self._dropped(template):
                    break
        with self._lock:
            pool = self._lasting()
        return pool.submit(_direct, script, operation, descriptor, told).result()

    def template(self) -> Template | None:
        """Return the template, started now where there is none; None where templates fail here."""
        with self._lock:
            if self._template is None and time.monotonic() >= self._barren_until:
                self._template = self._lasting().submit(Template).result()
            return self._template

    def end(self) -> None:
        """End the template, and with it its forks."""
        with self._lock:
            template, self._template = self._template, None
        if template is not None:
            template.end()

    def _lasting(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "sandbox-starter")
        return self._pool

    def _dropped(self, template: Template) -> bool:
        """Let go of a template that ended, and say so; one that is only slow keeps its forks."""
        if not template.gone():
            return False
        with self._lock:
            if self._template is template:
                self._template = None
                if not template.forked:
                    self._barren_until = time.monotonic() + BARREN_SECONDS
        template.end()
        return True

    def _forget(self) -> None:
        if self._template is not None:
            self._template.forget()
        self._lock = threading.Lock()
        self._pool = self._template = None


def _direct(script: Path, operation: str, descriptor: int, told: Mapping[str, Any]) -> Direct:
    return Direct(
        [sys.executable, "-I", "-B", str(script), operation, str(descriptor), json.dumps(told)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        pass_fds=(descriptor,),
        cwd="/",
        start_new_session=True,
        bufsize=0,
    )


def _readable(descriptor: int, seconds: float | None) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if seconds is None else max(0, seconds) * 1_000))


starter = Starter()

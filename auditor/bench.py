"""One long-lived measuring process, seen from the process that drives it.

All heavy work (reading files, predictions, checks, reports) happens in `python -m auditor.measurer`, a
child that can be killed at any moment without losing more than the request at hand. It answers one JSON
line for each JSON line, and exits when its driver is gone.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from auditor.problems import Problem, Refused

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Threads reorder sums, and a reordered sum is another number: the child computes with one."""
TICK = 0.25


class Died(Exception):
    """The measuring process ended in the middle of a request."""


class TooSlow(Exception):
    """The request took longer than it may; the process was killed."""


class Stopped(Exception):
    """The audit was cancelled or deleted; the process was killed."""


class Broke(Exception):
    """The request failed by a fault of ours; the sentence names its kind, the log has the place."""


class Bench:
    """A measuring process, started when it is first asked and again after it died."""

    def __init__(self, module: str = "auditor.measurer") -> None:
        self._module = module
        self.aside: Path | None = None
        """A folder that the process must shut itself out of before it reads anything."""
        self._turn = threading.Lock()  # one request at a time; others wait for their turn
        self._child: subprocess.Popen[bytes] | None = None
        self._life = -1
        self._buffer = b""
        self._closed = False

    def ask(
        self,
        request: Mapping[str, Any],
        *,
        seconds: float,
        stop: Callable[[], bool] = lambda: False,
        started: Callable[[], None] = lambda: None,
    ) -> Any:
        """Return the answer to *request*; *started* is called once its turn has come."""
        with self._turn:
            if stop():
                raise Stopped
            started()
            try:
                child = self._running()
                answer = self._exchange(child, request, seconds, stop)
            except BaseException:
                while self._closed:  # this process is about to exit: the request must not seem to have ended
                    time.sleep(1)
                self.kill()
                raise
        if "refused" in answer:
            raise Refused([Problem(**problem) for problem in answer["refused"]])
        if "broke" in answer:
            raise Broke(answer["broke"])
        return answer["ok"]

    @property
    def pid(self) -> int | None:
        """The process that measures now, if there is one."""
        return self._child.pid if self._child is not None else None

    def close(self) -> None:
        """End the process for good, because this one exits; no request in flight ever returns."""
        self._closed = True
        self.kill()

    def kill(self) -> None:
        """End the process and all that it started."""
        child, self._child, self._buffer = self._child, None, b""
        if child is None:
            return
        os.close(self._life)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]  # both were asked for as pipes

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self.kill()
        theirs, self._life = os.pipe()
        aside = {"AUDITOR_KEYS": str(self.aside)} if self.aside else {}
        try:
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", self._module, str(theirs)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **dict.fromkeys(ONE_THREAD, "1"), "PYTHONHASHSEED": "0", **aside},
                cwd=Path(__file__).resolve().parent.parent,
                pass_fds=(theirs,),
                start_new_session=True,  # so that kill reaches the locked model too, and Ctrl-C only us
            )
        except BaseException:
            os.close(self._life)
            raise
        finally:
            os.close(theirs)
        return self._child

    def _exchange(
        self,
        child: subprocess.Popen[bytes],
        request: Mapping[str, Any],
        seconds: float,
        stop: Callable[[], bool],
    ) -> dict[str, Any]:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()
        except BrokenPipeError:
            raise Died from None
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as ready:
            ready.register(child.stdout, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if time.monotonic() > deadline:
                    raise TooSlow
                if not ready.select(TICK):
                    if stop():
                        raise Stopped
                    continue
                piece = os.read(child.stdout.fileno(), 1 << 20)
                if not piece:
                    raise Died
                self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

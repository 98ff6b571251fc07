"""The parent's side: start a locked child, hold it to its deadline and its word, and end it.

Every deviation - a late answer, a length that does not fit, an answer nobody asked for, a death - kills the
child's process group and raises `ChildDied`. Nothing the child sends is believed beyond its checked shape.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import re
import selectors
import signal
import struct
import subprocess
import threading
import time
import unicodedata
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import numpy as np

from auditor.sandbox.frames import (
    ANSWER,
    COLUMN,
    DESCRIPTION,
    MAGIC,
    MAX_BUFFERS,
    MAX_DESCRIPTION,
    MAX_REFUSAL,
    NUMBERS,
    QUESTION,
    REFUSAL,
)
from auditor.sandbox.limits import Limits, raise_it
from auditor.sandbox.lock import LAYER_MISSING
from auditor.sandbox.starter import CHILD, starter
from checks.model import Array

CHUNK = 1 << 20
STDERR_KEPT = 4_096


class ChildDied(Exception):
    """The child broke off; the sentence says how."""


class TooLate(ChildDied):
    """The child did not answer in the time that it had."""


class Answered(Exception):
    """The child answered with a refusal: a code and a sentence, both cleaned."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


class Child:
    """One locked process that holds one open file."""

    def __init__(
        self, operation: str, descriptor: int, limits: Limits, *, script: Path | None = None, **told_too: str
    ) -> None:
        told = {**dataclasses.asdict(limits), **told_too}
        self._process = starter.start(script or CHILD, operation, descriptor, told)
        self._memory = limits.memory_bytes
        self._stderr = b""
        self._turn = threading.Lock()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            with contextlib.suppress(OSError):  # the host bounds it; it saves thousands of turns
                fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, CHUNK)

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process id of the child."""
        return self._process.pid

    def close(self) -> None:
        """End the child and everything in its process group; leave no zombie and no open pipe."""
        self._process.end()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def numbers(self, operation: int, stream: Any, rows: int, columns: int, seconds: float) -> Array:
        """Ask for `rows` x `columns` numbers about the rows of an Arrow *stream*."""
        with self._turn:
            deadline = time.monotonic() + seconds
            self._write(QUESTION.pack(operation, len(stream)), deadline, seconds)
            self._write(stream, deadline, seconds)
            got_rows, got_columns = self._head(NUMBERS, deadline, seconds)
            if (got_rows, got_columns) != (rows, columns):
                self._fail(
                    f"asked for {rows} x {columns} numbers, it answered {got_rows} x {got_columns} instead"
                )
            raw = self._read(8 * rows * columns, deadline, seconds)
            return np.frombuffer(raw, "<f8").reshape(rows, columns)

    def description(self, deadline: float, seconds: float) -> dict[str, Any]:
        """Read one JSON object."""
        length, none = self._head(DESCRIPTION, deadline, seconds)
        if length > MAX_DESCRIPTION or none:
            self._fail("its description was too long")
        return self._json(self._read(length, deadline, seconds))

    def column(self, most: int, deadline: float, seconds: float) -> tuple[dict[str, Any], list[bytearray]]:
        """Read one column: what it is, and raw buffers of at most *most* bytes together."""
        length, count = self._head(COLUMN, deadline, seconds)
        if length > MAX_REFUSAL or not 1 <= count <= MAX_BUFFERS:
            self._fail("a column had no proper head")
        sizes = struct.unpack(f"<{count}Q", self._read(8 * count, deadline, seconds))
        if sum(sizes) > most:
            self._fail("a column was longer than its rows")
        about = self._json(self._read(length, deadline, seconds))
        return about, [self._read(size, deadline, seconds) for size in sizes]

    def _head(self, expected: int, deadline: float, seconds: float) -> tuple[int, int]:
        magic, kind, first, second = ANSWER.unpack(self._read(ANSWER.size, deadline, seconds))
        if magic == MAGIC and kind == REFUSAL and first <= MAX_REFUSAL:
            said = self._json(self._read(first, deadline, seconds))
            code, sentence = str(said.get("code", "")), clean(str(said.get("sentence", "")), 600)
            if not re.fullmatch(r"[a-z][a-z-]{0,39}", code):
                code = "unreadable"
            raise Answered(code, sentence)
        if magic != MAGIC or kind != expected:
            self._fail("it sent bytes that are not an answer")
        return first, second

    def _json(self, raw: bytearray) -> dict[str, Any]:
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            self._fail("its description was not readable")
        return value

    def _write(self, data: Any, deadline: float, seconds: float) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        view = memoryview(data)
        while view:
            self._wait(pipe.fileno(), selectors.EVENT_WRITE, deadline, seconds)
            try:
                view = view[os.write(pipe.fileno(), view[:CHUNK]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                return  # it may have refused already: its last answer is read next

    def _read(self, size: int, deadline: float, seconds: float) -> bytearray:
        pipe = self._process.stdout
        assert pipe is not None
        got = bytearray()  # grows as bytes arrive: a forged length reserves nothing
        while len(got) < size:
            self._wait(pipe.fileno(), selectors.EVENT_READ, deadline, seconds)
            try:
                part = os.read(pipe.fileno(), min(CHUNK, size - len(got)))
            except BlockingIOError:
                continue
            if not part:
                self._fail(None)
            got += part
        return got

    def _wait(self, descriptor: int, event: int, deadline: float, seconds: float) -> None:
        """Wait until *descriptor* is ready, emptying the error pipe meanwhile."""
        errors = self._process.stderr
        assert errors is not None
        with selectors.PollSelector() as selector:
            selector.register(descriptor, event)
            if not errors.closed:
                selector.register(errors, selectors.EVENT_READ)
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    self._fail(f"it did not answer within {seconds:g} seconds", TooLate)
                for key, _ in selector.select(left):
                    if key.fd == descriptor:
                        return
                    said = os.read(errors.fileno(), 65_536)
                    self._stderr = (self._stderr + said)[-STDERR_KEPT:]
                    if not said:
                        selector.unregister(errors)
                        errors.close()

    def _fail(self, why: str | None, kind: type[ChildDied] = ChildDied) -> NoReturn:
        """End the child and raise; without a reason, the reason is how it died."""
        if why is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
            self._keep_last_words()
        status = self._process.poll()
        self.close()
        if why is None:
            why = self._death(status)
        raise kind(why)

    def _keep_last_words(self) -> None:
        """Read what is left in the error pipe of a child that ended."""
        errors = self._process.stderr
        if errors is not None and not errors.closed:
            with contextlib.suppress(BlockingIOError):
                self._stderr = (self._stderr + os.read(errors.fileno(), 65_536))[-STDERR_KEPT:]

    def _death(self, status: int | None) -> str:
        memory = f"{self._memory / 2**30:.1f} GiB"
        match status:
            case None:
                return "it closed its answers without a word"
            case int() if status == LAYER_MISSING:
                said = clean(self._stderr.decode(errors="replace"), 200)
                return f"this host cannot lock the process that reads submitted files ({said})"
            case int() if status == -signal.SIGSEGV:
                return (
                    "it crashed the process that reads it (segmentation fault): it is damaged or hostile; "
                    "save it again and upload the new file"
                )
            case int() if status in {-signal.SIGABRT, -signal.SIGBUS}:
                return (
                    f"it crashed the process that reads it: it is damaged, or needs more than {memory} of "
                    f"memory; save it again or send less, {raise_it('memory_bytes')}"
                )
            case int() if status in {-signal.SIGKILL, -signal.SIGXCPU}:
                return (
                    "the process that reads it was killed: it used up its processor time or the host's "
                    f"memory; send less, {raise_it('cpu_seconds')}"
                )
            case _:
                return f"the process that reads it ended early (status {status})"


def clean(text: str, most: int) -> str:
    """Return *text* on one line, without control and direction characters, at most *most* long."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text[: 4 * most])
    kept = " ".join(kept.split())
    return kept if len(kept) <= most else kept[: most - 1] + "…"

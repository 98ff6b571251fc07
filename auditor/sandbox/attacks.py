"""Attack our own lock on this host, and say which attempts it stopped."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from auditor.sandbox import host
from auditor.sandbox.limits import Limits
from auditor.sandbox.parent import Answered, Child, ChildDied, clean

logger = logging.getLogger(__name__)

SCRIPT = Path(__file__).with_name("attack_child.py")
ATTEMPTS = {
    "read-file": "reading a file of this host",
    "write-file": "writing a file",
    "list-folder": "listing a folder",
    "read-parent": "reading the service's environment",
    "parent-memory": "opening the service's memory",
    "parent-memory-call": "copying the service's memory",
    "trace-parent": "tracing the service",
    "kill-parent": "signalling the service",
    "kill-starter": "signalling the process that started it",
    "sibling-memory": "opening the memory of another child",
    "sibling-memory-call": "copying the memory of another child",
    "trace-sibling": "tracing another child",
    "kill-sibling": "signalling another child",
    "sibling-descriptors": "taking hold of another child",
    "list-descriptors": "listing open descriptors",
    "other-descriptors": "finding a descriptor that was left open",
    "fork": "starting a process",
    "run-program": "running a program",
    "tcp": "opening a TCP connection",
    "udp": "sending over UDP",
    "unix-socket": "connecting to an abstract unix socket",
    "io-uring": "setting up io_uring",
    "memfd": "making a file in memory",
    "namespaces": "making a user namespace",
    "kernel-program": "loading a kernel program",
    "raise-limits": "raising its own limits",
    "memory": "taking a terabyte of memory",
    "threads": "starting two thousand threads",
    "sleep": "sleeping past its deadline",
    "spin": "spinning past its processor time",
}
ENDLESS = {"sleep": 0.5, "spin": 20.0}
"""Attempts that succeed by never answering -> seconds after which they must be over."""
LIMITS = Limits(memory_bytes=2 << 30, cpu_seconds=60)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attack from inside the lock and whether it was stopped."""

    name: str
    held: bool
    sentence: str


def canary(names: tuple[str, ...] = tuple(ATTEMPTS)) -> tuple[Attempt, ...]:
    """Try each attack from a fork of the template and from a child started directly.

    Where the lock is missing, say so instead.
    """
    missing = host.missing_layer()
    if missing is not None:
        return (Attempt("lock", held=False, sentence=missing),)
    with _targets() as told:
        forked, direct = _made(names, None, told), _made(names, SCRIPT, told)
    return tuple(_judged(name, forked.get(name), direct.get(name)) for name in names)


def failure(made: tuple[Attempt, ...]) -> str | None:
    """Return one sentence where an attack got through."""
    through = [attempt.sentence for attempt in made if not attempt.held]
    return None if not through else f"the lock of this host does not hold: {'; '.join(through)}"


def start_canary(broken: Callable[[str], object] = logger.error) -> threading.Thread:
    """Run the attacks in the background; where one gets through, no submitted file is read any more.

    What was not stopped is tried once more: a child that a busy host slowed down proves nothing.
    """

    def run() -> None:
        try:
            made = canary()
            again = tuple(attempt.name for attempt in made if not attempt.held and attempt.name in ATTEMPTS)
            said = failure(canary(again) if again else made)
        except OSError as error:  # no process or no descriptor to be had
            said = f"the lock of this host could not be tried: {error.strerror}"
        except RuntimeError as end:
            if "shutdown" not in str(end):
                raise
            return  # this process is ending: it will read no file, and starts nothing any more
        except (Answered, ChildDied) as end:  # the child that is to be attacked ended before its turn
            said = f"the lock of this host could not be tried: {end}"
        host.remember("held" if said is None else "broken", said)
        if said is not None:
            broken(said)

    host.remember("running")
    thread = threading.Thread(target=run, name="sandbox-canary", daemon=True)
    thread.start()
    return thread


@contextmanager
def _targets() -> Iterator[dict[str, str]]:
    """Offer what is attacked: this process, another child, and an abstract socket that listens."""
    door = f"auditor-canary-{os.getpid()}-{threading.get_ident()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind("\0" + door)
        listening.listen()
        with _child({"attempts": "wait", "service": "0", "sibling": "0", "door": ""}, None) as sibling:
            sibling.description(time.monotonic() + 30, 30)
            yield {"service": str(os.getpid()), "sibling": str(sibling.pid), "door": door}


def _child(told: dict[str, str], script: Path | None, limits: Limits = LIMITS) -> Child:
    handle = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return Child("attack", handle, limits, script=script, **told)
    finally:
        os.close(handle)


def _made(names: tuple[str, ...], script: Path | None, told: dict[str, str]) -> dict[str, str]:
    """Return what stopped each attempt; what is left out was not stopped."""
    brief = [name for name in names if name not in ENDLESS]
    stopped = _ask(brief, script, told) if brief else {}
    for name in names:
        if name in ENDLESS:
            stopped |= _outlast(name, script, told)
    return stopped


def _ask(names: list[str], script: Path | None, told: dict[str, str]) -> dict[str, str]:
    with _child({**told, "attempts": " ".join(names)}, script) as child:
        try:
            said = child.description(time.monotonic() + 60, 60).get("stopped")
        except (Answered, ChildDied):
            return {}
    return {str(k): clean(str(v), 100) for k, v in said.items()} if isinstance(said, dict) else {}


def _outlast(name: str, script: Path | None, told: dict[str, str]) -> dict[str, str]:
    """Let the child go on for ever, and see that it does not."""
    seconds = ENDLESS[name]
    with _child({**told, "attempts": name}, script, Limits(cpu_seconds=1)) as child:
        try:
            child.description(time.monotonic() + seconds, seconds)
        except ChildDied as end:
            return {name: str(end)} if not _lives(child.pid) else {}
        except Answered:
            return {}
    return {}


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in {"Z", "X"}


def _judged(name: str, forked: str | None, direct: str | None) -> Attempt:
    what = ATTEMPTS[name]
    if forked is not None and direct is not None:
        return Attempt(name, held=True, sentence=f"{what}: stopped ({forked})")
    where = (
        "" if forked is direct is None else " in a fork of the template" if direct else " in a direct child"
    )
    return Attempt(name, held=False, sentence=f"{what}: NOT stopped{where}")

"""Attack our own lock on this host, and say which attempts it stopped."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from auditor.sandbox.host import available
from auditor.sandbox.limits import Limits
from auditor.sandbox.parent import Answered, Child, ChildDied, clean

SCRIPT = Path(__file__).with_name("attack_child.py")
ATTEMPTS = {
    "read-file": "reading a file of this host",
    "write-file": "writing a file",
    "read-parent": "reading the service's environment",
    "kill-parent": "signalling the service",
    "fork": "starting a process",
    "run-program": "running a program",
    "tcp": "opening a TCP connection",
    "udp": "sending over UDP",
    "memory": "taking a terabyte of memory",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attack from inside the lock and whether it was stopped."""

    name: str
    held: bool
    sentence: str


def canary(names: tuple[str, ...] = tuple(ATTEMPTS)) -> tuple[Attempt, ...]:
    """Try each attack in a fresh locked child; where the lock is missing, say so instead."""
    missing = available()
    if missing is not None:
        return (Attempt("lock", held=False, sentence=missing),)
    return tuple(_attempt(name) for name in names)


def _attempt(name: str) -> Attempt:
    limits = Limits()
    handle = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    try:
        with Child(name, handle, limits, script=SCRIPT) as child:
            said = child.description(time.monotonic() + 30, 30)
        held, by = said.get("held") is True, clean(str(said.get("by", "")), 100)
    except (Answered, ChildDied) as end:
        held, by = False, str(end)
    finally:
        os.close(handle)
    what = ATTEMPTS[name]
    return Attempt(name, held, f"{what}: stopped ({by})" if held else f"{what}: NOT stopped {by}".rstrip())

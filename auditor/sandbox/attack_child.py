"""A locked child that tries to break out, once, in the way it is told; see `attacks.canary`.

It runs a fixed list of harmless attempts, never code that it is given.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # -I leaves it out

from auditor.sandbox.child import enter


def _fork() -> object:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return pid


ATTEMPTS: dict[str, Callable[[], object]] = {
    "read-file": lambda: Path("/etc/passwd").read_bytes(),
    "write-file": lambda: Path("/auditor-canary").write_bytes(b""),
    "read-parent": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    "kill-parent": lambda: os.kill(os.getppid(), 0),
    "fork": _fork,
    "run-program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 - it must fail
    "tcp": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "memory": lambda: bytearray(1 << 40),
}


def main() -> None:
    """Lock this process, attack, and say `held` or `broken`."""
    attempt, _, _, _, answers = enter(sys.argv[1:])
    from auditor.sandbox.inside.answers import send_description

    try:
        ATTEMPTS[attempt]()
    except (OSError, MemoryError) as stopped:
        send_description(answers, {"held": True, "by": str(stopped) or type(stopped).__name__})
    else:
        send_description(answers, {"held": False, "by": ""})


if __name__ == "__main__":
    main()

"""Attempts to break out of the lock, made from inside it; see `attacks.canary`.

A fixed list of harmless attempts, never code that is given: the template forks a child that makes them, and
this file starts one directly. Each must end in an error.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # -I leaves it out

from auditor.sandbox.child import enter
from auditor.sandbox.lock import LIBC

MOST_THREADS = 2_000
DESCRIPTORS = 1_024


def _call(name: str, *arguments: Any) -> None:
    """Make a system call with no library between it and the lock."""
    import pyseccomp

    if LIBC.syscall(pyseccomp.resolve_syscall(pyseccomp.system_arch(), name), *arguments) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _unix_socket(name: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.connect("\0" + name)


def _read_memory(pid: int) -> None:
    seen, secret = ctypes.create_string_buffer(8), ctypes.create_string_buffer(b"AUDITOR")
    here = (ctypes.c_size_t * 2)(ctypes.addressof(seen), 8)
    there = (ctypes.c_size_t * 2)(ctypes.addressof(secret), 8)
    _call("process_vm_readv", pid, here, 1, there, 1, 0)


def _memory_file(pid: int) -> None:
    os.close(os.open(f"/proc/{pid}/mem", os.O_RDONLY))


def _threads() -> None:
    held = threading.Event()
    try:
        for _ in range(MOST_THREADS):
            threading.Thread(target=held.wait, daemon=True).start()
    finally:
        held.set()


def _raise_limits() -> None:
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NOFILE):
        most = resource.getrlimit(limit)[1]
        try:
            resource.setrlimit(limit, (most + 1, most + 1))
        except (OSError, ValueError):
            continue
        return
    raise PermissionError("its limits are fixed")


def _other_descriptors(own: frozenset[int]) -> None:
    """Look for a descriptor that was left open beside the child's own."""
    for number in range(DESCRIPTORS):
        try:
            os.fstat(number)
        except OSError:
            continue
        if number not in own:
            return
    raise PermissionError("there is none")


def attempts(told: Mapping[str, Any], own: frozenset[int]) -> dict[str, Callable[[], object]]:
    """Return name -> attempt; an attempt that returns got through."""
    parent, sibling = int(told["service"]), int(told["sibling"])
    attach = 0x4206  # PTRACE_SEIZE, which does not stop what it seizes
    return {
        "read-file": lambda: Path("/etc/passwd").read_bytes(),
        "write-file": lambda: Path("/auditor-canary").write_bytes(b""),
        "list-folder": lambda: os.listdir("/"),  # noqa: PTH208 - the call itself is tried
        "read-parent": lambda: Path(f"/proc/{parent}/environ").read_bytes(),
        "parent-memory": lambda: _memory_file(parent),
        "parent-memory-call": lambda: _read_memory(parent),
        "trace-parent": lambda: _call("ptrace", attach, parent, 0, 0),
        "kill-parent": lambda: os.kill(parent, 0),
        "kill-starter": lambda: os.kill(os.getppid(), 0),
        "sibling-memory": lambda: _memory_file(sibling),
        "sibling-memory-call": lambda: _read_memory(sibling),
        "trace-sibling": lambda: _call("ptrace", attach, sibling, 0, 0),
        "kill-sibling": lambda: os.kill(sibling, 0),
        "sibling-descriptors": lambda: _call("pidfd_open", sibling, 0),
        "list-descriptors": lambda: os.listdir("/proc/self/fd"),  # noqa: PTH208 - the call itself is tried
        "other-descriptors": lambda: _other_descriptors(own),
        "fork": _fork,
        "run-program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 - it must fail
        "tcp": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
        "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
        "unix-socket": lambda: _unix_socket(str(told["door"])),
        "io-uring": lambda: _call("io_uring_setup", 1, ctypes.create_string_buffer(256)),
        "memfd": lambda: os.close(os.memfd_create("canary")),
        "namespaces": lambda: _call("unshare", 0x10000000),
        "kernel-program": lambda: _call("bpf", 0, ctypes.create_string_buffer(128), 128),
        "raise-limits": _raise_limits,
        "memory": lambda: bytearray(1 << 40),
        "threads": _threads,
        "sleep": lambda: time.sleep(3_600),
        "spin": _spin,
    }


def _spin() -> None:
    while True:
        pass


def serve(descriptor: int, told: Mapping[str, Any], questions: BinaryIO, answers: BinaryIO) -> None:
    """Make the attempts asked for and say what stopped each; `wait` is a sibling to be attacked."""
    from auditor.sandbox.inside.answers import send_description

    if told["attempts"] == "wait":
        send_description(answers, {})
        questions.read(1)
        return
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    own = frozenset({0, 1, 2, descriptor, questions.fileno(), answers.fileno()})
    known, stopped = attempts(told, own), dict[str, str]()
    for name in told["attempts"].split():
        try:
            known[name]()
        except (OSError, MemoryError, RuntimeError) as error:
            stopped[name] = str(error) or type(error).__name__
    send_description(answers, {"stopped": stopped})


def main() -> None:
    """Lock this process and attack."""
    _, descriptor, told, questions, answers = enter(sys.argv[1:])
    serve(descriptor, told, questions, answers)


if __name__ == "__main__":
    main()

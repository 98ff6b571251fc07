"""A child that locks itself exactly as the real one does, and then attacks. Only tests start it.

It answers `{"stopped": errno}` where the lock refused, `{"stopped": null}` where it got through.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from auditor.sandbox.child import enter

LIBC = ctypes.CDLL(None, use_errno=True)
PARENT = os.getppid()


def call(*arguments):
    """Make a raw system call, so that no library stands between the attack and the lock."""
    if LIBC.syscall(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def unix_socket():
    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect("\0abstract")


def raise_own_memory():
    call(302, 0, resource.RLIMIT_AS, struct.pack("QQ", 2**64 - 1, 2**64 - 1), None)


def limit_parent():
    nothing = struct.pack("QQ", 0, 0)
    call(302, PARENT, 0, nothing, None)


def spawn():
    if os.fork() == 0:
        os._exit(0)


ATTACKS = {
    "os.system": lambda _: os.posix_spawn("/bin/true", ["true"], {}),
    "fork": lambda _: spawn(),
    "raw clone": lambda _: call(56, signal.SIGCHLD, 0, 0, 0, 0),
    "exec": lambda _: os.execv("/bin/true", ["true"]),
    "tcp": lambda _: socket.create_connection(("127.0.0.1", 9)),
    "udp": lambda _: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "abstract unix socket": lambda _: unix_socket(),
    "read passwd": lambda _: Path("/etc/passwd").read_bytes(),
    "read secret": lambda told: Path(told["secret"]).read_bytes(),
    "list folder": lambda told: list(Path(told["secret"]).parent.iterdir()),
    "write beside": lambda told: Path(told["secret"] + ".new").write_bytes(b"x"),
    "delete": lambda told: Path(told["secret"]).unlink(),
    "parent environment": lambda _: Path(f"/proc/{PARENT}/environ").read_bytes(),
    "parent memory": lambda _: os.open(f"/proc/{PARENT}/mem", os.O_RDONLY),
    "process_vm_readv": lambda _: call(310, PARENT, None, 0, None, 0, 0),
    "ptrace": lambda _: call(101, 0x4206, PARENT, 0, 0),
    "kill parent": lambda _: os.kill(PARENT, signal.SIGKILL),
    "limit parent": lambda _: limit_parent(),
    "io_uring": lambda _: call(425, 1, ctypes.create_string_buffer(256)),
    "memfd": lambda _: os.memfd_create("x"),
    "raise own memory": lambda _: raise_own_memory(),
    "memory bomb": lambda told: bytearray(told["memory_bytes"]),
}


def attack(name, told, answers):
    from auditor.sandbox.inside.answers import send_description

    try:
        ATTACKS[name](told)
    except MemoryError:
        send_description(answers, {"stopped": "MemoryError"})
    except (OSError, ValueError) as error:
        send_description(answers, {"stopped": getattr(error, "errno", None) or type(error).__name__})
    else:
        send_description(answers, {"stopped": None})


def main():
    name, _, told, questions, answers = enter(sys.argv[1:])
    match name:
        case "spin":
            while True:
                pass
        case "sleep":
            time.sleep(600)
        case "print":
            sys.stdout.write("AGR1" * 100)
            sys.stdout.flush()
            os.write(1, b"AGR1" * 100)
            attack("read passwd", told, answers)
        case "flood":
            while True:
                os.write(2, b"x" * 65_536)
        case "forged length":
            answers.write(struct.pack("<4sIQQ", b"AGR1", 0, 2**60, 1))
            answers.flush()
            time.sleep(600)
        case "forged magic":
            answers.write(b"\0" * 4096)
            answers.flush()
            time.sleep(600)
        case "wait":
            attack("memory bomb", {"memory_bytes": 1}, answers)
            questions.read(1)
        case _:
            attack(name, told, answers)


if __name__ == "__main__":
    main()

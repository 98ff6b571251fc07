"""Models that behave well until they are asked, each a class whose code travels inside its cloudpickle.

`MODELS` maps a name to what `predict_proba` does. The classes are pickled by value, so the child needs no
module of ours to run them: this is the most that a submitted file can do once an operator allows pickles.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import cloudpickle
import numpy as np

from tests.hostile.routes import Target


class Evil:
    """A classifier whose answer is an attack."""

    def __init__(self, act: Callable[[Any, Any], Any], target: dict[str, Any]) -> None:
        self.act, self.target = act, target
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = 2

    def predict(self, X: Any) -> Any:
        return (self.predict_proba(X)[:, 1] > 0.5).astype(int)

    def predict_proba(self, X: Any) -> Any:
        said = self.act(X, self.target)
        return np.tile([0.4, 0.6], (len(X), 1)) if said is None else said


def fork(X, t):
    import os

    if os.fork() == 0:
        os._exit(0)


def run_program(X, t):
    import subprocess

    subprocess.run(["/bin/sh", "-c", "touch " + t["mark"]], check=True)


def tcp(X, t):
    import socket

    socket.create_connection(("127.0.0.1", t["port"]), 2).sendall(b"secret")


def udp(X, t):
    import socket

    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"secret", ("127.0.0.1", t["port"]))


def unix(X, t):
    import socket

    socket.socket(socket.AF_UNIX).connect("\0auditor")


def read_secret(X, t):
    with open(t["secret"], "rb") as file:
        file.read()


def list_tenants(X, t):
    import os

    os.listdir(os.path.dirname(t["secret"]))


def write_mark(X, t):
    with open(t["mark"], "w") as file:
        file.write("broken")


def poison_library(X, t):
    import sklearn

    with open(sklearn.__file__, "a") as file:
        file.write("# poisoned")


def parent_environment(X, t):
    import os

    with open(f"/proc/{os.getppid()}/environ", "rb") as file:
        file.read()


def kill_parent(X, t):
    import os

    os.kill(os.getppid(), 9)


def kill_everyone(X, t):
    import os

    os.kill(-1, 9)


def other_descriptors(X, t):
    """Write on every descriptor that is open: frames, pipes, whatever the parent left."""
    import os

    for descriptor in range(3, 256):
        try:
            os.write(descriptor, b"AGR1" * 64)
        except OSError:
            pass


def threads(X, t):
    import threading
    import time

    for _ in range(100_000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()


def memory(X, t):
    return np.ones((1 << 34,))


def spin(X, t):
    while True:
        pass


def sleep(X, t):
    import time

    time.sleep(600)


def recursion(X, t):
    def again():
        return again()

    again()


def leave(X, t):
    import os

    os._exit(0)


def raise_system_exit(X, t):
    raise SystemExit(0)


def crash(X, t):
    import ctypes

    ctypes.string_at(0)


def prints(X, t):
    import os

    print("AGR1" * 1000)
    os.write(1, b"AGR1" * 1000)


def forged_rows(X, t):
    return np.tile([0.4, 0.6], (len(X) * 2, 1))


def forged_columns(X, t):
    return np.full((len(X), 3), 1 / 3)


def not_numbers(X, t):
    return np.full((len(X), 2), np.nan)


def no_probabilities(X, t):
    return np.full((len(X), 2), 7.0)


def text(X, t):
    return np.array([["<script>", "=cmd()"]] * len(X))


def long_error(X, t):
    raise ValueError("<script>alert(1)</script>\n\x1b[31m\u202e" + "x" * 1_000_000)


def forged_frame(X, t):
    """Take the writer of the answers and claim 2**60 rows."""
    import gc
    import io
    import struct

    for thing in gc.get_objects():
        if isinstance(thing, io.BufferedWriter) and not thing.closed:
            thing.write(struct.pack("<4sIQQ", b"AGR1", 0, 2**60, 2))
            thing.flush()


def raise_limits(X, t):
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def shared_memory(X, t):
    import os

    os.memfd_create("x")


def trace_parent(X, t):
    import ctypes
    import os

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(0x4206, os.getppid(), 0, 0) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


STOPPED: dict[Callable[..., Any], str] = {
    fork: "seccomp",
    run_program: "seccomp",
    tcp: "seccomp",
    udp: "seccomp",
    unix: "seccomp",
    read_secret: "Landlock",
    list_tenants: "Landlock",
    write_mark: "Landlock",
    poison_library: "Landlock",
    parent_environment: "Landlock",
    kill_parent: "seccomp",
    kill_everyone: "seccomp",
    trace_parent: "seccomp",
    shared_memory: "seccomp",
    raise_limits: "rlimits",
    memory: "rlimits",
    threads: "rlimits",
    spin: "deadline",
    sleep: "deadline",
    recursion: "child",
    leave: "child",
    raise_system_exit: "child",
    crash: "child",
    other_descriptors: "frames",
    forged_frame: "frames",
    forged_rows: "frames",
    forged_columns: "frames",
    not_numbers: "answers",
    no_probabilities: "answers",
    text: "answers",
    long_error: "cleaning",
}
"""Attack -> the layer that stops it; `child` means that only the attacker's own process is lost."""


def pickled(act: Callable[..., Any], target: Target) -> bytes:
    """Return the file: code and all."""
    module = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(module)
    try:
        told = {"mark": str(target.mark), "secret": str(target.secret), "port": target.port}
        return cloudpickle.dumps(Evil(act, told))
    finally:
        cloudpickle.unregister_pickle_by_value(module)

"""The template process: locked and with the libraries imported, it forks a locked child for each file.

Started by its path, as `python -I -B template.py CONTROL PARENT IDLE`. It is ours alone and never reads a
byte of a submitted file: a request on the control socket carries the open file and the pipes of the child,
the fork closes everything else, locks itself further, and only then reads. Forking is safe because there is
one thread, which is looked at before every fork.
"""

from __future__ import annotations

import array
import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
IMPORTED = (
    "numpy",
    "pyarrow",
    "pandas",
    "auditor.sandbox.inside.table",
    "auditor.sandbox.inside.model",
    "threadpoolctl",
)
"""Imported in this order, while no request waits; a fork imports itself what is not there yet."""
SKOPS = (
    "scipy.sparse",
    "sklearn.base",
    "skops.io",
    "auditor.sandbox.inside.skops_model",
    "auditor.sandbox.inside.trees",
)
"""Imported before the first fork that asks for them: three quarters of the time, and few audits need them."""
FOR_SKOPS = b'{"operation": "skops"'
"""How a request of such a fork begins."""


@dataclass(frozen=True, slots=True)
class Ward:
    """A fork that lives, and the socket on which its parent is told how it ended."""

    pid: int
    pidfd: int
    reply: socket.socket


class Template:
    """The loop: take requests, import while there is nothing to do, tell how forks ended."""

    def __init__(self, control: int, tasks: int, readable: tuple[str, ...], idle: float) -> None:
        self._control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, control)
        self._tasks, self._readable, self._idle = tasks, readable, idle
        self._wards: dict[int, Ward] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._missing, self._skops = list(IMPORTED), list(SKOPS)
        self._request = bytearray(65_536)

    def serve(self) -> None:
        """Serve until the parent closes its end, or nothing happened for the idle time."""
        while True:
            patience = 0 if self._missing else None if self._wards else int(self._idle * 1_000)
            ready = self._poll.poll(patience)
            if not ready and not self._missing:
                return
            if not ready:
                self._import(self._missing.pop(0))
            for descriptor, _ in ready:
                if descriptor in self._wards:
                    self._see_off(self._wards[descriptor])
                elif descriptor == self._control.fileno() and not self._take():
                    return

    def _import(self, name: str) -> None:
        module = import_module(name)
        if name == "threadpoolctl":
            vars(module)["_HAS_PROCFS"] = False  # no /proc in here; the linker lists libraries instead
        if not self._missing:
            gc.freeze()  # what is shared with the forks stays shared

    def _take(self) -> bool:
        """Take one request and fork for it; return whether the parent is still there.

        What one request says is wiped here before the next fork could find it in the memory it inherits.
        """
        room = socket.CMSG_SPACE(5 * array.array("i").itemsize)
        size, ancillary, _, _ = self._control.recvmsg_into([self._request], room)
        descriptors = array.array("i", b"".join(data for _, _, data in ancillary)).tolist()
        try:
            if len(descriptors) == 5:
                self._fork(size, descriptors)
        finally:
            self._request[:size] = bytes(size)
            for descriptor in descriptors[:4]:
                os.close(descriptor)
        return size > 0

    def _fork(self, size: int, descriptors: list[int]) -> None:
        reply = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, descriptors[4])
        if self._skops and self._request.startswith(FOR_SKOPS):
            self._missing, self._skops = [*self._missing, *self._skops], []
            while self._missing:
                self._import(self._missing.pop(0))
        if len(os.listdir(self._tasks)) != 1:  # noqa: PTH208 - an open folder has no path in here
            reply.close()  # a lock may be held by the other thread: the parent starts a child itself
            return
        template = os.getpid()
        try:
            pid = os.fork()
        except OSError:  # the host is out of processes or memory: other people's forks live on
            reply.close()
            return
        if pid == 0:
            _become_child(self._request[:size], descriptors[:4], self._readable, template)
        pidfd = os.pidfd_open(pid)
        ward = Ward(pid, pidfd, reply)
        self._wards[pidfd] = self._wards[reply.fileno()] = ward
        self._poll.register(pidfd, select.POLLIN)
        self._poll.register(reply.fileno(), 0)  # only that the other end is gone
        with contextlib.suppress(ConnectionError):  # the other end is gone, which the next look shows
            socket.send_fds(reply, [str(pid).encode()], [pidfd])

    def _see_off(self, ward: Ward) -> None:
        """Reap a fork that ended, or end one that nobody waits for; tell how it ended."""
        if ward.pidfd not in self._wards:
            return  # both its descriptors were ready
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(ward.pidfd, signal.SIGKILL)
        _, status = os.waitpid(ward.pid, 0)
        with contextlib.suppress(ConnectionError):  # nobody waits for it
            ward.reply.sendmsg([str(os.waitstatus_to_exitcode(status)).encode()])
        for descriptor in (ward.pidfd, ward.reply.fileno()):
            self._poll.unregister(descriptor)
            del self._wards[descriptor]
        os.close(ward.pidfd)
        ward.reply.close()


def _become_child(
    raw: bytearray, descriptors: list[int], readable: tuple[str, ...], template: int
) -> NoReturn:
    """Keep the file and the pipes, lock this fork, and do what the direct child does."""
    from auditor.sandbox import child
    from auditor.sandbox.lock import LAYER_MISSING, LayerMissing, harden_fork

    status = 1
    try:
        file, *pipes = descriptors
        for wanted, pipe in enumerate(pipes):
            os.dup2(pipe, wanted)
        os.dup2(file, 3)
        os.closerange(4, 1_024)
        os.setsid()
        request = json.loads(raw)
        told = request["told"]
        harden_fork(told["memory_bytes"], told["cpu_seconds"], readable, template)
        if "numpy" in sys.modules:  # else every fork would draw the same numbers
            import_module("numpy.random").seed()
        child.answer(request["operation"], 3, told, *child.channels())
        status = 0
    except (LayerMissing, OSError) as missing:
        os.write(2, str(missing)[:500].encode())
        status = LAYER_MISSING if isinstance(missing, LayerMissing) else 1
    finally:
        os._exit(status)


def main() -> None:
    """Lock this process and serve."""
    control, parent, idle = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    sys.path.insert(0, str(ROOT))  # -I leaves it out
    import checks  # noqa: F401
    from auditor.sandbox.lock import LAYER_MISSING, LayerMissing, harden_template, readable_paths

    tasks = os.open("/proc/self/task", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    readable = readable_paths(ROOT / "auditor", ROOT / "checks")
    try:
        harden_template(readable, parent)
    except (LayerMissing, OSError, ImportError):
        os._exit(LAYER_MISSING)  # the direct child, which is started then, says which
    Template(control, tasks, readable, idle).serve()


if __name__ == "__main__":
    main()

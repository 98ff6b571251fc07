"""Measure how much memory uploads cost the web process: one of SIZE MiB, then several at once.

usage: python -m benchmarks.uploads [SIZE_MIB] [AT_ONCE]      (default 1024 and 8)

Starts the web server alone in a temporary folder, sends the bytes as curl would, and watches the resident
set of the process that answers, ten times a second.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
PIECE = 256 * 1024


def pieces(size: int, seed: int) -> Iterator[bytes]:
    """Yield *size* bytes, different for each *seed*, without holding them."""
    block = hashlib.sha256(str(seed).encode()).digest() * (PIECE // 32)
    for _ in range(size // PIECE):
        yield block


def digest(size: int, seed: int) -> str:
    found = hashlib.sha256()
    for piece in pieces(size, seed):
        found.update(piece)
    return found.hexdigest()


def resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


@contextlib.contextmanager
def web(home: Path) -> Iterator[tuple[int, int]]:
    """Start the web server; yield its port and the process that answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "AUDITOR_HOME": str(home), "AUDITOR_PORT": str(port), "AUDITOR_WORKERS": "0"}
    serve = [sys.executable, "-m", "auditor", "serve"]
    process = subprocess.Popen(
        serve, cwd=ROOT, env={**environment, "AUDITOR_FIRST_AUDIT": ""}, stdout=subprocess.DEVNULL
    )
    try:
        until_answering(port)
        yield port, answering(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def until_answering(port: int) -> None:
    while True:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/readyz")  # also loads what the first request loads
            tried = json.loads(connection.getresponse().read())["canary"]
            connection.close()
            if tried in {"held", "broken"}:
                return
        time.sleep(0.2)


def answering(supervisor: int) -> int:
    """Return the worker in the line supervisor -> gunicorn -> worker; its own children are locked ones."""
    pid = supervisor
    while servers := [child for child in children(pid) if b"gunicorn" in command(child)]:
        pid = servers[0]
    return pid


def children(pid: int) -> list[int]:
    return [int(n) for task in Path(f"/proc/{pid}/task").glob("*/children") for n in task.read_text().split()]


def command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def upload(port: int, size: int, seed: int, name: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    connection.request("PUT", f"/api/v1/artifacts/{name}", body=pieces(size, seed), headers=headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status != 201:
        raise RuntimeError(f"{answer.status}: {said[:200]!r}")


def raised(port: int, pid: int, size: int, at_once: int, first_seed: int = 0) -> tuple[int, float]:
    """Return by how many bytes *at_once* uploads raised the process, and how long they took."""
    seeds = range(first_seed, first_seed + at_once)
    names = {seed: digest(size, seed) for seed in seeds}
    idle = peak = resident(pid)
    threads = [threading.Thread(target=upload, args=(port, size, seed, names[seed])) for seed in seeds]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        peak = max(peak, resident(pid))
        time.sleep(0.1)
    return peak - idle, time.monotonic() - began


def main() -> None:
    size = (int(sys.argv[1]) if len(sys.argv) > 1 else 1024) * MIB
    at_once = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    with tempfile.TemporaryDirectory() as folder, web(Path(folder) / "home") as (port, pid):
        print(f"idle: {resident(pid) / MIB:.0f} MiB")
        for count, first in ((1, 0), (at_once, 1)):
            grown, seconds = raised(port, pid, size, count, first)
            print(f"{count} x {size // MIB} MiB: {grown / MIB:+.1f} MiB in {seconds:.1f} s")


if __name__ == "__main__":
    main()

"""Small servers on loopback that answer as each test says, byte for byte."""

from __future__ import annotations

import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from auditor.endpoint import Rules, admit
from auditor.endpoint.address import resolve
from auditor.endpoint.asked import Endpoint
from auditor.endpoint.call import Caller
from auditor.endpoint.model import EndpointModel
from checks.model import Task


@dataclass
class Request:
    """What arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """A running server and what it was asked."""

    port: int
    seen: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def entry(self) -> str:
        return f"http://127.0.0.1:{self.port}"


OPENED: list[Caller] = []
"""What `conftest` closes."""
Answer = Callable[[Request, socket.socket], None]


def reply(status: str = "200 OK", body: bytes = b"", **headers: str) -> Answer:
    """Answer with this head and body, and keep the connection open."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines]) + "\r\n\r\n"
    return lambda _, sock: sock.sendall(head.encode() + body)


def said(value: object) -> Answer:
    """Answer with a value as JSON."""
    return reply(body=json.dumps(value).encode(), Content_Type="application/json")


def in_turn(*answers: Answer) -> Answer:
    """Answer the first question by the first, the next by the next, and all others by the last."""
    left = list(answers)

    def answer(request: Request, sock: socket.socket) -> None:
        now = left.pop(0) if len(left) > 1 else left[0]
        now(request, sock)

    return answer


def _line(file: BinaryIO) -> str:
    return file.readline().decode().strip()


@contextmanager
def serving(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve until the block ends."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            sock = self.request
            server.connections += 1
            with suppress(OSError, ValueError):
                if context is not None:
                    sock = context.wrap_socket(sock, server_side=True)
                with sock, sock.makefile("rb") as file:
                    while line := _line(file):
                        heads = iter(partial(_line, file), "")
                        headers = {k.lower(): v for k, _, v in (h.partition(": ") for h in heads)}
                        request = Request(line, headers, file.read(int(headers.get("content-length", 0))))
                        server.seen.append(request)
                        answer(request, sock)

    class Threads(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        block_on_close = False

    with Threads(("127.0.0.1", 0), Handler) as running:
        server = Server(running.server_address[1])
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            running.shutdown()
            thread.join()


def json_endpoint(server: Server, **more: object) -> Endpoint:
    """Return a plain JSON mapping onto *server*."""
    return Endpoint.model_validate({"url": f"{server.entry}/score", "protocol": "json", **more})


def rules(server: Server, **changed: object) -> Rules:
    """Return rules that allow *server*, with small limits."""
    usual = {"call_seconds": 2.0, "per_second": 1e6, "retries": 2}
    return Rules(**{"hosts": (server.entry,), **usual, **changed})


def opened(
    asked: Endpoint, allowed: Rules, task: Task = Task.BINARY, sleeps: list[float] | None = None
) -> EndpointModel:
    """Return a model at *asked*; seconds that it would sleep are noted, not slept."""
    target = admit(asked.url, allowed.hosts)
    noted = [] if sleeps is None else sleeps
    caller = Caller(target, resolve(target.host), allowed, seed=0, sleep=noted.append)
    OPENED.append(caller)
    return EndpointModel(asked, task, caller, dict.fromkeys(asked.classes))

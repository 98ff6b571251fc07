"""What every request passes before any route: the host it names, where it comes from, and who sends it.

On loopback everybody on this machine is the local account. Bound to any other address, nothing but
`/healthz`, `/readyz` and what is public (register with its questions, log, keys) answers without the token of
the first start.
"""

from __future__ import annotations

import re
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import Forbidden, MisdirectedRequest, Unauthorized

from auditor.config import Settings
from auditor.service import Service
from auditor.store import people
from auditor.views import Account

OPEN = ("/healthz", "/readyz", "/register.rss")
PUBLIC = (
    "/register",
    "/log",
    "/.well-known",
    "/api/v1/register",
    "/api/v1/log",
    "/assets",
    "/bootstrap/static",
)
"""What everybody may read, with all below: the register, the log, the keys, and what pages look like."""
SEND = re.compile(r"(/register|/api/v1/register)/(answers(/erase)?|[^/]+/questions)")
"""What everybody may send: a question or objection, and the reference of one to read its answer."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
}
"""Set unless a route or the pages chose their own."""


def register(app: Flask) -> None:
    """Guard every request to *app*."""
    app.before_request(_admit)
    app.after_request(_harden)


def _admit() -> None:
    settings = cast("Settings", current_app.config["AUDITOR_SETTINGS"])
    if request.host not in settings.hosts:
        raise MisdirectedRequest(
            f"this service is not {request.host[:100]!r}; name its host in AUDITOR_ALLOWED_HOSTS."
        )
    if request.method not in SAFE:
        _refuse_other_sites()
    if not _for_everybody():
        g.account = _account(settings)


def _for_everybody() -> bool:
    below = any(request.path == place or request.path.startswith(f"{place}/") for place in PUBLIC)
    sends = request.method == "POST" and SEND.fullmatch(request.path)
    return request.path in OPEN or bool(sends) or (below and request.method in SAFE)


def _refuse_other_sites() -> None:
    """Refuse what a page of another site makes a browser send. Programs send neither header."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Forbidden("this request comes from a page of another site; open the service itself.")
    if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
        raise Forbidden("this request comes from a page of another site; open the service itself.")


def _account(settings: Settings) -> Account:
    service = cast("Service", current_app.extensions["auditor"])
    token = _token()
    with service.database.reading() as session:
        account = people.account_of(session, token) if token else None
    if account is not None:
        return account
    if settings.loopback and token is None:
        return Account(people.LOCAL, "Local account")
    raise Unauthorized(
        "send the token that was printed at the first start: `Authorization: Bearer <token>`.",
        www_authenticate=None,
    )


def _token() -> str | None:
    """Return the token of a program (Bearer), or of a browser (Basic: any name, the token as password)."""
    sent = request.authorization
    if sent is None:
        return None
    return (sent.token if sent.type == "bearer" else sent.password) or ""


def _harden(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.status_code == Unauthorized.code:
        response.headers["WWW-Authenticate"] = 'Bearer realm="auditor", Basic realm="auditor"'
    return response

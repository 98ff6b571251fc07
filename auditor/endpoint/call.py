"""One JSON call over a pinned connection, within every limit, and again where the other side is busy.

urllib3 speaks HTTP and TLS; it is given the address that was judged and the name that the certificate must
carry, so no second look-up can lead elsewhere. It follows no redirect, reads no proxy setting and keeps no
cookie.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import math
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from socket import SHUT_RDWR
from typing import TYPE_CHECKING

import numpy as np
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util.ssl_match_hostname import CertificateError

from auditor.endpoint.record import Call, Record
from checks.model import Inconclusive, ModelError

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

    from auditor.endpoint.address import Target
    from auditor.endpoint.rules import Rules

logger = logging.getLogger(__name__)

BUSY = {429, 502, 503, 504}
CHUNK = 65_536
FIRST_WAIT, LONGEST_WAIT = 0.25, 30.0
PART = 308  # of the seed's stream
CONNECTION_LOST = (HTTPError, HTTPException, OSError)


class BudgetSpent(Inconclusive):
    """Asking on would cost more than this installation allows; no fault of the model's."""


class _Again(Exception):
    """The call failed in a way that may pass; the sentence says how, `wait` what the other side asked for."""

    def __init__(self, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait = wait


@dataclass(slots=True)
class _Told:
    """What is known of one attempt when it ends."""

    status: int | None = None
    received: int = 0
    response: str | None = None


class Caller:
    """Asks one target. What a step may cost is counted in its record, whoever of its callers asked."""

    def __init__(
        self,
        target: Target,
        address: str,
        rules: Rules,
        *,
        seed: int,
        record: Record | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.target, self.rules, self.address = target, rules, address
        self._token = rules.token(target.host.entry)
        self._sleep = sleep
        self._connection: HTTPConnection | HTTPSConnection | None = None
        self._jitter = np.random.default_rng([seed, PART])
        self.record = record or Record(target.host.entry, address)
        self._deadline = self.record.began + rules.seconds
        self._next = 0.0

    def close(self) -> None:
        """Let go of the connection; the next call makes a fresh one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def afford(self, calls: int) -> None:
        """Raise `BudgetSpent` when *calls* more calls are not allowed, before any is wasted on it."""
        left = self.rules.calls - len(self.record.calls)
        if calls > left:
            raise BudgetSpent(
                f"it needs {calls:,} more calls of the endpoint, and {max(left, 0):,} of "
                f"{self.rules.calls:,} are left; its operator can raise AUDITOR_ENDPOINT_CALLS"
            )
        seconds = self._deadline - time.monotonic()
        if seconds <= 0 or (calls - 1) / self.rules.per_second > seconds:
            raise BudgetSpent(
                f"{calls:,} more calls of the endpoint do not fit into the {self.rules.seconds:g} seconds "
                "allowed; its operator can raise AUDITOR_ENDPOINT_SECONDS"
            )

    def ask(self, body: bytes) -> bytes:
        """Return what the endpoint answers to *body*; raise `ModelError` or `BudgetSpent` with a sentence."""
        attempt = 0
        while True:
            attempt += 1
            self.afford(1)
            self._pace()
            try:
                return self._once(body, attempt)
            except _Again as busy:
                if attempt > self.rules.retries:
                    tried = "once" if attempt == 1 else f"{attempt} times"
                    raise ModelError(f"{busy}; it was asked {tried}") from None
                self._back_off(attempt, busy)

    def _pace(self) -> None:
        wait = self._next - time.monotonic()
        if wait > 0:
            self._sleep(wait)
        self._next = time.monotonic() + 1 / self.rules.per_second

    def _back_off(self, attempt: int, busy: _Again) -> None:
        """Wait twice as long each time, spread so that many askers do not return at once."""
        wait = min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT)
        wait = max(wait * (1 + float(self._jitter.random())), busy.wait)
        if wait > LONGEST_WAIT or time.monotonic() + wait > self._deadline:
            raise ModelError(f"{busy}, and asks to wait {wait:,.0f} seconds; try again later") from None
        self._sleep(wait)

    def _once(self, body: bytes, attempt: int) -> bytes:
        """Ask once, and record how it went whatever happens."""
        at, began, told = dt.datetime.now(dt.UTC), time.monotonic(), _Told()
        problem: str | None = None
        try:
            return self._exchange(body, told)
        except (ModelError, _Again) as why:
            problem = str(why)
            self.close()
            raise
        finally:
            call = Call(
                at=at.isoformat(timespec="milliseconds"),
                attempt=attempt,
                status=told.status,
                problem=problem,
                milliseconds=round((time.monotonic() - began) * 1000, 1),
                bytes_out=len(body),
                bytes_in=told.received,
                request=hashlib.sha256(body).hexdigest(),
                response=told.response,
            )
            self.record.calls.append(call)
            # an audit that is refused leaves no record; the log has its calls all the same
            logger.info("asked %s: status %s, attempt %s", self.record.host, call.status, attempt)

    def _exchange(self, body: bytes, told: _Told) -> bytes:
        late = threading.Event()
        limit = min(self.rules.call_seconds, max(self._deadline - time.monotonic(), 0.01))
        until = time.monotonic() + limit
        try:
            connection = self._connected(limit)
            clock = threading.Timer(max(until - time.monotonic(), 0), _cut, (connection, late))
            clock.daemon = True
            clock.start()  # a header that comes byte by byte never meets the socket's own timeout
            try:
                content = self._spoken(connection, body, told)
            finally:
                clock.cancel()
            _whole(late)
        except ssl.SSLError as why:
            raise ModelError(_tls(why)) from None
        except CertificateError:
            name = self.target.host.name
            raise ModelError(f"the endpoint's certificate is not accepted: it is not for {name}") from None
        except CONNECTION_LOST as why:
            if late.is_set() or isinstance(why, TimeoutError) or time.monotonic() >= until:
                raise _Again(f"the endpoint did not answer within {limit:g} seconds") from None
            raise _Again(f"the connection to the endpoint failed ({type(why).__name__})") from None
        return content

    def _connected(self, seconds: float) -> HTTPConnection | HTTPSConnection:
        """Return an open connection to the pinned address."""
        if self._connection is not None and self._connection.is_connected:
            self._connection.timeout = seconds
            if self._connection.sock is not None:
                self._connection.sock.settimeout(seconds)
            return self._connection
        self.close()
        host = self.target.host
        if host.scheme == "https":
            self._connection = HTTPSConnection(
                self.address,
                host.port,
                timeout=seconds,
                server_hostname=host.name,
                assert_hostname=host.name,
                ssl_context=_context(self.rules.ca_file),
            )
        else:
            self._connection = HTTPConnection(self.address, host.port, timeout=seconds)
        self._connection.connect()
        self._seen(self._connection)
        return self._connection

    def _seen(self, connection: HTTPConnection | HTTPSConnection) -> None:
        """Note the protocol and the certificate of the other side."""
        if isinstance(connection.sock, ssl.SSLSocket):
            self.record.tls = connection.sock.version()
            shown = connection.sock.getpeercert(binary_form=True)
            self.record.certificate = hashlib.sha256(shown).hexdigest() if shown else None

    def _spoken(self, connection: HTTPConnection | HTTPSConnection, body: bytes, told: _Told) -> bytes:
        connection.request(
            "POST",
            self.target.path,
            body=body,
            headers=self._headers(),
            preload_content=False,
            decode_content=False,
        )
        answer = connection.getresponse()
        told.status = answer.status
        _accept(answer)
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise ModelError("the endpoint compressed its answer, which it was not asked to; send it plain")
        content = self._read(answer, told)
        told.response = hashlib.sha256(content).hexdigest()
        if answer.headers.get("Connection", "").lower() == "close":
            self.close()
        return content

    def _headers(self) -> dict[str, str]:
        host = self.target.host
        named = host.entry.removeprefix("http://")
        headers = {
            "Host": named,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "auditor",
        }
        return headers if self._token is None else {**headers, "Authorization": f"Bearer {self._token}"}

    def _read(self, answer: BaseHTTPResponse, told: _Told) -> bytes:
        """Read piece by piece, and stop where the limit is passed."""
        most = self.rules.answer_bytes
        length = answer.headers.get("Content-Length", "0")
        if length.isdecimal() and len(length) < 20 and int(length) > most:
            raise ModelError(_too_long(most))
        pieces = []
        while piece := answer.read(CHUNK, decode_content=False):
            told.received += len(piece)
            if told.received > most:
                raise ModelError(_too_long(most))
            pieces.append(piece)
        return b"".join(pieces)


def _accept(answer: BaseHTTPResponse) -> None:
    """Let a 200 through; every other status has its sentence."""
    status = answer.status
    if status in BUSY:
        raise _Again(f"the endpoint answered with status {status}", _asked_wait(answer))
    if 300 <= status < 400:
        raise ModelError(f"the endpoint redirects (status {status}), which is not followed; give its address")
    if status in {401, 403}:
        raise ModelError(
            f"the endpoint refuses the call (status {status}); its operator sets a token for this host"
        )
    if status != 200:
        raise ModelError(f"the endpoint answered with status {status}; check its path and its inputs")


def _asked_wait(answer: BaseHTTPResponse) -> float:
    """Return the seconds of `Retry-After`, which is a number or a date."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isdecimal() and said.isascii():
        return float(said[:9])
    with suppress(ValueError, TypeError, OverflowError):
        when = parsedate_to_datetime(said)
        seconds = (when - dt.datetime.now(when.tzinfo or None)).total_seconds()
        return max(seconds, 0.0) if math.isfinite(seconds) else 0.0
    return 0.0


def _context(ca_file: str) -> ssl.SSLContext:
    """Return a context that verifies against the system's or the operator's authorities, from TLS 1.2 on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # no key log, whatever the environment says
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if ca_file:
            context.load_verify_locations(cafile=ca_file)
        else:
            context.load_default_certs()
    except (OSError, ssl.SSLError):
        raise ModelError("the operator's AUDITOR_ENDPOINT_CA_FILE cannot be read") from None
    return context


def _whole(late: threading.Event) -> None:
    """Take no answer that was cut off: one without a length looks whole wherever it ends."""
    if late.is_set():
        raise TimeoutError


def _cut(connection: HTTPConnection | HTTPSConnection, late: threading.Event) -> None:
    late.set()
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(SHUT_RDWR)


def _tls(why: ssl.SSLError) -> str:
    if isinstance(why, ssl.SSLCertVerificationError):
        return f"the endpoint's certificate is not accepted: {why.verify_message.rstrip('.')}"
    return f"the endpoint does not speak TLS as it must ({why.reason or 'handshake failed'})"


def _too_long(most: int) -> str:
    return f"the endpoint's answer is longer than {most:,} bytes; it was not read to its end"

"""Holding requests open: a bounded number, since each holds a thread of the web server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

from auditor.api import shapes
from auditor.service import Service
from auditor.views import Account, NotFound

PAUSE = 0.5
SILENCE = 15.0
LONGEST = 600.0


class Holds:
    """Places for requests that wait; who finds none is answered at once."""

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(places)

    def take(self) -> bool:
        """Take a place if there is one."""
        return self._places.acquire(blocking=False)

    def leave(self) -> None:
        """Give a place back."""
        self._places.release()


def events(service: Service, account: Account, audit_id: str, holds: Holds) -> Iterator[str]:
    """Yield the audit as server-sent events whenever it changes, until its end.

    The caller took a place; the generator gives it back, also when the client goes away.
    """
    try:
        said, number, began, spoke = "", 0, time.monotonic(), time.monotonic()
        while time.monotonic() - began < LONGEST:
            try:
                view = service.audit(account, audit_id)
            except NotFound:
                yield "event: deleted\ndata: {}\n\n"
                return
            text = shapes.AuditOut.model_validate(shapes.audit(view)).model_dump_json()
            if text != said:
                said, number, spoke = text, number + 1, time.monotonic()
                yield f"event: audit\nid: {number}\ndata: {text}\n\n"
            elif time.monotonic() - spoke > SILENCE:
                spoke = time.monotonic()
                yield ": still here\n\n"  # writing is how a gone client is noticed
            if view.state.final:
                yield f"event: end\ndata: {json.dumps(view.state)}\n\n"
                return
            time.sleep(PAUSE)
    finally:
        holds.leave()

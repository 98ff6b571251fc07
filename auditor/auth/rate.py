"""How often one address may do something in an hour, kept in memory alone."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import cast

from flask import current_app, request
from werkzeug.exceptions import TooManyRequests

HOUR = 3600.0
MOST_ADDRESSES = 20_000
"""So many addresses are remembered; beyond it the one that came longest ago is forgotten."""


class Rate:
    """At most so many times in any hour, for each address. An IPv6 address counts with its network (/64)."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, address: str | None) -> int:
        """Count one more time and return 0; or, where that is too often, the seconds until it is not."""
        key, moment = _network(address), self._clock()
        with self._lock:
            times = self._seen.setdefault(key, deque())
            self._seen.move_to_end(key)
            while times and times[0] <= moment - HOUR:
                times.popleft()
            if len(times) >= self._most:
                return max(1, math.ceil(times[0] + HOUR - moment))
            times.append(moment)
            while len(self._seen) > MOST_ADDRESSES:
                self._seen.popitem(last=False)
            return 0


def not_too_often(name: str) -> None:
    """Refuse a request whose address did this too often; *name* is that of a rate of the application."""
    wait = cast("Rate", current_app.extensions[name]).wait(request.remote_addr)
    if wait:
        sentence = f"too much came from your address within an hour; try again in {-(-wait // 60)} minutes."
        raise TooManyRequests(sentence, retry_after=wait)


def _network(address: str | None) -> str:
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)

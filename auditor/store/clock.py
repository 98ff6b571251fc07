"""The time of day."""

from __future__ import annotations

import datetime as dt


def now() -> dt.datetime:
    """Return this moment in UTC."""
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """Return today's date in UTC, the day that rules are applied as of unless another is named."""
    return now().date()

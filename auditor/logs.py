"""Logs: one line for each event, with ids but never a submitted value.

An exception's message may quote the data that broke it, so a log shows its kind and where it rose, not
what it said.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any, TextIO

import structlog


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what stderr is at that moment, not to what it was at the start."""

    @property
    def stream(self) -> TextIO:
        """The standard error of now."""
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None:
        """Ignore what the base class wants to keep."""


def configure(form: str, level: str) -> None:
    """Send every log of this process to stderr, as JSON or for people."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _places_only,
    ]
    last: Any = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = _Stderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in ("alembic", "dbos", "sqlalchemy", "shap", "numba", "fontTools", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def places(error: BaseException) -> str:
    """Return the kind of *error* and where it rose, without its message."""
    frames = traceback.extract_tb(error.__traceback__)
    steps = " > ".join(f"{f.filename.rpartition('/')[2]}:{f.lineno} {f.name}" for f in frames[-8:])
    return f"{type(error).__name__} at {steps}"


def _places_only(
    _logger: object, _method: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = places(error)
    return event

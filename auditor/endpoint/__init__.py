"""Asking a model that lives behind HTTP: off until an operator names the hosts that may be asked.

A submission names a URL; everything that could reach further than that one host is decided here, before
a socket is opened.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from auditor.endpoint.address import admit
from auditor.endpoint.rules import Rules

if TYPE_CHECKING:
    from auditor.endpoint.live import Live, open_live
    from auditor.endpoint.model import EndpointModel

__all__ = ["EndpointModel", "Live", "Rules", "admit", "open_live"]

_HOMES = {"EndpointModel": "model", "Live": "live", "open_live": "live"}
"""Found lazily: these load numpy and urllib3."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"auditor.endpoint has no {name}")
    return getattr(import_module(f"auditor.endpoint.{_HOMES[name]}"), name)

"""Reading submitted files in a locked child process, so that a hostile file can only spoil its own audit.

The names of the public functions are found here lazily: the child imports this package before it is locked,
and numpy may come only after.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.sandbox.attacks import canary, start_canary
    from auditor.sandbox.formats import detect_format
    from auditor.sandbox.host import Layer, available, layers, missing_layer, tried
    from auditor.sandbox.limits import Limits
    from auditor.sandbox.models import ModelInspection, SandboxedModel, inspect_model, open_model
    from auditor.sandbox.tables import ColumnInspection, TableInspection, inspect_table, read_table

__all__ = [
    "ColumnInspection",
    "Layer",
    "Limits",
    "ModelInspection",
    "SandboxedModel",
    "TableInspection",
    "available",
    "canary",
    "detect_format",
    "inspect_model",
    "inspect_table",
    "layers",
    "missing_layer",
    "open_model",
    "read_table",
    "start_canary",
    "tried",
]

_HOMES = {
    "Limits": "limits",
    **dict.fromkeys(("canary", "start_canary"), "attacks"),
    "detect_format": "formats",
    **dict.fromkeys(("Layer", "available", "layers", "missing_layer", "tried"), "host"),
    **dict.fromkeys(("ModelInspection", "SandboxedModel", "inspect_model", "open_model"), "models"),
    **dict.fromkeys(("ColumnInspection", "TableInspection", "inspect_table", "read_table"), "tables"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"auditor.sandbox has no {name}")
    return getattr(import_module(f"auditor.sandbox.{_HOMES[name]}"), name)

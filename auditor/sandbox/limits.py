"""What a submitted file may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit of the locked child; seconds are wall clock unless said.

    Operators set each as AUDITOR_LIMIT_<NAME IN CAPITALS>; docs/reference/settings.md lists them.
    """

    memory_bytes: int = 4 << 30
    """Address space of the child."""
    cpu_seconds: int = 1800
    """Processor time of one child, over all its answers."""
    open_seconds: float = 120.0
    """From the start of the child to the model standing ready."""
    call_seconds: float = 120.0
    """One batch of predictions."""
    table_seconds: float = 300.0
    """Reading one table."""
    batch_rows: int = 50_000
    """Rows sent to a model at once."""

    table_bytes: int = 2 << 30
    rows: int = 20_000_000
    columns: int = 2_100
    cells: int = 400_000_000
    name_characters: int = 128
    """Characters of a column's name; the names of roles hold no more either."""
    decoded_bytes: int = 2 << 30
    """What a table may hold once it is unpacked."""
    decoded_ratio: int = 1_000
    """How many times larger than its file a table may be, once over 64 MiB."""

    notice_bytes: int = 2 << 20
    """One notice to people, as text or HTML."""
    browser_seconds: float = 60.0
    """Opening one page in the locked browser and looking for its barriers."""

    model_bytes: int = 1 << 30
    model_members: int = 20_000
    """Files inside a skops archive or a workbook."""
    model_unpacked_bytes: int = 2 << 30
    model_ratio: int = 100
    """How many times larger than its file a skops file may unpack to, once over 16 MiB."""
    classes: int = 1_000

    unsafe_formats: tuple[str, ...] = ()
    """Model formats that run code as they load and that the operator allows: AUDITOR_UNSAFE_FORMATS."""


def raise_unpacking() -> str:
    """Say which settings let an operator raise what a model may unpack to."""
    return f"{raise_it('model_unpacked_bytes')} and AUDITOR_LIMIT_MODEL_RATIO"


def raise_it(name: str) -> str:
    """Say which setting lets an operator raise the limit *name*."""
    return f"or ask the operator to raise AUDITOR_LIMIT_{name.upper()}"

"""Mark the tests that show a check speaking where it must, and staying silent where it must."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal


def planted(check_id: str, truth: Literal["speaks", "silent"]) -> Callable[[Any], Any]:
    """Record on a test that it plants a truth for *check_id*; the coverage test collects them."""

    def mark(test: Any) -> Any:
        test.planted = (*getattr(test, "planted", ()), (check_id, truth))
        return test

    return mark

"""Tell at the end how many damaged files each reader met."""

from __future__ import annotations

from tests.fuzz import met


def pytest_terminal_summary(terminalreporter):
    if met:
        said = ", ".join(f"{name} {count:,}" for name, count in sorted(met.items()))
        terminalreporter.write_line(f"damaged files read: {said}")

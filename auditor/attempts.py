"""Measuring one check on a bench, so that every way it can end is evidence, even the death of its process."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.bench import Bench, Broke, Died, TooSlow
from auditor.problems import Refused
from checks.model import Evidence, Outcome
from reports.record import canonical, evidence_to_json

logger = logging.getLogger(__name__)

DEATHS = 2
"""A check, or a preparation, that takes its process down so often is not tried again."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How a check ended; its evidence is in the file that was asked for."""

    outcome: str
    seconds: float


def measure(
    bench: Bench,
    request: Mapping[str, Any],
    *,
    seconds: float,
    deaths: int = 0,
    stop: Callable[[], bool] = lambda: False,
    started: Callable[[], None] = lambda: None,
    died: Callable[[int], None] = lambda _: None,
) -> Measured:
    """Measure what *request* names, at most twice; the evidence is in `request["out"]`, whatever happened."""
    began = time.monotonic()
    check = str(request["check"])
    reason = f"the check took its process down {DEATHS} times, perhaps for want of memory"
    while deaths < DEATHS:
        try:
            return Measured(**bench.ask(request, seconds=seconds, stop=stop, started=started))
        except Died:
            deaths += 1
            logger.warning("%s took its process down", check)
            died(deaths)
        except TooSlow:
            reason = f"the check took longer than {seconds:g} seconds"
            break
        except (Broke, Refused) as why:
            reason = f"the check could not begin ({why}); see the log"
            break
    failed = Evidence(check, Outcome.FAILED, reason, request["parameters"])
    Path(request["out"]).write_bytes(canonical(evidence_to_json(failed)))
    return Measured(failed.outcome, round(time.monotonic() - began, 3))


def spell(check: str, parameters: Mapping[str, Any]) -> str:
    """Name one check with its parameters, as a key of `run.seconds`."""
    return f"{check} {canonical(parameters).decode()}" if parameters else check

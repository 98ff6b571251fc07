"""Words and signs of the pages. Numbers, verdicts and bases are spelt by `reports.wording`, as in reports."""

from __future__ import annotations

import datetime as dt

from frameworks.model import Verdict

SIGNS = {
    Verdict.NOT_MET: "M4 4l12 12M16 4L4 16",
    Verdict.UNDECIDED: "M7 7.2a3 3 0 1 1 4.6 2.6c-1 .6-1.6 1.2-1.6 2.4M10 15.8v.1",
    Verdict.DEFERRED: "M10 5.5v4.5l3 2M10 2a8 8 0 1 1 0 16a8 8 0 1 1 0-16",
    Verdict.WAIVED: "M3 10h14M12 5l5 5-5 5",
    Verdict.ATTESTED: "M3 17h14M5 13l1-3.5 7-7 2.5 2.5-7 7z",
    Verdict.MET: "M3.5 10.5l4.5 4.5 8.5-10",
    Verdict.NOT_APPLICABLE: "M4.5 10h11",
}
"""Each verdict's sign, as a path in a box of 20 by 20: a verdict is never told by colour alone."""

STATES = {
    "queued": "Waiting for a worker",
    "inspecting": "Reading the files",
    "running": "Measuring",
    "completed": "Completed",
    "refused": "Refused",
    "failed": "Failed",
    "cancelled": "Cancelled",
}

CHECK_STATES = {
    "waiting": "Waiting",
    "running": "Measuring…",
    "measured": "Measured",
    "not_applicable": "Does not apply",
    "inconclusive": "Not enough data",
    "failed": "Failed",
}

FORCES = {"law": "Law", "guideline": "Guideline", "standard": "Standard", "baseline": "Baseline"}


def moment(when: dt.datetime) -> str:
    """Spell a moment in UTC: 2026-12-03 14:05 UTC."""
    return f"{when:%Y-%m-%d %H:%M} UTC"

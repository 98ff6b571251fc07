"""Words and signs of the pages. Numbers, verdicts and bases are spelt by `reports.wording`, as in reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from auditor.web.form import Column
from frameworks.model import Framework, Verdict
from reports import wording
from reports.language import N_, _, said

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

STATES = N_(
    {
        "queued": "Waiting for a worker",
        "inspecting": "Reading the files",
        "running": "Measuring",
        "completed": "Completed",
        "refused": "Refused",
        "failed": "Failed",
        "cancelled": "Cancelled",
    }
)

CHECK_STATES = N_(
    {
        "waiting": "Waiting",
        "running": "Measuring…",
        "measured": "Measured",
        "not_applicable": "Does not apply",
        "inconclusive": "Not enough data",
        "failed": "Failed",
    }
)

NAMES = N_(
    (
        *("number", "integer", "boolean", "text", "category", "date"),  # of columns
        *("classifier", "regressor", "comma", "semicolon", "tab", "bar", "point", "none"),  # of files
        *("sealed", "published", "withdrawn"),  # entries of the log
        *("enterprise", "public body", "association"),
        *("limited", "moderate", "high", "binary", "multiclass", "scoring", "regression"),
        *("data", "documentation", "interpretability", "depth"),
        *("tighten", "recalibrate", "clarify", "merge or retire", "widen", "keep", "replace", "strictest"),
        *("harm after pass", "harm prevented", "false alarm", "dispute"),
        "Anything else",  # the last of the ways to save a model
    )
)
"""What pages spell of identifiers, by `wording.plain`."""
UPLOADS = N_(
    {
        "of": "Upload of {name}",
        "sending": "Uploading {name}",
        "reading": "Reading {name} in a locked process…",
        "large": "The file is larger than this service takes; upload a smaller one.",
        "lost": "The upload did not arrive; choose the file again.",
    }
)
"""What the script of the form says."""
FORCES = N_(
    {"law": "Law", "guideline": "Guideline", "standard": "Standard", "baseline": "Baseline", "local": "Local"}
)


def moment(when: dt.datetime) -> str:
    """Spell a moment in UTC: 2026-12-03 14:05 UTC."""
    return _("{day} {time} UTC", day=wording.day(f"{when:%Y-%m-%d}"), time=f"{when:%H:%M}")


def day(when: dt.date | str | None) -> str:
    """Spell a day; what is none is shown as it is written."""
    try:
        return wording.day(str(when or ""))
    except ValueError:
        return str(when or "")


def told(constants: Mapping[str, str]) -> dict[str, str]:
    """Return the words of a constant in the reader's language, for scripts."""
    return {key: _(words) for key, words in constants.items()}


def force(framework: Framework) -> str:
    """Spell what kind of rules these are."""
    return _(FORCES[framework.force]) if framework.force in FORCES else wording.plain(framework.force)


def tier(name: str | None) -> str:
    """Spell how much is at stake."""
    return wording.plain(name) if name else _("not stated")


def listed(names: Iterable[object]) -> str:
    """Set identifiers of ours one after another, as words."""
    return wording.listed(wording.plain(str(name)) for name in names)


def opened(text: str) -> str:
    """Return what the catalogue of measures says, as the beginning of a sentence."""
    return wording.sentence(said(text)).rstrip(".。")


def column(one: Column, most: int | None = None) -> str:
    """Return a column with its kind and its first values, for a list to choose from."""
    shown = f"{one.name} – {wording.plain(one.kind)}"
    found = wording.listed(one.values[:3]) if most is None or one.distinct <= most else ""
    return f"{shown}{_(': ')}{found}" if found else shown


def told_moment(written: str) -> str:
    """Spell a moment that stands in the log: 2026-12-03T14:05:00Z."""
    return moment(dt.datetime.fromisoformat(written))

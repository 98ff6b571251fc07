"""Which of many classes an explanation is of, in words: never one class as if it were the model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.model import Evidence
from reports import wording
from reports.language import _

_BY_DEFAULT = re.compile(r"(?:probability of|decision for) '(.+?)' alone")
_FAVOURABLE = re.compile(r"of '(.+)' alone, the favourable class")


def one_class(evidence: Evidence) -> Iterator[str]:
    """Say that one class of many is explained, and why that one; nothing where the whole answer is."""
    methods = " ".join(m.method or "" for m in evidence.measures)
    if found := _BY_DEFAULT.search(methods):
        yield _(
            "Of the model's classes one alone is explained here: {name}, the one decided for most often, "
            "because no favourable class was declared. What drives the others may differ: set "
            "columns.favourable to explain the class that people want.",
            name=wording.name(found[1]),
        )
        return
    notes = (_FAVOURABLE.search(m.note or "") for m in evidence.measures)
    if named := next((one for one in notes if one), None):
        yield _(
            "Of the model's classes one alone is explained here: {name}, the favourable one.",
            name=wording.name(named[1]),
        )

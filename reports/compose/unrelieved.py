"""What the verdict on a whole would be without the sandbox and the waivers, told beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from frameworks.model import Finding, Verdict, worst
from reports import wording
from reports.compose.view import View, spoken_whole
from reports.language import _

_SOFTENED = frozenset({Verdict.DEFERRED, Verdict.WAIVED})


def unrelieved(view: View, most: int | None = None) -> str:
    """Say of each rule set that relief changed (of more than *most*, of the first) how it would stand."""
    return wording.paragraph(tuple(_sentences(view, most)))


def _sentences(view: View, most: int | None) -> Iterator[str]:
    for name in list(view.verdicts)[:most]:
        found = [f for f in view.findings if f.framework == name]
        softened = [f.relief for f in found if f.verdict in _SOFTENED and f.relief]
        if not softened:
            continue
        stands = str(view.verdicts[name]["verdict"])
        without = worst([_without(f) for f in found]).value
        told = {
            "relief": _relief(softened),
            "rules": view.framework_title(name),
            "verdict": wording.verdict(spoken_whole(without, found)).lower(),
        }
        if without == stands:
            yield _("Without {relief}, {rules} as a whole would be {verdict} too.", **told)
        else:
            yield _("Without {relief}, {rules} as a whole would be {verdict}.", **told)


def _relief(softened: Sequence[Mapping[str, Any]]) -> str:
    """Name what softened verdicts; under a waiver may lie what a sandbox put off (`before`)."""
    waived = any(relief["kind"] == "waiver" for relief in softened)
    put_off = any(relief["kind"] == "sandbox" or "before" in relief for relief in softened)
    if waived and put_off:
        return _("the sandbox and the waivers")
    return _("the waivers") if waived else _("the sandbox")


def _without(finding: Finding) -> Verdict:
    """Return the verdict that relief took the place of; a waiver of what a sandbox put off tells both."""
    relief = finding.relief or {}
    if finding.verdict not in _SOFTENED or not relief:
        return finding.verdict
    return Verdict(relief.get("before") or relief["without"])

"""Accessibility: which barriers does a scan find in the pages that people are shown?

Each notice that is a page (HTML) is opened in a browser and looked at by axe-core. `failures` is the number
of elements that fail a rule of WCAG 2.2 at levels A and AA, over all pages, `page_failures` that of each
page, `rules_failed` the number of rules. `undetermined` counts elements that a person must look at,
`advice_failed` elements against good practice that WCAG does not ask for. The table `barriers` lists the
rules that failed, with the criterion of WCAG.

Why it matters
    A notice that a blind person cannot read, or a form that cannot be used by keyboard, keeps people from
    their rights. Accessible services are law in many places (Directive (EU) 2019/882; Section 508).

How to read it
    Every failure is one that people meet. Zero failures are *not* an accessible page: a scan finds about
    half of the barriers that people report or fewer, and none of meaning.

Limits
    The page is looked at alone: its scripts do not run, and images, fonts and styles that it fetches from
    elsewhere are missing, so what they would show is not seen, and contrast may differ. One size of window
    is used. Only pages that were submitted are seen.

References
    W3C, Web Content Accessibility Guidelines 2.2, 2023; Deque Systems, axe-core (MPL-2.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from checks.model import Inconclusive, Kind, Measure, NotApplicable, Subject, Table, check

LEVELS = frozenset({"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"})
CRITERION = re.compile(r"wcag(\d)(\d)(\d{1,2})")

Rules = Iterable[Mapping[str, Any]]


@check(reads_counts=True)
def accessibility(subject: Subject) -> Iterator[Measure | Table]:
    """Count what axe-core found in each page."""
    pages = [notice for notice in subject.notices if notice.is_html]
    if not pages:
        raise NotApplicable("no page was supplied: add HTML files of what people are shown as `notices`")
    scanned = [(page.name, page.scan) for page in pages if page.scan is not None]
    if not scanned:
        why = next((page.unscanned for page in pages if page.unscanned), None)
        raise Inconclusive(why or "no page was looked at")
    left = len(pages) - len(scanned)
    note = f"{left} of {len(pages)} pages were not looked at: {_why(pages)}" if left else None
    how = f"axe-core {scanned[0][1]['axe']}, rules of WCAG 2.2 A and AA, in Chromium, scripts of the page off"
    n = float(len(scanned))
    failed = [(name, _asked(scan["violations"])) for name, scan in scanned]
    yield _count("failures", sum(_elements(rules) for _, rules in failed), n, how, unit="elements", note=note)
    rules = {rule["rule"] for _, found in failed for rule in found}
    yield _count("rules_failed", len(rules), n, how, unit="rules", note=note)
    open_ = sum(_elements(_asked(scan["incomplete"])) for _, scan in scanned)
    yield _count("undetermined", open_, n, how, unit="elements", note=note)
    advice = sum(_elements(r for r in scan["violations"] if not _is_asked(r)) for _, scan in scanned)
    good = how.replace("rules of WCAG 2.2 A and AA", "other rules")
    yield _count("advice_failed", advice, n, good, unit="elements", note=note)
    yield _count("rules_passed", sum(scan["passes"] for _, scan in scanned), n, how, unit="rules")
    for name, found in failed:
        yield _count("page_failures", _elements(found), 1.0, how, unit="elements", notice=name)
    yield _barriers(failed)


def _why(pages: Iterable[Any]) -> str:
    return next((page.unscanned for page in pages if page.unscanned), "no reason was given")


def _is_asked(rule: Mapping[str, Any]) -> bool:
    return bool(LEVELS & set(rule["tags"]))


def _asked(rules: Rules) -> list[Mapping[str, Any]]:
    """Return the rules that WCAG 2.2 asks for at levels A and AA."""
    return [rule for rule in rules if _is_asked(rule)]


def _elements(rules: Rules) -> int:
    return sum(int(rule["elements"]) for rule in rules)


def _count(
    name: str, value: int, n: float, method: str, *, unit: str, note: str | None = None, **of: str
) -> Measure:
    return Measure(name, float(value), n=n, of=of, kind=Kind.EXACT, unit=unit, method=method, note=note)


def _barriers(failed: list[tuple[str, list[Mapping[str, Any]]]]) -> Table:
    order = {impact: i for i, impact in enumerate(("critical", "serious", "moderate", "minor"))}
    rows = [
        (name, str(rule["says"]), _criterion(rule["tags"]), str(rule["impact"] or ""), int(rule["elements"]))
        for name, found in failed
        for rule in found
    ]
    rows.sort(key=lambda row: (order.get(row[3], 4), -row[4], row[0], row[1]))
    return Table("barriers", ("notice", "rule", "WCAG", "impact", "elements"), tuple(rows))


def _criterion(tags: Iterable[str]) -> str:
    found = [".".join(match.groups()) for tag in tags if (match := CRITERION.fullmatch(tag))]
    return ", ".join(found)

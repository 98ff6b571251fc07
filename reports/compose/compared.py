"""The numbers of one audit against those of another: what is gone, what moved, what may be compared at all.

Two numbers of groups tell of a change only where the same groups stand behind both. Two intervals that lie
apart are then evidence of one; ratios are not said to be apart, since they move with both of their rates.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from checks.model import Evidence, Measure
from frameworks.measures import measures
from frameworks.model import Finding
from reports import wording
from reports.compose.rows import is_compared
from reports.compose.view import View, brief_title
from reports.document import Block, Cell, Column, KeyValues, Pair, Table
from reports.language import _, said

ROWS = 60
"""Rows of a table of changed numbers; how many more there are is said."""
_GROUPS = 4
"""Groups that a cell names; how many more there are is said."""
_LEFT_OUT = re.compile(r"^\d+ of \d+ groups not compared")
Key = tuple[str, str, str, tuple[tuple[str, str], ...]]
"""A number: check, parameters, name, what it is of."""


@dataclass(frozen=True, slots=True)
class Number:
    """A measure, and the groups that it compares: by name, else how many are left out; None: no groups."""

    measure: Measure
    groups: frozenset[str] | str | None = None

    @property
    def told(self) -> str:
        """The number with its interval and n."""
        return _told(self.measure)


@dataclass(frozen=True, slots=True)
class Gone:
    """A number that a verdict rested on before, and rests on no longer."""

    key: Key
    requirement: str
    reason: str


class Numbers:
    """The numbers of two records, side by side."""

    def __init__(self, before: View, after: View) -> None:
        """Pair the numbers of *before* and *after*."""
        self.before, self.after = before, after
        self.old, self.new = _numbers(before), _numbers(after)
        self.rested, self.rests = _rests(before, self.old), _rests(after, self.new)

    @cached_property
    def changed(self) -> list[Key]:
        """Numbers of both records that are not told alike."""
        return [k for k in self._shared if _spelt(self.old[k]) != _spelt(self.new[k])]

    @property
    def _shared(self) -> list[Key]:
        return [key for key in self.new if key in self.old]

    def told(self) -> Iterator[Block]:
        """Yield how many numbers differ, then those that are gone, then those that changed."""
        alike = [
            key
            for key in self._shared
            if _spelt(self.old[key]) == _spelt(self.new[key])
            and self.old[key].measure.n != self.new[key].measure.n
        ]
        yield KeyValues(
            (
                Pair(_("In both records"), wording.count(len(self._shared))),
                Pair(_("Of these changed"), wording.count(len(self.changed))),
                Pair(_("Alike to the digits shown, with another n"), wording.count(len(alike))),
                Pair(_("Intervals apart"), wording.count(sum(map(self.apart, self.changed)))),
                Pair(_("Other groups compared"), wording.count(sum(map(self._other_groups, self.changed)))),
                Pair(_("Only before"), wording.count(len(self.old.keys() - self.new.keys()))),
                Pair(_("Only after"), wording.count(len(self.new.keys() - self.old.keys()))),
            )
        )
        gone = [*self.gone()]
        if gone:
            yield self._gone_table(gone)
        listed = {one.key for one in gone}
        judged = {key for _finding, key in (*self.rested, *self.rests)}
        decisive = [key for key in self.changed if key in judged - listed]
        others = [key for key in self.changed if key not in judged | listed and self.disjoint(key)]
        for caption, keys in (
            (_("Numbers that verdicts rest on, and that changed"), decisive),
            (_("Other numbers whose intervals do not overlap"), others),
        ):
            if keys:
                keys.sort(key=lambda key: not self.apart(key))
                yield self._table(caption, keys)

    def gone(self) -> Iterator[Gone]:
        """Yield each number that a requirement rested on and rests on no longer, with the reason."""
        now = {_asked(finding): finding for finding in self.after.findings if finding.measure}
        for finding, key in self.rested:
            present, number = now.get(_asked(finding)), self.new.get(key)
            if number is None or number.measure.value is None:
                yield Gone(key, finding.requirement, self._why(key, present))
            elif present is not None and present.value is None:
                reason = (wording.recorded(present.reason), *self._also(key))
                yield Gone(key, finding.requirement, wording.paragraph(reason))

    def _also(self, key: Key) -> Iterator[str]:
        if self._other_groups(key):
            yield wording.sentence(self._beside(key))

    def _why(self, key: Key, present: Finding | None) -> str:
        if (number := self.new.get(key)) is not None:
            return wording.recorded(number.measure.note)
        if present is not None and present.value is None and present.reason:
            return wording.recorded(present.reason)
        evidence = self.after.default(key[0])
        if evidence is not None and evidence.reason and not evidence.measures:
            return wording.recorded(evidence.reason)
        gone = _("The record after has no such number.")
        if present is None or present.value is None:
            return gone
        rests = _(
            "The requirement rests on this now: {of}, {value}.",
            of=wording.where(present.of) or _("everybody"),
            value=_told(present),
        )
        return wording.paragraph((gone, rests))

    def _gone_table(self, gone: Iterable[Gone]) -> Table:
        asking: dict[tuple[Key, str], list[str]] = defaultdict(list)
        for one in gone:
            asking[one.key, one.reason].append(one.requirement)
        return Table(
            _("Numbers that verdicts rested on before, and rest on no longer"),
            (
                Column(_("Number")),
                Column(_("Before"), "measured"),
                Column(_("After"), "measured"),
                Column(_("Reason"), "prose"),
            ),
            tuple(
                (
                    Cell(wording.series((_label(key), _of(key), _by(requirements)))),
                    Cell(self.old[key].told),
                    Cell(self.new[key].told if key in self.new else _("no number")),
                    Cell(reason),
                )
                for (key, reason), requirements in asking.items()
            ),
        )

    def _table(self, caption: str, keys: list[Key]) -> Table:
        more = len(keys) - ROWS
        rest = (
            _("{more} changed; both records hold them.", more=wording.plural(more, "more number"))
            if more > 0
            else ""
        )
        same = Counter((_label(key), _of(key)) for key in keys)
        return Table(
            caption,
            (
                Column(_("Number")),
                Column(_("Of")),
                Column(_("Before")),
                Column(_("After")),
                Column(_("Intervals")),
            ),
            tuple(
                (
                    Cell(_label(key) if same[_label(key), _of(key)] == 1 else self._apart_by(key)),
                    Cell(_of(key)),
                    Cell(self.old[key].told),
                    Cell(self.new[key].told),
                    Cell(self._beside(key)),
                )
                for key in keys[:ROWS]
            ),
            wording.paragraph((*self._notes(keys[:ROWS]), rest)),
        )

    def _notes(self, keys: Iterable[Key]) -> Iterator[str]:
        said = {self._beside(key) for key in keys}
        if _("overlap") in said:
            yield _("Intervals that overlap show neither a change nor that there is none.")
        if _("no overlap; a ratio") in said:
            yield _("A ratio moves with both of its rates: its intervals are not said to be apart.")

    def _apart_by(self, key: Key) -> str:
        """Name a number so that it is told from another of its name: by its settings, and by who asks."""
        asking = [f.requirement for f, k in (*self.rested, *self.rests) if k == key]
        settings = key[1] or _("with default settings")
        return wording.series((_label(key), settings, *([_by(asking)] if asking else [])))

    def _beside(self, key: Key) -> str:
        old, new = self.old[key], self.new[key]
        if self._other_groups(key):
            return _("other groups are compared now: {change}", change=_other(old.groups, new.groups))
        if old.measure.kind == new.measure.kind == "exact":
            return _("exact numbers")
        if None in (old.measure.low, old.measure.high, new.measure.low, new.measure.high):
            return _("not both estimated")
        if not self.disjoint(key):
            return _("overlap")
        return _("apart") if self.apart(key) else _("no overlap; a ratio")

    def _other_groups(self, key: Key) -> bool:
        return self.old[key].groups != self.new[key].groups

    def disjoint(self, key: Key) -> bool:
        """Return whether the same groups are compared, and no value lies in both intervals."""
        old, new = self.old[key].measure, self.new[key].measure
        if old.low is None or old.high is None or new.low is None or new.high is None:
            return False
        return not self._other_groups(key) and (new.low > old.high or new.high < old.low)

    def apart(self, key: Key) -> bool:
        """Return whether the two intervals are evidence of a change that is told as such."""
        return self.disjoint(key) and "ratio" not in (self.old[key].measure.unit, self.new[key].measure.unit)

    def moved(self, framework: str, requirement: str) -> bool:
        """Return whether all numbers for which a requirement was not met left their old intervals."""
        failed = [
            finding
            for finding in self.before.findings
            if (finding.framework, finding.requirement) == (framework, requirement)
            and finding.verdict == "not_met"
        ]
        keys = [k for f, k in self.rested if any(f is one for one in failed)]
        return 0 < len(failed) == len(keys) and all(k in self.new and self.disjoint(k) for k in keys)


def _numbers(view: View) -> dict[Key, Number]:
    found: dict[Key, Number] = {}
    for evidence in view.evidence:
        given, groups = wording.parameters(evidence.parameters), _compared(evidence)
        for m in evidence.measures:
            key = (evidence.check, given, m.name, tuple(sorted(m.of.items())))
            found[key] = Number(m, _groups(f"{evidence.check}.{m.name}", m, groups))
    return found


def _compared(evidence: Evidence) -> Mapping[tuple[str, str], frozenset[str]]:
    """Return the groups that are compared, by the name of their number and the attribute."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for m in evidence.measures:
        if "attribute" in m.of and "group" in m.of and m.value is not None and is_compared(m):
            found[m.name, m.of["attribute"]].add(m.of["group"])
    return {place: frozenset(groups) for place, groups in found.items()}


def _groups(
    path: str, m: Measure, groups: Mapping[tuple[str, str], frozenset[str]]
) -> frozenset[str] | str | None:
    named = measures().get(path)
    if "attribute" not in m.of or named is None or named.by_group == m.name:
        return None
    if named.by_group and (named.by_group, m.of["attribute"]) in groups:
        return groups[named.by_group, m.of["attribute"]]
    if m.unit == "p-value":  # of the test beside the rates of its own check
        return next(
            (held for (_name, attribute), held in groups.items() if attribute == m.of["attribute"]), None
        )
    left = _LEFT_OUT.match(m.note or "")
    return left[0] if left else None


def _other(old: frozenset[str] | str | None, new: frozenset[str] | str | None) -> str:
    if isinstance(old, frozenset) and isinstance(new, frozenset):
        parts = [
            *([_("without {groups}", groups=_named(old - new))] if old - new else []),
            *([_("with {groups}", groups=_named(new - old))] if new - old else []),
        ]
        return wording.series(parts)
    spelt = [said(one) if isinstance(one, str) else _("all groups") for one in (old, new)]
    return _("{before} before, {after} after", before=spelt[0], after=spelt[1])


def _named(groups: frozenset[str]) -> str:
    first = [wording.group(name) for name in sorted(groups)[:_GROUPS]]
    more = len(groups) - _GROUPS
    return wording.joined([*first, *([wording.plural(more, "more group")] if more > 0 else [])])


def _rests(view: View, numbers: Mapping[Key, Number]) -> list[tuple[Finding, Key]]:
    """Return each finding that rests on a number, with that number."""
    found = []
    for finding in view.findings:
        if finding.measure is None or finding.value is None:
            continue
        check, _dot, name = finding.measure.rpartition(".")
        of = tuple(sorted(finding.of.items()))
        asked = (check, _given(view, finding), name, of)
        key = (
            asked
            if asked in numbers
            else next((k for k in numbers if (k[0], *k[2:]) == (check, name, of)), None)
        )
        if key is not None:
            found.append((finding, key))
    return found


def _given(view: View, finding: Finding) -> str:
    """Spell the parameters with which the criterion of a finding asks for its number."""
    parts = [
        part
        for one in view.requirement(finding.framework, finding.requirement).get("criteria", ())
        for part in (one, *one.get("any_of", ()), *one.get("all_of", ()))
        if part.get("measure") == finding.measure
    ]
    exact = next((part for part in parts if part["id"] == finding.criterion), parts[0] if parts else {})
    return wording.parameters(exact.get("parameters") or {})


def _asked(finding: Finding) -> tuple[str, str, str, str | None]:
    return finding.framework, finding.requirement, finding.criterion, finding.measure


def _told(item: Measure | Finding) -> str:
    n = [_("n {n}", n=wording.count(item.n)).replace(" ", wording.NARROW)] if item.n is not None else []
    return wording.listed((wording.measured(item), *n))


def _spelt(number: Number) -> str:
    return wording.measured(number.measure)


def _label(key: Key) -> str:
    return f"{wording.measure(key[2])} ({brief_title(key[0]).lower()})"


def _by(requirements: Iterable[str]) -> str:
    return _("asked by {requirements}", requirements=wording.joined(dict.fromkeys(requirements)))


def _of(key: Key) -> str:
    return wording.where(dict(key[3])) or _("everybody")

"""Rule files that people write in the browser or send by the API: checked, compared, published."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auditor.artifacts import Artifacts
from auditor.past import Past, effect_day, effect_on, gap_of
from auditor.problems import Problem, Refused, refuse
from auditor.store import audits, files, rules
from auditor.store.clock import today
from auditor.store.database import Database
from auditor.store.tables import RuleRecord
from auditor.views import Account, AuditState, Conflict, NotFound
from frameworks.diff import Difference, differences
from frameworks.effect import Moved
from frameworks.gap import Gap
from frameworks.load import LoadError, Shelf, bundled, load, packs
from frameworks.model import Framework

LARGEST = 256 * 1024
"""Bytes of one rule file: ours have at most 60,000."""
PAST = 50
"""So many audits, newest first, are judged again to show an effect."""


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One published version of a rule file."""

    id: str
    position: int
    version: str
    title: str
    content: str
    digest: str
    published: dt.datetime


@dataclass(frozen=True, slots=True)
class Checked:
    """What reading a rule file gave: the rules, or every mistake with its line."""

    framework: Framework | None
    problems: tuple[LoadError, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """One past audit under the new rules."""

    audit: str
    name: str
    created: dt.datetime
    moved: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rule file changes: against the rules before it, and in past audits."""

    framework: Framework
    against: str
    """What it is compared with: the version before, or its first parent."""
    day: dt.date
    """The rules are read as of this day: today, or the first day of the overlay."""
    differences: tuple[Difference, ...]
    judged: int
    """How many past audits were judged again."""
    left_out: int
    """How many older ones were not."""
    changed: tuple[Changed, ...]


class LocalRules:
    """What an account may do with rules of its own."""

    def __init__(self, database: Database, artifacts: Artifacts) -> None:
        self._database = database
        self._artifacts = artifacts

    def listed(self, account: Account) -> tuple[RuleVersion, ...]:
        """Return the newest version of each rule file, in the order of ids."""
        with self._database.reading() as session:
            return tuple(map(_version, rules.latest(session, account.id)))

    def versions(self, account: Account, rule: str) -> tuple[RuleVersion, ...]:
        """Return every version of one rule file, newest first."""
        with self._database.reading() as session:
            found = tuple(map(_version, rules.versions(session, account.id, rule)))
        if not found:
            raise NotFound(f"you have published no rules {rule[:80]!r}; see the list of frameworks.")
        return found

    def version(self, account: Account, rule: str, position: int) -> RuleVersion:
        """Return one version: 1 is the first that was published."""
        for one in self.versions(account, rule):
            if one.position == position:
                return one
        raise NotFound(f"the rules {rule[:80]!r} have no version {position}.")

    def frameworks(self, account: Account) -> tuple[Framework, ...]:
        """Return the newest version of each rule file that can still be read on its parents."""
        return _frameworks(tuple((rule.id, rule.content) for rule in self.listed(account)))

    def framework(self, account: Account, name: str) -> Framework:
        """Return bundled or own rules by id."""
        if name in packs():
            return packs()[name]
        self.versions(account, name)
        try:
            found = self._shelf(self.listed(account)).get(name)
        except LoadError as wrong:
            raise Conflict(f"{wrong}") from None
        assert found
        return found

    def check(self, account: Account, text: str) -> Checked:
        """Read a rule file, and name every mistake by its line."""
        if len(text.encode()) > LARGEST:
            return Checked(None, (LoadError("rules.yaml", 1, f"the file is larger than {LARGEST} bytes."),))
        try:
            framework = load(text.encode(), "rules.yaml", shelf=self._shelf(self.listed(account)))
        except LoadError as wrong:
            return Checked(None, (wrong, *wrong.others))
        if framework.id in packs():
            sentence = f"`{framework.id}` is the id of a bundled framework; give yours another `id`."
            return Checked(framework, (LoadError("rules.yaml", _line(text, "id"), sentence),))
        if framework.sunset is not None and framework.sunset <= today():
            sentence = (
                f"the sunset {framework.sunset} has passed; give a later day, or the parents hold alone."
            )
            return Checked(framework, (LoadError("rules.yaml", _line(text, "sunset"), sentence),))
        return Checked(framework, ())

    def publish(self, account: Account, text: str) -> RuleVersion:
        """Keep a rule file as the next version of its id; audits may name it from now on."""
        checked = self.check(account, text)
        if checked.problems or checked.framework is None:
            raise Refused([_problem(wrong) for wrong in checked.problems])
        framework = checked.framework
        try:
            with self._database.transaction() as session:
                known = rules.versions(session, account.id, framework.id)
                if any(one.version == framework.version for one in known):
                    newest = known[0].version
                    sentence = (
                        f"version {framework.version} of `{framework.id}` is published and never changes; "
                        f"the newest is {newest}: write a new `version`."
                    )
                    raise refuse(f"line {_line(text, 'version')}", "version", sentence)
                record = rules.add(
                    session,
                    account.id,
                    framework.id,
                    framework.version,
                    title=framework.title,
                    content=text,
                    digest=framework.digest,
                )
                return _version(record)
        except sa.exc.IntegrityError:
            raise Conflict("somebody published another version just now; look at it and try again.") from None

    def effect(self, account: Account, text: str, *, limit: int = PAST) -> Effect:
        """Say what a rule file changes against the version before it, or its parents, and in past audits."""
        checked = self.check(account, text)
        if checked.framework is None:
            raise Refused([_problem(wrong) for wrong in checked.problems])
        new = checked.framework
        old, against = self._before(account, new)
        day = effect_day(new, today())
        with self._database.reading() as session:
            found = audits.recent_completed(session, account.id, limit)
            total = audits.count_completed(session, account.id)
            held = {record.id: files.held(session, record.id, "audit.json") for record in found}
        changed = []
        for record in found:
            past = self._past(held[record.id]["audit.json"])
            differs = effect_on(past, old, new, day)
            if differs:
                changed.append(Changed(record.id, past.name, record.created, differs))
        left = total - len(found)
        told = differences(old, new)
        return Effect(new, against, day, told, len(found), left, tuple(changed))

    def gap(self, account: Account, audit_id: str, name: str) -> tuple[Framework, tuple[Gap, ...]]:
        """Judge a completed audit by other rules too, beside what it was judged by; nothing is kept."""
        wanted = self.framework(account, name)
        with self._database.reading() as session:
            record = audits.find(session, audit_id, account.id)
            if record is None:
                raise NotFound(f"there is no audit {audit_id[:64]!r}.")
            digest = files.held(session, audit_id, "audit.json").get("audit.json")
        if digest is None or record.state != AuditState.COMPLETED:
            raise Conflict(f"audit {audit_id} is {record.state}; only a completed one can be judged.")
        return wanted, gap_of(self._past(digest), wanted)

    def attach(self, session: Session, account: Account, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return a submission that carries the rules of the account that it names: `town`, or `town@2`."""
        named = raw.get("frameworks")
        carried = raw.get("rules") or {}
        if not isinstance(named, list | tuple) or not isinstance(carried, Mapping):
            return dict(raw)
        own = {record.id: _version(record) for record in rules.latest(session, account.id)}
        wanted: dict[str, str] = {}
        names = []
        for name in named:
            rule, _, version = str(name).partition("@")
            if rule in carried or rule not in own:
                names.append(name)
                continue
            record = own[rule]
            if version:
                found = [one for one in rules.versions(session, account.id, rule) if one.version == version]
                if not found:
                    sentence = f"`{rule}` has no version {version[:80]}; its newest is {record.version}."
                    raise refuse("frameworks", "unknown-version", sentence)
                record = _version(found[0])
            names.append(rule)
            wanted |= _with_parents(record, own)
        if not wanted:
            return dict(raw)
        return {**raw, "frameworks": names, "rules": {**wanted, **carried}}

    def attach_again(
        self, session: Session, account: Account, raw: Mapping[str, Any], frameworks: Iterable[str]
    ) -> dict[str, Any]:
        """Return *raw* under other frameworks: own rules as they are now, others as *raw* has them."""
        own = {record.id for record in rules.latest(session, account.id)}
        carried = {name: text for name, text in (raw.get("rules") or {}).items() if name not in own}
        return self.attach(session, account, {**raw, "frameworks": list(frameworks), "rules": carried})

    def _before(self, account: Account, new: Framework) -> tuple[Framework, str]:
        """Return what held before *new*: its last published version, else its first parent."""
        known = [rule for rule in self.listed(account) if rule.id == new.id]
        shelf = self._shelf(self.listed(account))
        if known and (before := _readable(shelf, new.id)) is not None:
            return before, f"{before.title} {before.version}"
        first = first_before(new)
        return first, f"{first.title} {first.version}"

    def _past(self, digest: str) -> Past:
        return _read(self._artifacts.read(digest))

    @staticmethod
    def _shelf(known: Iterable[RuleVersion]) -> Shelf:
        return Shelf({rule.id: rule.content.encode() for rule in known}, bundled())


def first_before(new: Framework) -> Framework:
    """Return what rules without an earlier version are compared with: their first parent, or the baseline."""
    return new.layer.parents[0] if new.layer is not None else packs()["global-baseline"]


@lru_cache(maxsize=64)
def _frameworks(texts: tuple[tuple[str, str], ...]) -> tuple[Framework, ...]:
    shelf = Shelf({name: text.encode() for name, text in texts}, bundled())
    found = (_readable(shelf, name) for name, _ in texts)
    return tuple(framework for framework in found if framework is not None)


@lru_cache(maxsize=64)
def _read(record: bytes) -> Past:
    return Past.of(json.loads(record)["body"])


def _readable(shelf: Shelf, rule: str) -> Framework | None:
    try:
        return shelf.get(rule)
    except LoadError:
        return None


def _with_parents(record: RuleVersion, own: Mapping[str, RuleVersion]) -> dict[str, str]:
    """Return the texts of a rule file and of those of the account that it extends."""
    texts = {record.id: record.content}
    shelf = Shelf(
        {**{r.id: r.content.encode() for r in own.values()}, record.id: record.content.encode()}, bundled()
    )
    try:
        framework = shelf.get(record.id)
    except LoadError as wrong:
        raise refuse("frameworks", "rules", f"`{record.id}` can no longer be read: {wrong}") from None
    for parent in _ancestors(framework):
        if parent.id in own:
            texts[parent.id] = own[parent.id].content
    return texts


def _ancestors(framework: Framework | None) -> Sequence[Framework]:
    if framework is None or framework.layer is None:
        return ()
    parents = framework.layer.parents
    return [*parents, *(a for parent in parents for a in _ancestors(parent))]


def _line(text: str, key: str) -> int:
    found = re.search(rf"^{key}:", text, re.MULTILINE)
    return text[: found.start()].count("\n") + 1 if found else 1


def _problem(wrong: LoadError) -> Problem:
    return Problem(f"line {wrong.line}", "rules", wrong.sentence)


def _version(record: RuleRecord) -> RuleVersion:
    names = ("id", "position", "version", "title", "content", "digest", "published")
    return RuleVersion(**{name: getattr(record, name) for name in names})

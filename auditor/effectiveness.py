"""How well rules work in the audits of an account, what officers report of them, and what is decided."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from auditor.artifacts import Artifacts
from auditor.local_rules import LocalRules
from auditor.past import Past
from auditor.problems import Problem, Refused, refuse
from auditor.store import audits, concerns, files
from auditor.store.clock import now
from auditor.store.database import Database
from auditor.store.tables import DecisionRecord, OutcomeRecord
from auditor.views import Account, AuditState, Conflict, NotFound
from frameworks.effectiveness import Figures, Kind, Proposal, Report, Seen, figures, proposals
from frameworks.heard import Concern
from frameworks.judge import judge
from frameworks.model import Framework, Verdict
from frameworks.proposing import Policy
from reports.record import Audit, canonical

MOST = 200
"""So many audits, newest first, are counted."""
KEPT = 2_000
"""Judgements that one process keeps in mind."""
_PASSED = frozenset({Verdict.MET, Verdict.ATTESTED})
_FAILED = frozenset({Verdict.NOT_MET, Verdict.WAIVED, Verdict.DEFERRED})
OF_VERDICTS = {Kind.HARM_AFTER_PASS: _PASSED, Kind.HARM_PREVENTED: _FAILED, Kind.FALSE_ALARM: _FAILED}
"""Verdicts that a report can be about; a dispute may be about any."""
SAYS_OF = {
    Kind.HARM_AFTER_PASS: "`harm_after_pass` is of what was met or attested",
    Kind.HARM_PREVENTED: "`harm_prevented` is of what was not met",
    Kind.FALSE_ALARM: "`false_alarm` is of what was not met",
}
LIMITS = {"by": 120, "note": 1000, "reasons": 2000, "version": 80}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an officer reported."""

    id: str
    requirement: str
    kind: str
    by: str
    note: str
    created: dt.datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about a proposal, on which figures."""

    id: str
    framework: str
    requirement: str
    change: str
    adopted: bool
    by: str
    reasons: str
    version: str
    figures: str
    created: dt.datetime


@dataclass(frozen=True, slots=True)
class Effectiveness:
    """What the rules did."""

    framework: Framework
    audits: int
    left_out: int
    """Older audits that were not counted."""
    policy: Policy
    figures: tuple[Figures, ...]
    proposals: tuple[Proposal, ...]
    digest: str
    """SHA-256 of the figures, which a decision names."""


def told(framework: Framework, seen: Sequence[Seen], left_out: int = 0) -> Effectiveness:
    """Count what *framework* did over *seen*, and what that proposes."""
    found = figures(framework, seen)
    digest = hashlib.sha256(canonical([asdict(one) for one in found])).hexdigest()
    policy = framework.effectiveness
    return Effectiveness(
        framework, len(seen), left_out, policy, found, proposals(framework, found, policy), digest
    )


def seen_of(past: Past, framework: Framework, reports: Sequence[Report] = ()) -> Seen:
    """Judge an audit that is over by *framework* as of its own day; nothing is measured."""
    return Seen(past.name, past.as_of, judge(framework, past.evidence, past.facts()), reports)


def of_records(framework: Framework, records: Sequence[Past]) -> Effectiveness:
    """Return how well *framework* works in records alone, whatever anybody reported of them."""
    return told(framework, [seen_of(record, framework) for record in records])


class RuleEffects:
    """What an account may do about how well rules work."""

    def __init__(self, database: Database, artifacts: Artifacts, rules: LocalRules) -> None:
        self._database = database
        self._artifacts = artifacts
        self._rules = rules
        self._judged_before: dict[tuple[str, str], Seen] = {}

    def of(self, account: Account, name: str) -> Effectiveness:
        """Count over the newest audits of the account, judged again by the rules as they are now."""
        framework = self._rules.framework(account, name)
        with self._database.reading() as session:
            found = audits.recent_completed(session, account.id, MOST)
            total = audits.count_completed(session, account.id)
            held = [(one.id, files.held(session, one.id, "audit.json")["audit.json"]) for one in found]
            reports = {one.id: self._reports(session, one.id, framework.id) for one in found}
            sent = concerns.by_measured_audit(session, account.id)
        seen = [
            replace(
                self._seen(digest, framework),
                reports=reports[audit],
                concerns=_named(sent.get(audit, ()), framework.id),
            )
            for audit, digest in held
        ]
        return told(framework, seen, total - len(seen))

    def _seen(self, digest: str, framework: Framework) -> Seen:
        """Judge a record by rules, once for as long as this process keeps it in mind."""
        key = (digest, framework.digest)
        if key not in self._judged_before:
            if len(self._judged_before) >= KEPT:
                self._judged_before.clear()
            self._judged_before[key] = seen_of(
                Past.of(json.loads(self._artifacts.read(digest))["body"]), framework
            )
        return self._judged_before[key]

    def outcomes(self, account: Account, audit_id: str) -> tuple[Outcome, ...]:
        """Return what was reported of an audit, oldest first."""
        with self._database.reading() as session:
            _own(session, account, audit_id)
            return tuple(map(_outcome, _outcomes(session, audit_id)))

    def requirements(self, account: Account, audit_id: str) -> dict[str, str]:
        """Return the requirements that an audit judged, as `<framework>/<requirement>`, with their titles."""
        with self._database.reading() as session:
            body = self._body(_own(session, account, audit_id))
        return {f"{one['framework']}/{one['requirement']}": one["title"] for one in body["findings"]}

    def _body(self, digest: str) -> Mapping[str, Any]:
        return Audit.from_json(self._artifacts.read(digest)).body

    def report(self, account: Account, audit_id: str, sent: Mapping[str, Any]) -> Outcome:
        """Keep what an officer reports of a requirement that the audit judged."""
        kind, requirement = str(sent.get("kind") or ""), str(sent.get("requirement") or "")
        problems = [*_lengths(sent, "by", "note")]
        if kind not in [*Kind]:
            sentence = f"`kind` is one of {', '.join(Kind)}."
            problems.append(Problem("kind", "unknown-kind", sentence))
        with self._database.transaction() as session:
            framework, _, item = requirement.partition("/")
            found = self._body(_own(session, account, audit_id))["verdicts"].get(framework, {})
            verdict = found.get("requirements", {}).get(item)
            if verdict is None:
                sentence = f"this audit judges no {requirement[:120]!r}; name it as framework/requirement."
                problems.append(Problem("requirement", "unknown-requirement", sentence))
            elif kind in OF_VERDICTS and verdict not in OF_VERDICTS[Kind(kind)]:
                told = verdict.replace("_", " ")
                sentence = (
                    f"in this audit {requirement} is {told}; {SAYS_OF[Kind(kind)]}, so choose another kind."
                )
                problems.append(Problem("kind", "other-verdict", sentence))
            if problems:
                raise Refused(problems)
            record = OutcomeRecord(
                id=audits.new_id(), audit=audit_id, requirement=requirement, kind=kind,
                by=str(sent["by"]).strip(), note=str(sent.get("note") or "").strip(), created=now(),
            )  # fmt: skip
            session.add(record)
            session.flush()
            return _outcome(record)

    def decisions(self, account: Account, name: str) -> tuple[Decision, ...]:
        """Return what was decided about rules, newest first."""
        query = sa.select(DecisionRecord).where(
            DecisionRecord.account == account.id, DecisionRecord.framework == name
        )
        with self._database.reading() as session:
            found = session.scalars(query.order_by(DecisionRecord.created.desc(), DecisionRecord.id))
            return tuple(map(_decision, found))

    def decide(self, account: Account, name: str, sent: Mapping[str, Any]) -> Decision:
        """Keep a decision about what is proposed now; a person decides, and the rules do not change by it."""
        problems = [*_lengths(sent, "by", "reasons", "version", needed=("by", "reasons"))]
        if not isinstance(sent.get("adopted"), bool):
            problems.append(Problem("adopted", "not-yes-or-no", "`adopted` is true or false."))
        if problems:
            raise Refused(problems)
        found = self.of(account, name)
        requirement, change = str(sent.get("requirement") or ""), str(sent.get("change") or "")
        if not any((p.requirement, p.change) == (requirement, change) for p in found.proposals):
            sentence = f"nothing proposes to {change[:40] or 'change'} {requirement[:80]!r} now."
            raise refuse("requirement", "no-proposal", sentence)
        version = str(sent.get("version") or "").strip()
        if version and version not in {one.version for one in self._rules.versions(account, name)}:
            raise refuse("version", "unknown-version", f"`{name}` has no published version {version}.")
        with self._database.transaction() as session:
            record = DecisionRecord(
                id=audits.new_id(), account=account.id, framework=name, requirement=requirement,
                change=change, adopted=sent["adopted"], by=str(sent["by"]).strip(),
                reasons=str(sent["reasons"]).strip(), version=version, figures=found.digest, created=now(),
            )  # fmt: skip
            session.add(record)
            session.flush()
            return _decision(record)

    @staticmethod
    def _reports(session: Session, audit_id: str, framework: str) -> tuple[Report, ...]:
        """Return what was reported about requirements of *framework*."""
        return tuple(
            Report(one.requirement.removeprefix(f"{framework}/"), Kind(one.kind), one.note)
            for one in _outcomes(session, audit_id)
            if one.requirement.startswith(f"{framework}/")
        )


def _named(sent: Sequence[Concern], framework: str) -> list[Concern]:
    """Return what names a requirement of *framework*, by the id of the requirement alone."""
    lead = f"{framework}/"
    return [
        replace(one, requirement=one.requirement.removeprefix(lead))
        for one in sent
        if one.requirement.startswith(lead)
    ]


def _outcomes(session: Session, audit_id: str) -> Sequence[OutcomeRecord]:
    query = sa.select(OutcomeRecord).where(OutcomeRecord.audit == audit_id)
    return session.scalars(query.order_by(OutcomeRecord.created, OutcomeRecord.id)).all()


def _own(session: Session, account: Account, audit_id: str) -> str:
    """Return the digest of the record of an audit of the account."""
    record = audits.find(session, audit_id, account.id)
    if record is None:
        raise NotFound(f"there is no audit {audit_id[:64]!r}.")
    digest = files.held(session, audit_id, "audit.json").get("audit.json")
    if digest is None or record.state != AuditState.COMPLETED:
        raise Conflict(f"audit {audit_id} is {record.state}; only a completed one is reported on.")
    return str(digest)


def _lengths(sent: Mapping[str, Any], *keys: str, needed: Sequence[str] = ("by",)) -> list[Problem]:
    problems = []
    for key in keys:
        text = str(sent.get(key) or "").strip()
        if key in needed and not text:
            problems.append(Problem(key, "missing", f"`{key}` is empty; fill it in."))
        if len(text) > LIMITS[key]:
            sentence = f"`{key}` has more than {LIMITS[key]} characters; shorten it."
            problems.append(Problem(key, "too-long", sentence))
    return problems


def _outcome(record: OutcomeRecord) -> Outcome:
    return Outcome(**{name: getattr(record, name) for name in Outcome.__slots__})


def _decision(record: DecisionRecord) -> Decision:
    return Decision(**{name: getattr(record, name) for name in Decision.__slots__})
